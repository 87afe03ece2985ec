//! The program is killed at every point of the one path that mutations take, and started again.
//! Nothing is written twice, and both ways, on and back, are open.

use acceptance::world::{Given, Trap, World};
use domain::{ModuleStatus, Work};
use engine::{FailPoint, Finding};
use rehearsal::Fault;

use crate::{DEV, EXECUTOR, at_the_first_stage};

const CONFIG: &str = "/configmaps/fission-executor-config";
const DEPLOYMENT: &str = "/deployments/fission-executor";

/// Kills the program during the executor's rollout, and starts it again.
async fn killed(point: FailPoint, nth: u32) -> Option<World> {
    // The trap is set before the story begins; nothing passes it until the rollout does.
    let trap = Trap::at(point, nth);
    let reading = matches!(point, FailPoint::BeforeReadBack | FailPoint::AfterReadBack);
    let given = Given {
        trap: Some(trap.clone()),
        // Without a conflict the first request is the one that is carried out.
        ours: reading,
        ..Given::default()
    };
    let mut world = at_the_first_stage(given).await?;
    if reading {
        let lose = Fault::LoseResponse {
            verb: "patch".into(),
            resource: "configmaps".into(),
            times: 1,
        };
        world.place(DEV).0.rehearsed().inject(lose);
    }
    world.begin(DEV, EXECUTOR).await;
    let struck = || {
        if trap.struck() {
            Ok(())
        } else {
            Err("alive".to_owned())
        }
    };
    world.wait_for(&format!("{point:?}"), struck).await;
    world.restart().await;
    world.then_the_ledger_holds().await;
    Some(world)
}

async fn goes_on(point: FailPoint, nth: u32) {
    let Some(world) = killed(point, nth).await else {
        return;
    };
    if world.environment(DEV).work != Work::Idle {
        let id = world.release.clone();
        let found = world
            .on(|engine| async move { engine.interrupted(&id).await })
            .await
            .unwrap()
            .expect("what was cut off");
        assert_eq!((found.environment.as_str(), found.back), (DEV, false));
        assert_ne!(found.found, Finding::Unreachable);
        let before = world.writes(DEV).len();
        assert_eq!(world.writes(DEV).len(), before, "looking changes nothing");
        world
            .does(DEV, |engine, id, actor, _| async move {
                engine.resume_work(&id, &actor).await
            })
            .await
            .unwrap();
    }
    assert_eq!(
        world.ended(DEV, EXECUTOR).await,
        ModuleStatus::Passed,
        "{point:?}"
    );
    for object in [CONFIG, DEPLOYMENT] {
        assert_eq!(
            world.carried_out(DEV, object),
            1,
            "{point:?}: {object} is written once"
        );
    }
    assert_eq!(world.versions(DEV).await[EXECUTOR], "1.15.4");
    assert_eq!(
        world.config(DEV, "fission-executor-config").await["POOL_RECYCLE_SECONDS"],
        "60"
    );
    world.then_the_ledger_holds().await;
    world.end().await;
}

async fn goes_back(point: FailPoint, nth: u32) {
    let Some(world) = killed(point, nth).await else {
        return;
    };
    world.go_back(DEV).await;
    world.then_old(DEV).await;
    for object in [CONFIG, DEPLOYMENT] {
        let times = world.carried_out(DEV, object);
        assert!(
            times == 0 || times == 2,
            "{point:?}: {object} forth and back, or not at all: {times}"
        );
    }
    world.then_the_ledger_holds().await;
    world.end().await;
}

macro_rules! kills {
    ($($point:ident $nth:literal: $name:ident;)*) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            // Two worlds that know nothing of each other; most of the time is waiting.
            tokio::join!(goes_on(FailPoint::$point, $nth), goes_back(FailPoint::$point, $nth));
        }
    )*};
}

// The second time, where there is one: the ConfigMap is written by then, the Deployment is due.
kills! {
    BeforeIntent 2: before_the_intent;
    AfterIntent 2: after_the_intent;
    AfterSend 2: after_the_call;
    AfterOutcome 2: after_the_outcome;
    BeforeReadBack 1: before_the_read_back;
    AfterReadBack 1: after_the_read_back;
    BeforeConclusion 1: before_the_conclusion;
    AfterConclusion 1: after_the_conclusion;
}

#[test]
fn every_point_is_killed_at() {
    let text = include_str!("kills.rs");
    for point in FailPoint::ALL {
        assert!(text.contains(&format!("    {point:?} ")), "{point:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_way_back_that_was_killed_is_gone_on_with() {
    let Some(mut world) = at_the_first_stage(Given::default()).await else {
        return;
    };
    assert_eq!(world.roll_out(DEV, EXECUTOR).await, ModuleStatus::Passed);
    let trap = Trap::at(FailPoint::AfterSend, 1);
    world.restart_with(Some(trap.clone())).await;
    world.start_way_back(DEV).await.unwrap();
    let struck = || {
        if trap.struck() {
            Ok(())
        } else {
            Err("alive".to_owned())
        }
    };
    world.wait_for("the kill", struck).await;
    world.restart().await;
    world
        .does(DEV, |engine, id, actor, _| async move {
            engine.resume_work(&id, &actor).await
        })
        .await
        .unwrap();
    world.way_back_ended(DEV).await;
    world.then_old(DEV).await;
    for object in [CONFIG, DEPLOYMENT] {
        assert_eq!(
            world.carried_out(DEV, object),
            2,
            "{object}: once forth, once back"
        );
    }
    world.then_the_ledger_holds().await;
    world.end().await;
}
