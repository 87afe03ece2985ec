//! Pausing, resuming, stopping, and trying again after a stop.

use std::time::Duration;

use domain::{ModuleStatus, MutationVerb, Refusal};
use engine::EngineFailure;

use crate::fakes::Fate;
use crate::world::*;

#[tokio::test(start_paused = true)]
async fn pause_holds_resume_goes_on_and_stop_ends_with_the_workload_paused() {
    let world = World::ready().await;
    world.cluster.stuck(&deployment(), true);
    world.start(&faasapi()).await;
    world
        .until("all is written", |w| w.outcomes().len() == 4)
        .await;
    let (id, who) = (release(), operator());
    world.engine.pause(&id, &who, &env()).await.unwrap();
    world.engine.pause(&id, &who, &env()).await.unwrap();
    assert_eq!(world.status(&faasapi()), ModuleStatus::Paused);
    assert!(world.cluster.object(&deployment()).unwrap().paused);
    // Longer than the progress deadline: held on purpose is not failing.
    tokio::time::sleep(Duration::from_secs(1200)).await;
    assert_eq!(world.status(&faasapi()), ModuleStatus::Paused);
    let late = world.engine.resume(&id, &who, &env()).await;
    assert!(
        matches!(late, Err(EngineFailure::Refused(Refusal::NotArmed))),
        "{late:?}"
    );
    world.arm(&faasapi()).await;
    world.engine.resume(&id, &who, &env()).await.unwrap();
    assert!(!world.cluster.object(&deployment()).unwrap().paused);
    assert_eq!(world.status(&faasapi()), ModuleStatus::Running);
    world.engine.stop(&id, &who, &env()).await.unwrap();
    world.until_idle().await;
    assert_eq!(world.status(&faasapi()), ModuleStatus::Stopped);
    assert!(world.cluster.object(&deployment()).unwrap().paused);
    let verbs: Vec<_> = world
        .cluster
        .sent()
        .iter()
        .map(|(verb, _)| *verb)
        .skip(4)
        .collect();
    assert_eq!(
        verbs,
        [
            MutationVerb::Pause,
            MutationVerb::Unpause,
            MutationVerb::Pause
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_pause_between_two_writes_keeps_the_rest_from_being_written() {
    let world = World::ready().await;
    world.cluster.fates([Fate::Slow(Duration::from_secs(5))]);
    world.start(&faasapi()).await;
    world
        .until("the first is sent", |w| w.cluster.sent().len() == 1)
        .await;
    let (id, who) = (release(), operator());
    world.engine.pause(&id, &who, &env()).await.unwrap();
    let sent = world.cluster.sent().len();
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(world.cluster.sent().len(), sent);
    assert!(sent < 4, "it was too late to tell");
    let paused = |verb: &(MutationVerb, String)| verb.0 == MutationVerb::Pause;
    assert!(
        !world.cluster.sent().iter().any(paused),
        "the Deployment is still the old one"
    );
    world.engine.resume(&id, &who, &env()).await.unwrap();
    world.until_idle().await;
    assert_eq!(world.status(&faasapi()), ModuleStatus::Passed);
}

#[tokio::test(start_paused = true)]
async fn a_second_try_after_a_stop_writes_only_what_is_missing_and_lets_the_workload_go_on() {
    let world = World::ready().await;
    world.cluster.stuck(&deployment(), true);
    world.start(&faasapi()).await;
    world
        .until("all is written", |w| w.outcomes().len() == 4)
        .await;
    let (id, who) = (release(), operator());
    world.engine.stop(&id, &who, &env()).await.unwrap();
    world.until_idle().await;
    world.cluster.stuck(&deployment(), false);
    world.start(&faasapi()).await;
    world.until_idle().await;
    assert_eq!(world.status(&faasapi()), ModuleStatus::Passed);
    let verbs: Vec<_> = world
        .cluster
        .sent()
        .iter()
        .map(|(verb, _)| *verb)
        .skip(4)
        .collect();
    assert_eq!(verbs, [MutationVerb::Pause, MutationVerb::Unpause]);
}
