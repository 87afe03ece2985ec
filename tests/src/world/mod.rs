//! Given, when, then: clusters, people, a workspace, a ledger, an engine, and ways to look at what
//! is really on the clusters without asking our own adapter.
//!
//! A story panics where it goes wrong, as a test does.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod alone;
mod clock;
mod contexts;
mod given;
mod notices;
mod session;
mod site;
mod then;
mod when;

pub use alone::{ENVIRONMENT, MODULE, before};
pub use clock::StoryClock;
pub use given::{CLUSTERS, Given, SECRET, World};
pub use notices::Notices;
pub use session::{Session, quick_cluster, quick_engine};
pub use site::{Caller, Ground, Site, kubectl, real_sites, users};
pub use then::{NEW, OLD};
