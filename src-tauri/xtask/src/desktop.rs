//! Starting the program, on the screen or on a virtual one.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, ExitCode, ExitStatus, Stdio};

use crate::failure::{Failure, io};
use crate::process::{announce, cargo, run as run_command, status, step};
use crate::{folders, setup};

pub(crate) fn run(headless: bool) -> Result<ExitCode, Failure> {
    if headless || !has_screen() {
        return driven("demo");
    }
    setup::prepare(setup::For::Window)?;
    build()?;
    announce("starting Pilothouse");
    let program = format!("debug/pilothouse{}", std::env::consts::EXE_SUFFIX);
    let mut command = Command::new(folders::target().join(program));
    Ok(code(status(command.current_dir(folders::root()))?))
}

pub(crate) fn pictures() -> Result<ExitCode, Failure> {
    driven("pictures")
}

pub(crate) fn build() -> Result<(), Failure> {
    step("building Pilothouse", || {
        run_command(&mut cargo(&["build", "--package", "pilothouse"]))
    })
}

/// Runs a program of the acceptance crate with a screen and a session bus of its own.
fn driven(program: &str) -> Result<ExitCode, Failure> {
    setup::prepare(setup::For::Tests)?;
    build()?;
    step(&format!("building {program}"), || {
        run_command(&mut cargo(&[
            "build",
            "--package",
            "acceptance",
            "--bin",
            program,
        ]))
    })?;
    let arguments = [
        "run",
        "--quiet",
        "--package",
        "acceptance",
        "--bin",
        program,
    ];
    if !cfg!(target_os = "linux") {
        announce(&format!("running {program}"));
        return Ok(code(status(&mut cargo(&arguments))?));
    }
    let screen = Screen::open()?;
    announce(&format!(
        "running {program} on virtual display {}",
        screen.display
    ));
    let cargo = cargo(&arguments);
    let mut command = Command::new("dbus-run-session");
    command
        .arg("--")
        .arg(cargo.get_program())
        .args(cargo.get_args());
    for (name, value) in cargo.get_envs() {
        command.env(name, value.unwrap_or_default());
    }
    command.current_dir(folders::root());
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
