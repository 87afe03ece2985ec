//! Buttons, steps, the way back.

use super::support::*;
use std::collections::BTreeMap;

use crate::common::*;
use chrono::Duration;
use contract::views::*;
use contract::*;
use domain::{
    Cause, Command, Declaration, EnvironmentId, Event, Instant, MutationOutcome, NotAppliedCause,
    PersonId, Reason, Refusal, RegisterEvent, StageId, Verdict,
};
use engine::ports::{
    ClusterFailure, Entry, LedgerFailure, Picture, PodPicture, Record, RolloutPhase,
    RolloutReading, Stream, VaultFailure, WorkloadPicture,
};
use rstest::rstest;

/// What the window offers and what the rules take is the same, at every station.
#[test]
fn no_button_is_offered_that_the_rules_refuse() {
    let mut story = Story::created();
    story.open("bj", &["dev", "test"]);
    assert!(!rollout(&story, OPERATOR, "dev").may.start, "not armed");
    story.arm("dev", "executor").unwrap();
    let armed = rollout(&story, OPERATOR, "dev");
    assert_eq!(armed.module.as_deref(), Some("executor"));
    assert!(armed.may.start && armed.may.lock && !armed.may.stop && !armed.may.pause);
    assert!(!rollout(&story, VERIFIER, "dev").may.start);
    assert_eq!(kinds(&story), [NextStepKind::RollOut]);

    story.wait(i64::from(plan().timings.arming_s) + 1);
    let late = rollout(&story, OPERATOR, "dev");
    assert!(
        !late.may.start && !late.may.lock && !late.modules[0].armed,
        "arming ran out"
    );
    assert_eq!(kinds(&story), [NextStepKind::Arm]);

    let intent = story.begin("dev", "executor");
    let sent = rollout(&story, OPERATOR, "dev");
    assert!(
        !sent.may.stop && !sent.may.pause,
        "an intent without an outcome is not left alone"
    );
    assert_eq!(kinds(&story), [NextStepKind::Watch]);
    story.settle("dev", &intent.id, applied("executor", "dev"));
    let running = rollout(&story, OPERATOR, "dev");
    assert!(running.may.stop && running.may.pause && !running.may.resume && !running.may.start);
    story.must(
        OPERATOR,
        Command::RecordPaused {
            environment: "dev".into(),
        },
    );
    let paused = rollout(&story, OPERATOR, "dev");
    assert!(paused.may.resume && !paused.may.pause);
    assert_eq!(paused.deadline_at, None, "a paused rollout has no deadline");
}

fn steps(view: &RolloutView) -> Vec<(StepKind, StepState)> {
    view.steps.iter().map(|s| (s.kind, s.state)).collect()
}

#[test]
fn steps_follow_the_mutations() {
    use StepKind::*;
    use StepState::*;

    let (mut story, intent) = router_runs();
    let proven = [(Identity, Done), (Backup, Done), (Review, Done)];
    let tail = |story: &Story| steps(&rollout(story, OPERATOR, "dev"))[3..].to_vec();
    assert_eq!(steps(&rollout(&story, OPERATOR, "dev"))[..3], proven);
    assert_eq!(tail(&story), [(Apply, Running), (Await, Waiting)]);

    story.settle(
        "dev",
        &intent.id,
        MutationOutcome::Unknown {
            reason: "no answer".into(),
        },
    );
    assert_eq!(tail(&story), [(Apply, Unknown), (Await, Waiting)]);
    let unknown = rollout(&story, OPERATOR, "dev").failure.unwrap();
    assert_eq!(unknown.code, FailureCode::OutcomeUnknown);
    assert_eq!(unknown.params["object"], "Deployment/router");

    story.wait(2);
    story.settle("dev", &intent.id, applied("router", "dev"));
    assert_eq!(tail(&story), [(Apply, Done), (Await, Running)]);
    let view = rollout(&story, OPERATOR, "dev");
    assert_eq!(view.steps[3].took_ms, Some(2000.0));
    assert_eq!(view.steps[3].detail.as_deref(), Some("Deployment/router"));

    let failed = Verdict::Failed("CrashLoopBackOff".into());
    story.must(
        OPERATOR,
        Command::Conclude {
            environment: "dev".into(),
            module: "router".into(),
            verdict: failed,
        },
    );
    assert_eq!(tail(&story), [(Apply, Done), (Await, Failed)]);
    let view = rollout(&story, OPERATOR, "dev");
    let failure = view.failure.unwrap();
    assert_eq!(failure.code, FailureCode::RolloutFailed);
    assert_eq!(
        (
            failure.params["module"].as_str(),
            failure.params["version"].as_str()
        ),
        ("router", "2")
    );
    assert_eq!(view.status, ModuleStatus::Failed);
    assert_eq!(kinds(&story), [NextStepKind::Decide]);
    assert_eq!(
        see(&story, OPERATOR, release_view).stages[0].status,
        StageStatus::Failed
    );
}

#[test]
fn a_rollout_without_a_verdict_is_told_from_a_change_that_is_read_back() {
    let (mut story, intent) = router_runs();
    story.settle("dev", &intent.id, applied("router", "dev"));
    let reasons = Reason::from(Cause::NoContact { seconds: 60 }).into();
    story.must(
        OPERATOR,
        Command::Conclude {
            environment: "dev".into(),
            module: "router".into(),
            verdict: Verdict::Errored(reasons),
        },
    );
    let view = rollout(&story, OPERATOR, "dev");
    let last = (StepKind::Await, StepState::Errored);
    assert_eq!(steps(&view).last(), Some(&last));
    let failure = view.failure.unwrap();
    assert_eq!(failure.code, FailureCode::RolloutErrored);
    assert_eq!(failure.reasons[0].code, ReasonCode::NoContact);
    assert_eq!(failure.reasons[0].params["seconds"], "60");
}

#[test]
fn a_change_that_was_not_made_is_told_from_one_that_is_bad() {
    use FailureCode::{ChangeLost, ChangeOutdated, ChangeRefused, ChangeTurnedAway, ChangeUnheard};

    for (cause, code) in [
        (NotAppliedCause::Refused, ChangeRefused),
        (NotAppliedCause::Outdated, ChangeOutdated),
        (NotAppliedCause::Unheard, ChangeUnheard),
        (NotAppliedCause::Unheard, ChangeLost),
        (NotAppliedCause::TurnedAway, ChangeTurnedAway),
    ] {
        let (mut story, intent) = router_runs();
        let reason = "the policy says no".to_owned();
        let verdict = match cause {
            NotAppliedCause::Refused => Verdict::Failed(reason.clone().into()),
            _ => Verdict::Errored(reason.clone().into()),
        };
        let outcome = MutationOutcome::NotApplied { cause, reason };
        if code == ChangeLost {
            let reason = "no answer".into();
            story.settle("dev", &intent.id, MutationOutcome::Unknown { reason });
        }
        story.settle("dev", &intent.id, outcome);
        story.must(
            OPERATOR,
            Command::Conclude {
                environment: "dev".into(),
                module: "router".into(),
                verdict,
            },
        );
        let failure = rollout(&story, OPERATOR, "dev").failure.unwrap();
        assert_eq!(failure.code, code);
        let said = ["object", "written", "planned"].map(|name| &*failure.params[name]);
        assert_eq!(said, ["Deployment/router", "0", "1"]);
        let [reason] = &*failure.reasons else {
            panic!("{:?}", failure.reasons)
        };
        assert_eq!((reason.code, &reason.object), (ReasonCode::Said, &None));
        assert_eq!(reason.params["message"], "the policy says no");
    }
}

#[test]
fn the_way_back_tells_what_it_would_do_and_what_it_did() {
    let (mut story, intent) = router_runs();
    story.settle("dev", &intent.id, applied("router", "dev"));
    let way_back = |story: &Story, me| see(story, me, way_back_view);
    let ready = way_back(&story, OPERATOR);
    assert_eq!(ready.state, WayBackState::Ready);
    assert_eq!(ready.environment.as_deref(), Some("dev"));
    let modules: Vec<_> = ready
        .modules
        .iter()
        .map(|m| (m.module.as_str(), m.to.as_deref()))
        .collect();
    assert_eq!(
        modules,
        [("router", Some("1")), ("executor", Some("1"))],
        "the other way round"
    );
    assert!(ready.may && ready.measured_ms.is_none());
    let asked = way_back(&story, VERIFIER);
    assert!(!asked.may);
    assert_eq!(asked.why_not.unwrap().code, RefusalCode::NotOperator);

    story.must(
        OPERATOR,
        Command::StartWayBack {
            environment: "dev".into(),
        },
    );
    assert_eq!(way_back(&story, OPERATOR).state, WayBackState::Running);
    let going = rollout(&story, OPERATOR, "dev");
    assert!(going.going_back && !going.may.start && !going.may.stop);
    use StepState::*;
    assert_eq!(
        steps(&going),
        [
            (StepKind::Restore, Waiting),
            (StepKind::Restore, Waiting),
            (StepKind::AwaitBack, Waiting)
        ]
    );
    for module in ["router", "executor"] {
        let intent = restore_intent(&format!("r {module}"), module, "dev");
        let command = story.intend("dev", module, intent.clone());
        story.must(OPERATOR, command);
        story.settle("dev", &intent.id, applied(module, "dev"));
    }
    assert_eq!(
        steps(&rollout(&story, OPERATOR, "dev"))[2],
        (StepKind::AwaitBack, Running)
    );

    let failed = Some("old version is not ready".into());
    story.must(
        OPERATOR,
        Command::ConcludeWayBack {
            environment: "dev".into(),
            failure: failed,
        },
    );
    let again = way_back(&story, OPERATOR);
    assert_eq!(again.state, WayBackState::Failed);
    assert!(again.may, "it can be tried again");
    assert_eq!(
        rollout(&story, OPERATOR, "dev").failure.unwrap().code,
        FailureCode::WayBackFailed
    );

    back_in(&mut story, "dev", &["router", "executor"], 7);
    let done = way_back(&story, OPERATOR);
    assert_eq!(done.state, WayBackState::Done);
    assert_eq!(done.took_ms, Some(7000.0));
    assert_eq!(done.measured_ms, Some(7000.0));
    assert_eq!(done.measured_in.unwrap().en, "dev");
    assert!(!done.may);
    let view = see(&story, OPERATOR, release_view);
    assert_eq!(view.status, ReleaseStatus::TakenBack);
    assert_eq!(view.stages[0].status, StageStatus::TakenBack);

    let rows = upgrade_record(&Shell::of(&story).entries);
    let rows: Vec<_> = rows
        .iter()
        .map(|r| {
            (
                r.module.as_str(),
                r.from.as_deref(),
                r.to.as_str(),
                r.result,
                r.took_ms,
            )
        })
        .collect();
    assert_eq!(
        rows,
        [
            ("executor", Some("1"), "2", ModuleStatus::Passed, None),
            (
                "router",
                Some("2"),
                "1",
                ModuleStatus::TakenBack,
                Some(7000.0)
            ),
            (
                "executor",
                Some("2"),
                "1",
                ModuleStatus::TakenBack,
                Some(7000.0)
            ),
        ]
    );
}

#[test]
fn a_measured_time_is_of_the_same_tier_where_there_is_one() {
    let (mut story, intent) = router_runs();
    story.settle("dev", &intent.id, applied("router", "dev"));
    let measured = |environment: &str, tier, modules: &[&str], took_ms| engine::MeasuredRollback {
        environment: environment.into(),
        name: domain::Text {
            zh: environment.into(),
            en: environment.into(),
        },
        tier,
        modules: modules.iter().map(|m| (*m).into()).collect(),
        at: story.now,
        took_ms,
    };
    let mut shell = Shell::of(&story);
    let look = |shell: &Shell| shell.see(&story, OPERATOR, way_back_view).measured_ms;
    shell.measured = vec![measured(
        "prod",
        domain::Tier::Prod,
        &["executor"],
        99_000.0,
    )];
    assert_eq!(
        look(&shell),
        None,
        "one module alone says nothing about two"
    );
    shell.measured = vec![measured(
        "prod",
        domain::Tier::Prod,
        &["executor", "router"],
        38_000.0,
    )];
    assert_eq!(look(&shell), Some(38_000.0));
    shell.measured.push(measured(
        "other",
        domain::Tier::Dev,
        &["executor", "router"],
        9_000.0,
    ));
    shell.measured.push(measured(
        "other",
        domain::Tier::Dev,
        &["executor", "router"],
        12_000.0,
    ));
    assert_eq!(look(&shell), Some(12_000.0), "the longest one");
}

fn seen_router(change: impl Fn(&mut RolloutReading)) -> Picture {
    let mut rollout = RolloutReading {
        phase: RolloutPhase::Progressing,
        wanted: 3,
        ..RolloutReading::default()
    };
    change(&mut rollout);
    Picture {
        at: None,
        connected: true,
        workloads: vec![WorkloadPicture {
            workload: object("router", "dev"),
            resource_version: None,
            rollout: Some(rollout),
            pods: vec![],
        }],
        events: vec![],
    }
}

#[test]
fn somebody_elses_pause_is_named_and_can_be_lifted() {
    let (mut story, intent) = router_runs();
    story.settle("dev", &intent.id, applied("router", "dev"));
    let mut shell = Shell::of(&story);
    shell.show(
        &story,
        "dev",
        seen_router(|r| (r.paused, r.paused_by) = (true, Some("kubectl-rollout".into()))),
    );
    let view = |shell: &Shell, story: &Story, me: &str| {
        shell.see(story, me, |input| {
            rollout_view(input, &"dev".into()).unwrap()
        })
    };
    let shown = view(&shell, &story, OPERATOR);
    let expected = PausedView {
        object: "Deployment/router".into(),
        by: Some("kubectl-rollout".into()),
    };
    assert_eq!(shown.paused, [expected]);
    assert!(shown.may.lift_pause && !shown.may.cannot_pause);
    assert!(shown.deadline_at.is_some(), "the deadline runs");
    assert!(!view(&shell, &story, VERIFIER).may.lift_pause);
    let lift = |reason: &str| Command::LiftPause {
        environment: "dev".into(),
        object: object("router", "dev"),
        paused_by: "kubectl-rollout".into(),
        reason: reason.into(),
    };
    shell
        .see(&story, OPERATOR, |input| {
            input.allows(&lift("agreed with on-call"))
        })
        .unwrap();
    // Our own pause is resumed by its own button.
    story.must(
        OPERATOR,
        Command::RecordPaused {
            environment: "dev".into(),
        },
    );
    let ours = view(&shell, &story, OPERATOR);
    assert!(ours.paused.is_empty() && !ours.may.lift_pause);
}

#[test]
fn what_has_to_be_known_is_said_while_it_runs_and_after_it_passed() {
    let (mut story, intent) = router_runs();
    story.settle("dev", &intent.id, applied("router", "dev"));
    let note = Cause::HeldByPartition {
        partition: 1,
        old: 2,
    };
    let mut shell = Shell::of(&story);
    shell.show(&story, "dev", seen_router(|r| r.note = Some(note.clone())));
    let view = |story: &Story| {
        shell.see(story, OPERATOR, |input| {
            rollout_view(input, &"dev".into()).unwrap()
        })
    };
    let runs = view(&story);
    assert_eq!(runs.remarks.len(), 1);
    assert_eq!(runs.remarks[0].code, ReasonCode::HeldByPartition);
    assert_eq!(runs.remarks[0].params["old"], "2");
    let found = [WorkloadPicture {
        workload: object("router", "dev"),
        resource_version: None,
        rollout: Some(RolloutReading {
            phase: RolloutPhase::NotJudged,
            note: Some(Cause::NotJudged),
            ..RolloutReading::default()
        }),
        pods: vec![],
    }];
    let stand = |story: &Story| {
        let of = |input: &ViewInput<'_>| objects_view(input, &"dev".into(), &found)[0].stand;
        shell.see(story, OPERATOR, of)
    };
    assert_eq!(stand(&story), ObjectStand::NotJudged);
    story.must(
        OPERATOR,
        Command::ConfirmSeen {
            environment: "dev".into(),
            objects: vec![object("router", "dev")],
            note: "it answers".into(),
        },
    );
    assert_eq!(stand(&story), ObjectStand::Seen);
    story.must(
        OPERATOR,
        Command::Conclude {
            environment: "dev".into(),
            module: "router".into(),
            verdict: Verdict::PassedWith(note.of("Deployment/router").into()),
        },
    );
    let passed = rollout(&story, OPERATOR, "dev");
    assert_eq!(passed.status, ModuleStatus::Passed);
    assert_eq!(passed.failure, None);
    assert_eq!(
        passed.remarks[0].object.as_deref(),
        Some("Deployment/router")
    );
    let rows = upgrade_record(&Shell::of(&story).entries);
    let row = rows.iter().find(|row| row.module == "router").unwrap();
    assert_eq!(row.reasons[0].code, ReasonCode::HeldByPartition);
}

/// The next-step strip and the gate judge a review by the same rule.
#[test]
fn a_diff_that_the_cluster_rejects_is_not_past_its_review() {
    let mut story = Story::created();
    story.evidence("bj", &["dev", "test"]);
    let id = EnvironmentId::from("dev");
    assert!(story.release().is_reviewed(&id));
    assert!(!kinds(&story).contains(&NextStepKind::ReviewDiff));
    let mut release = story.release().clone();
    let state = release.environments.get_mut(&id).unwrap();
    let (_, diff) = state.diff.as_mut().unwrap();
    diff.objects[0].rejected = Some("exceeded quota".into());
    assert!(!release.is_reviewed(&id));
    let next = see(&story, OPERATOR, |input| {
        next_steps(&ViewInput {
            release: &release,
            ..*input
        })
    });
    let mine = next
        .iter()
        .find(|step| step.environment.as_deref() == Some("dev"));
    assert_eq!(mine.map(|step| step.kind), Some(NextStepKind::ReviewDiff));
}
