//! What the ledger of a dead process says, read from a copy: the file itself is left to the next
//! start, with everything that is still in its log.

use std::collections::BTreeMap;
use std::path::Path;

use domain::{EnvironmentId, EnvironmentState, Event, MutationIntent, Release, ReleaseId, evolve};
use engine::ports::{Entry, Ledger as _, Record, Stream};
use ledger::SqliteLedger;
use tempfile::TempDir;

/// The ledger after a process.
pub struct Books {
    /// All entries by sequence number.
    pub entries: BTreeMap<u64, Entry>,
    /// What they make of the release.
    pub release: Release,
}

impl Books {
    /// Reads and verifies the ledger of a folder; what is wrong with it.
    pub async fn read(data: &Path, id: &ReleaseId) -> Result<Books, String> {
        let copy = TempDir::with_prefix("pilothouse-books-").expect("a folder");
        for name in ["ledger.sqlite", "ledger.sqlite-wal"] {
            let from = data.join(name);
            if from.exists() {
                std::fs::copy(&from, copy.path().join(name)).expect("a copy");
            }
        }
        let wrong = |failure| format!("the ledger: {failure}");
        let ledger = SqliteLedger::open(copy.path()).await.map_err(wrong)?;
        let report = ledger.verify().await.map_err(wrong)?;
        if report.broken_at.is_some() || report.verified != report.entries {
            return Err(format!("the chain does not hold: {report:?}"));
        }
        let mut entries = BTreeMap::new();
        let mut release = None;
        for stream in [Stream::Register, Stream::Release(id.clone())] {
            for entry in ledger.read(&stream, 0).await.map_err(wrong)? {
                if let Record::Release(event) = &entry.record {
                    evolve(&mut release, event, entry.at, entry.actor.as_ref());
                }
                entries.insert(entry.sequence, entry);
            }
        }
        ledger.close().await;
        if entries.len() as u64 != report.entries {
            return Err(format!("{} entries of {}", entries.len(), report.entries));
        }
        let release = release.ok_or("the release is gone")?;
        Ok(Books { entries, release })
    }

    /// An environment of the release.
    pub fn environment(&self, id: &EnvironmentId) -> &EnvironmentState {
        &self.release.environments[id]
    }

    /// Everything that was ever intended, in order.
    pub fn intents(&self) -> Vec<&MutationIntent> {
        let events = self
            .entries
            .values()
            .filter_map(|entry| match &entry.record {
                Record::Release(Event::MutationIntended { intent, .. }) => Some(intent),
                _ => None,
            });
        events.collect()
    }
}
