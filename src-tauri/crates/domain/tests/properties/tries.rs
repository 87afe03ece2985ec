//! Steps that somebody tries, and how each is carried out.

use domain::*;
use proptest::prelude::{Just, any, prop, prop_oneof};
use proptest::strategy::Strategy;

use crate::common::*;

/// A step that somebody tries; most are refused, which is the point.
#[derive(Clone, Debug)]
pub enum Try {
    Permissions(usize, bool),
    Identity(usize, usize),
    Backup(usize, bool),
    Proof(usize, bool),
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

pub fn tries() -> impl Strategy<Value = Vec<Try>> {
    let (e, m, s, p) = (0..3_usize, 0..2_usize, 0..2_usize, 0..3_usize);
    let one = prop_oneof![
        1 => (e.clone(), any::<bool>()).prop_map(|(e, ok)| Try::Permissions(e, ok)),
        2 => (e.clone(), 0..6_usize).prop_map(|(e, which)| Try::Identity(e, which)),
        1 => (e.clone(), any::<bool>()).prop_map(|(e, whole)| Try::Backup(e, whole)),
        1 => (e.clone(), any::<bool>()).prop_map(|(e, ok)| Try::Proof(e, ok)),
        1 => (e.clone(), any::<bool>()).prop_map(|(e, undeclared)| Try::Diff(e, undeclared)),
        1 => (e.clone(), p.clone()).prop_map(|(e, p)| Try::Review(e, p)),
        1 => Just(Try::Declare),
        4 => (p.clone(), s.clone(), 0..4_usize, any::<bool>()).prop_map(|(p, s, i, ok)| Try::Tick(p, s, i, ok)),
        4 => (p.clone(), s.clone(), any::<bool>()).prop_map(|(p, s, go)| Try::Vote(p, s, go)),
        1 => (p.clone(), s.clone(), 0..8_usize).prop_map(|(p, s, c)| Try::Waive(p, s, c)),
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

pub fn carry_out(story: &mut Story, step: &Try, counter: &mut u32) {
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
        Try::Proof(e, ok) => {
            let refused: &[&str] = if *ok { &[] } else { &MODULES[..1] };
            (OPERATOR, story.proof(ENVIRONMENTS[*e], refused))
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
                    Try::Proof(*e, true),
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
                    written: None,
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
            let failure = (!ok).then(|| "not healthy".into());
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
