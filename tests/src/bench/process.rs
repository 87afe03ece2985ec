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

/// A process and all that it started, for as long as they live.
pub(super) struct Tree(u32);

impl Tree {
    /// That of a process.
    pub fn of(root: u32) -> Tree {
        Tree(root)
    }

    /// Memory of all of them, shared pages divided among those that share them (PSS), MB.
    pub fn memory(&self) -> f64 {
        let of = |pid: u32| {
            let text = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?;
            let line = text.lines().find(|line| line.starts_with("Pss:"))?;
            line.split_whitespace().nth(1)?.parse::<f64>().ok()
        };
        self.pids().into_iter().filter_map(of).sum::<f64>() / 1024.0
    }

    /// Processor time that all of them have taken so far.
    pub fn processor(&self) -> Duration {
        let ticks: u64 = self.pids().into_iter().filter_map(ticks).sum();
        // The kernel tells it in hundredths of a second on every machine that this runs on.
        Duration::from_millis(ticks * 10)
    }

    fn pids(&self) -> Vec<u32> {
        let processes: Vec<(u32, u32)> = std::fs::read_dir("/proc")
            .into_iter()
            .flatten()
            .flatten()
            .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
            .filter_map(|pid| Some((pid, fields(pid)?.get(1)?.parse().ok()?)))
            .collect();
        let mut found = vec![self.0];
        let mut next = 0;
        while let Some(parent) = found.get(next).copied() {
            found.extend(
                processes
                    .iter()
                    .filter(|(_, of)| *of == parent)
                    .map(|(pid, _)| pid),
            );
            next += 1;
        }
        found
    }
}

/// What `/proc/…/stat` says behind the name: state, parent …
fn fields(pid: u32) -> Option<Vec<String>> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, behind) = stat.rsplit_once(')')?;
    Some(behind.split_whitespace().map(str::to_owned).collect())
}

/// In user and kernel mode.
fn ticks(pid: u32) -> Option<u64> {
    let fields = fields(pid)?;
    let of = |index: usize| fields.get(index)?.parse::<u64>().ok();
    Some(of(11)? + of(12)?)
}
