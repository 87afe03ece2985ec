//! Whether clusters can run on this machine, and why not.

use std::io::Write;
use std::path::Path;
use std::process::Command;

use crate::{binaries, image, programs};

/// When this variable is `1`, a machine that cannot run clusters is a failure
/// and not a reason to skip.
pub const REQUIRE: &str = "PILOTHOUSE_REQUIRE_CLUSTERS";

/// Where Debian's `containernetworking-plugins` puts its programs.
pub(crate) const CNI: &str = "/usr/lib/cni";

/// Why clusters cannot run here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unavailable {
    /// Namespaces, containers and kubelets are Linux.
    #[error("not Linux")]
    NotLinux,
    /// Namespaces and routes need root.
    #[error("not root")]
    NotRoot,
    /// A program is missing.
    #[error("{program} is missing (Debian package {package})")]
    Program {
        /// What was looked for.
        program: String,
        /// Where Debian has it.
        package: String,
    },
    /// The programs of a cluster are not built and there is no Go to build them.
    #[error("the cluster programs are not built, and Go is missing to build them")]
    Go,
    /// The kernel, or a container around us, refuses namespaces.
    #[error("no namespaces: {0}")]
    Namespaces(String),
}

/// Whether clusters can run here.
pub fn available() -> Result<(), Unavailable> {
    if !cfg!(target_os = "linux") {
        return Err(Unavailable::NotLinux);
    }
    if !is_root() {
        return Err(Unavailable::NotRoot);
    }
    for (program, package) in [
        ("unshare", "util-linux"),
        ("nsenter", "util-linux"),
        ("mount", "mount"),
        ("kill", "procps"),
        ("ip", "iproute2"),
        ("containerd", "containerd"),
        ("ctr", "containerd"),
        ("runc", "runc"),
        ("iptables", "iptables"),
        ("conntrack", "conntrack"),
    ] {
        if programs::find(program).is_none() {
            return Err(missing(program, package));
        }
    }
    if !Path::new(image::BUSYBOX).is_file() {
        return Err(missing(image::BUSYBOX, "busybox-static"));
    }
    if !Path::new(CNI).join("bridge").is_file() {
        return Err(missing(
            &format!("{CNI}/bridge"),
            "containernetworking-plugins",
        ));
    }
    if !binaries::up_to_date() && programs::find("go").is_none() {
        return Err(Unavailable::Go);
    }
    programs::run(Command::new("unshare").args([
        "--net",
        "--pid",
        "--mount",
        "--fork",
        "--mount-proc",
        "true",
    ]))
    .map_err(|error| Unavailable::Namespaces(error.to_string()))?;
    Ok(())
}

/// Whether a test on real clusters should go on. When it should not, says so on
/// stderr in the counted form `N skipped: no control plane (why)`.
///
/// # Panics
/// When clusters cannot run here and [`REQUIRE`] is `1`.
#[allow(clippy::panic)] // A skipped test that was required is a failed test.
pub fn runnable(tests: usize) -> bool {
    let Err(why) = available() else { return true };
    if std::env::var(REQUIRE).is_ok_and(|value| value == "1") {
        panic!("{tests} tests need real clusters and {REQUIRE}=1: {why}");
    }
    // Written past the test runner's capture: a skip must always be seen.
    let _ = writeln!(
        std::io::stderr(),
        "{tests} skipped: no control plane ({why})"
    );
    false
}

fn missing(program: &str, package: &str) -> Unavailable {
    Unavailable::Program {
        program: program.to_owned(),
        package: package.to_owned(),
    }
}

fn is_root() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status
        .lines()
        .find_map(|line| line.strip_prefix("Uid:"))
        .and_then(|ids| ids.split_whitespace().nth(1))
        .is_some_and(|effective| effective == "0")
}
