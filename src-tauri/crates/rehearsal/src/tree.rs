//! Reading and writing JSON trees by path. Objects are kept as JSON because the API must give back
//! exactly the fields it was given, whatever their type says.

use serde_json::{Map, Value};

/// The string at a JSON pointer; empty when absent or not a string.
pub(crate) fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value
        .pointer(pointer)
        .and_then(Value::as_str)
        .unwrap_or_default()
}

/// The integer at a JSON pointer, or `default`.
pub(crate) fn number(value: &Value, pointer: &str, default: i64) -> i64 {
    value
        .pointer(pointer)
        .and_then(Value::as_i64)
        .unwrap_or(default)
}

/// The boolean at a JSON pointer; false when absent.
pub(crate) fn flag(value: &Value, pointer: &str) -> bool {
    value
        .pointer(pointer)
        .and_then(Value::as_bool)
        .unwrap_or(false)
}

/// The items at a JSON pointer; none when absent or not a list.
pub(crate) fn items<'a>(value: &'a Value, pointer: &str) -> &'a [Value] {
    value
        .pointer(pointer)
        .and_then(Value::as_array)
        .map(Vec::as_slice)
        .unwrap_or_default()
}

/// The map at a dotted chain of keys, created on the way; what is not a map is replaced by one.
pub(crate) fn map_mut<'a>(value: &'a mut Value, keys: &[&str]) -> &'a mut Map<String, Value> {
    let mut here = as_map(value);
    for key in keys {
        here = as_map(here.entry(*key).or_insert(Value::Null));
    }
    here
}

fn as_map(value: &mut Value) -> &mut Map<String, Value> {
    if !value.is_object() {
        *value = Value::Object(Map::new());
    }
    match value {
        Value::Object(map) => map,
        _ => unreachable!("made a map above"),
    }
}

/// Sets the value at a chain of keys, creating maps on the way.
pub(crate) fn set(value: &mut Value, keys: &[&str], new: impl Into<Value>) {
    if let Some((last, parents)) = keys.split_last() {
        map_mut(value, parents).insert((*last).to_owned(), new.into());
    }
}

/// Removes the value at a chain of keys, if the chain exists.
pub(crate) fn remove(value: &mut Value, keys: &[&str]) {
    let Some((last, parents)) = keys.split_last() else {
        return;
    };
    let mut here = value;
    for key in parents {
        match here.get_mut(*key) {
            Some(next) => here = next,
            None => return,
        }
    }
    if let Some(map) = here.as_object_mut() {
        map.shift_remove(*last);
    }
}

/// Sets a key only if it is absent (or null): what defaulting does.
pub(crate) fn default(value: &mut Value, keys: &[&str], new: impl Into<Value>) {
    if let Some((last, parents)) = keys.split_last() {
        let map = map_mut(value, parents);
        if map.get(*last).is_none_or(Value::is_null) {
            map.insert((*last).to_owned(), new.into());
        }
    }
}

/// `metadata.name`.
pub(crate) fn name(object: &Value) -> &str {
    text(object, "/metadata/name")
}

/// `metadata.namespace`; empty for cluster-scoped objects.
pub(crate) fn namespace(object: &Value) -> &str {
    text(object, "/metadata/namespace")
}

/// `metadata.uid`.
pub(crate) fn uid(object: &Value) -> &str {
    text(object, "/metadata/uid")
}

/// A label's value.
pub(crate) fn label<'a>(object: &'a Value, key: &str) -> Option<&'a str> {
    object.get("metadata")?.get("labels")?.get(key)?.as_str()
}

/// An annotation's value.
pub(crate) fn annotation<'a>(object: &'a Value, key: &str) -> Option<&'a str> {
    object
        .get("metadata")?
        .get("annotations")?
        .get(key)?
        .as_str()
}

/// The owner reference with `controller: true`.
pub(crate) fn controller_of(object: &Value) -> Option<&Value> {
    items(object, "/metadata/ownerReferences")
        .iter()
        .find(|owner| flag(owner, "/controller"))
}

/// Whether deletion has begun (`metadata.deletionTimestamp`).
pub(crate) fn is_terminating(object: &Value) -> bool {
    object
        .pointer("/metadata/deletionTimestamp")
        .is_some_and(|at| !at.is_null())
}
