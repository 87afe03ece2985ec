//! Ten thousand pods of a real API server: our listing beside kubectl's, and beside a request that
//! only fetches the bytes.

use std::process::Command;
use std::sync::Arc;
use std::time::Instant;

use cluster::{KubeClusters, Limits, kubeconfig};
use controlplane::{ControlPlane, Options, User};
use domain::ObjectRef;
use engine::ports::Clusters;
use http_body_util::BodyExt;

use super::process::{measured, peak_of};
use super::site::MODULE as NAMESPACE;
use super::{Failed, Figure, Goal, Report, crowd, median, ms};

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
        tokio::task::spawn_blocking(|| ControlPlane::start(Options::named(NAMESPACE))).await??;
    // Nobody may act on the pods: they are to be looked at only.
    plane.kill_controller_manager()?;
    crowd::fill(&plane, PODS, PADDING).await?;
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
        name: NAMESPACE.to_owned(),
    };
    let asked = Instant::now();
    let watching = cluster.watch(&[workload]).await?;
    let mut pictures = watching.pictures();
    let count = |picture: &Option<Arc<engine::ports::Picture>>| {
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
    let client = crowd::client(&std::fs::read_to_string(kubeconfig_path)?).await?;
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
