//! Desktop notifications. A hint only: whether the desktop took one is in the ledger.

#[cfg(target_os = "linux")]
mod daemon;
mod pace;
mod plugin;
mod words;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use async_trait::async_trait;
use domain::NotificationKind;
use engine::ports::{DesktopNotice, Notifier, NotifyFailure};
use tauri::AppHandle;

use crate::preferences::PreferencesFile;
use pace::Pace;
pub use plugin::plugin;
use words::Words;

/// Called when the person clicks a notification.
pub type OnClick = Arc<dyn Fn() + Send + Sync>;

/// Hands notifications to the desktop.
///
/// macOS and Windows get all of them through Tauri's plugin. On Linux the plugin sends the ordinary
/// ones, once the daemon is known to answer; urgent ones need what the plugin cannot do (urgency, no
/// expiry, the daemon's own error), and are sent to the daemon directly.
pub struct DesktopNotifier {
    app: AppHandle,
    preferences: Arc<PreferencesFile>,
    pace: Mutex<Pace>,
    on_click: OnClick,
    #[cfg(target_os = "linux")]
    daemon: daemon::Daemon,
}

impl DesktopNotifier {
    /// A notifier that has not talked to the desktop yet.
    pub fn new(app: AppHandle, preferences: Arc<PreferencesFile>, on_click: OnClick) -> Self {
        DesktopNotifier {
            app,
            preferences,
            pace: Mutex::default(),
            #[cfg(target_os = "linux")]
            daemon: daemon::Daemon::new(Arc::clone(&on_click)),
            on_click,
        }
    }

    #[cfg(target_os = "linux")]
    async fn hand_over(&self, urgent: bool, words: Words) -> Result<(), NotifyFailure> {
        if urgent {
            return self.daemon.send(&words).await;
        }
        // The plugin says nothing when nobody takes its notification: the daemon has to answer first.
        self.daemon.answers().await?;
        plugin::send(&self.app, &self.on_click, &words.title, &words.escaped())
    }

    #[cfg(not(target_os = "linux"))]
    async fn hand_over(&self, _urgent: bool, words: Words) -> Result<(), NotifyFailure> {
        plugin::send(&self.app, &self.on_click, &words.title, &words.body)
    }
}

/// Whether a notification has to stay until somebody has seen it: the release waits for a person, or
/// production runs something else than it did a moment ago.
fn is_urgent(kind: NotificationKind) -> bool {
    match kind {
        NotificationKind::Failed | NotificationKind::NeedsYou | NotificationKind::RolledBack => {
            true
        }
        NotificationKind::Done => false,
    }
}

#[async_trait]
impl Notifier for DesktopNotifier {
    async fn notify(&self, notice: DesktopNotice) -> Result<(), NotifyFailure> {
        let urgent = is_urgent(notice.kind);
        let allowed = {
            let mut pace = self.pace.lock().unwrap_or_else(PoisonError::into_inner);
            pace.allows(urgent, Instant::now())
        };
        if !allowed {
            return Err(NotifyFailure("too many within a minute".to_owned()));
        }
        let words = Words::of(&notice, self.preferences.get().language);
        self.hand_over(urgent, words).await
    }

    #[cfg(target_os = "linux")]
    async fn available(&self) -> bool {
        self.daemon.answers().await.is_ok()
    }

    /// Elsewhere the system does not say whether anybody will see a notification.
    #[cfg(not(target_os = "linux"))]
    async fn available(&self) -> bool {
        true
    }
}
