//! The program in a process of its own, without a window: a story can kill it for real, and what it
//! had said by then is known. The clusters live with the story and survive.
//!
//! The process has the real engine, the real ledger on disk, the real adapter and the real keychain;
//! it tells on its standard output what it was promised and where it is.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod child;
mod crooked;
mod limits;
mod orders;
mod process;
mod room;
mod told;

pub use child::run;
pub use orders::{Full, Job, Orders, Sabotage, Stop, Told, Word};
pub use process::{Heard, Process};
