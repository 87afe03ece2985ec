//! Views that are made of more than one part: keychain, bindings, workspace, running session.

mod contexts;
mod permissions;

pub use contexts::{context_refusal, import_preview, stored_contexts};
pub use permissions::permissions_view;

use contract::views::{
    BannerInput, IdentityInput, at, host_of, identity_view, key_periods, look, role_view, text,
    witnesses,
};
use contract::{
    BannerView, ChainSummary, EnvironmentView, Expected, Failure, Field, InterruptedFinding,
    KeyState, KeyView, LeftOutView, ModuleHead, OnCall, PersonView, StageHead, WorkspaceView,
};
use domain::{LeftOut, PersonId, Status};
use engine::Engine;
use engine::ports::ChainReport;

use crate::desk::Desk;
use crate::seat::OpenWorkspace;

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
    let mut views = people(desk, &open).await?;
    let found = views.iter().position(|view| view.id == id.as_str());
    found
        .map(|at| views.swap_remove(at))
        .ok_or_else(|| Failure::form(Field::Person, Expected::WorkspacePerson))
}

/// The people of a workspace with the state of their keys.
async fn people(desk: &Desk, open: &OpenWorkspace) -> Result<Vec<PersonView>, Failure> {
    let engine = desk.engine().await?;
    let (register, people) = (engine.register(), &open.opened.workspace.people);
    let name = |id: &PersonId| {
        let known = people.iter().find(|person| &person.id == id);
        known.map_or_else(|| id.to_string(), |person| person.name.clone())
    };
    let mut states = Vec::new();
    for person in people {
        // Without a keychain nobody can sign; who there is can be shown all the same. One that does not
        // answer does not say that there is no key: unlocking it then tells what is the matter.
        let state = match engine.usable_key(&person.id).await {
            Ok(Some((_, true))) => KeyState::Unlocked,
            Ok(Some((_, false))) => KeyState::Locked,
            Ok(None) => KeyState::None,
            Err(failure) => {
                tracing::warn!(person = %person.id, %failure, "the keychain does not say whether there is a key");
                KeyState::Locked
            }
        };
        states.push(state);
    }
    let able = people.iter().zip(&states);
    let able = able.filter(|(_, state)| **state != KeyState::None);
    let able: Vec<_> = able.map(|(person, _)| person.id.clone()).collect();
    let heads = engine.releases();
    // A release that has ended makes nobody the other of anybody, and is not worth reading.
    let running = heads.iter().filter(|head| head.status == Status::Running);
    let snapshots = running.filter_map(|head| engine.release(&head.id).ok());
    let releases: Vec<_> = snapshots.map(|snapshot| snapshot.release).collect();
    let view = |(person, state): (&domain::Person, KeyState)| {
        let registered = register.key_of(&person.id);
        let releases = releases.iter().map(|release| release.as_ref());
        PersonView {
            id: person.id.to_string(),
            name: person.name.clone(),
            roles: person.roles.iter().map(|role| role_view(*role)).collect(),
            key: KeyView {
                state,
                fingerprint: registered.map(|period| period.key.fingerprint()),
                registered_at: registered.map(|period| at(period.from)),
                registered: registered.is_some(),
                witnesses: witnesses(&person.id, &able, releases, name),
                periods: key_periods(&register, &person.id, name),
            },
        }
    };
    Ok(people.iter().zip(states).map(view).collect())
}

/// The open workspace with its environments, people and releases.
pub async fn workspace_view(desk: &Desk) -> Result<WorkspaceView, Failure> {
    let open = desk.workspace()?;
    let engine = desk.engine().await?;
    let workspace = &open.opened.workspace;
    let people = people(desk, &open).await?;
    let mut releases = Vec::new();
    for summary in engine.releases() {
        // Releases of another workspace belong to that one's list.
        if open.has_all_of(&summary) {
            releases.push(contract::views::release_head(&summary));
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
        parallel_ignored: Some(workspace.timings.parallel).filter(|parallel| *parallel > 1),
        on_call: workspace
            .on_call
            .iter()
            .map(|o| OnCall {
                name: text(&o.name),
                reach: text(&o.reach),
            })
            .collect(),
        example: open.example,
        left_out: workspace.left_out.iter().map(left_out_view).collect(),
    })
}

fn left_out_view(left_out: &LeftOut) -> LeftOutView {
    LeftOutView {
        file: left_out.file.clone(),
        line: left_out.line,
        object: left_out.object.clone(),
        fields: left_out.fields.clone(),
    }
}

fn environments(desk: &Desk, open: &OpenWorkspace, engine: &Engine) -> Vec<EnvironmentView> {
    let register = engine.register();
    let workspace = &open.opened.workspace;
    let view = |stage: &domain::Stage, environment: &domain::Environment| {
        let bound = register.bindings.get(&environment.id);
        let session = desk.sessions.of(&environment.id);
        let failure = session
            .failure
            .map(|failure| desk.about(&environment.id, failure));
        EnvironmentView {
            id: environment.id.to_string(),
            name: text(&environment.name),
            stage: stage.id.to_string(),
            look: look(&workspace.stages, environment),
            cluster: environment.cluster.clone(),
            namespaces: vec![environment.namespace.clone()],
            context: bound.map(|bound| bound.context.clone()),
            host: bound.map(|bound| host_of(&bound.identity.url)),
            identity: identity_view(&IdentityInput {
                environment: Some(&environment.id),
                release: None,
                register: &register,
                now: chrono::Utc::now(),
                failure: failure.as_ref(),
                limit_s: workspace.timings.identity_limit_s,
            }),
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

/// The banner.
pub async fn banner(desk: &Desk) -> Result<BannerView, Failure> {
    let engine = desk.engine().await?;
    let seat = desk.seat();
    let register = engine.register();
    let release = match &seat.environment {
        Some(environment) => desk.release_shown(engine, environment),
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
    let failure = environment
        .zip(session.failure)
        .map(|(environment, failure)| desk.about(&environment.id, failure));
    let credential = environment
        .map(|e| engine.credential(&e.id))
        .unwrap_or_default();
    Ok(contract::views::banner_view(&BannerInput {
        stages,
        environment,
        release: snapshot.as_ref().map(|snapshot| snapshot.release.as_ref()),
        register: &register,
        me: seat.person.as_ref(),
        now: chrono::Utc::now(),
        failure: failure.as_ref(),
        cluster_user: session.user.as_deref(),
        identity_limit_s: workspace.map_or(60, |w| w.timings.identity_limit_s),
        acts_as: credential.acts_as.as_deref(),
        credential_ends: credential.ends_at,
    }))
}
