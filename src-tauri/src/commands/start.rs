use std::path::PathBuf;

use contract::{ChainSummary, Failure, FailureCode, Preferences, StartView, WorkspaceView};
use domain::ReleaseId;
use engine::ports::Notifier;
use tauri::State;

use crate::desk::Desk;
use crate::views::{chain_summary, workspace_view as view_of_workspace};
use crate::{failures, folder, page};

/// Opens the ledger and what was open last, and says how everything stands.
#[tauri::command]
#[specta::specta]
pub async fn start(desk: State<'_, Desk>) -> Result<StartView, Failure> {
    // A page that begins is the only one: streams of one before it have nobody left to read them.
    desk.logs.close_all();
    let engine = desk.engine().await?;
    let chain: ChainSummary = chain_summary(&engine.ledger().chain());
    if let Some(sequence) = chain.broken_at {
        return Err(Failure::new(FailureCode::LedgerBroken).with("sequence", sequence.to_string()));
    }
    let keychain = desk.vault.ready().await.err().map(Failure::from);
    let last = engine.register().workspace.map(PathBuf::from);
    let mut workspace_failure = None;
    if let (Some(path), None) = (last, desk.seat().workspace) {
        let example = path == desk.example();
        workspace_failure = desk.open_workspace(&path).await.err();
        // Without the keychain nothing is reached anyway; the window says so.
        if example && keychain.is_none() && workspace_failure.is_none() {
            desk.start_rehearsals_behind().await;
        }
    }
    let workspace = match desk.workspace() {
        Ok(_) => Some(view_of_workspace(&desk).await?),
        Err(_) => None,
    };
    let mut interrupted = Vec::new();
    // Nothing goes on in a release that rests, and one that is unreadable from its first entry has no work.
    for summary in engine.releases().iter().filter(|summary| !summary.rests) {
        let Ok(snapshot) = engine.release(&summary.id) else {
            continue;
        };
        interrupted.extend(desk.cut_off(engine, &snapshot.release));
    }
    Ok(StartView {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        data_folder: desk.folder.to_string_lossy().into_owned(),
        chain,
        keychain,
        notifications: desk.notifier.available().await,
        workspace,
        workspace_failure,
        interrupted,
        redrawn: desk.redraws.told(),
        person: desk.seat().person.map(|person| person.to_string()),
    })
}

/// What the person prefers; needs nothing that a start could fail at.
#[tauri::command]
#[specta::specta]
pub async fn preferences_view(desk: State<'_, Desk>) -> Result<Preferences, Failure> {
    Ok(desk.preferences.get())
}

/// Takes preferences over.
#[tauri::command]
#[specta::specta]
pub async fn preferences_set(
    desk: State<'_, Desk>,
    preferences: Preferences,
) -> Result<(), Failure> {
    let zoom = preferences.zoom;
    let kept = desk.preferences.set(preferences);
    page::zoom(&desk.app, zoom);
    kept.map_err(failures::defect)
}

/// Opens a workspace by its folder.
#[tauri::command]
#[specta::specta]
pub async fn workspace_open(desk: State<'_, Desk>, path: String) -> Result<WorkspaceView, Failure> {
    let given = folder::typed(&path);
    let path = std::fs::canonicalize(&given).map_err(|error| {
        Failure::new(FailureCode::WorkspaceUnreadable)
            .with("path", given.to_string_lossy())
            .detail(error.to_string())
    })?;
    desk.open_workspace(&path).await?;
    view_of_workspace(&desk).await
}

/// Opens the example: its files, its rehearsal clusters, their contexts and bindings.
#[tauri::command]
#[specta::specta]
pub async fn workspace_open_example(desk: State<'_, Desk>) -> Result<WorkspaceView, Failure> {
    let folder = desk.example();
    let language = match desk.preferences.get().language {
        contract::Language::ZhCn => workspace::example::Language::ZhCn,
        contract::Language::En => workspace::example::Language::En,
    };
    std::fs::create_dir_all(&folder)
        .and_then(|()| workspace::example::write_in(&folder, language))
        .map_err(|error| {
            Failure::new(FailureCode::LedgerUnwritable)
                .detail(format!("{}: {error}", folder.display()))
        })?;
    desk.start_rehearsals().await?;
    desk.open_workspace(&folder).await?;
    view_of_workspace(&desk).await
}

/// The open workspace.
#[tauri::command]
#[specta::specta]
pub async fn workspace_view(desk: State<'_, Desk>) -> Result<WorkspaceView, Failure> {
    view_of_workspace(&desk).await
}

/// Cancels the window's long-running questions.
#[tauri::command]
#[specta::specta]
pub async fn work_cancel(desk: State<'_, Desk>) -> Result<(), Failure> {
    desk.cancel();
    Ok(())
}

/// Notes that someone asked for help (sop O4), from any seat.
#[tauri::command]
#[specta::specta]
pub async fn help_ask(desk: State<'_, Desk>, release: String) -> Result<(), Failure> {
    desk.engine()
        .await?
        .ask_help(&ReleaseId::new(release), &desk.seated())
        .await
        .map_err(failures::of)
}
