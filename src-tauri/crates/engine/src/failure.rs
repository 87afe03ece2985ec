use domain::{Cause, EnvironmentId, NotAppliedCause, ObjectRef, Reason, Refusal, ReleaseId};

use crate::FailPoint;
use crate::ports::{ClusterFailure, LedgerFailure, VaultFailure};

/// Why the engine did not do something. Texts are printable and free of secrets.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EngineFailure {
    /// A rule of the domain refuses it; nothing changed.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The cluster could not do it.
    #[error(transparent)]
    Cluster(#[from] ClusterFailure),
    /// The ledger could not do it. Nothing is sent to a cluster that could not be written down.
    #[error(transparent)]
    Ledger(#[from] LedgerFailure),
    /// The keychain could not do it.
    #[error(transparent)]
    Vault(#[from] VaultFailure),
    /// The environment is not bound to a cluster.
    #[error("{environment} is not bound to a cluster")]
    NotBound {
        /// The environment.
        environment: EnvironmentId,
    },
    /// There is no such release.
    #[error("there is no release {0}")]
    ReleaseUnknown(ReleaseId),
    /// The release has no such stage, environment or module.
    #[error("{what} is not in this release")]
    NotInRelease {
        /// What was named.
        what: String,
    },
    /// The person cancelled it.
    #[error("cancelled")]
    Cancelled,
    /// The object is not what it was; nothing was sent.
    #[error("{object} has changed since")]
    Changed {
        /// Which object.
        object: ObjectRef,
    },
    /// The cluster did not take a change; nothing changed.
    #[error("{object} was not changed: {reason}")]
    NotApplied {
        /// Which object.
        object: ObjectRef,
        /// What kept it from being changed.
        cause: NotAppliedCause,
        /// Why, printable.
        reason: String,
    },
    /// A change was sent and no answer came; whether it happened is being read back.
    #[error("whether {object} was changed is not known yet")]
    OutcomeUnknown {
        /// Which object.
        object: ObjectRef,
    },
    /// A change was sent, or read back, and what came of it could not be written down: its intent is
    /// pending, and is read back when the work is taken up again.
    #[error("what came of the change to {object} could not be written down: {failure}")]
    OutcomeUnwritten {
        /// Which object.
        object: Box<ObjectRef>,
        /// Why.
        failure: LedgerFailure,
    },
    /// The environment cannot be bound to another cluster while a release has changes on this one.
    #[error("{release} has changes in {environment}")]
    BindingInUse {
        /// The release.
        release: ReleaseId,
        /// The environment.
        environment: EnvironmentId,
    },
    /// Kept bytes cannot be understood.
    #[error("unreadable: {0}")]
    Unreadable(String),
    /// A defect of the program: a task of its own broke off.
    #[error("a task broke off: {0}")]
    BrokenOff(String),
    /// A test stopped the engine here; never happens otherwise.
    #[error("halted at {0:?}")]
    Halted(FailPoint),
}

/// What keeps a task from its cluster, when it may pass by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Obstacle {
    /// Nobody answers, or the API server is busy.
    NoContact,
    /// The API server does not let us in. One that has just started lets nobody in until it has read
    /// who may do what, and knows no custom kinds until it has read their definitions.
    TurnedAway,
}

impl EngineFailure {
    /// Whether the ledger is the cause. It is the memory: without it nothing can be concluded either.
    pub(crate) fn is_the_ledgers(&self) -> bool {
        matches!(
            self,
            EngineFailure::Ledger(_) | EngineFailure::OutcomeUnwritten { .. }
        )
    }

    /// The failure as a reason why work did not come to a good end.
    pub(crate) fn reason(&self) -> Reason {
        match self {
            EngineFailure::Cluster(failure) => cause(failure).into(),
            EngineFailure::NotApplied {
                object,
                cause,
                reason,
            } => not_changed(object, *cause, reason),
            EngineFailure::Changed { object } => {
                not_changed(object, NotAppliedCause::Outdated, "changed since")
            }
            other => other.to_string().into(),
        }
    }

    /// What stands in the way, if asking again may help.
    pub(crate) fn obstacle(&self) -> Option<Obstacle> {
        match self {
            EngineFailure::Cluster(failure) => obstacle(failure),
            EngineFailure::NotApplied { cause, .. } => match cause {
                NotAppliedCause::Unheard => Some(Obstacle::NoContact),
                NotAppliedCause::TurnedAway => Some(Obstacle::TurnedAway),
                NotAppliedCause::Refused | NotAppliedCause::Outdated => None,
            },
            _ => None,
        }
    }
}

/// A change that was not made, as a reason.
pub(crate) fn not_changed(object: &ObjectRef, by: NotAppliedCause, message: &str) -> Reason {
    let message = message.to_owned();
    Cause::NotChanged { by, message }.of(object.label())
}

fn cause(failure: &ClusterFailure) -> Cause {
    match failure {
        ClusterFailure::Unreachable(why) => Cause::Unreachable {
            message: why.clone(),
        },
        ClusterFailure::Untrusted(why) => Cause::Untrusted {
            message: why.clone(),
        },
        ClusterFailure::CredentialRefused | ClusterFailure::CredentialExpired(_) => {
            Cause::CredentialRefused
        }
        ClusterFailure::Forbidden(permission) => Cause::Forbidden {
            permission: format!("{} {}", permission.verb, permission.resource),
        },
        ClusterFailure::Busy => Cause::Busy,
        ClusterFailure::AnotherCluster { .. } => Cause::AnotherCluster,
        ClusterFailure::KindUnknown(kind) => Cause::KindUnknown { kind: kind.clone() },
        ClusterFailure::OtherScope { .. }
        | ClusterFailure::PluginNotAllowed { .. }
        | ClusterFailure::PluginFailed { .. }
        | ClusterFailure::Answered { .. }
        | ClusterFailure::Unreadable(_) => Cause::Said {
            message: failure.to_string(),
        },
    }
}

fn obstacle(failure: &ClusterFailure) -> Option<Obstacle> {
    match failure {
        // A person logs in again, which takes longer than an API server's start.
        ClusterFailure::Unreachable(_)
        | ClusterFailure::Busy
        | ClusterFailure::CredentialExpired(_) => Some(Obstacle::NoContact),
        ClusterFailure::Answered { status, .. } if *status >= 500 || *status == 429 => {
            Some(Obstacle::NoContact)
        }
        ClusterFailure::CredentialRefused
        | ClusterFailure::Forbidden(_)
        | ClusterFailure::KindUnknown(_) => Some(Obstacle::TurnedAway),
        _ => None,
    }
}
