use std::time::Duration;

/// Every time-out, poll and back-off of the engine, in one place. What a team may set for itself
/// is in [`domain::Timings`]; these are the program's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How long one question to a cluster may take before it counts as unreachable.
    pub question: Duration,
    /// How many questions are asked at once while a diff or a backup is made.
    pub questions_at_once: usize,
    /// First pause before a question that found no contact is asked again; doubles.
    pub retry_first: Duration,
    /// Longest pause between two tries.
    pub retry_most: Duration,
    /// First pause before an unknown outcome is read back; doubles.
    pub read_back_first: Duration,
    /// Longest pause between two readings.
    pub read_back_most: Duration,
    /// "Not applied" is believed when two readings this far apart say so: a request without an
    /// answer may still be on its way when the first one is made.
    pub not_applied_gap: Duration,
    /// After how long without an outcome the person is told.
    pub needs_you_after: Duration,
    /// After how long without contact a rollout counts as errored.
    pub lost_contact: Duration,
    /// How long an API server may turn a running task away (401, 403, a kind it does not know) before
    /// that is believed: it does so to everybody while it starts.
    pub turned_away: Duration,
    /// How long a pod of the new version may crash or lack its image before the rollout counts as
    /// failed.
    pub failing_patience: Duration,
    /// How long a watch may show nothing new before the cluster is asked whether it still answers: an
    /// API server's cache keeps watches open while the store behind it hangs.
    pub silence: Duration,
    /// How often objects that are not watched are asked for while they are waited for.
    pub poll: Duration,
    /// How often a rollout is judged when nothing moves.
    pub tick: Duration,
    /// The most that one look may add to a waiting time: longer than a question may take, so that a
    /// silent cluster counts, but a workstation that slept for hours uses up nobody's patience.
    pub longest_tick: Duration,
    /// How often an append is decided anew when someone else appended first.
    pub append_tries: u32,
    /// How often the outcome of a mutation is offered to a ledger that cannot be written.
    pub settle_tries: u32,
    /// Pause between two such tries.
    pub settle_pause: Duration,
    /// How often one object is put back when it keeps changing under our hands.
    pub undo_tries: u32,
    /// How long the desktop may take to accept a notification.
    pub notify: Duration,
    /// How long a probe may take; above the adapter's own bound, which says more about it.
    pub probe: Duration,
    /// Least time between two change messages of one topic.
    pub changes_gap: Duration,
    /// Change messages kept for a slow listener.
    pub changes_kept: usize,
    /// Log lines from before the log was opened.
    pub log_tail: u32,
    /// Log lines kept for a slow reader.
    pub log_kept: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            question: Duration::from_secs(15),
            questions_at_once: 4,
            retry_first: Duration::from_millis(500),
            retry_most: Duration::from_secs(10),
            read_back_first: Duration::from_millis(500),
            read_back_most: Duration::from_secs(10),
            not_applied_gap: Duration::from_secs(2),
            needs_you_after: Duration::from_secs(30),
            lost_contact: Duration::from_secs(300),
            turned_away: Duration::from_secs(30),
            failing_patience: Duration::from_secs(45),
            silence: Duration::from_secs(10),
            poll: Duration::from_secs(2),
            tick: Duration::from_millis(250),
            longest_tick: Duration::from_secs(30),
            append_tries: 8,
            settle_tries: 5,
            settle_pause: Duration::from_millis(200),
            undo_tries: 3,
            notify: Duration::from_secs(5),
            probe: Duration::from_secs(15),
            changes_gap: Duration::from_millis(50),
            changes_kept: 256,
            log_tail: 200,
            log_kept: 1024,
        }
    }
}

/// A pause that doubles up to a bound.
#[derive(Debug)]
pub(crate) struct BackOff {
    next: Duration,
    most: Duration,
}

impl BackOff {
    pub(crate) fn new(first: Duration, most: Duration) -> Self {
        BackOff { next: first, most }
    }

    pub(crate) fn next(&mut self) -> Duration {
        let now = self.next;
        self.next = (now * 2).min(self.most);
        now
    }
}

/// Waiting time that has been used up. Counts only what was spent awake: each look adds at most
/// [`Limits::longest_tick`].
#[derive(Debug)]
pub(crate) struct Patience {
    spent: Duration,
    looked: tokio::time::Instant,
    /// Whether what is waited for held at the last look: an interval counts if it held at both ends.
    held: bool,
    longest: Duration,
}

impl Patience {
    pub(crate) fn new(limits: &Limits) -> Self {
        Patience {
            spent: Duration::ZERO,
            looked: tokio::time::Instant::now(),
            held: false,
            longest: limits.longest_tick,
        }
    }

    /// Adds the time since the last look if it `counts`, and tells what is used up.
    pub(crate) fn look(&mut self, counts: bool) -> Duration {
        let now = tokio::time::Instant::now();
        if counts && self.held {
            self.spent += (now - self.looked).min(self.longest);
        }
        self.looked = now;
        self.held = counts;
        self.spent
    }

    pub(crate) fn restart(&mut self) {
        self.spent = Duration::ZERO;
        self.looked = tokio::time::Instant::now();
        self.held = false;
    }

    pub(crate) fn left(&self, of: Duration) -> Duration {
        of.saturating_sub(self.spent)
    }
}
