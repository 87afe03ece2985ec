use std::sync::Arc;

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
}

impl FailPoint {
    /// Every point.
    pub const ALL: [FailPoint; 8] = [
        FailPoint::BeforeIntent,
        FailPoint::AfterIntent,
        FailPoint::AfterSend,
        FailPoint::AfterOutcome,
        FailPoint::BeforeReadBack,
        FailPoint::AfterReadBack,
        FailPoint::BeforeConclusion,
        FailPoint::AfterConclusion,
    ];
}

/// Asked at every point; true stops the work there without another word, like a kill.
pub type FailHook = Arc<dyn Fn(FailPoint) -> bool + Send + Sync>;
