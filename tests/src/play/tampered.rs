//! A ledger that somebody has tampered with.

use std::path::Path;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection};

use super::{LEDGER, Play};
use crate::window::{LIMITS, WindowFailure};

/// Changes an entry in the ledger of a data folder, as somebody would who knows where it is: the
/// triggers that refuse it are taken away first.
///
/// # Errors
/// When there is no such ledger.
pub async fn tamper(data_folder: &Path, sequence: u32) -> Result<(), sqlx::Error> {
    let file = SqliteConnectOptions::new().filename(data_folder.join(LEDGER));
    let mut ledger = file.connect().await?;
    let triggers: Vec<String> =
        sqlx::query_scalar("SELECT name FROM sqlite_schema WHERE type = 'trigger'")
            .fetch_all(&mut ledger)
            .await?;
    for trigger in triggers {
        sqlx::query(AssertSqlSafe(format!("DROP TRIGGER {trigger}")))
            .execute(&mut ledger)
            .await?;
    }
    sqlx::query("UPDATE entries SET actor = 'nobody' WHERE sequence = ?1")
        .bind(sequence)
        .execute(&mut ledger)
        .await?;
    ledger.close().await
}

impl Play {
    /// Verifies the audit log after it was tampered with behind the window's back.
    ///
    /// # Errors
    /// When the window finds nothing.
    pub async fn find_tampering(&mut self) -> Result<(), WindowFailure> {
        self.say("verify an audit log that was tampered with");
        self.go("audit", "screen-audit").await?;
        self.window.press("audit-verify").await?;
        self.window
            .wait_attribute("chain", "data-broken", LIMITS.work, |at| !at.is_empty())
            .await?;
        self.picture_in("audit-broken", &super::LOOKS).await
    }

    /// Starts on it: it is said, and there is no way on but to the log.
    ///
    /// # Errors
    /// When the program starts all the same.
    pub async fn start_on_tampered(&mut self) -> Result<(), WindowFailure> {
        self.say("start on an audit log that was tampered with");
        self.window.wait_for("start-failure").await?;
        self.picture_in("start-broken", &super::LOOKS).await?;
        self.window.press("start-audit").await?;
        self.window.wait_for("chain").await?;
        self.picture("start-broken-audit").await
    }
}
