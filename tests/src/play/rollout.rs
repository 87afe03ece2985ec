//! Rolling out, and rolling back.

use std::time::Duration;

use super::example::{MODULES, OPERATOR, Place, STOPS};
use super::{Look, Play};
use crate::window::{LIMITS, WindowFailure};

/// How long the way back is held: longer than the 0.8 s that it asks for.
pub const BACK_HOLD: Duration = Duration::from_millis(1600);

impl Play {
    /// Puts an environment on the banner.
    ///
    /// # Errors
    /// When the banner does not come to name it.
    pub async fn select(&mut self, place: &Place) -> Result<(), WindowFailure> {
        if self
            .window
            .attribute("banner-environment", "data-environment")
            .await?
            .as_deref()
            == Some(place.id)
        {
            return Ok(());
        }
        self.window.press("banner-environment").await?;
        self.window.press(&format!("pick-{}", place.id)).await?;
        self.window.wait_gone("cluster-picker", LIMITS.work).await?;
        self.window
            .wait_attribute(
                "banner-environment",
                "data-environment",
                LIMITS.step,
                |id| id == place.id,
            )
            .await
            .map(drop)
    }

    /// Arms for a module, starts it and watches it pass.
    ///
    /// # Errors
    /// When it does not pass.
    pub async fn roll_out(&mut self, place: &Place, module: &str) -> Result<(), WindowFailure> {
        self.arm(place, module).await?;
        self.start(place, module).await?;
        let passed = |status: &str| status == "passed";
        self.watch(module, passed).await
    }

    /// Arms for a module: in production by typing the cluster's name.
    ///
    /// # Errors
    /// When it is refused.
    pub async fn arm(&mut self, place: &Place, module: &str) -> Result<(), WindowFailure> {
        self.sit(OPERATOR).await?;
        self.select(place).await?;
        self.say(&format!("arm {module} in {}", place.id));
        self.go("rollout", "screen-rollout").await?;
        if self.window.offers("verify-identity").await? {
            self.window.press("verify-identity").await?;
        }
        self.window
            .wait_attribute("banner", "data-identity", LIMITS.work, |state| {
                state == "verified"
            })
            .await?;
        self.window.press("rollout-arm").await?;
        self.window.wait_for("arm-dialog").await?;
        if self.window.shows("arm-name").await? {
            self.window.type_into("arm-name", place.cluster).await?;
        }
        if module == "fission-executor" {
            self.picture(&format!("arming-{}", place.id)).await?;
        }
        let armed = async || {
            Ok(self
                .window
                .attribute("banner", "data-arming")
                .await?
                .as_deref()
                == Some("armed"))
        };
        self.sign("arm-confirm", "the banner to say armed", armed)
            .await?;
        self.window.wait_gone("arm-dialog", LIMITS.step).await
    }

    /// Starts the rollout that is armed.
    ///
    /// # Errors
    /// When it does not begin.
    pub async fn start(&mut self, place: &Place, module: &str) -> Result<(), WindowFailure> {
        self.say(&format!("roll out {module} in {}", place.id));
        self.window.press("rollout-start").await?;
        self.window
            .wait_attribute(
                &format!("module-{module}"),
                "data-status",
                LIMITS.work,
                |status| status != "waiting",
            )
            .await?;
        if module == "fission-router" {
            self.in_the_middle(module).await?;
            let looks: &[Look] = if place.id == "sz-prod" {
                &[Look::Dark]
            } else {
                &[]
            };
            self.picture_in(&format!("rollout-{}", place.id), looks)
                .await?;
        }
        Ok(())
    }

    /// Waits until some pods are new and some are not.
    async fn in_the_middle(&self, module: &str) -> Result<(), WindowFailure> {
        let row = format!("module-{module}");
        self.window
            .eventually("the first new pods", LIMITS.rollout, async || {
                let status = self.window.attribute(&row, "data-status").await?;
                let count = self
                    .window
                    .wait_text("pod-ready-count", LIMITS.step, |_| true)
                    .await?;
                let ready: Option<u32> = count
                    .split('/')
                    .next()
                    .and_then(|text| text.trim().parse().ok());
                let over = status.as_deref() != Some("running");
                Ok((over || ready >= Some(1)).then_some(()))
            })
            .await
    }

    /// From the first start to a rollout that runs, of the example's first module in its first place.
    ///
    /// # Errors
    /// When a step of it cannot be done.
    pub async fn first_rollout(&mut self) -> Result<(&'static Place, &'static str), WindowFailure> {
        self.first_start().await?;
        self.create_keys().await?;
        self.create_release().await?;
        let stop = &STOPS[0];
        self.prepare(stop).await?;
        self.pass_gate(stop).await?;
        let (place, module) = (&stop.environments[0], MODULES[0]);
        self.arm(place, module).await?;
        self.start(place, module).await?;
        self.watch(module, |status| status == "running").await?;
        Ok((place, module))
    }

    /// Watches a module until its status is as wanted.
    ///
    /// # Errors
    /// When it comes to a bad end, or to none in time.
    pub async fn watch(
        &self,
        module: &str,
        wanted: impl Fn(&str) -> bool,
    ) -> Result<(), WindowFailure> {
        let id = format!("module-{module}");
        let ended =
            |status: &str| wanted(status) || matches!(status, "failed" | "errored" | "stopped");
        let status = self
            .window
            .eventually("the end of the rollout", LIMITS.rollout, async || {
                let status = self.window.attribute(&id, "data-status").await?;
                if status.as_deref().is_some_and(ended) {
                    return Ok(status);
                }
                // The example has a custom resource that no status judges.
                if self.window.offers("rollout-see").await? {
                    self.confirm_seen().await?;
                }
                Ok(None)
            })
            .await?;
        if wanted(&status) {
            return Ok(());
        }
        // It came to another end: this waits for nothing, but it saves what is to be seen.
        self.window
            .wait_attribute(&id, "data-status", Duration::ZERO, &wanted)
            .await
            .map(drop)
    }

    /// Confirms what no status judges.
    ///
    /// # Errors
    /// When the window does not ask for it.
    pub async fn confirm_seen(&self) -> Result<(), WindowFailure> {
        self.window.press("rollout-see").await?;
        self.window.wait_for("rollout-note-dialog").await?;
        self.window
            .type_into("rollout-note", "kubectl get 看过，已是新版本")
            .await?;
        self.window.press("rollout-note-confirm").await?;
        self.window
            .wait_gone("rollout-note-dialog", LIMITS.work)
            .await?;
        self.window.wait_gone("rollout-unseen", LIMITS.work).await
    }

    /// Holds the button in the corner until the environment goes back, and waits until it is back. Whoever
    /// is in the seat does it, with a locked key too.
    ///
    /// # Errors
    /// When it does not come back.
    pub async fn roll_back(&mut self, place: &Place) -> Result<(), WindowFailure> {
        self.select(place).await?;
        self.go("rollout", "screen-rollout").await?;
        self.say(&format!("hold the button: {} goes back", place.id));
        self.window
            .wait_attribute("way-back-state", "data-state", LIMITS.step, |state| {
                state == "ready"
            })
            .await?;
        self.window.press("rollback-preview-open").await?;
        self.window
            .wait_for_within("rollback-preview", LIMITS.work)
            .await?;
        self.picture("rollback-preview").await?;
        self.window.press("rollback-preview-close").await?;
        self.window
            .wait_gone("rollback-preview-dialog", LIMITS.step)
            .await?;
        // Whoever holds it on a busy machine holds it until it moves.
        self.window
            .eventually("the way back to begin", LIMITS.work, async || {
                let state = self
                    .window
                    .attribute("way-back-state", "data-state")
                    .await?;
                if matches!(state.as_deref(), Some("running" | "done")) {
                    return Ok(Some(()));
                }
                self.window.hold("way-back", BACK_HOLD).await?;
                Ok(None)
            })
            .await?;
        self.picture("going-back").await?;
        self.window
            .wait_attribute("way-back-state", "data-state", LIMITS.rollout, |state| {
                state == "done"
            })
            .await?;
        self.say(&format!("{} runs the old versions again", place.id));
        self.picture("gone-back").await
    }
}
