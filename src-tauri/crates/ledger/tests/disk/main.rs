//! The ledger on a disk that refuses and forgets.
//!
//! `PILOTHOUSE_POWER_CUTS=n` sets how many power cuts there are, `PILOTHOUSE_SEED` repeats them.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod faults;
#[path = "../sqlite/given.rs"]
#[allow(dead_code)]
mod given;
mod power;
mod shim;

/// Tests with a watched folder come one after the other.
pub static ONE: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());
