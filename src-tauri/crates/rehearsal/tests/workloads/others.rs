//! Ownership, and workloads other than Deployments.

use crate::common::{client, cluster, deployment, soon};
use k8s_openapi::api::apps::v1::{Deployment, ReplicaSet};
use k8s_openapi::api::core::v1::Pod;
use kube::api::{Api, DeleteParams, ListParams};
use rehearsal::Fault;
use serde_json::json;

#[tokio::test]
async fn a_deleted_deployment_takes_its_replica_sets_and_pods_along() {
    let cluster = cluster().await;
    cluster
        .apply_manifest(&deployment("d", 2, "r.example/d:1"))
        .await
        .unwrap();
    soon("the rollout", cluster.settle()).await;
    let client = client(&cluster, "admin").await;
    Api::<Deployment>::namespaced(client.clone(), "app")
        .delete("d", &DeleteParams::default())
        .await
        .unwrap();
    soon("the end", cluster.settle()).await;
    assert_eq!(
        Api::<ReplicaSet>::namespaced(client.clone(), "app")
            .list(&ListParams::default())
            .await
            .unwrap()
            .items
            .len(),
        0
    );
    assert_eq!(
        Api::<Pod>::namespaced(client, "app")
            .list(&ListParams::default())
            .await
            .unwrap()
            .items
            .len(),
        0
    );
}

#[tokio::test]
async fn other_workloads_reach_their_goal() {
    let cluster = cluster().await;
    let template =
        "{metadata: {labels: {app: x}}, spec: {containers: [{name: c, image: 'r.example/x:1'}]}}";
    let yaml = format!("
apiVersion: apps/v1
kind: StatefulSet
metadata: {{name: s, namespace: app}}
spec: {{replicas: 2, serviceName: s, selector: {{matchLabels: {{app: x}}}}, template: {template}}}
---
apiVersion: apps/v1
kind: DaemonSet
metadata: {{name: a, namespace: app}}
spec: {{selector: {{matchLabels: {{app: x}}}}, template: {template}}}
---
apiVersion: batch/v1
kind: Job
metadata: {{name: j, namespace: app}}
spec: {{template: {{spec: {{restartPolicy: Never, containers: [{{name: c, image: 'r.example/x:1'}}]}}}}}}
---
apiVersion: v1
kind: Service
metadata: {{name: x, namespace: app}}
spec: {{selector: {{app: x}}, ports: [{{port: 80}}]}}
");
    cluster.apply_manifest(&yaml).await.unwrap();
    soon("the workloads", cluster.settle()).await;
    let stateful = cluster
        .object("apps/v1", "StatefulSet", "app", "s")
        .unwrap();
    assert_eq!(stateful["status"]["readyReplicas"], 2);
    assert!(cluster.object("v1", "Pod", "app", "s-1").is_some());
    let daemons = cluster.object("apps/v1", "DaemonSet", "app", "a").unwrap();
    assert_eq!(
        (
            &daemons["status"]["numberReady"],
            &daemons["status"]["desiredNumberScheduled"]
        ),
        (&json!(3), &json!(3))
    );
    let job = cluster.object("batch/v1", "Job", "app", "j").unwrap();
    assert_eq!(job["status"]["conditions"][0]["type"], "Complete");
    let endpoints = cluster.object("v1", "Endpoints", "app", "x").unwrap();
    assert_eq!(
        endpoints["subsets"][0]["addresses"]
            .as_array()
            .unwrap()
            .len(),
        5
    );
}

#[tokio::test]
async fn what_is_judged_by_its_status_gets_one() {
    let cluster = cluster().await;
    let crash = Fault::CrashLoop {
        image_contains: "r.example/bad:1".into(),
    };
    cluster.inject(crash);
    let yaml = "
apiVersion: batch/v1
kind: Job
metadata: {name: bad, namespace: app}
spec: {backoffLimit: 0, template: {spec: {restartPolicy: Never, containers: [{name: c, image: 'r.example/bad:1'}]}}}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: c, namespace: app}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
---
apiVersion: v1
kind: Service
metadata: {name: lb, namespace: app}
spec: {type: LoadBalancer, selector: {app: x}, ports: [{port: 80}]}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: b, namespace: app}
spec: {minAvailable: 1, selector: {matchLabels: {app: x}}}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: h, namespace: app}
spec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: d}, maxReplicas: 3}
";
    cluster.apply_manifest(yaml).await.unwrap();
    soon("the statuses", cluster.settle()).await;
    let of = |api: &str, kind: &str, name: &str| {
        cluster.object(api, kind, "app", name).unwrap()["status"].clone()
    };
    let failed = &of("batch/v1", "Job", "bad")["conditions"][0];
    assert_eq!(
        (&failed["type"], &failed["reason"]),
        (&json!("Failed"), &json!("BackoffLimitExceeded"))
    );
    assert_eq!(of("v1", "PersistentVolumeClaim", "c")["phase"], "Bound");
    assert!(of("v1", "Service", "lb")["loadBalancer"]["ingress"][0]["ip"].is_string());
    assert_eq!(
        of("policy/v1", "PodDisruptionBudget", "b")["observedGeneration"],
        1
    );
    let conditions = of("autoscaling/v2", "HorizontalPodAutoscaler", "h")["conditions"].clone();
    assert_eq!(conditions.as_array().map(Vec::len), Some(2), "{conditions}");
}
