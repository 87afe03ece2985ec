//! A run in stages, with a summary that hides neither failures nor skips.

use std::io::{BufRead, BufReader, IsTerminal, Read};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use crate::failure::{Failure, io};
use crate::process;

enum Outcome {
    Passed,
    Skipped(String),
    Failed(Failure),
}

/// What the stages came to.
pub(crate) struct Report {
    began: Instant,
    stages: Vec<(String, Outcome, Duration)>,
    skips: Vec<String>,
}

impl Default for Report {
    fn default() -> Self {
        Report {
            began: Instant::now(),
            stages: Vec::new(),
            skips: Vec::new(),
        }
    }
}

impl Report {
    /// Runs a stage. A failure is kept and the next stage runs all the same.
    pub(crate) fn stage(
        &mut self,
        name: &str,
        work: impl FnOnce(&mut Vec<String>) -> Result<(), Failure>,
    ) {
        println!("\n━━ {name} ━━");
        let began = Instant::now();
        let outcome = match work(&mut self.skips) {
            Ok(()) => Outcome::Passed,
            Err(failure) => {
                eprintln!("✗ {name}: {failure}");
                Outcome::Failed(failure)
            }
        };
        println!("━━ {name}: {:.1} s", began.elapsed().as_secs_f64());
        self.stages
            .push((name.to_owned(), outcome, began.elapsed()));
    }

    /// What has to be there before the first stage; without it none runs.
    pub(crate) fn set_up(
        &mut self,
        work: impl FnOnce() -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let began = Instant::now();
        work()?;
        self.ended("set-up", Ok(()), began.elapsed(), Vec::new());
        Ok(())
    }

    /// Notes a stage that ran beside others.
    pub(crate) fn ended(
        &mut self,
        name: &str,
        ended: Result<(), Failure>,
        took: Duration,
        skips: Vec<String>,
    ) {
        let outcome = match ended {
            Ok(()) => Outcome::Passed,
            Err(failure) => Outcome::Failed(failure),
        };
        self.stages.push((name.to_owned(), outcome, took));
        self.skips.extend(skips);
    }

    /// Notes a stage that cannot run here.
    pub(crate) fn skip(&mut self, name: &str, why: &str) {
        println!("\n━━ {name}: skipped ({why})");
        self.stages.push((
            name.to_owned(),
            Outcome::Skipped(why.to_owned()),
            Duration::ZERO,
        ));
    }

    /// Prints the summary; the exit code says whether anything failed.
    pub(crate) fn finish(self) -> Result<ExitCode, Failure> {
        println!("\n━━ summary ━━");
        let mut failed = Vec::new();
        let total = self.began.elapsed().as_secs_f64();
        for (name, outcome, took) in self.stages {
            let took = took.as_secs_f64();
            match outcome {
                Outcome::Passed => println!("passed   {took:>7.1} s  {name}"),
                Outcome::Skipped(why) => println!("skipped            {name}: {why}"),
                Outcome::Failed(failure) => {
                    println!("FAILED   {took:>7.1} s  {name}: {failure}");
                    failed.push(name);
                }
            }
        }
        println!("         {total:>7.1} s  in all (stages named with │ run beside each other)");
        for (count, why) in totals(&self.skips) {
            println!("{count} skipped: {why}");
        }
        if failed.is_empty() {
            Ok(ExitCode::SUCCESS)
        } else {
            Err(Failure::Stages(failed))
        }
    }
}

/// Runs a command, passing its output on and picking out the lines that count
/// skipped tests (`N skipped: why`).
pub(crate) fn run_counting(command: &mut Command, skips: &mut Vec<String>) -> Result<(), Failure> {
    run_counting_as("", command, skips)
}

/// The same beside others: every line begins with `label`, so that it is clear whose it is.
pub(crate) fn run_counting_as(
    label: &str,
    command: &mut Command,
    skips: &mut Vec<String>,
) -> Result<(), Failure> {
    if std::io::stdout().is_terminal() {
        command.env("CARGO_TERM_COLOR", "always");
    }
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let name = process::name(command);
    let mut child = command.spawn().map_err(io(format!("starting {name}")))?;
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let (from_stdout, from_stderr) = std::thread::scope(|scope| {
        let errors = scope.spawn(|| {
            stderr.map_or(Vec::new(), |pipe| {
                tee(pipe, |line| eprintln!("{label}{line}"))
            })
        });
        let output = stdout.map_or(Vec::new(), |pipe| {
            tee(pipe, |line| println!("{label}{line}"))
        });
        (output, errors.join().unwrap_or_default())
    });
    skips.extend(from_stdout);
    skips.extend(from_stderr);
    let status = child.wait().map_err(io(format!("waiting for {name}")))?;
    if status.success() {
        Ok(())
    } else {
        Err(Failure::Command {
            command: name,
            status,
        })
    }
}

fn tee(pipe: impl Read, print: impl Fn(&str)) -> Vec<String> {
    let mut skips = Vec::new();
    let mut lines = BufReader::new(pipe);
    let mut bytes = Vec::new();
    while lines
        .read_until(b'\n', &mut bytes)
        .is_ok_and(|read| read > 0)
    {
        let line = String::from_utf8_lossy(&bytes);
        let line = line.trim_end_matches(['\n', '\r']);
        print(line);
        if count(line).is_some() {
            skips.push(line.to_owned());
        }
        bytes.clear();
    }
    skips
}

/// The count and the reason out of `N skipped: why`, which the test runner may
/// have put behind the name of a test.
fn count(line: &str) -> Option<(usize, &str)> {
    let (before, why) = line.split_once(" skipped: ")?;
    let number = before.rsplit(' ').next()?.parse().ok()?;
    Some((number, why.trim()))
}

fn totals(lines: &[String]) -> Vec<(usize, String)> {
    let mut totals: Vec<(usize, String)> = Vec::new();
    for (number, why) in lines.iter().filter_map(|line| count(line)) {
        match totals.iter_mut().find(|(_, known)| known == why) {
            Some((total, _)) => *total += number,
            None => totals.push((number, why.to_owned())),
        }
    }
    totals
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn skips_are_added_up_by_reason() {
        let lines = [
            "1 skipped: no control plane (not root)",
            "test a_story ... 2 skipped: no control plane (not root)",
            "4 skipped: no display",
            "nothing was skipped here",
        ]
        .map(str::to_owned);
        let expected = [
            (3, "no control plane (not root)".to_owned()),
            (4, "no display".to_owned()),
        ];
        assert_eq!(totals(&lines), expected);
    }

    #[cfg(unix)]
    #[test]
    fn skips_are_found_in_both_streams_and_a_bad_end_is_a_failure() {
        let mut skips = Vec::new();
        let mut command = Command::new("sh");
        command.args(["-c", "echo '1 skipped: a'; echo '2 skipped: b' >&2; exit 3"]);
        assert!(run_counting(&mut command, &mut skips).is_err());
        assert_eq!(skips, ["1 skipped: a", "2 skipped: b"]);
    }
}
