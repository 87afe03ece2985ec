//! Where things are and where results go.

use std::path::PathBuf;

/// The checkout that this was built from.
pub fn project() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// Cargo's target folder.
pub fn target() -> PathBuf {
    controlplane::binaries::target_folder()
}

/// The program under test, as `cargo build --package pilothouse` leaves it.
pub fn program() -> PathBuf {
    target().join("debug/pilothouse")
}

/// The same, optimised, as people install it.
pub fn optimised(name: &str) -> PathBuf {
    target().join("release").join(name)
}

/// The WebDriver intermediary that `cargo xtask` installs.
pub fn driver() -> PathBuf {
    target().join("tools/bin/tauri-driver")
}

/// Where a failed test leaves what it saw.
pub fn evidence(test: &str) -> PathBuf {
    target().join("e2e").join(test)
}
