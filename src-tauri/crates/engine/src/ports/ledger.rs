use async_trait::async_trait;
use domain::{Digest, EnvironmentId, Event, Instant, PersonId, RegisterEvent, ReleaseId};
use serde::{Deserialize, Serialize, Serializer};
use tokio::sync::watch;

use super::LedgerFailure;

/// What a stream of entries is about. Positions count within a stream.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Stream {
    /// Keys, bindings and what else holds across releases.
    Register,
    /// One release.
    Release(ReleaseId),
    /// One that this program does not know. It is read, never written.
    #[serde(skip_deserializing)]
    Unknown(Json),
}

// By hand, so that what is unknown is written as it was read.
impl Serialize for Stream {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Stream::Register => serializer.serialize_unit_variant("Stream", 0, "register"),
            Stream::Release(id) => serializer.serialize_newtype_variant("Stream", 1, "release", id),
            Stream::Unknown(json) => json.serialize(serializer),
        }
    }
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Record {
    /// In a release.
    Release(Event),
    /// Outside of any release.
    Register(RegisterEvent),
    /// Something that this program cannot decode. It is read, never written.
    #[serde(skip_deserializing)]
    Unknown(UnknownRecord),
}

impl Serialize for Record {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Record::Release(event) => {
                serializer.serialize_newtype_variant("Record", 0, "release", event)
            }
            Record::Register(event) => {
                serializer.serialize_newtype_variant("Record", 1, "register", event)
            }
            Record::Unknown(record) => record.json.serialize(serializer),
        }
    }
}

/// An entry to append.
#[derive(Clone, Debug, PartialEq)]
pub struct NewEntry {
    /// When it happened.
    pub at: Instant,
    /// Who made it happen; none for the program itself.
    pub actor: Option<PersonId>,
    /// What happened.
    pub record: Record,
}

/// A record that this program cannot decode: a newer program wrote it, or it was damaged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownRecord {
    /// The record as it is stored.
    pub json: Json,
    /// What the ledger calls it (`gatePostponed`).
    pub verb: String,
    /// The environment it is about, if it names one.
    pub environment: Option<EnvironmentId>,
    /// Why it cannot be decoded, in English.
    pub why: String,
}

/// Text that should be JSON. Written as the JSON that it is; as a string where it is none.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Json(pub String);

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match serde_json::from_str::<serde_json::Value>(&self.0) {
            Ok(value) => value.serialize(serializer),
            Err(_) => self.0.serialize(serializer),
        }
    }
}

/// An entry of the chain. Self-contained: exported, it can be verified without the database.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Position in the chain, from 1, without gaps.
    pub sequence: u64,
    /// When it happened.
    pub at: Instant,
    /// The stream.
    pub stream: Stream,
    /// Position in the stream, from 1, without gaps.
    pub position: u64,
    /// Who made it happen.
    pub actor: Option<PersonId>,
    /// What happened.
    pub record: Record,
    /// Hash of the entry before, hex; 64 zeros for the first.
    pub previous: String,
    /// SHA-256 over all of the above in canonical JSON, hex.
    pub hash: String,
}

/// The program's only memory: append-only, hash-chained.
#[async_trait]
pub trait Ledger: Send + Sync {
    /// Appends all entries or none, if the stream is at `expected` (0 for a new one). Durable when
    /// it returns. Never dropped half-way: the commit runs to its end even when the caller is gone.
    async fn append(
        &self,
        stream: &Stream,
        expected: u64,
        entries: Vec<NewEntry>,
    ) -> Result<Vec<Entry>, LedgerFailure>;

    /// Entries of a stream after a position.
    async fn read(&self, stream: &Stream, after: u64) -> Result<Vec<Entry>, LedgerFailure>;

    /// All entries of a stream, read on the caller's thread: a few milliseconds for a release. For what
    /// looks at a release that has ended without being able to wait.
    fn read_here(&self, stream: &Stream) -> Result<Vec<Entry>, LedgerFailure>;

    /// Releases that have a stream, oldest first.
    async fn releases(&self) -> Result<Vec<ReleaseId>, LedgerFailure>;

    /// The same with where each stream ends, and the summary that was kept for that end.
    async fn ends(&self) -> Result<Vec<StreamEnd>, LedgerFailure>;

    /// Keeps what was derived from a stream, for [`Ledger::ends`] as long as the stream ends there. Not a
    /// part of the chain: without it, the stream is read.
    async fn summarize(&self, end: StreamEnd) -> Result<(), LedgerFailure>;

    /// The newest entries with an event of this name, newest first.
    async fn newest(&self, verb: &str, limit: u32) -> Result<Vec<Entry>, LedgerFailure>;

    /// One entry.
    async fn entry(&self, sequence: u64) -> Result<Entry, LedgerFailure>;

    /// Newest first.
    async fn page(&self, search: &Search) -> Result<Found, LedgerFailure>;

    /// Keeps bytes under their digest; durable when it returns. The same bytes are kept once.
    async fn keep(&self, bytes: &[u8]) -> Result<Digest, LedgerFailure>;

    /// Bytes by their digest, checked against it.
    async fn kept(&self, digest: &Digest) -> Result<Vec<u8>, LedgerFailure>;

    /// Walks the whole chain.
    async fn verify(&self) -> Result<ChainReport, LedgerFailure>;

    /// What the newest verification found, and the head now.
    fn chain(&self) -> ChainReport;

    /// Writes all entries to a new file.
    async fn export(
        &self,
        format: Format,
        path: &std::path::Path,
    ) -> Result<Exported, LedgerFailure>;

    /// Writes the whole ledger, blobs included, to a new file that can take its place elsewhere.
    async fn backup(&self, path: &std::path::Path) -> Result<Exported, LedgerFailure> {
        let _ = path;
        Err(LedgerFailure::Other("this ledger has no file".to_owned()))
    }

    /// The newest sequence number, whenever it moves.
    fn moves(&self) -> watch::Receiver<u64>;
}

/// Where a release's stream ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamEnd {
    /// The release.
    pub release: ReleaseId,
    /// The position of its newest entry.
    pub position: u64,
    /// The hash of that entry.
    pub hash: String,
    /// What the engine keeps of a release that has ended; its form is the engine's business.
    pub summary: Option<String>,
}

/// What to look for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Search {
    /// Words, all of which must occur in the entry.
    pub words: String,
    /// Only this release.
    pub release: Option<ReleaseId>,
    /// Only this environment.
    pub environment: Option<EnvironmentId>,
    /// Only this person.
    pub actor: Option<PersonId>,
    /// Only events of this name (`gateOpened`).
    pub verb: Option<String>,
    /// Only entries before this sequence number.
    pub before: Option<u64>,
    /// At most so many.
    pub limit: u32,
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Found {
    /// Newest first.
    pub entries: Vec<Entry>,
    /// How many match in all, as far as they were counted.
    pub matches: u64,
    /// Whether there are more than were counted.
    pub more: bool,
    /// Event names that occur in the ledger.
    pub verbs: Vec<String>,
    /// People that occur in it.
    pub actors: Vec<PersonId>,
    /// When the first entry was written.
    pub since: Option<Instant>,
}

/// State of the chain.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ChainReport {
    /// Entries there are.
    pub entries: u64,
    /// Entries verified.
    pub verified: u64,
    /// First broken sequence number.
    pub broken_at: Option<u64>,
    /// Hash of the newest entry, hex.
    pub head: Option<String>,
    /// How long the verification took, milliseconds.
    pub took_ms: f64,
}

/// How to export.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// One [`Entry`] a line, and a last line that says how many there are and the newest one's hash.
    JsonLines,
    /// For a spreadsheet.
    Csv,
}

/// What was exported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exported {
    /// How many entries.
    pub entries: u64,
    /// SHA-256 of the file, hex.
    pub sha256: String,
}
