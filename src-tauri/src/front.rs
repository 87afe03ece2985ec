//! Brings the window forward. One function for notifications and second starts.

use tauri::{AppHandle, Manager};

/// The one window.
pub const WINDOW: &str = "main";

/// Shows the window and gives it the focus, from whatever thread.
pub fn bring_forward(app: &AppHandle) {
    let handle = app.clone();
    let asked = app.run_on_main_thread(move || {
        let Some(window) = handle.get_webview_window(WINDOW) else {
            return;
        };
        let done = window
            .unminimize()
            .and_then(|()| window.show())
            .and_then(|()| focus(&window));
        if let Err(error) = done {
            tracing::warn!(%error, "the window could not be brought forward");
        }
    });
    if let Err(error) = asked {
        tracing::warn!(%error, "the main thread does not answer");
    }
}

/// `set_focus` right after `show` is lost while the window is not mapped yet; GTK presents it in
/// one go.
#[cfg(target_os = "linux")]
fn focus(window: &tauri::WebviewWindow) -> tauri::Result<()> {
    use gtk::prelude::{GtkWindowExt, WidgetExt};
    let gtk_window = window.gtk_window()?;
    gtk_window.show_all();
    gtk_window.deiconify();
    gtk_window.present_with_time(gtk::current_event_time());
    Ok(())
}

#[cfg(not(target_os = "linux"))]
fn focus(window: &tauri::WebviewWindow) -> tauri::Result<()> {
    window.set_focus()
}
