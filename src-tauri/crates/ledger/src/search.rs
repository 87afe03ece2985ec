use engine::ports::{Found, LedgerFailure, Search, Stream};
use rusqlite::{Connection, params_from_iter};

use crate::failure::of_read;
use crate::read;
use crate::row::{self, Row, json};

/// The shortest word that the index finds as a whole, in characters.
const TRIGRAM: usize = 3;

/// How far matches are counted. A word that is in every entry of a long ledger is found at once, but
/// counting it takes a second.
const COUNTED: u64 = 10_000;

/// One page, its count and what the filters can offer, all of one moment.
pub(crate) fn page(
    connection: &mut Connection,
    search: &Search,
    most: u32,
) -> Result<Found, LedgerFailure> {
    let moment = connection.transaction().map_err(of_read)?;
    let wanted = Wanted::of(&moment, search)?;
    let (matches, more) = wanted.count(&moment)?;
    Ok(Found {
        entries: wanted
            .newest(&moment, search.before, search.limit.min(most))?
            .into_iter()
            .map(Row::entry)
            .collect(),
        matches,
        more,
        verbs: read::verbs(&moment)?,
        actors: read::actors(&moment)?,
        since: read::since(&moment)?,
    })
}

/// What is looked for, as SQL. Entries are walked from the newest on, so that whoever asks for a few
/// waits for those only.
struct Wanted {
    from: &'static str,
    /// What numbers the entries in it.
    sequence: &'static str,
    conditions: Vec<&'static str>,
    values: Vec<String>,
    /// There are more than are counted, as the index tells.
    is_many: bool,
}

impl Wanted {
    fn of(connection: &Connection, search: &Search) -> Result<Wanted, LedgerFailure> {
        let words = Words::of(&search.words);
        let by_words = !words.is_empty();
        // Written as a cross join, the index is what is walked (sqlite.org/lang_select.html).
        let (from, sequence) = if by_words {
            let both = "words CROSS JOIN entries ON entries.sequence = words.rowid";
            (both, "words.rowid")
        } else {
            ("entries", "entries.sequence")
        };
        let mut wanted = Wanted {
            from,
            sequence,
            conditions: Vec::new(),
            values: Vec::new(),
            is_many: false,
        };
        if !words.long.is_empty() {
            wanted.narrow("words MATCH ?", words.long);
        }
        let mut is_frequent = false;
        for short in words.short {
            match Piece::of(connection, &short)? {
                Piece::Rare(piece) => {
                    wanted.conditions.push(WITH_PIECE);
                    wanted.values.extend([piece.clone(), piece]);
                }
                Piece::Frequent => is_frequent = true,
                Piece::Unknown => {}
            }
            wanted.narrow("instr(lower(words.text), lower(?)) > 0", short);
        }
        if let Some(release) = &search.release {
            let stream = json(&Stream::Release(release.clone()))?;
            if by_words {
                // A release is a short stretch of the ledger: no word is looked for outside of it.
                wanted.narrow(
                    "words.rowid >= (SELECT min(sequence) FROM entries WHERE stream = ?)",
                    stream.clone(),
                );
                wanted.narrow(
                    "words.rowid <= (SELECT max(sequence) FROM entries WHERE stream = ?)",
                    stream.clone(),
                );
            }
            wanted.narrow("entries.stream = ?", stream);
        }
        if let Some(environment) = &search.environment {
            wanted.narrow("entries.environment = ?", environment.to_string());
        }
        if let Some(actor) = &search.actor {
            wanted.narrow("entries.actor = ?", actor.to_string());
        }
        if let Some(verb) = &search.verb {
            wanted.narrow("entries.verb = ?", verb.clone());
        }
        // Nothing else has to be true of them.
        wanted.is_many = is_frequent && wanted.conditions.len() == 1;
        Ok(wanted)
    }

    fn narrow(&mut self, condition: &'static str, value: String) {
        self.conditions.push(condition);
        self.values.push(value);
    }

    /// How many there are, and whether there are more than were counted.
    fn count(&self, connection: &Connection) -> Result<(u64, bool), LedgerFailure> {
        if self.is_many {
            return Ok((COUNTED, true));
        }
        // SQLite counts a whole table without looking at its rows.
        let everything = self.conditions.is_empty();
        let sql = if everything {
            "SELECT count(*) FROM entries".to_owned()
        } else {
            format!(
                "SELECT count(*) FROM (SELECT 1 FROM {} WHERE {} ORDER BY {} DESC LIMIT {})",
                self.from,
                self.conditions.join(" AND "),
                self.sequence,
                COUNTED + 1,
            )
        };
        let count: i64 = connection
            .query_row(&sql, params_from_iter(&self.values), |row| row.get(0))
            .map_err(of_read)?;
        let count = u64::try_from(count).unwrap_or(0);
        if everything || count <= COUNTED {
            return Ok((count, false));
        }
        Ok((COUNTED, true))
    }

    fn newest(
        &self,
        connection: &Connection,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Vec<Row>, LedgerFailure> {
        let before = before.and_then(|before| i64::try_from(before).ok());
        let earlier = format!("{} < {}", self.sequence, before.unwrap_or(i64::MAX));
        let mut conditions = self.conditions.clone();
        conditions.push(&earlier);
        let sql = row::select(&format!(
            "FROM {} WHERE {} ORDER BY {} DESC LIMIT {limit}",
            self.from,
            conditions.join(" AND "),
            self.sequence,
        ));
        let mut statement = connection.prepare(&sql).map_err(of_read)?;
        let rows = statement
            .query_map(params_from_iter(&self.values), Row::read)
            .map_err(of_read)?;
        rows.collect::<Result<_, _>>().map_err(of_read)
    }
}

/// Entries with a trigram that begins like this; twice the same value.
const WITH_PIECE: &str = "words.rowid IN (SELECT doc FROM pieces
     WHERE term >= ? AND term <= ? || char(0x10FFFF, 0x10FFFF, 0x10FFFF))";

/// What the index tells of a word that is too short for it.
enum Piece {
    /// It is in few entries, which are found by this beginning of a trigram.
    Rare(String),
    /// It is in more entries than are counted.
    Frequent,
    /// Nothing: the index may fold its letters in another way than we do.
    Unknown,
}

impl Piece {
    fn of(connection: &Connection, word: &str) -> Result<Piece, LedgerFailure> {
        let folds_like_ascii =
            |c: char| c.is_ascii() || c.to_lowercase().eq([c]) && c.to_uppercase().eq([c]);
        if !word.chars().all(folds_like_ascii) {
            return Ok(Piece::Unknown);
        }
        let piece = word.to_ascii_lowercase();
        let sql = format!(
            "SELECT count(*) FROM (SELECT DISTINCT doc FROM pieces
             WHERE term >= ?1 AND term <= ?1 || char(0x10FFFF, 0x10FFFF, 0x10FFFF) LIMIT {})",
            COUNTED + 1,
        );
        let entries: i64 = connection
            .query_row(&sql, [&piece], |row| row.get(0))
            .map_err(of_read)?;
        Ok(match u64::try_from(entries) {
            Ok(entries) if entries > COUNTED => Piece::Frequent,
            _ => Piece::Rare(piece),
        })
    }
}

/// Words, all of which must occur.
struct Words {
    /// Those that the index finds, as one FTS5 query; empty for none.
    long: String,
    /// Those that it finds by the trigrams that begin with them.
    short: Vec<String>,
}

impl Words {
    fn of(text: &str) -> Words {
        let text: String = text
            .chars()
            .map(|c| if c.is_control() { ' ' } else { c })
            .collect();
        let (long, short): (Vec<&str>, Vec<&str>) = text
            .split_whitespace()
            .partition(|word| word.chars().count() >= TRIGRAM);
        Words {
            long: long.into_iter().map(phrase).collect::<Vec<_>>().join(" "),
            short: short.into_iter().map(str::to_owned).collect(),
        }
    }

    fn is_empty(&self) -> bool {
        self.long.is_empty() && self.short.is_empty()
    }
}

/// A word as an FTS5 string: nothing in it is syntax (sqlite.org/fts5.html#fts5_strings).
fn phrase(word: &str) -> String {
    format!("\"{}\"", word.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_never_syntax() {
        assert_eq!(phrase(r#"a" OR "b"#), r#""a"" OR ""b""#);
        assert_eq!(phrase("NEAR("), r#""NEAR(""#);
    }

    #[test]
    fn only_words_that_have_a_trigram_ask_the_index() {
        let words = Words::of("苏州 错误率\tno\u{0}such");
        assert_eq!(words.long, r#""错误率" "such""#);
        assert_eq!(words.short, ["苏州", "no"]);
        assert!(Words::of(" \u{0}\n").is_empty());
    }
}
