use async_trait::async_trait;
use domain::{EnvironmentId, ModuleId, NotificationKind, ReleaseId, Text};

/// Something to tell the person even when the window is behind another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DesktopNotice {
    /// What it says.
    pub kind: NotificationKind,
    /// The release.
    pub release: ReleaseId,
    /// Its title.
    pub title: String,
    /// The environment.
    pub environment: EnvironmentId,
    /// Its name.
    pub environment_name: Text,
    /// Which modules.
    pub modules: Vec<ModuleId>,
}

/// Tells the person through the desktop. A hint only: the ledger has the truth.
#[async_trait]
pub trait Notifier: Send + Sync {
    /// Hands the notice over; the error says why the desktop did not take it.
    async fn notify(&self, notice: DesktopNotice) -> Result<(), NotifyFailure>;

    /// Whether somebody listens.
    async fn available(&self) -> bool;
}

/// Why the desktop did not take a notice.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the desktop did not take the notification: {0}")]
pub struct NotifyFailure(pub String);
