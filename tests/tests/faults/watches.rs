//! Watches that expire, and a storm of events.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use acceptance::world::{Caller, ENVIRONMENT, MODULE};
use domain::ModuleStatus;
use futures::future::join_all;
use k8s_openapi::api::core::v1::Event;
use kube::api::{Api, PostParams};
use serde_json::json;

use crate::given::{behind_a_proxy, given, slow};
use crate::ground::Ground;
use crate::rights::with_plane;
use crate::story::Story;

/// etcd forgets what a watch wants to go on from: 410 Gone, in the middle of the rollout. The API
/// server's own cache would hide it, so it runs without one.
pub async fn a_watch_expires_during_the_rollout(ground: Arc<Ground>) {
    with_plane(&ground.site, |plane| {
        plane.restart_apiserver(&["--watch-cache=false"])
    })
    .await;
    let (given, proxy) = behind_a_proxy(&ground).await;
    let Some(story) = Story::at_the_gate(&ground, given).await else {
        return;
    };
    story.hold_the_rollout();
    story.begin().await;
    story.deployment_is_written().await;
    let gone = || proxy.passed().iter().map(|passed| passed.gone).sum::<u32>();
    let began = Instant::now();
    while gone() == 0 {
        assert!(
            began.elapsed() < Duration::from_secs(60),
            "no watch expired"
        );
        // Something has to be forgotten: a write elsewhere, then the compaction.
        ground
            .site
            .kubectl(
                Caller::Admin,
                &[
                    "annotate",
                    "node",
                    "--all",
                    "--overwrite",
                    &format!("at={:?}", began.elapsed()),
                ],
                "",
            )
            .await;
        with_plane(&ground.site, controlplane::ControlPlane::compact).await;
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    println!("  {} answers of 410 after {:.1?}", gone(), began.elapsed());
    assert_eq!(
        story.world.status(ENVIRONMENT, MODULE),
        ModuleStatus::Running
    );
    story.let_the_rollout_go_on();
    assert_eq!(
        story.ended().await,
        ModuleStatus::Passed,
        "{}",
        story.reason()
    );
    story.then_it_is_new().await;
    story.goes_back().await;
    with_plane(&ground.site, |plane| plane.restart_apiserver(&[])).await;
    story.ends().await;
}

/// Hundreds of events a second about the very Deployment that rolls out.
pub async fn events_come_by_the_hundreds(ground: Arc<Ground>) {
    let Some(story) = Story::at_the_gate(&ground, slow(given(&ground))).await else {
        return;
    };
    let live = story.deployment().await;
    let events: Api<Event> =
        Api::namespaced(ground.site.client(Caller::Admin).await, &ground.namespace);
    let (stop, count) = (
        Arc::new(AtomicBool::new(false)),
        Arc::new(AtomicU32::new(0)),
    );
    let began = Instant::now();
    let storms = (0..8).map(|_| {
        let (events, stop, count, live) =
            (events.clone(), stop.clone(), count.clone(), live.clone());
        tokio::spawn(async move {
            while !stop.load(Ordering::SeqCst) {
                let number = count.fetch_add(1, Ordering::SeqCst);
                let event = json!({
                    "metadata": { "name": format!("storm.{number}") },
                    "involvedObject": {
                        "apiVersion": "apps/v1", "kind": "Deployment",
                        "namespace": live["metadata"]["namespace"],
                        "name": live["metadata"]["name"], "uid": live["metadata"]["uid"],
                    },
                    "type": "Warning", "reason": "Storm", "message": format!("drop {number}"),
                    "firstTimestamp": chrono::Utc::now(), "lastTimestamp": chrono::Utc::now(),
                });
                let event = serde_json::from_value(event).unwrap();
                events.create(&PostParams::default(), &event).await.unwrap();
            }
        })
    });
    let storms: Vec<_> = storms.collect();
    let ended = story.roll_out().await;
    stop.store(true, Ordering::SeqCst);
    let took = began.elapsed();
    join_all(storms)
        .await
        .into_iter()
        .for_each(|storm| storm.unwrap());
    let count = count.load(Ordering::SeqCst);
    let rate = f64::from(count) / took.as_secs_f64();
    println!("  {count} events in {took:.1?}, {rate:.0} a second");
    assert_eq!(ended, ModuleStatus::Passed, "{}", story.reason());
    assert!(count > 500, "a storm in a teacup: {count}");
    let picture = story.world.live(ENVIRONMENT).picture.expect("a picture");
    assert_eq!(picture.events.len(), 200, "as many as fit");
    story.then_it_is_new().await;
    story.goes_back().await;
    story.ends().await;
}
