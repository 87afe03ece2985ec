use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use cluster::kubeconfig::Source;
use contract::{
    BannerView, CertificateView, Expected, Failure, FailureCode, ImportForm, ImportPreview,
    KubeconfigOffer, KubeconfigSource, OfferedBy, PermissionsView, PluginView, ProbeView,
    StoredContext, WorkspaceView,
};
use domain::{ClusterIdentity, EnvironmentId, RegisterEvent, Tier};
use engine::ports::Context;
use tauri::State;

use crate::desk::Desk;
use crate::views::{banner, import_preview, permissions_view, stored_contexts, workspace_view};
use crate::{failures, folder};

/// Largest kubeconfig that is read.
const KUBECONFIG_MOST: u64 = 1024 * 1024;
/// Most kubeconfigs that are merged.
const KUBECONFIGS_MOST: usize = 64;

/// The texts of kubeconfigs, each with the folder that relative paths in it start from.
async fn sources_of(source: KubeconfigSource) -> Result<Vec<Source>, Failure> {
    let files = match source {
        KubeconfigSource::Text(text) => return Ok(vec![Source { text, base: None }]),
        KubeconfigSource::Path(path) => vec![path],
        // As kubectl does, files that are not there are left out; if none is, the first one says so.
        KubeconfigSource::Files(files) => {
            let there = |file: &&String| folder::typed(file).exists();
            let found: Vec<String> = files.iter().filter(there).cloned().collect();
            if found.is_empty() {
                files.into_iter().take(1).collect()
            } else {
                found
            }
        }
    };
    if files.len() > KUBECONFIGS_MOST {
        return Err(Failure::new(FailureCode::KubeconfigUnusable).expected(Expected::FewerValues));
    }
    let mut sources = Vec::new();
    for file in files {
        let path = folder::typed(&file);
        sources.push(Source {
            text: text_of(&path).await?,
            base: path.parent().map(Path::to_owned),
        });
    }
    Ok(sources)
}

async fn text_of(path: &Path) -> Result<String, Failure> {
    let unreadable = |why: String| {
        Failure::new(FailureCode::KubeconfigUnreadable)
            .with("path", path.to_string_lossy())
            .detail(why)
    };
    let unusable = |expected| Failure::new(FailureCode::KubeconfigUnusable).expected(expected);
    let about = tokio::fs::metadata(path)
        .await
        .map_err(|error| unreadable(error.to_string()))?;
    if !about.is_file() {
        return Err(unreadable("no regular file".to_owned()));
    }
    if about.len() > KUBECONFIG_MOST {
        return Err(unusable(Expected::Bytes).with("most", KUBECONFIG_MOST.to_string()));
    }
    let bytes = tokio::fs::read(path)
        .await
        .map_err(|error| unreadable(error.to_string()))?;
    String::from_utf8(bytes).map_err(|_| unusable(Expected::Utf8))
}

/// Kubeconfigs where kubectl would look, in its order. Only listed: none is opened.
#[tauri::command]
#[specta::specta]
pub async fn kubeconfig_offers() -> Result<Vec<KubeconfigOffer>, Failure> {
    Ok(offers(
        std::env::var_os("KUBECONFIG"),
        std::env::home_dir().as_deref(),
    ))
}

fn offers(variable: Option<OsString>, home: Option<&Path>) -> Vec<KubeconfigOffer> {
    let named: Vec<PathBuf> = variable
        .iter()
        .flat_map(std::env::split_paths)
        .filter(|path| !path.as_os_str().is_empty())
        .collect();
    let usual = home.map(|home| home.join(".kube").join("config"));
    let offer = |from, files: Vec<PathBuf>| {
        let mut seen = BTreeSet::new();
        let text = |path: &PathBuf| path.to_string_lossy().into_owned();
        // The same file twice adds nothing: its names are known by then.
        let files: Vec<PathBuf> = files
            .into_iter()
            .filter(|f| seen.insert(f.clone()))
            .collect();
        let missing = files.iter().filter(|path| !path.is_file());
        KubeconfigOffer {
            from,
            missing: missing.map(text).collect(),
            files: files.iter().map(text).collect(),
        }
    };
    let variable = (!named.is_empty()).then(|| offer(OfferedBy::Variable, named));
    let home = usual
        .filter(|path| path.is_file())
        .map(|path| offer(OfferedBy::Home, vec![path]));
    variable
        .into_iter()
        .chain(home)
        .filter(|offer| offer.missing.len() < offer.files.len())
        .collect()
}

/// Shows what a kubeconfig holds. Nothing of it is stored or run.
#[tauri::command]
#[specta::specta]
pub async fn kubeconfig_preview(
    desk: State<'_, Desk>,
    source: KubeconfigSource,
) -> Result<ImportPreview, Failure> {
    let sources = sources_of(source).await?;
    // The programs that its contexts would run are read to their end.
    let looking =
        tokio::task::spawn_blocking(move || cluster::kubeconfig::preview_merged(&sources));
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
    let sources = sources_of(form.source).await?;
    let agreed = cluster::kubeconfig::Agreed {
        embed_files: form.embed_files,
        confirmed: &form.confirmed,
    };
    let contexts = cluster::kubeconfig::import_merged(&sources, &form.contexts, &agreed)
        .map_err(failures::of_kubeconfig)?;
    let engine = desk.engine().await?;
    for context in contexts {
        keep(&desk, engine, context).await?;
    }
    stored_contexts(&desk).await
}

/// Puts a context into the keychain and says so in the ledger, so that handles made with the one
/// before are dropped.
async fn keep(desk: &Desk, engine: &engine::Engine, context: Context) -> Result<(), Failure> {
    let event = RegisterEvent::ContextImported {
        context: context.name.clone(),
    };
    desk.vault.store(context).await?;
    engine
        .note(desk.seat().person.as_ref(), event)
        .await
        .map_err(failures::of)
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

/// Looks at the certificate that the server of a context presents now, for a context whose kubeconfig
/// says not to check it. No credential is used. Below production only.
#[tauri::command]
#[specta::specta]
pub async fn certificate_presented(
    desk: State<'_, Desk>,
    environment: String,
    context: String,
) -> Result<CertificateView, Failure> {
    let id = EnvironmentId::new(environment);
    below_production(&desk, &id, &context)?;
    let stored = desk.vault.context(&context).await?;
    let presented = cluster::presented(&stored, &cluster::Limits::default())
        .await
        .map_err(|failure| desk.failure(&id, failure.into()))?;
    Ok(CertificateView {
        sha256: contract::views::hex_with_colons(&presented.sha256),
        subject: presented.subject,
        issuer: presented.issuer,
        not_before: contract::views::at(presented.not_before),
        not_after: contract::views::at(presented.not_after),
    })
}

/// From now on accepts the certificate that was shown, and no other, for a context. If the server
/// presents another one by now, it has to be compared again.
#[tauri::command]
#[specta::specta]
pub async fn certificate_pin(
    desk: State<'_, Desk>,
    environment: String,
    context: String,
    sha256: String,
) -> Result<Vec<StoredContext>, Failure> {
    let id = EnvironmentId::new(environment);
    below_production(&desk, &id, &context)?;
    let mut stored = desk.vault.context(&context).await?;
    if stored.route.pinned_pem.is_none() {
        // It has something better than one certificate.
        return Err(Failure::new(FailureCode::CertificateChanged)
            .with("context", context)
            .with("shown", sha256)
            .with("found", ""));
    }
    let presented = cluster::presented(&stored, &cluster::Limits::default())
        .await
        .map_err(|failure| desk.failure(&id, failure.into()))?;
    let found = contract::views::hex_with_colons(&presented.sha256);
    if found != sha256 {
        return Err(Failure::new(FailureCode::CertificateChanged)
            .with("context", context)
            .with("shown", sha256)
            .with("found", found));
    }
    stored.route.pinned_pem = Some(presented.pem);
    let engine = desk.engine().await?;
    keep(&desk, engine, stored).await?;
    stored_contexts(&desk).await
}

/// A context that accepts one certificate instead of a CA is good enough below production only.
fn below_production(desk: &Desk, id: &EnvironmentId, context: &str) -> Result<(), Failure> {
    let open = desk.workspace()?;
    let stages = &open.opened.workspace.stages;
    let mut environments = stages.iter().flat_map(|stage| &stage.environments);
    let environment = environments.find(|environment| &environment.id == id);
    // An environment that the workspace does not name may be any.
    if environment.is_some_and(|environment| environment.tier != Tier::Prod) {
        return Ok(());
    }
    Err(Failure::new(FailureCode::CertificateNotForProduction)
        .with("environment", id.as_str())
        .with("context", context))
}

async fn vouched_for(desk: &Desk, id: &EnvironmentId, context: &str) -> Result<(), Failure> {
    let stored = desk.vault.context(context).await?;
    match stored.route.pinned_pem {
        Some(_) => below_production(desk, id, context),
        None => Ok(()),
    }
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
    vouched_for(&desk, &id, &context).await?;
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
        issuer: probe
            .identity
            .issuer_sha256
            .as_deref()
            .map(contract::views::hex_with_colons),
        acts_as: probe.acts_as,
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
    let plain = |hex: &str| hex.replace(':', "").to_lowercase();
    let expected = ClusterIdentity {
        uid: probe.uid,
        url: probe.url,
        ca_sha256: plain(&probe.ca),
        issuer_sha256: probe.issuer.as_deref().map(plain),
    };
    let (id, person) = (EnvironmentId::new(environment), desk.seat().person);
    vouched_for(&desk, &id, &context).await?;
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

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::*;

    #[test]
    fn what_kubectl_would_read_is_offered_and_not_opened() {
        let home = tempfile::tempdir().unwrap();
        let config = home.path().join(".kube").join("config");
        assert_eq!(offers(None, Some(home.path())), []);
        std::fs::create_dir(config.parent().unwrap()).unwrap();
        // Not a kubeconfig: it would be refused if it was read.
        std::fs::write(&config, "\u{0}").unwrap();
        let (one, gone) = (home.path().join("one.yaml"), home.path().join("gone.yaml"));
        std::fs::write(&one, "").unwrap();
        let text = |path: &Path| path.to_string_lossy().into_owned();
        let of_home = KubeconfigOffer {
            from: OfferedBy::Home,
            files: vec![text(&config)],
            missing: Vec::new(),
        };
        assert_eq!(
            offers(None, Some(home.path())),
            std::slice::from_ref(&of_home)
        );
        let variable = std::env::join_paths([&gone, &one, &one]).unwrap();
        let of_variable = KubeconfigOffer {
            from: OfferedBy::Variable,
            files: vec![text(&gone), text(&one)],
            missing: vec![text(&gone)],
        };
        let both = offers(Some(variable), Some(home.path()));
        assert_eq!(both, [of_variable, of_home.clone()]);
        let only_gone = std::env::join_paths([&gone]).unwrap();
        assert_eq!(offers(Some(only_gone), Some(home.path())), [of_home]);
    }
}
