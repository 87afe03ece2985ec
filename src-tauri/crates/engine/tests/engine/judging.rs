//! What is judged by its own status, what a person has to look at, and what somebody else holds.

use std::time::Duration;

use domain::{Cause, Event, ModuleStatus, MutationVerb, NotificationKind, ObjectRef, Refusal};
use engine::EngineFailure;
use engine::ports::RolloutPhase;
use serde_json::{Value, json};

use crate::world::*;

fn of(kind: &str) -> ObjectRef {
    object(kind, "faasapi")
}

/// A module of one object, started.
async fn started(kind: &str, body: Value, phase: RolloutPhase, note: Option<Cause>) -> World {
    let world = World::ready_with(vec![(of(kind), body)]).await;
    world.cluster.says(&of(kind), phase, note);
    world.start(&faasapi()).await;
    world
}

fn lasts(seconds: u64) -> impl Future<Output = ()> {
    tokio::time::sleep(Duration::from_secs(seconds))
}

#[tokio::test(start_paused = true)]
async fn a_job_that_fails_fails_its_module_in_its_own_words() {
    let note = Cause::ObjectFailed {
        reason: "BackoffLimitExceeded".into(),
        message: "Job has reached the specified backoff limit".into(),
    };
    let world = started("Job", json!({}), RolloutPhase::Failed, Some(note)).await;
    world.until_idle().await;
    assert_eq!(world.status(&faasapi()), ModuleStatus::Failed);
    assert_eq!(
        world.reason(&faasapi()),
        "Job/faasapi: it failed: BackoffLimitExceeded: Job has reached the specified backoff limit"
    );
}

#[tokio::test(start_paused = true)]
async fn a_module_without_workloads_waits_for_its_objects() {
    let world = started("Job", json!({}), RolloutPhase::Progressing, None).await;
    lasts(120).await;
    assert_eq!(world.status(&faasapi()), ModuleStatus::Running);
    let live = world.engine.live(&release(), &env());
    assert_eq!(live.objects.len(), 1, "{live:?}");
    world.cluster.says(&of("Job"), RolloutPhase::Complete, None);
    world.until_idle().await;
    assert_eq!(world.status(&faasapi()), ModuleStatus::Passed);
    assert_eq!(world.state().modules[&faasapi()].reason, None);
}

#[tokio::test(start_paused = true)]
async fn a_job_that_does_not_end_is_not_judged_bad_at_the_deadline() {
    let world = started("Job", json!({}), RolloutPhase::Progressing, None).await;
    world.until_idle().await;
    assert_eq!(world.status(&faasapi()), ModuleStatus::Errored);
    let other = started("Service", json!({}), RolloutPhase::Progressing, None).await;
    other.until_idle().await;
    assert_eq!(other.status(&faasapi()), ModuleStatus::Failed);
    let reason = other.reason(&faasapi());
    assert!(
        reason.contains("Service/faasapi: not ready for"),
        "{reason}"
    );
}

#[tokio::test(start_paused = true)]
async fn what_no_status_judges_passes_only_when_a_person_has_seen_it() {
    let note = Some(Cause::NotJudged);
    let world = started("Function", json!({}), RolloutPhase::NotJudged, note).await;
    // Longer than any deadline: it waits for the person and for nothing else.
    lasts(7200).await;
    assert_eq!(world.status(&faasapi()), ModuleStatus::Running);
    let called = |e: &Event| {
        matches!(
            e,
            Event::NotificationSent {
                kind: NotificationKind::NeedsYou,
                ..
            }
        )
    };
    assert_eq!(
        world.ledger.events().iter().filter(|e| called(e)).count(),
        1
    );
    let objects = vec![of("Function")];
    let (engine, id) = (&world.engine, release());
    let other = engine
        .confirm_seen(&id, &"li".into(), &env(), objects.clone(), "it answers 2.0")
        .await;
    let refused = |r: &Result<(), EngineFailure>, rule: Refusal| matches!(r, Err(EngineFailure::Refused(found)) if *found == rule);
    assert!(refused(&other, Refusal::NotOperator), "{other:?}");
    let empty = engine
        .confirm_seen(&id, &operator(), &env(), objects.clone(), " ok ")
        .await;
    let short = Refusal::ReasonTooShort { least: 4 };
    assert!(refused(&empty, short), "{empty:?}");
    let foreign = engine
        .confirm_seen(
            &id,
            &operator(),
            &env(),
            vec![router_deployment()],
            "it answers",
        )
        .await;
    assert!(refused(&foreign, Refusal::NotPlanned), "{foreign:?}");
    engine
        .confirm_seen(&id, &operator(), &env(), objects, "it answers 2.0")
        .await
        .unwrap();
    world.until_idle().await;
    assert_eq!(world.status(&faasapi()), ModuleStatus::Passed);
    assert_eq!(
        world.reason(&faasapi()),
        "Function/faasapi: not judged by its status; seen: it answers 2.0"
    );
}

#[tokio::test(start_paused = true)]
async fn a_pause_of_somebody_else_is_named_when_the_deadline_is_over() {
    let world = World::ready().await;
    world.start(&faasapi()).await;
    world
        .until("all is written", |w| w.outcomes().len() == 4)
        .await;
    world.cluster.pause(&deployment());
    world.until_idle().await;
    assert_eq!(world.status(&faasapi()), ModuleStatus::Errored);
    let reason = world.reason(&faasapi());
    assert!(
        reason.contains("Deployment/faasapi: paused by kubectl-rollout; its pods do not change"),
        "{reason}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_pause_of_somebody_else_is_lifted_with_a_reason_that_is_written_down_first() {
    let world = World::ready().await;
    world.start(&faasapi()).await;
    world
        .until("all is written", |w| w.outcomes().len() == 4)
        .await;
    let (id, who) = (release(), operator());
    let lift = |reason: &'static str| {
        let (engine, id, who) = (world.engine.clone(), id.clone(), who.clone());
        async move {
            engine
                .lift_pause(&id, &who, &env(), &deployment(), reason)
                .await
        }
    };
    let none = lift("agreed with on-call").await;
    assert!(
        matches!(none, Err(EngineFailure::Refused(Refusal::NotPaused { .. }))),
        "{none:?}"
    );
    world.cluster.pause(&deployment());
    lasts(60).await;
    assert_eq!(world.status(&faasapi()), ModuleStatus::Running);
    let empty = lift("").await;
    assert!(
        matches!(
            empty,
            Err(EngineFailure::Refused(Refusal::ReasonTooShort { .. }))
        ),
        "{empty:?}"
    );
    lift("agreed with on-call").await.unwrap();
    world.until_idle().await;
    assert_eq!(world.status(&faasapi()), ModuleStatus::Passed);
    let events = world.ledger.events();
    let lifted = events.iter().position(|e| {
        matches!(e, Event::PauseLifted { paused_by, reason, .. }
            if paused_by == "kubectl-rollout" && reason == "agreed with on-call")
    });
    let unpause = events.iter().position(|e| {
        matches!(e, Event::MutationIntended { intent, .. } if intent.verb == MutationVerb::Unpause)
    });
    assert!(
        lifted.is_some() && lifted < unpause,
        "{lifted:?} {unpause:?}"
    );
    assert_eq!(world.cluster.not_durable(), 0);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_paused_is_not_said_to_be() {
    let set = of("StatefulSet");
    let world = started("StatefulSet", json!({}), RolloutPhase::Progressing, None).await;
    world
        .until("it is written", |w| w.outcomes().len() == 1)
        .await;
    let (id, who) = (release(), operator());
    let refused = world.engine.pause(&id, &who, &env()).await;
    let expected = Refusal::CannotPause {
        kind: "StatefulSet".into(),
    };
    assert!(
        matches!(&refused, Err(EngineFailure::Refused(found)) if *found == expected),
        "{refused:?}"
    );
    assert_eq!(world.status(&faasapi()), ModuleStatus::Running);
    world.engine.stop(&id, &who, &env()).await.unwrap();
    world.until_idle().await;
    assert_eq!(world.status(&faasapi()), ModuleStatus::Stopped);
    assert!(!world.cluster.object(&set).unwrap().paused);
    assert_eq!(
        world.cluster.sent().len(),
        1,
        "nothing was sent but the write"
    );
}

#[tokio::test(start_paused = true)]
async fn a_partition_passes_only_where_the_reviewed_manifest_has_it() {
    let note = Cause::HeldByPartition {
        partition: 2,
        old: 2,
    };
    let partition =
        |n: u32| json!({"spec": {"updateStrategy": {"rollingUpdate": {"partition": n}}}});
    for (body, expected) in [
        (partition(2), ModuleStatus::Passed),
        (partition(1), ModuleStatus::Errored),
        (json!({}), ModuleStatus::Errored),
    ] {
        let world = started(
            "StatefulSet",
            body,
            RolloutPhase::Partitioned,
            Some(note.clone()),
        )
        .await;
        world.until_idle().await;
        assert_eq!(world.status(&faasapi()), expected);
        assert_eq!(
            world.reason(&faasapi()),
            "StatefulSet/faasapi: complete up to the partition 2: 2 pods keep the old version"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn pods_that_change_when_they_are_deleted_need_a_person() {
    let note = Some(Cause::ChangesOnDelete { old: 3 });
    let world = started("DaemonSet", json!({}), RolloutPhase::OnDelete, note).await;
    lasts(120).await;
    assert_eq!(world.status(&faasapi()), ModuleStatus::Running);
    let called = |e: &Event| {
        matches!(
            e,
            Event::NotificationSent {
                kind: NotificationKind::NeedsYou,
                ..
            }
        )
    };
    assert!(world.ledger.events().iter().any(called));
    world
        .cluster
        .says(&of("DaemonSet"), RolloutPhase::Complete, None);
    world.until_idle().await;
    assert_eq!(world.status(&faasapi()), ModuleStatus::Passed);
}
