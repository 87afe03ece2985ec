//! A program that ends with its owner.

use std::fs::File;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group, test_kill_process_group};

use super::{DesktopFailure, LIMITS};

/// A running program, the leader of a process group of its own. Dropping it ends the group.
///
/// It also ends when the thread that started it does, so that a test that is killed leaves
/// nothing behind: start it on a thread that lives as long as the desktop.
pub struct Program {
    name: String,
    child: Child,
}

/// What a program is started with.
pub struct Start<'a> {
    /// Name for messages.
    pub name: &'a str,
    /// File name, looked up in `PATH`, or a path.
    pub program: &'a Path,
    /// Arguments.
    pub arguments: &'a [String],
    /// The whole environment: nothing is inherited but `PATH`.
    pub environment: &'a [(String, String)],
    /// Where stdout and stderr go.
    pub log: &'a Path,
    /// Whether stdout is read by us instead.
    pub reads_stdout: bool,
    /// Fed to stdin, which is then closed.
    pub stdin: Option<&'a [u8]>,
}

impl Program {
    /// Starts it.
    ///
    /// # Errors
    /// When it cannot be started or its log cannot be written.
    pub fn start(start: &Start<'_>) -> Result<(Program, Option<ChildStdout>), DesktopFailure> {
        use std::io::Write;
        use std::os::unix::process::CommandExt;

        let failed = |source| DesktopFailure::Start {
            name: start.name.to_owned(),
            source,
        };
        let log = File::options()
            .create(true)
            .append(true)
            .open(start.log)
            .map_err(failed)?;
        let mut command = Command::new("setpriv");
        command
            .args(["--pdeathsig", "KILL", "--"])
            .arg(start.program)
            .args(start.arguments);
        command.env_clear();
        if let Some(path) = std::env::var_os("PATH") {
            command.env("PATH", path);
        }
        command.envs(start.environment.iter().map(|(name, value)| (name, value)));
        command.stderr(log.try_clone().map_err(failed)?);
        if start.reads_stdout {
            command.stdout(Stdio::piped());
        } else {
            command.stdout(log);
        }
        command.stdin(if start.stdin.is_some() {
            Stdio::piped()
        } else {
            Stdio::null()
        });
        command.process_group(0);
        let mut child = command.spawn().map_err(failed)?;
        if let (Some(bytes), Some(mut pipe)) = (start.stdin, child.stdin.take()) {
            pipe.write_all(bytes).map_err(failed)?;
        }
        let stdout = child.stdout.take();
        let program = Program {
            name: start.name.to_owned(),
            child,
        };
        Ok((program, stdout))
    }

    /// The process group, which is the process id of its leader.
    pub fn group(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal to all of its group.
    ///
    /// # Errors
    /// When nobody of it is left.
    pub fn signal(&self, signal: Signal) -> Result<(), DesktopFailure> {
        let sent = self.pid().map(|group| kill_process_group(group, signal));
        match sent {
            Some(Ok(())) => Ok(()),
            _ => Err(DesktopFailure::Ended {
                name: self.name.clone(),
                how: "nobody took the signal".to_owned(),
            }),
        }
    }

    /// Fails when the program has ended of its own accord.
    ///
    /// # Errors
    /// When it has ended.
    pub fn still_runs(&mut self) -> Result<(), DesktopFailure> {
        match self.child.try_wait() {
            Ok(None) => Ok(()),
            Ok(Some(status)) => Err(DesktopFailure::Ended {
                name: self.name.clone(),
                how: status.to_string(),
            }),
            Err(source) => Err(DesktopFailure::Start {
                name: self.name.clone(),
                source,
            }),
        }
    }

    fn pid(&self) -> Option<Pid> {
        i32::try_from(self.child.id()).ok().and_then(Pid::from_raw)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let Some(group) = self.pid() else { return };
        // Asked first: some have a socket or a lock file to remove. There is nothing to do about
        // a failure here; that the group has gone already is the usual one.
        let _ = kill_process_group(group, Signal::TERM);
        let until = Instant::now() + LIMITS.ending;
        while Instant::now() < until {
            let _ = self.child.try_wait();
            if test_kill_process_group(group).is_err() {
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        let _ = kill_process_group(group, Signal::KILL);
        let _ = self.child.wait();
    }
}
