use serde_json::json;

use super::*;

fn of(kind: &str) -> ObjectRef {
    ObjectRef {
        api_version: "apps/v1".into(),
        kind: kind.into(),
        namespace: "n".into(),
        name: "x".into(),
    }
}

fn phase(kind: &str, live: Value) -> RolloutPhase {
    reading(&of(kind), Some(&live)).phase
}

fn deployment_with(status: Value) -> Value {
    json!({"metadata": {"generation": 2}, "spec": {"replicas": 3, "paused": true, "strategy": {"rollingUpdate": {"maxSurge": "25%", "maxUnavailable": 1}}}, "status": status})
}

#[test]
fn a_deployment_is_judged_as_kubectl_judges_it() {
    let status = |observed: u32, updated: u32, total: u32, available: u32, reason: &str| {
        deployment_with(json!({
            "observedGeneration": observed, "updatedReplicas": updated, "replicas": total, "availableReplicas": available,
            "conditions": [{"type": "Progressing", "reason": reason, "message": "m"}],
        }))
    };
    for (live, expected) in [
        (
            status(1, 3, 3, 3, "NewReplicaSetAvailable"),
            RolloutPhase::Unobserved,
        ),
        (
            status(2, 1, 4, 3, "ProgressDeadlineExceeded"),
            RolloutPhase::DeadlineExceeded,
        ),
        (
            status(2, 2, 4, 3, "ReplicaSetUpdated"),
            RolloutPhase::Progressing,
        ),
        (
            status(2, 3, 4, 3, "ReplicaSetUpdated"),
            RolloutPhase::Progressing,
        ),
        (
            status(2, 3, 3, 2, "ReplicaSetUpdated"),
            RolloutPhase::Progressing,
        ),
        (
            status(2, 3, 3, 3, "NewReplicaSetAvailable"),
            RolloutPhase::Complete,
        ),
        (deployment_with(json!({})), RolloutPhase::Unobserved),
    ] {
        assert_eq!(phase("Deployment", live.clone()), expected, "{live}");
    }
    let reading = reading(
        &of("Deployment"),
        Some(&status(2, 2, 4, 3, "ReplicaSetUpdated")),
    );
    assert_eq!(
        (
            reading.wanted,
            reading.updated,
            reading.available,
            reading.paused
        ),
        (3, 2, 3, true)
    );
    assert_eq!(
        (reading.surge.as_deref(), reading.unavailable.as_deref()),
        (Some("25%"), Some("1"))
    );
}

#[test]
fn a_stateful_set_is_judged_as_kubectl_judges_it() {
    let live = |ready: u32, updated: u32, partition: u32, current: &str| {
        json!({
            "metadata": {"generation": 1}, "spec": {"replicas": 3, "updateStrategy": {"rollingUpdate": {"partition": partition}}},
            "status": {"observedGeneration": 1, "readyReplicas": ready, "updatedReplicas": updated, "updateRevision": "b", "currentRevision": current},
        })
    };
    assert_eq!(
        phase("StatefulSet", live(2, 3, 0, "b")),
        RolloutPhase::Progressing
    );
    assert_eq!(
        phase("StatefulSet", live(3, 2, 0, "a")),
        RolloutPhase::Progressing
    );
    assert_eq!(
        phase("StatefulSet", live(3, 3, 0, "b")),
        RolloutPhase::Complete
    );
    assert_eq!(
        phase("StatefulSet", live(3, 0, 2, "a")),
        RolloutPhase::Progressing
    );
    assert_eq!(
        phase("StatefulSet", live(3, 1, 2, "a")),
        RolloutPhase::Partitioned
    );
    let held = reading(&of("StatefulSet"), Some(&live(3, 1, 2, "a"))).note;
    let (partition, old) = (2, 2);
    assert_eq!(held, Some(Cause::HeldByPartition { partition, old }));
    // Nothing was to be changed: all pods are of the one revision.
    assert_eq!(
        phase("StatefulSet", live(3, 3, 2, "b")),
        RolloutPhase::Complete
    );
    assert_eq!(
        phase(
            "StatefulSet",
            json!({"metadata": {"generation": 1}, "status": {}})
        ),
        RolloutPhase::Unobserved
    );
}

#[test]
fn a_daemon_set_is_judged_as_kubectl_judges_it() {
    let live = |observed: u32, updated: u32, available: u32| {
        json!({
            "metadata": {"generation": 4}, "spec": {},
            "status": {"observedGeneration": observed, "desiredNumberScheduled": 2, "updatedNumberScheduled": updated, "numberAvailable": available},
        })
    };
    assert_eq!(phase("DaemonSet", live(3, 2, 2)), RolloutPhase::Unobserved);
    assert_eq!(phase("DaemonSet", live(4, 1, 2)), RolloutPhase::Progressing);
    assert_eq!(phase("DaemonSet", live(4, 2, 1)), RolloutPhase::Progressing);
    assert_eq!(phase("DaemonSet", live(4, 2, 2)), RolloutPhase::Complete);
}

#[test]
fn what_has_no_rollout_is_complete_once_it_is_there() {
    assert_eq!(phase("ConfigMap", json!({})), RolloutPhase::Complete);
    assert_eq!(
        reading(&of("Deployment"), None).phase,
        RolloutPhase::Missing
    );
}

#[test]
fn what_keeps_pods_from_being_made_is_named() {
    let failing = |status: &str| {
        deployment_with(
            json!({"observedGeneration": 2, "updatedReplicas": 0, "conditions": [
                {"type": "ReplicaFailure", "status": status, "reason": "FailedCreate", "message": "exceeded quota: q"},
            ]}),
        )
    };
    let blocked = |live: Value| reading(&of("Deployment"), Some(&live)).blocked;
    assert_eq!(
        blocked(failing("True")).as_deref(),
        Some("FailedCreate: exceeded quota: q")
    );
    assert_eq!(blocked(failing("False")), None);
    assert_eq!(blocked(deployment_with(json!({}))), None);
}

#[test]
fn with_on_delete_nothing_is_complete_while_old_pods_run() {
    let set = |updated: u32| {
        json!({
            "metadata": {"generation": 2}, "spec": {"replicas": 3, "updateStrategy": {"type": "OnDelete"}},
            "status": {"observedGeneration": 2, "readyReplicas": 3, "updatedReplicas": updated, "updateRevision": "b", "currentRevision": "a"},
        })
    };
    let daemons = |updated: u32| {
        json!({
            "metadata": {"generation": 2}, "spec": {"updateStrategy": {"type": "OnDelete"}},
            "status": {"observedGeneration": 2, "desiredNumberScheduled": 3, "updatedNumberScheduled": updated, "numberAvailable": 3},
        })
    };
    for (kind, live) in [("StatefulSet", set(1)), ("DaemonSet", daemons(1))] {
        let found = reading(&of(kind), Some(&live));
        assert_eq!(found.phase, RolloutPhase::OnDelete, "{kind}");
        assert_eq!(
            found.note,
            Some(Cause::ChangesOnDelete { old: 2 }),
            "{kind}"
        );
    }
    assert_eq!(phase("StatefulSet", set(3)), RolloutPhase::Complete);
    assert_eq!(phase("DaemonSet", daemons(3)), RolloutPhase::Complete);
}

#[test]
fn who_paused_it_is_whoever_owns_the_field() {
    let mut live = deployment_with(json!({}));
    live["metadata"]["managedFields"] = json!([
        {"manager": "pilothouse", "operation": "Apply", "fieldsV1": {"f:spec": {"f:replicas": {}}}},
        {"manager": "kubectl-rollout", "operation": "Update", "fieldsV1": {"f:spec": {"f:paused": {}}}},
    ]);
    let found = reading(&of("Deployment"), Some(&live));
    assert!(found.paused);
    assert_eq!(found.paused_by.as_deref(), Some("kubectl-rollout"));
    // As the watch keeps it.
    live["metadata"] = json!({"generation": 2, "pausedBy": "kubectl-rollout"});
    let kept = reading(&of("Deployment"), Some(&live));
    assert_eq!(kept.paused_by.as_deref(), Some("kubectl-rollout"));
    live["spec"]["paused"] = json!(false);
    assert_eq!(reading(&of("Deployment"), Some(&live)).paused_by, None);
}
