//! Why there is no desktop.

use std::path::PathBuf;

use super::Area;

/// Why the desktop cannot be had on this machine.
#[derive(Debug, thiserror::Error)]
pub enum Missing {
    /// A program is not in `PATH`.
    #[error("{0} is missing")]
    Program(&'static str),
    /// A file that `cargo xtask` makes is not there.
    #[error("{0} is not there: cargo xtask builds it")]
    File(PathBuf),
}

/// Why the desktop could not be started.
#[derive(Debug, thiserror::Error)]
pub enum DesktopFailure {
    /// It cannot be had here.
    #[error("no desktop ({0})")]
    Missing(#[from] Missing),
    /// A file or folder of it.
    #[error("{what}: {source}")]
    File {
        /// What was being done.
        what: &'static str,
        /// Why it failed.
        source: std::io::Error,
    },
    /// A program did not start.
    #[error("starting {name}: {source}")]
    Start {
        /// Which one.
        name: String,
        /// Why.
        source: std::io::Error,
    },
    /// A program ended of its own accord.
    #[error("{name} ended by itself ({how})")]
    Ended {
        /// Which one.
        name: String,
        /// Exit status.
        how: String,
    },
    /// Something did not become ready in time.
    #[error("{0} did not become ready in time")]
    NotReady(&'static str),
    /// The session bus.
    #[error("session bus: {0}")]
    Bus(#[from] zbus::Error),
    /// A tool that was asked about the screen.
    #[error("xdotool {asked}: {said}")]
    Screen {
        /// Its arguments.
        asked: String,
        /// What it said.
        said: String,
    },
    /// A part of the screen that is none.
    #[error("{0:?} is not on the screen")]
    Outside(Area),
    /// A picture that could not be made of pixels.
    #[error("making a picture: {0}")]
    Png(png::EncodingError),
}
