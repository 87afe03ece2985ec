//! The program's own log, in the data folder. It names what was done and what failed; secrets
//! cannot get into it because nothing that holds one can be printed.

use std::path::Path;

use tracing_appender::non_blocking::WorkerGuard;
use tracing_subscriber::EnvFilter;

/// kube's own client writes answers into its log that it cannot read: those are not for a file.
const FILTER: &str = "info,kube_client=error";

/// Starts logging to `<data folder>/log/pilothouse.<day>.log`, keeping two weeks. The guard flushes
/// when it is dropped. `PILOTHOUSE_LOG` sets the filter (default `info`).
pub fn start(data_folder: &Path) -> Option<WorkerGuard> {
    let folder = data_folder.join("log");
    std::fs::create_dir_all(&folder).ok()?;
    let files = tracing_appender::rolling::Builder::new()
        .rotation(tracing_appender::rolling::Rotation::DAILY)
        .filename_prefix("pilothouse")
        .filename_suffix("log")
        .max_log_files(14)
        .build(folder)
        .ok()?;
    let (writer, guard) = tracing_appender::non_blocking(files);
    let filter =
        EnvFilter::try_from_env("PILOTHOUSE_LOG").unwrap_or_else(|_| EnvFilter::new(FILTER));
    tracing_subscriber::fmt()
        .with_writer(writer)
        .with_ansi(false)
        .with_env_filter(filter)
        .try_init()
        .ok()?;
    Some(guard)
}
