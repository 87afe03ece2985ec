//! Controllers: rollouts, crashes, deadlines, ownership, restarts of the program.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used)]

#[path = "../common/mod.rs"]
mod common;

mod others;
mod rollouts;
mod same;
