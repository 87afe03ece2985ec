//! A release as it goes on: commands asked, events kept.

use chrono::Duration;
use domain::*;

use super::{
    MANAGER, OPERATOR, VERIFIER, apply_intent, backup, diff, head, identity, object, plan,
    register, sign, start,
};

/// A release with a clock, people and everything that happened.
#[derive(Clone)]
pub struct Story {
    pub release: Option<Release>,
    pub register: Register,
    pub now: Instant,
    pub events: Vec<(Instant, Option<PersonId>, Event)>,
    counter: u32,
}

impl Story {
    pub fn new() -> Self {
        Story {
            release: None,
            register: register(),
            now: start(),
            events: vec![],
            counter: 0,
        }
    }

    pub fn created() -> Self {
        let mut story = Story::new();
        story.must(OPERATOR, Command::Create(Box::new(plan())));
        story
    }

    pub fn release(&self) -> &Release {
        self.release.as_ref().unwrap()
    }

    pub fn environment(&self, id: &str) -> &EnvironmentState {
        &self.release().environments[&EnvironmentId::from(id)]
    }

    pub fn wait(&mut self, seconds: i64) {
        self.now += Duration::seconds(seconds);
    }

    pub fn ask(&mut self, actor: &str, command: Command) -> Result<Vec<Event>, Refusal> {
        let actor = PersonId::from(actor);
        let facts = Facts {
            now: self.now,
            actor: Some(&actor),
            register: &self.register,
        };
        let events = decide(self.release.as_ref(), &command, facts)?;
        for event in &events {
            evolve(&mut self.release, event, self.now, Some(&actor));
            self.events
                .push((self.now, Some(actor.clone()), event.clone()));
        }
        Ok(events)
    }

    pub fn must(&mut self, actor: &str, command: Command) -> Vec<Event> {
        let said = format!("{command:?}");
        self.ask(actor, command)
            .unwrap_or_else(|refusal| panic!("{said}: {refusal}"))
    }

    pub fn refused(&mut self, actor: &str, command: Command) -> Refusal {
        let said = format!("{command:?}");
        match self.ask(actor, command) {
            Err(refusal) => refusal,
            Ok(events) => panic!("{said} was allowed: {events:?}"),
        }
    }

    pub fn tick(&self, person: &str, stage: &str, item: &str, passed: bool) -> Command {
        let says = Said::Tick {
            item: item.into(),
            passed,
            note: None,
        };
        let signed = sign(person, stage, says, self.now);
        Command::Tick {
            stage: stage.into(),
            item: item.into(),
            passed,
            note: None,
            signed,
        }
    }

    pub fn vote(&self, person: &str, stage: &str, go: bool) -> Command {
        let signed = sign(
            person,
            stage,
            Said::Vote {
                go,
                reason: "fine".into(),
            },
            self.now,
        );
        Command::Vote {
            stage: stage.into(),
            go,
            reason: "fine".into(),
            signed,
        }
    }

    pub fn waive(
        &self,
        person: &str,
        stage: &str,
        condition: ConditionKind,
        reason: &str,
    ) -> Command {
        let make_up_by = self.now + Duration::hours(4);
        let says = Said::Waive {
            condition: condition_name(condition),
            reason: reason.into(),
            make_up_by,
        };
        let signed = sign(person, stage, says, self.now);
        Command::Waive {
            stage: stage.into(),
            condition,
            reason: reason.into(),
            make_up_by,
            signed,
        }
    }

    pub fn review(&self, stage: &str, environment: &str, digest: &Digest) -> Command {
        let says = Said::Review {
            environment: environment.into(),
            digest: digest.to_string(),
        };
        let signed = sign(OPERATOR, stage, says, self.now);
        Command::ReviewDiff {
            environment: environment.into(),
            digest: digest.clone(),
            signed,
        }
    }

    /// Everything that the gate of a stage asks for, then the gate itself.
    pub fn open(&mut self, stage: &str, environments: &[&str]) {
        self.evidence(stage, environments);
        for person in [OPERATOR, VERIFIER, MANAGER] {
            let command = self.vote(person, stage, true);
            let _ = self.ask(person, command);
        }
        self.must(
            OPERATOR,
            Command::OpenGate {
                stage: stage.into(),
            },
        );
    }

    /// What the cluster said of putting the backup back; `refused` are the modules whose objects it refused.
    pub fn proof(&self, environment: &str, refused: &[&str]) -> Command {
        let refused = refused.iter().map(|module| RefusedRollback {
            object: object(module, environment),
            said: Some("duplicate entries for key".into()),
        });
        Command::RecordFact {
            source: FactSource::RollbackDryRun,
            subject: FactSubject::Environment {
                environment: environment.into(),
            },
            at: self.now,
            expires: None,
            value: FactValue::RollbackProof(RollbackProof {
                backup: backup(environment, self.now).digest,
                refused: refused.collect(),
            }),
        }
    }

    pub fn evidence(&mut self, stage: &str, environments: &[&str]) {
        for environment in environments {
            let id = EnvironmentId::from(*environment);
            self.must(
                OPERATOR,
                Command::RecordPermissions {
                    environment: id.clone(),
                    missing: vec![],
                },
            );
            self.must(
                OPERATOR,
                Command::RecordBackup {
                    environment: id.clone(),
                    backup: backup(environment, self.now),
                },
            );
            let proof = self.proof(environment, &[]);
            self.must(OPERATOR, proof);
            let diff = diff(environment, false);
            self.must(
                OPERATOR,
                Command::RecordDiff {
                    environment: id.clone(),
                    diff: diff.clone(),
                },
            );
            let review = self.review(stage, environment, &diff.digest);
            self.must(OPERATOR, review);
            self.must(
                OPERATOR,
                Command::RecordIdentity {
                    environment: id,
                    found: identity(environment),
                },
            );
        }
        for (person, item) in [(OPERATOR, "ready"), (VERIFIER, "tested")] {
            let tick = self.tick(person, stage, item, true);
            self.must(person, tick);
        }
    }

    pub fn arm(&mut self, environment: &str, module: &str) -> Result<Vec<Event>, Refusal> {
        let id = EnvironmentId::from(environment);
        self.must(
            OPERATOR,
            Command::RecordIdentity {
                environment: id.clone(),
                found: identity(environment),
            },
        );
        let typed_name = (environment == "prod").then(|| "prod-01".to_owned());
        self.ask(
            OPERATOR,
            Command::Arm {
                environment: id,
                module: module.into(),
                typed_name,
            },
        )
    }

    pub fn intend(&self, environment: &str, module: &str, intent: MutationIntent) -> Command {
        Command::Intend {
            environment: environment.into(),
            module: module.into(),
            intent,
            found: identity(environment),
        }
    }

    pub fn begin(&mut self, environment: &str, module: &str) -> MutationIntent {
        self.arm(environment, module).unwrap();
        let (e, m) = (EnvironmentId::from(environment), ModuleId::from(module));
        self.must(
            OPERATOR,
            Command::StartRollout {
                environment: e,
                module: m,
                from: Some("1".into()),
            },
        );
        self.counter += 1;
        let intent = apply_intent(&format!("m{}", self.counter), module, environment);
        let command = self.intend(environment, module, intent.clone());
        self.must(OPERATOR, command);
        intent
    }

    /// Writes an outcome down, and as the engine does that the step has ended with it.
    pub fn settle(&mut self, environment: &str, mutation: &MutationId, outcome: MutationOutcome) {
        let applied = matches!(outcome, MutationOutcome::Applied { .. });
        let command = Command::Settle {
            environment: environment.into(),
            mutation: mutation.clone(),
            outcome,
            written: None,
        };
        self.must(OPERATOR, command);
        if applied {
            self.end_step(environment, mutation);
        }
    }

    fn end_step(&mut self, environment: &str, mutation: &MutationId) {
        let state = self.environment(environment);
        let run = match &state.work {
            Work::Forward { module } => &state.modules[module].run,
            Work::Back => &state.way_back.as_ref().unwrap().run,
            Work::Idle => return,
        };
        let settled = state.settled.iter().rev();
        let mut settled = settled.filter(|settled| &settled.intent.id == mutation);
        let (Some(next), Some(settled)) = (run.next(), settled.next()) else {
            return;
        };
        if next.action.target() != Some(&settled.intent.object) {
            return;
        }
        let command = Command::EndStep {
            environment: environment.into(),
            module: next.module.clone(),
            step: next.number,
            end: StepEnd::Done,
        };
        self.must(OPERATOR, command);
    }

    pub fn roll_out(&mut self, environment: &str, module: &str) {
        let intent = self.begin(environment, module);
        let live = Some(head(module, environment, "2"));
        self.settle(environment, &intent.id, MutationOutcome::Applied { live });
        self.wait(5);
        self.must(
            OPERATOR,
            Command::Conclude {
                environment: environment.into(),
                module: module.into(),
                verdict: Verdict::Passed,
            },
        );
    }
}

/// Folds a story's events anew.
pub fn replay(events: &[(Instant, Option<PersonId>, Event)]) -> Option<Release> {
    let mut release = None;
    for (at, actor, event) in events {
        let json = serde_json::to_string(event).unwrap();
        let event: Event = serde_json::from_str(&json).unwrap();
        evolve(&mut release, &event, *at, actor.as_ref());
    }
    release
}
