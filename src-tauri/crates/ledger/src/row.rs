use chrono::{DateTime, SecondsFormat, Utc};
use domain::{Instant, PersonId};
use engine::ports::{Entry, LedgerFailure, NewEntry, Stream};
use sha2::{Digest as _, Sha256};
use sqlx::sqlite::SqliteRow;
use sqlx::{FromRow, Row as _};

use crate::chain::Link;
use crate::names::names_in;

/// What stands before the first entry.
pub(crate) const NOTHING: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// An entry as it is stored: the very texts that are hashed.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) sequence: u64,
    pub(crate) at: String,
    /// JSON.
    pub(crate) stream: String,
    pub(crate) position: u64,
    pub(crate) actor: Option<String>,
    pub(crate) environment: Option<String>,
    pub(crate) verb: String,
    /// JSON.
    pub(crate) record: String,
    pub(crate) previous: String,
    pub(crate) hash: String,
}

/// Reads every row, whatever was done to it: the walk has to get to the damage to name its place.
impl FromRow<'_, SqliteRow> for Row {
    fn from_row(row: &SqliteRow) -> sqlx::Result<Row> {
        Ok(Row {
            sequence: number(row, "sequence")?,
            at: text(row, "at")?,
            stream: text(row, "stream")?,
            position: number(row, "position")?,
            actor: optional_text(row, "actor")?,
            environment: optional_text(row, "environment")?,
            verb: text(row, "verb")?,
            record: text(row, "record")?,
            previous: text(row, "previous")?,
            hash: text(row, "hash")?,
        })
    }
}

/// A number that no entry has, where there is a negative one.
fn number(row: &SqliteRow, column: &str) -> sqlx::Result<u64> {
    let number: i64 = row.try_get(column)?;
    Ok(u64::try_from(number).unwrap_or(u64::MAX))
}

fn text(row: &SqliteRow, column: &str) -> sqlx::Result<String> {
    Ok(readable(row.try_get(column)?))
}

fn optional_text(row: &SqliteRow, column: &str) -> sqlx::Result<Option<String>> {
    let bytes: Option<Vec<u8>> = row.try_get(column)?;
    Ok(bytes.map(readable))
}

/// The text, or one that is certainly another than any that was hashed.
fn readable(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_else(|error| {
        let bytes = error.as_bytes();
        format!("{}\0{}", String::from_utf8_lossy(bytes), sha256(bytes))
    })
}

impl Row {
    /// The entry that follows `previous`.
    pub(crate) fn following(
        link: Link,
        stream: &Stream,
        position: u64,
        entry: &NewEntry,
    ) -> Result<Row, LedgerFailure> {
        let record = json(&entry.record)?;
        let names = names_in(&record)?;
        let mut row = Row {
            sequence: link.sequence + 1,
            at: instant_text(entry.at),
            stream: json(stream)?,
            position,
            actor: entry.actor.as_ref().map(|actor| actor.as_str().to_owned()),
            environment: names
                .environment
                .map(|environment| environment.as_str().to_owned()),
            verb: names.verb,
            record,
            previous: link.hash,
            hash: String::new(),
        };
        row.hash = sha256(row.canonical()?.as_bytes());
        Ok(row)
    }

    /// The text that is hashed. `stream` and `record` go in as they are stored: reading an old
    /// record with a newer program and writing it again could give other bytes.
    pub(crate) fn canonical(&self) -> Result<String, LedgerFailure> {
        Ok(format!(
            r#"{{"sequence":{},"at":{},"stream":{},"position":{},"actor":{},"record":{},"previous":{}}}"#,
            self.sequence,
            json(&self.at)?,
            self.stream,
            self.position,
            json(&self.actor)?,
            self.record,
            json(&self.previous)?,
        ))
    }

    /// The entry as one line of an export: the hashed text with the hash as its last field.
    pub(crate) fn line(&self) -> Result<String, LedgerFailure> {
        let mut line = self.canonical()?;
        line.pop();
        line.push_str(&format!(r#","hash":{}}}"#, json(&self.hash)?));
        Ok(line)
    }

    /// Whether what the filters use is what the record says.
    pub(crate) fn is_named_right(&self) -> bool {
        names_in(&self.record).is_ok_and(|names| {
            names.verb == self.verb
                && names.environment.as_ref().map(|e| e.as_str()) == self.environment.as_deref()
        })
    }

    /// The entry with its meaning.
    pub(crate) fn entry(self) -> Result<Entry, LedgerFailure> {
        let damaged =
            |what: &str| LedgerFailure::Damaged(format!("entry {}: {what}", self.sequence));
        Ok(Entry {
            sequence: self.sequence,
            at: DateTime::parse_from_rfc3339(&self.at)
                .map_err(|error| damaged(&error.to_string()))?
                .with_timezone(&Utc),
            stream: serde_json::from_str(&self.stream)
                .map_err(|error| damaged(&error.to_string()))?,
            position: self.position,
            record: serde_json::from_str(&self.record)
                .map_err(|error| damaged(&error.to_string()))?,
            actor: self.actor.map(PersonId::new),
            previous: self.previous,
            hash: self.hash,
        })
    }
}

/// An instant with nine digits of a second, always.
pub(crate) fn instant_text(at: Instant) -> String {
    at.to_rfc3339_opts(SecondsFormat::Nanos, true)
}

/// JSON text; fails for nothing that the ledger keeps.
pub(crate) fn json(value: &impl serde::Serialize) -> Result<String, LedgerFailure> {
    serde_json::to_string(value).map_err(|error| LedgerFailure::Other(error.to_string()))
}

/// SHA-256, hex.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}
