//! Tells the window what changes, and keeps the identity of what it shows fresh.

use std::time::Duration;

use contract::{Changed, Topic};
use engine::Engine;
use tauri::{AppHandle, Manager};
use tauri_specta::Event;
use tokio::sync::broadcast::error::RecvError;

use crate::desk::Desk;

/// How often the identity of the shown environment is checked. Well below the limit after which it
/// counts as old, so that one lost answer does not lock the window.
const IDENTITY_PERIOD: Duration = Duration::from_secs(15);

/// How often it is looked whether the seat has been idle for too long. Signing looks by itself.
const IDLE_PERIOD: Duration = Duration::from_secs(5);

/// Forwards the engine's changes to the window.
pub fn forward_changes(app: AppHandle, engine: &Engine) {
    let mut changes = engine.changes();
    tauri::async_runtime::spawn(async move {
        loop {
            match changes.recv().await {
                Ok(changed) => {
                    for told in told(&changed) {
                        tell(&app, told);
                    }
                }
                // The window re-reads everything anyway: what was lost is covered by what comes.
                Err(RecvError::Lagged(_)) => tell_all(&app),
                Err(RecvError::Closed) => return,
            }
        }
    });
}

fn told(changed: &engine::Changed) -> Vec<Changed> {
    let revision = u32::try_from(changed.revision).unwrap_or(u32::MAX);
    let one = |topic, subject: Option<String>| Changed {
        topic,
        subject,
        revision,
    };
    match &changed.topic {
        engine::Topic::Release(id) => {
            vec![
                one(Topic::Release, Some(id.to_string())),
                one(Topic::Notifications, None),
            ]
        }
        engine::Topic::Rollout(id, _) => vec![one(Topic::Rollout, Some(id.to_string()))],
        engine::Topic::Register => vec![one(Topic::Workspace, None)],
        engine::Topic::Ledger => vec![one(Topic::Ledger, None)],
        engine::Topic::Banner => vec![one(Topic::Banner, None)],
    }
}

/// Tells the window to read one topic again.
pub fn tell(app: &AppHandle, changed: Changed) {
    if let Err(error) = crate::ipc::ChangedEvent(changed).emit(app) {
        tracing::debug!(%error, "the window was not told");
    }
}

/// Tells the window to read everything again.
pub fn tell_all(app: &AppHandle) {
    for topic in [
        Topic::Workspace,
        Topic::Release,
        Topic::Rollout,
        Topic::Ledger,
        Topic::Banner,
        Topic::Notifications,
    ] {
        tell(
            app,
            Changed {
                topic,
                subject: None,
                revision: 0,
            },
        );
    }
}

/// Locks the key of who is in the seat when nobody has been there for long enough.
pub fn lock_when_idle(app: AppHandle) {
    tauri::async_runtime::spawn(async move {
        let mut ticks = tokio::time::interval(IDLE_PERIOD);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            app.state::<Desk>().lock_if_idle().await;
        }
    });
}

/// Checks the identity of the shown environment again and again.
pub fn check_identity(app: AppHandle, engine: Engine) {
    tauri::async_runtime::spawn(async move {
        let mut ticks = tokio::time::interval(IDENTITY_PERIOD);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let Some(environment) = app.state::<Desk>().seat().environment else {
                continue;
            };
            let desk = app.state::<Desk>();
            // Nothing is written down by looking: what changes the verdict is, by the engine.
            desk.sessions.check(&engine, None, &environment).await;
            tell(
                &app,
                Changed {
                    topic: Topic::Banner,
                    subject: None,
                    revision: 0,
                },
            );
        }
    });
}
