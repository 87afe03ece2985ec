//! Every damage of an entry is found, and its place named: bytes, removed, swapped, repeated and cut
//! entries, in the live ledger and in an export.
//!
//! `PILOTHOUSE_DAMAGES=n` sets how many there are, `PILOTHOUSE_SEED` repeats them.

use domain::StageId;
use engine::ports::{Format, Ledger as _, Search, Stream};
use ledger::{SqliteLedger, verify_export};
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use sqlx::sqlite::SqliteConnection;
use sqlx::{AssertSqlSafe, Connection as _};

use crate::given::{cancelled, entry, imported, raw, release, vote, without_triggers};
use crate::variables::number;

/// Damages of each sort in the test command.
const DAMAGES: u64 = 2_000;

/// Entries of the ledger that is damaged.
const ENTRIES: u64 = 24;

const COLUMNS: [&str; 10] = [
    "sequence",
    "at",
    "stream",
    "position",
    "actor",
    "environment",
    "verb",
    "record",
    "previous",
    "hash",
];

/// How many damages, and where they come from.
fn campaign() -> (u64, StdRng) {
    let seed = number("PILOTHOUSE_SEED").unwrap_or_else(|| rand::rng().random());
    let damages = number("PILOTHOUSE_DAMAGES").unwrap_or(DAMAGES);
    println!("PILOTHOUSE_SEED={seed} PILOTHOUSE_DAMAGES={damages}");
    (damages, StdRng::seed_from_u64(seed))
}

/// Entries of several kinds and streams, by people and by the program.
async fn mixed(folder: &std::path::Path) -> SqliteLedger {
    let ledger = SqliteLedger::open(folder).await.unwrap();
    let gate = |n: u64| {
        let event = domain::Event::GateOpened {
            stage: StageId::from(format!("stage-{n}").as_str()),
            met: 6,
            waived: Default::default(),
        };
        entry("li", event)
    };
    for n in 0..ENTRIES / 4 {
        let position = 3 * n;
        ledger
            .append(
                &Stream::Register,
                n,
                vec![imported(&format!("context-{n}"))],
            )
            .await
            .unwrap();
        let of_release = vec![
            vote(&format!("可以上线 {n}")),
            gate(n),
            cancelled("a \"b\"\nc"),
        ];
        ledger
            .append(&release("REL-1"), position, of_release)
            .await
            .unwrap();
    }
    ledger
}

async fn run(raw: &mut SqliteConnection, sql: &str) -> u64 {
    let statement = AssertSqlSafe(sql.to_owned());
    let done = sqlx::query(statement).execute(raw).await;
    done.unwrap_or_else(|error| panic!("{sql}: {error}"))
        .rows_affected()
}

/// Without the triggers that refuse it, and with every entry put aside.
async fn open_for_damage(folder: &std::path::Path) -> SqliteConnection {
    let mut raw = raw(folder).await;
    without_triggers(&mut raw).await;
    run(&mut raw, "PRAGMA synchronous = OFF").await;
    run(&mut raw, "CREATE TEMP TABLE good AS SELECT * FROM entries").await;
    raw
}

async fn mend(raw: &mut SqliteConnection) {
    let mut transaction = raw.begin().await.unwrap();
    run(&mut transaction, "DELETE FROM entries").await;
    run(
        &mut transaction,
        "INSERT INTO entries SELECT * FROM temp.good",
    )
    .await;
    transaction.commit().await.unwrap();
}

/// One bit of one byte of one column, as SQL that does it; none where the column is empty.
async fn flip(raw: &mut SqliteConnection, rng: &mut StdRng) -> Option<(String, u64)> {
    let sequence = rng.random_range(1..=ENTRIES);
    let column = COLUMNS[rng.random_range(0..COLUMNS.len())];
    if matches!(column, "sequence" | "position") {
        // One more than all there are, so that it stays one of its kind.
        let other = ENTRIES + rng.random_range(1..1000);
        let sql = format!("UPDATE entries SET {column} = {other} WHERE sequence = {sequence}");
        return Some((sql, sequence));
    }
    let value: Option<Vec<u8>> = sqlx::query_scalar(AssertSqlSafe(format!(
        "SELECT CAST({column} AS BLOB) FROM entries WHERE sequence = {sequence}"
    )))
    .fetch_one(raw)
    .await
    .unwrap();
    let Some(mut bytes) = value else {
        let sql = format!("UPDATE entries SET {column} = 'x' WHERE sequence = {sequence}");
        return Some((sql, sequence));
    };
    let place = rng.random_range(0..bytes.len());
    bytes[place] ^= 1 << rng.random_range(0..8);
    let hex = data_encoding::HEXUPPER.encode(bytes.as_ref());
    let sql =
        format!("UPDATE entries SET {column} = CAST(x'{hex}' AS TEXT) WHERE sequence = {sequence}");
    Some((sql, sequence))
}

/// A damage of the live ledger, and the entry at which it has to be found.
async fn damage(raw: &mut SqliteConnection, rng: &mut StdRng) -> (Vec<String>, u64) {
    let one = rng.random_range(1..=ENTRIES);
    let other = rng.random_range(1..=ENTRIES);
    match rng.random_range(0..8) {
        0 => (vec![format!("DELETE FROM entries WHERE sequence = {one}")], one),
        1 => (
            vec![format!("DELETE FROM entries WHERE sequence >= {one}")],
            one,
        ),
        2 if one != other => (
            vec![
                format!("UPDATE entries SET sequence = -1 WHERE sequence = {one}"),
                format!("UPDATE entries SET sequence = {one} WHERE sequence = {other}"),
                format!("UPDATE entries SET sequence = {other} WHERE sequence = -1"),
            ],
            one.min(other),
        ),
        3 => (
            vec![format!(
                "INSERT INTO entries SELECT {}, at, stream, position + 1000, actor, environment, verb, record,
                 previous, hash FROM entries WHERE sequence = {one}",
                ENTRIES + 1
            )],
            ENTRIES + 1,
        ),
        _ => match flip(raw, rng).await {
            Some((sql, sequence)) => (vec![sql], sequence),
            None => (Vec::new(), 0),
        },
    }
}

#[tokio::test]
async fn every_damage_of_the_live_ledger_is_found_where_it_is() {
    let (damages, mut rng) = campaign();
    let folder = tempfile::tempdir().unwrap();
    let ledger = mixed(folder.path()).await;
    let mut raw = open_for_damage(folder.path()).await;
    for nth in 0..damages {
        let (statements, place) = damage(&mut raw, &mut rng).await;
        let mut transaction = raw.begin().await.unwrap();
        for sql in &statements {
            assert!(run(&mut transaction, sql).await > 0, "{sql}");
        }
        transaction.commit().await.unwrap();
        let report = ledger.verify().await;
        let report = report.unwrap_or_else(|failure| panic!("{statements:?}: {failure}"));
        assert_eq!(
            (report.broken_at, report.verified),
            (Some(place), place - 1),
            "damage {nth}: {statements:?}"
        );
        mend(&mut raw).await;
    }
    let report = ledger.verify().await.unwrap();
    assert_eq!((report.broken_at, report.verified), (None, ENTRIES));
    println!("{damages} damages of the live ledger, all found where they are");
}

#[tokio::test]
async fn every_damage_of_an_export_is_found_where_it_is() {
    let (damages, mut rng) = campaign();
    let folder = tempfile::tempdir().unwrap();
    let ledger = mixed(folder.path()).await;
    let path = folder.path().join("ledger.jsonl");
    ledger.export(Format::JsonLines, &path).await.unwrap();
    let whole = std::fs::read(&path).unwrap();
    let lines: Vec<&[u8]> = whole.split_inclusive(|byte| *byte == b'\n').collect();
    assert_eq!(lines.len() as u64, ENTRIES + 1);
    for nth in 0..damages {
        let one = rng.random_range(0..lines.len());
        let other = rng.random_range(0..lines.len());
        let mut damaged: Vec<Vec<u8>> = lines.iter().map(|line| line.to_vec()).collect();
        let (what, place) = match rng.random_range(0..6) {
            0 => {
                damaged.remove(one);
                ("removed", one)
            }
            1 => {
                damaged.truncate(one);
                ("cut", one)
            }
            2 if one != other => {
                damaged.swap(one, other);
                ("swapped", one.min(other))
            }
            3 => {
                let line = damaged[one].clone();
                damaged.insert(other, line);
                // Before itself it stands where it belongs, and the second of both does not.
                ("repeated", if other == one { one + 1 } else { other })
            }
            _ => {
                let byte = rng.random_range(0..damaged[one].len());
                damaged[one][byte] ^= 1 << rng.random_range(0..8);
                ("a bit", one)
            }
        };
        let report = verify_export(damaged.concat().as_slice());
        // Behind the last entry there is only the end.
        let place = (place as u64 + 1).min(ENTRIES + 1);
        assert_eq!(
            (report.broken_at, report.verified),
            (Some(place), place - 1),
            "damage {nth}: line {one} {what} ({other})"
        );
    }
    println!("{damages} damages of an export, all found where they are");
}

#[tokio::test]
async fn what_is_appended_after_a_cut_does_not_hide_it() {
    for cut in 1..=ENTRIES {
        let folder = tempfile::tempdir().unwrap();
        mixed(folder.path()).await.close().await;
        // With the triggers of every insertion in place: as the program itself goes on.
        let mut raw = raw(folder.path()).await;
        run(&mut raw, "DROP TRIGGER entries_are_never_deleted").await;
        run(
            &mut raw,
            &format!("DELETE FROM entries WHERE sequence >= {cut}"),
        )
        .await;
        let ledger = SqliteLedger::open(folder.path()).await.unwrap();
        let at_open = ledger.chain();
        assert_eq!((at_open.broken_at, at_open.verified), (Some(cut), cut - 1));
        for n in 0..ENTRIES + 4 {
            ledger
                .append(&release("REL-2"), n, vec![cancelled("after")])
                .await
                .unwrap();
        }
        let report = ledger.verify().await.unwrap();
        assert_eq!((report.broken_at, report.verified), (Some(cut), cut - 1));
    }
}

#[tokio::test]
async fn a_damaged_ledger_of_the_first_version_opens_and_names_the_damage() {
    let folder = tempfile::tempdir().unwrap();
    crate::given::filled(folder.path(), 5).await;
    let mut first = raw(folder.path()).await;
    for sql in FIRST_VERSION {
        run(&mut first, sql).await;
    }
    for sql in [
        "DROP TRIGGER entries_are_never_changed",
        "UPDATE entries SET record = '{' WHERE sequence = 3",
    ] {
        run(&mut first, sql).await;
    }
    first.close().await.unwrap();
    let ledger = SqliteLedger::open(folder.path()).await.unwrap();
    assert_eq!(ledger.chain().broken_at, Some(3));
    assert_eq!(matches(&ledger, "REL-1").await, 4);
}

async fn matches(ledger: &SqliteLedger, words: &str) -> u64 {
    let search = Search {
        words: words.to_owned(),
        ..Search::default()
    };
    ledger.page(&search).await.unwrap().matches
}

/// What makes a ledger one of the first version.
const FIRST_VERSION: [&str; 6] = [
    "DROP TABLE summaries",
    "DROP TABLE tails",
    "DROP TABLE pieces",
    "DROP TRIGGER entries_move_their_tail",
    "DELETE FROM _sqlx_migrations WHERE version > 1",
    "PRAGMA user_version = 1",
];

#[tokio::test]
async fn a_ledger_of_the_first_version_gets_its_end_written_down() {
    for entries in [0, 5] {
        let folder = tempfile::tempdir().unwrap();
        crate::given::filled(folder.path(), entries).await;
        let mut first = raw(folder.path()).await;
        for sql in FIRST_VERSION {
            run(&mut first, sql).await;
        }
        first.close().await.unwrap();
        let ledger = SqliteLedger::open(folder.path()).await.unwrap();
        assert_eq!(ledger.chain().broken_at, None);
        assert_eq!(matches(&ledger, "RE").await, entries);
        ledger
            .append(&release("REL-1"), entries, vec![cancelled("newer")])
            .await
            .unwrap();
        let report = ledger.verify().await.unwrap();
        assert_eq!((report.verified, report.broken_at), (entries + 1, None));
        run(
            &mut raw(folder.path()).await,
            "DROP TRIGGER entries_are_never_deleted",
        )
        .await;
        let newest = format!("DELETE FROM entries WHERE sequence = {}", entries + 1);
        run(&mut raw(folder.path()).await, &newest).await;
        assert_eq!(
            ledger.verify().await.unwrap().broken_at,
            Some(entries + 1),
            "the cut shows"
        );
    }
}
