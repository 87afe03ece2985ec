//! A workspace with one module in one environment, for a cluster that stands already.

use std::path::{Path, PathBuf};

use super::Failed;
use crate::desktop::Desktop;
use crate::folders;
use crate::play::Play;
use crate::play::example::Place;
use crate::window::{LIMITS, Window};

/// The module, its Deployment and its namespace.
pub(super) const MODULE: &str = "crowd";
/// The environment; its cluster and the context to it are called like the module.
const PLACE: Place = Place {
    id: "crowded",
    cluster: MODULE,
};

/// The manifest of the Deployment as it stands on the cluster.
pub(super) fn deployment(replicas: usize) -> serde_json::Value {
    let labels = serde_json::json!({ "app": MODULE });
    serde_json::json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": { "name": MODULE, "namespace": MODULE, "labels": labels },
        "spec": {
            "replicas": replicas,
            "selector": { "matchLabels": labels },
            "template": {
                "metadata": { "labels": labels },
                "spec": {
                    "schedulerName": "nobody",
                    "containers": [{ "name": "c", "image": "pilothouse.example/crowd:1" }],
                },
            },
        },
    })
}

/// Writes the workspace.
fn workspace(folder: &Path, replicas: usize) -> Result<PathBuf, Failed> {
    let workspace = folder.join("workspace");
    let manifests = workspace.join("modules").join(MODULE).join(PLACE.id);
    std::fs::create_dir_all(&manifests)?;
    // JSON is YAML.
    let manifest = serde_json::to_string_pretty(&deployment(replicas))?;
    std::fs::write(manifests.join("deployment.yaml"), manifest)?;
    let description = format!(
        "name: {{ zh: 拥挤的集群, en: A crowded cluster }}
pipeline:
  - id: first
    name: {{ zh: 第一站, en: First }}
    soakSeconds: 5
    gate: {{ votes: [operator], waivable: [] }}
    environments:
      - id: {id}
        name: {{ zh: 拥挤, en: Crowded }}
        short: 拥挤
        tier: dev
        cluster: {cluster}
        namespace: {MODULE}
modules:
  - {{ id: {MODULE}, strategy: rolling }}
people:
  - {{ id: zhangsan, name: 张三, roles: [operator] }}
  - {{ id: lisi, name: 李四, roles: [verifier] }}
  - {{ id: wangwu, name: 王五, roles: [manager] }}
checklist: []
draft:
  title: 一次很大的上线
  background: 看它多快。
  level: low
  operator: zhangsan
  verifier: lisi
  manager: wangwu
  modules: [{MODULE}]
",
        id = PLACE.id,
        cluster = PLACE.cluster,
    );
    std::fs::write(workspace.join("pilothouse.yaml"), description)?;
    Ok(workspace)
}

/// The optimised program in a window, bound to the cluster, with a release at hand.
pub(super) async fn open(
    desktop: &Desktop,
    kubeconfig: &str,
    replicas: usize,
) -> Result<Play, Failed> {
    let file = desktop.folder().join("kubeconfig");
    std::fs::write(&file, kubeconfig)?;
    let workspace = workspace(desktop.folder(), replicas)?;
    let mut play = Play::new(window(desktop).await?);
    play.window().theme("light").await?;
    play.open_workspace(&workspace).await?;
    play.create_keys().await?;
    play.bind(&file, MODULE, PLACE.id).await?;
    play.create_release().await?;
    play.select(&PLACE).await?;
    Ok(play)
}

/// The optimised program in a window.
pub(super) async fn window(desktop: &Desktop) -> Result<Window, Failed> {
    let program = folders::optimised("pilothouse");
    let (data, evidence) = (desktop.folder().join("program"), folders::evidence("bench"));
    let window = Window::open_program(&program, desktop, &data, &evidence, &[]);
    Ok(window.await?)
}

/// How many pods are counted in the window, by whatever look but that of a free place: an expression.
pub(super) const COUNT_PODS: &str = "[...document.querySelectorAll('[data-testid^=legend-]:not([data-testid=legend-gone])')].reduce((sum, one) => sum + Number(one.textContent), 0)";

/// Shows the pods and waits until each is among those that are counted.
pub(super) async fn show_pods(play: &Play, pods: usize) -> Result<(), Failed> {
    let window = play.window();
    window.press("nav-rollout").await?;
    window
        .eventually("all pods to be counted", LIMITS.rollout, async || {
            let count = window
                .script(&format!("return {COUNT_PODS}"), vec![])
                .await?;
            Ok((count.as_u64() == Some(pods as u64)).then_some(()))
        })
        .await?;
    Ok(())
}
