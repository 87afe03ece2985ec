use contract::{BackupSaved, Expected, Failure, Field};
use tauri::State;

use crate::desk::Desk;
use crate::{data, folder};

/// Writes a backup of the data folder into a new folder below the one that was chosen.
#[tauri::command]
#[specta::specta]
pub async fn data_back_up(desk: State<'_, Desk>, folder: String) -> Result<BackupSaved, Failure> {
    let parent = folder::typed(&folder);
    if !parent.is_absolute() {
        return Err(Failure::form(Field::Path, Expected::AbsolutePath));
    }
    let engine = desk.engine().await?;
    let name = format!(
        "pilothouse-{}",
        chrono::Local::now().format("%Y%m%d-%H%M%S")
    );
    let (path, about) =
        data::back_up(engine.ledger().as_ref(), &desk.folder, &parent, &name).await?;
    Ok(BackupSaved {
        path: path.to_string_lossy().into_owned(),
        entries: u32::try_from(about.entries).unwrap_or(u32::MAX),
        sha256: about.sha256,
    })
}

/// Verifies a backup and leaves it for the next start. Refused when the ledger here has entries.
#[tauri::command]
#[specta::specta]
pub async fn data_restore(desk: State<'_, Desk>, folder: String) -> Result<u32, Failure> {
    let backup = folder::typed(&folder);
    if !backup.is_absolute() {
        return Err(Failure::form(Field::Path, Expected::AbsolutePath));
    }
    let here = desk.engine().await?.ledger().chain();
    let report = data::prepare(&here, &desk.folder, &backup).await?;
    Ok(u32::try_from(report.entries).unwrap_or(u32::MAX))
}
