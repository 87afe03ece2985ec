//! Desktop notifications. A hint only: whether the desktop took one is in the ledger.

use async_trait::async_trait;
use engine::ports::{DesktopNotice, Notifier, NotifyFailure};

use crate::preferences::PreferencesFile;
use contract::Language;
use domain::NotificationKind;

/// Called when the person clicks a notification.
pub type OnClick = Box<dyn Fn() + Send + Sync>;

/// Title and body of a notice in the window's language.
fn words(notice: &DesktopNotice, language: Language) -> (String, String) {
    let modules: Vec<_> = notice
        .modules
        .iter()
        .map(|module| module.as_str())
        .collect();
    let zh = language == Language::ZhCn;
    let place = if zh {
        &notice.environment_name.zh
    } else {
        &notice.environment_name.en
    };
    let what = match (notice.kind, zh) {
        (NotificationKind::Done, true) => "上线完成",
        (NotificationKind::Done, false) => "Rollout done",
        (NotificationKind::Failed, true) => "上线失败，可以回滚",
        (NotificationKind::Failed, false) => "Rollout failed; you can roll back",
        (NotificationKind::NeedsYou, true) => "需要你处理",
        (NotificationKind::NeedsYou, false) => "You are needed",
        (NotificationKind::RolledBack, true) => "已回滚，旧版本健康",
        (NotificationKind::RolledBack, false) => "Rolled back; the old version is healthy",
    };
    let separator = if zh { "、" } else { ", " };
    (
        format!("{place} · {what}"),
        format!(
            "{} · {}\n{}",
            notice.release,
            notice.title,
            modules.join(separator)
        ),
    )
}

#[cfg(target_os = "linux")]
pub use linux::DesktopNotifier;

#[cfg(target_os = "linux")]
mod linux {
    use std::collections::HashMap;
    use std::sync::Arc;
    use std::time::Duration;

    use domain::NotificationKind;
    use futures::StreamExt;
    use tokio::sync::{Mutex, OnceCell};
    use zbus::zvariant::Value;

    use super::{
        DesktopNotice, Notifier, NotifyFailure, OnClick, PreferencesFile, async_trait, words,
    };

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

    /// Notifications over D-Bus. One connection lives as long as the program: some desktops drop a
    /// notification when its sender goes.
    pub struct DesktopNotifier {
        preferences: Arc<PreferencesFile>,
        on_click: Arc<OnClick>,
        proxy: OnceCell<NotificationsProxy<'static>>,
        sent: Arc<Mutex<Vec<u32>>>,
    }

    impl DesktopNotifier {
        /// A notifier that has not connected yet.
        pub fn new(preferences: Arc<PreferencesFile>, on_click: OnClick) -> Self {
            DesktopNotifier {
                preferences,
                on_click: Arc::new(on_click),
                proxy: OnceCell::new(),
                sent: Arc::default(),
            }
        }

        /// Connects on first use and listens for clicks before anything is sent, so that none is lost.
        async fn proxy(&self) -> zbus::Result<&NotificationsProxy<'static>> {
            self.proxy
                .get_or_try_init(|| async {
                    let connection = zbus::Connection::session().await?;
                    let proxy = NotificationsProxy::new(&connection).await?;
                    let mut clicks = proxy.receive_action_invoked().await?;
                    let (closer, on_click, sent) =
                        (proxy.clone(), self.on_click.clone(), self.sent.clone());
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

        async fn send(&self, notice: DesktopNotice) -> zbus::Result<u32> {
            let language = self.preferences.get().language;
            let (title, body) = words(&notice, language);
            let open = if language == contract::Language::ZhCn {
                "打开 Pilothouse"
            } else {
                "Open Pilothouse"
            };
            let critical = matches!(
                notice.kind,
                NotificationKind::Failed | NotificationKind::NeedsYou
            );
            let hints = HashMap::from([
                ("urgency", Value::U8(if critical { 2 } else { 1 })),
                ("desktop-entry", Value::from("pilothouse")),
            ]);
            // Bodies may be markup: nothing in them may be taken for a tag.
            let body = body
                .replace('&', "&amp;")
                .replace('<', "&lt;")
                .replace('>', "&gt;");
            let actions = ["default", open, "open", open];
            let stays = if critical { 0 } else { -1 };
            let id = self
                .proxy()
                .await?
                .notify(
                    "Pilothouse",
                    0,
                    "pilothouse",
                    &title,
                    &body,
                    &actions,
                    hints,
                    stays,
                )
                .await?;
            self.sent.lock().await.push(id);
            Ok(id)
        }
    }

    #[async_trait]
    impl Notifier for DesktopNotifier {
        async fn notify(&self, notice: DesktopNotice) -> Result<(), NotifyFailure> {
            match tokio::time::timeout(BOUND, self.send(notice)).await {
                Ok(Ok(_)) => Ok(()),
                Ok(Err(error)) => Err(NotifyFailure(error.to_string())),
                Err(_) => Err(NotifyFailure(
                    "the notification daemon did not answer".to_owned(),
                )),
            }
        }

        async fn available(&self) -> bool {
            let ask = async { self.proxy().await?.get_server_information().await };
            matches!(tokio::time::timeout(BOUND, ask).await, Ok(Ok(_)))
        }
    }
}

#[cfg(not(target_os = "linux"))]
pub use elsewhere::DesktopNotifier;

#[cfg(not(target_os = "linux"))]
mod elsewhere {
    use std::sync::Arc;

    use super::{
        DesktopNotice, Notifier, NotifyFailure, OnClick, PreferencesFile, async_trait, words,
    };

    /// Notifications through the operating system's own service.
    pub struct DesktopNotifier {
        preferences: Arc<PreferencesFile>,
        on_click: Arc<OnClick>,
    }

    impl DesktopNotifier {
        /// A notifier.
        pub fn new(preferences: Arc<PreferencesFile>, on_click: OnClick) -> Self {
            DesktopNotifier {
                preferences,
                on_click: Arc::new(on_click),
            }
        }
    }

    #[async_trait]
    impl Notifier for DesktopNotifier {
        async fn notify(&self, notice: DesktopNotice) -> Result<(), NotifyFailure> {
            let (title, body) = words(&notice, self.preferences.get().language);
            let mut toast = notify_rust::Notification::new();
            toast
                .appname("Pilothouse")
                .summary(&title)
                .body(&body)
                .sound_name("Default");
            toast
                .show()
                .map(drop)
                .map_err(|error| NotifyFailure(error.to_string()))
        }

        async fn available(&self) -> bool {
            true
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_notice_names_place_release_and_modules_in_both_languages() {
        let notice = DesktopNotice {
            kind: NotificationKind::Failed,
            release: "REL-20260915-01".into(),
            title: "26Q3-05 迭代上线".into(),
            environment: "sz-prod".into(),
            environment_name: domain::Text {
                zh: "苏州 prod".into(),
                en: "Suzhou prod".into(),
            },
            modules: vec!["fission-router".into()],
        };
        let (title, body) = words(&notice, Language::ZhCn);
        assert_eq!(title, "苏州 prod · 上线失败，可以回滚");
        assert!(body.contains("REL-20260915-01") && body.contains("fission-router"));
        assert_eq!(
            words(&notice, Language::En).0,
            "Suzhou prod · Rollout failed; you can roll back"
        );
    }
}
