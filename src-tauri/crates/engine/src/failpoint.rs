use std::sync::{Arc, OnceLock};

use crate::EngineFailure;

/// Named points of the one path that every mutation takes. A test can have the process killed, or
/// the engine stopped as if it had been, at any of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FailPoint {
    /// Before the intent is written down.
    BeforeIntent,
    /// The intent is durable, nothing is sent.
    AfterIntent,
    /// An answer, or none, came; nothing of it is written down.
    AfterSend,
    /// The outcome is durable.
    AfterOutcome,
    /// Before an unknown outcome is read back.
    BeforeReadBack,
    /// The reading is there, not written down.
    AfterReadBack,
    /// Before the end of a rollout or way back is written down.
    BeforeConclusion,
    /// After it was.
    AfterConclusion,
    /// Before anything is appended to the ledger: everything is decided, nothing is durable.
    BeforeCommit,
    /// It is durable; nobody in the program has heard of it.
    AfterCommit,
}

impl FailPoint {
    /// Every point.
    pub const ALL: [FailPoint; 10] = [
        FailPoint::BeforeIntent,
        FailPoint::AfterIntent,
        FailPoint::AfterSend,
        FailPoint::AfterOutcome,
        FailPoint::BeforeReadBack,
        FailPoint::AfterReadBack,
        FailPoint::BeforeConclusion,
        FailPoint::AfterConclusion,
        FailPoint::BeforeCommit,
        FailPoint::AfterCommit,
    ];
}

/// Asked at every point; true stops the work there without another word, like a kill.
pub type FailHook = Arc<dyn Fn(FailPoint) -> bool + Send + Sync>;

/// Where a test may stop the engine. Empty outside of tests.
#[derive(Default)]
pub(crate) struct FailPoints(OnceLock<FailHook>);

impl FailPoints {
    /// Can be set once.
    pub(crate) fn set(&self, hook: FailHook) {
        let _ = self.0.set(hook);
    }

    /// A test may stop the engine here.
    pub(crate) fn at(&self, point: FailPoint) -> Result<(), EngineFailure> {
        match self.0.get() {
            Some(hook) if hook(point) => Err(EngineFailure::Halted(point)),
            _ => Ok(()),
        }
    }
}
