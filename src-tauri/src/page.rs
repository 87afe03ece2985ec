//! The one page: what the window shows is the program's own, and nothing leads away from it. The
//! content policy keeps scripts and requests out; this keeps the page itself in place.

use contract::Zoom;
use tauri::webview::NewWindowResponse;
use tauri::{App, AppHandle, Manager, Url, WebviewWindowBuilder};

use crate::desk::Desk;
use crate::first_paint;
use crate::front::WINDOW;
use crate::redraw;

/// Opens the window. Other pages, further windows and downloads are refused, whoever asks for them:
/// a script, a link, a file dropped on the window.
///
/// # Errors
/// When the configuration names no window, or the system gives none.
pub fn open(app: &App) -> Result<(), Box<dyn std::error::Error>> {
    let windows = &app.config().app.windows;
    let window = windows.iter().find(|window| window.label == WINDOW);
    let window = window.ok_or("no window is configured")?;
    WebviewWindowBuilder::from_config(app.handle(), window)?
        .on_navigation(|url| {
            let own = is_own(url);
            if !own {
                tracing::warn!(scheme = url.scheme(), "the window was to show another page");
            }
            own
        })
        .on_new_window(|url, _| {
            tracing::warn!(scheme = url.scheme(), "another window was to be opened");
            NewWindowResponse::Deny
        })
        .on_download(|_, _| false)
        .build()?;
    first_paint::with_page(app.handle());
    zoom(app.handle(), app.state::<Desk>().preferences.get().zoom);
    redraw::watch(app.handle());
    Ok(())
}

/// Shows everything larger or smaller. The system's webview does it, so that the page needs no leave
/// to, and every length on it grows alike.
pub fn zoom(app: &AppHandle, zoom: Zoom) {
    let Some(window) = app.get_webview_window(WINDOW) else {
        return;
    };
    if let Err(error) = window.set_zoom(f64::from(zoom.percent()) / 100.0) {
        tracing::warn!(%error, "the window could not be zoomed");
    }
}

/// Whether an address is that of the program's own files: the system's webview decides how they are
/// addressed (Windows knows only `http`, and nobody else can answer as `tauri.localhost` there).
fn is_own(url: &Url) -> bool {
    let (scheme, host) = if cfg!(windows) {
        ("http", "tauri.localhost")
    } else {
        ("tauri", "localhost")
    };
    url.scheme() == scheme && url.host_str() == Some(host) && url.port().is_none()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn only_the_programs_own_page_is_its_own() {
        let own = if cfg!(windows) {
            "http://tauri.localhost/index.html"
        } else {
            "tauri://localhost/index.html"
        };
        assert!(is_own(&own.parse().unwrap()));
        for other in [
            "https://tauri.localhost/",
            "tauri://localhost.example/",
            "tauri://localhost@example/",
            "tauri://localhost:81/",
            "http://localhost/",
            "https://example/",
            "file:///etc/passwd",
            "data:text/html,x",
            "javascript:0",
            "blob:tauri://localhost/1",
            "about:blank",
            "ipc://localhost/start",
        ] {
            assert!(!is_own(&other.parse().unwrap()), "{other}");
        }
    }
}
