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
use crate::failures;

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
        .map_err(failures::of)?;
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

/// The level that a line claims, by the words people use.
fn level(text: &str) -> LogLevel {
    let start: String = text
        .chars()
        .take(120)
        .collect::<String>()
        .to_ascii_uppercase();
    let says = |words: &[&str]| words.iter().any(|word| start.contains(word));
    if says(&["ERROR", "FATAL", "PANIC", "LEVEL=ERR"]) {
        LogLevel::Error
    } else if says(&["WARN"]) {
        LogLevel::Warn
    } else if says(&["DEBUG", "TRACE"]) {
        LogLevel::Debug
    } else {
        LogLevel::Info
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
    }
}
