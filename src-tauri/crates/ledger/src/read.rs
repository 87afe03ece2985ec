use chrono::{DateTime, Utc};
use domain::{Digest, PersonId, ReleaseId};
use engine::ports::{Entry, LedgerFailure, Stream, StreamEnd};
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
        .map(|row| Ok(row.map_err(of_read)?.entry()))
        .collect()
}

pub(crate) fn releases(connection: &Connection) -> Result<Vec<ReleaseId>, LedgerFailure> {
    let streams = texts(
        connection,
        "SELECT stream FROM entries WHERE position = 1 ORDER BY sequence",
    )?;
    Ok(streams.into_iter().filter_map(release_of).collect())
}

fn release_of(stream: String) -> Option<ReleaseId> {
    match row::stream_of(stream) {
        Stream::Release(release) => Some(release),
        Stream::Register => None,
        Stream::Unknown(stream) => {
            tracing::warn!(?stream, "a stream that this version does not know");
            None
        }
    }
}

/// Where each release's stream ends, oldest release first. Goes from one stream to the next in the index,
/// like [`each_once`].
pub(crate) fn ends(connection: &Connection) -> Result<Vec<StreamEnd>, LedgerFailure> {
    let mut statement = connection
        .prepare(
            "WITH RECURSIVE each(stream) AS (
                 SELECT min(stream) FROM entries
                 UNION ALL
                 SELECT (SELECT min(stream) FROM entries WHERE stream > each.stream)
                 FROM each WHERE each.stream IS NOT NULL)
             SELECT each.stream, newest.position, newest.hash, summaries.body, summaries.digest
             FROM each
             JOIN entries AS newest ON newest.stream = each.stream AND newest.position =
                 (SELECT max(position) FROM entries WHERE stream = each.stream)
             LEFT JOIN summaries ON summaries.stream = each.stream
                 AND summaries.position = newest.position AND summaries.hash = newest.hash
             ORDER BY (SELECT min(sequence) FROM entries WHERE stream = each.stream AND position = 1)",
        )
        .map_err(of_read)?;
    let rows = statement.query_map([], |row| {
        let position: i64 = row.get(1)?;
        Ok((
            row.get::<_, String>(0)?,
            u64::try_from(position).unwrap_or(0),
            row.get::<_, String>(2)?,
            row.get::<_, Option<String>>(3)?,
            row.get::<_, Option<String>>(4)?,
        ))
    });
    let mut ends = Vec::new();
    for row in rows.map_err(of_read)? {
        let (stream, position, hash, body, digest) = row.map_err(of_read)?;
        let Some(release) = release_of(stream) else {
            continue;
        };
        let summary = body.filter(|body| digest == Some(row::summary_digest(&hash, body)));
        ends.push(StreamEnd {
            release,
            position,
            hash,
            summary,
        });
    }
    Ok(ends)
}

/// The newest entries of one name.
pub(crate) fn newest(
    connection: &Connection,
    verb: &str,
    limit: u32,
) -> Result<Vec<Entry>, LedgerFailure> {
    let sql = row::select("FROM entries WHERE verb = ?1 ORDER BY sequence DESC LIMIT ?2");
    let mut statement = connection.prepare(&sql).map_err(of_read)?;
    let rows = statement.query_map((verb, limit), Row::read);
    rows.map_err(of_read)?
        .map(|row| Ok(row.map_err(of_read)?.entry()))
        .collect()
}

pub(crate) fn entry(connection: &Connection, sequence: u64) -> Result<Entry, LedgerFailure> {
    let sql = row::select("FROM entries WHERE sequence = ?1");
    let row = connection
        .query_row(
            &sql,
            [i64::try_from(sequence).unwrap_or(i64::MAX)],
            Row::read,
        )
        .optional()
        .map_err(of_read)?
        .ok_or_else(|| LedgerFailure::Missing(format!("entry {sequence}")))?;
    Ok(row.entry())
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
    // One that cannot be read is the chain's to name.
    let at = at.and_then(|at| DateTime::parse_from_rfc3339(&at).ok());
    Ok(at.map(|at| at.with_timezone(&Utc)))
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
