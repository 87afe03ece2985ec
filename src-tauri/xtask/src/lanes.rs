//! The tests in two lanes. Those with a window wait most of their time, for pods and for people's
//! hands; beside them the others take up what the machine has left.

use std::collections::BTreeSet;

use crate::failure::{Failure, io};
use crate::folders;
use crate::process::{cargo, run};
use crate::stages::run_counting;

/// Targets of the acceptance tests that open windows.
const WINDOWS: [&str; 3] = ["e2e", "hostile", "package"];

/// Runs every test of the workspace. In continuous integration (`CI` is set) one after the other:
/// it builds everything anew before, so that lanes would save the smaller part.
pub(crate) fn all(skips: &mut Vec<String>) -> Result<(), Failure> {
    if std::env::var_os("CI").is_some() {
        // Every failure of a long run is wanted, not only the first.
        return run_counting(
            &mut cargo(&["test", "--workspace", "--no-fail-fast"]),
            skips,
        );
    }
    // Neither lane waits for the other's compiler.
    run(&mut cargo(&["test", "--workspace", "--no-run"]))?;
    let known = targets()?;
    let with_window: Vec<&str> = WINDOWS.to_vec();
    let without: Vec<&str> = known
        .iter()
        .map(String::as_str)
        .filter(|target| !WINDOWS.contains(target))
        .collect();
    let mut from_windows = Vec::new();
    let (windows, others) = std::thread::scope(|scope| {
        let lane =
            scope.spawn(|| run_counting(&mut acceptance(&[], &with_window), &mut from_windows));
        let others = [
            run_counting(
                &mut cargo(&[
                    "test",
                    "--workspace",
                    "--exclude",
                    "acceptance",
                    "--no-fail-fast",
                ]),
                skips,
            ),
            run_counting(&mut acceptance(&["--lib", "--bins"], &without), skips),
        ];
        (lane.join(), others)
    });
    skips.extend(from_windows);
    let windows = windows.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
    let mut failures = others
        .into_iter()
        .chain([windows])
        .filter_map(Result::err)
        .peekable();
    while let Some(failure) = failures.next() {
        if failures.peek().is_none() {
            return Err(failure);
        }
        eprintln!("✗ {failure}");
    }
    Ok(())
}

fn acceptance(more: &[&str], targets: &[&str]) -> std::process::Command {
    let mut command = cargo(&["test", "--package", "acceptance", "--no-fail-fast"]);
    command.args(more);
    for target in targets {
        command.args(["--test", target]);
    }
    command
}

/// The acceptance tests' targets, found as cargo finds them, so that a new one is not forgotten.
fn targets() -> Result<BTreeSet<String>, Failure> {
    let folder = folders::root().join("tests/tests");
    let failed = || format!("looking for tests in {}", folder.display());
    let mut targets = BTreeSet::new();
    for entry in std::fs::read_dir(&folder).map_err(io(failed()))? {
        let path = entry.map_err(io(failed()))?.path();
        let is_target =
            path.join("main.rs").is_file() || path.extension().is_some_and(|e| e == "rs");
        if let (true, Some(name)) = (is_target, path.file_stem()) {
            targets.insert(name.to_string_lossy().into_owned());
        }
    }
    Ok(targets)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_lanes_together_run_every_target() -> Result<(), Failure> {
        let targets = targets()?;
        for window in WINDOWS {
            assert!(targets.contains(window), "{window}");
        }
        for other in ["stories", "line", "faults", "kills", "conformance"] {
            assert!(targets.contains(other), "{other}");
        }
        Ok(())
    }
}
