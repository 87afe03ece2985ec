//! The Kubernetes adapter: keeps the engine's [`engine::ports::Clusters`] with kube.
//!
//! - A context becomes a client only through [`KubeClusters`], from what the context holds.
//! - Before that, [`kubeconfig`] shows what a file holds and takes contexts out of it.
//! - [`diff_lines`] makes what a person reads of a dry run.
//!
//! There is no current context here, no retry of a mutation, and no log line with the content of an
//! answer.

mod adopt;
mod as_sent;
mod autoscale;
mod carry;
mod connection;
mod content;
mod failure;
mod fields;
mod handle;
mod identity;
mod kinds;
/// What a kubeconfig holds, before anything of it is used.
pub mod kubeconfig;
mod limits;
mod lines;
mod login;
mod manifest;
mod mutate;
mod objects;
mod owners;
mod pem;
mod permissions;
mod plugin;
mod presented;
mod preview;
mod printable;
mod quantity;
mod read_back;
mod redact;
mod rollback;
mod rollback_preview;
mod rollout;
mod status;
mod three_way;
mod trust;
mod watch;
mod wire;
mod wiring;

pub use handle::KubeClusters;
pub use limits::Limits;
pub use lines::{Line, LineKind, diff_lines};
pub use manifest::MANAGER as FIELD_MANAGER;
pub use presented::{Presented, presented};
