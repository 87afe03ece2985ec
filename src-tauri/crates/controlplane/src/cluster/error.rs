//! What can go wrong with a cluster.

use std::io;
use std::path::Path;
use std::time::Duration;

use crate::availability::Unavailable;
use crate::binaries::{BuildError, last_lines};

/// Why a cluster did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Clusters cannot run on this machine.
    #[error("no control plane: {0}")]
    Unavailable(#[from] Unavailable),
    /// The programs could not be built.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// The name cannot be part of host names and paths.
    #[error("{0:?} is no name for a cluster: use a-z, 0-9 and -")]
    Name(String),
    /// All clusters that fit on one machine are running, or the chosen index is taken.
    #[error("no free index for a cluster on this machine")]
    NoFreeIndex,
    /// Keys or certificates could not be made.
    #[error("certificates: {0}")]
    Certificates(#[from] rcgen::Error),
    /// A file, link or process could not be set up.
    #[error("{doing}: {source}")]
    Setup {
        /// What was being set up.
        doing: String,
        /// Why not.
        source: io::Error,
    },
    /// A component ended by itself.
    #[error("{component} ended; its last lines:\n{log}")]
    Ended {
        /// Which one.
        component: String,
        /// The last lines of its log.
        log: String,
    },
    /// A condition was not met in time.
    #[error("{what} not after {} s; the last answer: {answer}\nlast lines of {component}:\n{log}", waited.as_secs())]
    NotReady {
        /// What was waited for.
        what: String,
        /// How long.
        waited: Duration,
        /// What the last question gave.
        answer: String,
        /// The component most likely at fault.
        component: String,
        /// The last lines of its log.
        log: String,
    },
}

/// Why a fault could not be brought about or taken back.
#[derive(Debug, thiserror::Error)]
pub enum FaultError {
    /// The component does not run (killed before), or runs already.
    #[error("{0}")]
    State(String),
    /// A signal or a question failed.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The component did not come back.
    #[error(transparent)]
    Start(#[from] StartError),
}

/// Why a condition is not met yet: the answer to one of many questions.
#[derive(Debug, thiserror::Error)]
pub(super) enum NotYet {
    #[error("no socket yet")]
    NoSocket,
    #[error(transparent)]
    NoConnection(io::Error),
    /// kubectl ended badly; what it wrote is in the error.
    #[error(transparent)]
    Refused(io::Error),
    #[error("no JSON: {0}")]
    Unreadable(serde_json::Error),
    #[error("the node is not ready")]
    NodeNotReady,
    #[error("the node has taints: {0}")]
    Tainted(String),
}

pub(super) fn setup(doing: impl Into<String>) -> impl FnOnce(io::Error) -> StartError {
    let doing = doing.into();
    move |source| StartError::Setup { doing, source }
}

pub(super) fn tail(log: &Path) -> String {
    let bytes = std::fs::read(log).unwrap_or_default();
    last_lines(&String::from_utf8_lossy(&bytes), 15)
}
