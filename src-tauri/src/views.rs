//! Views that are made of more than one part: keychain, bindings, workspace, running session.

use std::collections::BTreeMap;

use contract::views::{BannerInput, at, hex_with_colons, host_of, look, role_view, text};
use contract::{
    BannerView, ChainSummary, ContextPreview, ContextRefusal, CredentialKind, EnvironmentView,
    Failure, IdentityState, IdentityView, ImportPreview, InterruptedFinding, KeyState, KeyView,
    ModuleHead, OnCall, PermissionCell, PermissionRow, PermissionsView, PersonView, PluginConcern,
    PluginView, StageHead, StoredContext, WorkspaceView,
};
use domain::{EnvironmentId, Permission, PersonId, Register};
use engine::Engine;
use engine::ports::{ChainReport, ContextHead, ContextKind};

use crate::desk::{Desk, OpenWorkspace};
use crate::failures;

/// The chain in one line.
pub fn chain_summary(chain: &ChainReport) -> ChainSummary {
    let narrow = |n: u64| u32::try_from(n).unwrap_or(u32::MAX);
    ChainSummary {
        entries: narrow(chain.entries),
        verified: narrow(chain.verified),
        broken_at: chain.broken_at.map(narrow),
        head: chain.head.clone(),
        took_ms: chain.took_ms,
    }
}

/// What reading back found.
pub fn finding(found: engine::Finding) -> InterruptedFinding {
    match found {
        engine::Finding::Applied => InterruptedFinding::Applied,
        engine::Finding::NotApplied => InterruptedFinding::NotApplied,
        engine::Finding::Settled => InterruptedFinding::Settled,
        engine::Finding::Unreachable => InterruptedFinding::Unreachable,
    }
}

/// A person of the open workspace with the state of the key.
pub async fn person_view(desk: &Desk, id: &PersonId) -> Result<PersonView, Failure> {
    let open = desk.workspace()?;
    let person = open
        .opened
        .workspace
        .people
        .iter()
        .find(|person| &person.id == id);
    let engine = desk.engine().await?;
    let registered = engine.register().keys.get(id).cloned();
    // Without a keychain nobody can sign; who there is can be shown all the same.
    let key = desk.vault.key(id).await.unwrap_or(None);
    let state = match &key {
        None => KeyState::None,
        Some((_, false)) => KeyState::Locked,
        Some((_, true)) => KeyState::Unlocked,
    };
    Ok(PersonView {
        id: id.to_string(),
        name: person.map_or_else(|| id.to_string(), |person| person.name.clone()),
        roles: person
            .map(|p| p.roles.iter().map(|role| role_view(*role)).collect())
            .unwrap_or_default(),
        key: KeyView {
            state,
            fingerprint: key
                .map(|(key, _)| key)
                .or(registered)
                .map(|key| key.fingerprint()),
            registered_at: None,
        },
    })
}

/// The open workspace with its environments, people and releases.
pub async fn workspace_view(desk: &Desk) -> Result<WorkspaceView, Failure> {
    let open = desk.workspace()?;
    let engine = desk.engine().await?;
    let workspace = &open.opened.workspace;
    let mut people = Vec::new();
    for person in &workspace.people {
        people.push(person_view(desk, &person.id).await?);
    }
    let mut releases = Vec::new();
    for head in engine.releases() {
        let snapshot = engine.release(&head.id).map_err(failures::of)?;
        // Releases of another workspace belong to that one's list.
        let here = snapshot
            .release
            .plan
            .environments()
            .all(|e| environment_of(&open, &e.id).is_some());
        if here {
            releases.push(
                desk.view(&head.id, |input| Ok(contract::views::release_head(input)))
                    .await?,
            );
        }
    }
    Ok(WorkspaceView {
        name: text(&workspace.name),
        path: open.path.to_string_lossy().into_owned(),
        digest: open.opened.digest.to_string(),
        stages: workspace
            .stages
            .iter()
            .map(|s| StageHead {
                id: s.id.to_string(),
                name: text(&s.name),
            })
            .collect(),
        environments: environments(desk, &open, engine),
        modules: workspace
            .modules
            .iter()
            .map(|m| ModuleHead {
                id: m.id.to_string(),
                versions: vec![m.version.clone()],
                depends_on: m.depends_on.iter().map(ToString::to_string).collect(),
            })
            .collect(),
        people,
        releases,
        on_call: workspace
            .on_call
            .iter()
            .map(|o| OnCall {
                name: text(&o.name),
                reach: text(&o.reach),
            })
            .collect(),
        example: open.example,
    })
}

fn environment_of<'a>(
    open: &'a OpenWorkspace,
    id: &EnvironmentId,
) -> Option<&'a domain::Environment> {
    open.opened
        .workspace
        .stages
        .iter()
        .flat_map(|s| &s.environments)
        .find(|e| &e.id == id)
}

fn environments(desk: &Desk, open: &OpenWorkspace, engine: &Engine) -> Vec<EnvironmentView> {
    let register = engine.register();
    let workspace = &open.opened.workspace;
    let view = |stage: &domain::Stage, environment: &domain::Environment| {
        let bound = register.bindings.get(&environment.id);
        let session = desk.sessions.of(&environment.id);
        EnvironmentView {
            id: environment.id.to_string(),
            name: text(&environment.name),
            stage: stage.id.to_string(),
            look: look(&workspace.stages, environment),
            cluster: environment.cluster.clone(),
            namespaces: vec![environment.namespace.clone()],
            context: bound.map(|bound| bound.context.clone()),
            host: bound.map(|bound| host_of(&bound.identity.url)),
            identity: identity(
                &register,
                &environment.id,
                workspace.timings.identity_limit_s,
                session.unreachable,
            ),
            version: session.version,
            clock_skew_s: session.clock_skew_s,
            rehearsal: bound.is_some_and(|bound| register.is_rehearsal(&bound.identity)),
        }
    };
    workspace
        .stages
        .iter()
        .flat_map(|s| s.environments.iter().map(move |e| view(s, e)))
        .collect()
}

/// What is known of an environment's identity in this session.
fn identity(
    register: &Register,
    environment: &EnvironmentId,
    limit_s: u32,
    unreachable: bool,
) -> IdentityView {
    let bound = register.bindings.get(environment);
    let check = register.checks.get(environment);
    let age = check.map(|check| (chrono::Utc::now() - check.at).num_seconds());
    let state = match (bound, check, age) {
        (None, ..) => IdentityState::Unbound,
        (_, Some(check), _) if !check.verified => IdentityState::Mismatch,
        _ if unreachable => IdentityState::Unreachable,
        (_, Some(_), Some(age)) if (0..=i64::from(limit_s)).contains(&age) => {
            IdentityState::Verified
        }
        _ => IdentityState::Stale,
    };
    let other = check.filter(|check| !check.verified);
    IdentityView {
        state,
        verified_at: check
            .filter(|check| check.verified)
            .map(|check| at(check.at)),
        limit_s,
        uid: bound.map(|bound| bound.identity.uid.clone()),
        ca: bound.map(|bound| hex_with_colons(&bound.identity.ca_sha256)),
        found_uid: other.map(|check| check.found.uid.clone()),
        found_ca: other.map(|check| hex_with_colons(&check.found.ca_sha256)),
    }
}

/// The banner.
pub async fn banner(desk: &Desk) -> Result<BannerView, Failure> {
    let engine = desk.engine().await?;
    let seat = desk.seat();
    let register = engine.register();
    let release = match &seat.environment {
        Some(environment) => desk.release_under_way(engine, environment),
        None => None,
    };
    let snapshot = release.and_then(|id| engine.release(&id).ok());
    let workspace = seat.workspace.as_ref().map(|open| &open.opened.workspace);
    let stages = workspace.map(|w| w.stages.as_slice()).unwrap_or_default();
    let mut environments = stages.iter().flat_map(|stage| &stage.environments);
    let environment = environments.find(|e| Some(&e.id) == seat.environment.as_ref());
    let session = environment
        .map(|e| desk.sessions.of(&e.id))
        .unwrap_or_default();
    Ok(contract::views::banner_view(&BannerInput {
        stages,
        environment,
        release: snapshot.as_ref().map(|snapshot| snapshot.release.as_ref()),
        register: &register,
        me: seat.person.as_ref(),
        now: chrono::Utc::now(),
        unreachable: session.unreachable,
        cluster_user: session.user.as_deref(),
        identity_limit_s: workspace.map_or(60, |w| w.timings.identity_limit_s),
    }))
}

fn credential(kind: ContextKind) -> CredentialKind {
    match kind {
        ContextKind::Anonymous => CredentialKind::Anonymous,
        ContextKind::Token => CredentialKind::Token,
        ContextKind::Basic => CredentialKind::Basic,
        ContextKind::Certificate => CredentialKind::Certificate,
        ContextKind::Plugin => CredentialKind::Plugin,
    }
}

/// The contexts in the keychain.
pub async fn stored_contexts(desk: &Desk) -> Result<Vec<StoredContext>, Failure> {
    let register = desk.engine().await?.register();
    let heads = desk.vault.contexts().await?;
    Ok(heads
        .into_iter()
        .map(|head| stored(head, &register))
        .collect())
}

fn stored(head: ContextHead, register: &Register) -> StoredContext {
    let shown = (head.kind == ContextKind::Plugin)
        .then(|| cluster::kubeconfig::command_preview(&head.words, &head.variables));
    let bound = register
        .bindings
        .iter()
        .filter(|(_, bound)| bound.context == head.name);
    StoredContext {
        host: host_of(&head.server),
        credential: credential(head.kind),
        plugin: shown.map(|shown| plugin(shown, &head.name, register)),
        expires_at: head.expires_at.map(at),
        bound_to: bound
            .map(|(environment, _)| environment.to_string())
            .collect(),
        name: head.name,
    }
}

fn plugin(
    shown: cluster::kubeconfig::PluginPreview,
    context: &str,
    register: &Register,
) -> PluginView {
    let path = shown.path.map(|path| path.to_string_lossy().into_owned());
    let allowed = path
        .as_ref()
        .and_then(|path| register.plugins.get(&(context.to_owned(), path.clone())));
    PluginView {
        allowed: allowed.is_some() && allowed == shown.sha256.as_ref(),
        words: shown.words,
        environment: shown.environment,
        path,
        sha256: shown.sha256,
        concerns: shown.concerns.into_iter().map(concern).collect(),
    }
}

fn concern(concern: cluster::kubeconfig::PluginConcern) -> PluginConcern {
    use cluster::kubeconfig::PluginConcern as Found;
    match concern {
        Found::Shell => PluginConcern::Shell,
        Found::PlainHttp => PluginConcern::PlainHttp,
        Found::RelativePath => PluginConcern::RelativePath,
        Found::NotFound => PluginConcern::NotFound,
        Found::LegacyAuthProvider => PluginConcern::LegacyAuthProvider,
    }
}

fn refusal(refusal: cluster::kubeconfig::Refusal) -> ContextRefusal {
    use cluster::kubeconfig::Refusal as Found;
    match refusal {
        Found::InsecureTls => ContextRefusal::InsecureTls,
        Found::NotHttps => ContextRefusal::NotHttps,
        Found::MissingCluster => ContextRefusal::MissingCluster,
        Found::MissingUser => ContextRefusal::MissingUser,
        Found::NoCa => ContextRefusal::NoCa,
        Found::BadCertificate => ContextRefusal::BadCertificate,
        Found::DuplicateName => ContextRefusal::DuplicateName,
        Found::Unprintable => ContextRefusal::Unprintable,
        Found::Unsupported => ContextRefusal::Unsupported,
    }
}

/// What a kubeconfig holds, with what the keychain and the ledger know of it.
pub async fn import_preview(
    desk: &Desk,
    preview: cluster::kubeconfig::Preview,
) -> Result<ImportPreview, Failure> {
    let register = desk.engine().await?.register();
    let known = desk.vault.contexts().await.unwrap_or_default();
    let context = |shown: cluster::kubeconfig::ContextPreview| ContextPreview {
        stored: known.iter().any(|head| head.name == shown.name),
        plugin: shown
            .plugin
            .map(|found| plugin(found, &shown.name, &register)),
        server: shown.server,
        ca: shown.ca_sha256.map(|ca| hex_with_colons(&ca)),
        user: shown.user,
        credential: credential(shown.credential),
        files: shown.files,
        refused: shown.refused.map(refusal),
        name: shown.name,
    };
    Ok(ImportPreview {
        contexts: preview.contexts.into_iter().map(context).collect(),
        warnings: preview.warnings,
    })
}

/// Verbs of the permission table, in the order of its columns.
const VERBS: [&str; 5] = ["get", "watch", "patch", "create", "delete"];

/// What the user may do in an environment. With a release under way there, the answer is written
/// into it.
pub async fn permissions_view(
    desk: &Desk,
    environment: &EnvironmentId,
) -> Result<PermissionsView, Failure> {
    let engine = desk.engine().await?;
    let answers = match desk.release_under_way(engine, environment) {
        Some(release) => engine.check_permissions(&release, environment).await,
        None => {
            let open = desk.workspace()?;
            let objects: Vec<_> = open
                .opened
                .workspace
                .modules
                .iter()
                .flat_map(|m| m.manifests.iter().filter(|o| &o.environment == environment))
                .map(|manifest| manifest.object.clone())
                .collect();
            engine.ask_permissions(environment, &objects).await
        }
    }
    .map_err(|failure| desk.failure(environment, failure))?;
    let missing = answers.iter().filter(|(_, allowed)| !allowed).count();
    let mut rows: BTreeMap<(String, String), BTreeMap<String, bool>> = BTreeMap::new();
    for (permission, allowed) in &answers {
        let key = (resource_name(permission), permission.namespace.clone());
        // A watch begins with a list: without it there is none.
        let verb = if permission.verb == "list" {
            "watch"
        } else {
            permission.verb.as_str()
        };
        *rows
            .entry(key)
            .or_default()
            .entry(verb.to_owned())
            .or_insert(true) &= allowed;
    }
    let row = |((resource, namespace), verbs): ((String, String), BTreeMap<String, bool>)| {
        PermissionRow {
            resource,
            namespace: Some(namespace).filter(|namespace| !namespace.is_empty()),
            cells: VERBS
                .iter()
                .map(|verb| PermissionCell {
                    verb: (*verb).to_owned(),
                    allowed: verbs.get(*verb).copied().unwrap_or(false),
                    needed: verbs.contains_key(*verb),
                })
                .collect(),
        }
    };
    Ok(PermissionsView {
        environment: environment.to_string(),
        at: at(chrono::Utc::now()),
        rows: rows.into_iter().map(row).collect(),
        missing: u32::try_from(missing).unwrap_or(u32::MAX),
        excessive: 0,
    })
}

fn resource_name(permission: &Permission) -> String {
    let mut name = permission.resource.clone();
    if !permission.subresource.is_empty() {
        name = format!("{name}/{}", permission.subresource);
    }
    if permission.group.is_empty() {
        name
    } else {
        format!("{name}.{}", permission.group)
    }
}
