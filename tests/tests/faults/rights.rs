//! Rights and credentials are taken away in the middle; the API server lets nobody in for a while.

use std::process::Output;
use std::sync::Arc;
use std::time::{Duration, Instant};

use acceptance::wire::{Judgement, Webhook, hook};
use acceptance::world::{Caller, ENVIRONMENT, Given, Site};
use controlplane::User;
use domain::{ModuleStatus, MutationOutcome, NotAppliedCause, NotificationKind};
use k8s_openapi::api::core::v1::ConfigMap;
use kube::api::{Api, Patch, PatchParams};
use serde_json::{Value, json};
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use crate::given::{given, slow};
use crate::ground::{Ground, OLD};
use crate::server::is_unheard;
use crate::story::{CONFIG, Story, is_applied};

/// Seconds, so that the story sees the end of the engine's patience.
fn impatient(given: Given) -> Given {
    let (engine, cluster) = given.limits;
    let engine = engine::Limits {
        turned_away: Duration::from_secs(6),
        ..engine
    };
    Given {
        limits: (engine, cluster),
        ..given
    }
}

/// All of the operator's rights go while the rollout is watched.
pub async fn all_rights_go_during_the_rollout(ground: Arc<Ground>) {
    let Some(story) = Story::at_the_gate(&ground, impatient(slow(given(&ground)))).await else {
        return;
    };
    let binding = story
        .object("clusterrolebinding", "pilothouse-operator")
        .await;
    story.begin().await;
    story.deployment_is_written().await;
    story.hold_the_rollout();
    story
        .kubectl(&["delete", "clusterrolebinding", "pilothouse-operator"])
        .await;
    let said = story.waits_for_contact().await;
    println!("  the operator reads: {said}");
    // Whichever reading is turned away first.
    assert!(said.contains("not allowed: get "), "{said}");
    assert_eq!(story.ended().await, ModuleStatus::Errored);
    assert!(story.reason().contains("not allowed"), "{}", story.reason());
    assert!(
        story
            .world
            .notices
            .kinds()
            .contains(&NotificationKind::Failed)
    );
    recreate(&ground.site, binding).await;
    story.let_the_rollout_go_on();
    assert_eq!(
        story.roll_out().await,
        ModuleStatus::Passed,
        "{}",
        story.reason()
    );
    story.then_it_is_new().await;
    assert_eq!(
        story.heard_of("deployments").len(),
        1,
        "the second try had nothing to write"
    );
    story.goes_back().await;
    story.ends().await;
}

/// One right goes between two writes. It says what the person may not do, nothing about the change.
pub async fn the_right_to_write_goes(ground: Arc<Ground>) {
    let Some(story) = Story::at_the_gate(&ground, impatient(given(&ground))).await else {
        return;
    };
    let role = story.object("clusterrole", "pilothouse-operator").await;
    let mut narrow = role.clone();
    for rule in narrow["rules"].as_array_mut().unwrap() {
        let resources = rule["resources"].as_array().unwrap();
        if resources.contains(&json!("deployments")) {
            rule["verbs"] = json!(["get", "list", "watch"]);
        }
    }
    replace(&ground.site, narrow).await;
    assert_eq!(story.roll_out().await, ModuleStatus::Errored);
    let reason = story.reason();
    println!("  the operator reads: {reason}");
    assert!(
        reason.contains("cannot patch resource \"deployments\""),
        "{reason}"
    );
    let outcomes = story.outcomes("Deployment");
    let turned_away = |outcome: &MutationOutcome| {
        matches!(
            outcome,
            MutationOutcome::NotApplied {
                cause: NotAppliedCause::TurnedAway,
                ..
            }
        )
    };
    assert!(outcomes.iter().all(turned_away), "{outcomes:?}");
    assert_eq!(story.version().await, OLD);
    assert!(
        story
            .heard_of("deployments")
            .iter()
            .all(|heard| heard.code == Some(403))
    );
    replace(&ground.site, role).await;
    assert_eq!(
        story.roll_out().await,
        ModuleStatus::Passed,
        "{}",
        story.reason()
    );
    story.then_it_is_new().await;
    story.goes_back().await;
    story.ends().await;
}

/// The operator's token is revoked while the rollout is watched.
pub async fn the_token_is_revoked(ground: Arc<Ground>) {
    let Some(story) = Story::at_the_gate(&ground, impatient(slow(given(&ground)))).await else {
        return;
    };
    story.begin().await;
    story.deployment_is_written().await;
    story.hold_the_rollout();
    with_plane(&ground.site, |plane| plane.revoke(User::Operator)).await;
    story.says_while_waiting("the credential was refused").await;
    assert_eq!(story.ended().await, ModuleStatus::Errored);
    assert!(
        story.reason().contains("the credential was refused"),
        "{}",
        story.reason()
    );
    // Going back is held as well, says so, and can be tried again.
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
    story.is_told(NotificationKind::NeedsYou).await;
    with_plane(&ground.site, |plane| plane.reinstate(User::Operator)).await;
    story.let_the_rollout_go_on();
    story.goes_back().await;
    story.ends().await;
}

/// Priority and fairness turns the operator's writes away: 429, by the API server itself.
pub async fn priority_and_fairness_says_429(ground: Arc<Ground>) {
    let Some(story) = Story::at_the_gate(&ground, given(&ground)).await else {
        return;
    };
    ground.site.apply(JAMMED).await;
    let seated = Seated::take(&ground).await;
    story.writes_are_jammed().await;
    story.begin().await;
    let said = story.waits_for_contact().await;
    println!("  the operator reads: {said}");
    assert!(said.contains("busy"), "{said}");
    assert_eq!(story.version().await, OLD);
    story
        .kubectl(&["delete", "flowschema,prioritylevelconfiguration", "jammed"])
        .await;
    assert_eq!(
        story.ended().await,
        ModuleStatus::Passed,
        "{}",
        story.reason()
    );
    seated.leave(&ground).await;
    let heard = story.heard_of("configmaps");
    let (away, done) = heard.split_at(heard.len() - 1);
    assert!(
        !away.is_empty() && away.iter().all(|heard| heard.code == Some(429)),
        "{heard:?}"
    );
    assert!(done.iter().all(|heard| heard.is_carried_out()), "{heard:?}");
    let outcomes = story.outcomes("ConfigMap");
    let (unheard, applied) = outcomes.split_at(outcomes.len() - 1);
    assert!(
        unheard.iter().all(is_unheard) && applied.iter().all(is_applied),
        "{outcomes:?}"
    );
    story.then_it_is_new().await;
    story.goes_back().await;
    story.ends().await;
}

/// A level without any seats for the operator's patches.
const JAMMED: &str = r#"
apiVersion: flowcontrol.apiserver.k8s.io/v1
kind: PriorityLevelConfiguration
metadata: { name: jammed }
spec:
  type: Limited
  limited:
    nominalConcurrencyShares: 0
    lendablePercent: 0
    borrowingLimitPercent: 0
    limitResponse: { type: Reject }
---
apiVersion: flowcontrol.apiserver.k8s.io/v1
kind: FlowSchema
metadata: { name: jammed }
spec:
  matchingPrecedence: 10
  priorityLevelConfiguration: { name: jammed }
  rules:
    - subjects: [{ kind: User, user: { name: operator } }]
      resourceRules:
        - verbs: [patch]
          apiGroups: ["", "apps"]
          resources: ["configmaps", "deployments"]
          namespaces: ["*"]
"#;

/// A request of the operator that hangs in a webhook. A level without seats still lets one in when
/// nobody is there, so somebody has to be.
struct Seated {
    webhook: Webhook,
    leave: Arc<Notify>,
    kubectl: JoinHandle<Output>,
}

impl Seated {
    async fn take(ground: &Arc<Ground>) -> Seated {
        let site = ground.site.clone();
        let webhook = Webhook::listen(site.control_plane().host().into()).await;
        let leave = Arc::new(Notify::new());
        let stays = leave.clone();
        webhook.says(Judgement::After(hook(move || {
            let stays = stays.clone();
            async move { stays.notified().await }
        })));
        let configuration = webhook.configuration(
            "ValidatingWebhookConfiguration",
            "seat",
            "seat",
            "Ignore",
            30,
        );
        site.apply(&format!("{SEAT}---\n{configuration}")).await;
        let kubectl = tokio::spawn(async move {
            let arguments = [
                "--namespace",
                "seat",
                "annotate",
                "deployment",
                "seat",
                "is=taken",
            ];
            site.kubectl(Caller::Operator, &arguments, "").await
        });
        Seated {
            webhook,
            leave,
            kubectl,
        }
    }

    async fn leave(self, ground: &Arc<Ground>) {
        self.leave.notify_one();
        let output = self.kubectl.await.unwrap();
        assert!(output.status.success(), "{output:?}");
        assert!(!self.webhook.asked().is_empty());
        let gone = [
            "delete",
            "namespace/seat",
            "validatingwebhookconfiguration/seat",
            "--wait=false",
        ];
        let output = ground.site.kubectl(Caller::Admin, &gone, "").await;
        assert!(output.status.success(), "{output:?}");
    }
}

/// Something to be annotated, which starts no pod.
const SEAT: &str = r#"
apiVersion: v1
kind: Namespace
metadata: { name: seat }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: seat, namespace: seat }
spec:
  replicas: 0
  selector: { matchLabels: { app: seat } }
  template:
    metadata: { labels: { app: seat } }
    spec: { containers: [{ name: seat, image: seat }] }
"#;

impl Story {
    /// Waits until a patch of the operator is turned away.
    async fn writes_are_jammed(&self) {
        let client = self.site().client(Caller::Operator).await;
        let maps: Api<ConfigMap> = Api::namespaced(client, &self.ground.namespace);
        let dry_run = PatchParams {
            dry_run: true,
            ..PatchParams::default()
        };
        let nothing = Patch::Merge(json!({}));
        let began = Instant::now();
        loop {
            match maps.patch(CONFIG, &dry_run, &nothing).await {
                Err(kube::Error::Api(status)) if status.code == 429 => return,
                other => assert!(began.elapsed() < Duration::from_secs(60), "{other:?}"),
            }
        }
    }
}

async fn recreate(site: &Arc<Site>, mut object: Value) {
    object["metadata"] = json!({ "name": object["metadata"]["name"] });
    let output = site
        .kubectl(Caller::Admin, &["create", "-f", "-"], &object.to_string())
        .await;
    assert!(output.status.success(), "{output:?}");
}

async fn replace(site: &Arc<Site>, mut object: Value) {
    object["metadata"] = json!({ "name": object["metadata"]["name"] });
    let output = site
        .kubectl(Caller::Admin, &["replace", "-f", "-"], &object.to_string())
        .await;
    assert!(output.status.success(), "{output:?}");
}

/// Does something that takes its time with a cluster.
pub async fn with_plane<T: Send + 'static>(
    site: &Arc<Site>,
    what: impl FnOnce(&controlplane::ControlPlane) -> Result<T, controlplane::FaultError>
    + Send
    + 'static,
) -> T {
    let site = site.clone();
    tokio::task::spawn_blocking(move || what(site.control_plane()))
        .await
        .unwrap()
        .unwrap()
}
