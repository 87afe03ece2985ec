//! Measuring: every figure stands beside another one of the same run, and says what it was to reach.

mod crowd;
pub mod history;
pub mod idle;
pub mod ledger;
pub mod live;
pub mod pods;
mod process;
pub mod screen;
mod site;
pub mod start;
pub mod writes;
mod years;

use std::fmt::Write as _;
use std::time::Duration;

use crate::folders;

/// A measurement that could not be made; a program for developers needs no more than the reason.
pub type Failed = Box<dyn std::error::Error + Send + Sync>;

/// What a figure was to reach.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Goal {
    /// The other's figure is at least so many times ours.
    Times(f64),
    /// Ours is at most so many times the other's.
    Within(f64),
    /// Ours is at most this, in its unit.
    AtMost(f64),
    /// Nothing: told for the picture.
    Told,
}

/// Two figures.
#[derive(Clone, Debug)]
pub struct Figure {
    /// What was measured.
    pub what: String,
    /// Ours.
    pub ours: f64,
    /// What it is measured against, and its figure.
    pub against: Option<(String, f64)>,
    /// Unit of both.
    pub unit: &'static str,
    /// What it was to reach.
    pub goal: Goal,
}

impl Figure {
    /// How many times smaller ours is.
    fn ratio(&self) -> Option<f64> {
        let (_, theirs) = self.against.as_ref()?;
        (self.ours > 0.0).then(|| theirs / self.ours)
    }

    /// Whether the goal was reached; none without one.
    fn met(&self) -> Option<bool> {
        match self.goal {
            Goal::Times(times) => Some(self.ratio()? >= times),
            Goal::Within(times) => Some(1.0 / self.ratio()? <= times),
            Goal::AtMost(most) => Some(self.ours <= most),
            Goal::Told => None,
        }
    }
}

/// All figures of a run.
#[derive(Default)]
pub struct Report(Vec<Figure>);

impl Report {
    /// Adds a figure and prints it.
    pub fn add(&mut self, figure: Figure) {
        println!("  {}", line(&figure));
        self.0.push(figure);
    }

    /// Writes the table to the target folder and prints it.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self) -> Result<(), Failed> {
        let mut table =
            String::from("| | ours | against | | × | goal | |\n|---|---|---|---|---|---|---|\n");
        for figure in &self.0 {
            writeln!(table, "{}", line(figure))?;
        }
        let folder = folders::target().join("bench");
        std::fs::create_dir_all(&folder)?;
        let file = folder.join("latest.md");
        std::fs::write(&file, &table)?;
        println!("\n{table}\nsee {}", file.display());
        Ok(())
    }
}

fn line(figure: &Figure) -> String {
    let unit = figure.unit;
    let (against, theirs) = match &figure.against {
        Some((name, theirs)) => (name.as_str(), format!("{} {unit}", short(*theirs))),
        None => ("", String::new()),
    };
    let ratio = figure.ratio().map(short).unwrap_or_default();
    let goal = match figure.goal {
        Goal::Times(times) => format!("≥ {times} ×"),
        Goal::Within(times) => format!("≤ {times} × theirs"),
        Goal::AtMost(most) => format!("≤ {} {unit}", short(most)),
        Goal::Told => String::new(),
    };
    let met = match figure.met() {
        Some(true) => "met",
        Some(false) => "**missed**",
        None => "",
    };
    format!(
        "| {} | {} {unit} | {against} | {theirs} | {ratio} | {goal} | {met} |",
        figure.what,
        short(figure.ours)
    )
}

fn short(value: f64) -> String {
    match value {
        value if value >= 100.0 => format!("{value:.0}"),
        value if value >= 10.0 => format!("{value:.1}"),
        value => format!("{value:.2}"),
    }
}

/// The one in the middle.
///
/// # Panics
/// Without any.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// The same, and says what it was the middle of: one that stands far from the others is seen so.
pub(crate) fn median_of(what: &str, values: Vec<f64>) -> f64 {
    println!("  {what}: {values:.0?}");
    median(values)
}

pub(crate) fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_goal_that_is_missed_is_said_to_be() {
        let figure = |ours, theirs, goal| Figure {
            what: "list".into(),
            ours,
            against: Some(("kubectl".into(), theirs)),
            unit: "s",
            goal,
        };
        assert_eq!(figure(1.0, 20.0, Goal::Times(20.0)).met(), Some(true));
        assert_eq!(figure(1.0, 19.0, Goal::Times(20.0)).met(), Some(false));
        assert_eq!(figure(3.0, 2.0, Goal::Within(1.5)).met(), Some(true));
        assert_eq!(figure(3.1, 2.0, Goal::Within(1.5)).met(), Some(false));
        assert_eq!(figure(3.1, 2.0, Goal::AtMost(3.0)).met(), Some(false));
        assert!(line(&figure(1.0, 19.0, Goal::Times(20.0))).contains("**missed**"));
    }
}
