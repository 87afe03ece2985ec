//! Ten thousand pods of a real API server: our listing beside kubectl's, and beside a request that
//! only fetches the bytes.

use std::process::Command;
use std::sync::Arc;
use std::time::Instant;

use cluster::{KubeClusters, Limits, kubeconfig};
use controlplane::{ControlPlane, Options, User};
use domain::ObjectRef;
use engine::ports::Clusters;
use futures::{StreamExt, TryStreamExt, stream};
use http_body_util::BodyExt;
use kube::Client;
use kube::api::{Api, DynamicObject, PostParams};
use kube::core::{ApiResource, GroupVersionKind};
use serde_json::{Value, json};

use super::process::{measured, peak_of};
use super::{Failed, Figure, Goal, Report, median, ms};

const NAMESPACE: &str = "crowd";
const PODS: usize = 10_000;
const ROUNDS: usize = 3;
/// Bytes of a pod as JSON, about what a pod of a mesh with its managed fields takes.
const PADDING: usize = 4_500;

/// Measures on a cluster of its own.
///
/// # Errors
/// When the cluster or a program cannot be had.
pub async fn measure(report: &mut Report) -> Result<(), Failed> {
    controlplane::available()?;
    println!("\n{PODS} pods on a real API server");
    let plane =
        tokio::task::spawn_blocking(|| ControlPlane::start(Options::named("crowd"))).await??;
    // Nobody may act on the pods: they are to be looked at only.
    plane.kill_controller_manager()?;
    crowd(&plane).await?;
    let measured = rounds(&plane, report).await;
    plane.shutdown()?;
    measured
}

async fn rounds(plane: &ControlPlane, report: &mut Report) -> Result<(), Failed> {
    let me = std::env::current_exe()?;
    let config = plane.kubeconfig_path(User::Operator);
    let ours = |verb: &str| {
        let mut command = Command::new(&me);
        command.arg(verb).arg(&config);
        command
    };
    let kubectl = |arguments: &[&str]| {
        let mut command = plane.kubectl_command();
        command.args(arguments);
        command
    };
    let (mut watch, mut fetch, mut full, mut table) = (vec![], vec![], vec![], vec![]);
    for _ in 0..ROUNDS {
        fetch.push(measured(&mut ours("fetch"))?);
        watch.push(measured(&mut ours("watch"))?);
        table.push(measured(&mut kubectl(&["get", "pods", "-A"]))?);
        full.push(measured(&mut kubectl(&[
            "get", "pods", "-A", "-o", "json",
        ]))?);
    }
    let wall = |all: &[super::process::Taken]| median(all.iter().map(|t| ms(t.wall)).collect());
    let peak = |all: &[super::process::Taken]| median(all.iter().map(|t| t.peak_mb).collect());
    let full_name = "kubectl get pods -A -o json".to_owned();
    let table_name = "kubectl get pods -A".to_owned();
    let fetch_name = "the same bytes, fetched and dropped".to_owned();
    let mut add = |what: &str, ours, against, unit, goal| {
        report.add(Figure {
            what: what.to_owned(),
            ours,
            against: Some(against),
            unit,
            goal,
        });
    };
    let list = "list 10,000 pods, then watch: whole process";
    let memory = "memory for it, the most";
    add(
        list,
        wall(&watch),
        (full_name.clone(), wall(&full)),
        "ms",
        Goal::Times(20.0),
    );
    add(
        memory,
        peak(&watch),
        (full_name, peak(&full)),
        "MB",
        Goal::Times(50.0),
    );
    add(
        list,
        wall(&watch),
        (table_name.clone(), wall(&table)),
        "ms",
        Goal::Times(8.0),
    );
    add(
        memory,
        peak(&watch),
        (table_name, peak(&table)),
        "MB",
        Goal::Times(20.0),
    );
    add(
        list,
        wall(&watch),
        (fetch_name, wall(&fetch)),
        "ms",
        Goal::Within(1.5),
    );
    Ok(())
}

/// Makes the pods, of one Deployment, so that a rollout's picture holds them all.
async fn crowd(plane: &ControlPlane) -> Result<(), Failed> {
    let client = client(&plane.kubeconfig(User::Admin)).await?;
    let made = plane.kubectl(&["create", "namespace", NAMESPACE])?;
    if !made.status.success() {
        return Err(String::from_utf8_lossy(&made.stderr).into_owned().into());
    }
    let labels = json!({"app": "crowd"});
    let template = json!({
        "metadata": {"labels": labels},
        "spec": {"schedulerName": "nobody", "containers": [{"name": "c", "image": "pilothouse.example/crowd:1"}]},
    });
    let spec = json!({"replicas": PODS, "selector": {"matchLabels": labels}, "template": template});
    let deployment = make(&client, "apps", "Deployment", json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "crowd"}, "spec": spec,
    }))
    .await?;
    let set = make(&client, "apps", "ReplicaSet", json!({
        "apiVersion": "apps/v1", "kind": "ReplicaSet",
        "metadata": {"name": "crowd-1", "labels": labels, "ownerReferences": [owner("Deployment", "crowd", &deployment)],
            "annotations": {"deployment.kubernetes.io/revision": "1"}},
        "spec": spec,
    }))
    .await?;
    let owner = Arc::new(owner("ReplicaSet", "crowd-1", &set));
    let began = Instant::now();
    stream::iter(0..PODS)
        .map(|number| {
            let (client, owner) = (client.clone(), Arc::clone(&owner));
            async move {
                make(&client, "", "Pod", pod(number, &owner))
                    .await
                    .map(|_| ())
            }
        })
        .buffer_unordered(32)
        .try_collect::<()>()
        .await?;
    println!("  made in {:.1?}", began.elapsed());
    Ok(())
}

fn owner(kind: &str, name: &str, uid: &str) -> Value {
    json!({"apiVersion": "apps/v1", "kind": kind, "name": name, "uid": uid, "controller": true})
}

fn pod(number: usize, owner: &Value) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {
            "name": format!("crowd-1-{number:05}"),
            "labels": {"app": "crowd", "pod-template-hash": "1"},
            "annotations": {"example.com/of-a-mesh": "x".repeat(PADDING)},
            "ownerReferences": [owner],
        },
        "spec": {"schedulerName": "nobody", "containers": [{"name": "c", "image": "pilothouse.example/crowd:1"}]},
    })
}

/// Creates an object and gives its UID.
async fn make(client: &Client, group: &str, kind: &str, object: Value) -> Result<String, Failed> {
    let resource = ApiResource::from_gvk(&GroupVersionKind::gvk(group, "v1", kind));
    let api = Api::<DynamicObject>::namespaced_with(client.clone(), NAMESPACE, &resource);
    let object = serde_json::from_value(object)?;
    let made = api.create(&PostParams::default(), &object).await?;
    Ok(made.metadata.uid.unwrap_or_default())
}

async fn client(kubeconfig: &str) -> Result<Client, Failed> {
    let parsed = kube::config::Kubeconfig::from_yaml(kubeconfig)?;
    let config = kube::Config::from_custom_kubeconfig(parsed, &Default::default()).await?;
    Ok(Client::try_from(config)?)
}

/// In a process of its own: connects as the program does, and ends when the picture has every pod.
///
/// # Errors
/// When the cluster cannot be looked at.
pub async fn watch(kubeconfig_path: &str) -> Result<(), Failed> {
    let text = std::fs::read_to_string(kubeconfig_path)?;
    let preview = kubeconfig::preview(&text, None)?;
    let name = preview.contexts.first().ok_or("no context")?.name.clone();
    let context = kubeconfig::import(&text, None, &[name], false)?.remove(0);
    let clusters = KubeClusters::new(Limits::default());
    let cluster = clusters.connect(context, None, Vec::new()).await?;
    let workload = ObjectRef {
        api_version: "apps/v1".to_owned(),
        kind: "Deployment".to_owned(),
        namespace: NAMESPACE.to_owned(),
        name: "crowd".to_owned(),
    };
    let asked = Instant::now();
    let watching = cluster.watch(&[workload]).await?;
    let mut pictures = watching.pictures();
    let count = |picture: &Option<engine::ports::Picture>| {
        let workloads = picture.iter().flat_map(|picture| &picture.workloads);
        workloads.map(|workload| workload.pods.len()).sum::<usize>()
    };
    pictures.wait_for(|picture| count(picture) == PODS).await?;
    println!(
        "{PODS} pods after {:.0} ms, {:.0} MB",
        ms(asked.elapsed()),
        peak_of("self").unwrap_or(0.0)
    );
    Ok(())
}

/// In a process of its own: asks for the same pods as protobuf, and drops what comes.
///
/// # Errors
/// When the cluster cannot be asked.
pub async fn fetch(kubeconfig_path: &str) -> Result<(), Failed> {
    let client = client(&std::fs::read_to_string(kubeconfig_path)?).await?;
    let request = http::Request::get(format!("/api/v1/namespaces/{NAMESPACE}/pods"))
        .header(http::header::ACCEPT, "application/vnd.kubernetes.protobuf")
        .header(http::header::USER_AGENT, "pilothouse-bench")
        .body(kube::client::Body::empty())?;
    let mut body = client.send(request).await?.into_body();
    let mut bytes = 0;
    while let Some(frame) = body.frame().await {
        bytes += frame?.data_ref().map_or(0, |data| data.len());
    }
    println!("{bytes} bytes");
    Ok(())
}
