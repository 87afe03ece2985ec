//! Log lines on their way to the window: in batches, about sixty a second at most, and never more
//! than a few unacknowledged, because a channel has no backpressure of its own.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use contract::{Failure, LogBatch, LogLevel, LogLine};
use domain::{EnvironmentId, ModuleId, ReleaseId};
use engine::ports;
use tauri::State;
use tauri::ipc::Channel;
use tokio::sync::{mpsc, watch};

use crate::desk::Desk;

/// Time over which lines are gathered.
const GATHER: Duration = Duration::from_millis(16);
/// Batches that may be under way.
const UNDER_WAY: u32 = 4;
/// Lines in a batch.
const BATCH: usize = 500;

/// Open streams.
#[derive(Default)]
pub struct LogStreams {
    next: AtomicU32,
    /// The newest acknowledged batch of each stream; dropping it ends the stream.
    open: Mutex<HashMap<u32, watch::Sender<u32>>>,
}

impl LogStreams {
    /// Ends all of them.
    pub fn close_all(&self) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.clear();
    }
}

/// Begins to send the log lines of a module's newest pods.
#[tauri::command]
#[specta::specta]
pub async fn logs_open(
    desk: State<'_, Desk>,
    release: String,
    environment: String,
    module: String,
    channel: Channel<LogBatch>,
) -> Result<u32, Failure> {
    let (release, environment) = (ReleaseId::new(release), EnvironmentId::new(environment));
    let engine = desk.engine().await?;
    let lines = engine
        .log_lines(&release, &environment, &ModuleId::new(module))
        .await
        .map_err(|failure| desk.failure(&environment, failure))?;
    let stream = desk.logs.next.fetch_add(1, Ordering::Relaxed);
    let (acknowledge, acknowledged) = watch::channel(0);
    desk.logs
        .open
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .insert(stream, acknowledge);
    tokio::spawn(send(lines, acknowledged, Arc::new(channel)));
    Ok(stream)
}

/// Says that a batch has been shown.
#[tauri::command]
#[specta::specta]
pub async fn logs_acknowledge(
    desk: State<'_, Desk>,
    stream: u32,
    sequence: u32,
) -> Result<(), Failure> {
    if let Some(stream) = desk
        .logs
        .open
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .get(&stream)
    {
        stream.send_replace(sequence);
    }
    Ok(())
}

/// Ends a stream.
#[tauri::command]
#[specta::specta]
pub async fn logs_close(desk: State<'_, Desk>, stream: u32) -> Result<(), Failure> {
    desk.logs
        .open
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .remove(&stream);
    Ok(())
}

async fn send(
    mut lines: mpsc::Receiver<ports::LogLine>,
    mut acknowledged: watch::Receiver<u32>,
    channel: Arc<Channel<LogBatch>>,
) {
    let mut sequence = 0;
    loop {
        let first = tokio::select! {
            first = lines.recv() => first,
            closed = acknowledged.changed() => if closed.is_err() { return } else { continue },
        };
        let Some(first) = first else { return };
        tokio::time::sleep(GATHER).await;
        let mut batch = vec![first];
        while batch.len() < BATCH {
            match lines.try_recv() {
                Ok(line) => batch.push(line),
                Err(_) => break,
            }
        }
        sequence += 1;
        let dropped = batch.iter().map(|line| line.lost).sum();
        let batch = LogBatch {
            sequence,
            lines: batch.into_iter().map(line).collect(),
            dropped,
        };
        if channel.send(batch).is_err() {
            return;
        }
        // The window is slow: wait until it has caught up; the adapter drops and counts meanwhile.
        if acknowledged
            .wait_for(|shown| sequence - shown.min(&sequence) < UNDER_WAY)
            .await
            .is_err()
        {
            return;
        }
    }
}

fn line(line: ports::LogLine) -> LogLine {
    LogLine {
        at: line.at.map(contract::views::at),
        pod: line.pod.rsplit('-').next().unwrap_or_default().to_owned(),
        level: level(&line.text),
        text: line.text,
    }
}

/// Words among which the level stands: those of a time and the level itself.
const LEVEL_WORDS: usize = 8;

/// The level that a line claims: the value of its `level` field, else a level's name among its
/// first words. `trace=4f…` is an identifier, not a level.
fn level(text: &str) -> LogLevel {
    let words: Vec<String> = text
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .take(LEVEL_WORDS)
        .map(str::to_ascii_uppercase)
        .collect();
    let after_key = words
        .iter()
        .position(|word| word == "LEVEL" || word == "SEVERITY" || word == "LVL")
        .and_then(|at| words.get(at + 1));
    let named = match after_key {
        Some(value) => of_name(value),
        None => words.iter().take(4).find_map(|word| of_name(word)),
    };
    named.unwrap_or(LogLevel::Info)
}

fn of_name(word: &str) -> Option<LogLevel> {
    match word {
        "ERROR" | "ERR" | "FATAL" | "PANIC" | "CRITICAL" => Some(LogLevel::Error),
        "WARN" | "WARNING" => Some(LogLevel::Warn),
        "INFO" | "NOTICE" => Some(LogLevel::Info),
        "DEBUG" | "TRACE" => Some(LogLevel::Debug),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_read_from_what_the_line_says() {
        assert_eq!(level("2026 ERROR boom"), LogLevel::Error);
        assert_eq!(level("level=warning slow"), LogLevel::Warn);
        assert_eq!(level("{\"level\":\"debug\"}"), LogLevel::Debug);
        assert_eq!(level("函数就绪"), LogLevel::Info);
        assert_eq!(
            level("level=info msg=request status=200 trace=4f0c"),
            LogLevel::Info
        );
        assert_eq!(level("retry after error"), LogLevel::Error);
        assert_eq!(level("a request took long, no error here"), LogLevel::Info);
    }
}
