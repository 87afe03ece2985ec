use domain::{Digest, Signed};
use engine::ports::{ChainReport, LedgerFailure};
use futures::TryStreamExt as _;
use serde::Deserialize as _;
use serde_json::Value;
use sqlx::{SqliteConnection, SqlitePool};

use crate::chain::{Claim, Walk};
use crate::failure::of_sql;
use crate::row::{Row, sha256};

/// How much is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Depth {
    /// Every entry's hash, link, place and names: quick enough for every start.
    Chain,
    /// Also the file's pages, every signature and every blob.
    All,
}

/// Walks the ledger from its first entry.
pub(crate) async fn verify(pool: &SqlitePool, depth: Depth) -> Result<ChainReport, LedgerFailure> {
    let started = std::time::Instant::now();
    if depth == Depth::All {
        check_pages(pool).await?;
    }
    // One snapshot for the entries and for where they are said to end.
    let mut snapshot = pool.begin().await.map_err(of_sql)?;
    let tails = tails(&mut snapshot).await?;
    let mut walk = Walk::default();
    let mut rows =
        sqlx::query_as::<_, Row>("SELECT * FROM entries ORDER BY sequence").fetch(&mut *snapshot);
    while let Some(row) = rows.try_next().await.map_err(of_sql)? {
        let follows = walk.follows(&Claim {
            sequence: row.sequence,
            stream: &row.stream,
            position: row.position,
            previous: &row.previous,
            hash: &row.hash,
            computed: &sha256(row.canonical()?.as_bytes()),
        });
        let is_another_end = || {
            let end = |tail: &Tail| tail.sequence == row.sequence && tail.hash != row.hash;
            tails.iter().any(end)
        };
        if follows
            && (!row.is_named_right()
                || is_another_end()
                || depth == Depth::All && !signatures_hold(&row.record))
        {
            walk.rejects_newest();
        }
    }
    drop(rows);
    snapshot.rollback().await.map_err(of_sql)?;
    if let Some(sequence) = cut_at(&walk, &tails) {
        walk.broken_at(sequence);
    }
    if depth == Depth::All {
        for sequence in [damaged_blob(pool).await?, missing_blob(pool).await?]
            .into_iter()
            .flatten()
        {
            walk.broken_at(sequence);
        }
    }
    Ok(walk.report(started))
}

/// Where a run of entries begins and ends, as was written down when they were appended.
#[derive(Debug)]
struct Tail {
    first: u64,
    sequence: u64,
    hash: String,
}

async fn tails(snapshot: &mut SqliteConnection) -> Result<Vec<Tail>, LedgerFailure> {
    let rows: Vec<(i64, i64, String)> =
        sqlx::query_as("SELECT first, sequence, hash FROM tails ORDER BY run")
            .fetch_all(snapshot)
            .await
            .map_err(of_sql)?;
    let number = |number| u64::try_from(number).unwrap_or(0);
    let tail = |(first, sequence, hash)| Tail {
        first: number(first),
        sequence: number(sequence),
        hash,
    };
    Ok(rows.into_iter().map(tail).collect())
}

/// The first entry that is missing at the end, took the place of one that is missing, or was appended
/// past what writes the end down.
fn cut_at(walk: &Walk, tails: &[Tail]) -> Option<u64> {
    let begun_anew = tails.iter().skip(1).map(|tail| tail.first).min();
    if begun_anew.is_some() || !walk.is_whole() {
        return begun_anew;
    }
    let last = walk.last();
    match tails.first() {
        None => (last > 0).then_some(last),
        Some(tail) if tail.first == 1 => {
            (tail.sequence != last).then(|| tail.sequence.min(last) + 1)
        }
        Some(_) => Some(1),
    }
}

/// Whether every signature in a text of JSON verifies. One that cannot be read does not.
pub(crate) fn signatures_hold(text: &str) -> bool {
    // Most entries carry none, and parsing is most of the time it takes.
    if !text.contains("\"signed\"") {
        return true;
    }
    serde_json::from_str(text).is_ok_and(|value| all_hold(&value))
}

fn all_hold(value: &Value) -> bool {
    match value {
        Value::Object(fields) => fields.iter().all(|(name, value)| {
            if name == "signed" && value.is_object() {
                Signed::deserialize(value).is_ok_and(|signed| signed.verifies())
            } else {
                all_hold(value)
            }
        }),
        Value::Array(values) => values.iter().all(all_hold),
        _ => true,
    }
}

async fn check_pages(pool: &SqlitePool) -> Result<(), LedgerFailure> {
    // One snapshot for both statements.
    let mut snapshot = pool.begin().await.map_err(of_sql)?;
    // FTS5's part of the check trusts what the connection remembers of the index from an earlier
    // check, and calls an index that has grown since damaged. Only opening a cursor makes it look
    // again (fts5_main.c: fts5IntegrityMethod, fts5NewTransaction).
    sqlx::query("SELECT rowid FROM words LIMIT 1")
        .fetch_optional(&mut *snapshot)
        .await
        .map_err(of_sql)?;
    let found: String = sqlx::query_scalar("PRAGMA quick_check(1)")
        .fetch_one(&mut *snapshot)
        .await
        .map_err(of_sql)?;
    snapshot.rollback().await.map_err(of_sql)?;
    if found == "ok" {
        Ok(())
    } else {
        Err(LedgerFailure::Damaged(found))
    }
}

/// The first entry that names a blob whose bytes are not those of its digest.
async fn damaged_blob(pool: &SqlitePool) -> Result<Option<u64>, LedgerFailure> {
    let mut damaged = Vec::new();
    let mut blobs =
        sqlx::query_as::<_, (String, Vec<u8>)>("SELECT digest, bytes FROM blobs").fetch(pool);
    while let Some((digest, bytes)) = blobs.try_next().await.map_err(of_sql)? {
        if Digest::of(&bytes).as_str() != digest {
            damaged.push(digest);
        }
    }
    let mut first: Option<u64> = None;
    for digest in damaged {
        let named: Option<i64> =
            sqlx::query_scalar("SELECT min(sequence) FROM entries WHERE instr(record, ?1) > 0")
                .bind(&digest)
                .fetch_one(pool)
                .await
                .map_err(of_sql)?;
        let Some(sequence) = named.and_then(|sequence| u64::try_from(sequence).ok()) else {
            return Err(LedgerFailure::Damaged(format!(
                "blob {digest} does not match its digest"
            )));
        };
        first = Some(first.map_or(sequence, |found| found.min(sequence)));
    }
    Ok(first)
}

/// The first backup of which a kept object is gone.
async fn missing_blob(pool: &SqlitePool) -> Result<Option<u64>, LedgerFailure> {
    let sequence: Option<i64> = sqlx::query_scalar(
        "SELECT min(entries.sequence) FROM entries, json_tree(entries.record, '$.release.backup') AS part
         WHERE entries.verb = 'backupTaken' AND part.key = 'blob' AND part.atom IS NOT NULL
           AND part.atom NOT IN (SELECT digest FROM blobs)",
    )
    .fetch_one(pool)
    .await
    .map_err(of_sql)?;
    Ok(sequence.and_then(|sequence| u64::try_from(sequence).ok()))
}
