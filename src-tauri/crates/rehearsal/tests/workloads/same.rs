//! The same cluster again: from the same seed, and from what was stored.

use crate::common::{client, cluster, deployment, soon, spec};
use k8s_openapi::api::core::v1::Pod;
use kube::api::{Api, ListParams};
use rehearsal::{Cluster, Pace};

#[tokio::test]
async fn the_same_seed_gives_the_same_pod_names() {
    let mut runs = Vec::new();
    for _ in 0..2 {
        let cluster = cluster().await;
        cluster
            .apply_manifest(&deployment("d", 3, "r.example/d:1"))
            .await
            .unwrap();
        soon("the rollout", cluster.settle()).await;
        let pods: Api<Pod> = Api::namespaced(client(&cluster, "admin").await, "app");
        let names: Vec<_> = pods
            .list(&ListParams::default())
            .await
            .unwrap()
            .items
            .into_iter()
            .map(|p| p.metadata.name)
            .collect();
        runs.push(names);
    }
    assert_eq!(runs[0].len(), 3);
    assert_eq!(runs[0], runs[1]);
}

#[tokio::test]
async fn a_stored_cluster_is_the_same_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let mut spec = spec();
    spec.pace = Pace::instant();
    spec.storage = Some(folder.path().join("c"));
    let first = Cluster::start(spec.clone()).await.unwrap();
    first
        .apply_manifest(&deployment("d", 2, "r.example/d:1"))
        .await
        .unwrap();
    soon("the rollout", first.settle()).await;
    let identity = (first.uid(), first.ca_pem().to_owned(), first.url());
    let before = first.object("apps/v1", "Deployment", "app", "d").unwrap();
    first.shutdown().await;

    let second = Cluster::start(spec).await.unwrap();
    soon("the restart", second.settle()).await;
    assert_eq!(
        (second.uid(), second.ca_pem().to_owned(), second.url()),
        identity
    );
    assert_eq!(
        second.object("apps/v1", "Deployment", "app", "d").unwrap(),
        before,
        "nothing moved"
    );
}
