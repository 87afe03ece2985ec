//! A quota in the way: the Deployment is written, and its pods cannot be made.

use std::sync::Arc;

use acceptance::world::ENVIRONMENT;
use domain::{ModuleStatus, NotificationKind};

use crate::given::{deadline, given};
use crate::ground::{Ground, NEW};
use crate::story::Story;

pub async fn a_quota_is_used_up(ground: Arc<Ground>) {
    let given = deadline(given(&ground), "progressDeadlineSeconds: 10");
    let Some(story) = Story::at_the_gate(&ground, given).await else {
        return;
    };
    story
        .kubectl(&["create", "quota", "none", "--hard=pods=0"])
        .await;
    story.quota_is_counted("none").await;
    story.begin().await;
    // It is on the screen long before the deadline: as a warning, and with the workload.
    story
        .world
        .wait_for("the quota's name on the screen", || {
            let picture = story.world.live(ENVIRONMENT).picture;
            let picture = picture.ok_or("no picture")?;
            let blocked = picture
                .workloads
                .iter()
                .filter_map(|w| w.rollout.as_ref()?.blocked.as_ref());
            let told = picture
                .events
                .iter()
                .filter(|e| e.warning)
                .map(|e| &e.message);
            let named = |mut all: Box<dyn Iterator<Item = &String> + '_>| {
                all.any(|text| text.contains("exceeded quota: none"))
            };
            let found = (named(Box::new(blocked)), named(Box::new(told)));
            (found == (true, true))
                .then_some(())
                .ok_or_else(|| format!("{found:?}"))
        })
        .await;
    assert_eq!(story.ended().await, ModuleStatus::Failed);
    let reason = story.reason();
    println!("  the operator reads: {reason}");
    assert!(reason.contains("exceeded quota: none"), "{reason}");
    assert!(
        story
            .world
            .notices
            .kinds()
            .contains(&NotificationKind::Failed)
    );
    assert_eq!(story.version().await, NEW);
    let live = story.deployment().await;
    let available = live["status"]["availableReplicas"].as_u64().unwrap_or(0);
    assert!(available >= 1, "the old pods still serve: {live}");

    // Going back needs a pod, too: it waits for the quota, and is not given up.
    story.world.start_way_back(ENVIRONMENT).await.unwrap();
    story
        .world
        .until(ENVIRONMENT, "the Deployment's way back", |state| {
            let restored = state.settled.iter().filter(|settled| {
                settled.intent.verb == domain::MutationVerb::Restore
                    && settled.intent.object.kind == "Deployment"
            });
            restored.count() == 1
        })
        .await;
    story.kubectl(&["delete", "quota", "none"]).await;
    story.world.way_back_ended(ENVIRONMENT).await;
    story.then_it_is_as_before().await;
    story.ends().await;
}
