//! Many pods of one Deployment on a real API server. Nobody acts on them: they are to be looked at only.

use std::sync::Arc;
use std::time::Instant;

use controlplane::{ControlPlane, User};
use futures::{StreamExt, TryStreamExt, stream};
use kube::Client;
use kube::api::{Api, DynamicObject, PostParams};
use kube::core::{ApiResource, GroupVersionKind};
use serde_json::{Value, json};

use super::Failed;
use super::site::{self, MODULE};

/// Makes so many pods with so many bytes of padding each, and what owns them, so that the picture of a
/// rollout holds them all.
pub(super) async fn fill(plane: &ControlPlane, count: usize, padding: usize) -> Result<(), Failed> {
    let client = client(&plane.kubeconfig(User::Admin)).await?;
    // The account that a controller would have made: pods are not let in without.
    for arguments in [
        &["create", "namespace", MODULE][..],
        &["create", "serviceaccount", "default", "-n", MODULE],
    ] {
        let made = plane.kubectl(arguments)?;
        if !made.status.success() {
            return Err(String::from_utf8_lossy(&made.stderr).into_owned().into());
        }
    }
    let manifest = site::deployment(count);
    let spec = manifest["spec"].clone();
    let deployment = make(&client, &kind("apps", "Deployment"), manifest).await?;
    let set = json!({
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": {
            "name": format!("{MODULE}-1"),
            "labels": { "app": MODULE },
            "ownerReferences": [owner("Deployment", MODULE, &deployment)],
            "annotations": { "deployment.kubernetes.io/revision": "1" },
        },
        "spec": spec,
    });
    let set = make(&client, &kind("apps", "ReplicaSet"), set).await?;
    let owner = Arc::new(owner("ReplicaSet", &format!("{MODULE}-1"), &set));
    let padding = "x".repeat(padding);
    let began = Instant::now();
    stream::iter(0..count)
        .map(|number| {
            let (client, pod) = (client.clone(), pod(number, &owner, &padding));
            async move { make(&client, &pods(), pod).await.map(drop) }
        })
        .buffer_unordered(32)
        .try_collect::<()>()
        .await?;
    println!("  made in {:.1?}", began.elapsed());
    Ok(())
}

/// A client with what a kubeconfig holds.
pub(super) async fn client(kubeconfig: &str) -> Result<Client, Failed> {
    let parsed = kube::config::Kubeconfig::from_yaml(kubeconfig)?;
    let config = kube::Config::from_custom_kubeconfig(parsed, &Default::default()).await?;
    Ok(Client::try_from(config)?)
}

/// Pods.
pub(super) fn pods() -> ApiResource {
    kind("", "Pod")
}

/// The name of one of them.
pub(super) fn pod_name(number: usize) -> String {
    format!("{MODULE}-1-{number:05}")
}

fn kind(group: &str, kind: &str) -> ApiResource {
    ApiResource::from_gvk(&GroupVersionKind::gvk(group, "v1", kind))
}

fn owner(kind: &str, name: &str, uid: &str) -> Value {
    json!({"apiVersion": "apps/v1", "kind": kind, "name": name, "uid": uid, "controller": true})
}

fn pod(number: usize, owner: &Value, padding: &str) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": pod_name(number),
            "labels": { "app": MODULE, "pod-template-hash": "1" },
            "annotations": { "example.com/of-a-mesh": padding },
            "ownerReferences": [owner],
        },
        "spec": {
            "schedulerName": "nobody",
            "containers": [{ "name": "c", "image": "pilothouse.example/crowd:1" }],
        },
    })
}

/// Creates an object and gives its UID.
async fn make(client: &Client, kind: &ApiResource, object: Value) -> Result<String, Failed> {
    let api = Api::<DynamicObject>::namespaced_with(client.clone(), MODULE, kind);
    let made = api
        .create(&PostParams::default(), &serde_json::from_value(object)?)
        .await?;
    Ok(made.metadata.uid.unwrap_or_default())
}
