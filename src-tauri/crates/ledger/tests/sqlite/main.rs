//! The ledger on a real file, with other processes and with people who tamper.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod appending;
mod backing_up;
mod damages;
mod exporting;
mod given;
mod opening;
mod processes;
mod refusing;
mod searching;
mod tampering;
mod unknown;
mod variables;
