use serde::{Deserialize, Serialize};
use specta::Type;

use crate::Text;

/// What goes on while the window is to be closed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct ClosingView {
    /// Everything that is under way.
    pub work: Vec<WorkHead>,
}

/// A rollout or rollback under way.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct WorkHead {
    /// The release.
    pub release: String,
    /// The environment.
    pub environment: String,
    /// The environment's name.
    pub name: Text,
    /// Whether it is a rollback.
    pub back: bool,
}

/// What the person wants of a window with work under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum ClosingChoice {
    /// Go on behind a minimised window.
    Keep,
    /// End the program after the step that each is at; the next start offers to continue.
    Stop,
    /// Leave everything as it is.
    Stay,
}
