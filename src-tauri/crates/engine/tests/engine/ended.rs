//! Releases that have ended, of which only a summary is kept, and entries that cannot be decoded.

use domain::{ModuleStatus, Refusal, Status};
use engine::EngineFailure;
use engine::ports::{Json, Record, Stream, UnknownRecord};

use crate::world::*;

/// Both modules have passed, and the release is finished.
async fn finished() -> World {
    let world = World::ready().await;
    for module in [faasapi(), router()] {
        world.start(&module).await;
        world.until_idle().await;
    }
    world.engine.finish(&release(), &operator()).await.unwrap();
    world
}

fn reads(world: &World) -> u32 {
    *world.ledger.read_here.lock().unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_finished_release_is_listed_without_its_entries_and_rolled_back_with_them() {
    let mut world = finished().await;
    let before = world.engine.releases();
    world.restart().await;
    assert_eq!(world.engine.releases(), before, "from the kept summary");
    assert_eq!(before[0].status, Status::Finished);
    assert!(before[0].rests && before[0].environments[0].has_way_back);
    assert_eq!(reads(&world), 0, "nobody looked at it");

    world.way_back().await.unwrap();
    assert_eq!(reads(&world), 1);
    world.until_idle().await;
    assert_eq!(world.status(&router()), ModuleStatus::TakenBack);
    let after = world.engine.releases();
    assert!(after[0].rests && after[0].rolled_back);
    assert_eq!(after[0].measured, *world.engine.measured_rollbacks());
    assert_eq!(after[0].measured.len(), 1);
    assert_eq!(
        reads(&world),
        1,
        "it stayed in memory while something went on"
    );

    world.restart().await;
    assert_eq!(world.engine.releases(), after);
    assert_eq!(world.engine.measured_rollbacks().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn what_was_kept_for_another_end_of_the_stream_is_derived_again() {
    let mut world = finished().await;
    let right = world.engine.releases();
    let spoil = |world: &World, change: fn(&mut String)| {
        let mut summaries = world.ledger.summaries.lock().unwrap();
        let kept = summaries.get_mut(&release()).unwrap();
        change(kept.summary.as_mut().unwrap());
    };
    spoil(&world, |text| {
        *text = text.replace("\"form\":1", "\"form\":0")
    });
    world.restart().await;
    assert_eq!(world.engine.releases(), right, "another form");
    spoil(&world, |text| text.truncate(20));
    world.restart().await;
    assert_eq!(world.engine.releases(), right, "half a text");
    world.ledger.summaries.lock().unwrap().clear();
    world.restart().await;
    assert_eq!(world.engine.releases(), right, "none");
    let kept = world.ledger.summaries.lock().unwrap().len();
    assert_eq!(kept, 1, "it is kept for the next start");
}

#[tokio::test(start_paused = true)]
async fn a_release_that_is_worked_on_after_its_end_is_interrupted_like_any_other() {
    let mut world = finished().await;
    world.way_back().await.unwrap();
    world.restart().await;
    let interrupted = world.engine.interrupted(&release()).await.unwrap();
    assert!(interrupted.unwrap().back);
    assert!(!world.engine.releases()[0].rests);
    let resumed = world.engine.resume_work(&release(), &operator()).await;
    resumed.unwrap();
    world.until_idle().await;
    assert_eq!(world.status(&faasapi()), ModuleStatus::TakenBack);
}

fn unknown(verb: &str) -> Record {
    Record::Unknown(UnknownRecord {
        json: Json(format!(r#"{{"release":{{"type":"{verb}"}}}}"#)),
        verb: verb.to_owned(),
        environment: None,
        why: "unknown variant".to_owned(),
    })
}

fn is_unreadable(failure: &EngineFailure, wanted: &str) -> bool {
    let EngineFailure::Refused(Refusal::EntryUnreadable { verb, position, .. }) = failure else {
        return false;
    };
    verb == wanted && *position > 0
}

#[tokio::test(start_paused = true)]
async fn an_entry_that_cannot_be_decoded_makes_its_release_read_only_and_nothing_else() {
    let mut world = World::ready().await;
    world.start(&faasapi()).await;
    world.until_idle().await;
    let stream = Stream::Release(release());
    world
        .ledger
        .sneak_in_record(&stream, unknown("gatePostponed"));
    let other = Stream::Release("REL-OTHER".into());
    world
        .ledger
        .sneak_in_record(&other, unknown("releaseCreated"));
    let before = world.cluster.sent().len();
    world.restart().await;

    // It is shown as far as it is understood.
    assert_eq!(world.status(&faasapi()), ModuleStatus::Passed);
    let engine = &world.engine;
    let listed = engine.releases();
    assert_eq!(listed.len(), 2);
    assert!(listed.iter().all(|release| release.unreadable.is_some()));
    let (id, who) = (release(), operator());
    for refused in [
        engine.ask_help(&id, &who).await,
        world.way_back().await,
        engine.cancel(&id, &who, "because it is late".into()).await,
        engine.start_rollout(&id, &who, &env(), &router()).await,
    ] {
        let failure = refused.unwrap_err();
        assert!(is_unreadable(&failure, "gatePostponed"), "{failure:?}");
    }
    let failure = engine.release(&"REL-OTHER".into()).unwrap_err();
    assert!(is_unreadable(&failure, "releaseCreated"), "{failure:?}");
    assert_eq!(world.cluster.sent().len(), before, "nothing was sent");

    // Everything else works.
    let mut bodies = std::collections::BTreeMap::new();
    let mut another = plan(&mut bodies);
    another.id = "REL-NEXT".into();
    engine.create(&who, another, bodies).await.unwrap();
    engine.ask_help(&"REL-NEXT".into(), &who).await.unwrap();
    assert_eq!(engine.releases().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn an_entry_of_the_register_that_cannot_be_decoded_is_left_out() {
    let mut world = World::ready().await;
    let before = world.engine.register();
    world
        .ledger
        .sneak_in_record(&Stream::Register, unknown("keyRevoked"));
    world.restart().await;
    let after = world.engine.register();
    assert_eq!((after.keys, after.bindings), (before.keys, before.bindings));
    world.start(&faasapi()).await;
    world.until_idle().await;
    assert_eq!(world.status(&faasapi()), ModuleStatus::Passed);
}
