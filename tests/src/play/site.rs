//! A workspace of one's own, and what was cut off.

use std::path::Path;

use super::Play;
use super::example::Place;
use crate::window::{LIMITS, WindowFailure};

impl Play {
    /// Opens a workspace by its path.
    ///
    /// # Errors
    /// When it does not open.
    pub async fn open_workspace(&mut self, path: &Path) -> Result<(), WindowFailure> {
        self.say("open a workspace of one's own");
        let path = path.display().to_string();
        self.window.type_into("workspace-path", &path).await?;
        self.window.press("open-workspace").await?;
        self.window.wait_for_within("releases", LIMITS.work).await
    }

    /// Imports a kubeconfig and pins an environment to one of its contexts.
    ///
    /// # Errors
    /// When it cannot be imported, or the cluster does not answer.
    pub async fn bind(
        &mut self,
        kubeconfig: &Path,
        context: &str,
        environment: &str,
    ) -> Result<(), WindowFailure> {
        self.say(&format!("import {context} and pin {environment} to it"));
        self.go("environments", "environments").await?;
        self.window.press("import").await?;
        let path = kubeconfig.display().to_string();
        self.window.type_into("import-path", &path).await?;
        self.window.press("import-look").await?;
        self.window.wait_for(&format!("context-{context}")).await?;
        self.window.press("import-store").await?;
        self.window
            .wait_for_within(&format!("entry-{context}"), LIMITS.work)
            .await?;
        self.window.press("import-close").await?;
        self.window
            .press(&format!("environment-{environment}"))
            .await?;
        self.window.choose("pin-context", context).await?;
        self.window.press("pin-probe").await?;
        self.window.wait_for_within("probe", LIMITS.work).await?;
        self.window.press("pin-confirm").await?;
        self.window.wait_gone("probe", LIMITS.work).await
    }

    /// After a restart: looks at what was cut off, asks the cluster, and goes on.
    ///
    /// # Errors
    /// When nothing was cut off, or it cannot go on.
    pub async fn continue_interrupted(&mut self, place: &Place) -> Result<(), WindowFailure> {
        self.say("the program starts again: something was cut off");
        let asked = |found: &str| found != "asking";
        let found = self
            .window
            .wait_attribute("interrupted-found", "data-found", LIMITS.work, asked)
            .await?;
        self.say(&format!("the cluster says: {found}"));
        let on = async || self.window.shows("screen-rollout").await;
        self.sign("interrupted-continue", "the rollout to be shown", on)
            .await?;
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
}
