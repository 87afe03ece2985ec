//! What a gate asks for, and what the manager may waive.

use domain::*;

use crate::common::*;
use crate::id;

#[test]
fn a_gate_opens_only_when_every_condition_and_vote_is_there() {
    let unmet = |condition| Refusal::ConditionUnmet { condition };
    let open = || Command::OpenGate { stage: id("bj") };

    let mut story = Story::created();
    assert_eq!(
        story.refused(OPERATOR, open()),
        unmet(ConditionKind::ChecklistComplete)
    );
    story.evidence("bj", &["dev", "test"]);
    assert_eq!(
        story.refused(OPERATOR, open()),
        Refusal::VoteMissing {
            role: Role::Operator
        }
    );
    let no_go = story.vote(OPERATOR, "bj", false);
    story.must(OPERATOR, no_go);
    assert_eq!(
        story.refused(OPERATOR, open()),
        Refusal::VoteMissing {
            role: Role::Operator
        }
    );
    let go = story.vote(OPERATOR, "bj", true);
    story.must(OPERATOR, go);
    assert_eq!(story.refused(VERIFIER, open()), Refusal::NotOperator);
    story.wait(61);
    assert_eq!(
        story.refused(OPERATOR, open()),
        unmet(ConditionKind::IdentityVerified)
    );
    for environment in ["dev", "test"] {
        story.must(
            OPERATOR,
            Command::RecordIdentity {
                environment: id(environment),
                found: identity(environment),
            },
        );
    }
    story.must(OPERATOR, open());
    assert_eq!(story.refused(OPERATOR, open()), Refusal::GateAlreadyOpen);
    let again = story.vote(OPERATOR, "bj", true);
    assert_eq!(story.refused(OPERATOR, again), Refusal::GateAlreadyOpen);
    assert_eq!(
        story.refused(OPERATOR, Command::OpenGate { stage: id("sz") }),
        unmet(ConditionKind::PreviousStagePassed)
    );
    assert!(matches!(
        story.refused(OPERATOR, Command::OpenGate { stage: id("mars") }),
        Refusal::NotInRelease { .. }
    ));
}

#[test]
fn soak_is_waited_for_or_waived_by_the_manager_with_a_reason() {
    let mut story = Story::created();
    story.open("bj", &["dev", "test"]);
    for environment in ["dev", "test"] {
        MODULES
            .iter()
            .for_each(|module| story.roll_out(environment, module));
    }
    let tick = story.tick(VERIFIER, "bj", "smoke", true);
    story.must(VERIFIER, tick);
    story.evidence("sz", &["prod"]);
    for person in [OPERATOR, VERIFIER, MANAGER] {
        let vote = story.vote(person, "sz", true);
        story.must(person, vote);
    }
    let open = || Command::OpenGate { stage: id("sz") };
    assert_eq!(
        story.refused(OPERATOR, open()),
        Refusal::ConditionUnmet {
            condition: ConditionKind::SoakPassed
        }
    );
    let reason = "四项指标均在基线内，告警零条，须在午前完成本次上线";
    let by = |person: &str, condition, reason: &str, story: &mut Story| {
        let command = story.waive(person, "sz", condition, reason);
        story.ask(person, command)
    };
    let soak = ConditionKind::SoakPassed;
    assert_eq!(
        by(OPERATOR, soak, reason, &mut story),
        Err(Refusal::RoleMissing {
            role: Role::Manager
        })
    );
    assert_eq!(
        by(MANAGER, soak, "too short", &mut story),
        Err(Refusal::ReasonTooShort { least: 20 })
    );
    let backup = ConditionKind::BackupTaken;
    assert_eq!(
        by(MANAGER, backup, reason, &mut story),
        Err(Refusal::NotWaivable { condition: backup })
    );
    // Anybody else asks for it; that alone changes nothing about the gate.
    let ask = |condition, reason: &str| Command::AskWaiver {
        stage: id("sz"),
        condition,
        reason: reason.into(),
    };
    assert_eq!(
        story.refused(OPERATOR, ask(backup, "no time")),
        Refusal::NotWaivable { condition: backup }
    );
    assert_eq!(
        story.refused(OPERATOR, ask(soak, " ")),
        Refusal::ReasonTooShort { least: 1 }
    );
    story.must(OPERATOR, ask(soak, "the window closes at noon"));
    let asked = |story: &Story| story.release().stages[&id::<StageId>("sz")].asked.clone();
    assert_eq!(asked(&story)[&soak].by, Some(OPERATOR.into()));
    assert_eq!(
        story.refused(OPERATOR, open()),
        Refusal::ConditionUnmet { condition: soak }
    );
    by(MANAGER, soak, reason, &mut story).unwrap();
    assert!(asked(&story).is_empty(), "it was answered");
    let opened = story.must(OPERATOR, open());
    assert!(matches!(&opened[..], [Event::GateOpened { waived, .. }] if waived.contains(&soak)));
}

#[test]
fn a_gate_stays_closed_until_the_cluster_has_said_that_the_backup_can_be_put_back() {
    let mut story = Story::created();
    let nothing = story.proof("dev", &[]);
    assert_eq!(story.refused(OPERATOR, nothing), Refusal::NoBackup);
    story.evidence("bj", &["dev", "test"]);
    let vote = story.vote(OPERATOR, "bj", true);
    story.must(OPERATOR, vote);
    let open = || Command::OpenGate { stage: id("bj") };
    let closed = Refusal::ConditionUnmet {
        condition: ConditionKind::RollbackProven,
    };
    let verdict = |story: &Story| {
        let found = gate::verdicts(story.release(), &id("bj"), story.now, &story.register);
        let found = found
            .into_iter()
            .find(|v| v.kind == ConditionKind::RollbackProven);
        found.unwrap()
    };

    // The cluster refuses one of the four objects.
    let refused = story.proof("test", &["router"]);
    story.must(OPERATOR, refused);
    assert_eq!(story.refused(OPERATOR, open()), closed);
    let found = verdict(&story);
    assert_eq!(found.state, gate::VerdictState::Unmet);
    assert_eq!((found.done, found.total), (3, 4));
    assert_eq!(
        found.evidence,
        Some(gate::Evidence::Refused(object("router", "test")))
    );

    // Another backup: what was said of the one before says nothing about it.
    story.wait(1);
    let mut other = backup("test", story.now);
    other.digest = Digest::of(b"another");
    let stale = story.proof("test", &[]);
    story.must(
        OPERATOR,
        Command::RecordBackup {
            environment: id("test"),
            backup: other,
        },
    );
    assert_eq!(verdict(&story).state, gate::VerdictState::Unknown);
    assert_eq!(story.refused(OPERATOR, stale), Refusal::NoBackup);
    assert_eq!(story.refused(OPERATOR, open()), closed);

    story.must(
        OPERATOR,
        Command::RecordBackup {
            environment: id("test"),
            backup: backup("test", story.now),
        },
    );
    let proven = story.proof("test", &[]);
    story.must(OPERATOR, proven);
    assert_eq!(verdict(&story).state, gate::VerdictState::Met);
    story.must(OPERATOR, open());
}

#[test]
fn a_failed_rollback_leaves_the_proof_with_the_backup_that_stands() {
    let mut story = Story::created();
    story.open("bj", &["dev", "test"]);
    story.roll_out("dev", "executor");
    let dev = || id::<EnvironmentId>("dev");
    let proven = |story: &Story| story.release().rollback_proof(&dev()).is_some();
    for failure in [Some("not healthy".into()), None] {
        let succeeds = failure.is_none();
        story.must(OPERATOR, Command::StartWayBack { environment: dev() });
        let conclude = Command::ConcludeWayBack {
            environment: dev(),
            failure,
        };
        story.must(OPERATOR, conclude);
        // No other backup can be taken while it stands: without its proof no gate would ever open again.
        assert_eq!(story.environment("dev").backup.is_none(), succeeds);
        assert_eq!(proven(&story), !succeeds);
    }
}
