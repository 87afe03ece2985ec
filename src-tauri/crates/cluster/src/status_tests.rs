//! Status shapes as API servers, controllers and operators write them.

use RolloutPhase::{Complete, Failed, NotJudged, Progressing, Unobserved};
use serde_json::json;

use super::*;

fn read(api_version: &str, kind: &str, live: Value) -> RolloutReading {
    let object = ObjectRef {
        api_version: api_version.into(),
        kind: kind.into(),
        namespace: "n".into(),
        name: "x".into(),
    };
    reading(&object, &live)
}

/// Each line: kind, object, phase.
fn all(lines: Vec<(&str, &str, Value, RolloutPhase)>) {
    for (api_version, kind, live, expected) in lines {
        let found = read(api_version, kind, live.clone());
        assert_eq!(found.phase, expected, "{kind} {live}: {}", found.message);
    }
}

fn with(kind: &str, status: &str, reason: &str) -> Value {
    json!({"type": kind, "status": status, "reason": reason, "message": "as it says"})
}

#[test]
fn jobs() {
    let job =
        |status: Value| json!({"spec": {"completions": 1, "backoffLimit": 0}, "status": status});
    let j = ("batch/v1", "Job");
    all(vec![
        (j.0, j.1, job(json!({})), Progressing),
        (
            j.0,
            j.1,
            job(json!({"active": 1, "startTime": "2026-11-30T00:00:00Z", "ready": 1})),
            Progressing,
        ),
        (
            j.0,
            j.1,
            job(
                json!({"succeeded": 1, "completionTime": "2026-11-30T00:00:09Z", "conditions": [
                    with("SuccessCriteriaMet", "True", "CompletionsReached"), with("Complete", "True", "CompletionsReached"),
                ]}),
            ),
            Complete,
        ),
        // Pods still end: not over yet.
        (
            j.0,
            j.1,
            job(
                json!({"failed": 1, "conditions": [with("FailureTarget", "True", "BackoffLimitExceeded")]}),
            ),
            Progressing,
        ),
        (
            j.0,
            j.1,
            job(
                json!({"failed": 1, "conditions": [with("Failed", "True", "BackoffLimitExceeded")]}),
            ),
            Failed,
        ),
        (
            j.0,
            j.1,
            job(json!({"conditions": [with("Failed", "True", "DeadlineExceeded")]})),
            Failed,
        ),
        (
            j.0,
            j.1,
            job(json!({"conditions": [with("Suspended", "True", "JobSuspended")]})),
            NotJudged,
        ),
        ("batch/v1", "CronJob", json!({"spec": {}}), Complete),
    ]);
    let failed = job(json!({"failed": 1, "conditions": [
        {"type": "Failed", "status": "True", "reason": "BackoffLimitExceeded", "message": "Job has reached the specified backoff limit"},
    ]}));
    let found = read("batch/v1", "Job", failed);
    let expected = Cause::ObjectFailed {
        reason: "BackoffLimitExceeded".into(),
        message: "Job has reached the specified backoff limit".into(),
    };
    assert_eq!(found.note, Some(expected));
    let runs = read("batch/v1", "Job", job(json!({"failed": 2, "active": 1})));
    assert_eq!(runs.message, "0 of 1 pods have succeeded, 2 have failed");
}

#[test]
fn definitions_and_api_services() {
    let of = |conditions: Value| json!({"status": {"conditions": conditions}});
    let crd = ("apiextensions.k8s.io/v1", "CustomResourceDefinition");
    let service = ("apiregistration.k8s.io/v1", "APIService");
    all(vec![
        (crd.0, crd.1, json!({}), Unobserved),
        (
            crd.0,
            crd.1,
            of(json!([
                with("NamesAccepted", "True", "NoConflicts"),
                with("Established", "False", "Installing")
            ])),
            Progressing,
        ),
        (
            crd.0,
            crd.1,
            of(json!([
                with("NamesAccepted", "True", "NoConflicts"),
                with("Established", "True", "InitialNamesAccepted")
            ])),
            Complete,
        ),
        (
            crd.0,
            crd.1,
            of(json!([
                with("NamesAccepted", "False", "PluralConflict"),
                with("Established", "False", "NotAccepted")
            ])),
            Failed,
        ),
        (service.0, service.1, json!({}), Unobserved),
        (
            service.0,
            service.1,
            of(json!([with("Available", "False", "ServiceNotFound")])),
            Progressing,
        ),
        (
            service.0,
            service.1,
            of(json!([with("Available", "True", "Passed")])),
            Complete,
        ),
    ]);
}

#[test]
fn storage_namespaces_and_services() {
    let phase = |phase: &str| json!({"status": {"phase": phase}});
    let balancer = |status: Value| json!({"spec": {"type": "LoadBalancer", "clusterIP": "10.0.0.7"}, "status": status});
    all(vec![
        ("v1", "PersistentVolumeClaim", json!({}), Unobserved),
        ("v1", "PersistentVolumeClaim", phase("Pending"), Progressing),
        ("v1", "PersistentVolumeClaim", phase("Bound"), Complete),
        ("v1", "PersistentVolumeClaim", phase("Lost"), Progressing),
        ("v1", "PersistentVolume", phase("Available"), Complete),
        ("v1", "PersistentVolume", phase("Failed"), Failed),
        ("v1", "Namespace", phase("Active"), Complete),
        ("v1", "Namespace", phase("Terminating"), Progressing),
        (
            "v1",
            "Service",
            json!({"spec": {"type": "ClusterIP", "clusterIP": "10.0.0.7"}, "status": {"loadBalancer": {}}}),
            Complete,
        ),
        (
            "v1",
            "Service",
            json!({"spec": {"type": "ExternalName", "externalName": "a.example"}}),
            Complete,
        ),
        (
            "v1",
            "Service",
            balancer(json!({"loadBalancer": {}})),
            Progressing,
        ),
        (
            "v1",
            "Service",
            balancer(json!({"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]}})),
            Complete,
        ),
        (
            "v1",
            "Service",
            balancer(json!({"loadBalancer": {"ingress": [{"hostname": "lb.example"}]}})),
            Complete,
        ),
        (
            "networking.k8s.io/v1",
            "Ingress",
            json!({"status": {"loadBalancer": {}}}),
            Complete,
        ),
        ("v1", "ConfigMap", json!({"data": {}}), Complete),
        ("rbac.authorization.k8s.io/v1", "Role", json!({}), Complete),
    ]);
}

#[test]
fn pods_and_replica_sets() {
    let pod = |status: Value| json!({"status": status});
    let set = |status: Value| json!({"metadata": {"generation": 2}, "spec": {"replicas": 2}, "status": status});
    let crash = json!({"phase": "Running", "conditions": [with("Ready", "False", "ContainersNotReady")], "containerStatuses": [
        {"name": "app", "state": {"waiting": {"reason": "CrashLoopBackOff"}}},
    ]});
    let r = ("apps/v1", "ReplicaSet");
    all(vec![
        ("v1", "Pod", pod(json!({})), Progressing),
        (
            "v1",
            "Pod",
            pod(
                json!({"phase": "Pending", "conditions": [with("PodScheduled", "False", "Unschedulable")]}),
            ),
            Progressing,
        ),
        (
            "v1",
            "Pod",
            pod(
                json!({"phase": "Running", "conditions": [with("Ready", "False", "ContainersNotReady")]}),
            ),
            Progressing,
        ),
        (
            "v1",
            "Pod",
            pod(json!({"phase": "Running", "conditions": [with("Ready", "True", "")]})),
            Complete,
        ),
        ("v1", "Pod", pod(json!({"phase": "Succeeded"})), Complete),
        (
            "v1",
            "Pod",
            pod(json!({"phase": "Failed", "reason": "Evicted", "message": "low on memory"})),
            Failed,
        ),
        ("v1", "Pod", pod(crash), Failed),
        (
            r.0,
            r.1,
            set(json!({"observedGeneration": 1, "replicas": 2, "availableReplicas": 2})),
            Unobserved,
        ),
        (
            r.0,
            r.1,
            set(json!({"observedGeneration": 2, "replicas": 2, "availableReplicas": 1})),
            Progressing,
        ),
        (
            r.0,
            r.1,
            set(json!({"observedGeneration": 2, "replicas": 3, "availableReplicas": 3})),
            Progressing,
        ),
        (
            r.0,
            r.1,
            set(json!({"observedGeneration": 2, "replicas": 2, "availableReplicas": 2})),
            Complete,
        ),
        (
            r.0,
            r.1,
            set(
                json!({"observedGeneration": 2, "conditions": [with("ReplicaFailure", "True", "FailedCreate")]}),
            ),
            Progressing,
        ),
    ]);
}

#[test]
fn budgets_and_autoscalers() {
    let of = |conditions: Value| json!({"status": {"conditions": conditions}});
    let hpa = ("autoscaling/v2", "HorizontalPodAutoscaler");
    let budget = |seen: u32| json!({"metadata": {"generation": 2}, "status": {"observedGeneration": seen, "disruptionsAllowed": 0, "conditions": [with("DisruptionAllowed", "False", "InsufficientPods")]}});
    all(vec![
        ("policy/v1", "PodDisruptionBudget", budget(1), Unobserved),
        ("policy/v1", "PodDisruptionBudget", budget(2), Complete),
        (hpa.0, hpa.1, json!({}), Unobserved),
        (
            hpa.0,
            hpa.1,
            of(json!([with("AbleToScale", "False", "FailedGetScale")])),
            Progressing,
        ),
        (
            hpa.0,
            hpa.1,
            of(json!([
                with("AbleToScale", "True", "SucceededGetScale"),
                with("ScalingActive", "False", "FailedGetResourceMetric")
            ])),
            Progressing,
        ),
        (
            hpa.0,
            hpa.1,
            of(json!([
                with("AbleToScale", "True", "ReadyForNewScale"),
                with("ScalingActive", "True", "ValidMetricFound"),
                with("ScalingLimited", "True", "TooFewReplicas")
            ])),
            Complete,
        ),
        (
            hpa.0,
            hpa.1,
            of(json!([
                with("AbleToScale", "True", "SucceededGetScale"),
                with("ScalingActive", "False", "ScalingDisabled")
            ])),
            Complete,
        ),
    ]);
}

#[test]
fn gateways_and_routes() {
    let parent = |accepted: &str, seen: u32| {
        json!({"metadata": {"generation": 3}, "status": {"parents": [{"conditions": [
            {"type": "Accepted", "status": accepted, "reason": "Accepted", "observedGeneration": seen},
            {"type": "ResolvedRefs", "status": "True", "reason": "ResolvedRefs", "observedGeneration": seen},
        ]}]}})
    };
    let gateway = |programmed: &str| {
        json!({"metadata": {"generation": 1}, "status": {"conditions": [
            {"type": "Accepted", "status": "True", "reason": "Accepted", "observedGeneration": 1},
            {"type": "Programmed", "status": programmed, "reason": "AddressNotAssigned", "observedGeneration": 1},
        ]}})
    };
    let r = ("gateway.networking.k8s.io/v1", "HTTPRoute");
    all(vec![
        (r.0, r.1, json!({"status": {"parents": []}}), Unobserved),
        (r.0, r.1, parent("True", 2), Unobserved),
        (r.0, r.1, parent("False", 3), Progressing),
        (r.0, r.1, parent("True", 3), Complete),
        (r.0, "Gateway", gateway("False"), Progressing),
        (r.0, "Gateway", gateway("True"), Complete),
    ]);
}

#[test]
fn custom_resources() {
    let of = |seen: Value, conditions: Value| json!({"metadata": {"generation": 4}, "status": {"observedGeneration": seen, "conditions": conditions}});
    let c = ("cert-manager.io/v1", "Certificate");
    all(vec![
        // Neither a generation nor a condition: nobody can tell.
        ("fission.io/v1", "Function", json!({"spec": {}}), NotJudged),
        (
            "fission.io/v1",
            "Function",
            json!({"metadata": {"generation": 2}, "spec": {}, "status": {}}),
            NotJudged,
        ),
        (
            "example.org/v1",
            "Thing",
            json!({"status": {"conditions": [with("Sorted", "True", "ByName")]}}),
            NotJudged,
        ),
        (
            c.0,
            c.1,
            of(json!(3), json!([with("Ready", "True", "Ready")])),
            Unobserved,
        ),
        (
            c.0,
            c.1,
            of(
                json!(4),
                json!([
                    with("Ready", "False", "DoesNotExist"),
                    with("Issuing", "True", "Issuing")
                ]),
            ),
            Progressing,
        ),
        (
            c.0,
            c.1,
            of(json!(4), json!([with("Ready", "Unknown", "Pending")])),
            Progressing,
        ),
        (
            c.0,
            c.1,
            of(json!(4), json!([with("Ready", "True", "Ready")])),
            Complete,
        ),
        // Argo Rollouts writes it as text.
        (
            "argoproj.io/v1alpha1",
            "Rollout",
            of(json!("3"), json!([])),
            Unobserved,
        ),
        (
            "argoproj.io/v1alpha1",
            "Rollout",
            of(json!("4"), json!([])),
            Complete,
        ),
        // No generation in the status: the condition's own counts.
        (
            "example.org/v1",
            "Thing",
            json!({"metadata": {"generation": 4}, "status": {"conditions": [{"type": "Ready", "status": "True", "observedGeneration": 3}]}}),
            Unobserved,
        ),
        (
            "example.org/v1",
            "Thing",
            json!({"status": {"conditions": [with("Ready", "True", "")]}}),
            Complete,
        ),
        (
            "example.org/v1",
            "Thing",
            of(
                json!(4),
                json!([
                    with("Reconciling", "True", "Progressing"),
                    with("Ready", "True", "")
                ]),
            ),
            Progressing,
        ),
        (
            "example.org/v1",
            "Thing",
            of(
                json!(4),
                json!([
                    with("Stalled", "True", "BuildFailed"),
                    with("Ready", "False", "BuildFailed")
                ]),
            ),
            Failed,
        ),
        (
            "example.org/v1",
            "Thing",
            json!({"metadata": {"deletionTimestamp": "2026-11-30T00:00:00Z"}}),
            Progressing,
        ),
    ]);
    let found = read(
        c.0,
        c.1,
        of(json!(4), json!([with("Ready", "False", "DoesNotExist")])),
    );
    assert_eq!(found.message, "Ready is False: DoesNotExist: as it says");
}
