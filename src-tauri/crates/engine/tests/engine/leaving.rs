//! Ending the program after the step that each task is at.

use std::time::Duration;

use domain::{ModuleStatus, Work};
use engine::Running;

use crate::fakes::Fate;
use crate::world::*;

const STEP: Duration = Duration::from_secs(5);

#[tokio::test(start_paused = true)]
async fn a_rollout_ends_after_its_step_and_goes_on_in_the_next_program() {
    let mut world = World::ready().await;
    world.cluster.fates([Fate::Works, Fate::Slow(STEP)]);
    world.start(&faasapi()).await;
    world
        .until("the second write is on its way", |w| {
            w.state().pending.is_some() && w.outcomes().len() == 1
        })
        .await;
    let running = (release(), env(), Running::Forward);
    assert_eq!(world.engine.under_way(), [running]);
    world.engine.leave_all().await;
    // The write under way has its outcome, and none came after it.
    assert_eq!(world.outcomes(), ["applied"; 2]);
    assert_eq!(world.cluster.sent().len(), 2);
    assert_eq!(world.engine.under_way(), []);
    assert!(world.state().pending.is_none());
    assert!(matches!(world.state().work, Work::Forward { .. }));
    assert_eq!(world.status(&faasapi()), ModuleStatus::Running);

    world.restart().await;
    let (id, who) = (release(), operator());
    assert!(world.engine.interrupted(&id).await.unwrap().is_some());
    world.engine.resume_work(&id, &who).await.unwrap();
    world.until_idle().await;
    assert_eq!(world.status(&faasapi()), ModuleStatus::Passed);
    assert_eq!(world.cluster.sent().len(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_rollback_ends_after_its_step_and_goes_on_in_the_next_program() {
    let mut world = World::ready().await;
    world.start(&faasapi()).await;
    world.until_idle().await;
    let written = world.cluster.sent().len();
    world.cluster.fates([Fate::Works, Fate::Slow(STEP)]);
    world.way_back().await.unwrap();
    world
        .until("the second object is being put back", |w| {
            w.state().pending.is_some() && w.cluster.sent().len() == written + 2
        })
        .await;
    world.engine.leave_all().await;
    assert_eq!(world.cluster.sent().len(), written + 2);
    assert!(world.state().pending.is_none());
    assert_eq!(world.state().work, Work::Back);

    world.restart().await;
    world
        .engine
        .resume_work(&release(), &operator())
        .await
        .unwrap();
    world.until_idle().await;
    assert_eq!(world.status(&faasapi()), ModuleStatus::TakenBack);
}

#[tokio::test(start_paused = true)]
async fn nothing_under_way_is_left_at_once() {
    let world = World::ready().await;
    assert_eq!(world.engine.under_way(), []);
    world.engine.leave_all().await;
    assert_eq!(world.state().work, Work::Idle);
}
