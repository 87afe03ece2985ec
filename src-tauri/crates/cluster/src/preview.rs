//! What applying a manifest would do, asked of the API server itself (facts 2.8).

use std::sync::LazyLock;

use domain::{FieldConflict, Masked};
use engine::ports::{ClusterFailure, Outgoing, Preview};
use http::{Method, StatusCode};
use regex::Regex;
use serde_json::Value;

use crate::connection::Connection;
use crate::kinds::Kind;
use crate::manifest::{self, Fence, MANAGER, PAUSER};
use crate::redact::redact;
use crate::wire::Answer;
use crate::{content, failure, fields, objects};

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
    let live = objects::live(connection, kind, &manifest.object).await?;
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
    };
    if !answer.status.is_success() {
        if is_refusal(&answer) {
            let message = redact(&answer.message(), &manifest.body);
            return Ok(Preview {
                rejected: Some(message),
                ..unchanged
            });
        }
        let verb = if unchanged.live.is_some() {
            "patch"
        } else {
            "create"
        };
        return Err(failure::of_answer(
            &answer,
            &kind.permission(verb, &manifest.object.namespace),
        ));
    }
    let after = answer
        .json()
        .ok_or_else(|| ClusterFailure::Unreadable("no JSON".to_owned()))?;
    let after = content::strip(after);
    let before = unchanged.live.as_ref();
    let before = before.map(|live| Masked::of(live.body.clone()));
    let (shown, sent) = (Masked::of(after.clone()), Masked::of(body));
    let fields = fields::changes(before.as_ref(), &shown, &sent);
    Ok(Preview {
        content: Some(content::digest(&after)),
        after: Some(after),
        fields,
        ..unchanged
    })
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

/// Conflicts with anybody but ourselves: what we paused, we may also let go on.
pub(crate) fn not_ours(mut conflicts: Vec<FieldConflict>) -> Vec<FieldConflict> {
    conflicts.retain(|conflict| conflict.manager != MANAGER && conflict.manager != PAUSER);
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
    ["patch", "create", "delete"]
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
