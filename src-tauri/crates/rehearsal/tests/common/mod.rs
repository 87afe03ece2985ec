//! Clusters and clients for the tests.
#![allow(dead_code, missing_docs, clippy::unwrap_used, clippy::expect_used)]

use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use rehearsal::{Cluster, ClusterSpec, Pace};
use std::time::Duration;

pub fn spec() -> ClusterSpec {
    let mut spec = ClusterSpec::new("test", 42);
    spec.pace = Pace::instant();
    spec.namespaces = vec!["app".to_owned()];
    spec
}

pub async fn cluster() -> Cluster {
    Cluster::start(spec()).await.unwrap()
}

/// A client that never retries by itself, so that requests can be counted.
pub async fn client(cluster: &Cluster, user: &str) -> Client {
    let kubeconfig = Kubeconfig::from_yaml(&cluster.kubeconfig(user)).unwrap();
    let mut config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default())
        .await
        .unwrap();
    config.default_retry = false;
    Client::try_from(config).unwrap()
}

pub fn deployment(name: &str, replicas: u32, image: &str) -> String {
    format!(
        "apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}, namespace: app}}
spec:
  replicas: {replicas}
  selector: {{matchLabels: {{app: {name}}}}}
  template:
    metadata: {{labels: {{app: {name}}}}}
    spec:
      containers:
      - name: main
        image: {image}
        ports: [{{containerPort: 8080, name: http}}]
"
    )
}

pub fn value(yaml: &str) -> serde_json::Value {
    serde_saphyr::from_str(yaml).unwrap()
}

/// Waits for something that must come; the bound only keeps a broken test from hanging.
pub async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(20), future)
        .await
        .unwrap_or_else(|_| panic!("{what} did not come within 20 s"))
}
