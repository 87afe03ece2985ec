//! etcd stops without ending: the API server accepts writes and cannot store them.

use std::sync::Arc;
use std::time::Duration;

use acceptance::wire::{Fate, Hook, Trap, hook};
use acceptance::world::{ENVIRONMENT, Given, Site};
use domain::ModuleStatus;
use http::Method;

use crate::given::{behind_a_proxy, given, slow};
use crate::ground::Ground;
use crate::story::{DEPLOYMENT, Story, is_applied};

/// The write hangs for less than the API server was told to give it (`?timeout=`).
pub async fn hangs_for_a_moment(ground: Arc<Ground>) {
    let (given, proxy) = behind_a_proxy(&ground).await;
    let Some(story) = Story::at_the_gate(&ground, patient(given)).await else {
        return;
    };
    let site = ground.site.clone();
    let moment = hook(move || {
        let site = site.clone();
        async move {
            site.control_plane().pause_etcd().unwrap();
            tokio::spawn(async move {
                tokio::time::sleep(Duration::from_millis(1500)).await;
                site.control_plane().resume_etcd().unwrap();
            });
        }
    });
    proxy.set(Trap::next(Method::PATCH, DEPLOYMENT, Fate::Passes).before(moment));
    assert_eq!(
        story.roll_out().await,
        ModuleStatus::Passed,
        "{}",
        story.reason()
    );
    story.then_it_is_new().await;
    let heard = story.heard_of("deployments");
    assert_eq!(heard.len(), 1, "{heard:?}");
    assert_eq!(story.outcomes("Deployment").len(), 1);
    story.goes_back().await;
    story.ends().await;
}

/// The write hangs for longer: the API server gives up on it, and nobody knows whether it was stored.
pub async fn hangs_until_the_api_server_gives_up(ground: Arc<Ground>) {
    let (given, proxy) = behind_a_proxy(&ground).await;
    let Some(story) = Story::at_the_gate(&ground, given).await else {
        return;
    };
    proxy.set(Trap::next(Method::PATCH, DEPLOYMENT, Fate::Passes).before(stop(&ground.site)));
    story.begin().await;
    story.outcome_is_unknown().await;
    story.is_told_that_it_is_needed().await;
    let said = story.waits_for_contact().await;
    println!("  while etcd hangs the operator reads: {said}");
    story.plane().resume_etcd().unwrap();
    let ended = story.ended().await;
    let heard = story.heard_of("deployments");
    assert_eq!(heard.len(), 1, "it is not sent again: {heard:?}");
    assert_eq!(heard[0].code, Some(504), "{heard:?}");
    let applied = story.outcomes("Deployment").iter().any(is_applied);
    println!("  etcd stored it after all: {applied}; {ended:?}");
    match ended {
        ModuleStatus::Passed => assert!(applied),
        // The person looks, and begins again.
        ModuleStatus::Errored => {
            assert!(!applied);
            assert_eq!(
                story.roll_out().await,
                ModuleStatus::Passed,
                "{}",
                story.reason()
            );
        }
        other => panic!("{other:?}: {}", story.reason()),
    }
    story.then_it_is_new().await;
    story.goes_back().await;
    story.ends().await;
}

/// Nothing is written just then; the rollout waits with the cluster and goes on with it.
pub async fn hangs_during_the_rollout(ground: Arc<Ground>) {
    let Some(story) = Story::at_the_gate(&ground, slow(given(&ground))).await else {
        return;
    };
    story.begin().await;
    story.deployment_is_written().await;
    story.plane().pause_etcd().unwrap();
    let said = story.waits_for_contact().await;
    println!("  while etcd hangs the operator reads: {said}");
    assert_eq!(
        story.world.status(ENVIRONMENT, acceptance::world::MODULE),
        ModuleStatus::Running
    );
    story.plane().resume_etcd().unwrap();
    assert_eq!(
        story.ended().await,
        ModuleStatus::Passed,
        "{}",
        story.reason()
    );
    story.then_it_is_new().await;
    story.goes_back().await;
    story.ends().await;
}

/// Writes that the API server may work on for some seconds.
pub fn patient(given: Given) -> Given {
    let (engine, cluster) = given.limits;
    let seconds = Duration::from_secs;
    let cluster = cluster::Limits {
        server_deadline: seconds(6),
        mutation: seconds(10),
        settle: seconds(7),
        ..cluster
    };
    Given {
        limits: (engine, cluster),
        ..given
    }
}

fn stop(site: &Arc<Site>) -> Hook {
    let site = site.clone();
    hook(move || {
        let site = site.clone();
        async move { site.control_plane().pause_etcd().unwrap() }
    })
}
