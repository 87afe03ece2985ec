//! The desktop's notification daemon on Linux, over D-Bus.

use std::collections::HashMap;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use engine::ports::NotifyFailure;
use futures::StreamExt;
use tokio::sync::{Mutex, OnceCell};
use zbus::zvariant::Value;

use super::OnClick;
use super::words::Words;

#[zbus::proxy(
    interface = "org.freedesktop.Notifications",
    default_service = "org.freedesktop.Notifications",
    default_path = "/org/freedesktop/Notifications"
)]
trait Notifications {
    #[allow(clippy::too_many_arguments)]
    fn notify(
        &self,
        app_name: &str,
        replaces_id: u32,
        app_icon: &str,
        summary: &str,
        body: &str,
        actions: &[&str],
        hints: HashMap<&str, Value<'_>>,
        expire_timeout: i32,
    ) -> zbus::Result<u32>;

    fn close_notification(&self, id: u32) -> zbus::Result<()>;

    fn get_server_information(&self) -> zbus::Result<(String, String, String, String)>;

    #[zbus(signal)]
    fn action_invoked(&self, id: u32, action_key: String) -> zbus::Result<()>;
}

/// How long the daemon may take to answer.
const BOUND: Duration = Duration::from_secs(5);
/// Stays until somebody closes it.
const CRITICAL: u8 = 2;
/// No expiry.
const NEVER: i32 = 0;

/// The daemon. One connection lives as long as the program: some desktops drop a notification when
/// its sender goes.
pub(super) struct Daemon {
    on_click: OnClick,
    proxy: OnceCell<NotificationsProxy<'static>>,
    sent: Arc<Mutex<Vec<u32>>>,
}

impl Daemon {
    /// Not connected yet.
    pub(super) fn new(on_click: OnClick) -> Self {
        Daemon {
            on_click,
            proxy: OnceCell::new(),
            sent: Arc::default(),
        }
    }

    /// Whether somebody answers at the daemon's name.
    pub(super) async fn answers(&self) -> Result<(), NotifyFailure> {
        bounded(async { self.proxy().await?.get_server_information().await })
            .await
            .map(drop)
    }

    /// Shows an urgent notification.
    pub(super) async fn send(&self, words: &Words) -> Result<(), NotifyFailure> {
        bounded(self.show(words)).await
    }

    async fn show(&self, words: &Words) -> zbus::Result<()> {
        let hints = HashMap::from([
            ("urgency", Value::U8(CRITICAL)),
            ("desktop-entry", Value::from("pilothouse")),
        ]);
        let actions = ["default", words.open, "open", words.open];
        let id = self
            .proxy()
            .await?
            .notify(
                "Pilothouse",
                0,
                "pilothouse",
                &words.title,
                &words.escaped(),
                &actions,
                hints,
                NEVER,
            )
            .await?;
        self.sent.lock().await.push(id);
        Ok(())
    }

    /// Connects on first use and listens for clicks before anything is sent, so that none is lost.
    async fn proxy(&self) -> zbus::Result<&NotificationsProxy<'static>> {
        self.proxy
            .get_or_try_init(|| async {
                let connection = zbus::Connection::session().await?;
                let proxy = NotificationsProxy::new(&connection).await?;
                let mut clicks = proxy.receive_action_invoked().await?;
                let (closer, on_click, sent) = (
                    proxy.clone(),
                    Arc::clone(&self.on_click),
                    Arc::clone(&self.sent),
                );
                tokio::spawn(async move {
                    while let Some(click) = clicks.next().await {
                        let Ok(click) = click.args() else { continue };
                        let mut sent = sent.lock().await;
                        // The signal is broadcast: other programs' clicks come by here too.
                        if let Some(at) = sent.iter().position(|id| *id == click.id) {
                            sent.remove(at);
                            on_click();
                            if let Err(error) = closer.close_notification(click.id).await {
                                tracing::debug!(%error, "a clicked notification stays open");
                            }
                        }
                    }
                });
                Ok(proxy)
            })
            .await
    }
}

async fn bounded<T>(asked: impl Future<Output = zbus::Result<T>>) -> Result<T, NotifyFailure> {
    match tokio::time::timeout(BOUND, asked).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(error)) => Err(NotifyFailure(error.to_string())),
        Err(_) => Err(NotifyFailure(
            "the notification daemon did not answer".to_owned(),
        )),
    }
}
