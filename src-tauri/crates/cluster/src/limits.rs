use std::time::Duration;

/// Every bound and back-off of the adapter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// For TCP and TLS to stand.
    pub connect: Duration,
    /// For a read, from its first byte out to its last byte in.
    pub read: Duration,
    /// For a mutation. After it the outcome is unknown.
    pub mutation: Duration,
    /// What the API server is told (`?timeout=`) to give a mutation. Shorter than [`Limits::settle`],
    /// so that a mutation that was received is over when a read-back has settled.
    pub server_deadline: Duration,
    /// How long a read-back must see no change before a missing mutation counts as never applied.
    pub settle: Duration,
    /// Pause between two reads of a read-back.
    pub settle_poll: Duration,
    /// How often a read is tried when the API server is busy.
    pub read_attempts: u32,
    /// First pause between two tries of a read; doubles.
    pub read_pause: Duration,
    /// Longest pause between two tries; also caps `Retry-After`.
    pub read_pause_most: Duration,
    /// How often a mutation is tried again after a 409 for a resource version that moved meanwhile.
    /// A 409 says that nothing was changed, so trying again cannot apply it twice.
    pub races: u32,
    /// Bytes of an answer.
    pub answer_bytes: usize,
    /// Access reviews asked at once.
    pub reviews_at_once: usize,
    /// For a credential command. Less than the engine gives a question, so that a command that
    /// hangs is said to hang, instead of a cluster that does not answer.
    pub plugin: Duration,
    /// How long a credential command that failed is not run again.
    pub plugin_pause: Duration,
    /// Bytes that a credential command may write.
    pub plugin_bytes: usize,
    /// How long before its end a credential is made anew; at most a quarter of its time.
    pub credential_margin: Duration,
    /// `timeoutSeconds` of a watch: a dead one is noticed soon after (facts 2.3).
    pub watch: Duration,
    /// First pause before a broken watch is begun again; doubles.
    pub watch_pause: Duration,
    /// Longest pause before a broken watch is begun again.
    pub watch_pause_most: Duration,
    /// Least time between two pictures.
    pub picture: Duration,
    /// Events in a picture.
    pub events: usize,
    /// Log lines that wait for a slow receiver.
    pub log_lines: usize,
    /// Pods of a workload whose logs are followed at once.
    pub log_pods: usize,
    /// Bytes of a log line; the rest is cut.
    pub log_line_bytes: usize,
    /// Pause before a log that ended is followed again.
    pub log_pause: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            connect: Duration::from_secs(5),
            read: Duration::from_secs(15),
            mutation: Duration::from_secs(12),
            server_deadline: Duration::from_secs(8),
            settle: Duration::from_secs(10),
            settle_poll: Duration::from_millis(500),
            read_attempts: 4,
            read_pause: Duration::from_millis(250),
            read_pause_most: Duration::from_secs(3),
            races: 3,
            answer_bytes: 32 << 20,
            reviews_at_once: 8,
            plugin: Duration::from_secs(12),
            plugin_pause: Duration::from_secs(3),
            plugin_bytes: 1 << 20,
            credential_margin: Duration::from_secs(60),
            watch: Duration::from_secs(20),
            watch_pause: Duration::from_millis(500),
            watch_pause_most: Duration::from_secs(10),
            picture: Duration::from_millis(50),
            events: 200,
            log_lines: 2_000,
            log_pods: 20,
            log_line_bytes: 16 << 10,
            log_pause: Duration::from_secs(1),
        }
    }
}
