use domain::{Digest, KeyStatement, Signed};
use engine::ports::{ChainReport, LedgerFailure};
use rusqlite::{Connection, OptionalExtension as _};
use serde::Deserialize as _;
use serde_json::Value;

use crate::chain::{Claim, Walk};
use crate::failure::of_read;
use crate::row::{self, Row, sha256};

/// How much is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Depth {
    /// Every entry's hash, link, place and names: quick enough for every start.
    Chain,
    /// Also the file's pages, every signature and every blob.
    All,
}

/// Walks the ledger from its first entry.
pub(crate) fn verify(
    connection: &mut Connection,
    depth: Depth,
) -> Result<ChainReport, LedgerFailure> {
    let started = std::time::Instant::now();
    // One snapshot for everything that is looked at.
    let snapshot = connection.transaction().map_err(of_read)?;
    if depth == Depth::All {
        check_pages(&snapshot)?;
    }
    let tails = tails(&snapshot)?;
    let mut walk = Walk::default();
    let sql = row::select("FROM entries ORDER BY sequence");
    let mut statement = snapshot.prepare(&sql).map_err(of_read)?;
    for row in statement.query_map([], Row::read).map_err(of_read)? {
        let row = row.map_err(of_read)?;
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
    if let Some(sequence) = cut_at(&walk, &tails) {
        walk.broken_at(sequence);
    }
    if depth == Depth::All {
        for sequence in [damaged_blob(&snapshot)?, missing_blob(&snapshot)?]
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

fn tails(snapshot: &Connection) -> Result<Vec<Tail>, LedgerFailure> {
    let number = |number: i64| u64::try_from(number).unwrap_or(0);
    let mut statement = snapshot
        .prepare("SELECT first, sequence, hash FROM tails ORDER BY run")
        .map_err(of_read)?;
    let tails = statement.query_map([], |row| {
        Ok(Tail {
            first: number(row.get(0)?),
            sequence: number(row.get(1)?),
            hash: row.get(2)?,
        })
    });
    tails
        .map_err(of_read)?
        .collect::<Result<_, _>>()
        .map_err(of_read)
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
    if !text.contains("\"signed\"") && !text.contains("\"witnessed\"") {
        return true;
    }
    serde_json::from_str(text).is_ok_and(|value| all_hold(&value))
}

fn all_hold(value: &Value) -> bool {
    match value {
        Value::Object(fields) => {
            fields
                .iter()
                .all(|(name, value)| match (name.as_str(), value.is_object()) {
                    ("signed", true) => {
                        let signed: Result<Signed, _> = Signed::deserialize(value);
                        signed.is_ok_and(|signed| signed.verifies())
                    }
                    ("witnessed", true) => {
                        let signed: Result<Signed<KeyStatement>, _> = Signed::deserialize(value);
                        signed.is_ok_and(|signed| signed.verifies())
                    }
                    _ => all_hold(value),
                })
        }
        Value::Array(values) => values.iter().all(all_hold),
        _ => true,
    }
}

fn check_pages(snapshot: &Connection) -> Result<(), LedgerFailure> {
    // FTS5's part of the check trusts what the connection remembers of the index from an earlier
    // check, and calls an index that has grown since damaged. Only opening a cursor makes it look
    // again (fts5_main.c: fts5IntegrityMethod, fts5NewTransaction).
    snapshot
        .query_row("SELECT rowid FROM words LIMIT 1", [], |_| Ok(()))
        .optional()
        .map_err(of_read)?;
    let found: String = snapshot
        .query_row("PRAGMA quick_check(1)", [], |row| row.get(0))
        .map_err(of_read)?;
    if found == "ok" {
        Ok(())
    } else {
        Err(LedgerFailure::Damaged(found))
    }
}

/// The first entry that names a blob whose bytes are not those of its digest.
fn damaged_blob(snapshot: &Connection) -> Result<Option<u64>, LedgerFailure> {
    let mut damaged = Vec::new();
    let mut statement = snapshot
        .prepare("SELECT digest, bytes FROM blobs")
        .map_err(of_read)?;
    let blobs = statement.query_map([], |row| {
        Ok((row.get::<_, String>(0)?, row.get::<_, Vec<u8>>(1)?))
    });
    for blob in blobs.map_err(of_read)? {
        let (digest, bytes) = blob.map_err(of_read)?;
        if Digest::of(&bytes).as_str() != digest {
            damaged.push(digest);
        }
    }
    let mut first: Option<u64> = None;
    for digest in damaged {
        let sql = "SELECT min(sequence) FROM entries WHERE instr(record, ?1) > 0";
        let named: Option<i64> = snapshot
            .query_row(sql, [&digest], |row| row.get(0))
            .map_err(of_read)?;
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
fn missing_blob(snapshot: &Connection) -> Result<Option<u64>, LedgerFailure> {
    let sequence: Option<i64> = snapshot.query_row(
        "SELECT min(entries.sequence) FROM entries, json_tree(entries.record, '$.release.backup') AS part
         WHERE entries.verb = 'backupTaken' AND part.key = 'blob' AND part.atom IS NOT NULL
           AND part.atom NOT IN (SELECT digest FROM blobs)",
        [],
        |row| row.get(0),
    )
    .map_err(of_read)?;
    Ok(sequence.and_then(|sequence| u64::try_from(sequence).ok()))
}
