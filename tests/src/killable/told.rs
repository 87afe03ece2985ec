//! The ledger, with everything that it promises told to the story.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use domain::{Digest, Event, ReleaseId};
use engine::ports::{
    ChainReport, Entry, Exported, Format, Found, Ledger, LedgerFailure, NewEntry, Record, Search,
    Stream, StreamEnd,
};
use ledger::SqliteLedger;
use tokio::sync::watch;

use super::room::Tight;
use super::{Full, Sabotage, Word};

/// Says something; when it returns, the story can read it, however this process ends.
pub(super) fn say(word: &Word) {
    let mut line = serde_json::to_string(word).expect("a word");
    line.push('\n');
    let mut out = std::io::stdout().lock();
    out.write_all(line.as_bytes()).expect("somebody listens");
    out.flush().expect("somebody listens");
}

/// The real ledger behind a teller.
pub(super) struct ToldLedger {
    inner: SqliteLedger,
    folder: PathBuf,
    full: Option<Full>,
    sabotage: Option<Sabotage>,
    writes: AtomicU32,
    failures: AtomicU32,
    tight: Mutex<Option<Tight>>,
}

impl ToldLedger {
    pub(super) fn new(
        inner: SqliteLedger,
        folder: &Path,
        full: Option<Full>,
        sabotage: Option<Sabotage>,
    ) -> Self {
        ToldLedger {
            inner,
            folder: folder.to_owned(),
            full,
            sabotage,
            writes: AtomicU32::new(0),
            failures: AtomicU32::new(0),
            tight: Mutex::new(None),
        }
    }

    /// How many writes there were.
    pub(super) fn writes(&self) -> u32 {
        self.writes.load(Ordering::SeqCst)
    }

    /// There is room again; whether there was none.
    pub(super) fn make_room(&self) -> bool {
        let tight = self
            .tight
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        let was = tight.is_some();
        drop(tight);
        if was {
            say(&Word::Room);
        }
        was
    }

    fn before_write(&self) -> u32 {
        let nth = self.writes.fetch_add(1, Ordering::SeqCst) + 1;
        if let Some(full) = self.full.as_ref().filter(|full| full.nth == nth) {
            let mut tight = self.tight.lock().unwrap_or_else(PoisonError::into_inner);
            *tight = Some(Tight::begin(&self.folder, full));
        }
        nth
    }

    fn refused(&self, nth: u32, failure: &LedgerFailure) {
        if matches!(failure, LedgerFailure::Moved { .. }) {
            return;
        }
        say(&Word::Refused {
            nth,
            unwritable: matches!(failure, LedgerFailure::Unwritable(_)),
            text: failure.to_string(),
        });
        let failures = self.failures.fetch_add(1, Ordering::SeqCst) + 1;
        if self.full.as_ref().and_then(|full| full.failures) == Some(failures) {
            self.make_room();
        }
    }

    /// What a broken ledger would claim to have written.
    fn made_up(&self, stream: &Stream, expected: u64, entries: Vec<NewEntry>) -> Vec<Entry> {
        let sequence = self.inner.chain().entries;
        let made_up = |(n, entry): (u64, NewEntry)| Entry {
            sequence: sequence + n,
            at: entry.at,
            stream: stream.clone(),
            position: expected + n,
            actor: entry.actor,
            record: entry.record,
            previous: String::new(),
            hash: "made up".to_owned(),
        };
        (1..).zip(entries).map(made_up).collect()
    }
}

fn is(entries: &[NewEntry], what: fn(&Event) -> bool) -> bool {
    let mut entries = entries.iter();
    entries.any(|entry| matches!(&entry.record, Record::Release(event) if what(event)))
}

#[async_trait]
impl Ledger for ToldLedger {
    async fn append(
        &self,
        stream: &Stream,
        expected: u64,
        entries: Vec<NewEntry>,
    ) -> Result<Vec<Entry>, LedgerFailure> {
        let intends = is(&entries, |e| matches!(e, Event::MutationIntended { .. }));
        let settles = is(&entries, |e| matches!(e, Event::MutationSettled { .. }));
        let lost = match self.sabotage {
            Some(Sabotage::SkipsIntent) => intends,
            Some(Sabotage::LosesOutcome) => settles,
            _ => false,
        };
        let nth = self.before_write();
        let written = if lost {
            Ok(self.made_up(stream, expected, entries))
        } else {
            self.inner.append(stream, expected, entries).await
        };
        match &written {
            // Somebody who skips the intent says nothing of it either.
            Ok(_) if lost && intends => {}
            Ok(entries) => entries.iter().for_each(|entry| {
                say(&Word::Acknowledged {
                    sequence: entry.sequence,
                    hash: entry.hash.clone(),
                });
            }),
            Err(failure) => self.refused(nth, failure),
        }
        written
    }

    async fn keep(&self, bytes: &[u8]) -> Result<Digest, LedgerFailure> {
        let nth = self.before_write();
        let kept = self.inner.keep(bytes).await;
        match &kept {
            Ok(digest) => say(&Word::Kept(digest.to_string())),
            Err(failure) => self.refused(nth, failure),
        }
        kept
    }

    async fn read(&self, stream: &Stream, after: u64) -> Result<Vec<Entry>, LedgerFailure> {
        self.inner.read(stream, after).await
    }

    fn read_here(&self, stream: &Stream) -> Result<Vec<Entry>, LedgerFailure> {
        self.inner.read_here(stream)
    }

    async fn releases(&self) -> Result<Vec<ReleaseId>, LedgerFailure> {
        self.inner.releases().await
    }

    async fn ends(&self) -> Result<Vec<StreamEnd>, LedgerFailure> {
        self.inner.ends().await
    }

    // Nothing is promised of it, so that nothing is said of it.
    async fn summarize(&self, end: StreamEnd) -> Result<(), LedgerFailure> {
        self.inner.summarize(end).await
    }

    async fn newest(&self, verb: &str, limit: u32) -> Result<Vec<Entry>, LedgerFailure> {
        self.inner.newest(verb, limit).await
    }

    async fn entry(&self, sequence: u64) -> Result<Entry, LedgerFailure> {
        self.inner.entry(sequence).await
    }

    async fn page(&self, search: &Search) -> Result<Found, LedgerFailure> {
        self.inner.page(search).await
    }

    async fn kept(&self, digest: &Digest) -> Result<Vec<u8>, LedgerFailure> {
        self.inner.kept(digest).await
    }

    async fn verify(&self) -> Result<ChainReport, LedgerFailure> {
        self.inner.verify().await
    }

    fn chain(&self) -> ChainReport {
        self.inner.chain()
    }

    async fn export(&self, format: Format, path: &Path) -> Result<Exported, LedgerFailure> {
        self.inner.export(format, path).await
    }

    fn moves(&self) -> watch::Receiver<u64> {
        self.inner.moves()
    }
}
