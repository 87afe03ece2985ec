//! Finds out what came of a mutation that was not answered.
//!
//! Seeing that it was applied is easy: an apply leaves its identifier in an annotation, a removal
//! leaves nothing, a pause is there or not. Seeing that it was **not** is hard, because the request
//! may still be on its way. Two things make it certain:
//!
//! - The fence. The request names the resource version that was read before it was sent, so that it
//!   was the newest at the time, and the object's resource version only ever changes. Once it differs
//!   from what a read-back saw first, a late request can no longer be carried out.
//! - The bound. The API server gives up on the request after [`Limits::server_deadline`], which it
//!   was told in the request. When nothing has moved for [`Limits::settle`], which is longer, the
//!   request is over. What a proxy or a network holds back longer than that is left to the fence.
//!
//! [`Limits::server_deadline`]: crate::Limits::server_deadline
//! [`Limits::settle`]: crate::Limits::settle

use domain::{
    LiveHead, MutationIntent, MutationOutcome, MutationVerb, NotAppliedCause, Precondition,
};
use engine::ports::{ClusterFailure, Sent};
use serde_json::Value;
use tokio::time::Instant;

use crate::connection::Connection;
use crate::content::{self, MUTATION};
use crate::kinds::Kind;
use crate::manifest::MANAGER;
use crate::mutate::{is_paused, unheard, wants_paused};
use crate::{adopt, objects, owners};

/// What one look at the object says.
enum Look {
    Applied(Option<LiveHead>),
    /// Certainly not, and never any more.
    Never(NotAppliedCause, String),
    /// Not yet, with what tells whether anything moved.
    NotYet(Option<(String, String)>),
}

pub(crate) async fn read_back(
    connection: &Connection,
    kind: &Kind,
    intent: &MutationIntent,
) -> Result<Sent, ClusterFailure> {
    let limits = &connection.limits;
    let mut first: Option<Option<(String, String)>> = None;
    let until = Instant::now() + limits.settle;
    loop {
        let object = objects::raw(connection, kind, &intent.object).await?;
        let written = object.as_ref().and_then(|object| written(intent, object));
        match look(intent, object)? {
            Look::Applied(live) => {
                let outcome = MutationOutcome::Applied { live };
                return Ok(Sent { outcome, written });
            }
            Look::Never(cause, reason) => {
                return Ok(MutationOutcome::NotApplied { cause, reason }.into());
            }
            Look::NotYet(seen) => {
                let before = first.get_or_insert_with(|| seen.clone());
                if *before != seen {
                    let reason =
                        "the object moved on without it, and it can no longer be carried out"
                            .to_owned();
                    return Ok(unheard(reason).into());
                }
            }
        }
        if Instant::now() >= until {
            let reason = format!(
                "not there after {} s, longer than the API server works on it",
                limits.settle.as_secs_f32()
            );
            return Ok(unheard(reason).into());
        }
        tokio::time::sleep(limits.settle_poll).await;
    }
}

/// The object as the mutation left it, if ownership shows that nobody wrote to it since: it is read some
/// time after the write. Times of ownership are whole seconds.
fn written(intent: &MutationIntent, object: &Value) -> Option<Value> {
    let operation = match intent.verb {
        MutationVerb::Apply => "Apply",
        MutationVerb::Restore => "Update",
        _ => return None,
    };
    let all = owners::entries(object.pointer("/metadata/managedFields")?);
    let ours = all.iter().find(|entry| entry.is(MANAGER, operation))?;
    let mut others = all
        .iter()
        .filter(|entry| *entry != ours && entry.subresource() != "status");
    let newest = others.all(|entry| entry.time() < ours.time());
    newest.then(|| content::strip(object.clone()))
}

fn outdated(reason: &str) -> Look {
    Look::Never(NotAppliedCause::Outdated, reason.to_owned())
}

fn look(intent: &MutationIntent, object: Option<Value>) -> Result<Look, ClusterFailure> {
    let expected = match &intent.precondition {
        Precondition::Absent => None,
        Precondition::Unchanged(head) => Some(head),
    };
    let Some(object) = object else {
        return Ok(match (intent.verb, expected) {
            (MutationVerb::Remove, _) => Look::Applied(None),
            (_, None) => Look::NotYet(None),
            // The request names a UID that is gone: applied to nothing it is refused, not created.
            (_, Some(_)) => outdated("the object is gone"),
        });
    };
    let ending = object.pointer("/metadata/deletionTimestamp").is_some();
    let paused = is_paused(&object);
    // A rollback's fields were given back once no update of ours owns any.
    let gives_back = intent.body.is_some();
    let all = owners::entries(
        object
            .pointer("/metadata/managedFields")
            .unwrap_or(&Value::Null),
    );
    let given_back = !all.iter().any(|entry| entry.is(MANAGER, "Update"));
    let mutation = object
        .pointer("/metadata/annotations")
        .and_then(|a| a[MUTATION].as_str())
        .map(str::to_owned);
    let live =
        content::live(object).ok_or_else(|| ClusterFailure::Unreadable("no object".to_owned()))?;
    let another = expected.is_some_and(|head| head.uid != live.head.uid);
    let adopted = match gives_back {
        true => given_back,
        false => adopt::adoption(&intent.object, &live).is_none(),
    };
    let seen = Look::NotYet(Some((
        live.head.uid.clone(),
        live.head.resource_version.clone(),
    )));
    Ok(match intent.verb {
        MutationVerb::Remove if another || ending => Look::Applied(None),
        MutationVerb::Remove => seen,
        _ if another => outdated("the object was deleted and created again"),
        MutationVerb::Apply | MutationVerb::Restore
            if mutation.as_deref() == Some(intent.id.as_str()) =>
        {
            Look::Applied(Some(live.head))
        }
        MutationVerb::Apply | MutationVerb::Restore => match expected {
            None => outdated("somebody else created it meanwhile"),
            // Every send was preceded by a look that found the content as expected.
            Some(head)
                if intent.verb == MutationVerb::Apply && head.content != live.head.content =>
            {
                outdated("somebody else changed the object meanwhile")
            }
            Some(_) => seen,
        },
        MutationVerb::Pause | MutationVerb::Unpause
            if wants_paused(intent.verb) == Some(paused) =>
        {
            Look::Applied(Some(live.head))
        }
        MutationVerb::Pause | MutationVerb::Unpause => seen,
        MutationVerb::Adopt if adopted => Look::Applied(Some(live.head)),
        MutationVerb::Adopt => seen,
    })
}
