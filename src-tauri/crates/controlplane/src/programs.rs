//! Small facts about programs and processes that more than one module needs.

use std::io;
use std::path::PathBuf;
use std::process::{Command, Output};

/// Finds a program in `PATH`, and in the folders that a user's `PATH` lacks.
pub(crate) fn find(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(["/usr/sbin", "/sbin", "/usr/local/go/bin"].map(PathBuf::from))
        .map(|folder| folder.join(name))
        .find(|candidate| candidate.is_file())
}

/// Runs a program to its end; an exit code other than 0 is an error with its stderr.
pub(crate) fn run(command: &mut Command) -> io::Result<Output> {
    let output = command.output()?;
    if output.status.success() {
        return Ok(output);
    }
    let stderr = String::from_utf8_lossy(&output.stderr);
    Err(io::Error::other(format!(
        "{command:?}: {}: {}",
        output.status,
        stderr.trim()
    )))
}

/// Gives the process a group of its own: Ctrl-C in the terminal is for us, and
/// we end the rest in order.
pub(crate) fn own_group(command: &mut Command) -> &mut Command {
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(command, 0);
    command
}

/// A process by its id and start time: an id alone may be somebody else's by now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Process {
    pub(crate) pid: u32,
    pub(crate) started: u64,
}

impl Process {
    /// The process that has this id now.
    pub(crate) fn now(pid: u32) -> Option<Process> {
        let (_, started) = stat(pid)?;
        Some(Process { pid, started })
    }

    /// The first child of the process with this id.
    pub(crate) fn child_of(parent: u32) -> Option<Process> {
        let entries = std::fs::read_dir("/proc").ok()?;
        entries
            .flatten()
            .filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok())
            .find_map(|pid| {
                let (its_parent, started) = stat(pid)?;
                (its_parent == parent).then_some(Process { pid, started })
            })
    }

    pub(crate) fn alive(self) -> bool {
        Process::now(self.pid) == Some(self)
    }

    /// Sends a signal (`KILL`, `STOP`, …) if it is still the same process.
    pub(crate) fn signal(self, signal: &str) -> io::Result<()> {
        if !self.alive() {
            return Err(io::Error::new(
                io::ErrorKind::NotFound,
                "the process has ended",
            ));
        }
        run(Command::new("kill").args(["-s", signal, &self.pid.to_string()]))?;
        Ok(())
    }
}

/// Parent and start time out of `/proc/<pid>/stat`.
fn stat(pid: u32) -> Option<(u32, u64)> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name is in brackets and may contain blanks and brackets itself.
    let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
    if fields.first() == Some(&"Z") {
        // Ended; its parent has only not asked for the exit code yet.
        return None;
    }
    Some((fields.get(1)?.parse().ok()?, fields.get(19)?.parse().ok()?))
}

#[cfg(all(test, target_os = "linux"))]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_known_by_its_start_time_too() {
        let own = Process::now(std::process::id()).unwrap();
        assert!(own.alive());
        assert!(
            !Process {
                started: own.started + 1,
                ..own
            }
            .alive()
        );
    }

    #[test]
    fn a_child_is_found() {
        let mut child = Command::new("sleep").arg("60").spawn().unwrap();
        let found = Process::now(child.id()).unwrap();
        let (parent, _) = stat(found.pid).unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(parent, std::process::id());
        assert!(!found.alive());
    }
}
