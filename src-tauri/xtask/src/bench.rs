//! `cargo xtask bench`: figures beside what a person would use instead, in one run.

use std::process::ExitCode;

use crate::failure::Failure;
use crate::process::{announce, cargo, ours, run, step};
use crate::{clusters, folders, setup};

/// Measures; `what` is one part of it (`start`, `screen`, `live`, `idle`, `ledger`, `pods`, `writes`), else all.
pub(crate) fn measure(what: Option<&str>) -> Result<ExitCode, Failure> {
    setup::prepare(setup::For::Tests)?;
    clusters::build()?;
    step(
        "building the program and the measurements, optimised",
        || {
            // In one go: each alone would choose other features of the libraries, and build them again.
            run(&mut cargo(&[
                "build",
                "--release",
                "--package",
                "pilothouse",
                "--package",
                "acceptance",
                "--bin",
                "pilothouse",
                "--bin",
                "bench",
                "--example",
                "empty",
                "--features",
                "pilothouse/empty-window",
            ]))
        },
    )?;
    announce("measuring; nothing else should run on this machine");
    let mut bench = ours(&folders::target().join("release/bench"));
    if let Some(what) = what {
        bench.arg(what);
    }
    run(&mut bench)?;
    Ok(ExitCode::SUCCESS)
}
