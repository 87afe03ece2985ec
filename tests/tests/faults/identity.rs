//! Another authority, another cluster, behind the same name and address.

use std::sync::Arc;

use acceptance::world::{Caller, ENVIRONMENT, MODULE, Site, before};
use domain::{ModuleStatus, NotificationKind};
use engine::EngineFailure;
use serde_json::Value;

use crate::given::{behind_a_proxy, given, slow};
use crate::ground::{self, Ground, OLD};
use crate::rights::with_plane;
use crate::story::Story;

/// The certificate authority is exchanged after the release: nothing is written, not even on the way
/// back, and importing the new one does not lead around it.
pub async fn the_authority_is_exchanged(ground: Arc<Ground>) {
    let Some(story) = Story::at_the_gate(&ground, given(&ground)).await else {
        return;
    };
    assert_eq!(
        story.roll_out().await,
        ModuleStatus::Passed,
        "{}",
        story.reason()
    );
    let heard = story.heard().len();
    let other = with_plane(&ground.site, controlplane::ControlPlane::exchange_ca).await;

    goes_back_in_vain(&story, "is not trusted").await;
    let own = ground.site.kubeconfig(Caller::Operator);
    import(
        &story,
        &ground
            .site
            .kubeconfig_through(Caller::Operator, story.plane().url(), &other),
    )
    .await;
    let refused = story
        .world
        .try_bind(ENVIRONMENT, ground.site.name())
        .await
        .unwrap_err();
    assert!(
        matches!(refused, EngineFailure::BindingInUse { .. }),
        "{refused}"
    );
    goes_back_in_vain(&story, "another cluster answers").await;
    assert_eq!(story.heard().len(), heard, "nothing was sent");

    with_plane(&ground.site, controlplane::ControlPlane::restore_ca).await;
    import(&story, &own).await;
    story.goes_back().await;
    story.ends().await;
}

/// Another cluster with the same objects, the same credential, behind the same address: before the
/// first write, then in the middle of a rollout.
pub async fn two_clusters_are_behind_one_name(ground: Arc<Ground>) {
    let (given, proxy) = behind_a_proxy(&ground).await;
    let Some(story) = Story::at_the_gate(&ground, slow(given)).await else {
        return;
    };
    let twin = twin(&story).await;
    story.world.arm(ENVIRONMENT, MODULE).await.unwrap();
    proxy.point_at(&twin).await;
    story
        .world
        .start_rollout(ENVIRONMENT, MODULE)
        .await
        .unwrap();
    assert_eq!(story.ended().await, ModuleStatus::Errored);
    assert!(
        story.reason().contains("another cluster answers"),
        "{}",
        story.reason()
    );
    let check = story.world.environment(ENVIRONMENT).identity.unwrap();
    assert!(!check.verified, "the mismatch is on record");
    assert_eq!(story.heard(), []);
    proxy.point_at(&ground.site).await;

    story.begin().await;
    story.deployment_is_written().await;
    story.hold_the_rollout();
    proxy.point_at(&twin).await;
    proxy.cut();
    // The twin's Deployment is healthy, which says nothing about ours.
    assert_eq!(story.ended().await, ModuleStatus::Errored);
    assert!(
        story.reason().contains("another cluster answers"),
        "{}",
        story.reason()
    );
    goes_back_in_vain(&story, "another cluster answers").await;
    // A question about rights may have met the twin, before anybody could know that it is one.
    let mut written = twin.control_plane().heard().unwrap();
    written.retain(|heard| heard.resource != "selfsubjectaccessreviews");
    assert_eq!(written, [], "the twin was not written to");
    let theirs = twin
        .get(&ground.namespace, "deployment", MODULE)
        .await
        .unwrap();
    let image = &theirs["spec"]["template"]["spec"]["containers"][0]["image"];
    assert!(image.as_str().unwrap().ends_with(OLD), "{image}");

    proxy.point_at(&ground.site).await;
    story.let_the_rollout_go_on();
    story.goes_back().await;
    story.ends().await;
    twin.end().await;
}

/// A cluster that has what the story's cluster had, and lets in whom it lets in.
async fn twin(story: &Story) -> Site {
    let twin = ground::start_twin(&story.ground.site).await;
    twin.apply(workspace::example::definitions().unwrap()).await;
    let ready = [
        "wait",
        "--for=condition=Established",
        "crd/environments.fission.io",
        "--timeout=60s",
    ];
    let output = twin.kubectl(Caller::Admin, &ready, "").await;
    assert!(output.status.success(), "{output:?}");
    twin.apply_as("pilothouse", &before(&story.ground.namespace))
        .await;
    let name = format!("deployment/{MODULE}");
    let arguments = [
        "--namespace",
        &story.ground.namespace,
        "rollout",
        "status",
        &name,
    ];
    let output = twin.kubectl(Caller::Admin, &arguments, "").await;
    assert!(output.status.success(), "{output:?}");
    let uid = |site: Value| site["metadata"]["uid"].clone();
    let (ours, theirs) = (
        story.object("namespace", "kube-system").await,
        twin.get("", "namespace", "kube-system").await.unwrap(),
    );
    assert_ne!(uid(ours), uid(theirs));
    twin
}

async fn goes_back_in_vain(story: &Story, why: &str) {
    let told = story.world.notices.kinds().len();
    story.world.start_way_back(ENVIRONMENT).await.unwrap();
    story
        .world
        .until(ENVIRONMENT, "a way back that is given up", |state| {
            let back = state.way_back.as_ref();
            back.is_some_and(|back| {
                back.failure
                    .as_ref()
                    .is_some_and(|said| said.to_string().contains(why))
            })
        })
        .await;
    story
        .world
        .wait_for("a notice", || {
            let kinds = story.world.notices.kinds().split_off(told);
            let needed = kinds.contains(&NotificationKind::NeedsYou);
            needed.then_some(()).ok_or_else(|| format!("{kinds:?}"))
        })
        .await;
}

/// Imports a context as the operator would: shown first, then taken over under its name.
async fn import(story: &Story, kubeconfig: &str) {
    let names = [story.ground.site.name().to_owned()];
    let contexts = cluster::kubeconfig::import(kubeconfig, None, &names, false).unwrap();
    for context in contexts {
        story.world.store(context).await;
    }
}
