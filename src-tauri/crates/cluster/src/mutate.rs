//! Changes a cluster: once, if what was looked at is still so, and never in doubt about the outcome.
//!
//! Every request carries a fence: UID and resource version of the object as it was read a moment
//! before, or that it must not exist. Whatever happens to the request on its way, it changes nothing
//! but the very object that was judged. `?timeout=` makes the API server itself give up on it.

use domain::{
    FieldConflict, MutationIntent, MutationOutcome, MutationVerb, NotAppliedCause, Precondition,
};
use engine::ports::{ClusterFailure, LiveObject, Outgoing, Sent};
use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::connection::Connection;
use crate::kinds::Kind;
use crate::manifest::{self, Fence, MANAGER, PAUSER};
use crate::preview::{
    APPLY, apply_uri, field_conflicts, is_authorisers, is_before_storage, is_unasked, not_ours,
};
use crate::redact::redact;
use crate::wire::{Answer, Ask, NoAnswer};
use crate::{adopt, autoscale, carry, content, objects};

/// What an answer to a mutation says.
pub(crate) enum Said {
    /// It was carried out; the object afterwards.
    Done(Option<Value>),
    /// Not carried out: other managers own fields.
    Conflicts(Vec<FieldConflict>),
    /// Not carried out: the object moved after it was read.
    Moved,
    /// Not carried out: the change was judged and refused.
    Refused(String),
    /// Not carried out, and not judged either.
    Unheard(String),
    /// The same: whoever asked may not.
    TurnedAway(String),
    /// Carried out or not.
    Unclear(String),
}

/// Sends a mutation. The identity has been checked by the caller right before.
pub(crate) async fn send(
    connection: &Connection,
    kind: &Kind,
    intent: &MutationIntent,
    body: Option<&Outgoing>,
    take_over: &[FieldConflict],
) -> Sent {
    let body = body.filter(|body| body.object == intent.object);
    let mut force = false;
    let mut races = 0;
    loop {
        let live = match objects::live(connection, kind, &intent.object).await {
            Ok(live) => live,
            Err(failure) => {
                return not_sent(&failure, format!("it could not be read before: {failure}"))
                    .into();
            }
        };
        if let Err(outcome) = judge(intent, live.as_ref()) {
            return outcome.into();
        }
        if intent.verb == MutationVerb::Adopt && moved_owners(intent, body, live.as_ref()).is_none()
        {
            let live = live.map(|live| live.head);
            return MutationOutcome::Applied { live }.into();
        }
        let body = match forward(connection, intent, body, live.as_ref()).await {
            Ok(body) => body,
            Err(failure) => return not_sent(&failure, failure.to_string()).into(),
        };
        let Some(ask) = request(
            connection,
            kind,
            intent,
            body.as_ref(),
            live.as_ref(),
            force,
        ) else {
            return refused("there is nothing to send".to_owned()).into();
        };
        match once(connection, intent, ask).await {
            Said::Conflicts(conflicts) => {
                let others: Vec<_> = not_ours(conflicts)
                    .into_iter()
                    .filter(|c| !take_over.contains(c))
                    .collect();
                if force || !others.is_empty() {
                    return outdated(owned(&others)).into();
                }
                force = true;
            }
            // A 409 is given instead of carrying it out: sending it again cannot apply it twice.
            Said::Moved if races < connection.limits.races => {
                races += 1;
                force = false;
            }
            Said::Refused(why) => {
                let body = body.as_ref();
                return refused(body.map_or(why.clone(), |body| redact(&why, &body.body))).into();
            }
            said => return settled(intent, said),
        }
    }
}

/// Sends a request once and reads what the answer says.
pub(crate) async fn once(connection: &Connection, intent: &MutationIntent, ask: Ask) -> Said {
    match connection.mutate(ask).await {
        Ok(answer) => match (said(intent.verb, &answer), connection.refusal()) {
            // A new login lets the same change be intended again.
            (Said::TurnedAway(_), expired @ ClusterFailure::CredentialExpired(_)) => {
                Said::Unheard(expired.to_string())
            }
            (said, _) => said,
        },
        Err(NoAnswer::NotSent(failure)) => match not_sent_cause(&failure) {
            NotAppliedCause::TurnedAway => Said::TurnedAway(failure.to_string()),
            _ => Said::Unheard(failure.to_string()),
        },
        Err(NoAnswer::Lost(why)) => Said::Unclear(why),
    }
}

/// What came of a mutation, once nothing is tried any more.
pub(crate) fn settled(intent: &MutationIntent, said: Said) -> Sent {
    match said {
        Said::Done(object) => done(intent, object),
        Said::Conflicts(conflicts) => outdated(owned(&conflicts)).into(),
        Said::Moved => outdated("the object keeps changing".to_owned()).into(),
        Said::Refused(why) => refused(why).into(),
        Said::Unheard(why) => unheard(why).into(),
        Said::TurnedAway(why) => not_applied(NotAppliedCause::TurnedAway, why).into(),
        Said::Unclear(reason) => MutationOutcome::Unknown { reason }.into(),
    }
}

/// The manifest as it is sent, for an apply; the body as it is for everything else.
async fn forward(
    connection: &Connection,
    intent: &MutationIntent,
    body: Option<&Outgoing>,
    live: Option<&LiveObject>,
) -> Result<Option<Outgoing>, ClusterFailure> {
    let Some(body) = body.filter(|_| intent.verb == MutationVerb::Apply) else {
        return Ok(body.cloned());
    };
    let Some(live) = live else {
        return Ok(Some(body.clone()));
    };
    let ours = adopt::ours(live, None);
    let body = autoscale::keeping_replicas(connection, body, live, &ours).await?;
    Ok(Some(carry::with_theirs(&body, live, None).0))
}

/// The ownership that [`MutationVerb::Adopt`] brings about; none if it is so already.
fn moved_owners(
    intent: &MutationIntent,
    body: Option<&Outgoing>,
    live: Option<&LiveObject>,
) -> Option<Value> {
    let live = live?;
    match body {
        Some(backup) => adopt::give_back(live, &backup.body),
        None => adopt::adoption(&intent.object, live).map(|adoption| adoption.managed),
    }
}

pub(crate) fn refused(reason: String) -> MutationOutcome {
    not_applied(NotAppliedCause::Refused, reason)
}

pub(crate) fn outdated(reason: String) -> MutationOutcome {
    not_applied(NotAppliedCause::Outdated, reason)
}

pub(crate) fn unheard(reason: String) -> MutationOutcome {
    not_applied(NotAppliedCause::Unheard, reason)
}

/// What a failure before anything was sent means for the mutation.
pub(crate) fn not_sent(failure: &ClusterFailure, reason: String) -> MutationOutcome {
    not_applied(not_sent_cause(failure), reason)
}

fn not_sent_cause(failure: &ClusterFailure) -> NotAppliedCause {
    match failure {
        ClusterFailure::CredentialRefused
        | ClusterFailure::Forbidden(_)
        | ClusterFailure::KindUnknown(_) => NotAppliedCause::TurnedAway,
        _ => NotAppliedCause::Unheard,
    }
}

fn not_applied(cause: NotAppliedCause, reason: String) -> MutationOutcome {
    MutationOutcome::NotApplied { cause, reason }
}

fn owned(conflicts: &[FieldConflict]) -> String {
    let fields: Vec<String> = conflicts
        .iter()
        .map(|c| crate::printable::scrub(&format!("{} ({})", c.path, c.manager)))
        .collect();
    format!(
        "other managers own fields that were not to be taken over: {}",
        fields.join(", ")
    )
}

/// Whether the live object is what the intent was made for; else what came of it.
pub(crate) fn judge(
    intent: &MutationIntent,
    live: Option<&LiveObject>,
) -> Result<(), MutationOutcome> {
    let removed = intent.verb == MutationVerb::Remove;
    match (&intent.precondition, live) {
        (Precondition::Absent, None) if removed => Err(MutationOutcome::Applied { live: None }),
        (Precondition::Absent, None) => Ok(()),
        (Precondition::Absent, Some(_)) => Err(outdated(
            "it exists, which it did not when it was looked at".to_owned(),
        )),
        (Precondition::Unchanged(_), None) if removed => {
            Err(MutationOutcome::Applied { live: None })
        }
        (Precondition::Unchanged(_), None) => Err(outdated("it is gone".to_owned())),
        (Precondition::Unchanged(head), Some(live)) if head.uid != live.head.uid => Err(outdated(
            "it was deleted and created again since the diff".to_owned(),
        )),
        (Precondition::Unchanged(head), Some(live)) => {
            // Going back and pausing stop the bleeding: what an autoscaler or a colleague changed
            // meanwhile must not keep them from it (sop R1). The fence still holds.
            let strict = matches!(intent.verb, MutationVerb::Apply | MutationVerb::Remove);
            if strict && head.content != live.head.content {
                return Err(outdated("changed since the diff".to_owned()));
            }
            match wants_paused(intent.verb) {
                Some(paused) if is_paused(&live.body) == paused => Err(MutationOutcome::Applied {
                    live: Some(live.head.clone()),
                }),
                _ => Ok(()),
            }
        }
    }
}

/// Whether the verb leaves the rollout paused; none for verbs that are not about that.
pub(crate) fn wants_paused(verb: MutationVerb) -> Option<bool> {
    match verb {
        MutationVerb::Pause => Some(true),
        MutationVerb::Unpause => Some(false),
        MutationVerb::Apply
        | MutationVerb::Restore
        | MutationVerb::Remove
        | MutationVerb::Adopt => None,
    }
}

pub(crate) fn is_paused(object: &Value) -> bool {
    object
        .pointer("/spec/paused")
        .and_then(Value::as_bool)
        .unwrap_or(false)
}

fn request(
    connection: &Connection,
    kind: &Kind,
    intent: &MutationIntent,
    body: Option<&Outgoing>,
    live: Option<&LiveObject>,
    force: bool,
) -> Option<Ask> {
    let path = kind.path(&intent.object);
    let (method, uri, content_type, body) = match intent.verb {
        MutationVerb::Apply => {
            let outgoing = body?;
            let fence = match live {
                None => Fence::Absent,
                Some(live) => Fence::At {
                    uid: &live.head.uid,
                    resource_version: &live.head.resource_version,
                },
            };
            let body = manifest::body(outgoing, Some(&intent.id), kind.namespaced, fence);
            (Method::PATCH, apply_uri(kind, outgoing, force), APPLY, body)
        }
        // Has a request of its own: see `rollback`.
        MutationVerb::Restore => return None,
        MutationVerb::Adopt => {
            let head = &live?.head;
            let patch = json!([
                { "op": "test", "path": "/metadata/uid", "value": head.uid },
                { "op": "test", "path": "/metadata/resourceVersion", "value": head.resource_version },
                { "op": "replace", "path": "/metadata/managedFields", "value": moved_owners(intent, body, live)? },
            ]);
            (
                Method::PATCH,
                format!("{path}?fieldManager={MANAGER}"),
                "application/json-patch+json",
                patch,
            )
        }
        MutationVerb::Remove => {
            let head = &live?.head;
            let options = json!({
                "kind": "DeleteOptions", "apiVersion": "v1", "propagationPolicy": "Background",
                "preconditions": { "uid": head.uid, "resourceVersion": head.resource_version },
            });
            (
                Method::DELETE,
                format!("{path}?propagationPolicy=Background"),
                "application/json",
                options,
            )
        }
        MutationVerb::Pause | MutationVerb::Unpause => {
            if !intent.object.can_pause() {
                return None;
            }
            let head = &live?.head;
            let patch = json!([
                { "op": "test", "path": "/metadata/uid", "value": head.uid },
                { "op": "test", "path": "/metadata/resourceVersion", "value": head.resource_version },
                { "op": "add", "path": "/spec/paused", "value": intent.verb == MutationVerb::Pause },
            ]);
            (
                Method::PATCH,
                format!("{path}?fieldManager={PAUSER}"),
                "application/json-patch+json",
                patch,
            )
        }
    };
    let uri = format!(
        "{uri}&timeout={}s",
        connection.limits.server_deadline.as_secs().max(1)
    );
    Some(connection.read(method, uri, Some(content_type), Some(&body)))
}

fn said(verb: MutationVerb, answer: &Answer) -> Said {
    let code = answer.status;
    if code.is_success() {
        return Said::Done(answer.json());
    }
    if let Some(conflicts) = field_conflicts(answer) {
        return Said::Conflicts(conflicts);
    }
    let status = answer.api_status();
    let patched = verb == MutationVerb::Adopt || wants_paused(verb).is_some();
    match (code, &status) {
        (StatusCode::NOT_FOUND, Some(_)) if verb == MutationVerb::Remove => Said::Done(None),
        (StatusCode::CONFLICT, Some(_)) => Said::Moved,
        // A JSON Patch whose `test` fails.
        (StatusCode::UNPROCESSABLE_ENTITY, Some(_)) if patched => Said::Moved,
        // Priority and fairness turns requests away before they are carried out.
        (StatusCode::TOO_MANY_REQUESTS, _) => Said::Unheard("the API server is busy".to_owned()),
        (StatusCode::UNAUTHORIZED, _) => {
            Said::TurnedAway(ClusterFailure::CredentialRefused.to_string())
        }
        // The authoriser's word on the person, not admission's on the change.
        (StatusCode::FORBIDDEN, Some(_)) if is_authorisers(&answer.message()) => {
            Said::TurnedAway(answered(answer))
        }
        (StatusCode::SERVICE_UNAVAILABLE, Some(status))
            if status["reason"] == "ServiceUnavailable" =>
        {
            Said::Unheard("the API server is busy".to_owned())
        }
        (StatusCode::REQUEST_TIMEOUT, _) => Said::Unclear(answered(answer)),
        (StatusCode::INTERNAL_SERVER_ERROR, Some(_)) if is_unasked(&answer.message()) => {
            Said::Unheard(answered(answer))
        }
        (StatusCode::INTERNAL_SERVER_ERROR, Some(_)) if is_before_storage(&answer.message()) => {
            Said::Refused(answered(answer))
        }
        (code, Some(_)) if code.is_client_error() => Said::Refused(answered(answer)),
        // Somebody on the way, not the API server.
        (code, None) if code.is_client_error() => Said::Unheard(answered(answer)),
        // 500 and 504 of the API server can come after etcd took the write; 502, 503 and 504 of a
        // proxy say nothing about what is behind it.
        _ => Said::Unclear(answered(answer)),
    }
}

fn answered(answer: &Answer) -> String {
    format!(
        "the API server answered {}: {}",
        answer.status.as_u16(),
        answer.message()
    )
}

fn done(intent: &MutationIntent, object: Option<Value>) -> Sent {
    if intent.verb == MutationVerb::Remove {
        return MutationOutcome::Applied { live: None }.into();
    }
    match object.and_then(content::live) {
        Some(live) => Sent {
            outcome: MutationOutcome::Applied {
                live: Some(live.head),
            },
            written: Some(live.body),
        },
        // A success, but not with the object: read it back rather than guess.
        None => MutationOutcome::Unknown {
            reason: "the answer cannot be read".to_owned(),
        }
        .into(),
    }
}

#[cfg(test)]
#[path = "mutate_tests.rs"]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests;
