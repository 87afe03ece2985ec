//! Which diffs and backups count.

use domain::*;

use crate::common::*;
use crate::id;

#[test]
fn a_diff_with_an_undeclared_change_is_not_reviewed() {
    let mut story = Story::created();
    let diff = diff("dev", true);
    story.must(
        OPERATOR,
        Command::RecordDiff {
            environment: id("dev"),
            diff: diff.clone(),
        },
    );
    let review = story.review("bj", "dev", &diff.digest);
    assert_eq!(
        story.refused(OPERATOR, review.clone()),
        Refusal::UndeclaredChange { count: 2 }
    );
    let declare = |text: &str, object: &str| {
        Command::Declare(Declaration {
            text: text.into(),
            object: object.into(),
            path: "spec.replicas".into(),
        })
    };
    assert_eq!(
        story.refused(OPERATOR, declare(" ", "*")),
        Refusal::FieldInvalid {
            field: "text".into()
        }
    );
    assert_eq!(
        story.refused(VERIFIER, declare("more replicas", "*")),
        Refusal::NotOperator
    );
    story.must(OPERATOR, declare("more replicas", "Deployment/router"));
    assert_eq!(
        story.refused(OPERATOR, review.clone()),
        Refusal::UndeclaredChange { count: 1 }
    );
    story.must(OPERATOR, declare("more replicas", "Deployment/*"));
    story.must(OPERATOR, review);
    let stale = story.review("bj", "dev", &Digest::of(b"another"));
    assert_eq!(story.refused(OPERATOR, stale), Refusal::DiffNotReviewed);
    let mut rejected = diff;
    rejected.objects[0].rejected = Some("denied by policy".into());
    story.must(
        OPERATOR,
        Command::RecordDiff {
            environment: id("dev"),
            diff: rejected.clone(),
        },
    );
    let review = story.review("bj", "dev", &rejected.digest);
    assert_eq!(
        story.refused(OPERATOR, review),
        Refusal::ConditionUnmet {
            condition: ConditionKind::DiffReviewed
        }
    );
}

#[test]
fn a_backup_counts_only_before_the_first_write_and_when_complete() {
    let mut story = Story::created();
    let mut part = backup("dev", story.now);
    part.objects.pop();
    let record = |backup| Command::RecordBackup {
        environment: id("dev"),
        backup,
    };
    assert_eq!(story.refused(OPERATOR, record(part)), Refusal::NoBackup);
    story.open("bj", &["dev", "test"]);
    story.roll_out("dev", "executor");
    let late = backup("dev", story.now);
    assert_eq!(story.refused(OPERATOR, record(late)), Refusal::BackupStands);
}
