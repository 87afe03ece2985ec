//! No sequence of commands, however odd, gets past the rules. What is checked here is computed from
//! the events alone, not by the functions under test.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use std::collections::{BTreeMap, BTreeSet};

use common::*;
use domain::*;
use proptest::prelude::{Just, ProptestConfig, any, prop, prop_assert_eq, prop_oneof, proptest};
use proptest::strategy::Strategy;

/// A step that somebody tries; most are refused, which is the point.
#[derive(Clone, Debug)]
enum Try {
    Permissions(usize, bool),
    Identity(usize, usize),
    Backup(usize, bool),
    Diff(usize, bool),
    Review(usize, usize),
    Declare,
    Tick(usize, usize, usize, bool),
    Vote(usize, usize, bool),
    Waive(usize, usize, usize),
    Open(usize, usize),
    Evidence(usize),
    /// A diligent operator arms, starts and writes; how many of arm, start, intend, settle, conclude.
    RollOut(usize, usize, usize),
    Arm(usize, usize, usize, bool),
    Start(usize, usize, usize),
    Intend(usize, usize, usize, bool, usize),
    Settle(usize, usize),
    Conclude(usize, usize, bool),
    Back(usize, usize),
    EndBack(usize, bool),
    Pause(usize),
    Wait(i64),
}

const PEOPLE: [&str; 3] = [OPERATOR, VERIFIER, MANAGER];
const ITEMS: [&str; 4] = ["ready", "tested", "smoke", "healthy"];

fn tries() -> impl Strategy<Value = Vec<Try>> {
    let (e, m, s, p) = (0..3_usize, 0..2_usize, 0..2_usize, 0..3_usize);
    let one = prop_oneof![
        1 => (e.clone(), any::<bool>()).prop_map(|(e, ok)| Try::Permissions(e, ok)),
        2 => (e.clone(), 0..6_usize).prop_map(|(e, which)| Try::Identity(e, which)),
        1 => (e.clone(), any::<bool>()).prop_map(|(e, whole)| Try::Backup(e, whole)),
        1 => (e.clone(), any::<bool>()).prop_map(|(e, undeclared)| Try::Diff(e, undeclared)),
        1 => (e.clone(), p.clone()).prop_map(|(e, p)| Try::Review(e, p)),
        1 => Just(Try::Declare),
        4 => (p.clone(), s.clone(), 0..4_usize, any::<bool>()).prop_map(|(p, s, i, ok)| Try::Tick(p, s, i, ok)),
        4 => (p.clone(), s.clone(), any::<bool>()).prop_map(|(p, s, go)| Try::Vote(p, s, go)),
        1 => (p.clone(), s.clone(), 0..7_usize).prop_map(|(p, s, c)| Try::Waive(p, s, c)),
        4 => (p.clone(), s.clone()).prop_map(|(p, s)| Try::Open(p, s)),
        6 => s.clone().prop_map(Try::Evidence),
        12 => (e.clone(), m.clone(), 3..6_usize).prop_map(|(e, m, far)| Try::RollOut(e, m, far)),
        4 => (p.clone(), e.clone(), m.clone(), prop::bool::weighted(0.8)).prop_map(|(p, e, m, t)| Try::Arm(p, e, m, t)),
        8 => (p.clone(), e.clone(), m.clone()).prop_map(|(p, e, m)| Try::Start(p, e, m)),
        8 => (p.clone(), e.clone(), m.clone(), any::<bool>(), 0..8_usize)
            .prop_map(|(p, e, m, back, wrong)| Try::Intend(p, e, m, back, wrong)),
        8 => (e.clone(), 0..3_usize).prop_map(|(e, how)| Try::Settle(e, how)),
        6 => (e.clone(), m.clone(), prop::bool::weighted(0.8)).prop_map(|(e, m, ok)| Try::Conclude(e, m, ok)),
        2 => (p.clone(), e.clone()).prop_map(|(p, e)| Try::Back(p, e)),
        1 => (e.clone(), any::<bool>()).prop_map(|(e, ok)| Try::EndBack(e, ok)),
        1 => e.clone().prop_map(Try::Pause),
        2 => (-5..200_i64).prop_map(Try::Wait),
    ];
    prop::collection::vec(one, 1..160)
}

fn carry_out(story: &mut Story, step: &Try, counter: &mut u32) {
    let environment = |e: &usize| EnvironmentId::from(ENVIRONMENTS[*e]);
    let module = |m: &usize| ModuleId::from(MODULES[*m]);
    let stage_of = |e: &usize| if *e == 2 { "sz" } else { "bj" };
    let (person, command) = match step {
        Try::Wait(seconds) => return story.wait(*seconds),
        Try::Permissions(e, ok) => {
            let missing = if *ok {
                vec![]
            } else {
                vec![missing_permission()]
            };
            (
                OPERATOR,
                Command::RecordPermissions {
                    environment: environment(e),
                    missing,
                },
            )
        }
        Try::Identity(e, which) => {
            // Mostly the right cluster.
            let found = identity(ENVIRONMENTS[if *which < 5 { *e } else { (*e + 1) % 3 }]);
            (
                OPERATOR,
                Command::RecordIdentity {
                    environment: environment(e),
                    found,
                },
            )
        }
        Try::Backup(e, whole) => {
            let mut backup = backup(ENVIRONMENTS[*e], story.now);
            if !whole {
                backup.objects.pop();
            }
            (
                OPERATOR,
                Command::RecordBackup {
                    environment: environment(e),
                    backup,
                },
            )
        }
        Try::Diff(e, undeclared) => (
            OPERATOR,
            Command::RecordDiff {
                environment: environment(e),
                diff: diff(ENVIRONMENTS[*e], *undeclared),
            },
        ),
        Try::Review(e, p) => {
            let digest = diff(ENVIRONMENTS[*e], false).digest;
            (
                PEOPLE[*p],
                story.review(stage_of(e), ENVIRONMENTS[*e], &digest),
            )
        }
        Try::Declare => (
            OPERATOR,
            Command::Declare(Declaration {
                text: "replicas".into(),
                object: "*".into(),
                path: "spec.replicas".into(),
            }),
        ),
        Try::Tick(p, s, i, ok) => (
            PEOPLE[*p],
            story.tick(PEOPLE[*p], STAGES[*s], ITEMS[*i], *ok),
        ),
        Try::Vote(p, s, go) => (PEOPLE[*p], story.vote(PEOPLE[*p], STAGES[*s], *go)),
        Try::Waive(p, s, c) => {
            let reason = "a reason that is long enough to be read";
            (
                PEOPLE[*p],
                story.waive(PEOPLE[*p], STAGES[*s], ConditionKind::ALL[*c], reason),
            )
        }
        Try::Open(p, s) => (
            PEOPLE[*p],
            Command::OpenGate {
                stage: STAGES[*s].into(),
            },
        ),
        Try::Evidence(s) => {
            // A diligent team: without it hardly any sequence would get as far as a write.
            let environments: &[usize] = if *s == 0 { &[0, 1] } else { &[2] };
            for e in environments {
                for step in [
                    Try::Permissions(*e, true),
                    Try::Backup(*e, true),
                    Try::Diff(*e, false),
                    Try::Review(*e, 0),
                    Try::Identity(*e, 0),
                ] {
                    carry_out(story, &step, counter);
                }
            }
            for step in [
                Try::Tick(0, *s, 0, true),
                Try::Tick(1, *s, 1, true),
                Try::Vote(0, *s, true),
                Try::Open(0, *s),
            ] {
                carry_out(story, &step, counter);
            }
            return;
        }
        Try::RollOut(e, m, far) => {
            let steps = [
                Try::Identity(*e, 0),
                Try::Arm(0, *e, *m, true),
                Try::Start(0, *e, *m),
                Try::Intend(0, *e, *m, false, 7),
                Try::Settle(*e, 2),
                Try::Conclude(*e, *m, true),
            ];
            for step in &steps[..=*far] {
                carry_out(story, step, counter);
            }
            return;
        }
        Try::Arm(p, e, m, typed) => {
            let typed_name = typed.then(|| format!("{}-01", ENVIRONMENTS[*e]));
            (
                PEOPLE[*p],
                Command::Arm {
                    environment: environment(e),
                    module: module(m),
                    typed_name,
                },
            )
        }
        Try::Start(p, e, m) => (
            PEOPLE[*p],
            Command::StartRollout {
                environment: environment(e),
                module: module(m),
                from: None,
            },
        ),
        Try::Intend(p, e, m, back, wrong) => {
            *counter += 1;
            let id = format!("m{counter}");
            let mut intent = if *back {
                restore_intent(&id, MODULES[*m], ENVIRONMENTS[*e])
            } else {
                apply_intent(&id, MODULES[*m], ENVIRONMENTS[*e])
            };
            let mut found = identity(ENVIRONMENTS[*e]);
            match wrong {
                0 => found = identity("elsewhere"),
                1 => intent.body = Some(Digest::of(b"not planned")),
                2 => intent.precondition = Precondition::Absent,
                _ => {}
            }
            (
                PEOPLE[*p],
                Command::Intend {
                    environment: environment(e),
                    module: module(m),
                    intent,
                    found,
                },
            )
        }
        Try::Settle(e, how) => {
            let Some(pending) = story.environment(ENVIRONMENTS[*e]).pending.clone() else {
                return;
            };
            let object = &pending.intent.object;
            let version = if pending.intent.verb == MutationVerb::Apply {
                "2"
            } else {
                "1"
            };
            let outcome = match how {
                0 => MutationOutcome::Unknown {
                    reason: "no answer".into(),
                },
                1 => MutationOutcome::NotApplied {
                    cause: NotAppliedCause::Refused,
                    reason: "refused".into(),
                },
                _ => MutationOutcome::Applied {
                    live: Some(head(&object.name, &object.namespace, version)),
                },
            };
            (
                OPERATOR,
                Command::Settle {
                    environment: environment(e),
                    mutation: pending.intent.id,
                    outcome,
                },
            )
        }
        Try::Conclude(e, m, ok) => {
            let verdict = if *ok {
                Verdict::Passed
            } else {
                Verdict::Failed("crash loop".into())
            };
            (
                OPERATOR,
                Command::Conclude {
                    environment: environment(e),
                    module: module(m),
                    verdict,
                },
            )
        }
        Try::Back(p, e) => (
            PEOPLE[*p],
            Command::StartWayBack {
                environment: environment(e),
            },
        ),
        Try::EndBack(e, ok) => {
            let failure = (!ok).then(|| "not healthy".to_owned());
            (
                OPERATOR,
                Command::ConcludeWayBack {
                    environment: environment(e),
                    failure,
                },
            )
        }
        Try::Pause(e) => (
            OPERATOR,
            Command::RecordPaused {
                environment: environment(e),
            },
        ),
    };
    let _ = story.ask(person, command);
}

/// What an auditor with nothing but the events checks.
#[derive(Default)]
struct Audit {
    open: BTreeSet<String>,
    backups: BTreeSet<String>,
    reviewed: BTreeMap<String, bool>,
    /// What was signed for, by its digest: the same content seen again is still reviewed.
    signed: BTreeMap<String, Digest>,
    armed: BTreeMap<String, (String, Instant)>,
    identity: BTreeMap<String, (Instant, bool)>,
    permissions: BTreeMap<String, bool>,
    passed: BTreeSet<(String, String)>,
    ticks: BTreeMap<(String, String), bool>,
    go: BTreeMap<(String, Role), bool>,
    pending: BTreeSet<String>,
    back: BTreeSet<String>,
    mutations: BTreeSet<String>,
    writes: u32,
    gates: u32,
}

impl Audit {
    fn see(&mut self, at: Instant, actor: &Option<PersonId>, event: &Event) {
        let actor = actor.as_ref().map(|a| a.as_str()).unwrap_or_default();
        match event {
            Event::BackupTaken { environment, .. } => {
                self.backups.insert(environment.to_string());
            }
            Event::DiffReviewed {
                environment,
                digest,
                ..
            } => {
                assert_eq!(actor, OPERATOR);
                self.reviewed.insert(environment.to_string(), true);
                self.signed.insert(environment.to_string(), digest.clone());
            }
            Event::DiffComputed {
                environment,
                diff: seen,
            } => {
                let same = *seen == diff(environment.as_str(), false);
                let signed = self.signed.get(environment.as_str()) == Some(&seen.digest);
                self.reviewed
                    .insert(environment.to_string(), same && signed);
            }
            Event::PermissionsChecked {
                environment,
                missing,
            } => {
                self.permissions
                    .insert(environment.to_string(), missing.is_empty());
            }
            Event::IdentityVerified { environment, .. } => {
                self.identity.insert(environment.to_string(), (at, true));
            }
            Event::IdentityMismatch { environment, .. } => {
                self.identity.insert(environment.to_string(), (at, false));
                self.armed.remove(environment.as_str());
            }
            Event::ItemTicked {
                stage,
                item,
                passed,
                signed,
                ..
            } => {
                let role = if item.as_str() == "ready" {
                    OPERATOR
                } else {
                    VERIFIER
                };
                assert_eq!(actor, role, "{item} ticked by the wrong person");
                assert!(signed.verifies());
                self.ticks
                    .insert((stage.to_string(), item.to_string()), *passed);
            }
            Event::VoteCast {
                stage, role, go, ..
            } => {
                self.go.insert((stage.to_string(), *role), *go);
            }
            Event::ConditionWaived { condition, .. } => {
                assert_eq!(actor, MANAGER);
                assert!(condition.may_be_waivable());
            }
            Event::GateOpened { stage, waived, .. } => self.gate(at, stage.as_str(), waived),
            Event::Armed {
                environment,
                module,
                until,
            } => {
                assert_eq!(actor, OPERATOR);
                let (checked, verified) = self.identity[environment.as_str()];
                assert!(verified && (at - checked).num_seconds() <= 60);
                self.armed
                    .insert(environment.to_string(), (module.to_string(), *until));
            }
            Event::MutationIntended {
                environment,
                module,
                intent,
            } => {
                self.write(at, actor, environment.as_str(), module.as_str(), intent);
            }
            Event::MutationSettled {
                outcome: MutationOutcome::Unknown { .. },
                ..
            } => {}
            Event::MutationSettled { environment, .. } => {
                assert!(
                    self.pending.remove(environment.as_str()),
                    "settled without an intent"
                );
            }
            Event::ModulePassed {
                environment,
                module,
            } => {
                assert!(!self.pending.contains(environment.as_str()));
                self.passed
                    .insert((environment.to_string(), module.to_string()));
                self.armed.remove(environment.as_str());
            }
            Event::ModuleFailed { environment, .. } | Event::RolloutStopped { environment, .. } => {
                self.armed.remove(environment.as_str());
            }
            Event::WayBackStarted { environment, .. } => {
                assert!(actor == OPERATOR || actor == MANAGER);
                assert!(self.backups.contains(environment.as_str()));
                self.back.insert(environment.to_string());
                let stage = if environment.as_str() == "prod" {
                    "sz"
                } else {
                    "bj"
                };
                self.open.remove(stage);
                self.go.retain(|(of, _), _| of != stage);
                self.ticks
                    .retain(|(of, item), _| of != stage || item != "smoke");
                self.reviewed.insert(environment.to_string(), false);
                self.signed.remove(environment.as_str());
                self.armed.remove(environment.as_str());
                self.passed.retain(|(of, _)| of != environment.as_str());
            }
            Event::WayBackDone { environment } => {
                self.back.remove(environment.as_str());
                self.backups.remove(environment.as_str());
            }
            Event::WayBackFailed { environment, .. } => {
                self.back.remove(environment.as_str());
            }
            _ => {}
        }
    }

    fn gate(&mut self, at: Instant, stage: &str, waived: &BTreeSet<ConditionKind>) {
        self.gates += 1;
        let environments: &[&str] = if stage == "bj" {
            &["dev", "test"]
        } else {
            &["prod"]
        };
        for environment in environments {
            assert!(
                self.backups.contains(*environment),
                "{stage} opened without a backup"
            );
            assert!(
                self.reviewed[*environment],
                "{stage} opened without a review"
            );
            assert!(
                self.permissions[*environment],
                "{stage} opened without permissions"
            );
            let (checked, verified) = self.identity[*environment];
            assert!(
                verified && (at - checked).num_seconds() <= 60,
                "{stage} opened on an old identity"
            );
        }
        let ticked =
            |stage: &str, item: &str| self.ticks.get(&(stage.into(), item.into())) == Some(&true);
        let mut signed = ticked(stage, "ready") && ticked(stage, "tested");
        let mut votes = vec![Role::Operator];
        if stage == "sz" {
            votes.extend([Role::Verifier, Role::Manager]);
            signed &= ticked("bj", "smoke");
            for environment in ["dev", "test"] {
                for module in MODULES {
                    assert!(
                        self.passed.contains(&(environment.into(), module.into())),
                        "{stage} before {environment}"
                    );
                }
            }
        }
        assert!(
            signed || waived.contains(&ConditionKind::ChecklistComplete),
            "{stage} opened unsigned"
        );
        for role in votes {
            assert_eq!(
                self.go.get(&(stage.into(), role)),
                Some(&true),
                "{stage} opened without Go of {role:?}"
            );
        }
        self.open.insert(stage.to_owned());
    }

    fn write(
        &mut self,
        at: Instant,
        actor: &str,
        environment: &str,
        module: &str,
        intent: &MutationIntent,
    ) {
        self.writes += 1;
        assert!(
            self.mutations.insert(intent.id.to_string()),
            "the same mutation twice"
        );
        assert!(
            self.pending.insert(environment.to_owned()),
            "sent while an outcome is unknown"
        );
        assert!(
            self.backups.contains(environment),
            "written before a backup"
        );
        assert_ne!(actor, VERIFIER, "the verifier wrote");
        match intent.verb {
            MutationVerb::Apply => {
                assert_eq!(actor, OPERATOR);
                assert!(
                    self.open
                        .contains(if environment == "prod" { "sz" } else { "bj" })
                );
                assert!(self.reviewed[environment]);
                let (armed, until) = &self.armed[environment];
                assert!(armed == module && at <= *until, "written while not armed");
                assert_eq!(intent.body, Some(body(module, environment)));
                assert!(!self.back.contains(environment), "forward while going back");
                if module == "router" {
                    assert!(
                        self.passed
                            .contains(&(environment.into(), "executor".into()))
                    );
                }
            }
            MutationVerb::Restore => assert!(self.back.contains(environment)),
            MutationVerb::Pause | MutationVerb::Unpause | MutationVerb::Remove => {}
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, max_shrink_iters: 2000, ..ProptestConfig::default() })]

    #[test]
    fn no_sequence_gets_past_the_rules(steps in tries()) {
        let mut story = Story::created();
        let mut counter = 0;
        for step in &steps {
            carry_out(&mut story, step, &mut counter);
        }
        let mut audit = Audit::default();
        for (at, actor, event) in &story.events {
            audit.see(*at, actor, event);
        }
        prop_assert_eq!(replay(&story.events), story.release);
    }
}

/// The property above says something only if its sequences get as far as gates and writes.
#[test]
fn the_sequences_reach_gates_and_writes() {
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let (mut gates, mut writes, mut backs) = (0, 0, 0);
    for _ in 0..100 {
        let steps = tries().new_tree(&mut runner).unwrap().current();
        let mut story = Story::created();
        let mut counter = 0;
        for step in &steps {
            carry_out(&mut story, step, &mut counter);
        }
        let mut audit = Audit::default();
        story
            .events
            .iter()
            .for_each(|(at, actor, event)| audit.see(*at, actor, event));
        gates += u32::from(audit.gates > 0);
        writes += u32::from(audit.writes > 0);
        backs += u32::from(
            story
                .events
                .iter()
                .any(|(_, _, e)| matches!(e, Event::WayBackStarted { .. })),
        );
    }
    println!("of 100 sequences {gates} opened a gate, {writes} wrote, {backs} went back");
    assert!(gates > 50 && writes > 30 && backs > 5);
}
