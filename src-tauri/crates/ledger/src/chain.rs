use std::collections::HashMap;

use engine::ports::ChainReport;

use crate::row::NOTHING;

/// An entry as the next one sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Link {
    pub(crate) sequence: u64,
    pub(crate) hash: String,
}

impl Default for Link {
    /// What stands before the first entry.
    fn default() -> Self {
        Link {
            sequence: 0,
            hash: NOTHING.to_owned(),
        }
    }
}

/// What the chain says of one entry.
pub(crate) struct Claim<'a> {
    pub(crate) sequence: u64,
    /// JSON.
    pub(crate) stream: &'a str,
    pub(crate) position: u64,
    pub(crate) previous: &'a str,
    pub(crate) hash: &'a str,
    /// SHA-256 over the entry's text, computed now.
    pub(crate) computed: &'a str,
}

/// Walks a chain entry by entry and remembers where it broke first. The same walk checks the
/// database and an exported file.
#[derive(Debug, Default)]
pub(crate) struct Walk {
    entries: u64,
    verified: u64,
    broken_at: Option<u64>,
    last: Link,
    positions: HashMap<String, u64>,
}

impl Walk {
    /// Whether no break was found yet. After the first one there is nothing to compare with.
    pub(crate) fn is_whole(&self) -> bool {
        self.broken_at.is_none()
    }

    /// The sequence number that has to come next.
    pub(crate) fn next(&self) -> u64 {
        self.last.sequence + 1
    }

    /// The newest entry that follows from those before it; 0 for none.
    pub(crate) fn last(&self) -> u64 {
        self.last.sequence
    }

    /// Counts an entry and says whether it follows from those before it.
    pub(crate) fn follows(&mut self, claim: &Claim<'_>) -> bool {
        let expected = self.positions.get(claim.stream).copied().unwrap_or(0) + 1;
        let follows = self.is_whole()
            && claim.sequence == self.next()
            && claim.previous == self.last.hash
            && claim.position == expected
            && claim.hash == claim.computed;
        if !follows {
            self.breaks();
            self.last.hash = claim.hash.to_owned();
            return false;
        }
        self.entries += 1;
        self.verified += 1;
        self.last = Link {
            sequence: claim.sequence,
            hash: claim.hash.to_owned(),
        };
        match self.positions.get_mut(claim.stream) {
            Some(position) => *position = expected,
            None => {
                self.positions.insert(claim.stream.to_owned(), expected);
            }
        }
        true
    }

    /// Takes the newest entry back: its place in the chain is right, but something in it is not.
    pub(crate) fn rejects_newest(&mut self) {
        self.verified = self.verified.saturating_sub(1);
        self.broken_at.get_or_insert(self.last.sequence);
    }

    /// Counts an entry that cannot be read, or one behind a break.
    pub(crate) fn breaks(&mut self) {
        self.entries += 1;
        let next = self.next();
        self.broken_at.get_or_insert(next);
    }

    /// A break that was found in another way than by walking.
    pub(crate) fn broken_at(&mut self, sequence: u64) {
        let first = self.broken_at.map_or(sequence, |found| found.min(sequence));
        self.broken_at = Some(first);
        self.verified = self.verified.min(first.saturating_sub(1));
    }

    /// How many entries there are, and the newest one's hash.
    pub(crate) fn end(&self) -> (u64, &str) {
        (self.entries, &self.last.hash)
    }

    /// What was found.
    pub(crate) fn report(self, started: std::time::Instant) -> ChainReport {
        ChainReport {
            entries: self.entries,
            verified: self.verified,
            broken_at: self.broken_at,
            head: (self.entries > 0).then_some(self.last.hash),
            took_ms: started.elapsed().as_secs_f64() * 1000.0,
        }
    }
}
