//! Server-side apply: merge the applied configuration into the live object, find conflicts, remove
//! what the manager no longer applies.

use super::ownership::{self, Entry, Writer};
use super::set::{FieldSet, compare, display};
use super::shape::{self, Shape};
use crate::resource::Resource;
use crate::status::ApiError;
use serde_json::{Value, json};

/// The merged object, before defaulting; `managedFields` are set.
pub(crate) fn apply(
    live: &Value,
    applied: &Value,
    resource: &Resource,
    writer: Writer,
    force: bool,
) -> Result<Value, ApiError> {
    let shape = shape::of(resource);
    let mut wanted = FieldSet::of(applied, shape);
    ownership::strip(&mut wanted, resource, writer.subresource);

    let mut merged = live.clone();
    merge(&mut merged, applied, shape);

    let mut all = ownership::entries(live);
    let mut changed = compare(live, &merged, shape).changed;
    ownership::strip(&mut changed, resource, writer.subresource);
    let changed = changed.intersect(&wanted);

    let is_mine = |entry: &Entry| entry.is(writer.manager, "Apply", writer.subresource);
    let conflicts: Vec<(String, Vec<String>)> = all
        .iter()
        .filter(|entry| !is_mine(entry))
        .flat_map(|entry| {
            let who = entry.describe();
            entry
                .fields
                .intersect(&changed)
                .paths()
                .into_iter()
                .map(move |path| (who.clone(), path))
        })
        .collect();
    if !conflicts.is_empty() && !force {
        return Err(conflict(&conflicts));
    }
    for entry in all.iter_mut().filter(|entry| !is_mine(entry)) {
        entry.fields.subtract(&changed);
    }

    let before = all.iter().find(|entry| is_mine(entry)).cloned();
    if let Some(before) = &before {
        let mut dropped = before.fields.clone();
        dropped.subtract(&wanted);
        prune(&mut merged, &dropped, &wanted, &all, &is_mine, shape);
    }
    record(&mut all, before, wanted, resource, writer);
    ownership::write(&mut merged, &all);
    Ok(merged)
}

fn record(
    all: &mut Vec<Entry>,
    before: Option<Entry>,
    wanted: FieldSet,
    resource: &Resource,
    writer: Writer,
) {
    // An unchanged set keeps its time, so that applying twice changes nothing.
    let same = before
        .as_ref()
        .is_some_and(|entry| entry.fields == wanted && entry.api_version == resource.api_version());
    if same {
        return;
    }
    let entry = Entry {
        manager: writer.manager.to_owned(),
        operation: "Apply".to_owned(),
        api_version: resource.api_version(),
        subresource: writer.subresource.to_owned(),
        time: writer.now.to_owned(),
        fields: wanted,
    };
    match all
        .iter_mut()
        .find(|e| e.is(writer.manager, "Apply", writer.subresource))
    {
        Some(mine) => *mine = entry,
        None => all.insert(0, entry),
    }
}

fn conflict(conflicts: &[(String, Vec<String>)]) -> ApiError {
    let causes = conflicts
        .iter()
        .map(|(who, path)| {
            json!({"reason": "FieldManagerConflict", "message": format!("conflict with {who}"), "field": display(path)})
        })
        .collect();
    let message = match conflicts {
        [(who, path)] => format!(
            "Apply failed with 1 conflict: conflict with {who}: {}",
            display(path)
        ),
        _ => {
            let mut lines = Vec::new();
            let mut managers: Vec<&String> = conflicts.iter().map(|(who, _)| who).collect();
            managers.sort();
            managers.dedup();
            for manager in managers {
                lines.push(format!("conflicts with {manager}:"));
                for (_, path) in conflicts.iter().filter(|(who, _)| who == manager) {
                    lines.push(format!("- {}", display(path)));
                }
            }
            format!(
                "Apply failed with {} conflicts: {}",
                conflicts.len(),
                lines.join("\n")
            )
        }
    };
    ApiError::apply_conflict(message, causes)
}

/// Lays `applied` over `live`.
fn merge(live: &mut Value, applied: &Value, shape: &Shape) {
    match (live, applied, shape) {
        (live, _, Shape::Atomic) => *live = applied.clone(),
        (Value::Object(live), Value::Object(applied), _) => {
            for (key, value) in applied {
                match live.get_mut(key) {
                    Some(existing) => merge(existing, value, shape.field(key)),
                    None => {
                        live.insert(key.clone(), value.clone());
                    }
                }
            }
        }
        (Value::Array(live), Value::Array(applied), Shape::ListMap(keys, item_shape)) => {
            merge_list(live, applied, keys, item_shape);
        }
        (Value::Array(live), Value::Array(applied), Shape::Set) => {
            for item in applied {
                if !live.contains(item) {
                    live.push(item.clone());
                }
            }
        }
        (live, applied, _) => *live = applied.clone(),
    }
}

/// The applied order wins; items that only the live list has keep their place among themselves.
fn merge_list(live: &mut Vec<Value>, applied: &[Value], keys: &[&str], item_shape: &Shape) {
    let mut merged = Vec::new();
    for item in applied {
        let key = shape::item_key(keys, item);
        let existing = live
            .iter()
            .position(|l| key.is_some() && shape::item_key(keys, l) == key);
        match existing {
            Some(at) => {
                let mut base = live.remove(at);
                merge(&mut base, item, item_shape);
                merged.push(base);
            }
            None => merged.push(item.clone()),
        }
    }
    merged.append(live);
    *live = merged;
}

/// Removes the fields in `dropped` that no other manager owns. Maps that become empty go too.
fn prune(
    merged: &mut Value,
    dropped: &FieldSet,
    wanted: &FieldSet,
    all: &[Entry],
    is_mine: &dyn Fn(&Entry) -> bool,
    shape: &Shape,
) {
    let mut paths = dropped.paths();
    paths.sort_by_key(|path| std::cmp::Reverse(path.len()));
    for path in paths {
        let owned = wanted.touches(&path)
            || all
                .iter()
                .any(|entry| !is_mine(entry) && entry.fields.touches(&path));
        if !owned {
            remove_path(merged, &path, shape, true);
        }
    }
}

fn remove_path(value: &mut Value, path: &[String], shape: &Shape, root: bool) {
    let Some((element, rest)) = path.split_first() else {
        return;
    };
    let inner_shape = super::set::child_shape(shape, element);
    match value {
        Value::Object(map) => {
            let Some(field) = element.strip_prefix("f:") else {
                return;
            };
            if rest.is_empty() {
                map.shift_remove(field);
            } else if let Some(child) = map.get_mut(field) {
                remove_path(child, rest, inner_shape, false);
                let hollow = match child {
                    Value::Object(inner) => inner.is_empty(),
                    Value::Array(inner) => inner.is_empty(),
                    _ => false,
                };
                if hollow && !root {
                    map.shift_remove(field);
                }
            }
        }
        Value::Array(list) => {
            let at = list.iter().position(|item| match shape {
                Shape::ListMap(keys, _) => shape::item_key(keys, item).as_ref() == Some(element),
                _ => shape::set_key(item) == *element,
            });
            if let Some(at) = at {
                if rest.is_empty() {
                    list.remove(at);
                } else {
                    remove_path(&mut list[at], rest, inner_shape, false);
                }
            }
        }
        _ => {}
    }
}
