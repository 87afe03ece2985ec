//! What the release leaves: the audit log and the upgrade record.

use std::path::Path;

use super::{Look, Play};
use crate::window::{LIMITS, WindowFailure};

impl Play {
    /// Verifies the audit log's chain and exports it in both formats.
    ///
    /// # Errors
    /// When the chain is broken or nothing is written.
    pub async fn export_audit(&mut self, folder: &Path) -> Result<(), WindowFailure> {
        self.say("verify the audit log and export it");
        self.go("audit", "screen-audit").await?;
        self.window.press("audit-verify").await?;
        self.window
            .eventually("the chain to be whole", LIMITS.work, async || {
                let broken = self.window.attribute("chain", "data-broken").await?;
                Ok((broken.is_none() && self.window.offers("audit-verify").await?).then_some(()))
            })
            .await?;
        self.window.wait_for("chain-verdict").await?;
        if let Some(row) = self.window.ids("audit-row-").await?.into_iter().nth(1) {
            self.window.press(&row).await?;
            self.window.wait_for("audit-json").await?;
        }
        self.picture("audit").await?;
        for (format, file) in [("jsonLines", "record.jsonl"), ("csv", "record.csv")] {
            let path = folder.join(file);
            self.window.press("audit-export").await?;
            self.window.press(&format!("audit-export-{format}")).await?;
            self.window
                .type_into("audit-export-path", &path.display().to_string())
                .await?;
            self.window.press("audit-export-run").await?;
            self.window
                .wait_for_within("audit-export-done", LIMITS.work)
                .await?;
            self.window.press("audit-export-close").await?;
            self.window
                .wait_gone("audit-export-dialog", LIMITS.step)
                .await?;
        }
        Ok(())
    }

    /// Looks at the upgrade record.
    ///
    /// # Errors
    /// When it is empty.
    pub async fn upgrade_record(&mut self) -> Result<(), WindowFailure> {
        self.say("look at the upgrade record");
        self.go("audit", "screen-audit").await?;
        self.window.press("audit-tab-record").await?;
        self.window.wait_for_within("record-0", LIMITS.work).await?;
        self.picture("upgrade-record").await
    }

    /// The overview as it is now, in all looks.
    ///
    /// # Errors
    /// When it does not show.
    pub async fn overview(&mut self, name: &str) -> Result<(), WindowFailure> {
        self.go("overview", "overview").await?;
        self.picture_in(name, &[Look::English, Look::Dark]).await
    }
}
