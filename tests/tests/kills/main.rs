//! The program is killed, for real (SIGKILL), at every point of the path that changes take and at
//! random moments, on the way forward and on the way back, once or several times. After each kill
//! the ledger and the cluster's own record of requests say what happened, and the release is brought
//! to an end.
//!
//! `PILOTHOUSE_KILLS=n` sets how many random kills there are at least, `PILOTHOUSE_SEED` repeats them.
#![cfg(target_os = "linux")]
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used)]

mod arena;
mod books;
mod campaign;
mod checks;
mod cycle;
mod disk;
mod sabotage;
