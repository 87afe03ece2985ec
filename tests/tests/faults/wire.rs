//! The way between the program and the API server: requests and answers get lost, come late, are
//! answered by somebody else.

use std::sync::Arc;
use std::time::Duration;

use acceptance::wire::{Fate, Trap, hook};
use acceptance::world::{ENVIRONMENT, Given};
use domain::{ModuleStatus, MutationOutcome};
use http::{Method, StatusCode};
use tokio::sync::Notify;

use crate::given::{behind_a_proxy, slow};
use crate::ground::{Ground, NEW, OLD};
use crate::server::is_unheard;
use crate::story::{DEPLOYMENT, Story, is_applied};

/// The connection is reset after the cluster has carried it out and before the answer comes.
pub async fn an_answer_is_lost(ground: Arc<Ground>) {
    let (given, proxy) = behind_a_proxy(&ground).await;
    let Some(story) = Story::at_the_gate(&ground, given).await else {
        return;
    };
    proxy.set(Trap::next(Method::PATCH, DEPLOYMENT, Fate::AnswerLost));
    proxy.set(Trap::next(
        Method::PATCH,
        "/fission-executor-config",
        Fate::AnswerLost,
    ));
    assert_eq!(
        story.roll_out().await,
        ModuleStatus::Passed,
        "{}",
        story.reason()
    );
    story.then_it_is_new().await;
    assert_eq!(story.heard().len(), 2, "{:?}", story.heard());
    let names = story.world.events();
    let settled = names
        .iter()
        .filter(|name| *name == "mutationSettled")
        .count();
    assert_eq!(settled, 4, "each was unknown first, then known");
    // The way back loses its answers, too.
    proxy.set(Trap::next(Method::PUT, DEPLOYMENT, Fate::AnswerLost));
    story.goes_back().await;
    assert_eq!(story.heard_of("deployments").len(), 2);
    story.ends().await;
}

/// The connection is reset before the cluster gets anything.
pub async fn a_request_is_lost(ground: Arc<Ground>) {
    let (given, proxy) = behind_a_proxy(&ground).await;
    let Some(story) = Story::at_the_gate(&ground, given).await else {
        return;
    };
    proxy.set(Trap::next(Method::PATCH, DEPLOYMENT, Fate::Lost));
    assert_eq!(story.roll_out().await, ModuleStatus::Errored);
    assert!(
        story.reason().contains("not there after"),
        "{}",
        story.reason()
    );
    assert_eq!(story.heard_of("deployments"), []);
    assert_eq!(story.version().await, OLD);
    assert_eq!(
        story.roll_out().await,
        ModuleStatus::Passed,
        "{}",
        story.reason()
    );
    story.then_it_is_new().await;
    assert_eq!(story.heard_of("deployments").len(), 1);
    story.goes_back().await;
    story.ends().await;
}

/// The answer comes when nobody waits for it any more.
pub async fn an_answer_is_late(ground: Arc<Ground>) {
    let (given, proxy) = behind_a_proxy(&ground).await;
    let Some(story) = Story::at_the_gate(&ground, hasty(given)).await else {
        return;
    };
    let late = Fate::AnswerLate(Duration::from_secs(4));
    proxy.set(Trap::next(Method::PATCH, DEPLOYMENT, late));
    assert_eq!(
        story.roll_out().await,
        ModuleStatus::Passed,
        "{}",
        story.reason()
    );
    story.then_it_is_new().await;
    assert_eq!(story.heard_of("deployments").len(), 1);
    story.goes_back().await;
    story.ends().await;
}

/// The request itself comes when it was read back as lost, and is carried out then: the ledger says
/// that it was not, the way back takes it back all the same.
pub async fn a_request_is_late(ground: Arc<Ground>) {
    let Some((mut story, let_it_through)) = with_a_request_held_back(&ground).await else {
        return;
    };
    let_it_through.notify_one();
    story.carried_out_late("deployments").await;
    assert_eq!(story.version().await, NEW);
    story.goes_back().await;
    story.late = true;
    story.ends().await;
}

/// The same after the way back: what the request was for has moved on, and it is refused.
pub async fn a_request_is_later_than_the_way_back(ground: Arc<Ground>) {
    let Some((story, let_it_through)) = with_a_request_held_back(&ground).await else {
        return;
    };
    story.goes_back().await;
    let_it_through.notify_one();
    story
        .world
        .wait_for("the late request's end", || {
            let heard = story.heard_of("deployments");
            let refused = heard.iter().any(|heard| heard.code == Some(409));
            refused.then_some(()).ok_or_else(|| format!("{heard:?}"))
        })
        .await;
    story.then_it_is_as_before().await;
    story.ends().await;
}

async fn with_a_request_held_back(ground: &Arc<Ground>) -> Option<(Story, Arc<Notify>)> {
    let (given, proxy) = behind_a_proxy(ground).await;
    let mut story = Story::at_the_gate(ground, hasty(given)).await?;
    let let_it_through = Arc::new(Notify::new());
    let waiting = let_it_through.clone();
    let held = hook(move || {
        let waiting = waiting.clone();
        async move { waiting.notified().await }
    });
    proxy.set(Trap::next(Method::PATCH, DEPLOYMENT, Fate::Passes).before(held));
    assert_eq!(story.roll_out().await, ModuleStatus::Errored);
    assert!(
        story.reason().contains("not there after"),
        "{}",
        story.reason()
    );
    let outcomes = story.outcomes("Deployment");
    assert!(
        matches!(outcomes.as_slice(), [outcome] if is_unheard(outcome)),
        "{outcomes:?}"
    );
    assert_eq!(story.version().await, OLD);
    story.proxy = Some(proxy);
    Some((story, let_it_through))
}

/// Every connection breaks, again and again, while the rollout is watched.
pub async fn everything_is_cut_off_during_the_rollout(ground: Arc<Ground>) {
    let (given, proxy) = behind_a_proxy(&ground).await;
    let Some(story) = Story::at_the_gate(&ground, slow(given)).await else {
        return;
    };
    story.begin().await;
    story.deployment_is_written().await;
    for _ in 0..5 {
        proxy.cut();
        tokio::time::sleep(Duration::from_millis(400)).await;
    }
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

/// Somebody on the way answers: in so many words that the request was turned away, or in a way that
/// says nothing about it.
pub async fn a_gateway_answers(ground: Arc<Ground>) {
    let (given, proxy) = behind_a_proxy(&ground).await;
    let Some(story) = Story::at_the_gate(&ground, given).await else {
        return;
    };
    let busy = r#"{"kind":"Status","reason":"ServiceUnavailable","code":503}"#;
    let answers = |code, body: &str| Fate::Answered(code, body.to_owned());
    let too_many = answers(StatusCode::TOO_MANY_REQUESTS, "");
    proxy.set(Trap::next(Method::PATCH, "/fission-executor-config", too_many).times(2));
    let unavailable = answers(StatusCode::SERVICE_UNAVAILABLE, busy);
    proxy.set(Trap::next(
        Method::PATCH,
        "/fission-executor-config",
        unavailable,
    ));
    let bad = answers(StatusCode::BAD_GATEWAY, "<html>Bad Gateway</html>");
    proxy.set(Trap::next(Method::PATCH, DEPLOYMENT, bad));
    assert_eq!(story.roll_out().await, ModuleStatus::Errored);
    let configured = story.outcomes("ConfigMap");
    let (unheard, applied) = configured.split_at(3);
    assert!(
        unheard.iter().all(is_unheard) && applied.iter().all(is_applied),
        "{configured:?}"
    );
    let deployed = story.outcomes("Deployment");
    assert!(
        matches!(deployed.as_slice(), [MutationOutcome::NotApplied { reason, .. }]
            if reason.contains("not there after")),
        "what a bad gateway did with the request is read back: {deployed:?}"
    );
    assert_eq!(story.heard().len(), 1, "{:?}", story.heard());
    assert_eq!(
        story.roll_out().await,
        ModuleStatus::Passed,
        "{}",
        story.reason()
    );
    story.then_it_is_new().await;
    assert_eq!(story.world.live(ENVIRONMENT).waiting, None);
    story.goes_back().await;
    story.ends().await;
}

/// A program that soon gives up waiting for an answer.
fn hasty(given: Given) -> Given {
    let (engine, cluster) = given.limits;
    let cluster = cluster::Limits {
        mutation: Duration::from_secs(2),
        // A request that is held back on its way is not what the API server counts.
        server_deadline: Duration::from_secs(6),
        ..cluster
    };
    Given {
        limits: (engine, cluster),
        ..given
    }
}
