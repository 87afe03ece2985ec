//! How fast the cluster moves: durations with a jitter that comes from the seed.

use rand::Rng;
use std::time::Duration;

/// Durations of a pod's life. Each is stretched by up to `jitter` (a fraction), drawn from the seed.
#[derive(Debug, Clone, PartialEq)]
pub struct Pace {
    /// From creation to a node.
    pub schedule: Duration,
    /// Pulling the image.
    pub pull: Duration,
    /// From the pulled image to the running container.
    pub start: Duration,
    /// From running to ready.
    pub ready: Duration,
    /// From the delete request to the pod's end.
    pub terminate: Duration,
    /// How long a crashing container lives before it exits.
    pub crash: Duration,
    /// First back-off of a crashing container or failing pull; doubles up to 30 times this.
    pub backoff: Duration,
    /// Upper bound of the random part, as a fraction of each duration.
    pub jitter: f64,
}

impl Pace {
    /// About 0.6–1.5 s a pod: quick, but a person can watch it.
    pub fn brisk() -> Self {
        Pace {
            schedule: Duration::from_millis(40),
            pull: Duration::from_millis(250),
            start: Duration::from_millis(100),
            ready: Duration::from_millis(300),
            terminate: Duration::from_millis(500),
            crash: Duration::from_millis(400),
            backoff: Duration::from_secs(2),
            jitter: 0.8,
        }
    }

    /// About 20 ms a pod, for tests.
    pub fn instant() -> Self {
        Pace {
            schedule: Duration::from_millis(2),
            pull: Duration::from_millis(5),
            start: Duration::from_millis(3),
            ready: Duration::from_millis(6),
            terminate: Duration::from_millis(5),
            crash: Duration::from_millis(5),
            backoff: Duration::from_millis(40),
            jitter: 0.25,
        }
    }

    /// A base duration with its jitter.
    pub(crate) fn stretched(&self, base: Duration, rng: &mut impl Rng) -> Duration {
        base.mul_f64(1.0 + self.jitter.max(0.0) * rng.random::<f64>())
    }
}

impl Default for Pace {
    fn default() -> Self {
        Pace::brisk()
    }
}

/// Letters and digits as Kubernetes uses them in generated names (no vowels, no look-alikes).
pub(crate) fn letters(rng: &mut impl Rng, count: usize) -> String {
    const ALPHABET: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
    (0..count)
        .map(|_| char::from(ALPHABET[rng.random_range(0..ALPHABET.len())]))
        .collect()
}
