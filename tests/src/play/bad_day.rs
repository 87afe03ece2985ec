//! A bad day on a real cluster, in pictures: what an operator reads when a change is refused, when its
//! answer is lost, when nobody answers, when rights go, and when another cluster has the name.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

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
        let options = [PLACE.cluster, PLACE.cluster]
            .map(|name| Options::named(name).with_images(images.clone()));
        let planes = tokio::task::spawn_blocking(|| ControlPlane::start_all(options)).await??;
        let mut sites = planes.into_iter().map(Site::real);
        let (site, other) = sites.next().zip(sites.next()).ok_or("two clusters")?;
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

    async fn on_the_machine<E: std::fmt::Debug + Send + 'static>(
        &self,
        what: impl FnOnce(&ControlPlane) -> Result<(), E> + Send + 'static,
    ) {
        let site = Arc::clone(&self.site);
        tokio::task::spawn_blocking(move || what(site.control_plane()))
            .await
            .expect("a thread")
            .expect("a cluster that lets itself be broken");
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
        self.try_it("failed").await?;
        self.bad_picture("refused").await
    }

    async fn request_lost(&mut self, day: &BadDay) -> Result<(), WindowFailure> {
        self.say("the request is lost on its way");
        day.proxy
            .set(Trap::next(Method::PATCH, DEPLOYMENT, Fate::Lost));
        self.try_it("errored").await?;
        self.bad_picture("lost").await
    }

    async fn rights_gone(&mut self, day: &BadDay) -> Result<(), WindowFailure> {
        self.say("the operator's rights are taken away");
        self.arm_again().await?;
        let binding = [
            "get",
            "clusterrolebinding",
            "pilothouse-operator",
            "-o",
            "yaml",
        ];
        let kept = day.site.kubectl(Caller::Admin, &binding, "").await;
        let arguments = ["delete", "clusterrolebinding", "pilothouse-operator"];
        day.site.kubectl(Caller::Admin, &arguments, "").await;
        self.window.press("rollout-start").await?;
        tokio::time::sleep(Duration::from_secs(3)).await;
        self.bad_picture("rights-gone").await?;
        let kept = String::from_utf8_lossy(&kept.stdout);
        let kept: String = kept
            .lines()
            .filter(|line| !line.contains("resourceVersion:") && !line.contains("uid:"))
            .flat_map(|line| [line, "\n"])
            .collect();
        day.site
            .kubectl(Caller::Admin, &["create", "-f", "-"], &kept)
            .await;
        tokio::time::sleep(Duration::from_secs(3)).await;
        self.bad_picture("rights-back").await?;
        let over = |status: &str| status != "running";
        self.window
            .wait_attribute(&row(), "data-status", LIMITS.rollout, over)
            .await
            .map(drop)
    }

    async fn answer_lost(&mut self, day: &BadDay) -> Result<(), WindowFailure> {
        self.say("the API server ends right after it has carried the change out");
        let site = Arc::clone(&day.site);
        let kill = hook(move || {
            let site = Arc::clone(&site);
            async move {
                let killed =
                    tokio::task::spawn_blocking(move || site.control_plane().kill_apiserver());
                killed
                    .await
                    .expect("a thread")
                    .expect("a killed API server");
            }
        });
        day.proxy
            .set(Trap::next(Method::PATCH, DEPLOYMENT, Fate::AnswerLost).after(kill));
        self.arm_again().await?;
        self.window.press("rollout-start").await?;
        tokio::time::sleep(Duration::from_secs(4)).await;
        self.bad_picture("unknown").await?;
        day.on_the_machine(ControlPlane::start_apiserver).await;
        self.window
            .wait_text("pod-ready-count", LIMITS.rollout, |text| {
                !text.starts_with('0')
            })
            .await?;
        self.bad_picture("known-again").await
    }

    async fn nobody_answers(&mut self, day: &BadDay) -> Result<(), WindowFailure> {
        self.say("the API server is gone during the rollout");
        day.on_the_machine(ControlPlane::kill_apiserver).await;
        self.window
            .wait_attribute("banner", "data-identity", LIMITS.work, |state| {
                state != "verified"
            })
            .await?;
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
        tokio::time::sleep(Duration::from_secs(4)).await;
        self.bad_picture("back-while-nobody-answers").await?;
        day.on_the_machine(ControlPlane::start_apiserver).await;
        self.window
            .wait_attribute("way-back-state", "data-state", LIMITS.rollout, |state| {
                state == "done"
            })
            .await?;
        self.bad_picture("back").await
    }

    async fn another_cluster(&mut self, day: &BadDay) -> Result<(), WindowFailure> {
        self.say("another cluster answers under the name");
        day.proxy.point_at(&day.other).await;
        day.proxy.cut();
        tokio::time::sleep(Duration::from_secs(1)).await;
        if self.window.offers("verify-identity").await? {
            self.window.press("verify-identity").await?;
        }
        tokio::time::sleep(Duration::from_secs(4)).await;
        self.bad_picture("another-cluster").await
    }

    async fn arm_again(&mut self) -> Result<(), WindowFailure> {
        let arming = self.window.attribute("banner", "data-arming").await?;
        if arming.as_deref() == Some("armed") {
            return Ok(());
        }
        self.arm(&PLACE, MODULE).await
    }

    async fn try_it(&mut self, end: &str) -> Result<(), WindowFailure> {
        self.arm_again().await?;
        self.window.press("rollout-start").await?;
        self.window
            .wait_attribute(&row(), "data-status", LIMITS.work, |status| {
                status == "running"
            })
            .await
            .map(drop)
            .or_else(|_| Ok::<_, WindowFailure>(()))?;
        self.window
            .wait_attribute(&row(), "data-status", LIMITS.rollout, |status| {
                status == end
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
