//! What a rollback would do now, asked of the API server.

use domain::{FieldAuthor, KeptField, Masked, path_within};
use engine::ports::{ClusterFailure, FoundObject, Rollback, RollbackPreview};
use http::StatusCode;
use serde_json::{Value, json};

use crate::connection::Connection;
use crate::kinds::Kind;
use crate::owners::Fields;
use crate::preview::dry_run_outcome;
use crate::redact::redact;
use crate::rollback::{JSON, plan};
use crate::three_way::{self, Reverted};
use crate::{content, fields, manifest, objects};

/// What the rollback would do now. Asked again when the object moves between the look and the dry run.
pub(crate) async fn preview(
    connection: &Connection,
    kind: &Kind,
    rollback: &Rollback,
) -> Result<RollbackPreview, ClusterFailure> {
    for _ in 0..=connection.limits.races {
        if let Some(preview) = once(connection, kind, rollback).await? {
            return Ok(preview);
        }
    }
    Err(ClusterFailure::Answered {
        status: StatusCode::CONFLICT.as_u16(),
        message: "the object keeps changing".to_owned(),
    })
}

/// None if the object moved meanwhile.
async fn once(
    connection: &Connection,
    kind: &Kind,
    rollback: &Rollback,
) -> Result<Option<RollbackPreview>, ClusterFailure> {
    let raw = objects::raw(connection, kind, &rollback.object).await?;
    let Some(mut plan) = plan(kind, rollback, raw.clone())? else {
        return Ok(Some(RollbackPreview {
            found: FoundObject::Another,
            live: raw.and_then(content::live),
            after: None,
            fields: Vec::new(),
            theirs: Vec::new(),
            rejected: None,
        }));
    };
    let mut metadata = plan.body["metadata"].take();
    manifest::sign(&mut metadata, &rollback.release, None);
    plan.body["metadata"] = metadata;
    let uri = format!("{}&dryRun=All", plan.uri);
    let ask = connection.read(plan.method.clone(), uri, Some(JSON), Some(&plan.body));
    let answer = connection.ask(ask).await?;
    if answer.status == StatusCode::CONFLICT && answer.api_status().is_some() {
        return Ok(None);
    }
    let nothing = RollbackPreview {
        found: if plan.live.is_some() {
            FoundObject::Same
        } else {
            FoundObject::Gone
        },
        theirs: theirs(rollback, raw.as_ref(), plan.reverted.as_ref()),
        live: plan.live,
        after: None,
        fields: Vec::new(),
        rejected: None,
    };
    let verb = if nothing.live.is_some() {
        "update"
    } else {
        "create"
    };
    let needs = kind.permission(verb, &rollback.object.namespace);
    let after = match dry_run_outcome(&answer, &plan.body, &needs)? {
        Ok(after) => after,
        Err(rejected) => {
            return Ok(Some(RollbackPreview {
                rejected: Some(redact(&rejected, &rollback.before)),
                ..nothing
            }));
        }
    };
    let after = content::strip(after);
    let before = nothing
        .live
        .as_ref()
        .map(|live| Masked::of(live.body.clone()));
    let shown = Masked::of(after.clone());
    let mut fields = fields::changes(before.as_ref(), &shown, &shown, &Fields::default());
    if let Some(reverted) = &plan.reverted {
        let put_back = |path: &str| reverted.put_back.iter().any(|p| path_within(path, p));
        for field in fields.iter_mut().filter(|field| !put_back(&field.path)) {
            field.author = FieldAuthor::Automatic;
        }
    }
    Ok(Some(RollbackPreview {
        after: Some(after),
        fields,
        ..nothing
    }))
}

/// The fields that stay, with their values masked as everything that is shown.
fn theirs(
    rollback: &Rollback,
    live: Option<&Value>,
    reverted: Option<&Reverted>,
) -> Vec<KeptField> {
    let (Some(live), Some(reverted)) = (live, reverted) else {
        return Vec::new();
    };
    let text = |value: &Option<Value>| value.as_ref().map(Value::to_string);
    let masks = rollback.object.is_secret();
    let shown = |kept: &three_way::Kept, value: &Option<Value>| match value {
        Some(value) if masks => masked(live, &kept.path, value),
        value => text(value),
    };
    let kept = reverted.theirs.iter();
    kept.map(|kept| KeptField {
        path: kept.path.clone(),
        ours: shown(kept, &kept.ours),
        theirs: shown(kept, &kept.theirs),
    })
    .collect()
}

/// A value of a Secret as the mask shows it at its place.
fn masked(live: &Value, path: &str, value: &Value) -> Option<String> {
    let (top, key) = path.split_once('.').unwrap_or((path, ""));
    let annotation = path.strip_prefix("metadata.annotations.");
    let object = match (annotation, top, key) {
        (Some(key), ..) => json!({"metadata": {"annotations": {key: value}}}),
        (None, "data", "") => json!({"data": value}),
        (None, "data", key) => json!({"data": {key: value}}),
        _ => return Some(value.to_string()),
    };
    let mut object = object;
    object["kind"] = live["kind"].clone();
    object["apiVersion"] = live["apiVersion"].clone();
    let masked = Masked::of(object);
    let shown = masked.value();
    let shown = match (annotation, key) {
        (Some(key), _) => &shown["metadata"]["annotations"][key],
        (None, "") => &shown["data"],
        (None, key) => &shown["data"][key],
    };
    Some(shown.to_string())
}
