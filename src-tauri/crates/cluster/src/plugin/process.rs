//! Starts a program, bounded in time and output.

use std::ffi::OsString;
use std::process::Stdio;

use engine::ports::{Context, Plugin, PluginProblem};
use secrecy::{ExposeSecret, SecretString};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::Child;

use super::credential;
use super::program::Program;
use crate::limits::Limits;

/// What a program needs to find others, its own settings and its memory; the rest of our environment
/// is none of its business.
const INHERITED: [&str; 6] = [
    "PATH",
    "HOME",
    "USERPROFILE",
    "APPDATA",
    "LOCALAPPDATA",
    "SYSTEMROOT",
];

/// What the program writes. Without a shell, without input, with no environment but its own and
/// [`INHERITED`], in the person's folder. What it writes elsewhere (stderr) is thrown away: it may
/// hold secrets, and whoever wants to read it runs the command in a terminal.
pub(super) async fn output(
    program: &Program,
    plugin: &Plugin,
    context: &Context,
    limits: &Limits,
) -> Result<SecretString, PluginProblem> {
    let mut running = Running::start(program, plugin, context)?;
    let work = async {
        let Some(output) = running.child.stdout.take() else {
            return Err(PluginProblem::NotStarted("it has no output".to_owned()));
        };
        let text = read(output, limits.plugin_bytes).await?;
        let ended = running.child.wait().await;
        running.is_over = true;
        match ended.map_err(lost)? {
            status if status.success() => Ok(text),
            status => Err(of(status)),
        }
    };
    let late = |_| PluginProblem::Late {
        seconds: u32::try_from(limits.plugin.as_secs()).unwrap_or(u32::MAX),
    };
    tokio::time::timeout(limits.plugin, work)
        .await
        .map_err(late)?
}

/// The operating system lost sight of it.
fn lost(error: std::io::Error) -> PluginProblem {
    PluginProblem::NotStarted(error.kind().to_string())
}

/// A bad end.
fn of(status: std::process::ExitStatus) -> PluginProblem {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        return PluginProblem::Killed { signal };
    }
    PluginProblem::Exited {
        code: status.code().unwrap_or(-1),
    }
}

/// A program that runs. Dropped before its end, it and what it has started are ended.
struct Running {
    child: Child,
    is_over: bool,
}

impl Running {
    fn start(
        program: &Program,
        plugin: &Plugin,
        context: &Context,
    ) -> Result<Running, PluginProblem> {
        let mut command = program.command();
        command
            .args(&plugin.arguments)
            .env_clear()
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true);
        #[cfg(unix)]
        command.process_group(0);
        if let Some(home) = home() {
            command.current_dir(home);
        }
        for name in INHERITED {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        for (name, value) in &plugin.environment {
            command.env(name, value.expose_secret());
        }
        command.env(
            "KUBERNETES_EXEC_INFO",
            credential::question(plugin, context),
        );
        let child = command
            .spawn()
            .map_err(|error| PluginProblem::NotStarted(error.kind().to_string()))?;
        Ok(Running {
            child,
            is_over: false,
        })
    }
}

fn home() -> Option<OsString> {
    let home = std::env::var_os("HOME").or_else(|| std::env::var_os("USERPROFILE"))?;
    std::path::Path::new(&home).is_dir().then_some(home)
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.is_over {
            return;
        }
        // Nobody has waited for it yet, so its number is still its own. The child itself is ended
        // by tokio as well.
        #[cfg(unix)]
        if let Some(group) = self
            .child
            .id()
            .and_then(|id| rustix::process::Pid::from_raw(id.cast_signed()))
        {
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        }
    }
}

async fn read(output: impl AsyncRead + Unpin, most: usize) -> Result<SecretString, PluginProblem> {
    // Never grown: that would leave copies behind.
    let mut bytes = zeroize::Zeroizing::new(Vec::with_capacity(most + 1));
    let mut bounded = output.take(most as u64 + 1);
    while bounded.read_buf(&mut *bytes).await.map_err(lost)? > 0 {}
    if bytes.len() > most {
        return Err(PluginProblem::TooLong {
            limit: u32::try_from(most).unwrap_or(u32::MAX),
        });
    }
    std::str::from_utf8(&bytes)
        .map(SecretString::from)
        .map_err(|_| PluginProblem::NotCredential)
}
