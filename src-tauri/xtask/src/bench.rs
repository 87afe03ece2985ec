//! `cargo xtask bench`: figures beside what a person would use instead, in one run.

use std::process::ExitCode;

use crate::failure::Failure;
use crate::process::{announce, cargo, run, step};
use crate::{clusters, setup};

/// Measures; `what` is one part of it (`ledger`, `pods`, `writes`), else all.
pub(crate) fn measure(what: Option<&str>) -> Result<ExitCode, Failure> {
    setup::prepare(setup::For::Tests)?;
    clusters::build()?;
    let mut bench = cargo(&[
        "run",
        "--release",
        "--package",
        "acceptance",
        "--bin",
        "bench",
    ]);
    step("building the measurements, optimised", || {
        run(&mut cargo(&[
            "build",
            "--release",
            "--package",
            "acceptance",
            "--bin",
            "bench",
        ]))
    })?;
    announce("measuring; nothing else should run on this machine");
    if let Some(what) = what {
        bench.args(["--", what]);
    }
    run(&mut bench)?;
    Ok(ExitCode::SUCCESS)
}
