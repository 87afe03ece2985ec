//! Why a command did not do what was asked.

use std::io;
use std::process::ExitStatus;

#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error("unknown command {0:?}; `cargo xtask help` lists all")]
    Usage(String),
    #[error("{command} failed ({status})")]
    Command { command: String, status: ExitStatus },
    #[error("{doing}: {source}")]
    Io { doing: String, source: io::Error },
    #[error("{program} is missing: {advice}")]
    Missing {
        program: &'static str,
        advice: &'static str,
    },
    #[error(
        "system packages are missing, and installing them needs root. Run this line, then try again:\n\n  {0}\n"
    )]
    Packages(String),
    #[error("cargo metadata cannot be read: {0}")]
    Metadata(#[from] serde_json::Error),
    #[error("directions that are not allowed:\n{}", .0.join("\n"))]
    Directions(Vec<String>),
    #[error("the UI's node_modules takes {size} MiB, more than the {limit} MiB that it may")]
    NodeModules { size: u64, limit: u64 },
    #[error(transparent)]
    Programs(#[from] controlplane::binaries::BuildError),
    #[error("real clusters are required here ({required}=1), but: {0}", required = controlplane::REQUIRE)]
    ClustersRequired(controlplane::Unavailable),
    #[error(transparent)]
    Cluster(#[from] controlplane::StartError),
    #[error("failed: {}", .0.join(", "))]
    Stages(Vec<String>),
}

pub(crate) fn io(doing: impl Into<String>) -> impl FnOnce(io::Error) -> Failure {
    let doing = doing.into();
    move |source| Failure::Io { doing, source }
}
