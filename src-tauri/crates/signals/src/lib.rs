//! Asks what runs beside the clusters how things stand. What comes back is an observation; what it
//! means for a release is the domain's to judge.

mod http;

pub use http::{HttpProbes, Limits};
