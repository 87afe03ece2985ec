use std::collections::BTreeMap;

use domain::{Refusal, condition_name};
use engine::ports::{ClusterFailure, LedgerFailure, PluginProblem, PluginRefusal, VaultFailure};

use crate::{Expected, Failure, FailureCode, Field, Problem, RefusalCode, RefusalView};

/// A refusal with the values that its sentence names.
pub fn refusal_view(refusal: &Refusal) -> RefusalView {
    let plain = |code| RefusalView {
        code,
        params: BTreeMap::new(),
    };
    let with = |code, name: &str, value: String| RefusalView {
        code,
        params: BTreeMap::from([(name.to_owned(), value)]),
    };
    match refusal {
        Refusal::ReleaseExists => plain(RefusalCode::ReleaseExists),
        Refusal::ReleaseOver => plain(RefusalCode::ReleaseOver),
        Refusal::NotInRelease { what } => with(RefusalCode::NotInRelease, "what", what.clone()),
        Refusal::VerifierIsOperator => plain(RefusalCode::VerifierIsOperator),
        Refusal::RoleMissing { role } => with(RefusalCode::RoleMissing, "role", role_name(*role)),
        Refusal::FieldInvalid { field } => with(RefusalCode::FieldInvalid, "field", field.clone()),
        Refusal::NotOperator => plain(RefusalCode::NotOperator),
        Refusal::SignatureInvalid => plain(RefusalCode::SignatureInvalid),
        Refusal::NoKeyRegistered => plain(RefusalCode::NoKeyRegistered),
        Refusal::WitnessNeeded => plain(RefusalCode::WitnessNeeded),
        Refusal::WitnessedByOther { witness } => with(
            RefusalCode::WitnessedByOther,
            "witness",
            witness.to_string(),
        ),
        Refusal::GateClosed => plain(RefusalCode::GateClosed),
        Refusal::GateAlreadyOpen => plain(RefusalCode::GateAlreadyOpen),
        Refusal::ConditionUnmet { condition } => with(
            RefusalCode::ConditionUnmet,
            "condition",
            condition_name(*condition),
        ),
        Refusal::NotWaivable { condition } => with(
            RefusalCode::NotWaivable,
            "condition",
            condition_name(*condition),
        ),
        Refusal::ReasonTooShort { least } => {
            with(RefusalCode::ReasonTooShort, "least", least.to_string())
        }
        Refusal::VoteMissing { role } => with(RefusalCode::VoteMissing, "role", role_name(*role)),
        Refusal::IdentityNotVerified => plain(RefusalCode::IdentityNotVerified),
        Refusal::IdentityMismatch => plain(RefusalCode::IdentityMismatch),
        Refusal::WrongClusterName { expected } => {
            with(RefusalCode::WrongClusterName, "expected", expected.clone())
        }
        Refusal::NotArmed => plain(RefusalCode::NotArmed),
        Refusal::NoBackup => plain(RefusalCode::NoBackup),
        Refusal::DiffNotReviewed => plain(RefusalCode::DiffNotReviewed),
        Refusal::UndeclaredChange { count } => {
            with(RefusalCode::UndeclaredChange, "count", count.to_string())
        }
        Refusal::PermissionMissing { permission } => {
            let mut view = with(
                RefusalCode::PermissionMissing,
                "verb",
                permission.verb.clone(),
            );
            view.params
                .insert("resource".to_owned(), permission.resource.clone());
            view.params
                .insert("namespace".to_owned(), permission.namespace.clone());
            view
        }
        Refusal::DependencyFirst { module } => {
            with(RefusalCode::DependencyFirst, "module", module.to_string())
        }
        Refusal::EnvironmentFirst { environment } => with(
            RefusalCode::EnvironmentFirst,
            "environment",
            environment.to_string(),
        ),
        Refusal::AlreadyRunning => plain(RefusalCode::AlreadyRunning),
        Refusal::BackupStands => plain(RefusalCode::BackupStands),
        Refusal::NotRunning => plain(RefusalCode::NotRunning),
        Refusal::OutcomePending => plain(RefusalCode::OutcomePending),
        Refusal::EntryUnreadable { position, verb, at } => RefusalView {
            code: RefusalCode::EntryUnreadable,
            params: BTreeMap::from([
                ("position".to_owned(), position.to_string()),
                ("verb".to_owned(), verb.clone()),
                ("at".to_owned(), super::common::at(*at)),
            ]),
        },
        Refusal::AlreadyPassed => plain(RefusalCode::AlreadyPassed),
        Refusal::NothingToRestore => plain(RefusalCode::NothingToRestore),
        Refusal::AlreadySigned => plain(RefusalCode::AlreadySigned),
        Refusal::WasTakenBack => plain(RefusalCode::WasTakenBack),
        Refusal::ItemAutomatic => plain(RefusalCode::ItemAutomatic),
        Refusal::CannotPause { kind } => with(RefusalCode::CannotPause, "kind", kind.clone()),
        Refusal::NotPaused { object } => with(RefusalCode::NotPaused, "object", object.clone()),
        // Only the engine can run into it; to a person it is a thing that is not in the release.
        Refusal::NotPlanned => with(RefusalCode::NotInRelease, "what", "change".to_owned()),
    }
}

/// The name of a refusal's rule, as failures and the ledger carry it.
pub(super) fn code_name(code: RefusalCode) -> String {
    named(&code)
}

/// A role by the name that the window translates.
pub(super) fn role_name(role: domain::Role) -> String {
    named(&role)
}

/// The name that serde gives a variant.
pub(crate) fn named(value: &impl serde::Serialize) -> String {
    let name = serde_json::to_value(value).ok();
    name.as_ref()
        .and_then(|name| name.as_str())
        .unwrap_or_default()
        .to_owned()
}

impl From<&Refusal> for Failure {
    fn from(refusal: &Refusal) -> Self {
        let view = refusal_view(refusal);
        let mut failure = Failure::new(FailureCode::Refused).with("refusal", code_name(view.code));
        failure.params.extend(view.params);
        failure.detail(refusal.to_string())
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Failure::from(&refusal)
    }
}

/// A cluster's failure, with the names that its sentences need.
pub fn cluster_failure(failure: &ClusterFailure, cluster: &str, host: &str) -> Failure {
    let of = |code| Failure::new(code).with("cluster", cluster);
    match failure {
        ClusterFailure::Unreachable(why) => of(FailureCode::ClusterUnreachable)
            .with("host", host)
            .detail(why.clone()),
        ClusterFailure::Untrusted(why) => of(FailureCode::ClusterUntrusted)
            .with("host", host)
            .detail(why.clone()),
        ClusterFailure::CredentialRefused => of(FailureCode::CredentialRefused),
        ClusterFailure::CredentialExpired(ended) => {
            of(FailureCode::CredentialExpired).with("at", ended.to_rfc3339())
        }
        ClusterFailure::Forbidden(permission) => of(FailureCode::PermissionMissing)
            .with("verb", &permission.verb)
            .with("resource", &permission.resource)
            .with("namespace", &permission.namespace),
        ClusterFailure::Busy => of(FailureCode::ClusterBusy),
        ClusterFailure::AnotherCluster { expected, found } => of(FailureCode::IdentityMismatch)
            .with("expected", &expected.uid)
            .with("found", &found.uid),
        ClusterFailure::KindUnknown(kind) => of(FailureCode::KindUnknown).with("kind", kind),
        ClusterFailure::OtherScope { kind, of_cluster } => of(if *of_cluster {
            FailureCode::KindOfCluster
        } else {
            FailureCode::KindOfNamespace
        })
        .with("kind", kind),
        ClusterFailure::PluginNotAllowed { path, sha256, why } => of(match why {
            PluginRefusal::Missing => FailureCode::PluginMissing,
            PluginRefusal::NeverAllowed => FailureCode::PluginNotAllowed,
            PluginRefusal::Changed => FailureCode::PluginChanged,
            PluginRefusal::Exposed => FailureCode::PluginExposed,
        })
        .with("command", path)
        .with("sha256", sha256.clone().unwrap_or_default()),
        ClusterFailure::PluginFailed { path, problem } => {
            plugin_problem(of(FailureCode::PluginFailed), problem)
                .with("command", path)
                .detail(failure.to_string())
        }
        ClusterFailure::Answered {
            status: 422,
            message,
        } => of(FailureCode::ObjectRejected)
            .with("object", "")
            .detail(message.clone()),
        ClusterFailure::Answered { .. } | ClusterFailure::Unreadable(_) => {
            of(FailureCode::ClusterFailed).detail(failure.to_string())
        }
    }
}

fn plugin_problem(failure: Failure, problem: &PluginProblem) -> Failure {
    match problem {
        PluginProblem::NotStarted(_) => failure.problem(Problem::CommandNotStarted),
        PluginProblem::Late { seconds } => failure
            .problem(Problem::CommandLate)
            .with("seconds", seconds.to_string()),
        PluginProblem::Exited { code } => failure
            .problem(Problem::CommandExited)
            .with("code", code.to_string()),
        PluginProblem::Killed { signal } => failure
            .problem(Problem::CommandKilled)
            .with("signal", signal.to_string()),
        PluginProblem::TooLong { limit } => failure
            .problem(Problem::CommandTooLong)
            .with("limit", limit.to_string()),
        PluginProblem::NotCredential => failure.problem(Problem::CommandNotCredential),
        PluginProblem::OtherVersion => failure.problem(Problem::CommandOtherVersion),
        PluginProblem::Empty => failure.problem(Problem::CommandEmpty),
        PluginProblem::BadCertificate => failure.problem(Problem::CommandBadCertificate),
        PluginProblem::Expired => failure.problem(Problem::CommandExpired),
    }
}

impl From<&LedgerFailure> for Failure {
    fn from(failure: &LedgerFailure) -> Self {
        match failure {
            LedgerFailure::Moved { .. } => Failure::new(FailureCode::LedgerMoved),
            LedgerFailure::InUse { path, process } => Failure::new(FailureCode::LedgerInUse)
                .with("path", path)
                .with(
                    "process",
                    process.map_or_else(String::new, |id| id.to_string()),
                ),
            LedgerFailure::NoLocks(_) => Failure::new(FailureCode::LedgerNoLocks),
            LedgerFailure::Newer { found, known } => Failure::new(FailureCode::LedgerNewer)
                .with("found", found.to_string())
                .with("known", known.to_string()),
            LedgerFailure::Damaged(_) => Failure::new(FailureCode::LedgerDamaged),
            LedgerFailure::NotEmpty { entries } => {
                Failure::new(FailureCode::LedgerNotEmpty).with("entries", entries.to_string())
            }
            LedgerFailure::ExportUnwritable(_) => Failure::new(FailureCode::ExportUnwritable),
            LedgerFailure::Unwritable(_) => Failure::new(FailureCode::LedgerUnwritable),
            LedgerFailure::Missing(_) | LedgerFailure::Other(_) => {
                Failure::new(FailureCode::Internal)
            }
        }
        .detail(failure.to_string())
    }
}

impl From<LedgerFailure> for Failure {
    fn from(failure: LedgerFailure) -> Self {
        Failure::from(&failure)
    }
}

impl From<&VaultFailure> for Failure {
    fn from(failure: &VaultFailure) -> Self {
        match failure {
            VaultFailure::Missing(_) => Failure::new(FailureCode::KeychainMissing),
            VaultFailure::Locked => Failure::new(FailureCode::KeychainLocked),
            VaultFailure::Timeout { seconds } => {
                Failure::new(FailureCode::KeychainTimeout).with("seconds", seconds.to_string())
            }
            VaultFailure::NoEntry(entry) => {
                Failure::new(FailureCode::KeychainEntryMissing).with("entry", entry)
            }
            VaultFailure::WrongPassphrase => Failure::new(FailureCode::PassphraseWrong),
            VaultFailure::WeakPassphrase { least } => {
                Failure::form(Field::Passphrase, Expected::Longer).with("least", least.to_string())
            }
            VaultFailure::NoKey(person) => Failure::new(FailureCode::NoKey).with("person", person),
            VaultFailure::KeyLocked(person) => {
                Failure::new(FailureCode::KeyLocked).with("person", person)
            }
            // The form offers to unlock it instead; only a stale window gets here.
            VaultFailure::KeyExists(person) => {
                Failure::form(Field::Person, Expected::NoKeyYet).with("person", person)
            }
            VaultFailure::Broken(_) => Failure::new(FailureCode::KeychainBroken),
        }
        .detail(failure.to_string())
    }
}

impl From<VaultFailure> for Failure {
    fn from(failure: VaultFailure) -> Self {
        Failure::from(&failure)
    }
}
