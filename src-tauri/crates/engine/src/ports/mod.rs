//! What the engine needs of the world.

mod clock;
mod cluster;
mod expiry;
mod failure;
mod ledger;
mod notifier;
mod probe;
mod vault;
mod watching;

pub use clock::*;
pub use cluster::*;
pub use expiry::*;
pub use failure::*;
pub use ledger::*;
pub use notifier::*;
pub use probe::*;
pub use vault::*;
pub use watching::*;
