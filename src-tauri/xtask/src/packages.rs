//! System packages of Debian and Ubuntu.

use std::process::Command;

use crate::failure::{Failure, io};
use crate::process::{self, find, step};

/// A package, and a program that proves it is there by whatever other package.
struct Package {
    name: &'static str,
    program: Option<&'static str>,
}

const fn package(name: &'static str) -> Package {
    Package {
        name,
        program: None,
    }
}

const fn program(name: &'static str, program: &'static str) -> Package {
    Package {
        name,
        program: Some(program),
    }
}

/// To build the window.
const WINDOW: &[Package] = &[
    package("libwebkit2gtk-4.1-dev"),
    package("librsvg2-dev"),
    package("libayatana-appindicator3-dev"),
    program("pkg-config", "pkg-config"),
];

/// To drive the window where there is no screen.
const HEADLESS: &[Package] = &[
    program("webkit2gtk-driver", "WebKitWebDriver"),
    program("xvfb", "Xvfb"),
    program("dbus", "dbus-daemon"),
    program("dbus-x11", "dbus-launch"),
    program("gnome-keyring", "gnome-keyring-daemon"),
    program("libsecret-tools", "secret-tool"),
    program("dunst", "dunst"),
    package("fonts-noto-cjk"),
    package("fonts-noto-mono"),
    program("xdotool", "xdotool"),
    program("imagemagick", "convert"),
    program("x11-utils", "xwininfo"),
];

/// For real clusters. Docker's own containerd.io conflicts with Debian's
/// package, so the program counts and not the package.
const CLUSTERS: &[Package] = &[
    program("containerd", "containerd"),
    package("containernetworking-plugins"),
    program("iptables", "iptables"),
    program("conntrack", "conntrack"),
    package("busybox-static"),
    program("iproute2", "ip"),
];

/// Installs what is missing, or says which line would.
pub(crate) fn install(headless: bool) -> Result<(), Failure> {
    if find("dpkg-query").is_none() {
        if cfg!(target_os = "linux") {
            println!("  not Debian or Ubuntu: what these give must be there already:");
            println!("    {}", names(&wanted(headless, is_root())).join(" "));
        }
        return Ok(());
    }
    let root = is_root();
    let missing = missing(&wanted(headless, root))?;
    if missing.is_empty() {
        println!("→ system packages: all there");
        return Ok(());
    }
    let sudo = if root { "" } else { "sudo " };
    let line = format!(
        "{sudo}apt-get update && {sudo}apt-get install -y --no-install-recommends {}",
        missing.join(" ")
    );
    if !root && !sudo_without_password() {
        return Err(Failure::Packages(line));
    }
    step(&format!("installing {}", missing.join(" ")), || {
        process::run(apt(root).args(["update", "-qq"]))?;
        process::run(
            apt(root)
                .args([
                    "install",
                    "-y",
                    "-qq",
                    "-o=Dpkg::Use-Pty=0",
                    "--no-install-recommends",
                ])
                .args(&missing),
        )
    })
}

/// Clusters run as root only, so nobody else needs their packages.
fn wanted(headless: bool, root: bool) -> Vec<&'static Package> {
    let mut wanted: Vec<&Package> = WINDOW.iter().collect();
    if headless {
        wanted.extend(HEADLESS);
        if root {
            wanted.extend(CLUSTERS);
        }
    }
    wanted
}

fn missing(wanted: &[&'static Package]) -> Result<Vec<&'static str>, Failure> {
    // It exits with 1 when one of the names is unknown; what it prints still holds.
    let output = Command::new("dpkg-query")
        .args(["--show", "--showformat=${Package} ${db:Status-Status}\n"])
        .args(names(wanted))
        .output()
        .map_err(io("asking dpkg for packages"))?;
    let installed = String::from_utf8_lossy(&output.stdout).into_owned();
    Ok(absent(wanted, &installed, |program| {
        find(program).is_some()
    }))
}

fn absent(
    wanted: &[&'static Package],
    installed: &str,
    has_program: impl Fn(&str) -> bool,
) -> Vec<&'static str> {
    let is_installed = |name: &str| {
        installed
            .lines()
            .any(|line| line == format!("{name} installed"))
    };
    wanted
        .iter()
        .filter(|package| !is_installed(package.name) && !package.program.is_some_and(&has_program))
        .map(|package| package.name)
        .collect()
}

fn names(packages: &[&'static Package]) -> Vec<&'static str> {
    packages.iter().map(|package| package.name).collect()
}

fn apt(root: bool) -> Command {
    let mut command = Command::new(if root { "apt-get" } else { "sudo" });
    if !root {
        command.args([
            "--non-interactive",
            "--preserve-env=DEBIAN_FRONTEND",
            "apt-get",
        ]);
    }
    command.env("DEBIAN_FRONTEND", "noninteractive");
    command
}

fn sudo_without_password() -> bool {
    let output = Command::new("sudo")
        .args(["--non-interactive", "true"])
        .output();
    output.is_ok_and(|output| output.status.success())
}

fn is_root() -> bool {
    let output = Command::new("id").arg("-u").output();
    output.is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_from_another_package_counts() {
        let wanted: Vec<&Package> = CLUSTERS.iter().collect();
        let installed = "busybox-static installed\niptables config-files\n";
        let absent = absent(&wanted, installed, |program| program == "containerd");
        assert_eq!(
            absent,
            [
                "containernetworking-plugins",
                "iptables",
                "conntrack",
                "iproute2"
            ]
        );
    }

    #[test]
    fn only_root_needs_what_clusters_need() {
        assert!(!names(&wanted(true, false)).contains(&"containerd"));
        assert!(names(&wanted(true, true)).contains(&"containerd"));
        assert!(!names(&wanted(false, true)).contains(&"xvfb"));
    }
}
