//! `cargo xtask`: everything a developer does with this repository, set-up included.

mod bench;
mod bundle;
mod clusters;
mod deps;
mod desktop;
mod failure;
mod folders;
mod lanes;
mod npm;
mod packages;
mod process;
mod setup;
mod stages;
mod test;

use std::process::ExitCode;

use failure::Failure;

const USAGE: &str = "\
cargo xtask <command>

  run [--headless]       build the program and start it; without a display, or
                         with --headless, the demo drives it on a virtual one
  test [filter]          every check and every test; with a filter only the
                         tests whose name contains it
  test --only <stage>    one stage: lock, ui, fmt, deps, clippy, programs, build,
                         tests
  setup                  system packages, npm packages, UI, driver
  pictures               take the pictures of the documentation
  clusters [up]          three real clusters to play with, until Ctrl-C
  clusters build         only build their programs
  bench [part]           figures beside what one would use instead; parts:
                         start, screen, live, idle, ledger, pods, writes
  bundle [kinds]         build the program optimised and make its packages
  deps                   check the allowed directions between our crates
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match run(&arguments) {
        Ok(code) => code,
        Err(failure) => {
            eprintln!("\n✗ {failure}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[&str]) -> Result<ExitCode, Failure> {
    match arguments {
        ["run"] => desktop::run(false),
        ["run", "--headless"] => desktop::run(true),
        ["test"] => test::all(),
        ["test", "--only", stage] => test::only(stage),
        ["test", filter] if !filter.starts_with('-') => test::filtered(filter),
        ["setup"] => setup::prepare(setup::For::Tests).map(|()| ExitCode::SUCCESS),
        ["pictures"] => desktop::pictures(),
        ["clusters"] | ["clusters", "up"] => clusters::up().map(|()| ExitCode::SUCCESS),
        ["clusters", "build"] => clusters::build().map(|()| ExitCode::SUCCESS),
        ["bench"] => bench::measure(None),
        ["bench", what] => bench::measure(Some(what)),
        ["bundle"] => bundle::make(None),
        ["bundle", kinds] => bundle::make(Some(kinds)),
        ["deps"] => deps::check().map(|()| ExitCode::SUCCESS),
        [] | ["help" | "--help" | "-h"] => {
            print!("{USAGE}");
            Ok(ExitCode::SUCCESS)
        }
        other => Err(Failure::Usage(other.join(" "))),
    }
}
