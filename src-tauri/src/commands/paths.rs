use contract::{Expected, Failure, Field, PathPurpose};
use tauri::WebviewWindow;

use crate::{chooser, failures};

/// Asks for a path with the desktop's own dialog; none when the person chose none. `near` is what
/// stands in the field now.
#[tauri::command]
#[specta::specta]
pub async fn path_choose(
    window: WebviewWindow,
    purpose: PathPurpose,
    title: String,
    near: String,
) -> Result<Option<String>, Failure> {
    let chosen = chooser::ask(&window, purpose, title, &near)
        .await
        .map_err(failures::defect)?;
    let text = |path: std::path::PathBuf| {
        let path = path.into_os_string().into_string();
        path.map_err(|_| Failure::form(Field::Path, Expected::TextPath))
    };
    chosen.map(text).transpose()
}
