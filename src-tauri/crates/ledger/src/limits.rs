use std::time::Duration;

/// Bounds of the ledger, in one place.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// How long a statement waits for another connection's lock. Only this process writes, so that
    /// anything longer than a checkpoint is a fault.
    pub busy: Duration,
    /// How long opening waits for a previous instance to let go of the folder. A restart of the
    /// program overlaps with the end of the one before.
    pub folder: Duration,
    /// How often it looks meanwhile.
    pub folder_again: Duration,
    /// Connections that read.
    pub readers: u32,
    /// Appends that may wait for the writer before callers have to wait themselves.
    pub waiting: usize,
    /// Most entries that one page can have.
    pub page: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            busy: Duration::from_secs(5),
            folder: Duration::from_millis(500),
            folder_again: Duration::from_millis(20),
            readers: 3,
            waiting: 64,
            page: 500,
        }
    }
}
