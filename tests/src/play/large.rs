//! Sizes that break screens: three hundred pods in one of sixty modules, names as long as they may
//! be, ten thousand entries in the ledger, and a window as small as it gets.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use chrono::{Duration as Length, Utc};
use domain::{PersonId, RegisterEvent};
use engine::ports::{Ledger, LedgerFailure, NewEntry, Record, Stream};
use ledger::SqliteLedger;
use rehearsal::{Cluster, ClusterSpec, ManifestError, StartError, User};

use super::Play;
use super::example::{OPERATOR, PASSPHRASE, Place, Stop};
use crate::desktop::SIZE;
use crate::window::{LIMITS, WindowFailure};

/// The smallest window the program allows.
pub const SMALLEST: (u32, u32) = (1120, 720);

/// Modules, the large one included.
const MODULES: usize = 60;
/// Pods of the large one.
const PODS: usize = 300;
/// Entries of the ledger before the program first starts.
pub const ENTRIES: usize = 10_000;
/// The large module; it goes first.
const LARGE: &str = "gateway";
const NAMESPACE: &str = "payments-settlement";
const PLACE: Place = Place {
    id: "north",
    cluster: "north-china-production-cluster-with-a-long-name-01",
};
const STOP: Stop = Stop {
    id: "first",
    name: "华北一区生产",
    environments: &[PLACE],
    votes: &[OPERATOR],
};

/// Why the large site could not be made.
#[derive(Debug, thiserror::Error)]
pub enum LargeFailure {
    /// The cluster.
    #[error("the large cluster: {0}")]
    Start(#[from] StartError),
    /// What should be on it.
    #[error("the large cluster's objects: {0}")]
    Fill(#[from] ManifestError),
    /// The ledger.
    #[error("the long ledger: {0}")]
    Ledger(#[from] LedgerFailure),
    /// The workspace's files.
    #[error("the large workspace: {0}")]
    Write(#[from] std::io::Error),
}

/// A cluster in this process and a workspace for it.
pub struct Large {
    _cluster: Cluster,
    workspace: PathBuf,
    kubeconfig: PathBuf,
}

impl Large {
    /// Starts the cluster with the old versions on it and writes the workspace.
    ///
    /// # Errors
    /// When a port, a manifest or a file stands in the way.
    pub async fn set_up(folder: &Path) -> Result<Large, LargeFailure> {
        let mut spec = ClusterSpec::new(PLACE.cluster, 60);
        spec.namespaces = vec![NAMESPACE.to_owned()];
        spec.users = vec![User::admin("zhangsan", "not-a-secret-of-anybody")];
        let cluster = Cluster::start(spec).await?;
        let old: Vec<_> = modules().map(|name| deployment(&name, "3.18.0")).collect();
        cluster
            .apply_manifest_as(cluster::FIELD_MANAGER, &old.join("---\n"))
            .await?;
        cluster.settle().await;
        let workspace = folder.join("large");
        for name in modules() {
            for place in [PLACE.id, "south"] {
                let folder = workspace.join("modules").join(&name).join(place);
                std::fs::create_dir_all(&folder)?;
                std::fs::write(folder.join("deployment.yaml"), deployment(&name, "3.19.0"))?;
            }
        }
        std::fs::write(workspace.join("pilothouse.yaml"), description())?;
        let kubeconfig = folder.join("large.kubeconfig");
        std::fs::write(&kubeconfig, cluster.kubeconfig("zhangsan"))?;
        Ok(Large {
            _cluster: cluster,
            workspace,
            kubeconfig,
        })
    }
}

/// Writes a long ledger into a data folder that no program has open.
///
/// # Errors
/// When it cannot be written.
pub async fn long_ledger(data_folder: &Path, entries: usize) -> Result<(), LargeFailure> {
    std::fs::create_dir_all(data_folder)?;
    let ledger = SqliteLedger::open(data_folder).await?;
    let begun = Utc::now() - Length::days(200);
    let entries = (0..entries).map(|number| {
        let context = format!("cluster-{:03}", number / 2);
        NewEntry {
            at: begun + Length::minutes(28 * i64::try_from(number).unwrap_or(0)),
            actor: Some(PersonId::from(OPERATOR.id)),
            record: Record::Register(if number % 2 == 0 {
                RegisterEvent::ContextImported { context }
            } else {
                RegisterEvent::ContextForgotten { context }
            }),
        }
    });
    ledger
        .append(&Stream::Register, 0, entries.collect())
        .await?;
    ledger.close().await;
    Ok(())
}

fn modules() -> impl Iterator<Item = String> {
    std::iter::once(LARGE.to_owned()).chain(
        (1..MODULES).map(|n| format!("settlement-reconciliation-worker-region-north-{n:02}")),
    )
}

fn deployment(name: &str, version: &str) -> String {
    let replicas = if name == LARGE { PODS } else { 1 };
    format!(
        "apiVersion: apps/v1
kind: Deployment
metadata:
  name: {name}
  namespace: {NAMESPACE}
  labels: {{ app: {name}, app.kubernetes.io/version: {version} }}
spec:
  replicas: {replicas}
  strategy: {{ type: RollingUpdate, rollingUpdate: {{ maxSurge: 10%, maxUnavailable: 10% }} }}
  selector: {{ matchLabels: {{ app: {name} }} }}
  template:
    metadata: {{ labels: {{ app: {name}, app.kubernetes.io/version: {version} }} }}
    spec:
      containers:
        - name: {LARGE}
          image: pilothouse.example/{name}:{version}
          readinessProbe: {{ httpGet: {{ path: /healthz, port: 8080 }} }}
"
    )
}

/// `pilothouse.yaml`, with names that fill their places.
fn description() -> String {
    let mut text = format!(
        "name: {{ zh: 清结算与对账平台（含跨境与灾备）, en: Settlement and reconciliation platform }}
pipeline:
  - id: {stage}
    name: {{ zh: 华北一区生产集群（含灾备与只读副本）, en: North China region one production with standby }}
    soakSeconds: 5
    gate: {{ votes: [operator], waivable: [] }}
    environments:
      - id: {place}
        name: {{ zh: 华北一区生产集群（含灾备与只读副本）, en: North China region one production with standby }}
        short: 华北一区
        tier: prod
        cluster: {cluster}
        namespace: {NAMESPACE}
  - id: second
    name: {{ zh: 华南二区生产集群（尚未接入）, en: 'South China region two, not connected yet' }}
    soakSeconds: 5
    gate: {{ votes: [operator, verifier, manager], waivable: [] }}
    environments:
      - id: south
        name: {{ zh: 华南二区生产集群（尚未接入）, en: 'South China region two, not connected yet' }}
        short: 华南二区
        tier: prod
        cluster: south-china-production-cluster-02
        namespace: {NAMESPACE}
modules:
",
        stage = STOP.id,
        place = PLACE.id,
        cluster = PLACE.cluster,
    );
    for name in modules() {
        // A String takes whatever is written to it.
        let _ = writeln!(text, "  - {{ id: {name}, strategy: rolling }}");
    }
    text.push_str(
        "people:
  - { id: zhangsan, name: 欧阳建国·阿不都热西提·买买提江, roles: [operator] }
  - { id: lisi, name: Alexandra von Hohenlohe-Langenburg, roles: [verifier] }
  - { id: wangwu, name: 王五, roles: [manager] }
checklist: []
draft:
  title: 26Q3 清结算平台全量升级：网关扩容、对账流水换库、跨境通道切换与灾备演练合并上线
  background: 六十个模块一起上。
  level: high
  operator: zhangsan
  verifier: lisi
  manager: wangwu
  modules:
",
    );
    for name in modules() {
        let _ = writeln!(text, "    - {name}");
    }
    text
}

impl Play {
    /// A release of sixty modules up to the middle of the largest, in pictures.
    ///
    /// # Errors
    /// When a step cannot be done.
    pub async fn large_release(&mut self, large: &Large) -> Result<(), WindowFailure> {
        self.window.theme("light").await?;
        self.open_workspace(&large.workspace).await?;
        self.picture("no-release").await?;
        self.create_keys().await?;
        self.wrong_passphrase().await?;
        self.bind(&large.kubeconfig, PLACE.cluster, PLACE.id)
            .await?;
        self.create_release().await?;
        self.check_permissions(&PLACE).await?;
        self.review(&PLACE).await?;
        self.pass_gate(&STOP).await?;
        self.arm(&PLACE, LARGE).await?;
        self.start(&PLACE, LARGE).await?;
        self.some_pods().await?;
        self.everywhere("large").await?;
        self.window.resize(SMALLEST).await?;
        self.everywhere("small").await?;
        self.window.language("en").await?;
        self.everywhere("small-en").await?;
        self.window.language("zh-CN").await?;
        self.window.resize(SIZE).await
    }

    /// A key that is locked, and somebody who mistypes.
    async fn wrong_passphrase(&mut self) -> Result<(), WindowFailure> {
        self.say("somebody mistypes a passphrase");
        let id = OPERATOR.id;
        self.window.press("person-chip").await?;
        self.window.press(&format!("key-lock-{id}")).await?;
        self.window.press(&format!("key-unlock-{id}")).await?;
        self.window.type_into("passphrase", "harbour pilot").await?;
        self.window.press("key-confirm").await?;
        self.window.wait_for("failure").await?;
        self.picture("wrong-passphrase").await?;
        self.window.type_into("passphrase", PASSPHRASE).await?;
        self.window.press("key-confirm").await?;
        self.window.wait_gone("key-dialog", LIMITS.step).await?;
        self.window.press("people-close").await?;
        self.window.wait_gone("people-dialog", LIMITS.step).await
    }

    async fn some_pods(&self) -> Result<(), WindowFailure> {
        let some = |text: &str| {
            let ready = text.split('/').next().and_then(|n| n.trim().parse().ok());
            ready >= Some(PODS / 4)
        };
        self.window
            .wait_text("pod-ready-count", LIMITS.rollout, some)
            .await
            .map(drop)
    }

    /// Every screen as it is now.
    async fn everywhere(&mut self, name: &str) -> Result<(), WindowFailure> {
        for (screen, shows) in [
            ("rollout", "screen-rollout"),
            ("overview", "overview"),
            ("gate", "screen-gate"),
            ("changes", "screen-changes"),
            ("checklist", "screen-checklist"),
            ("environments", "environments"),
            ("audit", "screen-audit"),
        ] {
            self.go(screen, shows).await?;
            if screen == "audit" {
                self.window.press("audit-release-clear").await?;
                self.window.wait_for("audit-rows").await?;
            }
            self.picture(&format!("{name}-{screen}")).await?;
        }
        self.window
            .type_into("audit-search", "没有这样的词")
            .await?;
        self.window.wait_for("audit-none").await?;
        self.picture(&format!("{name}-audit-none")).await
    }
}
