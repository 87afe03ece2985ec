use chrono::{DateTime, Utc};
use domain::{Digest, PersonId, ReleaseId};
use engine::ports::{Entry, LedgerFailure, Stream};
use rusqlite::{Connection, OptionalExtension as _};

use crate::failure::of_read;
use crate::row::{self, Row, json};

pub(crate) fn stream(
    connection: &Connection,
    stream: &Stream,
    after: u64,
) -> Result<Vec<Entry>, LedgerFailure> {
    let mut statement = connection
        .prepare(&row::select(
            "FROM entries WHERE stream = ?1 AND position > ?2 ORDER BY position",
        ))
        .map_err(of_read)?;
    let after = i64::try_from(after).unwrap_or(i64::MAX);
    let rows = statement.query_map((json(stream)?, after), Row::read);
    rows.map_err(of_read)?
        .map(|row| row.map_err(of_read)?.entry())
        .collect()
}

pub(crate) fn releases(connection: &Connection) -> Result<Vec<ReleaseId>, LedgerFailure> {
    let streams = texts(
        connection,
        "SELECT stream FROM entries WHERE position = 1 ORDER BY sequence",
    )?;
    let mut releases = Vec::with_capacity(streams.len());
    for text in streams {
        match serde_json::from_str(&text) {
            Ok(Stream::Release(release)) => releases.push(release),
            Ok(Stream::Register) => {}
            Err(error) => return Err(LedgerFailure::Damaged(format!("stream {text}: {error}"))),
        }
    }
    Ok(releases)
}

pub(crate) fn entry(connection: &Connection, sequence: u64) -> Result<Entry, LedgerFailure> {
    let sql = row::select("FROM entries WHERE sequence = ?1");
    connection
        .query_row(
            &sql,
            [i64::try_from(sequence).unwrap_or(i64::MAX)],
            Row::read,
        )
        .optional()
        .map_err(of_read)?
        .ok_or_else(|| LedgerFailure::Missing(format!("entry {sequence}")))?
        .entry()
}

pub(crate) fn kept(connection: &Connection, digest: &Digest) -> Result<Vec<u8>, LedgerFailure> {
    let sql = "SELECT bytes FROM blobs WHERE digest = ?1";
    let bytes: Vec<u8> = connection
        .query_row(sql, [digest.as_str()], |row| row.get(0))
        .optional()
        .map_err(of_read)?
        .ok_or_else(|| LedgerFailure::Missing(format!("blob {digest}")))?;
    if &Digest::of(&bytes) != digest {
        return Err(LedgerFailure::Damaged(format!(
            "blob {digest} does not match its digest"
        )));
    }
    Ok(bytes)
}

/// Event names that occur, in order.
pub(crate) fn verbs(connection: &Connection) -> Result<Vec<String>, LedgerFailure> {
    each_once(connection, "verb")
}

/// People that occur, in order.
pub(crate) fn actors(connection: &Connection) -> Result<Vec<PersonId>, LedgerFailure> {
    let actors = each_once(connection, "actor")?;
    Ok(actors.into_iter().map(PersonId::new).collect())
}

/// When the first entry was written.
pub(crate) fn since(connection: &Connection) -> Result<Option<domain::Instant>, LedgerFailure> {
    let sql = "SELECT at FROM entries WHERE sequence = 1";
    let at: Option<String> = connection
        .query_row(sql, [], |row| row.get(0))
        .optional()
        .map_err(of_read)?;
    at.map(|at| {
        DateTime::parse_from_rfc3339(&at)
            .map(|at| at.with_timezone(&Utc))
            .map_err(|error| LedgerFailure::Damaged(format!("entry 1: {error}")))
    })
    .transpose()
}

/// The different values of an indexed column. Goes from one to the next in the index; `DISTINCT`
/// would read all of it, a million entries for twenty verbs.
fn each_once(connection: &Connection, column: &str) -> Result<Vec<String>, LedgerFailure> {
    texts(
        connection,
        &format!(
            "WITH RECURSIVE each(value) AS (
                 SELECT min({column}) FROM entries
                 UNION ALL
                 SELECT (SELECT min({column}) FROM entries WHERE {column} > value)
                 FROM each WHERE value IS NOT NULL)
             SELECT value FROM each WHERE value IS NOT NULL"
        ),
    )
}

fn texts(connection: &Connection, sql: &str) -> Result<Vec<String>, LedgerFailure> {
    let mut statement = connection.prepare(sql).map_err(of_read)?;
    let texts = statement.query_map([], |row| row.get(0)).map_err(of_read)?;
    texts.collect::<Result<_, _>>().map_err(of_read)
}
