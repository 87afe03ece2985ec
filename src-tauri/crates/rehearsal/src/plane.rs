//! What all parts of one cluster share.

use crate::faults::Faults;
use crate::holds::Holds;
use crate::pace::Pace;
use crate::spec::{ClusterSpec, RequestRecord, User};
use crate::store::Store;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// One cluster's state: objects, faults, callers, the record of requests.
pub(crate) struct Plane {
    pub name: String,
    pub seed: u64,
    pub users: Vec<User>,
    pub pace: Pace,
    store: Mutex<Store>,
    faults: Mutex<Faults>,
    requests: Mutex<Vec<RequestRecord>>,
    /// Whether records keep what was sent.
    pub keep_bodies: bool,
    /// What containers say after their first lines.
    pub says: Arc<[String]>,
    /// Requests to be held.
    pub holds: Holds,
    /// Ends controllers, watches and followed logs.
    pub stop: CancellationToken,
    /// The revision up to which controllers have nothing left to do; 0 while they have.
    pub settled: watch::Sender<u64>,
    /// Counted up to make controllers look again without a change of objects (faults).
    pub nudge: watch::Sender<u64>,
}

impl Plane {
    pub(crate) fn new(spec: &ClusterSpec, faults: Faults, store: Store) -> Self {
        Plane {
            name: spec.name.clone(),
            seed: spec.seed,
            users: spec.users.clone(),
            pace: spec.pace.clone(),
            keep_bodies: spec.keep_bodies,
            says: spec.says.clone().into(),
            holds: Holds::default(),
            store: Mutex::new(store),
            faults: Mutex::new(faults),
            requests: Mutex::new(Vec::new()),
            stop: CancellationToken::new(),
            settled: watch::Sender::new(0),
            nudge: watch::Sender::new(0),
        }
    }

    /// The objects. Never held across an await.
    pub(crate) fn store(&self) -> MutexGuard<'_, Store> {
        unpoisoned(&self.store)
    }

    pub(crate) fn faults(&self) -> MutexGuard<'_, Faults> {
        unpoisoned(&self.faults)
    }

    pub(crate) fn requests(&self) -> MutexGuard<'_, Vec<RequestRecord>> {
        unpoisoned(&self.requests)
    }
}

// A panic in one request must not take the whole cluster down with it.
fn unpoisoned<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
