//! The tests in lanes. Those with a window wait most of their time, for pods and for a person's hands;
//! beside them the others use what the machine has left.

use std::collections::BTreeSet;
use std::process::Command;
use std::time::Instant;

use serde_json::Value;

use crate::process::{cargo, metadata, run};
use crate::stages::{Report, run_counting, run_counting_as};

/// Lanes of targets that open windows. Every other target is in a lane with all that is left.
const WINDOWS: [(&str, &[&str]); 2] = [
    ("window │ ", &["e2e"]),
    ("hostile│ ", &["hostile", "package"]),
];

/// Runs every test of the workspace, the lanes beside each other, each a stage of the report.
///
/// Every call names the whole workspace: with fewer packages cargo would choose other features, and
/// build everything again.
pub(crate) fn all(report: &mut Report) {
    // No lane waits for another one's compiler.
    let mut ready = false;
    let mut others = tests(&["--lib", "--bins"]);
    report.stage("building the tests", |_| {
        run(&mut tests(&["--no-run"]))?;
        for target in targets(&metadata(&["--no-deps"])?) {
            if !WINDOWS
                .iter()
                .any(|(_, lane)| lane.contains(&target.as_str()))
            {
                others.args(["--test", &target]);
            }
        }
        ready = true;
        Ok(())
    });
    if !ready {
        return;
    }
    let mut lanes = vec![("others │ ", others)];
    for (name, targets) in WINDOWS {
        let mut lane = tests(&[]);
        for target in targets {
            lane.args(["--test", target]);
        }
        lanes.push((name, lane));
    }
    let ended: Vec<_> = std::thread::scope(|scope| {
        let running: Vec<_> = lanes
            .iter_mut()
            .map(|(name, lane)| {
                scope.spawn(|| {
                    let began = Instant::now();
                    let mut skips = Vec::new();
                    let ended = run_counting_as(name, lane, &mut skips);
                    (*name, ended, began.elapsed(), skips)
                })
            })
            .collect();
        let join = |lane: std::thread::ScopedJoinHandle<'_, _>| {
            lane.join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        };
        running.into_iter().map(join).collect()
    });
    for (name, ended, took, skips) in ended {
        report.ended(&format!("tests: {}", name.trim()), ended, took, skips);
    }
    report.stage("tests: documentation", |skips| {
        run_counting(&mut tests(&["--doc"]), skips)
    });
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
        for window in WINDOWS.iter().flat_map(|(_, lane)| *lane) {
            assert!(targets.contains(*window), "{window}");
        }
        for other in ["stories", "line", "faults", "kills", "sqlite", "refusals"] {
            assert!(targets.contains(other), "{other}");
        }
    }
}
