//! Starting the program, on the screen or on a virtual one.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, ExitStatus, Stdio};

use crate::failure::{Failure, io};
use crate::process::{announce, cargo, ours, run as run_command, status, step};
use crate::{folders, setup};

pub(crate) fn run(headless: bool) -> Result<ExitCode, Failure> {
    if headless || !has_screen() {
        return driven("demo");
    }
    setup::prepare(setup::For::Window)?;
    build()?;
    announce("starting Pilothouse");
    Ok(code(status(&mut ours(&built("pilothouse")))?))
}

pub(crate) fn pictures() -> Result<ExitCode, Failure> {
    driven("pictures")
}

fn build() -> Result<(), Failure> {
    step("building Pilothouse", || {
        run_command(&mut cargo(&["build", "--package", "pilothouse"]))
    })
}

/// Builds the program and all that tests it in one go: asked for one by one, libraries would be built
/// again with the features that each of them happens to need.
pub(crate) fn build_with_tests() -> Result<(), Failure> {
    step("building Pilothouse and its tests", || {
        let all = ["build", "--workspace", "--bins", "--tests"];
        run_command(&mut cargo(&all))
    })
}

/// A program of ours, as the builds above leave it.
fn built(program: &str) -> PathBuf {
    let file = format!("debug/{program}{}", std::env::consts::EXE_SUFFIX);
    folders::target().join(file)
}

/// Runs a program of the acceptance crate with a screen and a session bus of its own.
fn driven(program: &str) -> Result<ExitCode, Failure> {
    setup::prepare(setup::For::Tests)?;
    step(&format!("building Pilothouse and {program}"), || {
        let packages = ["--package", "pilothouse", "--package", "acceptance"];
        let mut command = cargo(&["build", "--bin", "pilothouse", "--bin", program]);
        run_command(command.args(packages))
    })?;
    let file = built(program);
    if !cfg!(target_os = "linux") {
        announce(&format!("running {program}"));
        return Ok(code(status(&mut ours(&file))?));
    }
    let screen = Screen::open()?;
    announce(&format!(
        "running {program} on virtual display {}",
        screen.display
    ));
    let mut command = ours(Path::new("dbus-run-session"));
    command.arg("--").arg(file);
    command
        .env("DISPLAY", &screen.display)
        .env_remove("WAYLAND_DISPLAY");
    Ok(code(status(&mut command)?))
}

fn has_screen() -> bool {
    let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    !cfg!(target_os = "linux") || set("DISPLAY") || set("WAYLAND_DISPLAY")
}

fn code(status: ExitStatus) -> ExitCode {
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    code.map_or(ExitCode::FAILURE, ExitCode::from)
}

/// A virtual display, as long as this lives.
struct Screen {
    server: Child,
    display: String,
}

impl Screen {
    fn open() -> Result<Screen, Failure> {
        let mut server = Command::new("Xvfb")
            // It chooses a free number and tells it as soon as it listens.
            .args([
                "-displayfd",
                "1",
                "-screen",
                "0",
                "1440x900x24",
                "-nolisten",
                "tcp",
            ])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(io("starting Xvfb"))?;
        let mut number = String::new();
        if let Some(stdout) = server.stdout.take() {
            BufReader::new(stdout)
                .read_line(&mut number)
                .map_err(io("reading from Xvfb"))?;
        }
        Ok(Screen {
            server,
            display: format!(":{}", number.trim()),
        })
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        // SIGTERM and not SIGKILL: it has a lock file and a socket to remove.
        // There is nothing to do about a failure here.
        let _ = Command::new("kill")
            .arg(self.server.id().to_string())
            .status();
        let _ = self.server.wait();
    }
}

#[cfg(all(test, target_os = "linux"))]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_virtual_display_listens_when_it_is_told_and_ends_when_dropped() {
        if crate::process::find("Xvfb").is_none() {
            eprintln!("1 skipped: no virtual display (Xvfb is missing)");
            return;
        }
        let screen = Screen::open().unwrap();
        let socket = format!("/tmp/.X11-unix/X{}", screen.display.trim_start_matches(':'));
        assert!(std::path::Path::new(&socket).exists(), "{socket}");
        drop(screen);
        assert!(!std::path::Path::new(&socket).exists(), "{socket}");
    }
}
