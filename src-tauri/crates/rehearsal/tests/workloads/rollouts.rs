//! Rollouts of Deployments: those that complete, and those that do not.

use crate::common::{client, cluster, deployment, soon};
use k8s_openapi::api::apps::v1::{Deployment, ReplicaSet};
use k8s_openapi::api::core::v1::{Event, Pod};
use kube::api::{Api, ListParams, LogParams, Patch, PatchParams};
use kube::runtime::wait::await_condition;
use rehearsal::Fault;
use serde_json::json;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

fn progressing(deployment: &Deployment) -> Option<String> {
    let conditions = deployment.status.as_ref()?.conditions.as_ref()?;
    conditions
        .iter()
        .find(|c| c.type_ == "Progressing")?
        .reason
        .clone()
}

#[tokio::test]
async fn a_rolling_update_completes_and_never_drops_below_the_minimum() {
    let cluster = cluster().await;
    cluster
        .apply_manifest(&deployment("d", 4, "r.example/d:1"))
        .await
        .unwrap();
    soon("the first rollout", cluster.settle()).await;
    let client = client(&cluster, "admin").await;
    let api: Api<Deployment> = Api::namespaced(client.clone(), "app");
    let first = api.get("d").await.unwrap();
    assert_eq!(first.status.as_ref().unwrap().available_replicas, Some(4));
    assert_eq!(
        progressing(&first).as_deref(),
        Some("NewReplicaSetAvailable")
    );

    let image = Patch::Strategic(
        json!({"spec": {"template": {"spec": {"containers": [{"name": "main", "image": "r.example/d:2"}]}}}}),
    );
    api.patch("d", &PatchParams::default(), &image)
        .await
        .unwrap();
    let least = std::sync::atomic::AtomicI32::new(4);
    let done = soon(
        "the update",
        await_condition(api.clone(), "d", |d: Option<&Deployment>| {
            let Some(status) = d.and_then(|d| d.status.as_ref()) else {
                return false;
            };
            least.fetch_min(status.available_replicas.unwrap_or(0), Relaxed);
            status.observed_generation == Some(2)
                && status.updated_replicas == Some(4)
                && status.replicas == Some(4)
                && status.available_replicas == Some(4)
        }),
    )
    .await
    .unwrap()
    .unwrap();
    let least = least.load(Relaxed);
    assert!(least >= 3, "25 % of 4 may be missing, {least} were left");
    assert_eq!(
        done.metadata.annotations.unwrap()["deployment.kubernetes.io/revision"],
        "2"
    );
    soon("the end", cluster.settle()).await;
    let sets: Api<ReplicaSet> = Api::namespaced(client.clone(), "app");
    let mut sizes: Vec<_> = sets
        .list(&ListParams::default())
        .await
        .unwrap()
        .items
        .into_iter()
        .map(|s| s.spec.unwrap().replicas)
        .collect();
    sizes.sort();
    assert_eq!(sizes, [Some(0), Some(4)]);
    let pods: Api<Pod> = Api::namespaced(client, "app");
    let pods = pods.list(&ListParams::default()).await.unwrap();
    assert_eq!(pods.items.len(), 4);
    assert!(
        pods.items
            .iter()
            .all(|p| p.spec.as_ref().unwrap().containers[0].image.as_deref()
                == Some("r.example/d:2"))
    );
}

#[tokio::test]
async fn a_crash_loop_keeps_the_old_pods_and_misses_the_deadline() {
    let cluster = cluster().await;
    let yaml = deployment("d", 2, "r.example/d:1").replace(
        "  replicas: 2",
        "  replicas: 2\n  progressDeadlineSeconds: 1",
    );
    cluster.apply_manifest(&yaml).await.unwrap();
    soon("the first rollout", cluster.settle()).await;
    cluster.inject(Fault::CrashLoop {
        image_contains: ":bad".into(),
    });
    cluster
        .apply_manifest(&yaml.replace("d:1", "d:bad"))
        .await
        .unwrap();
    let client = client(&cluster, "admin").await;
    let api: Api<Deployment> = Api::namespaced(client.clone(), "app");
    let failed = soon(
        "the deadline",
        await_condition(api.clone(), "d", |d: Option<&Deployment>| {
            d.and_then(progressing).as_deref() == Some("ProgressDeadlineExceeded")
        }),
    )
    .await
    .unwrap()
    .unwrap();
    assert_eq!(
        failed.status.unwrap().available_replicas,
        Some(2),
        "the old version still serves"
    );
    let pods: Api<Pod> = Api::namespaced(client.clone(), "app");
    let bad = pods
        .list(&ListParams::default())
        .await
        .unwrap()
        .items
        .into_iter()
        .find(|p| {
            p.spec.as_ref().unwrap().containers[0].image.as_deref() == Some("r.example/d:bad")
        })
        .unwrap();
    let name = bad.metadata.name.unwrap();
    let looping = soon(
        "a restart",
        await_condition(pods.clone(), &name, |p: Option<&Pod>| {
            let status = p.and_then(|p| p.status.as_ref()?.container_statuses.as_ref()?.first());
            status.is_some_and(|s| {
                s.restart_count > 0
                    && s.state
                        .as_ref()
                        .and_then(|s| s.waiting.as_ref()?.reason.as_deref())
                        == Some("CrashLoopBackOff")
            })
        }),
    )
    .await
    .unwrap()
    .unwrap();
    let ended = looping.status.unwrap().container_statuses.unwrap()[0]
        .last_state
        .clone()
        .unwrap()
        .terminated
        .unwrap();
    assert_eq!(ended.exit_code, 1);
    let previous = pods
        .logs(
            &name,
            &LogParams {
                previous: true,
                ..Default::default()
            },
        )
        .await
        .unwrap();
    assert!(previous.contains("d:bad"), "{previous}");
    let events: Api<Event> = Api::namespaced(client, "app");
    let about = ListParams::default().fields(&format!("involvedObject.name={name}"));
    let events = events.list(&about).await.unwrap();
    assert!(
        events
            .items
            .iter()
            .any(|e| e.reason.as_deref() == Some("BackOff"))
    );

    cluster.clear_faults();
    soon(
        "recovery",
        await_condition(api, "d", |d: Option<&Deployment>| {
            d.and_then(progressing).as_deref() == Some("NewReplicaSetAvailable")
        }),
    )
    .await
    .unwrap();
}

#[tokio::test]
async fn an_image_that_cannot_be_pulled_is_reported_as_the_kubelet_does() {
    let cluster = cluster().await;
    cluster.inject(Fault::ImagePull {
        image_contains: ":missing".into(),
    });
    cluster
        .apply_manifest(&deployment("d", 1, "r.example/d:missing"))
        .await
        .unwrap();
    let client = client(&cluster, "admin").await;
    soon("the controllers", cluster.settle()).await;
    let pods: Api<Pod> = Api::namespaced(client, "app");
    let name = pods.list(&ListParams::default()).await.unwrap().items[0]
        .metadata
        .name
        .clone()
        .unwrap();
    soon(
        "the back-off",
        await_condition(pods.clone(), &name, |p: Option<&Pod>| {
            let status = p.and_then(|p| p.status.as_ref()?.container_statuses.as_ref()?.first());
            status
                .and_then(|s| s.state.as_ref()?.waiting.as_ref()?.reason.clone())
                .as_deref()
                == Some("ImagePullBackOff")
        }),
    )
    .await
    .unwrap();
    let refused = pods.logs(&name, &LogParams::default()).await.unwrap_err();
    assert!(
        refused
            .to_string()
            .contains("waiting to start: trying and failing to pull image"),
        "{refused}"
    );
}

#[tokio::test]
async fn recreate_never_runs_two_versions_at_once() {
    let cluster = cluster().await;
    let yaml = deployment("d", 2, "r.example/d:1").replace(
        "  replicas: 2",
        "  replicas: 2\n  strategy: {type: Recreate}",
    );
    cluster.apply_manifest(&yaml).await.unwrap();
    soon("the first rollout", cluster.settle()).await;
    let client = client(&cluster, "admin").await;
    let pods: Api<Pod> = Api::namespaced(client, "app");
    let mut events = Box::pin(kube::runtime::watcher(pods.clone(), Default::default()));
    cluster
        .apply_manifest(&yaml.replace("d:1", "d:2"))
        .await
        .unwrap();
    let mut images = std::collections::HashMap::new();
    let mut worst = 0;
    loop {
        use futures::TryStreamExt;
        use kube::runtime::watcher::Event;
        let image = |p: &Pod| {
            p.spec.as_ref().unwrap().containers[0]
                .image
                .clone()
                .unwrap()
        };
        match soon("pods", events.try_next()).await.unwrap().unwrap() {
            Event::Apply(pod) | Event::InitApply(pod) => {
                images.insert(pod.metadata.uid.clone().unwrap(), (image(&pod), pod));
            }
            Event::Delete(pod) => {
                images.remove(pod.metadata.uid.as_ref().unwrap());
            }
            _ => continue,
        }
        let kinds: std::collections::BTreeSet<_> =
            images.values().map(|(image, _)| image.clone()).collect();
        worst = worst.max(kinds.len());
        let ready = |p: &Pod| {
            p.status
                .iter()
                .flat_map(|s| s.conditions.iter().flatten())
                .any(|c| c.type_ == "Ready" && c.status == "True")
        };
        if images.len() == 2
            && images
                .values()
                .all(|(image, pod)| image.ends_with(":2") && ready(pod))
        {
            break;
        }
    }
    assert_eq!(worst, 1);
}

#[tokio::test]
async fn slow_starts_are_slower_than_the_others() {
    let cluster = cluster().await;
    cluster.inject(Fault::SlowStart {
        image_contains: ":slow".into(),
        extra: Duration::from_millis(400),
    });
    let before = std::time::Instant::now();
    cluster
        .apply_manifest(&deployment("d", 1, "r.example/d:slow"))
        .await
        .unwrap();
    soon("readiness", cluster.settle()).await;
    assert!(before.elapsed() >= Duration::from_millis(400));
}
