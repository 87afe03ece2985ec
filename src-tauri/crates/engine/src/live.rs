use std::sync::Arc;

use domain::{Diff, Instant, Masked, ObjectRef};

use crate::EngineFailure;
use crate::ports::{Picture, WorkloadPicture};

/// What is known of an environment of a release beyond the ledger; gone when the program ends.
#[derive(Clone, Debug, Default)]
pub struct Live {
    /// Whether a task of this process works on it now.
    pub running: Option<Running>,
    /// What it waits for, if it waits for a person or for contact.
    pub waiting: Option<Waiting>,
    /// The newest picture of the workloads: all of the environment while it is looked at, else
    /// those of the newest task.
    pub picture: Option<Arc<Picture>>,
    /// Objects that are no workloads, as the running task has found them last.
    pub objects: Vec<WorkloadPicture>,
    /// What the lookout sees.
    pub(crate) overview: Option<Arc<Picture>>,
    /// Seconds since the newest thing came from the watch; none when nothing came yet.
    pub watch_age_s: Option<f64>,
    /// When the progress deadline is over if nothing moves.
    pub deadline_at: Option<Instant>,
    /// Why the last task broke off without an end in the ledger, if it did.
    pub trouble: Option<EngineFailure>,
    /// The newest dry run of this session.
    pub changes: ChangesProgress,
}

/// What a task works on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Running {
    /// A module goes forward.
    Forward,
    /// The environment goes back.
    Back,
}

/// What a task waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Waiting {
    /// The person paused it.
    Paused,
    /// Changes are not unlocked any more; arming goes on from here.
    NotArmed,
    /// The cluster does not answer, or does not let us in.
    Contact {
        /// Since when.
        since: Instant,
        /// What it came to last.
        failure: EngineFailure,
    },
}

/// How far a dry run is.
#[derive(Clone, Debug, Default)]
pub enum ChangesProgress {
    /// Not asked for in this session.
    #[default]
    NotRun,
    /// The cluster is being asked.
    Running,
    /// There it is.
    Ready(Arc<FullDiff>),
    /// The cluster could not be asked.
    Failed(EngineFailure),
}

/// A dry run with the objects themselves.
#[derive(Clone, Debug, PartialEq)]
pub struct FullDiff {
    /// When it was made.
    pub at: Instant,
    /// As the ledger has it.
    pub diff: Diff,
    /// Bodies in the same order.
    pub bodies: Vec<DiffBodies>,
}

/// One object before and after. Values of Secrets are masked.
#[derive(Clone, Debug, PartialEq)]
pub struct DiffBodies {
    /// The object.
    pub object: ObjectRef,
    /// Live; none when it would be created.
    pub before: Option<Masked>,
    /// As it would be; none when the cluster refuses it.
    pub after: Option<Masked>,
}
