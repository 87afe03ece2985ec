//! A ledger in memory.

use std::collections::BTreeMap;
use std::sync::Mutex;

use async_trait::async_trait;
use domain::{Digest, Event, MutationId, ReleaseId};
use engine::ports::*;
use tokio::sync::watch;

/// Which appends fail.
pub type Full = fn(&Record) -> bool;

/// A ledger in memory whose appends can be made to fail.
pub struct MemoryLedger {
    pub entries: Mutex<Vec<Entry>>,
    blobs: Mutex<BTreeMap<Digest, Vec<u8>>>,
    /// What was kept of releases that have ended.
    pub summaries: Mutex<BTreeMap<ReleaseId, StreamEnd>>,
    /// How often a stream was read for somebody who cannot wait.
    pub read_here: Mutex<u32>,
    /// Appends with an event for which this is true fail.
    pub full_for: Mutex<Option<Full>>,
    moves: watch::Sender<u64>,
}

impl MemoryLedger {
    pub fn new() -> Self {
        MemoryLedger {
            entries: Mutex::default(),
            blobs: Mutex::default(),
            summaries: Mutex::default(),
            read_here: Mutex::default(),
            full_for: Mutex::default(),
            moves: watch::channel(0).0,
        }
    }

    pub fn events(&self) -> Vec<Event> {
        let entries = self.entries.lock().unwrap();
        let events = entries.iter().filter_map(|entry| match &entry.record {
            Record::Release(event) => Some(event.clone()),
            Record::Register(_) | Record::Unknown(_) => None,
        });
        events.collect()
    }

    /// Appends behind the engine's back, as another process would.
    pub fn sneak_in(&self, stream: &Stream, event: Event) {
        self.sneak_in_record(stream, Record::Release(event));
    }

    /// The same with anything.
    pub fn sneak_in_record(&self, stream: &Stream, record: Record) {
        let mut entries = self.entries.lock().unwrap();
        let position = position(&entries, stream);
        let entry = NewEntry {
            at: "2026-09-15T02:00:00Z".parse().unwrap(),
            actor: None,
            record,
        };
        push(&mut entries, stream, position, entry);
    }

    pub fn intends(&self, mutation: &MutationId) -> bool {
        let is = |event: &Event| matches!(event, Event::MutationIntended { intent, .. } if &intent.id == mutation);
        self.events().iter().any(is)
    }
}

fn position(entries: &[Entry], stream: &Stream) -> u64 {
    entries.iter().filter(|e| &e.stream == stream).count() as u64
}

fn push(entries: &mut Vec<Entry>, stream: &Stream, position: u64, new: NewEntry) -> Entry {
    let entry = Entry {
        sequence: entries.len() as u64 + 1,
        at: new.at,
        stream: stream.clone(),
        position: position + 1,
        actor: new.actor,
        record: new.record,
        previous: String::new(),
        hash: String::new(),
    };
    entries.push(entry.clone());
    entry
}

#[async_trait]
impl Ledger for MemoryLedger {
    async fn append(
        &self,
        stream: &Stream,
        expected: u64,
        new: Vec<NewEntry>,
    ) -> Result<Vec<Entry>, LedgerFailure> {
        if let Some(full) = *self.full_for.lock().unwrap()
            && new.iter().any(|entry| full(&entry.record))
        {
            return Err(LedgerFailure::Unwritable("no space left on device".into()));
        }
        let mut entries = self.entries.lock().unwrap();
        let found = position(&entries, stream);
        if found != expected {
            return Err(LedgerFailure::Moved { expected, found });
        }
        let mut made = Vec::new();
        for (at, entry) in new.into_iter().enumerate() {
            made.push(push(&mut entries, stream, expected + at as u64, entry));
        }
        self.moves.send_replace(entries.len() as u64);
        Ok(made)
    }

    async fn read(&self, stream: &Stream, after: u64) -> Result<Vec<Entry>, LedgerFailure> {
        let entries = self.entries.lock().unwrap();
        let of = entries
            .iter()
            .filter(|e| &e.stream == stream && e.position > after);
        Ok(of.cloned().collect())
    }

    fn read_here(&self, stream: &Stream) -> Result<Vec<Entry>, LedgerFailure> {
        *self.read_here.lock().unwrap() += 1;
        let entries = self.entries.lock().unwrap();
        let of = entries.iter().filter(|e| &e.stream == stream);
        Ok(of.cloned().collect())
    }

    async fn ends(&self) -> Result<Vec<StreamEnd>, LedgerFailure> {
        let summaries = self.summaries.lock().unwrap().clone();
        let entries = self.entries.lock().unwrap().clone();
        let ids = self.releases().await?;
        let end = |release: ReleaseId| {
            let stream = Stream::Release(release.clone());
            let newest = entries.iter().rev().find(|e| e.stream == stream)?;
            let kept = summaries
                .get(&release)
                .filter(|kept| (kept.position, &kept.hash) == (newest.position, &newest.hash));
            Some(StreamEnd {
                release,
                position: newest.position,
                hash: newest.hash.clone(),
                summary: kept.and_then(|kept| kept.summary.clone()),
            })
        };
        Ok(ids.into_iter().filter_map(end).collect())
    }

    async fn summarize(&self, end: StreamEnd) -> Result<(), LedgerFailure> {
        let mut summaries = self.summaries.lock().unwrap();
        summaries.insert(end.release.clone(), end);
        Ok(())
    }

    async fn newest(&self, _: &str, _: u32) -> Result<Vec<Entry>, LedgerFailure> {
        Ok(Vec::new())
    }

    async fn releases(&self) -> Result<Vec<ReleaseId>, LedgerFailure> {
        let mut found = Vec::new();
        for entry in self.entries.lock().unwrap().iter() {
            if let Stream::Release(id) = &entry.stream
                && !found.contains(id)
            {
                found.push(id.clone());
            }
        }
        Ok(found)
    }

    async fn entry(&self, sequence: u64) -> Result<Entry, LedgerFailure> {
        let entries = self.entries.lock().unwrap();
        let entry = entries.iter().find(|e| e.sequence == sequence).cloned();
        entry.ok_or_else(|| LedgerFailure::Missing(sequence.to_string()))
    }

    async fn page(&self, _: &Search) -> Result<Found, LedgerFailure> {
        Ok(Found::default())
    }

    async fn keep(&self, bytes: &[u8]) -> Result<Digest, LedgerFailure> {
        let digest = Digest::of(bytes);
        self.blobs
            .lock()
            .unwrap()
            .insert(digest.clone(), bytes.to_vec());
        Ok(digest)
    }

    async fn kept(&self, digest: &Digest) -> Result<Vec<u8>, LedgerFailure> {
        let kept = self.blobs.lock().unwrap().get(digest).cloned();
        kept.ok_or_else(|| LedgerFailure::Missing(digest.to_string()))
    }

    async fn verify(&self) -> Result<ChainReport, LedgerFailure> {
        Ok(ChainReport::default())
    }

    fn chain(&self) -> ChainReport {
        ChainReport::default()
    }

    async fn export(&self, _: Format, _: &std::path::Path) -> Result<Exported, LedgerFailure> {
        Err(LedgerFailure::Other("not here".into()))
    }

    fn moves(&self) -> watch::Receiver<u64> {
        self.moves.subscribe()
    }
}
