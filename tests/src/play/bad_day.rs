//! A bad day on a real cluster, in pictures: what an operator reads when a change is refused, when its
//! answer is lost, when nobody answers, when rights go, and when another cluster has the name.
//!
//! Panics where a cluster does not let itself be broken, as a story does.
#![allow(clippy::expect_used)]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use controlplane::{Behaviour, ControlPlane, Image, Options};
use http::{Method, StatusCode};

use super::example::{OPERATOR, Place, Stop};
use super::{BACK_HOLD, Look, Play};
use crate::window::{LIMITS, WindowFailure};
use crate::wire::{Fate, Proxy, Trap, hook};
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
/// Where the change of the module goes.
const DEPLOYMENT: &str = "/deployments/gateway";
/// What an admission policy says, as an API server passes it on.
const DENIED: &str = r#"{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","code":403,"reason":"Forbidden","message":"admission webhook \"images.policy.pilothouse.example\" denied the request: 镜像 pilothouse.example/gateway:3.19.0 没有签名 (image is not signed)"}"#;

/// A cluster with a proxy in front of it, and another one of the same name.
pub struct BadDay {
    site: Arc<Site>,
    other: Site,
    proxy: Proxy,
    workspace: PathBuf,
    kubeconfig: PathBuf,
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
        Ok(BadDay {
            site: Arc::new(site),
            other,
            proxy,
            workspace,
            kubeconfig,
        })
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

impl Play {
    /// One thing goes wrong after the other.
    ///
    /// # Errors
    /// When the window shows something else than it should.
    pub async fn bad_day(&mut self, day: &BadDay) -> Result<(), WindowFailure> {
        self.window.theme("light").await?;
        self.open_workspace(&day.workspace).await?;
        self.create_keys().await?;
        self.bind(&day.kubeconfig, PLACE.cluster, PLACE.id).await?;
        self.create_release().await?;
        self.check_permissions(&PLACE).await?;
        self.review(&PLACE).await?;
        self.pass_gate(&STOP).await?;
        self.refused(day).await?;
        self.request_lost(day).await?;
        self.rights_gone(day).await?;
        self.roll_back(&PLACE).await?;
        self.review(&PLACE).await?;
        self.pass_gate(&STOP).await?;
        self.answer_lost(day).await?;
        self.nobody_answers(day).await?;
        self.another_cluster(day).await
    }

    async fn refused(&mut self, day: &BadDay) -> Result<(), WindowFailure> {
        self.say("a policy refuses the change");
        let denied = Fate::Answered(StatusCode::FORBIDDEN, DENIED.to_owned());
        day.proxy.set(Trap::next(Method::PATCH, DEPLOYMENT, denied));
        self.begin().await?;
        self.reads("changeRefused").await?;
        self.bad_picture("refused").await
    }

    async fn request_lost(&mut self, day: &BadDay) -> Result<(), WindowFailure> {
        self.say("the request is lost on its way");
        day.proxy
            .set(Trap::next(Method::PATCH, DEPLOYMENT, Fate::Lost));
        self.begin().await?;
        self.reads("changeLost").await?;
        self.bad_picture("lost").await
    }

    async fn rights_gone(&mut self, day: &BadDay) -> Result<(), WindowFailure> {
        self.say("the operator's rights are taken away");
        self.arm_again().await?;
        let (kind, name) = ("clusterrolebinding", "pilothouse-operator");
        let mut binding = day
            .site
            .get(NAMESPACE, kind, name)
            .await
            .expect("a binding");
        day.kubectl(&["delete", kind, name], "").await;
        self.begin().await?;
        self.reads("permissionMissing").await?;
        self.bad_picture("rights-gone").await?;
        for number in ["uid", "resourceVersion"] {
            binding["metadata"]
                .as_object_mut()
                .map(|metadata| metadata.remove(number));
        }
        day.kubectl(&["create", "-f", "-"], &binding.to_string())
            .await;
        self.window
            .wait_attribute(&row(), "data-status", LIMITS.rollout, |status| {
                status == "passed"
            })
            .await?;
        self.bad_picture("rights-back").await
    }

    async fn answer_lost(&mut self, day: &BadDay) -> Result<(), WindowFailure> {
        self.say("the API server ends right after it has carried the change out");
        let site = Arc::clone(&day.site);
        let kill = hook(move || {
            let site = Arc::clone(&site);
            async move {
                on_the_machine(&site, ControlPlane::kill_apiserver).await;
            }
        });
        day.proxy
            .set(Trap::next(Method::PATCH, DEPLOYMENT, Fate::AnswerLost).after(kill));
        self.begin().await?;
        self.reads("outcomeUnknown").await?;
        self.bad_picture("unknown").await?;
        on_the_machine(&day.site, ControlPlane::start_apiserver).await;
        self.window
            .wait_text("pod-ready-count", LIMITS.rollout, |text| {
                !text.starts_with('0')
            })
            .await?;
        self.bad_picture("known-again").await
    }

    async fn nobody_answers(&mut self, day: &BadDay) -> Result<(), WindowFailure> {
        self.say("the API server is gone during the rollout");
        on_the_machine(&day.site, ControlPlane::kill_apiserver).await;
        self.reads("clusterUnreachable").await?;
        self.identity_is("unreachable").await?;
        self.bad_picture("nobody-answers").await?;
        for (screen, shows) in [
            ("overview", "overview"),
            ("gate", "screen-gate"),
            ("changes", "screen-changes"),
        ] {
            self.go(screen, shows).await?;
            self.picture(&format!("nobody-answers-{screen}")).await?;
        }
        self.go("rollout", "screen-rollout").await?;
        self.say("the way back while nobody answers");
        self.window.hold("way-back", BACK_HOLD).await?;
        self.way_back_is("running").await?;
        self.reads("clusterUnreachable").await?;
        self.bad_picture("back-while-nobody-answers").await?;
        on_the_machine(&day.site, ControlPlane::start_apiserver).await;
        self.way_back_is("done").await?;
        self.bad_picture("back").await
    }

    async fn another_cluster(&mut self, day: &BadDay) -> Result<(), WindowFailure> {
        self.say("another cluster answers under the name");
        day.proxy.point_at(&day.other).await;
        day.proxy.cut();
        self.identity_is("mismatch").await?;
        self.bad_picture("another-cluster").await
    }

    async fn arm_again(&mut self) -> Result<(), WindowFailure> {
        let arming = self.window.attribute("banner", "data-arming").await?;
        if arming.as_deref() == Some("armed") {
            return Ok(());
        }
        self.arm(&PLACE, MODULE).await
    }

    async fn begin(&mut self) -> Result<(), WindowFailure> {
        self.arm_again().await?;
        self.window.press("rollout-start").await
    }

    /// Waits until the failure with this code is told.
    async fn reads(&self, code: &str) -> Result<(), WindowFailure> {
        self.window
            .wait_attribute("rollout-failed", "data-code", LIMITS.rollout, |told| {
                told == code
            })
            .await
            .map(drop)
    }

    async fn identity_is(&self, wanted: &str) -> Result<(), WindowFailure> {
        self.window
            .wait_attribute("banner", "data-identity", LIMITS.rollout, |state| {
                state == wanted
            })
            .await
            .map(drop)
    }

    async fn way_back_is(&self, wanted: &str) -> Result<(), WindowFailure> {
        self.window
            .wait_attribute("way-back-state", "data-state", LIMITS.rollout, |state| {
                state == wanted
            })
            .await
            .map(drop)
    }

    async fn bad_picture(&mut self, name: &str) -> Result<(), WindowFailure> {
        self.picture_in(name, &[Look::English]).await
    }
}

fn row() -> String {
    format!("module-{MODULE}")
}

/// Breaks or mends a part of a cluster.
async fn on_the_machine<E: std::fmt::Debug + Send + 'static>(
    site: &Arc<Site>,
    what: impl FnOnce(&ControlPlane) -> Result<(), E> + Send + 'static,
) {
    let site = Arc::clone(site);
    tokio::task::spawn_blocking(move || what(site.control_plane()))
        .await
        .expect("a thread")
        .expect("a cluster that lets itself be broken");
}
