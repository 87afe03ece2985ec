use std::path::{Path, PathBuf};

use contract::{
    BannerView, Expected, Failure, FailureCode, ImportForm, ImportPreview, KubeconfigSource,
    PermissionsView, PluginView, ProbeView, StoredContext, WorkspaceView,
};
use domain::{ClusterIdentity, EnvironmentId, RegisterEvent};
use tauri::State;

use crate::desk::Desk;
use crate::views::{banner, import_preview, permissions_view, stored_contexts, workspace_view};
use crate::{failures, folder};

/// Largest kubeconfig that is read.
const KUBECONFIG_MOST: u64 = 1024 * 1024;

/// The text of a kubeconfig and the folder that relative paths in it start from.
async fn text_of(source: KubeconfigSource) -> Result<(String, Option<PathBuf>), Failure> {
    let path = match source {
        KubeconfigSource::Text(text) => return Ok((text, None)),
        KubeconfigSource::Path(path) => folder::typed(&path),
    };
    let unreadable = |why: String| {
        Failure::new(FailureCode::KubeconfigUnreadable)
            .with("path", path.to_string_lossy())
            .detail(why)
    };
    let unusable = |expected| Failure::new(FailureCode::KubeconfigUnusable).expected(expected);
    let about = tokio::fs::metadata(&path)
        .await
        .map_err(|error| unreadable(error.to_string()))?;
    if !about.is_file() {
        return Err(unreadable("no regular file".to_owned()));
    }
    if about.len() > KUBECONFIG_MOST {
        return Err(unusable(Expected::Bytes).with("most", KUBECONFIG_MOST.to_string()));
    }
    let bytes = tokio::fs::read(&path)
        .await
        .map_err(|error| unreadable(error.to_string()))?;
    let text = String::from_utf8(bytes).map_err(|_| unusable(Expected::Utf8))?;
    Ok((text, path.parent().map(Path::to_owned)))
}

/// Shows what a kubeconfig holds. Nothing of it is stored or run.
#[tauri::command]
#[specta::specta]
pub async fn kubeconfig_preview(
    desk: State<'_, Desk>,
    source: KubeconfigSource,
) -> Result<ImportPreview, Failure> {
    let (text, base) = text_of(source).await?;
    // The programs that its contexts would run are read to their end.
    let looking =
        tokio::task::spawn_blocking(move || cluster::kubeconfig::preview(&text, base.as_deref()));
    let preview = looking
        .await
        .map_err(failures::defect)?
        .map_err(failures::of_kubeconfig)?;
    import_preview(&desk, preview).await
}

/// Stores contexts in the keychain.
#[tauri::command]
#[specta::specta]
pub async fn contexts_import(
    desk: State<'_, Desk>,
    form: ImportForm,
) -> Result<Vec<StoredContext>, Failure> {
    let (text, base) = text_of(form.source).await?;
    let contexts =
        cluster::kubeconfig::import(&text, base.as_deref(), &form.contexts, form.embed_files)
            .map_err(failures::of_kubeconfig)?;
    let engine = desk.engine().await?;
    for context in contexts {
        let name = context.name.clone();
        desk.vault.store(context).await?;
        let event = RegisterEvent::ContextImported { context: name };
        engine
            .note(desk.seat().person.as_ref(), event)
            .await
            .map_err(failures::of)?;
    }
    stored_contexts(&desk).await
}

/// Contexts in the keychain.
#[tauri::command]
#[specta::specta]
pub async fn contexts_list(desk: State<'_, Desk>) -> Result<Vec<StoredContext>, Failure> {
    stored_contexts(&desk).await
}

/// Takes a context out of the keychain; environments bound to it are free again.
#[tauri::command]
#[specta::specta]
pub async fn context_forget(desk: State<'_, Desk>, name: String) -> Result<(), Failure> {
    desk.vault.forget(&name).await?;
    let event = RegisterEvent::ContextForgotten { context: name };
    desk.engine()
        .await?
        .note(desk.seat().person.as_ref(), event)
        .await
        .map_err(failures::of)
}

/// Allows the credential command of a context, as it was shown: if it is another one by now, it has
/// to be looked at again.
#[tauri::command]
#[specta::specta]
pub async fn plugin_allow(
    desk: State<'_, Desk>,
    context: String,
    path: String,
    sha256: String,
) -> Result<StoredContext, Failure> {
    let person = desk.seat().person;
    let engine = desk.engine().await?;
    let shown = stored_context(&desk, &context).await?.plugin;
    let same = |plugin: &PluginView| {
        plugin.path.as_ref() == Some(&path) && plugin.sha256.as_ref() == Some(&sha256)
    };
    if !shown.is_some_and(|plugin| same(&plugin)) {
        return Err(Failure::new(FailureCode::PluginChanged)
            .with("command", path)
            .with("sha256", sha256));
    }
    engine
        .allow_plugin(person.as_ref(), &context, &path, &sha256)
        .await
        .map_err(failures::of)?;
    stored_context(&desk, &context).await
}

async fn stored_context(desk: &Desk, name: &str) -> Result<StoredContext, Failure> {
    let mut all = stored_contexts(desk).await?.into_iter();
    all.find(|stored| stored.name == name)
        .ok_or_else(|| Failure::new(FailureCode::KeychainEntryMissing).with("entry", name))
}

/// Asks the cluster of a context who it is.
#[tauri::command]
#[specta::specta]
pub async fn environment_probe(
    desk: State<'_, Desk>,
    environment: String,
    context: String,
) -> Result<ProbeView, Failure> {
    let id = EnvironmentId::new(environment);
    let engine = desk.engine().await?;
    let token = desk.token();
    let probe = tokio::select! {
        probe = engine.probe(&id, &context) => probe.map_err(|f| desk.failure(&id, f))?,
        () = token.cancelled() => return Err(Failure::new(FailureCode::Cancelled)),
    };
    let register = engine.register();
    let same = |bound: &ClusterIdentity| bound.uid == probe.identity.uid;
    let shared = register
        .bindings
        .iter()
        .filter(|(other, bound)| **other != id && same(&bound.identity));
    Ok(ProbeView {
        rehearsal: register.is_rehearsal(&probe.identity),
        shared_with: shared.map(|(other, _)| other.to_string()).collect(),
        uid: probe.identity.uid,
        url: probe.identity.url,
        ca: contract::views::hex_with_colons(&probe.identity.ca_sha256),
        version: probe.about.version,
        user: probe.about.user,
        clock_skew_s: probe.about.clock_skew_s,
    })
}

/// Pins an environment to the cluster that was shown.
#[tauri::command]
#[specta::specta]
pub async fn environment_bind(
    desk: State<'_, Desk>,
    environment: String,
    context: String,
    probe: ProbeView,
) -> Result<WorkspaceView, Failure> {
    let expected = ClusterIdentity {
        uid: probe.uid,
        url: probe.url,
        ca_sha256: probe.ca.replace(':', "").to_lowercase(),
    };
    let (id, person) = (EnvironmentId::new(environment), desk.seat().person);
    desk.engine()
        .await?
        .bind(person.as_ref(), &id, &context, &expected)
        .await
        .map_err(|f| desk.failure(&id, f))?;
    workspace_view(&desk).await
}

/// Asks the cluster what the user may do, verb by verb.
#[tauri::command]
#[specta::specta]
pub async fn permissions_check(
    desk: State<'_, Desk>,
    environment: String,
) -> Result<PermissionsView, Failure> {
    permissions_view(&desk, &EnvironmentId::new(environment)).await
}

/// Puts an environment into the banner.
#[tauri::command]
#[specta::specta]
pub async fn environment_select(
    desk: State<'_, Desk>,
    environment: Option<String>,
) -> Result<BannerView, Failure> {
    let id = environment.map(EnvironmentId::new);
    desk.sit(|seat| seat.environment = id.clone());
    if let Some(id) = id {
        check(&desk, &id).await?;
    }
    banner(&desk).await
}

/// The banner.
#[tauri::command]
#[specta::specta]
pub async fn banner_view(desk: State<'_, Desk>) -> Result<BannerView, Failure> {
    banner(&desk).await
}

/// Asks a cluster who it is, now, and the keychain whether it still has the way to it.
#[tauri::command]
#[specta::specta]
pub async fn identity_verify(
    desk: State<'_, Desk>,
    environment: String,
) -> Result<BannerView, Failure> {
    let id = EnvironmentId::new(environment);
    if let Err(failure) = desk.engine().await?.recall(&id).await {
        // The check that follows finds it as well, and the window shows it from there.
        tracing::info!(environment = %id, %failure, "the credential is gone");
    }
    check(&desk, &id).await?;
    banner(&desk).await
}

/// Checks an identity and writes it into the release that is under way there.
async fn check(desk: &Desk, environment: &EnvironmentId) -> Result<(), Failure> {
    let engine = desk.engine().await?;
    desk.rehearsals_ready().await;
    let release = desk.release_under_way(engine, environment);
    desk.sessions
        .check(engine, release.as_ref(), environment)
        .await;
    Ok(())
}
