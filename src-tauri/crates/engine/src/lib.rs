//! Runs releases. The engine owns the ports; adapters implement them and the desktop shell puts
//! both together. Every change of a cluster goes the same way: intent into the ledger, guarded call,
//! outcome into the ledger; no answer means unknown, and unknown is read back.

mod act;
mod as_written;
mod awaiting;
mod back;
mod bodies;
mod book;
mod changes;
mod control;
mod engine;
mod evidence;
mod failpoint;
mod failure;
mod forward;
mod handles;
mod judge;
mod lanes;
mod limits;
mod live;
mod logs;
mod lookout;
mod naming;
mod notify;
mod order;
mod paperwork;
mod permissions;
mod persist;
pub mod ports;
mod read_back;
mod restart;
mod summary;
mod trouble;
mod undo;
mod workstation;
mod written;

pub use book::Snapshot;
pub use changes::{Changed, Topic};
pub use engine::{Engine, Ports};
pub use failpoint::{FailHook, FailPoint};
pub use failure::EngineFailure;
pub use limits::Limits;
pub use live::{ChangesProgress, DiffBodies, Doing, FullDiff, Live, Running, Step, Waiting};
pub use lookout::Lookout;
pub use restart::{Finding, Interrupted};
pub use summary::{MeasuredRollback, Summary, SummaryEnvironment};
pub use workstation::Probe;
