//! A small Kubernetes API in this process, for the first run, drills and fast tests.
//!
//! [`Cluster::start`] serves HTTPS on loopback with its own CA and bearer tokens. Deployments,
//! ReplicaSets and pods move on a clock with a seed; faults are scripted. It knows nothing of who
//! uses it, and nothing but its node names and the version string tells it from another cluster.
//! What it leaves out is in the crate's README.

mod admission;
mod api;
mod bootstrap;
mod certs;
mod cluster;
mod controllers;
mod defaults;
mod delete;
mod faults;
mod fields;
mod holds;
mod kubeconfig;
mod pace;
mod patch;
mod persist;
mod plane;
mod resource;
mod scale;
mod select;
mod spec;
mod status;
mod store;
mod tree;
mod validate;
mod write;

pub use cluster::{Cluster, ManifestError, Objects, StartError};
pub use faults::Fault;
pub use holds::{Held, Moment};
pub use kubeconfig::kubeconfig_of;
pub use pace::Pace;
pub use spec::{ClusterSpec, RequestRecord, Rule, User};
pub use status::ApiError;
