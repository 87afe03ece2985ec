//! From 北京 dev to 北京 prod.

use acceptance::world::{Caller, Given, OLD, SECRET};
use domain::{ModuleStatus, Phase, Status};
use engine::ports::Clock;

use crate::IN_ORDER;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_release_goes_down_the_whole_line() {
    let Some(mut world) = Given::default().rehearsed().await else {
        return;
    };
    for caller in [Caller::Admin, Caller::Operator, Caller::Verifier] {
        assert!(world.cluster("bj-dev-01").token(caller).contains(SECRET));
    }
    for environment in world.environments() {
        world.then_versions(&environment, &OLD).await;
    }
    world.given_release().await;
    world.declare_the_timeout().await;
    for (stage, environments) in [
        ("bj-offline", vec!["bj-dev", "bj-test", "bj-ontest"]),
        ("suzhou", vec!["sz-prod"]),
        ("beijing", vec!["bj-prod"]),
    ] {
        for later in &environments {
            world.then_old(later).await;
            assert_eq!(
                world.writes(later).len(),
                0,
                "nothing is written before the gate"
            );
        }
        world.when_stage_is_ready(stage).await;
        for environment in environments {
            for module in IN_ORDER {
                assert_eq!(
                    world.roll_out(environment, module).await,
                    ModuleStatus::Passed,
                    "{environment} {module}"
                );
            }
            world.then_new(environment).await;
            // Three ConfigMaps, three Deployments; Services and the Environment do not change.
            // What was refused for another manager's fields was sent again with force, as reviewed.
            let (done, refused): (Vec<_>, Vec<_>) = world
                .writes(environment)
                .into_iter()
                .partition(|w| w.status == 200);
            assert_eq!(done.len(), 6, "{environment}: {done:?}");
            assert!(done.iter().all(|w| w.verb == "patch"), "{done:?}");
            assert!(
                refused
                    .iter()
                    .all(|w| w.status == 409 && !w.query.contains("force")),
                "{refused:?}"
            );
        }
        assert_eq!(
            world.open_items(stage, Phase::Post),
            if stage == "bj-offline" { 2 } else { 3 }
        );
    }
    world.then_the_ledger_holds().await;

    world.restart().await;
    assert_eq!(
        world
            .state()
            .rolled_out_at(&"beijing".into())
            .map(|at| at <= world.clock.now()),
        Some(true)
    );
    let (id, release) = (world.release.clone(), world.state());
    let post: Vec<_> = release
        .plan
        .items(&"beijing".into(), Phase::Post)
        .cloned()
        .collect();
    for item in post
        .into_iter()
        .filter(|item| item.kind == domain::ItemKind::Manual)
    {
        let (id, person) = (id.clone(), world.holder(item.role));
        world
            .on(|engine| async move {
                engine
                    .tick(&id, &person, &"beijing".into(), &item.id, true, None)
                    .await
            })
            .await
            .unwrap();
    }
    world
        .on(|engine| async move { engine.finish(&id, &"zhangsan".into()).await })
        .await
        .unwrap();
    assert_eq!(world.state().status, Status::Finished);
    assert!(
        world
            .notices
            .kinds()
            .iter()
            .all(|kind| *kind == domain::NotificationKind::Done)
    );
    world.then_the_ledger_holds().await;
    world.end().await;
}
