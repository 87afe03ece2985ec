use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use domain::{Event, ModuleStatus, MutationOutcome, MutationVerb, Work};
use engine::ports::Record;
use engine::{EngineFailure, FailPoint, Finding};

use crate::fakes::Fate;
use crate::world::*;

/// The points of a change. Those of every commit, also of the first one of a rollout that nobody
/// has begun then, are for `tests/kills`, where a process is killed.
fn points() -> impl Iterator<Item = FailPoint> {
    let commit =
        |point: &FailPoint| matches!(point, FailPoint::BeforeCommit | FailPoint::AfterCommit);
    FailPoint::ALL
        .into_iter()
        .filter(move |point| !commit(point))
}

/// Stops the engine the n-th time it comes to a point.
fn kill_at(world: &World, point: FailPoint, nth: u32) {
    let times = AtomicU32::new(0);
    world.engine.set_fail_hook(Arc::new(move |at| {
        // Once killed, dead for good.
        at == point && times.fetch_add(1, Ordering::SeqCst) + 1 >= nth
    }));
}

async fn resume(world: &World) {
    world
        .engine
        .resume_work(&release(), &operator())
        .await
        .unwrap();
    world.until_idle().await;
}

fn applies(world: &World) -> Vec<String> {
    let sent = world.cluster.sent().into_iter();
    sent.filter(|(verb, _)| *verb == MutationVerb::Apply)
        .map(|(_, label)| label)
        .collect()
}

#[tokio::test(start_paused = true)]
async fn killed_at_every_point_of_every_write_it_goes_on_and_writes_nothing_twice() {
    for point in points() {
        for nth in 1..=4 {
            let mut world = World::ready().await;
            // So that there is something to read back.
            world.cluster.fates([Fate::Works, Fate::AnswerLost]);
            kill_at(&world, point, nth);
            world.start(&faasapi()).await;
            world.until_nobody_works().await;
            world.restart().await;
            let before = world.cluster.sent().len();
            let interrupted = world.engine.interrupted(&release()).await.unwrap();
            assert_eq!(world.cluster.sent().len(), before, "asking sends nothing");
            if world.state().work == Work::Idle {
                assert!(interrupted.is_none());
            } else {
                assert!(interrupted.is_some(), "{point:?} {nth}");
                resume(&world).await;
            }
            assert_eq!(
                world.status(&faasapi()),
                ModuleStatus::Passed,
                "{point:?} {nth}"
            );
            let mut written = applies(&world);
            written.sort();
            let count = written.len();
            written.dedup();
            assert_eq!((written.len(), count), (4, 4), "{point:?} {nth}");
            assert_eq!(world.cluster.not_durable(), 0);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn killed_at_every_point_of_a_way_back_it_gets_there() {
    for point in points() {
        for nth in 1..=3 {
            let mut world = World::ready().await;
            world.start(&faasapi()).await;
            world.until_idle().await;
            world.cluster.fates([Fate::AnswerLost]);
            kill_at(&world, point, nth);
            world.way_back().await.unwrap();
            world.until_nobody_works().await;
            world.restart().await;
            if world.state().work != Work::Idle {
                let interrupted = world.engine.interrupted(&release()).await.unwrap();
                assert!(interrupted.unwrap().back);
                // The button is as good as going on.
                match nth {
                    1 => world.way_back().await.unwrap(),
                    _ => world
                        .engine
                        .resume_work(&release(), &operator())
                        .await
                        .unwrap(),
                }
                world.until_idle().await;
            }
            assert_eq!(
                world.status(&faasapi()),
                ModuleStatus::TakenBack,
                "{point:?} {nth}"
            );
            let live = world.cluster.object(&deployment()).unwrap();
            assert_eq!(live.body, body(&deployment(), "1.0"));
            assert!(world.cluster.object(&extra()).is_none());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn killed_between_the_call_and_its_outcome_the_finding_says_what_is_so() {
    let mut world = World::ready().await;
    kill_at(&world, FailPoint::AfterSend, 2);
    world.start(&faasapi()).await;
    world.until_nobody_works().await;
    world.restart().await;
    let found = world.engine.interrupted(&release()).await.unwrap().unwrap();
    assert_eq!(found.found, Finding::Applied);
    assert_eq!(found.pending.unwrap().intent.object, config());
    assert_eq!(found.module, Some(faasapi()));
    assert_eq!(world.outcomes(), ["applied"], "asking writes nothing down");

    let mut world = World::ready().await;
    kill_at(&world, FailPoint::AfterIntent, 2);
    world.start(&faasapi()).await;
    world.until_nobody_works().await;
    world.restart().await;
    let found = world.engine.interrupted(&release()).await.unwrap().unwrap();
    assert_eq!(found.found, Finding::NotApplied);
    world.cluster.unreachable(true);
    let found = world.engine.interrupted(&release()).await.unwrap().unwrap();
    assert_eq!(found.found, Finding::Unreachable);
}

#[tokio::test(start_paused = true)]
async fn a_start_sends_nothing_and_goes_on_with_nothing() {
    let mut world = World::ready().await;
    kill_at(&world, FailPoint::AfterSend, 1);
    world.start(&faasapi()).await;
    world.until_nobody_works().await;
    world.restart().await;
    let events = world.ledger.events().len();
    tokio::time::sleep(std::time::Duration::from_secs(3600)).await;
    assert_eq!(world.cluster.sent().len(), 1);
    assert_eq!(world.ledger.events().len(), events);
    assert!(world.state().pending.is_some());
}

#[tokio::test(start_paused = true)]
async fn from_an_interrupted_rollout_there_is_a_way_back() {
    let mut world = World::ready().await;
    kill_at(&world, FailPoint::AfterSend, 2);
    world.start(&faasapi()).await;
    world.until_nobody_works().await;
    world.restart().await;
    world.way_back().await.unwrap();
    world.until_idle().await;
    assert_eq!(world.status(&faasapi()), ModuleStatus::TakenBack);
    let live = world.cluster.object(&config()).unwrap();
    assert_eq!(live.body, body(&config(), "1.0"));
}

#[tokio::test(start_paused = true)]
async fn a_ledger_that_is_full_before_the_intent_keeps_everything_from_being_sent() {
    let world = World::ready().await;
    let intent = |r: &Record| matches!(r, Record::Release(Event::MutationIntended { .. }));
    *world.ledger.full_for.lock().unwrap() = Some(intent);
    world.start(&faasapi()).await;
    world.until_nobody_works().await;
    assert_eq!(world.cluster.sent(), []);
    let trouble = world.engine.live(&release(), &env()).trouble;
    assert!(
        matches!(trouble, Some(EngineFailure::Ledger(_))),
        "{trouble:?}"
    );
    *world.ledger.full_for.lock().unwrap() = None;
    resume(&world).await;
    assert_eq!(world.status(&faasapi()), ModuleStatus::Passed);
}

#[tokio::test(start_paused = true)]
async fn a_ledger_that_is_full_between_call_and_outcome_is_settled_by_reading_back() {
    let world = World::ready().await;
    let outcome = |r: &Record| matches!(r, Record::Release(Event::MutationSettled { .. }));
    *world.ledger.full_for.lock().unwrap() = Some(outcome);
    world.start(&faasapi()).await;
    world.until_nobody_works().await;
    assert_eq!(world.cluster.sent().len(), 1);
    assert_eq!(world.outcomes(), [] as [&str; 0]);
    // Said to the person: that nothing was changed would not be true here.
    let trouble = world.engine.live(&release(), &env()).trouble;
    assert!(
        matches!(trouble, Some(EngineFailure::OutcomeUnwritten { .. })),
        "{trouble:?}"
    );
    *world.ledger.full_for.lock().unwrap() = None;
    let found = world.engine.interrupted(&release()).await.unwrap().unwrap();
    assert_eq!(found.found, Finding::Applied);
    resume(&world).await;
    assert_eq!(world.status(&faasapi()), ModuleStatus::Passed);
    assert_eq!(applies(&world).len(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_panic_in_the_call_leaves_the_intent_pending_and_is_read_back() {
    let world = World::ready().await;
    world.cluster.fates([Fate::Panics]);
    world.start(&faasapi()).await;
    world.until_nobody_works().await;
    // The task concludes that it could not tell; the intent is still open.
    assert_eq!(world.status(&faasapi()), ModuleStatus::Errored);
    assert!(world.state().pending.is_some());
    world.way_back().await.unwrap();
    world.until_idle().await;
    assert_eq!(world.status(&faasapi()), ModuleStatus::TakenBack);
    assert!(world.cluster.object(&extra()).is_none());
    let applied = |o: &MutationOutcome| matches!(o, MutationOutcome::Applied { .. });
    assert!(world.state().settled.iter().all(|s| applied(&s.outcome)));
}
