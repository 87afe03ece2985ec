//! Closing the window while a rollout or a rollback is under way. The person is asked: in the page, and by
//! the desktop's own dialog if the page does not take the question.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use contract::{Changed, ClosingChoice, Topic, WorkHead};
use engine::Running;
use tauri::{AppHandle, Manager, RunEvent, WindowEvent};

use crate::desk::Desk;
use crate::front::WINDOW;
use crate::pulse;

/// How long the page may take to show the question. One that is drawn takes a tenth of that.
const PAGE: Duration = Duration::from_secs(3);

/// Whether the person is being asked.
#[derive(Default)]
pub struct Closing(Mutex<Question>);

#[derive(Default)]
struct Question {
    /// Which time it is asked; none when it is not.
    asked: Option<u64>,
    times: u64,
    seen: bool,
}

impl Closing {
    fn ask(&self) -> u64 {
        let mut question = self.lock();
        question.times += 1;
        question.asked = Some(question.times);
        question.seen = false;
        question.times
    }

    /// Whether the question stands.
    pub fn is_asked(&self) -> bool {
        self.lock().asked.is_some()
    }

    /// The page shows it.
    pub fn seen(&self) {
        self.lock().seen = true;
    }

    /// Takes the question back; whether it stood. Each question has one answer.
    pub fn answered(&self) -> bool {
        self.lock().asked.take().is_some()
    }

    /// Whether a question stands that the page has not taken.
    fn is_unseen(&self, time: u64) -> bool {
        let question = self.lock();
        question.asked == Some(time) && !question.seen
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Question> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is under way in this process.
pub fn work(desk: &Desk) -> Vec<WorkHead> {
    let Some(engine) = desk.opened_engine() else {
        return Vec::new();
    };
    let under_way = engine.under_way().into_iter();
    under_way
        .map(|(release, environment, running)| {
            let known = engine.release(&release).ok();
            let name = known
                .as_ref()
                .and_then(|known| known.release.plan.environment(&environment))
                .map(|environment| contract::views::text(&environment.name));
            WorkHead {
                release: release.to_string(),
                environment: environment.to_string(),
                name: name.unwrap_or_default(),
                back: running == Running::Back,
            }
        })
        .collect()
}

/// Keeps the window open while something is under way, and asks.
pub fn on_event(app: &AppHandle, event: RunEvent) {
    match event {
        RunEvent::WindowEvent {
            event: WindowEvent::CloseRequested { api, .. },
            ..
        } if is_working(app) => {
            api.prevent_close();
            ask(app);
        }
        // The desktop's "quit"; a code means that the program itself has decided.
        RunEvent::ExitRequested {
            code: None, api, ..
        } if is_working(app) => {
            api.prevent_exit();
            ask(app);
        }
        _ => {}
    }
}

fn is_working(app: &AppHandle) -> bool {
    let desk = app.try_state::<Desk>();
    let engine = desk.as_ref().and_then(|desk| desk.opened_engine());
    engine.is_some_and(|engine| !engine.under_way().is_empty())
}

fn ask(app: &AppHandle) {
    let time = app.state::<Desk>().closing.ask();
    pulse::tell(
        app,
        Changed {
            topic: Topic::Closing,
            subject: None,
            revision: u32::try_from(time).unwrap_or(u32::MAX),
        },
    );
    let app = app.clone();
    tauri::async_runtime::spawn(async move {
        tokio::time::sleep(PAGE).await;
        if app.state::<Desk>().closing.is_unseen(time) {
            tracing::warn!("the page does not ask what to do with the work under way");
            let handle = app.clone();
            let asked = app.run_on_main_thread(move || native::ask(&handle));
            if let Err(error) = asked {
                tracing::error!(%error, "nobody can be asked");
            }
        }
    });
}

/// Does what the person chose.
pub async fn carry_out(app: &AppHandle, choice: ClosingChoice) {
    match choice {
        ClosingChoice::Stay => {}
        ClosingChoice::Keep => {
            let window = app.get_webview_window(WINDOW);
            if let Some(Err(error)) = window.map(|window| window.minimize()) {
                tracing::warn!(%error, "the window could not be minimised");
            }
        }
        ClosingChoice::Stop => {
            if let Some(engine) = app.state::<Desk>().opened_engine() {
                engine.leave_all().await;
            }
            app.exit(0);
        }
    }
}

/// The native dialog's words.
struct Words {
    title: &'static str,
    text: &'static str,
    keep: &'static str,
    stop: &'static str,
    stay: &'static str,
}

fn words(language: contract::Language) -> Words {
    match language {
        contract::Language::ZhCn => Words {
            title: "有上线或回滚正在进行",
            text: "可以最小化窗口，让它继续；也可以在当前步骤结束后停下并退出，下次启动时会询问是否继续。",
            keep: "最小化并继续",
            stop: "当前步骤结束后退出",
            stay: "不关闭",
        },
        contract::Language::En => Words {
            title: "A rollout or rollback is running",
            text: "Minimize the window and let it run, or stop after the current step and quit: \
                   the next start offers to continue.",
            keep: "Minimize and keep running",
            stop: "Stop after this step and quit",
            stay: "Stay",
        },
    }
}

fn answer(app: &AppHandle, choice: ClosingChoice) {
    if !app.state::<Desk>().closing.answered() {
        return;
    }
    let app = app.clone();
    tauri::async_runtime::spawn(async move { carry_out(&app, choice).await });
}

/// The page cannot ask: GTK's own dialog does, on the window's thread.
#[cfg(target_os = "linux")]
mod native {
    use contract::ClosingChoice;
    use gtk::prelude::{DialogExt, GtkWindowExt, WidgetExt};
    use gtk::{ButtonsType, DialogFlags, MessageDialog, MessageType, ResponseType};
    use tauri::{AppHandle, Manager};

    use crate::desk::Desk;
    use crate::front::WINDOW;

    pub fn ask(app: &AppHandle) {
        let words = super::words(app.state::<Desk>().preferences.get().language);
        let window = app.get_webview_window(WINDOW);
        let above = window.and_then(|window| window.gtk_window().ok());
        let dialog = MessageDialog::new(
            above.as_ref(),
            DialogFlags::MODAL,
            MessageType::Question,
            ButtonsType::None,
            words.text,
        );
        dialog.set_title(words.title);
        dialog.add_button(words.stop, ResponseType::Close);
        dialog.add_button(words.keep, ResponseType::Accept);
        dialog.add_button(words.stay, ResponseType::Cancel);
        dialog.set_default_response(ResponseType::Cancel);
        let app = app.clone();
        dialog.connect_response(move |dialog, response| {
            dialog.hide();
            super::answer(
                &app,
                match response {
                    ResponseType::Accept => ClosingChoice::Keep,
                    ResponseType::Close => ClosingChoice::Stop,
                    _ => ClosingChoice::Stay,
                },
            );
        });
        dialog.show_all();
    }
}

/// The page cannot ask: the system's own dialog does.
#[cfg(not(target_os = "linux"))]
mod native {
    use contract::ClosingChoice;
    use rfd::{AsyncMessageDialog, MessageButtons, MessageDialogResult};
    use tauri::{AppHandle, Manager};

    use crate::desk::Desk;

    pub fn ask(app: &AppHandle) {
        let words = super::words(app.state::<Desk>().preferences.get().language);
        let dialog = AsyncMessageDialog::new()
            .set_title(words.title)
            .set_description(words.text)
            .set_buttons(MessageButtons::YesNoCancelCustom(
                words.keep.to_owned(),
                words.stop.to_owned(),
                words.stay.to_owned(),
            ))
            .show();
        let app = app.clone();
        tauri::async_runtime::spawn(async move {
            let chosen = match dialog.await {
                MessageDialogResult::Custom(said) if said == words.keep => ClosingChoice::Keep,
                MessageDialogResult::Custom(said) if said == words.stop => ClosingChoice::Stop,
                _ => ClosingChoice::Stay,
            };
            super::answer(&app, chosen);
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_question_has_one_answer() {
        let closing = Closing::default();
        assert!(!closing.answered());
        closing.ask();
        assert!(closing.is_asked());
        assert!(closing.answered());
        assert!(!closing.answered() && !closing.is_asked());
    }

    #[test]
    fn only_a_question_that_the_page_did_not_take_is_asked_by_the_desktop() {
        let closing = Closing::default();
        let first = closing.ask();
        assert!(closing.is_unseen(first));
        closing.seen();
        assert!(!closing.is_unseen(first));
        // Closed once more: the page has to show that it is still there.
        let second = closing.ask();
        assert!(!closing.is_unseen(first) && closing.is_unseen(second));
        closing.answered();
        assert!(!closing.is_unseen(second));
    }
}
