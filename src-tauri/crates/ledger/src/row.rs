use chrono::{DateTime, SecondsFormat, Utc};
use data_encoding::HEXLOWER;
use domain::{EnvironmentId, Instant, PersonId};
use engine::ports::{Entry, Json, LedgerFailure, NewEntry, Record, Stream, UnknownRecord};
use rusqlite::types::{FromSql, FromSqlResult, ValueRef};
use sha2::{Digest as _, Sha256};

use crate::chain::Link;
use crate::names::{head_of, names_in};

/// What stands before the first entry.
pub(crate) const NOTHING: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// An entry as it is stored: the very texts that are hashed.
#[derive(Clone, Debug)]
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

/// What [`Row::read`] reads and an export has, in this order.
pub(crate) const COLUMNS: [&str; 10] = [
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

/// Selects rows for [`Row::read`]; the rest of the statement follows.
pub(crate) fn select(rest: &str) -> String {
    format!("SELECT {} {rest}", COLUMNS.join(", "))
}

/// A number that no entry has, where there is a negative one.
struct Number(u64);

impl FromSql for Number {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let number = value.as_i64()?;
        Ok(Number(u64::try_from(number).unwrap_or(u64::MAX)))
    }
}

/// A text, or, where it is none, one that is certainly another than any that was hashed.
struct Readable(String);

impl FromSql for Readable {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let bytes = value.as_bytes()?;
        Ok(Readable(match std::str::from_utf8(bytes) {
            Ok(text) => text.to_owned(),
            Err(_) => format!("{}\0{}", String::from_utf8_lossy(bytes), sha256(bytes)),
        }))
    }
}

impl Row {
    /// Reads a row of [`COLUMNS`], whatever was done to it: the walk has to get to the damage to name
    /// its place.
    pub(crate) fn read(row: &rusqlite::Row<'_>) -> rusqlite::Result<Row> {
        let number = |column| row.get(column).map(|Number(number)| number);
        let text = |column| row.get(column).map(|Readable(text)| text);
        let optional = |column| {
            row.get(column)
                .map(|text: Option<Readable>| text.map(|Readable(text)| text))
        };
        Ok(Row {
            sequence: number(0)?,
            at: text(1)?,
            stream: text(2)?,
            position: number(3)?,
            actor: optional(4)?,
            environment: optional(5)?,
            verb: text(6)?,
            record: text(7)?,
            previous: text(8)?,
            hash: text(9)?,
        })
    }

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
        head_of(&self.record).is_ok_and(|head| {
            head.verb == self.verb && head.environment.as_deref() == self.environment.as_deref()
        })
    }

    /// The entry with its meaning; `Unknown` where it has none for this program. One entry never keeps
    /// the others from being read.
    pub(crate) fn entry(self) -> Entry {
        let instant = DateTime::parse_from_rfc3339(&self.at);
        let instant = instant.map_err(|error| error.to_string());
        let record = serde_json::from_str(&self.record).map_err(|error| error.to_string());
        let (at, record) = match (instant, record) {
            (Ok(at), Ok(record)) => (at.with_timezone(&Utc), record),
            (at, record) => {
                let why = at.as_ref().err().or(record.as_ref().err()).cloned();
                let unknown = UnknownRecord {
                    json: Json(self.record),
                    verb: self.verb,
                    environment: self.environment.map(EnvironmentId::new),
                    why: why.unwrap_or_default(),
                };
                let at = at.map_or(DateTime::UNIX_EPOCH, |at| at.with_timezone(&Utc));
                (at, Record::Unknown(unknown))
            }
        };
        Entry {
            sequence: self.sequence,
            at,
            stream: stream_of(self.stream),
            position: self.position,
            actor: self.actor.map(PersonId::new),
            record,
            previous: self.previous,
            hash: self.hash,
        }
    }
}

/// The stream that a text names.
pub(crate) fn stream_of(text: String) -> Stream {
    serde_json::from_str(&text).unwrap_or(Stream::Unknown(Json(text)))
}

/// An instant with nine digits of a second, always.
pub(crate) fn instant_text(at: Instant) -> String {
    at.to_rfc3339_opts(SecondsFormat::Nanos, true)
}

/// JSON text; fails for nothing that the ledger keeps.
pub(crate) fn json(value: &impl serde::Serialize) -> Result<String, LedgerFailure> {
    serde_json::to_string(value).map_err(|error| LedgerFailure::Other(error.to_string()))
}

/// SHA-256, hex. Not by `hex`, as elsewhere: it pushes letter by letter, a tenth of a walk's time.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    HEXLOWER.encode(&Sha256::digest(bytes))
}

/// What tells a summary that was damaged, or that belongs to another entry.
pub(crate) fn summary_digest(hash: &str, body: &str) -> String {
    sha256(format!("{hash}\n{body}").as_bytes())
}
