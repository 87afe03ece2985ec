//! The three older patch types: JSON Patch, JSON merge patch, strategic merge patch.

use crate::fields::shape::{self, Shape};
use crate::resource::Resource;
use crate::status::ApiError;
use serde_json::{Map, Value};

/// The patch types that say what to change; apply is in `fields::apply`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PatchKind {
    Json,
    Merge,
    Strategic,
}

/// The patched object.
pub(crate) fn patched(
    live: &Value,
    patch: &Value,
    kind: PatchKind,
    resource: &Resource,
) -> Result<Value, ApiError> {
    let mut object = live.clone();
    match kind {
        PatchKind::Json => {
            // The real server does not say which operation failed either.
            let rejected = || {
                ApiError::unprocessable(
                    "the server rejected our request due to an error in our request",
                )
            };
            let patch: json_patch::Patch =
                serde_json::from_value(patch.clone()).map_err(|why| match patch {
                    // An operation that does not exist is only met when it is carried out.
                    Value::Array(_) => rejected(),
                    _ => ApiError::bad_request(format!("error decoding patch: {why}")),
                })?;
            json_patch::patch(&mut object, &patch).map_err(|_| rejected())?;
        }
        PatchKind::Merge => json_patch::merge(&mut object, patch),
        PatchKind::Strategic if !resource.builtin => {
            return Err(ApiError::unsupported_media_type(
                "application/strategic-merge-patch+json",
            ));
        }
        PatchKind::Strategic => strategic(&mut object, patch, shape::of(resource)),
    }
    Ok(object)
}

/// Strategic merge (apimachinery `strategicpatch`): keyed lists merge by their first key, `$patch`
/// replaces or deletes, `$setElementOrder` sorts, `$deleteFromPrimitiveList` removes.
fn strategic(live: &mut Value, patch: &Value, shape: &Shape) {
    let (Some(changes), true) = (patch.as_object(), live.is_object()) else {
        *live = without_directives(patch);
        return;
    };
    if changes.get("$patch").and_then(Value::as_str) == Some("replace") {
        *live = without_directives(patch);
        return;
    }
    let retained: Option<&Vec<Value>> = changes.get("$retainKeys").and_then(Value::as_array);
    let Some(map) = live.as_object_mut() else {
        return;
    };
    if let Some(keys) = retained {
        map.retain(|key, _| keys.iter().any(|k| k == key));
    }
    for (key, value) in changes {
        if let Some(field) = key.strip_prefix("$deleteFromPrimitiveList/") {
            let gone = value.as_array().cloned().unwrap_or_default();
            if let Some(Value::Array(list)) = map.get_mut(field) {
                list.retain(|item| !gone.contains(item));
            }
            continue;
        }
        if key.starts_with('$') {
            continue;
        }
        strategic_field(map, key, value, shape.field(key));
    }
    for (key, order) in changes {
        if let (Some(field), Some(order)) =
            (key.strip_prefix("$setElementOrder/"), order.as_array())
            && let Some(Value::Array(list)) = map.get_mut(field)
        {
            sort_by_order(list, order, shape.field(field));
        }
    }
}

fn strategic_field(map: &mut Map<String, Value>, key: &str, value: &Value, shape: &Shape) {
    if value.is_null() {
        map.shift_remove(key);
        return;
    }
    match (map.get_mut(key), value, shape) {
        (Some(Value::Array(list)), Value::Array(changes), Shape::ListMap(keys, item)) => {
            strategic_list(list, changes, keys[0], item);
        }
        (Some(Value::Array(list)), Value::Array(changes), Shape::Set) => {
            for change in changes {
                if !list.contains(change) {
                    list.push(change.clone());
                }
            }
        }
        (Some(existing @ Value::Object(_)), Value::Object(_), _) => {
            strategic(existing, value, shape);
        }
        _ => {
            map.insert(key.to_owned(), without_directives(value));
        }
    }
}

fn strategic_list(list: &mut Vec<Value>, changes: &[Value], key: &str, item_shape: &Shape) {
    let replaces = changes
        .iter()
        .any(|c| c.get("$patch").and_then(Value::as_str) == Some("replace"));
    if replaces {
        *list = changes
            .iter()
            .filter(|c| c.get("$patch").is_none())
            .map(without_directives)
            .collect();
        return;
    }
    for change in changes {
        let id = change.get(key);
        let at = list
            .iter()
            .position(|item| id.is_some() && item.get(key) == id);
        let deletes = change.get("$patch").and_then(Value::as_str) == Some("delete");
        match (at, deletes) {
            (Some(at), true) => {
                list.remove(at);
            }
            (None, true) => {}
            (Some(at), false) => strategic(&mut list[at], change, item_shape),
            (None, false) => list.push(without_directives(change)),
        }
    }
}

fn sort_by_order(list: &mut [Value], order: &[Value], shape: &Shape) {
    let place = |item: &Value| {
        order
            .iter()
            .position(|wanted| match shape {
                Shape::ListMap(keys, _) => item.get(keys[0]) == wanted.get(keys[0]),
                _ => item == wanted,
            })
            .unwrap_or(usize::MAX)
    };
    list.sort_by_key(place);
}

fn without_directives(value: &Value) -> Value {
    match value {
        Value::Object(map) => Value::Object(
            map.iter()
                .filter(|(key, value)| !key.starts_with('$') && !value.is_null())
                .map(|(key, value)| (key.clone(), without_directives(value)))
                .collect(),
        ),
        Value::Array(list) => Value::Array(list.iter().map(without_directives).collect()),
        other => other.clone(),
    }
}
