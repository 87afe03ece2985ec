//! The kubelet dies in the middle of a rollout: pods are made and nobody starts them.

use std::sync::Arc;

use acceptance::world::{ENVIRONMENT, MODULE};
use domain::{ModuleStatus, NotificationKind};

use crate::given::{deadline, given, slow};
use crate::ground::{Ground, NEW};
use crate::story::Story;

/// It comes back within the team's deadline: the rollout goes on by itself.
pub async fn the_kubelet_is_away_for_a_while(ground: Arc<Ground>) {
    let Some(story) = Story::at_the_gate(&ground, slow(given(&ground))).await else {
        return;
    };
    story.begin().await;
    story.deployment_is_written().await;
    story.plane().kill_kubelet().unwrap();
    story
        .world
        .wait_for("a new pod that nobody starts", || {
            let picture = story.world.live(ENVIRONMENT).picture;
            let pods = picture
                .iter()
                .flat_map(|p| &p.workloads)
                .flat_map(|w| &w.pods);
            let new = pods.filter(|pod| pod.newest && !pod.ready).count();
            (new > 0).then_some(()).ok_or_else(|| "none".to_owned())
        })
        .await;
    tokio::time::sleep(std::time::Duration::from_secs(5)).await;
    assert_eq!(
        story.world.status(ENVIRONMENT, MODULE),
        ModuleStatus::Running
    );
    story.plane().start_kubelet().unwrap();
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

/// It does not: the rollout stands still, and so does the way back until there is a kubelet again.
pub async fn the_kubelet_stays_away(ground: Arc<Ground>) {
    let given = deadline(slow(given(&ground)), "progressDeadlineSeconds: 10");
    let Some(story) = Story::at_the_gate(&ground, given).await else {
        return;
    };
    story.begin().await;
    story.deployment_is_written().await;
    story.plane().kill_kubelet().unwrap();
    assert_eq!(
        story.ended().await,
        ModuleStatus::Errored,
        "the change is not to blame"
    );
    let reason = story.reason();
    println!("  the operator reads: {reason}");
    let dead = format!("; {} does not take up pods", story.plane().node());
    assert!(
        reason.contains("no progress for 10 s") && reason.ends_with(&dead),
        "{reason}"
    );
    assert!(
        story
            .world
            .notices
            .kinds()
            .contains(&NotificationKind::Failed)
    );
    assert_eq!(story.version().await, NEW);

    story.world.start_way_back(ENVIRONMENT).await.unwrap();
    story
        .world
        .until(ENVIRONMENT, "a way back that is given up", |state| {
            state
                .way_back
                .as_ref()
                .is_some_and(|back| back.failure.is_some())
        })
        .await;
    let back = story.world.environment(ENVIRONMENT).way_back.unwrap();
    println!("  and of the way back: {}", back.failure.unwrap());
    assert_eq!(
        story.world.notices.kinds().last(),
        Some(&NotificationKind::NeedsYou)
    );
    story.plane().start_kubelet().unwrap();
    story.goes_back().await;
    story.ends().await;
}
