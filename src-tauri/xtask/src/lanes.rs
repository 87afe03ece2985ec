//! The tests in two lanes. Those with a window wait most of their time, for pods and for a person's
//! hands; beside them the others use what the machine has left.

use std::collections::BTreeSet;
use std::process::Command;

use serde_json::Value;

use crate::failure::Failure;
use crate::process::{cargo, metadata, run};
use crate::stages::{run_counting, run_counting_as};

/// Targets that open windows.
const WINDOWS: [&str; 3] = ["e2e", "hostile", "package"];

/// Runs every test of the workspace. In continuous integration (`CI` is set) one after the other:
/// there a quiet machine is worth more than the minutes.
///
/// Every call names the whole workspace: with fewer packages cargo would choose other features, and
/// build everything again.
pub(crate) fn all(skips: &mut Vec<String>) -> Result<(), Failure> {
    if std::env::var_os("CI").is_some() {
        return run_counting(&mut tests(&[]), skips);
    }
    // Neither lane waits for the other's compiler.
    run(&mut tests(&["--no-run"]))?;
    let targets = targets(&metadata(&["--no-deps"])?);
    let mut with_window = tests(&[]);
    let mut without = tests(&["--lib", "--bins"]);
    for target in &targets {
        let lane = if WINDOWS.contains(&target.as_str()) {
            &mut with_window
        } else {
            &mut without
        };
        lane.args(["--test", target]);
    }
    let mut of_windows = Vec::new();
    let (windows, others) = std::thread::scope(|scope| {
        let lane = scope.spawn(|| run_counting_as("window │ ", &mut with_window, &mut of_windows));
        let others = run_counting_as("others │ ", &mut without, skips);
        (lane.join(), others)
    });
    skips.extend(of_windows);
    let windows = windows.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
    let documentation = run_counting(&mut tests(&["--doc"]), skips);
    let failures = [windows, others, documentation]
        .into_iter()
        .filter_map(Result::err)
        .collect::<Vec<_>>();
    match failures.len() {
        0 => Ok(()),
        _ => Err(Failure::Several(failures)),
    }
}

/// Every failure of a long run is wanted, not only the first.
pub(crate) fn tests(more: &[&str]) -> Command {
    let mut command = cargo(&["test", "--workspace", "--no-fail-fast"]);
    command.args(more);
    command
}

/// Names of the test targets of our packages, as cargo knows them, so that a new one is not forgotten.
fn targets(metadata: &Value) -> BTreeSet<String> {
    let packages = metadata["packages"].as_array().into_iter().flatten();
    packages
        .flat_map(|package| package["targets"].as_array().into_iter().flatten())
        .filter(|target| {
            let kinds = target["kind"].as_array().into_iter().flatten();
            kinds.into_iter().any(|kind| kind == "test")
        })
        .filter_map(|target| Some(target["name"].as_str()?.to_owned()))
        .collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_targets_of_every_package_are_in_one_of_the_lanes() {
        let targets = targets(&metadata(&["--no-deps"]).unwrap());
        for window in WINDOWS {
            assert!(targets.contains(window), "{window}");
        }
        for other in ["stories", "line", "faults", "kills", "sqlite", "refusals"] {
            assert!(targets.contains(other), "{other}");
        }
    }
}
