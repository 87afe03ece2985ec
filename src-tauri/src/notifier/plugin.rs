//! Notifications through Tauri's plugin.

use std::sync::{Arc, Once};

use engine::ports::NotifyFailure;
use tauri::plugin::{Plugin, TauriPlugin};
use tauri::{AppHandle, Wry};
use tauri_plugin_notification::NotificationExt;

use super::OnClick;

/// The plugin for the program alone. What it would give the page is left out: the script that takes the
/// place of `window.Notification`, and its commands. The page has no use for them, and a page that
/// could send notifications could send false ones.
struct ForProgramOnly(TauriPlugin<Wry>);

impl Plugin<Wry> for ForProgramOnly {
    fn name(&self) -> &'static str {
        self.0.name()
    }

    fn initialize(
        &mut self,
        app: &AppHandle,
        config: serde_json::Value,
    ) -> Result<(), Box<dyn std::error::Error>> {
        self.0.initialize(app, config)
    }
}

/// What the program is built with, so that [`send`] works.
pub fn plugin() -> impl Plugin<Wry> {
    ForProgramOnly(tauri_plugin_notification::init())
}

/// Hands a notification over. That the desktop took it is not known: the plugin sends it on a thread
/// of its own and keeps the answer to itself.
pub(super) fn send(
    app: &AppHandle,
    on_click: &OnClick,
    title: &str,
    body: &str,
) -> Result<(), NotifyFailure> {
    listen(app, on_click)?;
    let builder = app.notification().builder().title(title).body(body);
    // Windows is silent without a sound by this name; the icon is the package's on Linux.
    let builder = if cfg!(target_os = "linux") {
        builder.icon("pilothouse")
    } else {
        builder.sound("Default")
    };
    builder.show().map_err(failure)
}

/// Before the first notification, since one that is sent before reports no click.
fn listen(app: &AppHandle, on_click: &OnClick) -> Result<(), NotifyFailure> {
    static ONCE: Once = Once::new();
    let mut listening = Ok(());
    ONCE.call_once(|| {
        let on_click = Arc::clone(on_click);
        let notifications = app.notification();
        listening = notifications
            .on_action(move |_| on_click())
            .map_err(failure);
    });
    listening
}

fn failure(error: tauri_plugin_notification::Error) -> NotifyFailure {
    NotifyFailure(error.to_string())
}
