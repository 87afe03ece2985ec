//! How long nobody has touched the window.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

/// The last touch of a key, the pointer or the screen.
pub struct Idle(Mutex<Moment>);

/// A moment by two clocks: the monotonic one stands still while the workstation is suspended, the other
/// one is set by people and by the network.
#[derive(Clone, Copy, Debug)]
struct Moment {
    monotonic: Instant,
    wall: SystemTime,
}

impl Moment {
    fn now() -> Self {
        Moment {
            monotonic: Instant::now(),
            wall: SystemTime::now(),
        }
    }

    /// How long it is until a later one, by the clock that saw more: time in suspension counts, and a
    /// clock that is set back takes nothing away. One that is set forward locks too early, which is safe.
    fn until(&self, later: &Moment) -> Duration {
        let wall = later.wall.duration_since(self.wall).unwrap_or_default();
        let monotonic = later.monotonic.saturating_duration_since(self.monotonic);
        wall.max(monotonic)
    }
}

impl Default for Idle {
    fn default() -> Self {
        Idle(Mutex::new(Moment::now()))
    }
}

impl Idle {
    /// Somebody is there.
    pub fn touch(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Moment::now();
    }

    /// Whether nobody has been there for so many minutes; never for 0.
    pub fn is_over(&self, minutes: u16) -> bool {
        let last = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        is_over(last.until(&Moment::now()), minutes)
    }
}

fn is_over(idle: Duration, minutes: u16) -> bool {
    minutes > 0 && idle >= Duration::from_secs(u64::from(minutes) * 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn time_in_suspension_counts_and_a_clock_that_is_set_back_takes_nothing_away() {
        let start = Moment::now();
        let later = |monotonic: Duration, wall: SystemTime| Moment {
            monotonic: start.monotonic + monotonic,
            wall,
        };
        let suspended = later(MINUTE, start.wall + 60 * MINUTE);
        assert_eq!(start.until(&suspended), 60 * MINUTE);
        let set_back = later(20 * MINUTE, start.wall - 60 * MINUTE);
        assert_eq!(start.until(&set_back), 20 * MINUTE);
    }

    #[test]
    fn the_setting_is_a_bound_and_zero_is_never() {
        assert!(!is_over(15 * MINUTE - Duration::from_millis(1), 15));
        assert!(is_over(15 * MINUTE, 15));
        assert!(!is_over(100_000 * MINUTE, 0));
        assert!(is_over(Duration::from_secs(65_535 * 60), u16::MAX));
    }
}
