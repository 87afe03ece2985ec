//! Where things are in the repository.

use std::path::{Path, PathBuf};

pub(crate) fn root() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.ancestors().nth(2).unwrap_or(own).to_owned()
}

pub(crate) fn ui() -> PathBuf {
    root().join("ui")
}

pub(crate) fn target() -> PathBuf {
    controlplane::binaries::target_folder()
}

/// Programs that cargo installs for us alone.
pub(crate) fn tools() -> PathBuf {
    target().join("tools")
}
