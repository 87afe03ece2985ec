//! How many notifications a minute: on some systems each costs a thread until it is gone.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Ordinary ones in [`WHILE`].
const ORDINARY: usize = 20;
/// All of them in [`WHILE`]: urgent ones have room that ordinary ones cannot take.
const ALL: usize = 40;
/// See [`ORDINARY`].
const WHILE: Duration = Duration::from_secs(60);

/// When notifications were sent lately.
#[derive(Default)]
pub(super) struct Pace(VecDeque<Instant>);

impl Pace {
    /// Whether one more may be sent now; it counts as sent then.
    pub(super) fn allows(&mut self, urgent: bool, now: Instant) -> bool {
        while let Some(oldest) = self.0.front()
            && now.saturating_duration_since(*oldest) >= WHILE
        {
            self.0.pop_front();
        }
        let room = if urgent { ALL } else { ORDINARY };
        let allowed = self.0.len() < room;
        if allowed {
            self.0.push_back(now);
        }
        allowed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_ones_leave_room_for_urgent_ones_and_a_minute_later_there_is_room_again() {
        let (mut pace, begin) = (Pace::default(), Instant::now());
        for _ in 0..ORDINARY {
            assert!(pace.allows(false, begin));
        }
        assert!(!pace.allows(false, begin));
        for _ in ORDINARY..ALL {
            assert!(pace.allows(true, begin));
        }
        assert!(!pace.allows(true, begin));
        assert!(!pace.allows(false, begin + WHILE / 2));
        assert!(pace.allows(false, begin + WHILE));
    }
}
