//! The API server is killed, without a word to anybody, and started again: at each step of a release.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::Arc;
use std::time::Duration;

use acceptance::wire::{Fate, Judgement, Trap, Webhook, hook};
use acceptance::world::{ENVIRONMENT, MODULE};
use domain::{ModuleStatus, MutationOutcome, NotAppliedCause, NotificationKind};
use engine::ports::ClusterFailure;
use engine::{ChangesProgress, EngineFailure, FailPoint};
use http::Method;
use tokio::sync::Notify;

use crate::given::{behind_a_proxy, given, slow};
use crate::ground::Ground;
use crate::story::{STAGE, Story, is_applied};

pub async fn killed_before_the_diff(ground: Arc<Ground>) {
    let Some(story) = Story::with_a_release(&ground, given(&ground)).await else {
        return;
    };
    story.plane().kill_apiserver().unwrap();
    let failure = story.world.diff(ENVIRONMENT).await.unwrap_err();
    let unreachable = EngineFailure::Cluster(ClusterFailure::Unreachable(String::new()));
    assert_eq!(
        std::mem::discriminant(&failure),
        std::mem::discriminant(&unreachable)
    );
    let shown = story.world.live(ENVIRONMENT).changes;
    assert!(matches!(shown, ChangesProgress::Failed(_)), "{shown:?}");
    start_again(&ground).await;
    assert_eq!(story.heard(), [], "nothing was to be written yet");

    story.world.when_stage_is_ready(STAGE).await;
    assert_eq!(story.roll_out().await, ModuleStatus::Passed);
    story.then_it_is_new().await;
    story.goes_back().await;
    story.ends().await;
}

pub async fn killed_between_intent_and_send(ground: Arc<Ground>) {
    let Some(story) = Story::at_the_gate(&ground, given(&ground)).await else {
        return;
    };
    let site = ground.site.clone();
    story
        .at(FailPoint::AfterIntent, 1, move || {
            site.control_plane().kill_apiserver().unwrap();
        })
        .await;
    story.begin().await;
    let said = story.waits_for_contact().await;
    assert!(said.contains("cannot be reached"), "{said}");
    start_again(&ground).await;
    assert_eq!(story.ended().await, ModuleStatus::Passed);
    story.then_it_is_new().await;
    // The first intent is on record as one that nobody heard; it was made anew, not sent again.
    let outcomes = story.outcomes("ConfigMap");
    let (unheard, applied) = outcomes.split_at(outcomes.len() - 1);
    assert!(
        !unheard.is_empty() && unheard.iter().all(is_unheard),
        "{outcomes:?}"
    );
    assert!(applied.iter().all(is_applied), "{outcomes:?}");
    assert_eq!(story.heard_of("configmaps").len(), 1);
    story.goes_back().await;
    story.ends().await;
}

pub async fn killed_while_the_request_is_in_flight(ground: Arc<Ground>) {
    let Some(story) = Story::at_the_gate(&ground, given(&ground)).await else {
        return;
    };
    // The webhook has the request in its hands when the API server dies: it was sent, read and never
    // stored.
    let webhook = Webhook::listen(story.plane().host().into()).await;
    let site = ground.site.clone();
    webhook.says(Judgement::After(hook(move || {
        let site = site.clone();
        async move { site.control_plane().kill_apiserver().unwrap() }
    })));
    let configuration = webhook.configuration(
        "ValidatingWebhookConfiguration",
        "in-flight",
        &ground.namespace,
        "Ignore",
        5,
    );
    ground.site.apply(&configuration.to_string()).await;
    let before = story.deployment().await;
    story.begin().await;
    let told = || {
        story
            .world
            .notices
            .kinds()
            .contains(&NotificationKind::NeedsYou)
    };
    story
        .world
        .wait_for("a notice that the outcome is not known", || {
            told().then_some(()).ok_or_else(|| "none".to_owned())
        })
        .await;
    let pending = story
        .world
        .environment(ENVIRONMENT)
        .pending
        .expect("an intent");
    assert!(pending.unknown, "{pending:?}");
    webhook.says(Judgement::Allows);
    start_again(&ground).await;

    assert_eq!(story.ended().await, ModuleStatus::Errored);
    assert!(
        story.reason().contains("not there after"),
        "{}",
        story.reason()
    );
    assert_eq!(
        story
            .outcomes("Deployment")
            .iter()
            .filter(|o| is_unheard(o))
            .count(),
        1
    );
    let after = story.deployment().await;
    assert_eq!(
        after["metadata"]["generation"],
        before["metadata"]["generation"]
    );
    let killed: Vec<_> = story
        .heard_of("deployments")
        .iter()
        .map(|heard| heard.code)
        .collect();
    assert_eq!(
        killed,
        [None],
        "the API server heard it once and never answered"
    );

    // The same release is finished by hand, then taken back.
    assert_eq!(story.roll_out().await, ModuleStatus::Passed);
    story.then_it_is_new().await;
    story.goes_back().await;
    story
        .kubectl(&["delete", "validatingwebhookconfiguration", "in-flight"])
        .await;
    story.ends().await;
}

pub async fn killed_after_it_was_carried_out(ground: Arc<Ground>) {
    let (given, proxy) = behind_a_proxy(&ground).await;
    let Some(story) = Story::at_the_gate(&ground, given).await else {
        return;
    };
    let site = ground.site.clone();
    let kill = hook(move || {
        let site = site.clone();
        async move { site.control_plane().kill_apiserver().unwrap() }
    });
    proxy.set(
        Trap::next(
            Method::PATCH,
            "/deployments/fission-executor",
            Fate::AnswerLost,
        )
        .after(kill),
    );
    story.begin().await;
    story
        .world
        .until(ENVIRONMENT, "an unknown outcome", |state| {
            state
                .pending
                .as_ref()
                .is_some_and(|pending| pending.unknown)
        })
        .await;
    start_again(&ground).await;
    assert_eq!(story.ended().await, ModuleStatus::Passed);
    story.then_it_is_new().await;
    story.goes_back().await;
    story.ends().await;
}

pub async fn killed_at_a_random_moment(ground: Arc<Ground>) {
    let (given, proxy) = behind_a_proxy(&ground).await;
    let Some(story) = Story::at_the_gate(&ground, given).await else {
        return;
    };
    let killed = Arc::new(Notify::new());
    let moment = Duration::from_micros(random() % 40_000);
    let site = ground.site.clone();
    let dead = killed.clone();
    let kill = hook(move || {
        let (site, dead) = (site.clone(), dead.clone());
        async move {
            tokio::spawn(async move {
                tokio::time::sleep(moment).await;
                site.control_plane().kill_apiserver().unwrap();
                dead.notify_one();
            });
        }
    });
    proxy
        .set(Trap::next(Method::PATCH, "/deployments/fission-executor", Fate::Passes).before(kill));
    story.begin().await;
    killed.notified().await;
    start_again(&ground).await;
    let ended = story.ended().await;
    println!("  killed {moment:?} after the request: {ended:?}");
    match ended {
        ModuleStatus::Passed => story.then_it_is_new().await,
        // Whatever is said, it is so: the counting at the end holds every outcome against the cluster.
        ModuleStatus::Errored => assert_eq!(story.roll_out().await, ModuleStatus::Passed),
        other => panic!("{other:?}: {}", story.reason()),
    }
    story.goes_back().await;
    story.ends().await;
}

pub async fn killed_during_the_rollout(ground: Arc<Ground>) {
    let Some(story) = Story::at_the_gate(&ground, slow(given(&ground))).await else {
        return;
    };
    story.begin().await;
    story.deployment_is_written().await;
    story.plane().kill_apiserver().unwrap();
    let said = story.waits_for_contact().await;
    assert!(said.contains("cannot be reached"), "{said}");
    assert_eq!(
        story.world.status(ENVIRONMENT, MODULE),
        ModuleStatus::Running
    );
    start_again(&ground).await;
    assert_eq!(story.ended().await, ModuleStatus::Passed);
    assert_eq!(story.world.live(ENVIRONMENT).waiting, None);
    story.then_it_is_new().await;
    story.goes_back().await;
    story.ends().await;
}

pub async fn killed_during_the_way_back(ground: Arc<Ground>) {
    let Some(story) = Story::at_the_gate(&ground, given(&ground)).await else {
        return;
    };
    assert_eq!(story.roll_out().await, ModuleStatus::Passed);
    let site = ground.site.clone();
    story
        .at(FailPoint::AfterIntent, 1, move || {
            site.control_plane().kill_apiserver().unwrap();
        })
        .await;
    story.world.start_way_back(ENVIRONMENT).await.unwrap();
    let said = story.waits_for_contact().await;
    assert!(said.contains("cannot be reached"), "{said}");
    start_again(&ground).await;
    story.world.way_back_ended(ENVIRONMENT).await;
    story.then_it_is_as_before().await;
    assert!(
        story
            .world
            .notices
            .kinds()
            .contains(&NotificationKind::RolledBack)
    );
    story.ends().await;
}

pub async fn start_again(ground: &Arc<Ground>) {
    let site = ground.site.clone();
    tokio::task::spawn_blocking(move || site.control_plane().start_apiserver())
        .await
        .unwrap()
        .unwrap();
}

/// Another number each time: the standard library seeds its hashers from the system.
fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}

pub fn is_unheard(outcome: &MutationOutcome) -> bool {
    matches!(
        outcome,
        MutationOutcome::NotApplied {
            cause: NotAppliedCause::Unheard,
            ..
        }
    )
}
