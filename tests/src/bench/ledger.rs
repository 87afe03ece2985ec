//! The ledger beside plain SQLite with the same settings.

use std::time::Instant;

use chrono::Utc;
use domain::{Event, PersonId, ReleaseId};
use engine::ports::{Ledger as _, NewEntry, Record, Search, Stream};
use ledger::SqliteLedger;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions as _, Connection as _};

use super::{Failed, Figure, Goal, Report, median, ms};

const APPENDS: usize = 500;
const MILLION: u64 = 1_000_000;
const BATCH: u64 = 5_000;
/// The last one is in no entry and too short for the index.
const SEARCHES: [&str; 4] = ["executor", "苏州", "no such word", "杭州"];

/// Measures in a folder of the target folder: `/tmp` may be memory.
///
/// # Errors
/// When a file cannot be written.
pub async fn measure(report: &mut Report) -> Result<(), Failed> {
    println!("\nthe ledger");
    let target = crate::folders::target();
    let folder = tempfile::TempDir::with_prefix_in("bench-ledger-", target)?;
    append(report, folder.path()).await?;
    million(report, folder.path()).await
}

fn entry(number: u64) -> NewEntry {
    let where_to = if number.is_multiple_of(2) {
        "苏州"
    } else {
        "北京"
    };
    NewEntry {
        at: Utc::now(),
        actor: Some(PersonId::from("zhangsan")),
        record: Record::Release(Event::ReleaseCancelled {
            reason: format!("第 {number} 条：{where_to}，fission-executor 滚动"),
        }),
    }
}

async fn append(report: &mut Report, folder: &std::path::Path) -> Result<(), Failed> {
    let stream = Stream::Release(ReleaseId::from("REL-1"));
    let ledger = SqliteLedger::open(&folder.join("one")).await?;
    let mut raw = SqliteConnectOptions::new()
        .filename(folder.join("raw.sqlite"))
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .disable_statement_logging()
        .connect()
        .await?;
    sqlx::query("CREATE TABLE entries (sequence INTEGER PRIMARY KEY, at TEXT, stream TEXT, position INTEGER, actor TEXT, record TEXT, previous TEXT, hash TEXT) STRICT")
        .execute(&mut raw)
        .await?;
    let (mut ours, mut theirs) = (vec![], vec![]);
    for number in 0..APPENDS as u64 {
        let new = entry(number);
        let record = serde_json::to_string(&new.record)?;
        let began = Instant::now();
        ledger.append(&stream, number, vec![new]).await?;
        ours.push(ms(began.elapsed()));
        let began = Instant::now();
        sqlx::query("INSERT INTO entries (at, stream, position, actor, record, previous, hash) VALUES (?, ?, ?, ?, ?, ?, ?)")
            .bind(Utc::now().to_rfc3339())
            .bind("REL-1")
            .bind(i64::try_from(number)?)
            .bind("zhangsan")
            .bind(record)
            .bind("0".repeat(64))
            .bind("0".repeat(64))
            .execute(&mut raw)
            .await?;
        theirs.push(ms(began.elapsed()));
    }
    ledger.close().await;
    raw.close().await?;
    report.add(Figure {
        what: "one durable append, median".to_owned(),
        ours: median(ours),
        against: Some(("the same insert in plain SQLite".to_owned(), median(theirs))),
        unit: "ms",
        goal: Goal::Within(2.0),
    });
    Ok(())
}

async fn million(report: &mut Report, folder: &std::path::Path) -> Result<(), Failed> {
    let folder = folder.join("million");
    let ledger = SqliteLedger::open(&folder).await?;
    let began = Instant::now();
    for from in (0..MILLION).step_by(usize::try_from(BATCH)?) {
        let stream = Stream::Release(ReleaseId::from(format!("REL-{from}").as_str()));
        let entries = (from..from + BATCH).map(entry).collect();
        ledger.append(&stream, 0, entries).await?;
    }
    println!("  a million entries written in {:.1?}", began.elapsed());
    ledger.close().await;
    let began = Instant::now();
    let ledger = SqliteLedger::open(&folder).await?;
    let opened = began.elapsed();
    let began = Instant::now();
    let chain = ledger.verify().await?;
    let verified = began.elapsed();
    if chain.verified != MILLION {
        return Err(format!("only {} entries were verified", chain.verified).into());
    }
    let told = |what: &str, ours, goal| Figure {
        what: what.to_owned(),
        ours,
        against: None,
        unit: "ms",
        goal,
    };
    report.add(told("open 1,000,000 entries", ms(opened), Goal::Told));
    report.add(told("verify 1,000,000 entries", ms(verified), Goal::Told));
    for words in SEARCHES {
        let search = Search {
            words: words.to_owned(),
            limit: 50,
            ..Search::default()
        };
        let mut took = Vec::new();
        for _ in 0..5 {
            let began = Instant::now();
            ledger.page(&search).await?;
            took.push(ms(began.elapsed()));
        }
        let what = format!("search “{words}” in 1,000,000 entries");
        report.add(told(&what, median(took), Goal::AtMost(100.0)));
    }
    ledger.close().await;
    Ok(())
}
