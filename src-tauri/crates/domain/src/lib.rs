//! What a release is, as pure data and pure functions. `decide` turns a command into events or a
//! refusal, `evolve` folds events into state, `gate` tells what still keeps a gate closed. No IO,
//! no async, no clock: time and facts are arguments, so that every verdict can be computed again
//! from the ledger.

mod backup;
mod changes;
mod command;
mod decide;
mod event;
mod evidence;
mod evolve;
pub mod gate;
mod ids;
mod image;
mod json;
mod kinds;
mod mask;
mod objects;
mod one_way;
mod reason;
mod refusal;
mod register;
mod release;
mod signature;
mod state;
mod workspace;

pub use backup::*;
pub use changes::*;
pub use command::*;
pub use decide::{Facts, condition_name, decide, may_tick, may_vote, may_waive};
pub use event::*;
pub use evolve::evolve;
pub use ids::*;
pub use image::ImageRef;
pub use json::{canonical, path_within};
pub use kinds::{Rank, Scope, Workload};
pub use mask::Masked;
pub use objects::*;
pub use one_way::{OneWay, one_way};
pub use reason::*;
pub use refusal::*;
pub use register::*;
pub use release::*;
pub use signature::*;
pub use state::*;
pub use workspace::*;

/// An instant in UTC. The domain never asks for the time; it is told.
pub type Instant = chrono::DateTime<chrono::Utc>;
