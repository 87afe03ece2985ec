//! The desktop's own dialogs for choosing a folder or a file. They are opened here and not by the page,
//! so that the page needs no permission for dialogs or files.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use contract::PathPurpose;
use tauri::{Manager, WebviewWindow};

use crate::folder;

/// One dialog at a time: they cover the window, but a second call may be under way already.
static OPEN: AtomicBool = AtomicBool::new(false);

/// What a dialog is opened with.
#[derive(Clone, Debug)]
struct Question {
    purpose: PathPurpose,
    title: String,
    /// Where it starts.
    folder: Option<PathBuf>,
    /// The name that is offered for a new file.
    name: Option<String>,
}

/// Asks for a path; none when the person chose none. `near` is what stands in the field now: the
/// dialog starts there.
///
/// # Errors
/// When the window is gone.
pub async fn ask(
    window: &WebviewWindow,
    purpose: PathPurpose,
    title: String,
    near: &str,
) -> tauri::Result<Option<PathBuf>> {
    let question = question(window, purpose, title, near);
    if OPEN.swap(true, Ordering::SeqCst) {
        return Ok(None);
    }
    let answer = native::ask(window, question).await;
    OPEN.store(false, Ordering::SeqCst);
    answer
}

fn question(window: &WebviewWindow, purpose: PathPurpose, title: String, near: &str) -> Question {
    let near = folder::typed(near);
    let home = window.path().home_dir().ok();
    let usual = match purpose {
        PathPurpose::Kubeconfig => home.as_ref().map(|home| home.join(".kube")),
        PathPurpose::Workspace | PathPurpose::Export | PathPurpose::Backup => None,
    };
    let folder = near
        .parent()
        .filter(|parent| parent.is_absolute())
        .map(Path::to_owned);
    let name = near.file_name().and_then(|name| name.to_str());
    Question {
        purpose,
        title,
        folder: [folder, usual, home]
            .into_iter()
            .flatten()
            .find(|folder| folder.is_dir()),
        name: name.map(str::to_owned),
    }
}

/// GTK's own chooser, on top of the window and on the window's thread.
#[cfg(target_os = "linux")]
mod native {
    use std::cell::Cell;
    use std::path::PathBuf;

    use contract::PathPurpose;
    use gtk::prelude::{FileChooserExt, NativeDialogExt};
    use gtk::{FileChooserAction, FileChooserNative, ResponseType};
    use tauri::WebviewWindow;
    use tokio::sync::oneshot;

    use super::Question;

    pub async fn ask(window: &WebviewWindow, question: Question) -> tauri::Result<Option<PathBuf>> {
        let (answer, answered) = oneshot::channel();
        let above = window.clone();
        window.run_on_main_thread(move || show(&above, &question, answer))?;
        // A window that closes takes its dialog along.
        Ok(answered.await.unwrap_or(None))
    }

    fn show(window: &WebviewWindow, question: &Question, answer: oneshot::Sender<Option<PathBuf>>) {
        let action = match question.purpose {
            PathPurpose::Workspace | PathPurpose::Backup => FileChooserAction::SelectFolder,
            PathPurpose::Kubeconfig => FileChooserAction::Open,
            PathPurpose::Export => FileChooserAction::Save,
        };
        let above = window.gtk_window().ok();
        let title = Some(question.title.as_str());
        let chooser = FileChooserNative::new(title, above.as_ref(), action, None, None);
        chooser.set_modal(true);
        // Kubeconfigs live in ~/.kube.
        chooser.set_show_hidden(question.purpose == PathPurpose::Kubeconfig);
        if let Some(folder) = &question.folder {
            chooser.set_current_folder(folder);
        }
        if let (PathPurpose::Export, Some(name)) = (question.purpose, &question.name) {
            chooser.set_current_name(name);
        }
        let answer = Cell::new(Some(answer));
        // Nobody else holds the dialog; `destroy` lets go of this closure and with it of the dialog.
        let held = chooser.clone();
        chooser.connect_response(move |chooser, response| {
            let chosen = (response == ResponseType::Accept)
                .then(|| chooser.filename())
                .flatten();
            if let Some(answer) = answer.take() {
                let _ = answer.send(chosen);
            }
            held.destroy();
        });
        chooser.show();
    }
}

/// The system's own chooser.
#[cfg(not(target_os = "linux"))]
mod native {
    use std::path::PathBuf;

    use contract::PathPurpose;
    use rfd::AsyncFileDialog;
    use tauri::WebviewWindow;
    use tokio::sync::oneshot;

    use super::Question;

    pub async fn ask(window: &WebviewWindow, question: Question) -> tauri::Result<Option<PathBuf>> {
        let (opened, opening) = oneshot::channel();
        let above = window.clone();
        // Dialogs are made on the window's thread and waited for elsewhere.
        window.run_on_main_thread(move || {
            let mut dialog = AsyncFileDialog::new()
                .set_parent(&above)
                .set_title(&question.title);
            if let Some(folder) = &question.folder {
                dialog = dialog.set_directory(folder);
            }
            let answer: futures::future::BoxFuture<'static, _> = match question.purpose {
                PathPurpose::Workspace | PathPurpose::Backup => Box::pin(dialog.pick_folder()),
                PathPurpose::Kubeconfig => Box::pin(dialog.pick_file()),
                PathPurpose::Export => {
                    let name = question.name.unwrap_or_default();
                    Box::pin(dialog.set_file_name(name).save_file())
                }
            };
            let _ = opened.send(answer);
        })?;
        match opening.await {
            Ok(answer) => Ok(answer.await.map(|file| file.path().to_owned())),
            Err(_) => Ok(None),
        }
    }
}
