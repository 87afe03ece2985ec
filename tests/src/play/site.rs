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
        self.look_into(kubeconfig, context).await?;
        self.store(context).await?;
        self.window.press("import-close").await?;
        self.probe(context, environment).await?;
        self.pin().await
    }

    /// Opens the import and lets it show what a kubeconfig holds. Nothing is stored by it.
    ///
    /// # Errors
    /// When the context is not shown.
    pub async fn look_into(
        &mut self,
        kubeconfig: &Path,
        context: &str,
    ) -> Result<(), WindowFailure> {
        self.say(&format!("look into a kubeconfig that has {context}"));
        self.go("environments", "environments").await?;
        self.window.press("import").await?;
        let path = kubeconfig.display().to_string();
        self.window.type_into("import-path", &path).await?;
        self.window.press("import-look").await?;
        self.window.wait_for(&format!("context-{context}")).await
    }

    /// Stores the contexts that are chosen in the import.
    ///
    /// # Errors
    /// When the context does not appear among the entries of the keychain.
    pub async fn store(&mut self, context: &str) -> Result<(), WindowFailure> {
        self.say(&format!("store {context} in the keychain"));
        self.window.press("import-store").await?;
        self.window
            .wait_for_within(&format!("entry-{context}"), LIMITS.work)
            .await
    }

    /// Asks the cluster of a context who it is, for an environment.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn probe(&mut self, context: &str, environment: &str) -> Result<(), WindowFailure> {
        self.ask(context, environment).await?;
        self.window.wait_for_within("probe", LIMITS.work).await
    }

    /// The same without waiting for the answer.
    ///
    /// # Errors
    /// When it cannot be asked.
    pub async fn ask(&mut self, context: &str, environment: &str) -> Result<(), WindowFailure> {
        self.say(&format!("ask the cluster of {context} who it is"));
        self.window
            .press(&format!("environment-{environment}"))
            .await?;
        self.window.choose("pin-context", context).await?;
        self.window.press("pin-probe").await
    }

    /// Pins the environment to the cluster that was shown.
    ///
    /// # Errors
    /// When it cannot be pinned.
    pub async fn pin(&mut self) -> Result<(), WindowFailure> {
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
