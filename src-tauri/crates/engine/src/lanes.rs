use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::{EnvironmentId, ReleaseId};
use tokio::sync::OwnedMutexGuard;
use tokio_util::sync::CancellationToken;

use crate::live::{Live, Running};

/// One lane per release and environment: whoever changes the cluster there holds its hands.
#[derive(Default)]
pub(crate) struct Lanes(Mutex<BTreeMap<(ReleaseId, EnvironmentId), Arc<Lane>>>);

impl Lanes {
    pub(crate) fn of(&self, release: &ReleaseId, environment: &EnvironmentId) -> Arc<Lane> {
        let key = (release.clone(), environment.clone());
        let mut lanes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(lanes.entry(key).or_default())
    }

    /// Every lane that somebody asked for in this process.
    pub(crate) fn all(&self) -> Vec<Placed> {
        let lanes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lanes
            .iter()
            .map(|(key, lane)| (key.clone(), Arc::clone(lane)))
            .collect()
    }
}

/// A lane with what it belongs to.
pub(crate) type Placed = ((ReleaseId, EnvironmentId), Arc<Lane>);

/// An environment of a release in this process.
#[derive(Default)]
pub(crate) struct Lane {
    hands: Arc<tokio::sync::Mutex<()>>,
    /// Held while a task is started or replaced, so that two starts cannot cross.
    pub(crate) switch: tokio::sync::Mutex<()>,
    state: Mutex<State>,
}

/// Proof that nobody else changes the cluster in this lane.
pub(crate) type Hands = OwnedMutexGuard<()>;

#[derive(Default)]
struct State {
    task: Option<Task>,
    tasks: u64,
    live: Live,
}

#[derive(Clone)]
struct Task {
    number: u64,
    running: Running,
    leave: CancellationToken,
    over: CancellationToken,
}

/// What a task has of its lane. Dropping it, even by a panic, says that the task is over.
pub(crate) struct Turn {
    lane: Arc<Lane>,
    number: u64,
    /// Cancelled when the task shall leave; a mutation under way is still brought to its outcome.
    pub(crate) leave: CancellationToken,
    /// Cancelled when the task before this one is over.
    pub(crate) before: Option<CancellationToken>,
    over: CancellationToken,
}

impl Lane {
    /// Waits until nobody else changes the cluster here.
    pub(crate) async fn hands(&self) -> Hands {
        Arc::clone(&self.hands).lock_owned().await
    }

    /// What a task works on now.
    pub(crate) fn running(&self) -> Option<Running> {
        self.lock().task.as_ref().map(|task| task.running)
    }

    /// Begins a task. The one before, if any, is told to leave.
    pub(crate) fn begin(self: &Arc<Self>, running: Running) -> Turn {
        let mut state = self.lock();
        state.tasks += 1;
        let task = Task {
            number: state.tasks,
            running,
            leave: CancellationToken::new(),
            over: CancellationToken::new(),
        };
        let before = state.task.replace(task.clone());
        if let Some(before) = &before {
            before.leave.cancel();
        }
        state.live.trouble = None;
        state.live.waiting = None;
        Turn {
            lane: Arc::clone(self),
            number: task.number,
            leave: task.leave,
            before: before.map(|task| task.over),
            over: task.over,
        }
    }

    /// Tells the running task to leave; cancelled when it is over.
    pub(crate) fn dismiss(&self) -> Option<CancellationToken> {
        let state = self.lock();
        let task = state.task.as_ref()?;
        task.leave.cancel();
        Some(task.over.clone())
    }

    /// Changes what is shown.
    pub(crate) fn show(&self, change: impl FnOnce(&mut Live)) {
        change(&mut self.lock().live);
    }

    /// What is shown.
    pub(crate) fn live(&self) -> Live {
        let state = self.lock();
        Live {
            running: state.task.as_ref().map(|task| task.running),
            ..state.live.clone()
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut state = self.lane.lock();
        if state.task.as_ref().is_some_and(|t| t.number == self.number) {
            state.task = None;
            state.live.waiting = None;
            state.live.objects = Vec::new();
            state.live.deadline_at = None;
        }
        self.over.cancel();
    }
}
