//! A real notification daemon, and everything that it was asked to show.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use futures::StreamExt;
use zbus::message::Type;
use zbus::zvariant::OwnedValue;

use super::bus::Bus;
use super::child::{Program, Start};
use super::{DesktopFailure, LIMITS, until};

/// Where it stands on the screen is told, so that a click finds it.
const CONFIG: &str = "[global]
    monitor = 0
    follow = none
    origin = top-right
    width = 360
    offset = 16x16
    notification_limit = 3
    font = Noto Sans CJK SC 10
    markup = full
    format = \"<b>%s</b>\\n%b\"
    mouse_left_click = do_action, close_current
    mouse_middle_click = close_all
[urgency_low]
    timeout = 0
[urgency_normal]
    timeout = 0
[urgency_critical]
    timeout = 0
";

/// A notification as the program asked for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// First line.
    pub summary: String,
    /// The rest, markup included.
    pub body: String,
    /// Action keys that it offers.
    pub actions: Vec<String>,
    /// 0 low, 1 normal, 2 critical.
    pub urgency: u8,
}

/// The daemon with a record of what it showed.
pub struct Notifications {
    shown: Arc<Mutex<Vec<Shown>>>,
    listener: tokio::task::JoinHandle<()>,
    _daemon: Program,
}

impl Notifications {
    /// Starts the daemon, and the record before it.
    ///
    /// # Errors
    /// When the daemon does not take its name on the bus.
    pub async fn start(
        folder: &Path,
        bus: &Bus,
        environment: &[(String, String)],
    ) -> Result<Notifications, DesktopFailure> {
        let shown = Arc::new(Mutex::new(Vec::new()));
        let listener = listen(bus.address(), shown.clone()).await?;
        let config = folder.join("dunstrc");
        std::fs::write(&config, CONFIG).map_err(|source| DesktopFailure::File {
            what: "writing dunstrc",
            source,
        })?;
        let (daemon, _) = Program::start(&Start {
            name: "dunst",
            program: Path::new("dunst"),
            arguments: &["-config".into(), config.display().to_string()],
            environment,
            log: &folder.join("dunst.log"),
            reads_stdout: false,
            stdin: None,
        })?;
        bus.wait_for("org.freedesktop.Notifications").await?;
        Ok(Notifications {
            shown,
            listener,
            _daemon: daemon,
        })
    }

    /// All that was shown so far, oldest first.
    pub fn shown(&self) -> Vec<Shown> {
        self.shown
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Waits for a notification.
    ///
    /// # Errors
    /// When none comes in time.
    pub async fn wait_for(&self, wanted: impl Fn(&Shown) -> bool) -> Result<Shown, DesktopFailure> {
        let found = until(LIMITS.ready, async || {
            Ok::<_, DesktopFailure>(self.shown().into_iter().find(|one| wanted(one)))
        });
        found
            .await?
            .ok_or(DesktopFailure::NotReady("the notification"))
    }
}

impl Drop for Notifications {
    fn drop(&mut self) {
        self.listener.abort();
    }
}

/// Listens in on every call of `Notify`, from whom ever it comes.
async fn listen(
    address: &str,
    shown: Arc<Mutex<Vec<Shown>>>,
) -> Result<tokio::task::JoinHandle<()>, DesktopFailure> {
    let connection = zbus::connection::Builder::address(address)?.build().await?;
    let rule = zbus::MatchRule::builder()
        .msg_type(Type::MethodCall)
        .interface("org.freedesktop.Notifications")?
        .member("Notify")?
        .build();
    let mut messages = zbus::MessageStream::from(&connection);
    let monitoring = zbus::fdo::MonitoringProxy::new(&connection).await?;
    monitoring
        .become_monitor(&[rule], 0)
        .await
        .map_err(zbus::Error::from)?;
    Ok(tokio::spawn(async move {
        type Call = (
            String,
            u32,
            String,
            String,
            String,
            Vec<String>,
            HashMap<String, OwnedValue>,
            i32,
        );
        while let Some(Ok(message)) = messages.next().await {
            let Ok((_, _, _, summary, body, actions, hints, _)) =
                message.body().deserialize::<Call>()
            else {
                continue;
            };
            let urgency = hints
                .get("urgency")
                .and_then(|value| u8::try_from(value).ok())
                .unwrap_or(1);
            let actions = actions.into_iter().step_by(2).collect();
            shown
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(Shown {
                    summary,
                    body,
                    actions,
                    urgency,
                });
        }
    }))
}
