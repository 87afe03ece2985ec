use std::collections::BTreeMap;

use domain::{Cause, NotAppliedCause, Reason, Reasons};

use crate::{ReasonCode, ReasonView};

/// Reasons with the values that their sentences name.
pub fn reason_views(reasons: &Reasons) -> Vec<ReasonView> {
    reasons.0.iter().map(view).collect()
}

/// One of them.
pub(super) fn view(reason: &Reason) -> ReasonView {
    let (code, params) = parts(&reason.cause);
    ReasonView {
        code,
        object: reason.object.clone(),
        params,
    }
}

fn parts(cause: &Cause) -> (ReasonCode, BTreeMap<String, String>) {
    let none = BTreeMap::new;
    let one = |name: &str, value: String| BTreeMap::from([(name.to_owned(), value)]);
    let said = |message: &String| one("message", message.clone());
    match cause {
        Cause::PodNotReady { pod, why } => {
            let mut params = one("pod", pod.clone());
            params.insert("why".to_owned(), why.clone());
            (ReasonCode::PodNotReady, params)
        }
        Cause::PodsNotMade { message } => (ReasonCode::PodsNotMade, said(message)),
        Cause::NodeDead { node } => (ReasonCode::NodeDead, one("node", node.clone())),
        Cause::GivenUp { message } => (ReasonCode::GivenUp, said(message)),
        Cause::NoProgress {
            seconds,
            updated,
            wanted,
            available,
        } => {
            let mut params = one("seconds", seconds.to_string());
            for (name, count) in [
                ("updated", updated),
                ("wanted", wanted),
                ("available", available),
            ] {
                params.insert(name.to_owned(), count.to_string());
            }
            (ReasonCode::NoProgress, params)
        }
        Cause::NotThere { seconds } => (ReasonCode::NotThere, one("seconds", seconds.to_string())),
        Cause::Deleted => (ReasonCode::Deleted, none()),
        Cause::MayBeUsed => (ReasonCode::MayBeUsed, none()),
        Cause::ChangedAfter { fields } => (ReasonCode::ChangedAfter, listed(fields)),
        Cause::NotAsWritten { message } => (ReasonCode::NotAsWritten, said(message)),
        Cause::BeyondReview { fields } => (ReasonCode::BeyondReview, listed(fields)),
        Cause::NotChanged { by, message } => match by {
            NotAppliedCause::Refused => (ReasonCode::ChangeRefused, said(message)),
            NotAppliedCause::Outdated => (ReasonCode::ChangeOutdated, none()),
            NotAppliedCause::Unheard => (ReasonCode::ChangeUnheard, said(message)),
            NotAppliedCause::TurnedAway => (ReasonCode::ChangeTurnedAway, said(message)),
        },
        Cause::Lost { .. } => (ReasonCode::ChangeLost, none()),
        Cause::NoContact { seconds } => {
            (ReasonCode::NoContact, one("seconds", seconds.to_string()))
        }
        Cause::Unreachable { message } => (ReasonCode::Unreachable, said(message)),
        Cause::Untrusted { message } => (ReasonCode::Untrusted, said(message)),
        Cause::CredentialRefused => (ReasonCode::CredentialRefused, none()),
        Cause::Forbidden { permission } => {
            (ReasonCode::Forbidden, one("permission", permission.clone()))
        }
        Cause::Busy => (ReasonCode::Busy, none()),
        Cause::AnotherCluster => (ReasonCode::AnotherCluster, none()),
        Cause::KindUnknown { kind } => (ReasonCode::KindUnknown, one("kind", kind.clone())),
        Cause::ObjectFailed { reason, message } => {
            let mut params = said(message);
            params.insert("reason".to_owned(), reason.clone());
            (ReasonCode::ObjectFailed, params)
        }
        Cause::NotReady { seconds, message } => {
            let mut params = said(message);
            params.insert("seconds".to_owned(), seconds.to_string());
            (ReasonCode::NotReady, params)
        }
        Cause::PausedBy { manager } if manager.is_empty() => (ReasonCode::PausedBy, none()),
        Cause::PausedBy { manager } => (ReasonCode::PausedBy, one("manager", manager.clone())),
        Cause::ChangesOnDelete { old } => {
            (ReasonCode::ChangesOnDelete, one("old", old.to_string()))
        }
        Cause::HeldByPartition { partition, old } => {
            let mut params = one("old", old.to_string());
            params.insert("partition".to_owned(), partition.to_string());
            (ReasonCode::HeldByPartition, params)
        }
        Cause::WaitsForFirstPod => (ReasonCode::WaitsForFirstPod, none()),
        Cause::NotJudged => (ReasonCode::NotJudged, none()),
        Cause::Seen { note } => (ReasonCode::Seen, one("note", note.clone())),
        Cause::Said { message } => (ReasonCode::Said, said(message)),
    }
}

/// Paths with commas between them; no param for none.
fn listed(fields: &[String]) -> BTreeMap<String, String> {
    let fields = (!fields.is_empty()).then(|| ("fields".to_owned(), fields.join(", ")));
    fields.into_iter().collect()
}
