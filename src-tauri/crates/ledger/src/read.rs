use chrono::{DateTime, Utc};
use domain::{Digest, PersonId, ReleaseId};
use engine::ports::{Entry, Found, LedgerFailure, Search, Stream};
use sqlx::{QueryBuilder, Sqlite, SqliteConnection, SqlitePool};

use crate::failure::of_sql;
use crate::row::{Row, json};

/// The shortest word that the trigram index can find, in characters.
const TRIGRAM: usize = 3;

pub(crate) async fn stream(
    pool: &SqlitePool,
    stream: &Stream,
    after: u64,
) -> Result<Vec<Entry>, LedgerFailure> {
    sqlx::query_as::<_, Row>(
        "SELECT * FROM entries WHERE stream = ?1 AND position > ?2 ORDER BY position",
    )
    .bind(json(stream)?)
    .bind(i64::try_from(after).unwrap_or(i64::MAX))
    .fetch_all(pool)
    .await
    .map_err(of_sql)?
    .into_iter()
    .map(Row::entry)
    .collect()
}

pub(crate) async fn releases(pool: &SqlitePool) -> Result<Vec<ReleaseId>, LedgerFailure> {
    let streams: Vec<String> =
        sqlx::query_scalar("SELECT stream FROM entries WHERE position = 1 ORDER BY sequence")
            .fetch_all(pool)
            .await
            .map_err(of_sql)?;
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

pub(crate) async fn entry(pool: &SqlitePool, sequence: u64) -> Result<Entry, LedgerFailure> {
    sqlx::query_as::<_, Row>("SELECT * FROM entries WHERE sequence = ?1")
        .bind(i64::try_from(sequence).unwrap_or(i64::MAX))
        .fetch_optional(pool)
        .await
        .map_err(of_sql)?
        .ok_or_else(|| LedgerFailure::Missing(format!("entry {sequence}")))?
        .entry()
}

pub(crate) async fn kept(pool: &SqlitePool, digest: &Digest) -> Result<Vec<u8>, LedgerFailure> {
    let bytes: Vec<u8> = sqlx::query_scalar("SELECT bytes FROM blobs WHERE digest = ?1")
        .bind(digest.as_str())
        .fetch_optional(pool)
        .await
        .map_err(of_sql)?
        .ok_or_else(|| LedgerFailure::Missing(format!("blob {digest}")))?;
    if &Digest::of(&bytes) != digest {
        return Err(LedgerFailure::Damaged(format!(
            "blob {digest} does not match its digest"
        )));
    }
    Ok(bytes)
}

/// One page, its count and what the filters can offer, all of one moment.
pub(crate) async fn page(
    pool: &SqlitePool,
    search: &Search,
    most: u32,
) -> Result<Found, LedgerFailure> {
    let mut moment = pool.begin().await.map_err(of_sql)?;
    let mut count = QueryBuilder::new("SELECT count(*) FROM entries WHERE true");
    narrow(&mut count, search)?;
    let matches: i64 = count
        .build_query_scalar()
        .fetch_one(&mut *moment)
        .await
        .map_err(of_sql)?;

    let mut page = QueryBuilder::new("SELECT * FROM entries WHERE true");
    narrow(&mut page, search)?;
    if let Some(before) = search.before {
        page.push(" AND sequence < ")
            .push_bind(i64::try_from(before).unwrap_or(i64::MAX));
    }
    page.push(" ORDER BY sequence DESC LIMIT ")
        .push_bind(i64::from(search.limit.min(most)));
    let rows: Vec<Row> = page
        .build_query_as()
        .fetch_all(&mut *moment)
        .await
        .map_err(of_sql)?;

    Ok(Found {
        entries: rows.into_iter().map(Row::entry).collect::<Result<_, _>>()?,
        matches: u64::try_from(matches).unwrap_or(0),
        verbs: sqlx::query_scalar("SELECT DISTINCT verb FROM entries ORDER BY verb")
            .fetch_all(&mut *moment)
            .await
            .map_err(of_sql)?,
        actors: sqlx::query_scalar::<_, String>(
            "SELECT DISTINCT actor FROM entries WHERE actor IS NOT NULL ORDER BY actor",
        )
        .fetch_all(&mut *moment)
        .await
        .map_err(of_sql)?
        .into_iter()
        .map(PersonId::new)
        .collect(),
        since: since(&mut moment).await?,
    })
}

async fn since(
    connection: &mut SqliteConnection,
) -> Result<Option<domain::Instant>, LedgerFailure> {
    let at: Option<String> = sqlx::query_scalar("SELECT at FROM entries WHERE sequence = 1")
        .fetch_optional(connection)
        .await
        .map_err(of_sql)?;
    at.map(|at| {
        DateTime::parse_from_rfc3339(&at)
            .map(|at| at.with_timezone(&Utc))
            .map_err(|error| LedgerFailure::Damaged(format!("entry 1: {error}")))
    })
    .transpose()
}

fn narrow(query: &mut QueryBuilder<Sqlite>, search: &Search) -> Result<(), LedgerFailure> {
    if let Some(release) = &search.release {
        query
            .push(" AND stream = ")
            .push_bind(json(&Stream::Release(release.clone()))?);
    }
    if let Some(environment) = &search.environment {
        query
            .push(" AND environment = ")
            .push_bind(environment.as_str().to_owned());
    }
    if let Some(actor) = &search.actor {
        query
            .push(" AND actor = ")
            .push_bind(actor.as_str().to_owned());
    }
    if let Some(verb) = &search.verb {
        query.push(" AND verb = ").push_bind(verb.clone());
    }
    let text: String = search
        .words
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    for word in text.split_whitespace() {
        query.push(" AND sequence IN (SELECT rowid FROM words WHERE ");
        if word.chars().count() >= TRIGRAM {
            query.push("words MATCH ").push_bind(phrase(word));
        } else {
            query
                .push("instr(lower(text), lower(")
                .push_bind(word.to_owned())
                .push(")) > 0");
        }
        query.push(")");
    }
    Ok(())
}

/// A word as an FTS5 string: nothing in it is syntax (sqlite.org/fts5.html#fts5_strings).
fn phrase(word: &str) -> String {
    format!("\"{}\"", word.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::phrase;

    #[test]
    fn a_word_is_never_syntax() {
        assert_eq!(phrase(r#"a" OR "b"#), r#""a"" OR ""b""#);
        assert_eq!(phrase("NEAR("), r#""NEAR(""#);
    }
}
