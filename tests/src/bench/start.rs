//! From the program's start to its first usable screen, beside a window with nothing in it. What is on
//! the screen is read off the virtual display: no driver and no script stands between.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::{Failed, Figure, Goal, Report, median_of, ms, years};
use crate::desktop::{Desktop, Program, Start};
use crate::folders;

/// Starts of each; the first one of all only fills the caches.
const ROUNDS: usize = 7;
/// The colour of what is to be pressed first, and of the empty window.
const ACCENT: u32 = 0x0023_53b5;
/// Pixels of that colour that make a button, of about 120 × 36 with its words in it.
const BUTTON: usize = 2_000;
/// Between two looks at the screen: a quarter of a frame.
const LOOK: Duration = Duration::from_millis(4);
/// How long a start may take.
const LIMIT: Duration = Duration::from_secs(60);

/// Measures on a desktop of its own.
///
/// # Errors
/// When a program does not start, or shows nothing.
pub async fn measure(report: &mut Report) -> Result<(), Failed> {
    println!("\ncold starts, files cached");
    let desktop = Desktop::start().await?;
    let empty = folders::optimised("examples/empty");
    let (theirs, short, full) = rounds(&desktop, Some(&empty)).await?;
    report.add(Figure {
        what: "start until the first usable screen".to_owned(),
        ours: short,
        against: theirs.map(|theirs| ("an empty Tauri window".to_owned(), theirs)),
        unit: "ms",
        goal: Goal::Within(1.5),
    });
    report.add(three_years(full, short));
    Ok(())
}

/// The same without a window to compare with: what finished releases add.
///
/// # Errors
/// When the program does not start, or shows nothing.
pub async fn with_history(report: &mut Report) -> Result<(), Failed> {
    println!("\ncold starts with three years of releases, files cached");
    let desktop = Desktop::start().await?;
    let (_, short, full) = rounds(&desktop, None).await?;
    report.add(three_years(full, short));
    Ok(())
}

fn three_years(full: f64, short: f64) -> Figure {
    Figure {
        what: "start until the first usable screen, 360 finished releases of 300 entries"
            .to_owned(),
        ours: full,
        against: Some(("with none".to_owned(), short)),
        unit: "ms",
        goal: Goal::Within(1.2),
    }
}

/// Medians: of the empty window, without entries, with three years of them.
async fn rounds(
    desktop: &Desktop,
    empty: Option<&Path>,
) -> Result<(Option<f64>, f64, f64), Failed> {
    let long = desktop.folder().join("long");
    years::write(&long, years::RELEASES).await?;
    let ours = folders::optimised("pilothouse");
    until_usable(desktop, &ours, &desktop.folder().join("warm")).await?;
    // The first start keeps the summaries.
    until_usable(desktop, &ours, &long).await?;
    let (mut theirs, mut short, mut full) = (vec![], vec![], vec![]);
    for round in 0..ROUNDS {
        let fresh = desktop.folder().join(format!("fresh-{round}"));
        if let Some(empty) = empty {
            theirs.push(until_usable(desktop, empty, &fresh).await?);
        }
        short.push(until_usable(desktop, &ours, &fresh).await?);
        full.push(until_usable(desktop, &ours, &long).await?);
    }
    let theirs = empty.map(|_| median_of("an empty window, ms", theirs));
    let short = median_of("without entries, ms", short);
    let full = median_of("with three years of releases, ms", full);
    Ok((theirs, short, full))
}

/// Milliseconds until what is to be pressed is on the screen.
async fn until_usable(desktop: &Desktop, program: &Path, data: &Path) -> Result<f64, Failed> {
    let mut environment = desktop.environment().to_vec();
    environment.push((
        "PILOTHOUSE_DATA_FOLDER".to_owned(),
        data.display().to_string(),
    ));
    let log: PathBuf = desktop.folder().join("start.log");
    let began = Instant::now();
    let (mut running, _) = Program::start(&Start {
        name: "the program",
        program,
        arguments: &[],
        environment: &environment,
        log: &log,
        reads_stdout: false,
        stdin: None,
    })?;
    let Some(at) = shown(desktop, true).await? else {
        running.still_runs()?;
        return Err(format!("{} shows nothing to press", program.display()).into());
    };
    drop(running);
    // The next one begins with nothing on the screen.
    if shown(desktop, false).await?.is_none() {
        return Err("the window stays after its program has ended".into());
    }
    Ok(ms(at - began))
}

/// When the screen shows it, or shows it no more; none when that does not come.
async fn shown(desktop: &Desktop, wanted: bool) -> Result<Option<Instant>, Failed> {
    let end = Instant::now() + LIMIT;
    while Instant::now() < end {
        if (desktop.screen().pixels().of(ACCENT)? >= BUTTON) == wanted {
            return Ok(Some(Instant::now()));
        }
        tokio::time::sleep(LOOK).await;
    }
    Ok(None)
}
