//! What older programs wrote is read by this one: the shape of everything that the ledger keeps belongs to
//! a version, and a ledger of every version so far is opened.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    missing_docs,
    dead_code,
    unused_imports
)]

#[path = "../../../domain/tests/common/mod.rs"]
mod common;
#[path = "../../../engine/tests/engine/fakes/mod.rs"]
mod fakes;

mod golden;
mod samples;
mod shapes;

use std::path::PathBuf;

/// Where what older versions wrote is kept.
fn kept(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(name)
}

/// Whether the files of the current version are to be written.
fn bless() -> bool {
    std::env::var_os("PILOTHOUSE_BLESS").is_some()
}

/// The version that the migrations lead to.
fn version() -> i64 {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/migrations");
    let version_of = |text: String| {
        let (_, rest) = text.split_once("PRAGMA user_version = ")?;
        rest.split(';').next()?.trim().parse().ok()
    };
    std::fs::read_dir(folder)
        .unwrap()
        .filter_map(|entry| version_of(std::fs::read_to_string(entry.unwrap().path()).unwrap()))
        .max()
        .unwrap()
}
