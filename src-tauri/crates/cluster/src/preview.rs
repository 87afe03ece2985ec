//! What applying a manifest would do, asked of the API server itself (facts 2.8).

use std::sync::LazyLock;

use domain::{FieldConflict, Masked, Permission};
use engine::ports::{ClusterFailure, Outgoing, Preview, Replicas};
use http::{Method, StatusCode};
use regex::Regex;
use serde_json::Value;

use crate::connection::Connection;
use crate::kinds::Kind;
use crate::manifest::{self, Fence, MANAGER, PAUSER};
use crate::owners::{Fields, is_key, owned, take_away, value_at};
use crate::redact::redact;
use crate::wire::Answer;
use crate::{adopt, autoscale, carry, content, failure, fields, objects};

pub(crate) const APPLY: &str = "application/apply-patch+yaml";

static OWNER: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"conflict with ("(?:[^"\\]|\\.)*")"#).ok());

/// Asks for a dry run, first without force to learn the owners of fields, then with it to learn the
/// values.
pub(crate) async fn ask(
    connection: &Connection,
    kind: &Kind,
    manifest: &Outgoing,
) -> Result<Preview, ClusterFailure> {
    let object = &manifest.object;
    let live = objects::live(connection, kind, object).await?;
    let adoption = live.as_ref().and_then(|live| adopt::adoption(object, live));
    let ours = live
        .as_ref()
        .map(|live| adopt::ours(live, adoption.as_ref()));
    let ours = ours.unwrap_or_default();
    let replicas = match &live {
        Some(_) => autoscale::replicas(connection, object).await?,
        None => Replicas::Manifest,
    };
    let mut kept = Vec::new();
    let mut sent = manifest.clone();
    if let Some(live) = &live {
        let autoscaled = matches!(replicas, Replicas::Autoscaler(_));
        if autoscaled && autoscale::gives_up_replicas(manifest, live, &ours) {
            sent = autoscale::with_live_replicas(manifest, live);
        }
        (sent, kept) = carry::with_theirs(&sent, live, adoption.as_ref());
    }
    let manifest = &sent;
    let body = manifest::body(manifest, None, kind.namespaced, Fence::None);
    let mut conflicts = Vec::new();
    let mut answer = dry_run(connection, kind, manifest, &body, false).await?;
    if let Some(found) = field_conflicts(&answer) {
        conflicts = not_ours(found);
        answer = dry_run(connection, kind, manifest, &body, true).await?;
    }
    let unchanged = Preview {
        live,
        after: None,
        content: None,
        fields: Vec::new(),
        conflicts,
        rejected: None,
        adopts: adoption.is_some(),
        replicas,
        kept,
    };
    let verb = if unchanged.live.is_some() {
        "patch"
    } else {
        "create"
    };
    let needs = kind.permission(verb, &object.namespace);
    let after = match dry_run_outcome(&answer, &manifest.body, &needs)? {
        Ok(after) => after,
        Err(rejected) => {
            return Ok(Preview {
                rejected: Some(rejected),
                ..unchanged
            });
        }
    };
    let after = match &adoption {
        None => after,
        Some(adoption) => adopted(connection, kind, manifest, after, &adoption.moved).await?,
    };
    let after = content::strip(after);
    let before = unchanged.live.as_ref();
    let before = before.map(|live| Masked::of(live.body.clone()));
    let (shown, sent) = (Masked::of(after.clone()), Masked::of(body));
    let fields = fields::changes(before.as_ref(), &shown, &sent, &ours);
    Ok(Preview {
        content: Some(content::digest(&after)),
        after: Some(after),
        fields,
        ..unchanged
    })
}

/// The object that a dry run answered, or the printable reason why the API server does not want it.
pub(crate) fn dry_run_outcome(
    answer: &Answer,
    hidden: &Value,
    needs: &Permission,
) -> Result<Result<Value, String>, ClusterFailure> {
    if answer.status.is_success() {
        let object = answer.json();
        let unreadable = || ClusterFailure::Unreadable("no JSON".to_owned());
        return object.map(Ok).ok_or_else(unreadable);
    }
    if is_refusal(answer) {
        return Ok(Err(redact(&answer.message(), hidden)));
    }
    Err(failure::of_answer(answer, needs))
}

/// A dry run's object without what goes as well once its ownership is moved, which the dry run cannot
/// know. A second dry run fills in the defaults that take its place.
async fn adopted(
    connection: &Connection,
    kind: &Kind,
    manifest: &Outgoing,
    after: Value,
    moved: &Fields,
) -> Result<Value, ClusterFailure> {
    let managed = after.pointer("/metadata/managedFields");
    let kept = owned(managed.unwrap_or(&Value::Null), |entry| {
        !adopt::is_client_side(entry)
    });
    let mut fewer = after.clone();
    let mut goes = false;
    // What holds others comes first: an element without its key could not be found any more.
    for path in &moved.paths() {
        let goes_alone = !kept.touches(path) && !is_key(path);
        if goes_alone && value_at(&fewer, path).is_some() {
            take_away(&mut fewer, path);
            goes = true;
        }
    }
    if !goes {
        return Ok(after);
    }
    let uri = format!(
        "{}?fieldManager={MANAGER}&fieldValidation=Ignore&dryRun=All",
        kind.path(&manifest.object)
    );
    for _ in 0..=connection.limits.races {
        let json = Some("application/json");
        let ask = connection.read(Method::PUT, uri.clone(), json, Some(&fewer));
        let answer = connection.ask(ask).await?;
        if answer.status.is_success() {
            return Ok(answer.json().unwrap_or(fewer));
        }
        let moved = answer.status == StatusCode::CONFLICT;
        let Some(live) = objects::raw(connection, kind, &manifest.object)
            .await?
            .filter(|_| moved)
        else {
            break;
        };
        fewer["metadata"]["resourceVersion"] = live["metadata"]["resourceVersion"].clone();
    }
    // Without the defaults, then: rather a field too many in the diff than none.
    Ok(fewer)
}

async fn dry_run(
    connection: &Connection,
    kind: &Kind,
    manifest: &Outgoing,
    body: &Value,
    force: bool,
) -> Result<Answer, ClusterFailure> {
    let uri = apply_uri(kind, manifest, force) + "&dryRun=All";
    connection
        .ask(connection.read(Method::PATCH, uri, Some(APPLY), Some(body)))
        .await
}

pub(crate) fn apply_uri(kind: &Kind, manifest: &Outgoing, force: bool) -> String {
    let path = kind.path(&manifest.object);
    format!(
        "{path}?fieldManager={MANAGER}&fieldValidation=Strict{}",
        if force { "&force=true" } else { "" }
    )
}

/// The owners of fields that an apply conflicts with; none when it was refused for something else.
pub(crate) fn field_conflicts(answer: &Answer) -> Option<Vec<FieldConflict>> {
    if answer.status != StatusCode::CONFLICT {
        return None;
    }
    let status = answer.api_status()?;
    let causes = status.pointer("/details/causes")?.as_array()?;
    let conflicts: Vec<FieldConflict> = causes
        .iter()
        .filter(|cause| cause["reason"] == "FieldManagerConflict")
        .map(|cause| FieldConflict {
            manager: owner(cause["message"].as_str().unwrap_or_default()),
            path: cause["field"].as_str().unwrap_or_default().to_owned(),
        })
        .collect();
    (!conflicts.is_empty()).then_some(conflicts)
}

/// The manager's name out of `conflict with "kubectl" using apps/v1`; Go quotes it like JSON does.
fn owner(message: &str) -> String {
    let quoted = OWNER
        .as_ref()
        .and_then(|owner| owner.captures(message))
        .and_then(|found| found.get(1));
    quoted
        .and_then(|text| serde_json::from_str(text.as_str()).ok())
        .unwrap_or_else(|| message.to_owned())
}

/// Conflicts with anybody but ourselves: what we paused, we may also let go on, what we put back, we may
/// change again, and what `kubectl apply` owns becomes ours anyway.
pub(crate) fn not_ours(mut conflicts: Vec<FieldConflict>) -> Vec<FieldConflict> {
    conflicts.retain(|conflict| {
        let manager = conflict.manager.as_str();
        ![MANAGER, PAUSER].contains(&manager) && !adopt::is_adopted_manager(manager)
    });
    conflicts.sort();
    conflicts.dedup();
    conflicts
}

/// Whether the API server looked at the manifest and does not want it. A 403 of the authoriser is no
/// such thing: it says what the *user* may not do.
fn is_refusal(answer: &Answer) -> bool {
    if answer.api_status().is_none() {
        return false;
    }
    let message = answer.message();
    match answer.status.as_u16() {
        400 | 404 | 409 | 413 | 415 | 422 => true,
        403 => !is_authorisers(&message),
        500 => is_before_storage(&message) || is_unasked(&message),
        _ => false,
    }
}

/// Whether a 403 is the authoriser's: `User "x" cannot patch resource …`.
pub(crate) fn is_authorisers(message: &str) -> bool {
    ["patch", "update", "create", "delete"]
        .iter()
        .any(|verb| message.contains(&format!("cannot {verb} resource")))
}

/// Whether a 500 is one that the API server gives before it writes anything, for a field that apply
/// does not find in the schema (Kubernetes 1.36.3).
pub(crate) fn is_before_storage(message: &str) -> bool {
    message.starts_with("failed to create typed patch object")
}

/// Whether a 500 is given instead of writing because an admission webhook could not be asked, which
/// says nothing about the change.
pub(crate) fn is_unasked(message: &str) -> bool {
    message.contains("failed calling webhook")
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use serde_json::json;

    use super::*;

    fn answer(status: u16, body: &Value) -> Answer {
        Answer {
            status: StatusCode::from_u16(status).unwrap(),
            date: None,
            retry_after: None,
            body: body.to_string().into(),
        }
    }

    fn status(message: &str, causes: Value) -> Value {
        json!({"kind": "Status", "message": message, "details": {"causes": causes}})
    }

    #[test]
    fn owners_are_read_from_the_causes() {
        let causes = json!([
            {"reason": "FieldManagerConflict", "message": "conflict with \"kubectl-edit\" using apps/v1", "field": ".spec.replicas"},
            {"reason": "FieldManagerConflict", "message": "conflict with \"a \\\"b\\\"\" with subresource \"scale\" using apps/v1 at 2026", "field": ".spec.x"},
            {"reason": "Other", "message": "conflict with \"c\"", "field": ".y"},
        ]);
        let found = field_conflicts(&answer(409, &status("", causes))).unwrap();
        let found: Vec<_> = found
            .iter()
            .map(|c| (c.manager.as_str(), c.path.as_str()))
            .collect();
        assert_eq!(
            found,
            [("kubectl-edit", ".spec.replicas"), ("a \"b\"", ".spec.x")]
        );
        assert!(field_conflicts(&answer(409, &status("modified", json!([])))).is_none());
        assert!(field_conflicts(&answer(422, &status("", json!([])))).is_none());
    }

    #[test]
    fn a_refusal_of_the_manifest_is_told_from_a_refusal_of_the_user() {
        let says =
            |code: u16, message: &str| is_refusal(&answer(code, &status(message, json!([]))));
        assert!(says(422, "invalid"));
        assert!(says(403, "admission webhook \"x\" denied the request"));
        assert!(says(403, "exceeded quota: q"));
        assert!(!says(
            403,
            "User \"v\" cannot patch resource \"configmaps\" in API group \"\""
        ));
        assert!(!says(401, ""));
        assert!(says(
            500,
            "failed to create typed patch object (n/x; apps/v1, Kind=Deployment): .spec.x"
        ));
        assert!(!says(500, "etcd"));
        assert!(!is_refusal(&answer(404, &json!("a proxy's page"))));
    }
}
