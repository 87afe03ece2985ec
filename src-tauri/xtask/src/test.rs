//! Everything that is checked, in stages.

use std::process::ExitCode;

use crate::failure::Failure;
use crate::npm::{self, npm};
use crate::process::{cargo, run};
use crate::stages::{Report, run_counting};
use crate::{clusters, deps, desktop, lanes, setup};

/// The stages in their order; cheap ones first, so that a slip is seen soon.
const STAGES: [&str; 8] = [
    "lock", "ui", "fmt", "deps", "clippy", "programs", "build", "tests",
];

pub(crate) fn all() -> Result<ExitCode, Failure> {
    let mut report = Report::default();
    report.set_up(|| setup::prepare(setup::For::Tests))?;
    for stage in STAGES {
        run_stage(&mut report, stage, None);
    }
    report.finish()
}

/// A filter is for somebody who works on one thing: only what its tests need.
pub(crate) fn filtered(filter: &str) -> Result<ExitCode, Failure> {
    let mut report = Report::default();
    report.set_up(|| setup::prepare(setup::For::Tests))?;
    for stage in ["programs", "build", "tests"] {
        run_stage(&mut report, stage, Some(filter));
    }
    report.finish()
}

pub(crate) fn only(stage: &str) -> Result<ExitCode, Failure> {
    if !STAGES.contains(&stage) {
        return Err(Failure::Usage(format!("test --only {stage}")));
    }
    let mut report = Report::default();
    if !["fmt", "deps", "programs"].contains(&stage) {
        report.set_up(|| setup::prepare(setup::For::Tests))?;
    }
    run_stage(&mut report, stage, None);
    report.finish()
}

fn run_stage(report: &mut Report, stage: &str, filter: Option<&str>) {
    match stage {
        "lock" => report.stage("lock file of the UI: npm 10 and 11, every system", |_| {
            npm::check_lock_file()
        }),
        "ui" => report.stage("UI: types, directions, tests", |skips| {
            run(&mut npm(&["run", "check"]))?;
            run_counting(&mut npm(&["test"]), skips)
        }),
        "fmt" => report.stage("format", |_| run(&mut cargo(&["fmt", "--all", "--check"]))),
        "deps" => report.stage("directions between crates", |_| deps::check()),
        "clippy" => report.stage("clippy", |_| {
            run(&mut cargo(&[
                "clippy",
                "--workspace",
                "--all-targets",
                "--",
                "-D",
                "warnings",
            ]))
        }),
        "programs" => programs(report),
        "build" => report.stage("the program and its tests", |_| desktop::build_with_tests()),
        _ => match filter {
            None => lanes::all(report),
            Some(filter) => report.stage("tests", |skips| {
                run_counting(&mut lanes::tests(&[filter]), skips)
            }),
        },
    }
}

/// Go and Rust one after the other: side by side they only slow each other down.
fn programs(report: &mut Report) {
    let name = "cluster programs";
    match controlplane::available() {
        Ok(()) => report.stage(name, |_| clusters::build()),
        Err(why) if std::env::var(controlplane::REQUIRE).is_ok_and(|value| value == "1") => {
            report.stage(name, |_| Err(Failure::ClustersRequired(why)));
        }
        Err(why) => report.skip(name, &why.to_string()),
    }
}
