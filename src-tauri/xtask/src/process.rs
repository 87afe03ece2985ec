//! Running other programs, always saying what is being done.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::time::Instant;

use crate::failure::{Failure, io};
use crate::folders;

/// Says that something begins.
pub(crate) fn announce(what: &str) {
    println!("→ {what}");
}

/// Runs a step, saying before what it is and after how long it took.
pub(crate) fn step<T>(what: &str, work: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
    announce(what);
    let began = Instant::now();
    let done = work()?;
    println!("  done: {what} ({:.1} s)", began.elapsed().as_secs_f64());
    Ok(done)
}

/// Runs a command to its end, its output going where ours goes.
pub(crate) fn run(command: &mut Command) -> Result<(), Failure> {
    let status = status(command)?;
    if status.success() {
        return Ok(());
    }
    Err(Failure::Command {
        command: name(command),
        status,
    })
}

/// The same, but what it printed is shown only when it failed.
pub(crate) fn run_quietly(command: &mut Command) -> Result<(), Failure> {
    let output = command
        .output()
        .map_err(io(format!("starting {}", name(command))))?;
    if output.status.success() {
        return Ok(());
    }
    eprint!("{}", String::from_utf8_lossy(&output.stdout));
    eprint!("{}", String::from_utf8_lossy(&output.stderr));
    Err(Failure::Command {
        command: name(command),
        status: output.status,
    })
}

pub(crate) fn status(command: &mut Command) -> Result<ExitStatus, Failure> {
    command
        .status()
        .map_err(io(format!("starting {}", name(command))))
}

/// The cargo that runs us, at the top of the workspace.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = ours(Path::new(&cargo));
    command.args(arguments);
    command
}

/// A program that works for us, at the top of the workspace.
pub(crate) fn ours(program: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir(folders::root());
    // Cargo tells us about ourselves in the environment, and some build scripts run again when that is
    // another than before: a build by hand and one by us would each undo the other's.
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if ["CARGO_PKG_", "CARGO_MANIFEST_"]
            .iter()
            .any(|of| text.starts_with(of))
        {
            command.env_remove(&name);
        }
    }
    // Tests look for these instead of guessing.
    command.env(
        "PILOTHOUSE_KUBECTL",
        controlplane::binaries::path("kubectl"),
    );
    command.env("PATH", path_with_tools());
    command
}

/// What cargo knows of the workspace.
pub(crate) fn metadata(more: &[&str]) -> Result<serde_json::Value, Failure> {
    let mut command = cargo(&["metadata", "--format-version", "1"]);
    let output = command
        .args(more)
        .output()
        .map_err(io("asking cargo for metadata"))?;
    if !output.status.success() {
        eprint!("{}", String::from_utf8_lossy(&output.stderr));
        return Err(Failure::Command {
            command: name(&command),
            status: output.status,
        });
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// Finds a program in `PATH`.
pub(crate) fn find(program: &str) -> Option<PathBuf> {
    std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default())
        .chain(["/usr/sbin".into(), "/sbin".into()])
        .map(|folder| folder.join(program))
        .find(|candidate| candidate.is_file())
}

/// The command line for a message.
pub(crate) fn name(command: &Command) -> String {
    let program = Path::new(command.get_program())
        .file_name()
        .unwrap_or_default();
    let arguments = command
        .get_args()
        .map(|argument| argument.to_string_lossy());
    std::iter::once(program.to_string_lossy())
        .chain(arguments)
        .collect::<Vec<_>>()
        .join(" ")
}

fn path_with_tools() -> std::ffi::OsString {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::iter::once(folders::tools().join("bin")).chain(std::env::split_paths(&path));
    std::env::join_paths(folders).unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_names_the_command_without_its_folder() {
        assert_eq!(name(Command::new("/usr/bin/npm").arg("ci")), "npm ci");
    }
}
