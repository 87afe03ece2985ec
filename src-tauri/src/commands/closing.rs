use contract::{ClosingChoice, ClosingView, Failure};
use tauri::{AppHandle, State};

use crate::closing;
use crate::desk::Desk;

/// What goes on while the window is to be closed; none when nobody wants to close it, or nothing goes on.
/// Who asks this shows the question: the desktop's own dialog need not.
#[tauri::command]
#[specta::specta]
pub async fn closing_view(desk: State<'_, Desk>) -> Result<Option<ClosingView>, Failure> {
    if !desk.closing.is_asked() {
        return Ok(None);
    }
    let work = closing::work(&desk);
    if work.is_empty() {
        // It has ended meanwhile: the next close closes.
        desk.closing.answered();
        return Ok(None);
    }
    desk.closing.seen();
    Ok(Some(ClosingView { work }))
}

/// What the person wants. Without a question there is nothing to answer: the page cannot end the program
/// by itself.
#[tauri::command]
#[specta::specta]
pub async fn closing_answer(
    app: AppHandle,
    desk: State<'_, Desk>,
    choice: ClosingChoice,
) -> Result<(), Failure> {
    if desk.closing.answered() {
        closing::carry_out(&app, choice).await;
    }
    Ok(())
}
