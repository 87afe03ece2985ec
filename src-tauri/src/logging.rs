//! The program's own log, in the data folder. It names what was done and what failed; secrets
//! cannot get into it because nothing that holds one can be printed.

use std::path::Path;

use tracing_appender::non_blocking::WorkerGuard;
use tracing_subscriber::EnvFilter;

/// Starts logging to `<data folder>/log/pilothouse.<day>.log`, keeping two weeks. The guard flushes
/// when it is dropped. `PILOTHOUSE_LOG` sets the filter (default `info`).
pub fn start(data_folder: &Path) -> Option<WorkerGuard> {
    let files = tracing_appender::rolling::Builder::new()
        .rotation(tracing_appender::rolling::Rotation::DAILY)
        .filename_prefix("pilothouse")
        .filename_suffix("log")
        .max_log_files(14)
        .build(data_folder.join("log"))
        .ok()?;
    let (writer, guard) = tracing_appender::non_blocking(files);
    let filter = EnvFilter::try_from_env("PILOTHOUSE_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt().with_writer(writer).with_ansi(false).with_env_filter(filter).try_init().ok()?;
    Some(guard)
}
