//! The way back: in the middle, after the end, after a restart.

use acceptance::world::Given;
use domain::ModuleStatus;
use engine::EngineFailure;

use crate::{DEV, EXECUTOR, IN_ORDER, ROUTER, at_the_first_stage, deployment_is_written, slow};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_the_middle_of_a_rollout() {
    let Some(world) = at_the_first_stage(slow()).await else {
        return;
    };
    world.begin(DEV, EXECUTOR).await;
    deployment_is_written(&world).await;
    world.go_back(DEV).await;
    world.then_old(DEV).await;
    assert_eq!(world.status(DEV, EXECUTOR), ModuleStatus::TakenBack);
    world.then_the_ledger_holds().await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn out_of_a_pause() {
    let Some(world) = at_the_first_stage(slow()).await else {
        return;
    };
    world.begin(DEV, EXECUTOR).await;
    deployment_is_written(&world).await;
    world
        .does(DEV, |engine, id, actor, environment| async move {
            engine.pause(&id, &actor, &environment).await
        })
        .await
        .unwrap();
    world.go_back(DEV).await;
    world.then_old(DEV).await;
    let (site, namespace) = world.place(DEV);
    let live = site.get(&namespace, "deployment", EXECUTOR).await.unwrap();
    assert_ne!(
        live["spec"]["paused"], true,
        "the old version is not left paused"
    );
    world.then_the_ledger_holds().await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_everything_passed() {
    let Some(world) = at_the_first_stage(Given::default()).await else {
        return;
    };
    for module in IN_ORDER {
        assert_eq!(world.roll_out(DEV, module).await, ModuleStatus::Passed);
    }
    world.then_new(DEV).await;
    world.go_back(DEV).await;
    world.then_old(DEV).await;
    let backs: Vec<String> = world
        .environment(DEV)
        .way_back
        .unwrap()
        .modules
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        backs,
        ["fission-agent", "fission-router", "fission-executor"],
        "the last changed goes first"
    );
    world.then_the_ledger_holds().await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_restart() {
    let Some(mut world) = at_the_first_stage(Given::default()).await else {
        return;
    };
    for module in [EXECUTOR, ROUTER] {
        assert_eq!(world.roll_out(DEV, module).await, ModuleStatus::Passed);
    }
    world.restart().await;
    world.go_back(DEV).await;
    world.then_old(DEV).await;
    world.then_the_ledger_holds().await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn begun_before_a_restart_and_gone_on_with_after_it() {
    let Some(mut world) = at_the_first_stage(slow()).await else {
        return;
    };
    world.begin(DEV, EXECUTOR).await;
    deployment_is_written(&world).await;
    world.start_way_back(DEV).await.unwrap();
    world.restart().await;
    world
        .does(DEV, |engine, id, actor, _| async move {
            engine.resume_work(&id, &actor).await
        })
        .await
        .unwrap();
    world.way_back_ended(DEV).await;
    world.then_old(DEV).await;
    world.then_the_ledger_holds().await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_to_take_back_is_refused() {
    let Some(world) = at_the_first_stage(Given::default()).await else {
        return;
    };
    let refused = world.start_way_back(DEV).await.unwrap_err();
    assert!(
        matches!(
            refused,
            EngineFailure::Refused(domain::Refusal::NothingToRestore)
        ),
        "{refused}"
    );
    assert_eq!(world.writes(DEV).len(), 0);
    world.end().await;
}
