//! The append-only, hash-chained SQLite file: the program's only memory. How the hash is made, and
//! how to check an export without this program, is in the crate's README.

mod backup;
mod chain;
mod export;
mod failure;
mod folder;
mod ledger;
mod limits;
mod names;
mod open;
mod read;
mod readers;
mod row;
mod search;
mod verify;
mod writer;

pub use backup::restore;
pub use export::verify_export;
pub use ledger::SqliteLedger;
pub use limits::Limits;
pub use names::{Names, names};
