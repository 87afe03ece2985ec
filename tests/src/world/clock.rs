//! A clock that a story can put forward.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use domain::Instant;
use engine::ports::Clock;

/// The workstation's time, and what a story has skipped.
#[derive(Clone, Debug, Default)]
pub struct StoryClock(Arc<AtomicI64>);

impl StoryClock {
    /// A clock that shows this time now, and goes on from there.
    pub fn at(now: Instant) -> StoryClock {
        let ahead = (now - chrono::Utc::now()).num_milliseconds();
        StoryClock(Arc::new(AtomicI64::new(ahead)))
    }

    /// Puts the clock forward.
    pub fn skip(&self, time: Duration) {
        let millis = i64::try_from(time.as_millis()).unwrap_or(i64::MAX);
        self.0.fetch_add(millis, Ordering::SeqCst);
    }
}

impl Clock for StoryClock {
    fn now(&self) -> Instant {
        chrono::Utc::now() + chrono::Duration::milliseconds(self.0.load(Ordering::SeqCst))
    }
}
