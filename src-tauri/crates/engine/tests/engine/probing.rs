use domain::gate::{ItemVerdict, item_verdict};
use domain::{Event, FactValue, ProbeTrouble, Refusal};
use engine::EngineFailure;
use engine::ports::Record;

use crate::world::*;

fn answer(status: u16) -> FactValue {
    FactValue::HttpAnswer {
        status,
        contains: None,
        text: "hello".into(),
        more: false,
    }
}

fn verdict(world: &World) -> ItemVerdict {
    let release = world.engine.release(&release()).unwrap().release;
    item_verdict(&release, &stage(), &web())
}

async fn ask(world: &World) -> Result<(), EngineFailure> {
    let (id, who) = (release(), operator());
    world
        .engine
        .probe_item(&id, &who, &stage(), &"web".into())
        .await
}

async fn rolled_out() -> World {
    let world = World::ready().await;
    for module in [faasapi(), router()] {
        world.start(&module).await;
        world.until_idle().await;
    }
    world
}

#[tokio::test(start_paused = true)]
async fn what_an_address_answers_is_in_the_ledger_with_who_asked_and_when() {
    let world = rolled_out().await;
    assert_eq!(verdict(&world), ItemVerdict::Open);
    world.probe.0.lock().unwrap().push(answer(200));
    let before = world.ports.clock.now();
    ask(&world).await.unwrap();
    assert_eq!(verdict(&world), ItemVerdict::Passed);
    let entries = world.engine.release(&release()).unwrap().entries;
    let entry = entries.last().unwrap();
    assert_eq!(entry.actor, Some(operator()));
    let Record::Release(Event::FactRecorded { at, value, .. }) = &entry.record else {
        panic!("{entry:?}");
    };
    assert_eq!((*at, value), (before, &answer(200)));
}

#[tokio::test(start_paused = true)]
async fn nothing_is_asked_before_the_rollout_has_ended() {
    let world = World::ready().await;
    world.probe.0.lock().unwrap().push(answer(200));
    let refused = ask(&world).await.unwrap_err();
    assert_eq!(refused, EngineFailure::Refused(Refusal::NotRunning));
    assert_eq!(verdict(&world), ItemVerdict::Open);
}

#[tokio::test(start_paused = true)]
async fn an_adapter_that_never_answers_is_a_silence_and_not_a_wait() {
    let world = rolled_out().await;
    ask(&world).await.unwrap();
    assert_eq!(verdict(&world), ItemVerdict::Unknown);
    let entries = world.engine.release(&release()).unwrap().entries;
    let Record::Release(Event::FactRecorded { value, .. }) = &entries.last().unwrap().record else {
        panic!("{:?}", entries.last());
    };
    assert!(
        matches!(
            value,
            FactValue::HttpSilence {
                trouble: ProbeTrouble::Late,
                ..
            }
        ),
        "{value:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn an_answer_to_a_question_from_before_a_rollback_is_not_written_down() {
    let world = rolled_out().await;
    let asking = ask(&world);
    tokio::pin!(asking);
    // The question is out when the rollback begins.
    assert!(futures::poll!(&mut asking).is_pending());
    let (id, who) = (release(), operator());
    world.engine.way_back(&id, &who, &env()).await.unwrap();
    world.until_idle().await;
    let refused = asking.await.unwrap_err();
    assert_eq!(refused, EngineFailure::Refused(Refusal::NotRunning));
    assert_eq!(verdict(&world), ItemVerdict::Open);
}
