//! What objects say of themselves on real controllers: a Job that fails, somebody else's pause, a
//! partition that keeps old pods.

use std::sync::Arc;

use acceptance::world::{Caller, ENVIRONMENT, Given};
use domain::{EnvironmentId, ModuleStatus, MutationVerb, NotificationKind, ObjectRef, ReleasePlan};

use crate::given::{deadline, given, slow};
use crate::ground::{Ground, OLD};
use crate::story::{STAGE, Story};

/// The end of the module's ConfigMap; more objects come after it.
const CONFIG_END: &str = "  POOL_RECYCLE_SECONDS: \"60\"\n";

const WITH_A_JOB: &str = r#"  POOL_RECYCLE_SECONDS: "60"
---
apiVersion: batch/v1
kind: Job
metadata:
  name: migrate
spec:
  backoffLimit: 0
  template:
    spec:
      restartPolicy: Never
      terminationGracePeriodSeconds: 0
      containers:
        - name: migrate
          image: pilothouse.example/fission-executor:1.15.4
          command: [/no-such-program]
"#;

const WITH_A_SET: &str = r#"  POOL_RECYCLE_SECONDS: "60"
---
apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: store
  labels: { app.kubernetes.io/version: "1.15.4" }
spec:
  serviceName: store
  replicas: 2
  selector: { matchLabels: { app: store } }
  template:
    metadata: { labels: { app: store } }
    spec:
      terminationGracePeriodSeconds: 0
      containers:
        - name: store
          image: pilothouse.example/fission-executor:1.15.4
"#;

const PARTITIONED: &str = r#"  POOL_RECYCLE_SECONDS: "60"
---
apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: store
  labels: { app.kubernetes.io/version: "1.15.4" }
spec:
  serviceName: store
  replicas: 2
  updateStrategy: { type: RollingUpdate, rollingUpdate: { partition: 1 } }
  selector: { matchLabels: { app: store } }
  template:
    metadata: { labels: { app: store } }
    spec:
      terminationGracePeriodSeconds: 0
      containers:
        - name: store
          image: pilothouse.example/fission-executor:1.15.4
"#;

/// A Job of the module fails: so does the module, with the Job's own reason, and it goes back.
pub async fn a_job_fails(ground: Arc<Ground>) {
    let given = Given {
        manifests: vec![(CONFIG_END, WITH_A_JOB)],
        ..given(&ground)
    };
    let Some(story) = Story::at_the_gate(&ground, given).await else {
        return;
    };
    assert_eq!(story.roll_out().await, ModuleStatus::Failed);
    let reason = story.reason();
    assert!(
        reason.contains("Job/migrate: it failed: BackoffLimitExceeded: "),
        "{reason}"
    );
    story.goes_back().await;
    story.ends().await;
}

/// Somebody pauses the Deployment in the middle: it says who, and goes on once that is lifted with a
/// reason.
pub async fn somebody_pauses_the_rollout(ground: Arc<Ground>) {
    let Some(story) = Story::at_the_gate(&ground, slow(given(&ground))).await else {
        return;
    };
    story.begin().await;
    story.deployment_is_written().await;
    story
        .kubectl(&["rollout", "pause", "deployment/fission-executor"])
        .await;
    let seen = || {
        let picture = story.world.live(ENVIRONMENT).picture;
        let mut workloads = picture.iter().flat_map(|picture| &picture.workloads);
        let by = workloads.find_map(|w| w.rollout.as_ref()?.paused_by.clone());
        match by.as_deref() {
            Some("kubectl-rollout") => Ok(()),
            other => Err(format!("{other:?}")),
        }
    };
    story.world.wait_for("who paused it", seen).await;
    story.is_told(NotificationKind::NeedsYou).await;
    let lifted = story
        .world
        .does(ENVIRONMENT, |engine, id, actor, environment| async move {
            let object = deployment(&engine.release(&id)?.release.plan, &environment);
            engine
                .lift_pause(
                    &id,
                    &actor,
                    &environment,
                    &object,
                    "left over from debugging",
                )
                .await
        })
        .await;
    lifted.unwrap();
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

/// A StatefulSet whose reviewed manifest has a partition passes up to it and says so; a partition that
/// nobody reviewed keeps the module from passing.
pub async fn a_partition_keeps_old_pods(ground: Arc<Ground>) {
    let reviewed = Given {
        manifests: vec![(CONFIG_END, PARTITIONED)],
        ..given(&ground)
    };
    let Some(story) = Story::with_a_release(&ground, reviewed).await else {
        return;
    };
    the_old_set(&story).await;
    story.world.when_stage_is_ready(STAGE).await;
    assert_eq!(
        story.roll_out().await,
        ModuleStatus::Passed,
        "{}",
        story.reason()
    );
    let reason = story.reason();
    assert!(
        reason.contains(
            "StatefulSet/store: complete up to the partition 1: 1 pods keep the old version"
        ),
        "{reason}"
    );
    story.goes_back().await;
    story.ends().await;
}

/// The same with a partition that somebody else set: nothing of it was reviewed.
pub async fn a_partition_of_somebody_else(ground: Arc<Ground>) {
    let given = deadline(
        Given {
            manifests: vec![(CONFIG_END, WITH_A_SET)],
            ..given(&ground)
        },
        "progressDeadlineSeconds: 15",
    );
    let Some(story) = Story::with_a_release(&ground, given).await else {
        return;
    };
    the_old_set(&story).await;
    // Not by `kubectl apply`: what that has set and the manifest leaves out goes with the release.
    let partition = r#"{"spec":{"updateStrategy":{"rollingUpdate":{"partition":1}}}}"#;
    story
        .kubectl(&["patch", "statefulset", "store", "--patch", partition])
        .await;
    story.world.when_stage_is_ready(STAGE).await;
    assert_eq!(
        story.roll_out().await,
        ModuleStatus::Errored,
        "{}",
        story.reason()
    );
    let reason = story.reason();
    assert!(
        reason.contains("complete up to the partition 1"),
        "{reason}"
    );
    let settled = story.world.environment(ENVIRONMENT).settled;
    let of_set = settled
        .iter()
        .filter(|settled| settled.intent.object.kind == "StatefulSet");
    let sent: Vec<_> = of_set.map(|settled| settled.intent.verb).collect();
    assert_eq!(
        sent,
        [MutationVerb::Adopt, MutationVerb::Apply],
        "no pause is sent to what cannot be paused"
    );
    story.goes_back().await;
    story.ends().await;
}

fn deployment(plan: &ReleasePlan, environment: &EnvironmentId) -> ObjectRef {
    let mut planned = plan
        .objects(environment)
        .map(|(_, planned)| &planned.object);
    planned
        .find(|object| object.can_pause())
        .expect("a Deployment")
        .clone()
}

/// The old version of the set, with its pods.
async fn the_old_set(story: &Story) {
    let manifest = WITH_A_SET
        .split_once("---\n")
        .map(|(_, set)| set.replace("1.15.4", OLD))
        .unwrap();
    let namespace = story.ground.namespace.as_str();
    let apply = ["--namespace", namespace, "apply", "-f", "-"];
    let output = story.site().kubectl(Caller::Admin, &apply, &manifest).await;
    assert!(output.status.success(), "{output:?}");
    story
        .kubectl(&["rollout", "status", "statefulset/store", "--timeout=60s"])
        .await;
}
