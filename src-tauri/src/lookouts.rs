//! Keeps an eye on every environment of the releases at hand, so that pods and readiness on the screen
//! are those of now: after a restart, between rollouts, in stages that passed long ago. Read-only.

use std::collections::BTreeMap;
use std::time::Duration;

use domain::{Binding, EnvironmentId, Instant, ReleaseId, Status};
use engine::{Changed, Engine, Lookout, Summary, Topic};
use futures::future::join_all;
use tauri::{AppHandle, Manager};
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

use crate::desk::Desk;

/// How often the identities of all environments of open releases are checked. The shown one is
/// checked more often, by the pulse.
const IDENTITY_PERIOD: Duration = Duration::from_secs(60);

/// How long a release is looked at after it has ended (sop: watched for two days).
const AFTERWARDS: chrono::TimeDelta = chrono::TimeDelta::days(2);

type Place = (ReleaseId, EnvironmentId);

/// Begins and ends lookouts as releases, bindings and verdicts on identities come and go.
pub fn keep(app: AppHandle, engine: Engine) {
    check_identities(app.clone(), engine.clone());
    tauri::async_runtime::spawn(async move {
        let mut kept: BTreeMap<Place, (Binding, Lookout)> = BTreeMap::new();
        let mut changes = engine.changes();
        loop {
            let wanted = wanted(&app.state::<Desk>(), &engine);
            kept.retain(|place, (binding, _)| wanted.get(place) == Some(binding));
            for (place, binding) in wanted {
                kept.entry(place)
                    .or_insert_with_key(|(release, environment)| {
                        (binding, engine.look_out(release, environment))
                    });
            }
            if !may_differ(&mut changes).await {
                return;
            }
        }
    });
}

/// Waits for what may change which environments are wanted; false when the engine is gone.
async fn may_differ(changes: &mut broadcast::Receiver<Changed>) -> bool {
    // Which workspace is open is no business of the engine, so that it does not tell it.
    let period = tokio::time::sleep(IDENTITY_PERIOD);
    tokio::pin!(period);
    loop {
        let changed = tokio::select! {
            changed = changes.recv() => changed,
            () = &mut period => return true,
        };
        match changed {
            Ok(changed) => match changed.topic {
                Topic::Release(_) | Topic::Register | Topic::Banner => return true,
                Topic::Rollout(..) | Topic::Ledger => {}
            },
            Err(RecvError::Lagged(_)) => return true,
            Err(RecvError::Closed) => return false,
        }
    }
}

/// Environments of the releases at hand whose cluster is the pinned one by the newest check.
fn wanted(desk: &Desk, engine: &Engine) -> BTreeMap<Place, Binding> {
    let register = engine.register();
    let verified = |id: &EnvironmentId| register.checks.get(id).is_some_and(|c| c.verified);
    bound(desk, engine)
        .into_iter()
        .filter(|((_, environment), _)| verified(environment))
        .collect()
}

/// A release is looked at while it runs, and for the days after in which it may be taken back.
fn is_of_interest(release: &Summary, now: Instant) -> bool {
    release.status == Status::Running || now - release.touched_at < AFTERWARDS
}

/// Bound environments of such releases of the open workspace.
fn bound(desk: &Desk, engine: &Engine) -> BTreeMap<Place, Binding> {
    let Ok(open) = desk.workspace() else {
        return BTreeMap::new();
    };
    let register = engine.register();
    let now = chrono::Utc::now();
    let mut bound = BTreeMap::new();
    for release in engine.releases() {
        if !is_of_interest(&release, now) || !open.has_all_of(&release) {
            continue;
        }
        for environment in &release.environments {
            if let Some(binding) = register.bindings.get(&environment.id) {
                let place = (release.id.clone(), environment.id.clone());
                bound.insert(place, binding.clone());
            }
        }
    }
    bound
}

fn check_identities(app: AppHandle, engine: Engine) {
    tauri::async_runtime::spawn(async move {
        let mut changes = engine.changes();
        loop {
            let desk = app.state::<Desk>();
            let places = bound(&desk, &engine);
            let checks = places
                .keys()
                .map(|(_, environment)| desk.sessions.check(&engine, None, environment));
            join_all(checks).await;
            let until = tokio::time::Instant::now() + IDENTITY_PERIOD;
            while bound(&desk, &engine) == places && tokio::time::Instant::now() < until {
                if !may_differ(&mut changes).await {
                    return;
                }
            }
        }
    });
}
