use std::io::{BufRead, Write as _};
use std::path::Path;

use data_encoding::HEXLOWER;
use engine::ports::{ChainReport, Exported, Format, LedgerFailure};
use rusqlite::Connection;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use tempfile::NamedTempFile;

use crate::chain::{Claim, Walk};
use crate::failure::of_read;
use crate::row::{self, NOTHING, Row, json, sha256};
use crate::verify::signatures_hold;

/// Bytes gathered before they go to the file.
const CHUNK: usize = 256 * 1024;

/// Excel reads a CSV file without it in the machine's old code page and garbles Chinese.
const BYTE_ORDER_MARK: &str = "\u{feff}";

/// Writes all entries of one moment to a new file: beside it first, then durable, then renamed.
pub(crate) fn export(
    connection: &Connection,
    format: Format,
    path: &Path,
) -> Result<Exported, LedgerFailure> {
    let refused = |error: std::io::Error| {
        LedgerFailure::ExportUnwritable(format!("{}: {error}", path.display()))
    };
    let parent = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    if path.exists() {
        return Err(refused(std::io::ErrorKind::AlreadyExists.into()));
    }
    let mut unfinished = NamedTempFile::new_in(parent).map_err(refused)?;

    let mut hasher = Sha256::new();
    let mut entries = 0;
    let mut chunk = match format {
        Format::JsonLines => Vec::new(),
        Format::Csv => [
            BYTE_ORDER_MARK.as_bytes(),
            &csv_record(row::COLUMNS.map(str::to_owned))?,
        ]
        .concat(),
    };
    let mut head = NOTHING.to_owned();
    let sql = row::select("FROM entries ORDER BY sequence");
    let mut statement = connection.prepare(&sql).map_err(of_read)?;
    for row in statement.query_map([], Row::read).map_err(of_read)? {
        let row = row.map_err(of_read)?;
        match format {
            Format::JsonLines => {
                head.clone_from(&row.hash);
                chunk.extend_from_slice(row.line()?.as_bytes());
                chunk.push(b'\n');
            }
            Format::Csv => chunk.extend_from_slice(&csv_record(fields(row))?),
        }
        entries += 1;
        if chunk.len() >= CHUNK {
            hasher.update(&chunk);
            unfinished.write_all(&chunk).map_err(refused)?;
            chunk.clear();
        }
    }
    if format == Format::JsonLines {
        let end = End {
            entries,
            head: &head,
        };
        chunk.extend_from_slice(end.line()?.as_bytes());
    }
    hasher.update(&chunk);
    unfinished.write_all(&chunk).map_err(refused)?;
    unfinished.as_file().sync_all().map_err(refused)?;
    unfinished
        .persist_noclobber(path)
        .map_err(|error| refused(error.error))?;
    // The new name is durable only with its folder; Windows cannot open one and needs not.
    #[cfg(unix)]
    std::fs::File::open(parent)
        .and_then(|folder| folder.sync_all())
        .map_err(refused)?;
    Ok(Exported {
        entries,
        sha256: HEXLOWER.encode(&hasher.finalize()),
    })
}

fn fields(row: Row) -> [String; 10] {
    [
        row.sequence.to_string(),
        row.at,
        row.stream,
        row.position.to_string(),
        row.actor.unwrap_or_default(),
        row.environment.unwrap_or_default(),
        row.verb,
        row.record,
        row.previous,
        row.hash,
    ]
    .map(harmless)
}

/// A spreadsheet takes a field that begins like this for a formula (OWASP, CSV injection; the
/// full-width ones count in Chinese and Japanese settings).
fn harmless(field: String) -> String {
    match field.chars().next() {
        Some('=' | '+' | '-' | '@' | '\t' | '\r' | '\n' | '＝' | '＋' | '－' | '＠') => {
            format!("'{field}")
        }
        _ => field,
    }
}

/// One line of RFC 4180.
fn csv_record(fields: [String; 10]) -> Result<Vec<u8>, LedgerFailure> {
    let failed = |error: String| LedgerFailure::Other(format!("csv: {error}"));
    let mut writer = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_writer(Vec::new());
    writer
        .write_record(fields)
        .map_err(|error| failed(error.to_string()))?;
    writer
        .into_inner()
        .map_err(|error| failed(error.to_string()))
}

/// Verifies an export in JSON Lines without the database: every hash, link and place, every
/// signature, and the last line, which says where it ends. Says where it breaks first; a line that
/// cannot be read breaks it too, and one that is missing at the end breaks it behind the last entry.
pub fn verify_export(mut reader: impl BufRead) -> ChainReport {
    let started = std::time::Instant::now();
    let mut walk = Walk::default();
    let mut line = Vec::new();
    let mut ended = false;
    loop {
        line.clear();
        match reader.read_until(b'\n', &mut line) {
            Ok(0) => break,
            // Nothing comes after the end.
            Ok(_) if ended => walk.breaks(),
            Ok(_) => match End::is(&line, &walk) {
                true => ended = true,
                false => check_line(&mut walk, &line),
            },
            Err(_) => {
                walk.breaks();
                break;
            }
        }
    }
    if !ended {
        walk.broken_at(walk.next());
    }
    walk.report(started)
}

fn check_line(walk: &mut Walk, line: &[u8]) {
    let Some((line, hashed)) = take_apart(line) else {
        return walk.breaks();
    };
    let Ok(claims) = serde_json::from_str::<Line<'_>>(line) else {
        return walk.breaks();
    };
    let follows = walk.follows(&Claim {
        sequence: claims.sequence,
        stream: &claims.stream.to_string(),
        position: claims.position,
        previous: claims.previous,
        hash: claims.hash,
        computed: &sha256(hashed.as_bytes()),
    });
    if follows && !signatures_hold(line) {
        walk.rejects_newest();
    }
}

/// The line without its end, and the text that was hashed: the line without its last field.
fn take_apart(line: &[u8]) -> Option<(&str, String)> {
    let line = std::str::from_utf8(line.strip_suffix(b"\n")?).ok()?;
    let (before, hash) = line.strip_suffix("\"}")?.rsplit_once(",\"hash\":\"")?;
    (hash.len() == 64).then(|| (line, format!("{before}}}")))
}

/// The last line: how many entries there are, and the hash of the newest.
#[derive(Serialize)]
struct End<'a> {
    entries: u64,
    head: &'a str,
}

impl End<'_> {
    fn line(&self) -> Result<String, LedgerFailure> {
        Ok(format!("{}\n", json(self)?))
    }

    /// Whether a line says truly that the walk is at its end.
    fn is(line: &[u8], walk: &Walk) -> bool {
        let (entries, head) = walk.end();
        End { entries, head }
            .line()
            .is_ok_and(|end| end.as_bytes() == line)
    }
}

#[derive(Deserialize)]
struct Line<'a> {
    sequence: u64,
    #[serde(rename = "at")]
    _at: IgnoredAny,
    stream: serde_json::Value,
    position: u64,
    #[serde(rename = "record")]
    _record: IgnoredAny,
    previous: &'a str,
    hash: &'a str,
}
