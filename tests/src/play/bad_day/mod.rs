//! A bad day on a real cluster, in pictures: what an operator reads when a change is refused, when its
//! answer is lost, when nobody answers, when rights go, when the disk is full, and when another cluster
//! has the name.
//!
//! Panics where a cluster does not let itself be broken, as a story does.
#![allow(clippy::expect_used)]

mod scenes;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use controlplane::{Behaviour, ControlPlane, Image, Options};

use super::example::{OPERATOR, Place, Stop};
use crate::small_disk::SmallDisk;
use crate::wire::Proxy;
use crate::world::{Caller, Site};

const MODULE: &str = "gateway";
const NAMESPACE: &str = "payments";
const PLACE: Place = Place {
    id: "sz-prod",
    cluster: "sz-prod-01",
};
const STOP: Stop = Stop {
    id: "first",
    name: "苏州生产",
    environments: &[PLACE],
    votes: &[OPERATOR],
};
const OLD: &str = "3.18.0";
const NEW: &str = "3.19.0";
/// Bytes of the disk that the data folder is on: enough for the day, and soon filled.
const DISK: u64 = 64 << 20;

/// A cluster with a proxy in front of it, and another one of the same name.
pub struct BadDay {
    site: Arc<Site>,
    other: Site,
    proxy: Proxy,
    workspace: PathBuf,
    kubeconfig: PathBuf,
    disk: Arc<SmallDisk>,
}

impl BadDay {
    /// Starts the clusters, with the old version on the first, and writes the workspace.
    ///
    /// # Errors
    /// When a cluster does not start or a file cannot be written.
    pub async fn set_up(folder: &Path) -> Result<BadDay, Box<dyn std::error::Error>> {
        let images = [
            Image::new(
                image(OLD),
                Behaviour::Serves {
                    version: OLD.into(),
                },
            ),
            Image::new(
                image(NEW),
                Behaviour::ServesAfter {
                    version: NEW.into(),
                    seconds: 4,
                },
            ),
        ];
        let planes = tokio::task::spawn_blocking(move || {
            let one = ControlPlane::start(Options::named(PLACE.cluster).with_images(images))?;
            let twin = Options::named(PLACE.cluster).with_tokens_of(&one);
            Ok::<_, controlplane::StartError>((one, ControlPlane::start(twin)?))
        });
        let (site, other) = planes.await??;
        let (site, other) = (Site::real(site), Site::real(other));
        let namespace =
            format!("apiVersion: v1\nkind: Namespace\nmetadata: {{ name: {NAMESPACE} }}\n---\n");
        site.apply_as(cluster::FIELD_MANAGER, &(namespace + &deployment(OLD)))
            .await;
        let proxy = Proxy::before(&site).await;
        let workspace = folder.join("payments");
        for place in [PLACE.id, "bj-prod"] {
            let manifests = workspace.join("modules").join(MODULE).join(place);
            std::fs::create_dir_all(&manifests)?;
            std::fs::write(manifests.join("deployment.yaml"), deployment(NEW))?;
        }
        std::fs::write(workspace.join("pilothouse.yaml"), description())?;
        let kubeconfig = folder.join("payments.kubeconfig");
        std::fs::write(
            &kubeconfig,
            site.kubeconfig_through(Caller::Operator, &proxy.url(), proxy.ca_pem()),
        )?;
        let disk = Arc::new(SmallDisk::mount(DISK)?);
        Ok(BadDay {
            site: Arc::new(site),
            other,
            proxy,
            workspace,
            kubeconfig,
            disk,
        })
    }

    /// Where the program keeps its data, on a disk that gets full.
    pub fn data_folder(&self) -> PathBuf {
        self.disk.folder().join("program")
    }

    /// Ends the clusters.
    pub async fn end(self) {
        drop(self.proxy);
        self.other.end().await;
        if let Some(site) = Arc::into_inner(self.site) {
            site.end().await;
        }
    }

    async fn kubectl(&self, arguments: &[&str], input: &str) {
        let output = self.site.kubectl(Caller::Admin, arguments, input).await;
        assert!(output.status.success(), "{output:?}");
    }
}

fn image(version: &str) -> String {
    format!("pilothouse.example/{MODULE}:{version}")
}

fn deployment(version: &str) -> String {
    format!(
        "apiVersion: apps/v1
kind: Deployment
metadata:
  name: {MODULE}
  namespace: {NAMESPACE}
  labels: {{ app: {MODULE}, app.kubernetes.io/version: {version} }}
spec:
  replicas: 6
  selector: {{ matchLabels: {{ app: {MODULE} }} }}
  template:
    metadata: {{ labels: {{ app: {MODULE}, app.kubernetes.io/version: {version} }} }}
    spec:
      terminationGracePeriodSeconds: 1
      containers:
        - name: {MODULE}
          image: {image}
          readinessProbe: {{ httpGet: {{ path: /healthz, port: 8080 }}, periodSeconds: 1 }}
",
        image = image(version),
    )
}

fn description() -> String {
    format!(
        "name: {{ zh: 支付网关, en: Payment gateway }}
pipeline:
  - id: {stage}
    name: {{ zh: 苏州生产, en: Suzhou production }}
    soakSeconds: 5
    gate: {{ votes: [operator], waivable: [] }}
    environments:
      - id: {place}
        name: {{ zh: 苏州生产, en: Suzhou production }}
        short: 苏州
        tier: prod
        cluster: {cluster}
        namespace: {NAMESPACE}
  - id: second
    name: {{ zh: 北京生产, en: Beijing production }}
    soakSeconds: 5
    gate: {{ votes: [operator, verifier, manager], waivable: [] }}
    environments:
      - id: bj-prod
        name: {{ zh: 北京生产, en: Beijing production }}
        short: 北京
        tier: prod
        cluster: bj-prod-01
        namespace: {NAMESPACE}
modules:
  - {{ id: {MODULE}, strategy: rolling }}
people:
  - {{ id: zhangsan, name: 张三, roles: [operator] }}
  - {{ id: lisi, name: 李四, roles: [verifier] }}
  - {{ id: wangwu, name: 王五, roles: [manager] }}
checklist: []
draft:
  title: 支付网关 3.19.0
  background: 证书校验的修复。
  level: high
  operator: zhangsan
  verifier: lisi
  manager: wangwu
  modules: [{MODULE}]
",
        stage = STOP.id,
        place = PLACE.id,
        cluster = PLACE.cluster,
    )
}
