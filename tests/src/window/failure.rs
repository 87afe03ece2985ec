//! What went wrong with the window, and where to look.

use std::path::PathBuf;

use crate::desktop::DesktopFailure;

/// Why something could not be done in the window.
#[derive(Debug, thiserror::Error)]
pub enum WindowFailure {
    /// The desktop.
    #[error(transparent)]
    Desktop(#[from] DesktopFailure),
    /// The window did not open.
    #[error("the window did not open: {why}\n{said}")]
    Open {
        /// Why.
        why: Unopened,
        /// The end of what the program printed.
        said: String,
    },
    /// The program had ended by itself.
    #[error("the program runs no more\n{said}")]
    Gone {
        /// The end of what it printed.
        said: String,
    },
    /// The driver refused.
    #[error("{what}: {source}")]
    Driver {
        /// What was being done.
        what: String,
        /// The driver's answer.
        source: Box<fantoccini::error::CmdError>,
    },
    /// What was waited for did not come.
    #[error("waited {seconds} s for {what}; {seen}{evidence}")]
    Waited {
        /// For what.
        what: String,
        /// How long.
        seconds: u64,
        /// What was there instead.
        seen: String,
        /// Where screenshot, text and log are.
        evidence: Evidence,
    },
    /// The window is not as large as it was made, and a picture would show something else.
    #[error("the window is {0} × {1} pixels large")]
    Picture(u64, u64),
    /// Something that a look needs could not be read.
    #[error("reading {path}: {source}")]
    Read {
        /// What.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A result could not be written.
    #[error("writing {path}: {source}")]
    Write {
        /// Where.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

/// Why there is no window.
#[derive(Debug, thiserror::Error)]
pub enum Unopened {
    /// The driver said so.
    #[error(transparent)]
    Refused(Box<fantoccini::error::NewSessionError>),
    /// The driver did not answer.
    #[error("no answer within {seconds} s")]
    Silent {
        /// How long was waited.
        seconds: u64,
    },
}

/// Where a failure left what was to be seen.
#[derive(Debug, Clone, Default)]
pub struct Evidence(pub Option<PathBuf>);

impl std::fmt::Display for Evidence {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.0 {
            Some(folder) => write!(to, "\n  see {}", folder.display()),
            None => Ok(()),
        }
    }
}
