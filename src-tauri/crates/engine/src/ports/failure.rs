use domain::{ClusterIdentity, Instant, Permission};

/// Why a cluster could not do something. Texts are printable and free of secrets.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClusterFailure {
    /// No connection, or none in time. Nothing was sent.
    #[error("the API server cannot be reached: {0}")]
    Unreachable(String),
    /// The certificate does not come from the pinned CA.
    #[error("the API server's certificate is not trusted: {0}")]
    Untrusted(String),
    /// 401.
    #[error("the credential was refused")]
    CredentialRefused,
    /// 401, and the credential has ended by what it says itself: a new login is needed.
    #[error("the credential ended at {0}; log in again")]
    CredentialExpired(Instant),
    /// 403.
    #[error("not allowed: {} {}", .0.verb, .0.resource)]
    Forbidden(Permission),
    /// 429 or 503 beyond the bound of retries (reads only; a mutation is sent once).
    #[error("the API server is busy")]
    Busy,
    /// The identity is another than the pinned one.
    #[error("another cluster answers")]
    AnotherCluster {
        /// What is pinned.
        expected: Box<ClusterIdentity>,
        /// What was found.
        found: Box<ClusterIdentity>,
    },
    /// The cluster lacks the kind.
    #[error("the cluster does not know {0}")]
    KindUnknown(String),
    /// The kind is of the whole cluster and the object names a namespace, or the other way round.
    /// Nothing was sent.
    #[error("{kind} is {}", if *.of_cluster { "cluster-scoped" } else { "namespaced" })]
    OtherScope {
        /// The kind, with its API version.
        kind: String,
        /// Whether the cluster says that the kind is of the whole cluster.
        of_cluster: bool,
    },
    /// The credential command may not run. It was not run.
    #[error("the credential command {path} may not run: {why}")]
    PluginNotAllowed {
        /// Absolute path, or the command as written.
        path: String,
        /// SHA-256 of the file now, hex.
        sha256: Option<String>,
        /// Why.
        why: PluginRefusal,
    },
    /// The credential command ran and gave no credential.
    #[error("the credential command {path} gave no credential: {problem}")]
    PluginFailed {
        /// Absolute path.
        path: String,
        /// What went wrong.
        problem: PluginProblem,
    },
    /// Anything else the API server answered; status and message.
    #[error("the API server answered {status}: {message}")]
    Answered {
        /// HTTP status.
        status: u16,
        /// Its message.
        message: String,
    },
    /// The answer could not be understood.
    #[error("the API server's answer cannot be read: {0}")]
    Unreadable(String),
}

/// Why a credential command may not run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PluginRefusal {
    /// There is no such file, or none that can be read.
    #[error("there is no such file")]
    Missing,
    /// Nobody allowed it for this context.
    #[error("nobody allowed it")]
    NeverAllowed,
    /// It was allowed with another path or other content.
    #[error("it is not the file that was allowed")]
    Changed,
    /// Everybody on this workstation may exchange the file, or somebody else owns it.
    #[error("others may exchange the file")]
    Exposed,
}

/// Why a credential command gave no credential. Nothing of what it printed is in here.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PluginProblem {
    /// The operating system did not start it.
    #[error("it does not start: {0}")]
    NotStarted(String),
    /// It took too long and was ended.
    #[error("no answer within {seconds} s")]
    Late {
        /// The bound.
        seconds: u32,
    },
    /// It ended with another code than 0.
    #[error("it ended with exit code {code}")]
    Exited {
        /// The code.
        code: i32,
    },
    /// It was ended by a signal.
    #[error("it was ended by signal {signal}")]
    Killed {
        /// The signal's number.
        signal: i32,
    },
    /// It wrote too much and was ended.
    #[error("it wrote more than {limit} bytes")]
    TooLong {
        /// The bound.
        limit: u32,
    },
    /// It wrote something else than an `ExecCredential`.
    #[error("what it wrote is no ExecCredential")]
    NotCredential,
    /// It wrote an `ExecCredential` of another version than asked for.
    #[error("what it wrote is of another version")]
    OtherVersion,
    /// There is neither a token nor a certificate with its key in it.
    #[error("there is neither a token nor a certificate with its key in it")]
    Empty,
    /// The certificate or the key cannot be used.
    #[error("its certificate or key cannot be used")]
    BadCertificate,
    /// The credential has ended already.
    #[error("its credential has ended already")]
    Expired,
}

/// Why the ledger could not do something.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LedgerFailure {
    /// Someone else appended to the stream first.
    #[error("the stream is at {found}, not at {expected}")]
    Moved {
        /// Where the caller thought the stream was.
        expected: u64,
        /// Where it is.
        found: u64,
    },
    /// Another process holds the data folder.
    #[error("another instance holds {path}")]
    InUse {
        /// The folder.
        path: String,
        /// Its process id, if it said so.
        process: Option<u32>,
    },
    /// The file system of its folder has no locks: two programs could write to it at once.
    #[error("the folder's file system cannot lock files: {0}")]
    NoLocks(String),
    /// A newer version wrote it.
    #[error("the ledger has version {found}, this program knows {known}")]
    Newer {
        /// Its version.
        found: i64,
        /// Ours.
        known: i64,
    },
    /// It is not a ledger, or damaged.
    #[error("the ledger is damaged: {0}")]
    Damaged(String),
    /// It cannot be written: full disk, read-only, no rights.
    #[error("the ledger cannot be written: {0}")]
    Unwritable(String),
    /// A backup cannot take the place of a ledger that has entries.
    #[error("the ledger has {entries} entries already")]
    NotEmpty {
        /// How many.
        entries: u64,
    },
    /// The export cannot be written there: the file exists, or its folder refuses. The ledger is well.
    #[error("the export cannot be written: {0}")]
    ExportUnwritable(String),
    /// No such entry or blob.
    #[error("{0} is not in the ledger")]
    Missing(String),
    /// Anything else.
    #[error("the ledger failed: {0}")]
    Other(String),
}

/// Why the keychain could not do something. No text of it holds a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VaultFailure {
    /// There is no keychain on this workstation.
    #[error("there is no keychain: {0}")]
    Missing(String),
    /// It is locked, and nobody unlocked it.
    #[error("the keychain is locked")]
    Locked,
    /// It did not answer in time.
    #[error("the keychain did not answer within {seconds} s")]
    Timeout {
        /// The bound.
        seconds: u32,
    },
    /// It does not have the entry.
    #[error("the keychain has no entry {0}")]
    NoEntry(String),
    /// The passphrase is wrong.
    #[error("the passphrase is wrong")]
    WrongPassphrase,
    /// The passphrase is too short.
    #[error("the passphrase needs at least {least} characters")]
    WeakPassphrase {
        /// How many.
        least: u32,
    },
    /// The person has a key already; it is never replaced silently.
    #[error("{0} has a key already")]
    KeyExists(String),
    /// The person has no key on this workstation.
    #[error("no key for {0}")]
    NoKey(String),
    /// The person's key is locked.
    #[error("the key of {0} is locked")]
    KeyLocked(String),
    /// It answered with something unreadable or refused.
    #[error("the keychain failed: {0}")]
    Broken(String),
}
