//! The page is drawn by a process of its own, and that one can end by itself: a crash in a graphics
//! driver takes it along, and an empty window would be left in the middle of a release. Program, rollouts
//! and ledger are not in that process and go on; the page is opened again.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use contract::{Failure, FailureCode};
use tauri::{AppHandle, Manager};

use crate::desk::Desk;

/// Ends of the drawing process within [`WHILE`] after which the page is not opened again by itself:
/// whatever ends it is in the page.
const AT_MOST: usize = 3;
/// See [`AT_MOST`].
const WHILE: Duration = Duration::from_secs(60);

/// How often the drawing process ended.
#[derive(Default)]
pub struct Redraws(Mutex<Ends>);

#[derive(Default)]
struct Ends {
    /// The newest.
    times: Vec<Instant>,
    /// Whether the window has not said so yet.
    untold: bool,
}

impl Redraws {
    /// Notes an end, and says whether the page may be opened again without asking.
    fn ended(&self, now: Instant) -> bool {
        let mut ends = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        ends.times
            .retain(|end| now.saturating_duration_since(*end) < WHILE);
        ends.times.push(now);
        ends.untold = true;
        ends.times.len() <= AT_MOST
    }

    /// What the opened page has to say, once.
    pub fn told(&self) -> Option<Failure> {
        let mut ends = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut ends.untold).then(|| Failure::new(FailureCode::PageRedrawn))
    }
}

/// Notes that the drawing process ended, and says whether to open the page again without asking.
#[cfg_attr(windows, allow(dead_code))]
fn ended(app: &AppHandle, why: &str) -> bool {
    let again = app.state::<Desk>().redraws.ended(Instant::now());
    tracing::error!(
        why,
        again,
        "the process that draws the window ended by itself"
    );
    again
}

/// Opens the page again whenever its process ends by itself.
#[cfg(target_os = "linux")]
pub fn watch(app: &AppHandle) {
    let Some(window) = app.get_webview_window(crate::front::WINDOW) else {
        return;
    };
    let handle = app.clone();
    let watched = window.with_webview(move |webview| native::watch(handle, &webview.inner()));
    if let Err(error) = watched {
        tracing::warn!(%error, "nobody would see the drawing process end");
    }
}

/// On macOS the builder of the program is told (`end_of_process`). On Windows nobody is: WebView2 shows
/// an error page of its own then.
#[cfg(not(target_os = "linux"))]
pub fn watch(_: &AppHandle) {}

/// Opens the page again after its process ended by itself.
#[cfg(target_os = "macos")]
pub fn end_of_process(webview: &tauri::Webview) {
    if !ended(webview.app_handle(), "the system ended it") {
        return;
    }
    if let Err(error) = webview.reload() {
        tracing::error!(%error, "the page could not be opened again");
    }
}

#[cfg(target_os = "linux")]
mod native {
    use contract::Language;
    use gtk::prelude::{Cast, DialogExt, GtkWindowExt, WidgetExt};
    use gtk::{ButtonsType, DialogFlags, MessageDialog, MessageType, ResponseType};
    use tauri::{AppHandle, Manager};
    use webkit2gtk::{
        HardwareAccelerationPolicy, SettingsExt, WebProcessTerminationReason, WebView, WebViewExt,
    };

    use crate::desk::Desk;

    pub fn watch(app: AppHandle, view: &WebView) {
        view.connect_web_process_terminated(move |view, why| {
            let why = match why {
                WebProcessTerminationReason::TerminatedByApi => return,
                WebProcessTerminationReason::ExceededMemoryLimit => "too much memory",
                _ => "a crash",
            };
            // Most often it is the graphics driver: from now on nothing is drawn through it.
            if let Some(settings) = WebViewExt::settings(view) {
                settings.set_hardware_acceleration_policy(HardwareAccelerationPolicy::Never);
            }
            if super::ended(&app, why) {
                view.reload();
            } else {
                ask(&app, view);
            }
        });
    }

    /// The page cannot say it: the desktop's own dialog does.
    fn ask(app: &AppHandle, view: &WebView) {
        let english = app.state::<Desk>().preferences.get().language == Language::En;
        let (title, said, again, end) = if english {
            (
                "Pilothouse cannot draw its window",
                "The process that draws the window keeps ending. Running rollouts continue, and the audit log is \
                 not affected. Try again, or quit: on its next start Pilothouse shows the state of everything.",
                "Try again",
                "Quit",
            )
        } else {
            (
                "Pilothouse 无法显示窗口",
                "绘制窗口的进程反复退出。正在进行的上线会继续，审计日志不受影响。\
                 可以重试；也可以退出程序，下次启动时会显示当时的状态。",
                "重试",
                "退出程序",
            )
        };
        let above: Option<gtk::Window> = view.toplevel().and_then(|top| top.downcast().ok());
        let dialog = MessageDialog::new(
            above.as_ref(),
            DialogFlags::MODAL,
            MessageType::Error,
            ButtonsType::None,
            said,
        );
        dialog.set_title(title);
        dialog.add_button(end, ResponseType::Close);
        dialog.add_button(again, ResponseType::Accept);
        dialog.set_default_response(ResponseType::Accept);
        let (app, view) = (app.clone(), view.clone());
        dialog.connect_response(move |dialog, response| {
            if response == ResponseType::Close {
                app.exit(0);
                return;
            }
            // Without a second thought, too (Escape): a window without a page is no choice.
            dialog.hide();
            view.reload();
        });
        dialog.show_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_that_ends_again_and_again_is_not_opened_for_ever() {
        let (redraws, begin) = (Redraws::default(), Instant::now());
        let after = |seconds| begin + Duration::from_secs(seconds);
        assert!(redraws.ended(after(0)));
        assert!(redraws.ended(after(1)));
        assert!(redraws.ended(after(2)));
        assert!(!redraws.ended(after(3)));
        assert!(redraws.ended(after(90)));
    }

    #[test]
    fn it_is_told_once() {
        let redraws = Redraws::default();
        assert_eq!(redraws.told(), None);
        redraws.ended(Instant::now());
        assert_eq!(
            redraws.told().map(|failure| failure.code),
            Some(FailureCode::PageRedrawn)
        );
        assert_eq!(redraws.told(), None);
    }
}
