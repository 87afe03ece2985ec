//! Turns what went wrong into what the window says.

use cluster::kubeconfig::{FileProblem, KubeconfigFailure, Malformation};
use contract::views::{cluster_failure, refusal_view};
use contract::{Expected, Failure, FailureCode, Field, Problem, Thing};
use domain::{NotAppliedCause, Refusal};
use engine::EngineFailure;
use workspace::{PlanFailure, WorkspaceFailure};

use crate::{expectations, views};

/// A failure of the engine.
pub fn of(failure: EngineFailure) -> Failure {
    of_ref(&failure)
}

/// A failure of the engine that someone else keeps.
pub fn of_ref(failure: &EngineFailure) -> Failure {
    match failure {
        EngineFailure::Refused(refusal) => refused(refusal),
        EngineFailure::Cluster(failure) => cluster_failure(failure, "", ""),
        EngineFailure::Ledger(failure) => failure.into(),
        EngineFailure::Vault(failure) => failure.into(),
        EngineFailure::NotBound { environment } => {
            Failure::new(FailureCode::NotBound).with("environment", environment.as_str())
        }
        EngineFailure::ReleaseUnknown(release) => {
            Failure::new(FailureCode::ReleaseUnknown).with("release", release.as_str())
        }
        EngineFailure::NotInRelease { what } => {
            refused(&Refusal::NotInRelease { what: what.clone() })
        }
        EngineFailure::Cancelled => Failure::new(FailureCode::Cancelled),
        EngineFailure::Changed { object } => Failure::new(FailureCode::ObjectChanged)
            .with("object", object.label())
            .with("field", ""),
        EngineFailure::NotApplied {
            object,
            cause,
            reason,
        } => match cause {
            NotAppliedCause::Refused => {
                Failure::new(FailureCode::ObjectRejected).with("object", object.label())
            }
            NotAppliedCause::Outdated => Failure::new(FailureCode::ObjectChanged)
                .with("object", object.label())
                .with("field", ""),
            // Nobody has judged the object: it is about the cluster.
            NotAppliedCause::Unheard | NotAppliedCause::TurnedAway => {
                Failure::new(FailureCode::ClusterFailed).with("cluster", "")
            }
        }
        .detail(reason.clone()),
        EngineFailure::OutcomeUnknown { object } => Failure::new(FailureCode::OutcomeUnknown)
            .with("cluster", "")
            .with("object", object.label()),
        EngineFailure::OutcomeUnwritten { object, failure } => {
            Failure::new(FailureCode::OutcomeUnwritten)
                .with("object", object.label())
                .detail(failure.to_string())
        }
        EngineFailure::BindingInUse { .. } => refused(&Refusal::AlreadyRunning),
        EngineFailure::Unreadable(_) | EngineFailure::BrokenOff(_) | EngineFailure::Halted(_) => {
            Failure::new(FailureCode::Internal).detail(failure.to_string())
        }
    }
}

fn refused(refusal: &Refusal) -> Failure {
    let view = refusal_view(refusal);
    let code = serde_json::to_value(view.code).ok();
    let code = code
        .as_ref()
        .and_then(|code| code.as_str())
        .unwrap_or_default()
        .to_owned();
    Failure {
        params: view.params,
        ..Failure::new(FailureCode::Refused)
    }
    .with("refusal", code)
}

/// A failure in a workspace's files.
pub fn of_workspace(failure: WorkspaceFailure) -> Failure {
    match failure {
        WorkspaceFailure::Invalid {
            file,
            line,
            column,
            expected,
        } => expectations::with(
            Failure::new(FailureCode::WorkspaceInvalid)
                .with("file", file)
                .with("line", line.to_string())
                .with("column", column.to_string()),
            &expected,
        ),
        WorkspaceFailure::Unreadable { path, why } => {
            Failure::new(FailureCode::WorkspaceUnreadable)
                .with("path", path)
                .detail(why)
        }
    }
}

/// A failure in a kubeconfig. Its text never quotes the file.
pub fn of_kubeconfig(failure: KubeconfigFailure) -> Failure {
    let detail = failure.to_string();
    let unusable = |expected| Failure::new(FailureCode::KubeconfigUnusable).expected(expected);
    match failure {
        KubeconfigFailure::Malformed {
            problem,
            line,
            column,
        } => Failure::new(FailureCode::KubeconfigInvalid)
            .with("line", line.unwrap_or(1).to_string())
            .with("column", column.unwrap_or(1).to_string())
            .expected(match problem {
                Malformation::Syntax => Expected::ValidYaml,
                Malformation::Shape => Expected::OtherKind,
                Malformation::DuplicateKey => Expected::KeysOnce,
                Malformation::Excess => Expected::FewerValues,
                Malformation::SeveralDocuments => Expected::OneDocument,
            }),
        KubeconfigFailure::TooLarge { limit, .. } => {
            unusable(Expected::Bytes).with("most", limit.to_string())
        }
        KubeconfigFailure::NotKubeconfig => unusable(Expected::Kubeconfig),
        KubeconfigFailure::UnknownContext(context) => {
            unusable(Expected::ContextOfFile).with("context", context)
        }
        KubeconfigFailure::FilesNotEmbedded { context, files } => unusable(Expected::FilesAgreed)
            .with("context", context)
            .with("files", files.join(", ")),
        KubeconfigFailure::NotConfirmed { context } => {
            unusable(Expected::UnusualConfirmed).with("context", context)
        }
        KubeconfigFailure::Refused { context, refusal } => {
            Failure::new(FailureCode::ContextRefused)
                .with("context", context)
                .refused(views::context_refusal(refusal))
        }
        KubeconfigFailure::File { path, problem } => Failure::new(FailureCode::FileNotEmbedded)
            .with("path", path)
            .problem(match problem {
                FileProblem::NoBase => Problem::FileNoBase,
                FileProblem::Unreadable => Problem::FileUnreadable,
                FileProblem::NotRegular => Problem::FileNotRegular,
                FileProblem::TooLarge => Problem::FileTooLarge,
                FileProblem::NotText => Problem::FileNotText,
            }),
    }
    .detail(detail)
}

/// A draft that no plan can be made of.
pub fn of_plan(failure: PlanFailure) -> Failure {
    let modules = |expected| Failure::form(Field::Modules, expected);
    match failure {
        PlanFailure::NoModules => modules(Expected::AtLeastOne).thing(Thing::Module),
        PlanFailure::ModuleUnknown(_) => modules(Expected::ModulesOnce),
        PlanFailure::VersionUnknown { module, has, .. } => modules(Expected::WorkspaceVersion)
            .with("module", module.as_str())
            .with("version", has),
        PlanFailure::Unwritable(why) => defect(why),
    }
}

/// A defect of the program: something that should not be able to happen.
pub fn defect(error: impl std::fmt::Display) -> Failure {
    tracing::error!(%error, "a defect");
    Failure::new(FailureCode::Internal).detail(error.to_string())
}
