use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use specta::Type;

use crate::views::{named, reason_views};
use crate::{ContextRefusal, Expected, Field, Problem, ReasonView, Thing};

/// Why something was not done. The window turns the code into three sentences in the person's
/// language: what happened, what is unchanged, what to do next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct Failure {
    /// What kind of failure; the window matches all of them.
    pub code: FailureCode,
    /// Values the sentences name (`file`, `line`, `cluster`, `verb` …). Never a secret.
    pub params: BTreeMap<String, String>,
    /// Why a rollout or a way back ended badly; its sentence names them as `reason`. Empty for others.
    pub reasons: Vec<ReasonView>,
    /// Technical detail for the person who mends it, in English, already free of secrets.
    pub detail: Option<String>,
}

impl Failure {
    /// A failure without parameters.
    pub fn new(code: FailureCode) -> Self {
        Failure {
            code,
            params: BTreeMap::new(),
            reasons: Vec::new(),
            detail: None,
        }
    }

    /// Adds a value that the sentences name.
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.params.insert(name.to_owned(), value.into());
        self
    }

    /// Adds why it ended badly: for the sentence, and in English as the technical detail.
    pub fn because(self, reasons: &domain::Reasons) -> Self {
        Failure {
            reasons: reason_views(reasons),
            ..self
        }
        .detail(reasons.to_string())
    }

    /// A form field that is wrong.
    pub fn form(field: Field, expected: Expected) -> Self {
        Failure::new(FailureCode::FormInvalid)
            .with("field", named(&field))
            .expected(expected)
    }

    /// Adds what should have been there instead, as `expectation`.
    pub fn expected(self, expected: Expected) -> Self {
        self.with("expectation", named(&expected))
    }

    /// Adds what an expectation is about, as `thing`.
    pub fn thing(self, thing: Thing) -> Self {
        self.with("thing", named(&thing))
    }

    /// Adds why a context is refused, as `refused`.
    pub fn refused(self, refusal: ContextRefusal) -> Self {
        self.with("refused", named(&refusal))
    }

    /// Adds what went wrong, as `problem`.
    pub fn problem(self, problem: Problem) -> Self {
        self.with("problem", named(&problem))
    }

    /// Adds the technical detail.
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }
}

/// Every kind of failure that the window can show.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, Type,
)]
#[serde(rename_all = "camelCase")]
pub enum FailureCode {
    /// Workspace folder cannot be read. Params: path.
    WorkspaceUnreadable,
    /// A workspace file is wrong. Params: file, line, column, expectation (`Expected`) and what that
    /// names.
    WorkspaceInvalid,
    /// No workspace is open.
    NoWorkspace,
    /// The kubeconfig text cannot be read. Params: line, column, expectation.
    KubeconfigInvalid,
    /// The file of the kubeconfig cannot be read. Params: path.
    KubeconfigUnreadable,
    /// The kubeconfig as a whole cannot be used. Params: expectation and what that names.
    KubeconfigUnusable,
    /// A file that the kubeconfig refers to cannot be embedded. Params: path, problem.
    FileNotEmbedded,
    /// The context needs something that is refused (insecure-skip-tls-verify …). Params: context,
    /// refused (`ContextRefusal`).
    ContextRefused,
    /// Nobody has allowed the context's credential command. Params: command, sha256.
    PluginNotAllowed,
    /// The credential command is another one than was allowed: its path or its content. Params:
    /// command, sha256.
    PluginChanged,
    /// The credential command's file is not there. Params: command.
    PluginMissing,
    /// Others on this workstation may exchange the credential command's file. Params: command.
    PluginExposed,
    /// The credential command ran and gave no credential. Params: command, problem (`Problem`) and
    /// what that names.
    PluginFailed,
    /// No keychain on this workstation.
    KeychainMissing,
    /// The keychain is locked.
    KeychainLocked,
    /// The keychain did not answer within its bound. Params: seconds.
    KeychainTimeout,
    /// The keychain lost the entry. Params: entry.
    KeychainEntryMissing,
    /// The keychain refused or answered with something unreadable.
    KeychainBroken,
    /// The environment is not bound to a cluster. Params: environment.
    NotBound,
    /// The cluster cannot be reached. Params: cluster, host.
    ClusterUnreachable,
    /// The cluster's certificate is not trusted by the pinned CA. Params: cluster, host.
    ClusterUntrusted,
    /// The credential was refused (401). Params: cluster.
    CredentialRefused,
    /// The credential has ended (401, and it says so itself). Params: cluster, at (RFC 3339).
    CredentialExpired,
    /// A context that accepts one certificate instead of a CA cannot be bound to production. Params:
    /// environment, context.
    CertificateNotForProduction,
    /// A backup cannot take the place of a ledger that has entries. Params: entries.
    LedgerNotEmpty,
    /// There is no backup, or one that does not hold. Params: path.
    BackupUnusable,
    /// The server presents another certificate than the one that was shown. Params: context, shown, found.
    CertificateChanged,
    /// The cluster is not the pinned one. Params: cluster, expected, found.
    IdentityMismatch,
    /// The identity was checked too long ago. Params: cluster, age, limit.
    IdentityStale,
    /// The user may not do it (403). Params: cluster, verb, resource, namespace.
    PermissionMissing,
    /// The cluster answered that it is busy (429/503) for longer than the bound. Params: cluster.
    ClusterBusy,
    /// No answer to a change: whether it happened is being read back. Params: cluster, object, retried.
    OutcomeUnknown,
    /// What came of a change that was sent could not be written down. Params: object.
    OutcomeUnwritten,
    /// The object is not as it was when the diff was made. Params: object, field.
    ObjectChanged,
    /// Another field manager owns the field. Params: object, field, manager.
    FieldConflict,
    /// The cluster refused the object (422, admission). Params: object.
    ObjectRejected,
    /// The cluster lacks the kind. Params: kind.
    KindUnknown,
    /// The kind is of the whole cluster, and the object of a namespace. Params: kind.
    KindOfCluster,
    /// The kind is of a namespace, and the object of the whole cluster. Params: kind.
    KindOfNamespace,
    /// The cluster failed in another way. Params: cluster.
    ClusterFailed,
    /// A rollout ended badly: the change is bad. Params: cluster, module, version; with reasons.
    RolloutFailed,
    /// It could not be told how a rollout ended. Params: cluster, module, version; with reasons.
    RolloutErrored,
    /// The cluster judged a change of a rollout and refused it. Params: cluster, module, version, object,
    /// written and planned (how many objects of the module); with what was said as reasons.
    ChangeRefused,
    /// The object of a rollout's change is not what was reviewed. Params: as `ChangeRefused`.
    ChangeOutdated,
    /// A rollout's change did not get to the cluster. Params: as `ChangeRefused`.
    ChangeUnheard,
    /// A rollout's change got no answer and was not there when it was read back. It may still come.
    /// Params: as `ChangeRefused`.
    ChangeLost,
    /// The cluster turned whoever sent a rollout's change away. Params: as `ChangeRefused`.
    ChangeTurnedAway,
    /// A way back did not get to a healthy end; it can be tried again. Params: cluster; with reasons.
    WayBackFailed,
    /// The rules refuse the command. Params: refusal and what it names.
    Refused,
    /// A person's passphrase is wrong.
    PassphraseWrong,
    /// The person has no key yet. Params: person.
    NoKey,
    /// The person's key is locked. Params: person.
    KeyLocked,
    /// The ledger's chain is broken. Params: sequence.
    LedgerBroken,
    /// The ledger's file is damaged, or another program's.
    LedgerDamaged,
    /// Another instance holds the data folder. Params: path, process.
    LedgerInUse,
    /// The file system of the data folder cannot lock files. Params: path.
    LedgerNoLocks,
    /// The ledger belongs to a newer version. Params: found, known.
    LedgerNewer,
    /// The data folder cannot be written (full disk, read-only …).
    LedgerUnwritable,
    /// Someone else appended first; the view was out of date.
    LedgerMoved,
    /// Unknown release. Params: release.
    ReleaseUnknown,
    /// The export file cannot be written. Params: path.
    ExportUnwritable,
    /// A form field is wrong. Params: field (`Field`), expectation and what that names.
    FormInvalid,
    /// The process that draws the window ended by itself, and the page was opened again.
    PageRedrawn,
    /// The long-running work was cancelled by the person.
    Cancelled,
    /// A defect of the program. Params: none; the detail says where.
    Internal,
}
