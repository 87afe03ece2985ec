//! What goes wrong, one thing after the other, and what is read then.

use std::sync::Arc;

use controlplane::ControlPlane;
use http::{Method, StatusCode};

use super::{BadDay, MODULE, NAMESPACE, PLACE, STOP};
use crate::play::{BACK_HOLD, Look, Play};
use crate::window::{LIMITS, WindowFailure};
use crate::wire::{Fate, Hook, Trap, hook};
use crate::world::{Caller, Site};

/// Where the change of the module goes.
const DEPLOYMENT: &str = "/deployments/gateway";
/// What an admission policy says, as an API server passes it on.
const DENIED: &str = r#"{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","code":403,"reason":"Forbidden","message":"admission webhook \"images.policy.pilothouse.example\" denied the request: 镜像 pilothouse.example/gateway:3.19.0 没有签名 (image is not signed)"}"#;

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
        self.unwritten(day).await?;
        self.roll_back(&PLACE).await?;
        self.review(&PLACE).await?;
        self.pass_gate(&STOP).await?;
        self.refused(day).await?;
        self.request_lost(day).await?;
        self.rights_gone(day).await?;
        self.roll_back(&PLACE).await?;
        self.review(&PLACE).await?;
        self.pass_gate(&STOP).await?;
        self.edited(day).await?;
        self.roll_back(&PLACE).await?;
        self.review(&PLACE).await?;
        self.pass_gate(&STOP).await?;
        self.outdated(day).await?;
        // What is to be written is still what was agreed to: the gate stays open.
        self.review(&PLACE).await?;
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

    async fn outdated(&mut self, day: &BadDay) -> Result<(), WindowFailure> {
        self.say("somebody else changes the object right before");
        let edit = somebody(day, &["annotate", "deployment", MODULE, "seen=yes"]);
        day.proxy
            .set(Trap::next(Method::PATCH, DEPLOYMENT, Fate::Passes).before(edit));
        self.begin().await?;
        self.reads("changeOutdated").await?;
        self.bad_picture("outdated").await?;
        self.go("changes", "screen-changes").await?;
        self.window.press("diff-run").await?;
        self.waits("backup", "class", |class| class.contains("old"))
            .await?;
        self.bad_picture("outdated-backup").await
    }

    async fn edited(&mut self, day: &BadDay) -> Result<(), WindowFailure> {
        self.say("somebody else changes the object during its rollout");
        let edit = somebody(day, &["scale", "deployment", MODULE, "--replicas=5"]);
        day.proxy
            .set(Trap::next(Method::PATCH, DEPLOYMENT, Fate::Passes).after(edit));
        self.begin().await?;
        self.reads("rolloutErrored").await?;
        self.bad_picture("edited").await?;
        self.go("audit", "screen-audit").await?;
        self.bad_picture("edited-audit").await?;
        self.window.press("audit-tab-record").await?;
        self.window.wait_for_within("record-0", LIMITS.work).await?;
        self.bad_picture("edited-record").await?;
        self.go("rollout", "screen-rollout").await
    }

    async fn unwritten(&mut self, day: &BadDay) -> Result<(), WindowFailure> {
        self.say("the disk is full when the cluster has carried the change out");
        let disk = Arc::clone(&day.disk);
        let fill = hook(move || {
            let disk = Arc::clone(&disk);
            async move { disk.fill().expect("a full disk") }
        });
        day.proxy
            .set(Trap::next(Method::PATCH, DEPLOYMENT, Fate::Passes).after(fill));
        self.begin().await?;
        self.reads("outcomeUnwritten").await?;
        self.bad_picture("unwritten").await?;
        self.go("start", "start").await?;
        self.picture("unwritten-start").await?;
        self.go("rollout", "screen-rollout").await?;
        day.disk.free().expect("room again");
        self.window.press("rollout-continue").await?;
        self.has_passed().await?;
        self.bad_picture("room-again").await
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
        self.has_passed().await?;
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
        self.waits("rollout-failed", "data-code", |told| told == code)
            .await
    }

    async fn identity_is(&self, wanted: &str) -> Result<(), WindowFailure> {
        self.waits("banner", "data-identity", |state| state == wanted)
            .await
    }

    async fn way_back_is(&self, wanted: &str) -> Result<(), WindowFailure> {
        self.waits("way-back-state", "data-state", |state| state == wanted)
            .await
    }

    async fn has_passed(&self) -> Result<(), WindowFailure> {
        self.waits(&format!("module-{MODULE}"), "data-status", |status| {
            status == "passed"
        })
        .await
    }

    async fn waits(
        &self,
        testid: &str,
        attribute: &str,
        right: impl Fn(&str) -> bool,
    ) -> Result<(), WindowFailure> {
        let told = self
            .window
            .wait_attribute(testid, attribute, LIMITS.rollout, right);
        told.await.map(drop)
    }

    async fn bad_picture(&mut self, name: &str) -> Result<(), WindowFailure> {
        self.picture_in(name, &[Look::English]).await
    }
}

/// Somebody else's kubectl, run when the proxy says so.
fn somebody(day: &BadDay, arguments: &'static [&'static str]) -> Hook {
    let site = Arc::clone(&day.site);
    hook(move || {
        let site = Arc::clone(&site);
        async move {
            let arguments = [&["-n", NAMESPACE], arguments].concat();
            let output = site.kubectl(Caller::Admin, &arguments, "").await;
            assert!(output.status.success(), "{output:?}");
        }
    })
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
