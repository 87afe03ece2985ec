//! What has to hold at the moment of sending.

use domain::*;

use crate::common::*;
use crate::id;

#[test]
fn nothing_is_sent_unless_everything_holds_at_that_moment() {
    let mut story = Story::created();
    story.open("bj", &["dev", "test"]);
    let intent = apply_intent("m", "executor", "dev");
    let command = story.intend("dev", "executor", intent.clone());
    assert_eq!(story.refused(OPERATOR, command), Refusal::NotRunning);
    let start = |module: &str| Command::StartRollout {
        environment: id("dev"),
        module: id(module),
        from: None,
    };
    assert_eq!(
        story.refused(OPERATOR, start("executor")),
        Refusal::NotArmed
    );
    story.arm("dev", "executor").unwrap();
    assert_eq!(
        story.refused(OPERATOR, start("router")),
        Refusal::DependencyFirst {
            module: id("executor")
        }
    );
    story.must(OPERATOR, start("executor"));
    assert_eq!(
        story.refused(OPERATOR, start("executor")),
        Refusal::AlreadyRunning
    );

    let send = |change: fn(&mut MutationIntent)| {
        let mut intent = apply_intent("m", "executor", "dev");
        change(&mut intent);
        Command::Intend {
            environment: id("dev"),
            module: id("executor"),
            intent,
            found: identity("dev"),
        }
    };
    assert_eq!(
        story.refused(OPERATOR, send(|i| i.body = Some(Digest::of(b"x")))),
        Refusal::NotPlanned
    );
    assert_eq!(
        story.refused(OPERATOR, send(|i| i.object.name = "other".into())),
        Refusal::NotPlanned
    );
    assert_eq!(
        story.refused(OPERATOR, send(|i| i.verb = MutationVerb::Remove)),
        Refusal::NotPlanned
    );
    assert_eq!(
        story.refused(OPERATOR, send(|i| i.precondition = Precondition::Absent)),
        Refusal::DiffNotReviewed
    );
    assert_eq!(story.refused(VERIFIER, send(|_| {})), Refusal::NotOperator);
    let elsewhere = Command::Intend {
        environment: id("dev"),
        module: id("executor"),
        intent: intent.clone(),
        found: identity("prod"),
    };
    assert_eq!(
        story.refused(OPERATOR, elsewhere),
        Refusal::IdentityMismatch
    );
    story.wait(601);
    assert_eq!(story.refused(OPERATOR, send(|_| {})), Refusal::NotArmed);
    story.arm("dev", "executor").unwrap();
    story.must(OPERATOR, send(|_| {}));
    assert_eq!(
        story.refused(OPERATOR, send(|i| i.id = "n".into())),
        Refusal::OutcomePending
    );
    assert_eq!(
        story.refused(
            OPERATOR,
            Command::Stop {
                environment: id("dev")
            }
        ),
        Refusal::OutcomePending
    );
    let passed = Command::Conclude {
        environment: id("dev"),
        module: id("executor"),
        verdict: Verdict::Passed,
    };
    assert_eq!(
        story.refused(OPERATOR, passed.clone()),
        Refusal::OutcomePending
    );
    story.settle(
        "dev",
        &id("m"),
        MutationOutcome::Unknown {
            reason: "no answer".into(),
        },
    );
    assert!(
        story.environment("dev").pending.is_some(),
        "unknown is not an end"
    );
    story.settle(
        "dev",
        &id("m"),
        MutationOutcome::Applied {
            live: Some(head("executor", "dev", "2")),
        },
    );
    story.must(OPERATOR, passed.clone());
    assert_eq!(story.refused(OPERATOR, passed), Refusal::NotRunning);
    story.arm("dev", "router").unwrap();
    assert_eq!(
        story.refused(OPERATOR, start("executor")),
        Refusal::AlreadyPassed
    );
}

#[test]
fn an_object_that_moved_since_the_backup_is_not_overwritten() {
    let mut story = Story::created();
    story.open("bj", &["dev", "test"]);
    // Someone edited the object after the backup; the operator made and reviewed a new diff.
    let mut fresh = diff("dev", false);
    fresh.objects[0].live = Some(head("executor", "dev", "hand-made"));
    let fresh = Diff::new(fresh.objects).unwrap();
    story.must(
        OPERATOR,
        Command::RecordDiff {
            environment: id("dev"),
            diff: fresh.clone(),
        },
    );
    let review = story.review("bj", "dev", &fresh.digest);
    story.must(OPERATOR, review);
    assert!(!story.environment("dev").keeps(&object("executor", "dev")));
    assert_eq!(story.arm("dev", "executor"), Err(Refusal::NoBackup));
    // A backup of what is there now may be taken, and going back leads to it.
    let mut anew = backup("dev", story.now);
    let kept = anew.objects[0].live.as_mut().unwrap();
    kept.head = head("executor", "dev", "hand-made");
    let record = |backup| Command::RecordBackup {
        environment: id("dev"),
        backup,
    };
    story.must(OPERATOR, record(anew));
    assert!(story.environment("dev").keeps(&object("executor", "dev")));
    story.arm("dev", "executor").unwrap();
    story.must(
        OPERATOR,
        Command::StartRollout {
            environment: id("dev"),
            module: id("executor"),
            from: None,
        },
    );
    let mut intent = apply_intent("m", "executor", "dev");
    intent.precondition = Precondition::Unchanged(head("executor", "dev", "hand-made"));
    let command = story.intend("dev", "executor", intent);
    story.must(OPERATOR, command);
}

#[test]
fn a_change_that_was_not_made_leaves_nothing_to_take_back() {
    let not_applied = || MutationOutcome::NotApplied {
        cause: NotAppliedCause::Outdated,
        reason: "somebody else was faster".into(),
    };
    let unknown = || MutationOutcome::Unknown {
        reason: "no answer".into(),
    };
    let errored = |module: &str| Command::Conclude {
        environment: id("dev"),
        module: id(module),
        verdict: Verdict::Errored("not made".into()),
    };
    let back = || Command::StartWayBack {
        environment: id("dev"),
    };

    let mut story = Story::created();
    story.open("bj", &["dev", "test"]);
    let refused = story.begin("dev", "executor");
    story.settle("dev", &refused.id, not_applied());
    story.must(OPERATOR, errored("executor"));
    assert!(!story.release().has_way_back(&id("dev")));
    assert_eq!(story.refused(OPERATOR, back()), Refusal::NothingToRestore);
    let anew = Command::RecordBackup {
        environment: id("dev"),
        backup: backup("dev", story.now),
    };
    story.must(OPERATOR, anew);

    // What was written before is still taken back.
    let mut story = Story::created();
    story.open("bj", &["dev", "test"]);
    story.roll_out("dev", "executor");
    let refused = story.begin("dev", "router");
    story.settle("dev", &refused.id, not_applied());
    assert_eq!(story.environment("dev").touched, vec![id("executor")]);

    // A request without an answer may still arrive.
    let mut story = Story::created();
    story.open("bj", &["dev", "test"]);
    let lost = story.begin("dev", "executor");
    story.settle("dev", &lost.id, unknown());
    story.settle("dev", &lost.id, not_applied());
    assert!(story.release().has_way_back(&id("dev")));
}
