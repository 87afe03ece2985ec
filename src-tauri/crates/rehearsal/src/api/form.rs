//! In which form objects are answered: as they are, as a Table, or metadata only.

use super::table;
use crate::resource::Resource;
use crate::status::ApiError;
use crate::tree::{map_mut, set};
use http::HeaderMap;
use http::header::ACCEPT;
use serde_json::{Value, json};

/// What `Accept` asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Object,
    Table,
    Metadata,
}

/// Chooses the form; only JSON is spoken.
pub(crate) fn wanted(headers: &HeaderMap) -> Result<Form, ApiError> {
    let accept = headers
        .get(ACCEPT)
        .and_then(|value| value.to_str().ok())
        .unwrap_or("*/*");
    for choice in accept.split(',').map(str::trim) {
        if choice.starts_with("application/json") {
            return Ok(if choice.contains("as=Table") {
                Form::Table
            } else if choice.contains("as=PartialObjectMetadata") {
                Form::Metadata
            } else {
                Form::Object
            });
        }
        if choice.starts_with("*/*") || choice.starts_with("application/*") || choice.is_empty() {
            return Ok(Form::Object);
        }
    }
    Err(ApiError::not_acceptable())
}

/// Adapts an object to the group it was asked for: events exist in two.
pub(crate) fn viewed(resource: &Resource, object: &Value) -> Value {
    if resource.group != "events.k8s.io" {
        return object.clone();
    }
    let mut view = object.clone();
    set(&mut view, &["apiVersion"], "events.k8s.io/v1");
    let map = map_mut(&mut view, &[]);
    for (old, new) in [
        ("involvedObject", "regarding"),
        ("message", "note"),
        ("source", "deprecatedSource"),
        ("firstTimestamp", "deprecatedFirstTimestamp"),
        ("lastTimestamp", "deprecatedLastTimestamp"),
        ("count", "deprecatedCount"),
        ("reportingComponent", "reportingController"),
    ] {
        if let Some(value) = map.shift_remove(old) {
            map.insert(new.to_owned(), value);
        }
    }
    view
}

/// One object in the wanted form.
pub(crate) fn render(resource: &Resource, object: &Value, form: Form, include: &str) -> Value {
    match form {
        Form::Object => viewed(resource, object),
        Form::Table => {
            let version = object["metadata"]["resourceVersion"].clone();
            table::table(
                resource,
                &[object],
                json!({"resourceVersion": version}),
                include,
            )
        }
        Form::Metadata => metadata_only(object),
    }
}

fn metadata_only(object: &Value) -> Value {
    json!({
        "kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1",
        "metadata": object["metadata"],
    })
}

/// A list in the wanted form.
pub(crate) fn render_list(
    resource: &Resource,
    objects: &[&Value],
    metadata: Value,
    form: Form,
    include: &str,
) -> Value {
    match form {
        Form::Object => {
            let items: Vec<Value> = objects
                .iter()
                .map(|object| {
                    let mut item = viewed(resource, object);
                    if resource.builtin {
                        // Items of typed lists carry no type of their own, as on a real server.
                        let map = map_mut(&mut item, &[]);
                        map.shift_remove("kind");
                        map.shift_remove("apiVersion");
                    }
                    item
                })
                .collect();
            json!({
                "kind": format!("{}List", resource.kind), "apiVersion": resource.api_version(),
                "metadata": metadata, "items": items,
            })
        }
        Form::Table => table::table(resource, objects, metadata, include),
        Form::Metadata => json!({
            "kind": "PartialObjectMetadataList", "apiVersion": "meta.k8s.io/v1",
            "metadata": metadata,
            "items": objects.iter().map(|o| metadata_only(o)).collect::<Vec<_>>(),
        }),
    }
}
