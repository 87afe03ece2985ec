//! Given, when, then: clusters, people, a workspace, a ledger, an engine, and ways to look at what
//! is really on the clusters without asking our own adapter.

mod site;

pub use site::{Caller, Ground, Site, kubectl, users};
