use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use domain::{EnvironmentId, ReleaseId};
use tokio::sync::broadcast;
use tokio::time::Instant;

/// What has changed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Topic {
    /// A release: its events.
    Release(ReleaseId),
    /// What is known of a running rollout beyond its events.
    Rollout(ReleaseId, EnvironmentId),
    /// Keys, bindings, allowed commands.
    Register,
    /// The ledger has a new entry.
    Ledger,
    /// What the banner shows.
    Banner,
}

/// Something that is shown has changed: read it again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    /// What about.
    pub topic: Topic,
    /// Grows with every message.
    pub revision: u64,
}

/// Tells listeners of changes, each topic at most once in a gap; the last change is never lost.
#[derive(Debug)]
pub(crate) struct Changes {
    sender: broadcast::Sender<Changed>,
    gap: Duration,
    pace: Mutex<Pace>,
}

#[derive(Debug, Default)]
struct Pace {
    revision: u64,
    topics: HashMap<Topic, Told>,
}

#[derive(Debug)]
struct Told {
    at: Instant,
    due: bool,
}

impl Changes {
    pub(crate) fn new(gap: Duration, kept: usize) -> Arc<Self> {
        let (sender, _) = broadcast::channel(kept);
        let pace = Mutex::default();
        Arc::new(Changes { sender, gap, pace })
    }

    pub(crate) fn listen(&self) -> broadcast::Receiver<Changed> {
        self.sender.subscribe()
    }

    pub(crate) fn tell(self: &Arc<Self>, topic: Topic) {
        let now = Instant::now();
        let mut pace = self.pace.lock().unwrap_or_else(PoisonError::into_inner);
        let due_at = match pace.topics.get_mut(&topic) {
            Some(told) if told.due => return,
            Some(told) if told.at + self.gap > now => {
                told.due = true;
                told.at + self.gap
            }
            _ => return self.send(&mut pace, topic, now),
        };
        drop(pace);
        let changes = Arc::clone(self);
        tokio::spawn(async move {
            tokio::time::sleep_until(due_at).await;
            let mut pace = changes.pace.lock().unwrap_or_else(PoisonError::into_inner);
            changes.send(&mut pace, topic, Instant::now());
        });
    }

    fn send(&self, pace: &mut Pace, topic: Topic, at: Instant) {
        pace.revision += 1;
        pace.topics.insert(topic.clone(), Told { at, due: false });
        let revision = pace.revision;
        // Nobody listening is no failure.
        let _ = self.sender.send(Changed { topic, revision });
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_storm_is_told_twenty_times_a_second_and_its_end_is_not_lost() {
        let changes = Changes::new(Duration::from_millis(50), 64);
        let mut listener = changes.listen();
        for _ in 0..100 {
            changes.tell(Topic::Ledger);
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        tokio::time::sleep(Duration::from_millis(60)).await;
        let mut told = 0;
        while listener.try_recv().is_ok() {
            told += 1;
        }
        assert!((18..=22).contains(&told), "{told} messages in one second");
    }

    #[tokio::test(start_paused = true)]
    async fn topics_do_not_hold_each_other_up() {
        let changes = Changes::new(Duration::from_millis(50), 64);
        let mut listener = changes.listen();
        changes.tell(Topic::Ledger);
        changes.tell(Topic::Banner);
        assert_eq!(listener.recv().await.unwrap().topic, Topic::Ledger);
        assert_eq!(listener.recv().await.unwrap().topic, Topic::Banner);
    }
}
