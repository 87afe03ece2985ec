//! Another program, measured from outside.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::Failed;

/// How often its memory is looked at.
const LOOK: Duration = Duration::from_millis(5);

/// What a process took.
pub(super) struct Taken {
    /// From its start to its end.
    pub wall: Duration,
    /// The most memory it held, MB. What came in the last look of its life is missing.
    pub peak_mb: f64,
}

/// Runs a program to its end.
pub(super) fn measured(command: &mut Command) -> Result<Taken, Failed> {
    let began = Instant::now();
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()?;
    let mut peak_mb: f64 = 0.0;
    let status = loop {
        peak_mb = peak_mb.max(peak_of(&child.id().to_string()).unwrap_or(0.0));
        if let Some(status) = child.try_wait()? {
            break status;
        }
        std::thread::sleep(LOOK);
    };
    let wall = began.elapsed();
    if !status.success() {
        let said = child.wait_with_output()?.stderr;
        return Err(format!("{command:?}: {}", String::from_utf8_lossy(&said)).into());
    }
    Ok(Taken { wall, peak_mb })
}

/// The most memory that a process has held so far, MB.
pub(super) fn peak_of(process: &str) -> Option<f64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kilobytes: f64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kilobytes / 1024.0)
}
