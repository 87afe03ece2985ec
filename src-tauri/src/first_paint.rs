//! When the window is painted for the first time. WebKitGTK, asked to paint, waits until the process
//! that draws the page has drawn it in the window's size. While a page is loaded that process draws
//! nothing, and waits in turn for what only this one can hand it: its connections, and the page's own
//! files. Both wait until half a second has passed and WebKitGTK gives up; one start in five was that
//! much slower. Painting begins with the loaded page, therefore: before it there is nothing to see.

use tauri::AppHandle;

/// Leaves the view unpainted until its first page is loaded. To be called before the window is first drawn.
#[cfg(target_os = "linux")]
pub fn with_page(app: &AppHandle) {
    use tauri::Manager;

    let Some(window) = app.get_webview_window(crate::front::WINDOW) else {
        return;
    };
    let asked = window.with_webview(|webview| native::with_page(&webview.inner()));
    if let Err(error) = asked {
        tracing::warn!(%error, "the window is painted before its page is loaded: the start may take longer");
    }
}

/// Only WebKitGTK waits like that.
#[cfg(not(target_os = "linux"))]
pub fn with_page(_: &AppHandle) {}

#[cfg(target_os = "linux")]
mod native {
    use std::cell::Cell;
    use std::rc::Rc;

    use gtk::glib::Propagation;
    use gtk::prelude::WidgetExt;
    use webkit2gtk::{LoadEvent, WebView, WebViewExt};

    pub fn with_page(view: &WebView) {
        let loaded = Rc::new(Cell::new(false));
        let seen = Rc::clone(&loaded);
        view.connect_draw(move |_, _| {
            if seen.get() {
                Propagation::Proceed
            } else {
                Propagation::Stop
            }
        });
        view.connect_load_changed(move |view, event| {
            // Also after a failure: what the webview says of it is to be seen.
            if event == LoadEvent::Finished && !loaded.replace(true) {
                view.queue_draw();
            }
        });
    }
}
