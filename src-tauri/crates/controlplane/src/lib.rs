//! Real Kubernetes clusters on one Linux machine, for the tests and for playing.
//!
//! Each [`ControlPlane`] is etcd, API server, controller manager, scheduler,
//! containerd, kubelet and kube-proxy in network, process and mount namespaces
//! of its own. The host has a route to its pods and Services, so a test talks
//! to them directly. Nothing of Kubernetes is imitated here.
//!
//! - [`binaries`] builds the programs from their Go modules.
//! - [`image`] makes container images without a registry.
//! - [`available`] says whether clusters can run here, and if not, why.
//!
//! ```no_run
//! use controlplane::{Behaviour, ControlPlane, Image, Options, User};
//!
//! let router = Image::new(
//!     "pilothouse.example/fission-router:1.15.3",
//!     Behaviour::Serves { version: "1.15.3".into() },
//! );
//! let cluster = ControlPlane::start(Options::named("bj-dev-01").with_image(router))?;
//! println!("{}", cluster.kubeconfig(User::Operator));
//! cluster.shutdown()?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod availability;
pub mod binaries;
mod cluster;
pub mod image;
mod programs;
mod tar;

pub use availability::{REQUIRE, Unavailable, available, runnable};
pub use cluster::{ControlPlane, FaultError, Heard, Options, StartError, User, merged_kubeconfig};
pub use image::{Behaviour, Image};
