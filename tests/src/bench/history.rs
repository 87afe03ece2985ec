//! What three years of finished releases cost: at the start, in memory, and at every change of the release
//! that is under way.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use chrono::Utc;
use cluster::KubeClusters;
use contract::views::ViewInput;
use domain::{FactValue, HttpProbe, PersonId, ProbeTrouble, ReleaseId};
use engine::ports::{Ledger as _, Probe, SystemClock};
use engine::{Engine, Limits, Ports};
use ledger::SqliteLedger;
use serde::{Deserialize, Serialize};
use vault::KeychainVault;

use super::process::{Tree, peak_of};
use super::{Failed, Figure, Goal, Report, median, ms, years};
use crate::world::Notices;

/// Starts of each ledger; the first one after an update of the program is told by itself.
const ROUNDS: usize = 5;
/// Changes of the release under way.
const CHANGES: usize = 40;

/// What one process measured.
#[derive(Serialize, Deserialize)]
struct Measured {
    /// From opening the ledger to the list of releases.
    start_ms: f64,
    /// Memory when that was done, MB.
    memory_mb: f64,
    /// The most memory until then, MB.
    peak_mb: f64,
    /// From a change of the release under way to everything that the window reads again, median.
    change_ms: f64,
    releases: usize,
}

/// Nothing is asked beside the clusters here.
struct Nobody;

#[async_trait]
impl Probe for Nobody {
    async fn http(&self, _: &HttpProbe) -> FactValue {
        FactValue::HttpSilence {
            trouble: ProbeTrouble::NoConnection,
        }
    }
}

/// Measures in a folder of the target folder: `/tmp` may be memory.
///
/// # Errors
/// When a file cannot be written, or a process of its own fails.
pub async fn measure(report: &mut Report) -> Result<(), Failed> {
    println!("\nthree years of releases");
    let target = crate::folders::target();
    let folder = tempfile::TempDir::with_prefix_in("bench-years-", target)?;
    let (short, long) = (folder.path().join("short"), folder.path().join("long"));
    years::write(&short, 0).await?;
    let began = Instant::now();
    years::write(&long, years::RELEASES).await?;
    let size = std::fs::metadata(long.join("ledger.sqlite"))?.len();
    println!(
        "  {} releases of {} entries written in {:.1?}, {} MB",
        years::RELEASES,
        years::ENTRIES,
        began.elapsed(),
        size / 1_000_000
    );
    run(&short)?;
    let first = run(&long)?;
    let told = |what: &str, ours: f64, unit| Figure {
        what: what.to_owned(),
        ours,
        against: None,
        unit,
        goal: Goal::Told,
    };
    report.add(told(
        "first start after an update, 360 finished releases: every stream is read once",
        first.start_ms,
        "ms",
    ));
    let (mut without, mut with) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        without.push(run(&short)?);
        with.push(run(&long)?);
    }
    let of =
        |all: &[Measured], figure: fn(&Measured) -> f64| median(all.iter().map(figure).collect());
    let beside = |what: &str, figure: fn(&Measured) -> f64, unit, goal| Figure {
        what: what.to_owned(),
        ours: of(&with, figure),
        against: Some(("with none".to_owned(), of(&without, figure))),
        unit,
        goal,
    };
    let start = "ledger opened, chain verified, releases listed; 360 finished ones";
    report.add(beside(start, |m| m.start_ms, "ms", Goal::Told));
    let (more, peak) = (
        of(&with, |m| m.memory_mb) - of(&without, |m| m.memory_mb),
        of(&with, |m| m.peak_mb) - of(&without, |m| m.peak_mb),
    );
    report.add(Figure {
        goal: Goal::AtMost(20.0),
        ..told("memory that 360 finished releases add", more, "MB")
    });
    report.add(told("the same at its peak during the start", peak, "MB"));
    let change = "a change of the open release → everything read again, 360 finished ones";
    report.add(beside(change, |m| m.change_ms, "ms", Goal::Within(1.2)));
    Ok(())
}

fn run(folder: &Path) -> Result<Measured, Failed> {
    let output = Command::new(std::env::current_exe()?)
        .arg("history")
        .arg(folder)
        .output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// One start and some changes, in a process of its own so that its memory is its own.
///
/// # Errors
/// When the ledger cannot be opened.
pub async fn once(folder: &str) -> Result<(), Failed> {
    let began = Instant::now();
    let ledger = Arc::new(SqliteLedger::open(Path::new(folder)).await?);
    let ports = Ports {
        ledger: Arc::clone(&ledger) as _,
        clusters: Arc::new(KubeClusters::new(cluster::Limits::default())),
        vault: Arc::new(KeychainVault::open("bench", vault::Options::default())),
        notifier: Arc::new(Notices::default()),
        probe: Arc::new(Nobody),
        clock: Arc::new(SystemClock),
    };
    let engine = Engine::start(ports, Limits::default()).await?;
    let heads: Vec<_> = engine
        .releases()
        .iter()
        .map(|summary| contract::views::release_head(summary))
        .collect();
    let start_ms = ms(began.elapsed());
    let me = std::process::id();
    let (memory_mb, peak_mb) = (Tree::of(me).memory(), peak_of("self").unwrap_or(0.0));
    let chain = ledger.chain();
    if chain.broken_at.is_some() || chain.verified != chain.entries {
        return Err(format!("the chain: {chain:?}").into());
    }
    let (id, operator) = (ReleaseId::from(years::OPEN), PersonId::from("zhangsan"));
    let mut took = Vec::new();
    for _ in 0..CHANGES {
        let began = Instant::now();
        engine.ask_help(&id, &operator).await?;
        seen(&engine, &id, &operator).await?;
        took.push(ms(began.elapsed()));
    }
    let measured = Measured {
        start_ms,
        memory_mb,
        peak_mb,
        change_ms: median(took),
        releases: heads.len(),
    };
    println!("{}", serde_json::to_string(&measured)?);
    Ok(())
}

/// What the window reads again after a change of a release: the release, the notifications, the banner's
/// release.
async fn seen(engine: &Engine, id: &ReleaseId, me: &PersonId) -> Result<(), Failed> {
    let snapshot = engine.release(id)?;
    let register = engine.register();
    let measured = engine.measured_rollbacks();
    let view = contract::views::release_view(&ViewInput {
        release: &snapshot.release,
        entries: &snapshot.entries,
        register: &register,
        me: Some(me),
        now: Utc::now(),
        pictures: &Default::default(),
        pods: &Default::default(),
        interrupted: None,
        measured: &measured,
    });
    serde_json::to_vec(&view)?;
    let environment = domain::EnvironmentId::from("bj-dev");
    let shown = engine
        .releases()
        .into_iter()
        .find(|release| release.environment(&environment).is_some());
    if shown.is_none() {
        return Err("no release is in bj-dev".into());
    }
    engine.ledger().newest("notificationSent", 100).await?;
    Ok(())
}
