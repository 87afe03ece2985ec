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
mod fact;
pub mod gate;
mod ids;
mod image;
mod json;
mod keys;
mod kinds;
mod mask;
mod objects;
mod one_way;
mod reason;
mod refusal;
mod register;
mod release;
mod removal;
mod signature;
mod state;
mod steps;
mod workspace;

pub use backup::*;
pub use changes::*;
pub use command::*;
pub use decide::{
    Facts, condition_name, decide, may_back_up, may_probe, may_review, may_tick, may_vote,
    may_waive,
};
pub use event::*;
pub use evolve::evolve;
pub use fact::*;
pub use ids::*;
pub use image::ImageRef;
pub use json::{canonical, path_within};
pub use keys::*;
pub use kinds::{Rank, Scope, Workload};
pub use mask::Masked;
pub use objects::*;
pub use one_way::{OneWay, one_way};
pub use reason::*;
pub use refusal::*;
pub use register::*;
pub use release::*;
pub use removal::{RemovalFacts, Stays, UsedBy, may_remove, used_by};
pub use signature::*;
pub use state::*;
pub use steps::{Action, Run, Step, StepEnd, Written, compile, rollback, written};
pub use workspace::*;

/// An instant in UTC. The domain never asks for the time; it is told.
pub type Instant = chrono::DateTime<chrono::Utc>;
