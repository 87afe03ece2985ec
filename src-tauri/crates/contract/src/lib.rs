//! What crosses between the program and its window: views out, commands in, [`Failure`] when
//! something could not be done. Everything here is plain data, so that the window holds no rule
//! of its own: what may be done, and why not, is said by the view.
//!
//! Numbers are finite. TypeScript has one kind of them: fields of type `f64` are told to the window as
//! `u32` only so that it need not expect the `null` that JSON has for what is not a number.
//!
//! Instants are RFC 3339 strings in UTC ([`At`]); the window shows them in the workstation's zone.

mod changes;
mod checklist;
mod closing;
mod clusters;
mod failure;
mod forms;
mod gate;
mod ledger;
mod people;
mod phrases;
mod reasons;
mod release;
mod rollback;
mod rollout;
mod start;
mod text;
pub mod views;

pub use changes::*;
pub use checklist::*;
pub use closing::*;
pub use clusters::*;
pub use failure::*;
pub use forms::*;
pub use gate::*;
pub use ledger::*;
pub use people::*;
pub use phrases::*;
pub use reasons::*;
pub use release::*;
pub use rollback::*;
pub use rollout::*;
pub use start::*;
pub use text::*;
