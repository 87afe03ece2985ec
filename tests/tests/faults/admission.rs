//! An admission webhook refuses, changes what it is shown, or cannot be asked.

use std::sync::Arc;
use std::time::Duration;

use acceptance::wire::{Judgement, Webhook};
use acceptance::world::ENVIRONMENT;
use domain::{ConditionKind, EnvironmentId, ModuleStatus, NotificationKind, Refusal};
use engine::EngineFailure;
use serde_json::json;

use crate::given::given;
use crate::ground::{Ground, NEW, OLD};
use crate::server::is_unheard;
use crate::store::patient;
use crate::story::{STAGE, Story, is_applied};
use crate::then::managers;

const VALIDATING: &str = "ValidatingWebhookConfiguration";
const MUTATING: &str = "MutatingWebhookConfiguration";

/// A story with a webhook that is asked about its Deployments, by the time the gate is open.
async fn with_a_webhook(
    ground: &Arc<Ground>,
    kind: &str,
    policy: &str,
    timeout_s: u32,
) -> Option<(Story, Webhook)> {
    let story = Story::at_the_gate(ground, patient(given(ground))).await?;
    let webhook = Webhook::listen(story.plane().host().into()).await;
    let name = &ground.namespace;
    let configuration = webhook.configuration(kind, name, name, policy, timeout_s);
    ground.site.apply(&configuration.to_string()).await;
    story.webhook_is_asked(&webhook).await;
    Some((story, webhook))
}

async fn ends(story: Story, kind: &str) {
    let name = story.ground.namespace.clone();
    story
        .kubectl(&["delete", &kind.to_lowercase(), &name])
        .await;
    story.ends().await;
}

/// It has judged: the change is bad. The old version runs on, and going back does not need it.
pub async fn a_webhook_refuses(ground: Arc<Ground>) {
    let Some((story, webhook)) = with_a_webhook(&ground, VALIDATING, "Fail", 5).await else {
        return;
    };
    let before = story.deployment().await;
    webhook.says(Judgement::Refuses("images of this registry are not signed"));
    assert_eq!(story.roll_out().await, ModuleStatus::Failed);
    assert!(
        story
            .reason()
            .contains("images of this registry are not signed"),
        "{}",
        story.reason()
    );
    assert!(
        story
            .world
            .notices
            .kinds()
            .contains(&NotificationKind::Failed)
    );
    let after = story.deployment().await;
    assert_eq!(
        after["metadata"]["generation"],
        before["metadata"]["generation"]
    );
    assert_eq!(
        after["metadata"]["annotations"],
        before["metadata"]["annotations"]
    );
    assert_eq!(story.heard_of("deployments").len(), 1);
    story.goes_back().await;
    ends(story, VALIDATING).await;
}

/// It refuses the way back: the rest goes back, the person is called, and it can be tried again.
pub async fn a_webhook_refuses_the_way_back(ground: Arc<Ground>) {
    let Some((story, webhook)) = with_a_webhook(&ground, VALIDATING, "Fail", 5).await else {
        return;
    };
    assert_eq!(
        story.roll_out().await,
        ModuleStatus::Passed,
        "{}",
        story.reason()
    );
    webhook.says(Judgement::Refuses("frozen"));
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
    let failure = story
        .world
        .environment(ENVIRONMENT)
        .way_back
        .unwrap()
        .failure
        .unwrap();
    let failure = failure.to_string();
    assert!(
        failure.contains("Deployment/fission-executor") && failure.contains("frozen"),
        "{failure}"
    );
    assert_eq!(story.version().await, NEW);
    assert_eq!(
        story.recycling().await,
        "120",
        "the configuration is back already"
    );
    story.is_told(NotificationKind::NeedsYou).await;
    webhook.says(Judgement::Allows);
    story.goes_back().await;
    ends(story, VALIDATING).await;
}

/// It would refuse the rollback, and says so to a dry run: the gate stays closed, and says why.
pub async fn a_webhook_would_refuse_the_way_back(ground: Arc<Ground>) {
    let Some(story) = Story::with_a_release(&ground, patient(given(&ground))).await else {
        return;
    };
    let webhook = Webhook::listen(story.plane().host().into()).await;
    let name = &ground.namespace;
    let configuration = webhook.configuration(VALIDATING, name, name, "Fail", 5);
    ground.site.apply(&configuration.to_string()).await;
    story.webhook_is_asked(&webhook).await;
    story.world.prepare(ENVIRONMENT).await;
    story.world.sign(STAGE).await;
    story.world.vote(STAGE).await;

    let environment = EnvironmentId::from(ENVIRONMENT);
    let refused = |story: &Story| {
        let state = story.world.state();
        let proof = state.rollback_proof(&environment).expect("a proof");
        proof.refused.clone()
    };
    assert_eq!(refused(&story), []);
    webhook.says(Judgement::RefusesAlways("frozen"));
    let closed = story.world.open(STAGE).await.unwrap_err();
    assert!(
        matches!(
            closed,
            EngineFailure::Refused(Refusal::ConditionUnmet {
                condition: ConditionKind::RollbackProven
            })
        ),
        "{closed}"
    );
    let [one] = &refused(&story)[..] else {
        panic!("{:?}", refused(&story));
    };
    assert_eq!(one.object.kind, "Deployment");
    assert!(one.said.as_ref().unwrap().contains("frozen"), "{one:?}");

    webhook.says(Judgement::Allows);
    story.world.open(STAGE).await.unwrap();
    assert_eq!(refused(&story), []);
    assert_eq!(
        story.roll_out().await,
        ModuleStatus::Passed,
        "{}",
        story.reason()
    );
    story.goes_back().await;
    ends(story, VALIDATING).await;
}

/// It changes what is written, but not what is tried: the live object has what no review has seen.
pub async fn a_webhook_changes_what_is_written(ground: Arc<Ground>) {
    let Some((story, webhook)) = with_a_webhook(&ground, MUTATING, "Fail", 5).await else {
        return;
    };
    let path = "/spec/template/metadata/annotations";
    webhook.says(Judgement::Patches(json!([
        { "op": "add", "path": path, "value": { "injected.example/by": "webhook" } },
    ])));
    assert_eq!(story.roll_out().await, ModuleStatus::Errored);
    let reason = story.reason();
    println!("  the operator reads: {reason}");
    assert!(
        reason.contains("spec.template.metadata.annotations"),
        "{reason}"
    );
    let live = story.deployment().await;
    assert_eq!(
        live.pointer(path).unwrap()["injected.example/by"],
        "webhook"
    );
    assert!(managers(&live).contains(&"pilothouse".to_owned()));
    // The dry run now shows it as it is; reviewed again, there is nothing left to write.
    webhook.says(Judgement::Allows);
    story.world.diff(ENVIRONMENT).await.unwrap();
    story.world.review(ENVIRONMENT).await.unwrap();
    assert_eq!(
        story.roll_out().await,
        ModuleStatus::Passed,
        "{}",
        story.reason()
    );
    assert_eq!(story.heard_of("deployments").len(), 1);
    story.goes_back().await;
    ends(story, MUTATING).await;
}

/// Nobody has judged: the write is intended anew until the webhook answers.
pub async fn a_webhook_cannot_be_asked(ground: Arc<Ground>) {
    let Some((story, webhook)) = with_a_webhook(&ground, VALIDATING, "Fail", 1).await else {
        return;
    };
    webhook.says(Judgement::Hesitates(Duration::from_secs(20)));
    story.begin().await;
    let said = story.waits_for_contact().await;
    println!("  the operator reads: {said}");
    assert!(said.contains("failed calling webhook"), "{said}");
    assert_eq!(story.version().await, OLD);
    webhook.says(Judgement::Allows);
    assert_eq!(
        story.ended().await,
        ModuleStatus::Passed,
        "{}",
        story.reason()
    );
    let outcomes = story.outcomes("Deployment");
    let (unheard, applied) = outcomes.split_at(outcomes.len() - 1);
    assert!(
        !unheard.is_empty() && unheard.iter().all(is_unheard),
        "{outcomes:?}"
    );
    assert!(applied.iter().all(is_applied), "{outcomes:?}");
    story.then_it_is_new().await;
    story.goes_back().await;
    ends(story, VALIDATING).await;
}

/// It cannot be asked and does not have to be: the write is only slower.
pub async fn a_webhook_that_may_be_ignored_is_silent(ground: Arc<Ground>) {
    let Some((story, webhook)) = with_a_webhook(&ground, VALIDATING, "Ignore", 1).await else {
        return;
    };
    webhook.says(Judgement::Hesitates(Duration::from_secs(20)));
    assert_eq!(
        story.roll_out().await,
        ModuleStatus::Passed,
        "{}",
        story.reason()
    );
    assert_eq!(story.heard_of("deployments").len(), 1);
    story.then_it_is_new().await;
    story.goes_back().await;
    ends(story, VALIDATING).await;
}
