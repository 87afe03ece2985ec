//! A story with what the shell keeps beside it.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::common::*;
use chrono::Duration;
use contract::views::*;
use contract::*;
use domain::{
    Command, Declaration, EnvironmentId, Event, Instant, MutationOutcome, PersonId, Refusal,
    RegisterEvent, StageId, Verdict,
};
use engine::MeasuredRollback;
use engine::ports::{
    ClusterFailure, Entry, LedgerFailure, Picture, PodPicture, Record, RolloutPhase,
    RolloutReading, Stream, VaultFailure, WorkloadPicture,
};
use rstest::rstest;

/// A story with what the shell keeps beside it.
#[derive(Default)]
pub struct Shell {
    pub entries: Vec<Entry>,
    pub pictures: BTreeMap<EnvironmentId, Arc<Picture>>,
    pub pods: BTreeMap<EnvironmentId, Arc<PodMemory>>,
    pub interrupted: Option<InterruptedView>,
    pub measured: Vec<MeasuredRollback>,
}

impl Shell {
    pub fn of(story: &Story) -> Self {
        let entries = story
            .events
            .iter()
            .enumerate()
            .map(|(index, (at, actor, event))| Entry {
                sequence: index as u64 + 1,
                at: *at,
                stream: Stream::Release(plan().id),
                position: index as u64 + 1,
                actor: actor.clone(),
                record: Record::Release(event.clone()),
                previous: String::new(),
                hash: format!("{index:064x}"),
            });
        let mut release = None;
        let mut measured = Vec::new();
        for (at, actor, event) in &story.events {
            domain::evolve(&mut release, event, *at, actor.as_ref());
            let ended = |release| MeasuredRollback::ended_by(event, *at, release);
            measured.extend(release.as_ref().and_then(ended));
        }
        Shell {
            entries: entries.collect(),
            measured,
            ..Shell::default()
        }
    }

    pub fn see<T>(&self, story: &Story, me: &str, look: impl FnOnce(&ViewInput<'_>) -> T) -> T {
        let me = PersonId::from(me);
        look(&ViewInput {
            release: story.release(),
            entries: &self.entries,
            register: &story.register,
            me: Some(&me),
            now: story.now,
            pictures: &self.pictures,
            pods: &self.pods,
            interrupted: self.interrupted.as_ref(),
            measured: &self.measured,
        })
    }

    pub fn show(&mut self, story: &Story, environment: &str, picture: Picture) {
        let id = EnvironmentId::from(environment);
        let seen = self.pods.entry(id.clone()).or_default();
        Arc::make_mut(seen).observe(story.release(), &id, &picture);
        self.pictures.insert(id, Arc::new(picture));
    }
}

pub fn see<T>(story: &Story, me: &str, look: impl FnOnce(&ViewInput<'_>) -> T) -> T {
    Shell::of(story).see(story, me, look)
}

pub fn gate(story: &Story, me: &str, stage: &str) -> GateView {
    see(story, me, |input| gate_view(input, &stage.into()).unwrap())
}

pub fn rollout(story: &Story, me: &str, environment: &str) -> RolloutView {
    see(story, me, |input| {
        rollout_view(input, &environment.into()).unwrap()
    })
}

pub fn next(story: &Story) -> Vec<(NextStepKind, Option<String>, Option<String>)> {
    see(story, OPERATOR, next_steps)
        .into_iter()
        .map(|s| (s.kind, s.environment, s.person))
        .collect()
}

pub fn kinds(story: &Story) -> Vec<NextStepKind> {
    next(story).into_iter().map(|(kind, ..)| kind).collect()
}

/// Everything up to a router that runs in `dev`, its executor passed.
pub fn router_runs() -> (Story, domain::MutationIntent) {
    let mut story = Story::created();
    story.open("bj", &["dev", "test"]);
    story.roll_out("dev", "executor");
    let intent = story.begin("dev", "router");
    (story, intent)
}

pub fn applied(module: &str, environment: &str) -> MutationOutcome {
    MutationOutcome::Applied {
        live: Some(head(module, environment, "2")),
    }
}

pub fn back_in(story: &mut Story, environment: &str, modules: &[&str], seconds: i64) {
    story.must(
        OPERATOR,
        Command::StartWayBack {
            environment: environment.into(),
        },
    );
    for module in modules {
        let intent = restore_intent(&format!("back {module} {environment}"), module, environment);
        let command = story.intend(environment, module, intent.clone());
        story.must(OPERATOR, command);
        story.settle(environment, &intent.id, applied(module, environment));
    }
    story.wait(seconds);
    story.must(
        OPERATOR,
        Command::ConcludeWayBack {
            environment: environment.into(),
            failure: None,
        },
    );
}

/// The evidence of the domain's stories ticks the items as well, which can be done only once.
pub trait EvidenceOfOne {
    fn evidence_of_environment(&mut self, stage: &str, environment: &str);
}

impl EvidenceOfOne for Story {
    fn evidence_of_environment(&mut self, stage: &str, environment: &str) {
        let id = EnvironmentId::from(environment);
        let (permissions, kept) = (vec![], backup(environment, self.now));
        self.must(
            OPERATOR,
            Command::RecordPermissions {
                environment: id.clone(),
                missing: permissions,
            },
        );
        self.must(
            OPERATOR,
            Command::RecordBackup {
                environment: id.clone(),
                backup: kept,
            },
        );
        let proof = self.proof(environment, &[]);
        self.must(OPERATOR, proof);
        let made = diff(environment, false);
        let digest = made.digest.clone();
        self.must(
            OPERATOR,
            Command::RecordDiff {
                environment: id.clone(),
                diff: made,
            },
        );
        let review = self.review(stage, environment, &digest);
        self.must(OPERATOR, review);
        let found = identity(environment);
        self.must(
            OPERATOR,
            Command::RecordIdentity {
                environment: id,
                found,
            },
        );
    }
}
