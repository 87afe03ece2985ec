//! Lines on their way to a receiver that may be slow.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use engine::ports::LogLine;
use tokio::sync::Notify;

/// Holds so many lines; a new one pushes out the oldest, which the next one out counts.
pub(super) struct Queue {
    most: usize,
    inner: Mutex<Inner>,
    filled: Notify,
}

#[derive(Default)]
struct Inner {
    lines: VecDeque<LogLine>,
    lost: u32,
}

impl Queue {
    pub fn new(most: usize) -> Queue {
        Queue {
            most: most.max(1),
            inner: Mutex::new(Inner::default()),
            filled: Notify::new(),
        }
    }

    pub fn push(&self, line: LogLine) {
        {
            let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
            if inner.lines.len() == self.most {
                // What the pushed-out line itself had counted must not be forgotten with it.
                let lost = inner.lines.pop_front().map_or(0, |line| line.lost);
                inner.lost = inner.lost.saturating_add(lost).saturating_add(1);
            }
            inner.lines.push_back(line);
        }
        self.filled.notify_one();
    }

    /// The oldest line, as soon as there is one.
    pub async fn pop(&self) -> LogLine {
        loop {
            if let Some(line) = self.take() {
                return line;
            }
            self.filled.notified().await;
        }
    }

    fn take(&self) -> Option<LogLine> {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let mut line = inner.lines.pop_front()?;
        line.lost = line.lost.saturating_add(std::mem::take(&mut inner.lost));
        Some(line)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::*;

    fn line(text: &str) -> LogLine {
        LogLine {
            at: None,
            pod: "p".into(),
            text: text.into(),
            lost: 0,
        }
    }

    #[tokio::test]
    async fn the_oldest_lines_are_lost_and_counted() {
        let queue = Queue::new(2);
        for text in ["a", "b", "c", "d"] {
            queue.push(line(text));
        }
        let first = queue.pop().await;
        assert_eq!((first.text.as_str(), first.lost), ("c", 2));
        queue.push(line("e"));
        let (second, third) = (queue.pop().await, queue.pop().await);
        assert_eq!(
            (
                second.text.as_str(),
                second.lost,
                third.text.as_str(),
                third.lost
            ),
            ("d", 0, "e", 0)
        );
    }
}
