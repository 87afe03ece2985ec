//! What a release did to an object, when only the manifest that it sent is known.

use serde_json::{Map, Value};

use crate::fields::{Path, label, merge_key};
use crate::owners::{Fields, take_away, value_at};
use crate::quantity::same;

/// The object as a release left it, when only the manifest that was sent is known: of the live fields
/// those that the manifest names with the same value are its work, and of the fields that were ours
/// before those that it no longer names and that are gone.
pub(crate) fn as_sent(before: &Value, sent: &Value, live: &Value, owned_before: &Fields) -> Value {
    let mut written = before.clone();
    set(&Path::root(), &mut written, sent, live);
    for path in owned_before.paths() {
        let gone = value_at(live, &path).is_none() && value_at(sent, &path).is_none();
        if gone && value_at(before, &path).is_some() {
            take_away(&mut written, &path);
        }
    }
    written
}

fn set(path: &Path, written: &mut Value, sent: &Value, live: &Value) {
    match (sent, live) {
        (Value::Object(sent), Value::Object(live)) => {
            if !written.is_object() {
                *written = Value::Object(Map::new());
            }
            for (key, sent) in sent {
                let Some(live) = live.get(key) else {
                    continue;
                };
                let path = path.key(key);
                let Some(map) = written.as_object_mut() else {
                    return;
                };
                match map.get_mut(key) {
                    Some(known) => set(&path, known, sent, live),
                    None if live.is_object() && sent.is_object() => {
                        let mut fresh = Value::Object(Map::new());
                        set(&path, &mut fresh, sent, live);
                        map.insert(key.clone(), fresh);
                    }
                    None if covers(&path, live, sent) => {
                        map.insert(key.clone(), live.clone());
                    }
                    None => {}
                }
            }
        }
        (Value::Array(sent_list), Value::Array(live_list)) => {
            let known = written.as_array().cloned().unwrap_or_default();
            match merge_key(&[sent_list, live_list, &known]) {
                Some(key) => elements(path, written, key, sent_list, live_list),
                None if covers(path, live, sent) => *written = live.clone(),
                None => {}
            }
        }
        _ if covers(path, live, sent) => *written = live.clone(),
        _ => {}
    }
}

fn elements(path: &Path, written: &mut Value, key: &str, sent: &[Value], live: &[Value]) {
    let mut known = written.as_array().cloned().unwrap_or_default();
    for sent in sent {
        let name = label(sent, key);
        let Some(live) = live.iter().find(|live| label(live, key) == name) else {
            continue;
        };
        let path = path.element(key, &name);
        match known.iter_mut().find(|known| label(known, key) == name) {
            Some(known) => set(&path, known, sent, live),
            None if covers(&path, live, sent) => known.push(live.clone()),
            None => {}
        }
    }
    *written = Value::Array(known);
}

/// Whether a live value is what was sent, with nothing but defaults besides.
fn covers(path: &Path, live: &Value, sent: &Value) -> bool {
    match (live, sent) {
        (Value::Object(live), Value::Object(sent)) => sent.iter().all(|(key, sent)| {
            let live = live.get(key);
            live.is_some_and(|live| covers(&path.key(key), live, sent))
        }),
        (Value::Array(live), Value::Array(sent)) => {
            live.len() == sent.len()
                && live
                    .iter()
                    .zip(sent)
                    .enumerate()
                    .all(|(at, (live, sent))| covers(&path.index(at), live, sent))
        }
        (live, sent) => same(&path.text, live, sent),
    }
}
