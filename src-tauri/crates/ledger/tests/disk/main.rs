//! The ledger on a disk that refuses and forgets.
//!
//! `PILOTHOUSE_POWER_CUTS=n` sets how many power cuts there are, `PILOTHOUSE_SEED` repeats them.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod faults;
#[path = "../sqlite/given.rs"]
#[allow(dead_code)]
mod given;
mod locks;
mod power;
mod read_only;
mod shim;
#[path = "../sqlite/variables.rs"]
mod variables;

/// Tests with a watched folder come one after the other.
pub static ONE: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// In memory where there is such a place: what a disk does is played here, and real syncs take minutes.
pub fn folder() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm")
        .or_else(|_| tempfile::tempdir())
        .unwrap()
}
