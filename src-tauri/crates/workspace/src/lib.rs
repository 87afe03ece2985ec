//! Reads a workspace: a folder, usually a git checkout, with `pilothouse.yaml` and the manifests of
//! every module and environment beside it. What is wrong is refused with its file, line and column;
//! nothing outside of the folder is ever read, and nothing is ever written into it.
//!
//! ```text
//! pilothouse.yaml                             pipeline, modules, people, checklist …
//! modules/<module>/<environment>/*.yaml       manifests, read in the order of their names
//! ```

mod check;
mod draft;
pub mod example;
mod expectation;
mod failure;
mod folder;
mod limits;
mod located;
mod manifests;
mod order;
mod plan;
mod raw;
mod read;
pub mod schema;
mod text;
mod tree;
mod version;
mod yaml;

pub use draft::{ModuleVersion, ReleaseDraft};
pub use expectation::{Expectation, Misread, Thing};
pub use failure::{Place, WorkspaceFailure};
pub use folder::WorkspaceFile;
pub use limits::Limits;
pub use plan::{PlanFailure, Planned, plan};
pub use read::{Opened, read, read_within};
