//! What would change, and whether it may be reviewed.

use super::support::*;
use std::collections::BTreeMap;

use crate::common::*;
use chrono::Duration;
use contract::views::*;
use contract::*;
use domain::{
    Command, Declaration, EnvironmentId, Event, Instant, MutationOutcome, PersonId, Refusal,
    RegisterEvent, StageId, Verdict,
};
use engine::ports::{
    ClusterFailure, Entry, LedgerFailure, Picture, PodPicture, Record, RolloutPhase,
    RolloutReading, Stream, VaultFailure, WorkloadPicture,
};
use rstest::rstest;

#[test]
fn an_undeclared_change_is_shown_until_it_is_declared() {
    let mut story = Story::created();
    let made = diff("dev", true);
    story.must(
        OPERATOR,
        Command::RecordDiff {
            environment: "dev".into(),
            diff: made,
        },
    );
    let line = |path: &str| DiffLine {
        old: None,
        new: Some(1),
        kind: DiffKind::Add,
        text: "x".into(),
        path: Some(path.into()),
        undeclared: false,
    };
    let lines = |_: &domain::ObjectRef| vec![line("spec.replicas"), line("spec.other")];
    let view = |story: &Story, me: &str, running, failure| {
        let asked = ChangesInput {
            running,
            failure,
            field_manager: "pilothouse",
            lines: &lines,
        };
        see(story, me, |input| {
            changes_view(input, &"dev".into(), asked).unwrap()
        })
    };
    let seen = view(&story, OPERATOR, false, None);
    assert_eq!(seen.state, ChangesState::Ready);
    assert_eq!(
        (seen.undeclared, seen.may_review, seen.may_back_up),
        (2, false, true)
    );
    assert_eq!(seen.objects[0].changes, 2);
    assert_eq!(
        seen.objects[0]
            .lines
            .iter()
            .map(|l| l.undeclared)
            .collect::<Vec<_>>(),
        [true, false]
    );

    let declaration = Declaration {
        text: "more".into(),
        object: "Deployment/*".into(),
        path: "spec.replicas".into(),
    };
    story.must(OPERATOR, Command::Declare(declaration));
    let seen = view(&story, OPERATOR, false, None);
    assert_eq!((seen.undeclared, seen.may_review), (0, true));
    assert_eq!(seen.declarations[0].matched, 2);
    assert_eq!(seen.declarations[0].covers, "Deployment/* spec.replicas");
    assert!(!view(&story, VERIFIER, false, None).may_review);
    assert!(
        !view(&story, OPERATOR, true, None).may_review,
        "what is being asked anew is not reviewed"
    );
    let failed = view(
        &story,
        OPERATOR,
        false,
        Some(Failure::new(FailureCode::ClusterBusy)),
    );
    assert_eq!(failed.state, ChangesState::Failed);

    let digest = seen.digest.unwrap().as_str().into();
    let review = story.review("bj", "dev", &digest);
    story.must(OPERATOR, review);
    let seen = view(&story, OPERATOR, false, None);
    assert!(seen.reviewed.is_some() && !seen.may_review);
}
