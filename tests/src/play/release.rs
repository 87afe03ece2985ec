//! From the first start to a release, and its end.

use super::Play;
use super::example::{MANAGER, OPERATOR};
use crate::window::{LIMITS, WindowFailure};

impl Play {
    /// The first start: nothing is there yet; the example is opened.
    ///
    /// # Errors
    /// When the example does not open.
    pub async fn first_start(&mut self) -> Result<(), WindowFailure> {
        self.say("the first start");
        self.window.wait_for("open-example").await?;
        self.window.theme("light").await?;
        self.picture("first-start").await?;
        self.say("open the example: three rehearsal clusters start");
        self.window.press("open-example").await?;
        self.window.wait_for_within("releases", LIMITS.work).await?;
        self.picture("home").await
    }

    /// A release out of the workspace's draft.
    ///
    /// # Errors
    /// When it cannot be created.
    pub async fn create_release(&mut self) -> Result<(), WindowFailure> {
        self.sit(OPERATOR).await?;
        self.say("create the release from the workspace's draft");
        self.window.press("nav-releases").await?;
        self.window.press("new-release").await?;
        self.window.wait_for("form-title").await?;
        self.picture("release-form").await?;
        let created = async || self.window.shows("overview").await;
        self.sign("form-create", "the release to be created", created)
            .await?;
        let id = self.window.read("release-id").await?;
        self.say(&format!("the release is {id}"));
        self.picture("overview-new").await
    }

    /// Ends the release when everything has passed.
    ///
    /// # Errors
    /// When it cannot be finished.
    pub async fn finish(&mut self) -> Result<(), WindowFailure> {
        self.sit(MANAGER).await?;
        self.say("finish the release");
        self.go("overview", "overview").await?;
        let finished = async || self.window.shows("release-status").await;
        self.sign("next-step-finish", "the release to be finished", finished)
            .await?;
        self.picture("overview-finished").await
    }
}
