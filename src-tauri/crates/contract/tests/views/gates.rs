//! Gates, checklists, next steps.

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
fn a_fresh_release_says_what_each_environment_needs_and_who_signs() {
    let mut story = Story::created();
    story.register.bindings.remove(&EnvironmentId::from("test"));
    let steps = next(&story);
    assert_eq!(
        steps[0],
        (
            NextStepKind::VerifyIdentity,
            Some("dev".into()),
            Some(OPERATOR.into())
        )
    );
    assert_eq!(
        steps[1],
        (
            NextStepKind::Bind,
            Some("test".into()),
            Some(OPERATOR.into())
        )
    );
    assert_eq!(
        steps[2],
        (NextStepKind::SignChecklist, None, Some(OPERATOR.into()))
    );
    assert_eq!(
        steps[3],
        (NextStepKind::SignChecklist, None, Some(VERIFIER.into()))
    );
    assert_eq!(steps[4], (NextStepKind::Vote, None, Some(OPERATOR.into())));

    let view = see(&story, OPERATOR, release_view);
    assert_eq!(view.status, ReleaseStatus::Running);
    assert_eq!(view.current_stage.as_deref(), Some("bj"));
    assert_eq!(view.current_environment.as_deref(), Some("dev"));
    assert_eq!(view.way_back.state, WayBackState::Nothing);
    assert_eq!(
        view.stages.iter().map(|s| s.status).collect::<Vec<_>>(),
        [StageStatus::NotStarted; 2]
    );
    assert_eq!(
        view.stages.iter().map(|s| s.look).collect::<Vec<_>>(),
        [BannerLook::Offline, BannerLook::LastProduction]
    );
    assert_eq!(view.stages[0].rows[0].cells[1].environment, "test");
}

#[test]
fn the_gate_counts_what_is_met_and_opens_for_the_operator_alone() {
    let mut story = Story::created();
    let closed = gate(&story, OPERATOR, "bj");
    assert!(!closed.may_open && !closed.open);
    assert_eq!(closed.why_not.unwrap().code, RefusalCode::ConditionUnmet);
    assert!(
        closed
            .conditions
            .iter()
            .all(|c| c.id != "previousStagePassed"),
        "nothing comes before the first"
    );

    story.evidence("bj", &["dev"]);
    let half = gate(&story, OPERATOR, "bj");
    let backup = half
        .conditions
        .iter()
        .find(|c| c.kind == ConditionKind::BackupTaken)
        .unwrap();
    let progress = backup.progress.as_ref().unwrap();
    assert_eq!(
        (progress.done, progress.total, progress.unit),
        (2.0, 4.0, ProgressUnit::Objects)
    );

    story.evidence_of_environment("bj", "test");
    assert_eq!(kinds(&story), [NextStepKind::Vote]);
    assert_eq!(
        gate(&story, OPERATOR, "bj").why_not.unwrap().code,
        RefusalCode::VoteMissing
    );
    let vote = story.vote(OPERATOR, "bj", true);
    story.must(OPERATOR, vote);
    assert_eq!(kinds(&story), [NextStepKind::OpenGate]);
    let ready = gate(&story, OPERATOR, "bj");
    assert!(ready.may_open);
    assert_eq!((ready.met, ready.total), (6, 6));
    assert_eq!(ready.votes[0].go, Some(true));
    assert!(
        !gate(&story, VERIFIER, "bj").may_open,
        "the verifier opens no gate"
    );

    story.must(OPERATOR, Command::OpenGate { stage: "bj".into() });
    let open = gate(&story, OPERATOR, "bj");
    assert!(open.open && !open.may_open);
    assert_eq!(open.opened_by.as_deref(), Some(OPERATOR));
}

#[test]
fn the_next_gate_waits_for_soak_and_for_the_verifier() {
    let mut story = Story::created();
    story.open("bj", &["dev", "test"]);
    for environment in ["dev", "test"] {
        for module in MODULES {
            story.roll_out(environment, module);
        }
    }
    story.wait(20);
    let view = see(&story, OPERATOR, release_view);
    assert_eq!(view.stages[0].status, StageStatus::Soaking);
    assert!(!view.stages[0].soak.as_ref().unwrap().over);
    assert_eq!(
        kinds(&story),
        [NextStepKind::Soak, NextStepKind::SignChecklist]
    );
    assert_eq!(view.timeline[0].verb, "soakOver");
    assert_eq!(view.timeline[0].mark, TimelineMark::Future);
    assert_eq!(view.timeline[1].verb, "stagePassed");
    assert_eq!(view.timeline[2].verb, "environmentPassed");

    let soak = gate(&story, OPERATOR, "sz");
    let soak = soak
        .conditions
        .iter()
        .find(|c| c.kind == ConditionKind::SoakPassed)
        .unwrap();
    assert_eq!(soak.state, ConditionState::Waiting);
    assert_eq!(
        soak.params["stage"], "bj",
        "a condition about the stage before names that one"
    );
    assert_eq!(
        soak.progress.as_ref().map(|p| (p.done, p.total)),
        Some((20.0, 60.0))
    );
    assert_eq!(
        soak.expected_at,
        Some(at(story.now + Duration::seconds(40)))
    );

    story.wait(40);
    assert_eq!(
        see(&story, OPERATOR, release_view).stages[0].status,
        StageStatus::Passed
    );
    let steps = see(&story, OPERATOR, next_steps);
    let of_bj = steps
        .iter()
        .find(|s| s.kind == NextStepKind::SignChecklist && s.stage == "bj")
        .unwrap();
    assert_eq!(
        (of_bj.person.as_deref(), of_bj.done, of_bj.total),
        (Some(VERIFIER), Some(0), Some(1))
    );
    assert!(steps.iter().any(
        |s| s.kind == NextStepKind::VerifyIdentity && s.environment.as_deref() == Some("prod")
    ));
}

#[test]
fn a_checklist_item_can_be_signed_only_by_its_person_and_only_when_it_can_be_seen() {
    let mut story = Story::created();
    let items = |story: &Story, me| {
        let view = see(story, me, |input| {
            checklist_view(input, &"bj".into()).unwrap()
        });
        let items = view
            .phases
            .into_iter()
            .flat_map(|p| p.groups)
            .flat_map(|g| g.items);
        items.map(|i| (i.id.clone(), i)).collect::<BTreeMap<_, _>>()
    };
    let mine = items(&story, VERIFIER);
    assert!(mine["tested"].may_sign && !mine["ready"].may_sign && !mine["smoke"].may_sign);
    assert_eq!(
        mine["ready"].why_not.as_ref().unwrap().code,
        RefusalCode::RoleMissing
    );
    assert_eq!(
        mine["smoke"].why_not.as_ref().unwrap().code,
        RefusalCode::NotRunning
    );
    assert_eq!(
        mine["healthy"].why_not.as_ref().unwrap().code,
        RefusalCode::ItemAutomatic
    );
    assert_eq!(mine["healthy"].evidence.as_deref(), Some("0/4"));

    story.open("bj", &["dev", "test"]);
    story.roll_out("dev", "executor");
    let seen = items(&story, VERIFIER);
    assert_eq!(seen["tested"].state, ChecklistItemState::Passed);
    assert_eq!(seen["tested"].signature.as_ref().unwrap().person, VERIFIER);
    assert_eq!(seen["healthy"].state, ChecklistItemState::Open);
    assert_eq!(seen["healthy"].evidence.as_deref(), Some("1/4"));
}

#[test]
fn what_was_cut_off_comes_before_everything_else() {
    let (story, _) = router_runs();
    let mut shell = Shell::of(&story);
    shell.interrupted = Some(InterruptedView {
        release: "REL-20260915-01".into(),
        title: "26Q3-05".into(),
        environment: "dev".into(),
        module: Some("router".into()),
        doing: InterruptedWork::Forward,
        object: None,
        intended_at: at(story.now),
        found: None,
    });
    let steps = shell.see(&story, OPERATOR, next_steps);
    assert_eq!(steps.len(), 1);
    assert_eq!(
        (steps[0].kind, steps[0].stage.as_str()),
        (NextStepKind::Resume, "bj")
    );
}

#[test]
fn a_stage_that_nobody_has_is_no_view() {
    let story = Story::created();
    let none: StageId = "nowhere".into();
    assert!(see(&story, OPERATOR, |i| gate_view(i, &none).is_none()
        && checklist_view(i, &none).is_none()));
    assert!(see(&story, OPERATOR, |i| rollout_view(
        i,
        &"nowhere".into()
    )
    .is_none()));
}
