use std::sync::Arc;

use domain::{Instant, Refusal, Release, ReleaseId, UnreadableEntry, evolve};

use super::Snapshot;
use crate::ports::{Entry, Record, StreamEnd};
use crate::summary::{MeasuredRollback, Summary};

/// What is known of one release's stream.
#[derive(Default)]
pub(super) struct Page {
    /// Up to which entry.
    pub(super) position: u64,
    hash: String,
    /// None as long as the stream holds nothing but refusals.
    summary: Option<Arc<Summary>>,
    /// None while the release sleeps: its entries are in the ledger only.
    contents: Option<Contents>,
}

/// The entries and what they make.
#[derive(Default)]
struct Contents {
    /// None as long as the stream holds nothing but refusals, and where its first entry cannot be decoded.
    release: Option<Arc<Release>>,
    entries: Arc<Vec<Entry>>,
    measured: Vec<MeasuredRollback>,
    unreadable: Option<UnreadableEntry>,
}

impl Page {
    /// A stream of which nothing has been read yet.
    pub(super) fn empty() -> Page {
        Page {
            contents: Some(Contents::default()),
            ..Page::default()
        }
    }

    /// A release that has ended, by what the ledger keeps of it.
    pub(super) fn asleep(end: StreamEnd, summary: Summary) -> Page {
        Page {
            position: end.position,
            hash: end.hash,
            summary: Some(Arc::new(summary)),
            contents: None,
        }
    }

    pub(super) fn sleeps(&self) -> bool {
        self.contents.is_none()
    }

    /// Forgets the entries, if the release has ended and nothing of it goes on.
    pub(super) fn sleep(&mut self) {
        if self.rests() {
            self.contents = None;
        }
    }

    pub(super) fn rests(&self) -> bool {
        self.summary.as_ref().is_some_and(|summary| summary.rests)
    }

    pub(super) fn summary(&self) -> Option<&Arc<Summary>> {
        self.summary.as_ref()
    }

    /// What the ledger should keep of a release that rests.
    pub(super) fn end(&self) -> Option<StreamEnd> {
        let summary = self.summary.as_ref().filter(|summary| summary.rests)?;
        let text = summary.stored();
        let text = text.inspect_err(|error| tracing::error!(%error, "a summary cannot be written"));
        Some(StreamEnd {
            release: summary.id.clone(),
            position: self.position,
            hash: self.hash.clone(),
            summary: Some(text.ok()?),
        })
    }

    /// The release; a refusal where its first entry cannot be decoded, none where there is no release yet.
    pub(super) fn release(&self) -> Result<Option<&Arc<Release>>, Refusal> {
        let Some(contents) = &self.contents else {
            return Ok(None);
        };
        match (&contents.release, &contents.unreadable) {
            (None, Some(entry)) => Err(entry.into()),
            (release, _) => Ok(release.as_ref()),
        }
    }

    pub(super) fn snapshot(&self) -> Result<Option<Snapshot>, Refusal> {
        let release = self.release()?;
        Ok(release
            .zip(self.contents.as_ref())
            .map(|(release, contents)| Snapshot {
                release: Arc::clone(release),
                position: self.position,
                entries: Arc::clone(&contents.entries),
            }))
    }

    /// Folds entries that follow; those that do not are known already. The rollbacks that ended with them.
    pub(super) fn fold(&mut self, id: &ReleaseId, entries: Vec<Entry>) -> Vec<MeasuredRollback> {
        let Some(contents) = &mut self.contents else {
            // Whoever looks at it next reads all of it.
            return Vec::new();
        };
        let mut release = contents.release.take().map(Arc::unwrap_or_clone);
        let known = contents.measured.len();
        let mut touched_at: Option<Instant> = contents.entries.last().map(|newest| newest.at);
        for entry in entries {
            if entry.position != self.position + 1 {
                continue;
            }
            self.position = entry.position;
            self.hash.clone_from(&entry.hash);
            touched_at = Some(entry.at);
            match &entry.record {
                Record::Release(event) => {
                    evolve(&mut release, event, entry.at, entry.actor.as_ref());
                    let ended = |release| MeasuredRollback::ended_by(event, entry.at, release);
                    contents.measured.extend(release.as_ref().and_then(ended));
                }
                other => {
                    let entry = unreadable(&entry, other);
                    tracing::error!(release = %id, ?entry, "an entry cannot be decoded; the release is read-only");
                    contents.unreadable.get_or_insert(entry);
                }
            }
            Arc::make_mut(&mut contents.entries).push(entry);
        }
        if let Some(release) = &mut release {
            release.unreadable.clone_from(&contents.unreadable);
        }
        if let Some(touched_at) = touched_at {
            let of = |release| Summary::of(release, touched_at, contents.measured.clone());
            let unreadable = contents.unreadable.clone();
            let unread = || Some(Summary::of_unreadable(id, touched_at, unreadable?));
            self.summary = release.as_ref().map(of).or_else(unread).map(Arc::new);
        }
        contents.release = release.map(Arc::new);
        contents.measured.get(known..).unwrap_or_default().to_vec()
    }

    /// Reads the whole stream again.
    pub(super) fn wake(&mut self, id: &ReleaseId, entries: Vec<Entry>) {
        let before = std::mem::replace(self, Page::empty());
        self.fold(id, entries);
        if before.position == self.position && before.summary != self.summary {
            tracing::warn!(release = %id, "the kept summary was another than the entries give");
        }
    }
}

fn unreadable(entry: &Entry, record: &Record) -> UnreadableEntry {
    UnreadableEntry {
        position: entry.position,
        verb: match record {
            Record::Unknown(record) => record.verb.clone(),
            // It stands in a stream that it does not belong to.
            Record::Release(_) | Record::Register(_) => String::new(),
        },
        at: entry.at,
    }
}
