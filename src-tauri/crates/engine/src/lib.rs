//! Runs releases. The engine owns the ports; adapters implement them and the desktop shell puts
//! both together. Every change of a cluster goes the same way: intent into the ledger, guarded call,
//! outcome into the ledger; no answer means unknown, and unknown is read back.

mod act;
mod as_written;
mod asked;
mod awaiting;
mod bodies;
mod book;
mod changes;
mod control;
mod engine;
mod evidence;
mod failpoint;
mod failure;
mod handles;
mod judge;
mod keys;
mod lanes;
mod leaving;
mod limits;
mod live;
mod logs;
mod lookout;
mod naming;
mod notify;
mod paperwork;
mod permissions;
mod persist;
pub mod ports;
mod probing;
mod read_back;
mod restart;
mod rollback;
mod rollback_preview;
mod run;
mod steps;
mod summary;
mod trouble;
mod workstation;
mod written;

pub use book::Snapshot;
pub use changes::{Changed, Topic};
pub use engine::{Engine, Ports};
pub use failpoint::{FailHook, FailPoint};
pub use failure::EngineFailure;
pub use limits::Limits;
pub use live::{ChangesProgress, DiffBodies, FullDiff, Live, Running, Waiting};
pub use lookout::Lookout;
pub use restart::{Finding, Interrupted};
pub use rollback_preview::{ObjectRollback, RollbackEffect};
pub use summary::{MeasuredRollback, Summary, SummaryEnvironment};
pub use workstation::{CredentialInUse, Probe};
