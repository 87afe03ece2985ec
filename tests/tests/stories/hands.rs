//! Pause, go on, stop.

use acceptance::world::World;
use domain::{ModuleStatus, Work};

use crate::{DEV, EXECUTOR, at_the_first_stage, deployment_is_written, slow};

async fn is_paused(world: &World) -> bool {
    let (site, namespace) = world.place(DEV);
    site.get(&namespace, "deployment", EXECUTOR).await.unwrap()["spec"]["paused"] == true
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pause_holds_the_cluster_still_until_one_goes_on() {
    let Some(world) = at_the_first_stage(slow()).await else {
        return;
    };
    world.begin(DEV, EXECUTOR).await;
    deployment_is_written(&world).await;
    let pause = || {
        world.does(DEV, |engine, id, actor, environment| async move {
            engine.pause(&id, &actor, &environment).await
        })
    };
    pause().await.unwrap();
    assert!(is_paused(&world).await);
    assert_eq!(world.status(DEV, EXECUTOR), ModuleStatus::Paused);
    let before = world.writes(DEV).len();
    pause().await.unwrap();
    assert_eq!(
        world.writes(DEV).len(),
        before,
        "a second call changes nothing"
    );
    world
        .does(DEV, |engine, id, actor, environment| async move {
            engine.resume(&id, &actor, &environment).await
        })
        .await
        .unwrap();
    assert!(!is_paused(&world).await);
    assert_eq!(world.ended(DEV, EXECUTOR).await, ModuleStatus::Passed);
    world.then_the_ledger_holds().await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_leaves_the_cluster_as_it_is_and_one_can_begin_again() {
    let Some(world) = at_the_first_stage(slow()).await else {
        return;
    };
    world.begin(DEV, EXECUTOR).await;
    deployment_is_written(&world).await;
    world
        .does(DEV, |engine, id, actor, environment| async move {
            engine.stop(&id, &actor, &environment).await
        })
        .await
        .unwrap();
    assert_eq!(world.ended(DEV, EXECUTOR).await, ModuleStatus::Stopped);
    assert!(is_paused(&world).await);
    assert_eq!(world.environment(DEV).work, Work::Idle);
    assert_eq!(world.roll_out(DEV, EXECUTOR).await, ModuleStatus::Passed);
    assert!(!is_paused(&world).await);
    let applies = world
        .writes(DEV)
        .into_iter()
        .filter(|w| w.status == 200 && w.query.contains("fieldManager=pilothouse&"))
        .count();
    assert_eq!(
        applies,
        2,
        "a ConfigMap and a Deployment, each applied once: {:?}",
        world.writes(DEV)
    );
    world.then_the_ledger_holds().await;
    world.end().await;
}
