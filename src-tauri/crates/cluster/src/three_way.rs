//! What a rollback puts back: what the release changed and nobody changed since.
//!
//! Three objects decide field by field: the one before the release, the one that the release left, and
//! the one that is live. Where the first two are equal, the release changed nothing and the live field
//! stays. Where they differ and the live one is as the release left it, the field of before is put back.
//! Where it is neither, somebody changed it since, and it stays and is named.

use domain::{ObjectRef, path_within};
use serde_json::{Map, Value};

use crate::content;
use crate::fields::{Path, label, merge_key};
use crate::quantity::same;

/// What a rollback makes of a live object.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Reverted {
    /// The live object with the fields put back.
    pub body: Value,
    /// Paths of the fields that were put back, or removed because the release had added them.
    pub put_back: Vec<String>,
    /// Fields that stay as somebody else left them.
    pub theirs: Vec<Kept>,
}

/// A field that the release changed and somebody else changed after it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Kept {
    pub path: String,
    /// What would have been put back.
    pub ours: Option<Value>,
    /// What is live.
    pub theirs: Option<Value>,
}

/// Takes back in `live` what happened between `before` and `written`. At paths within `anyway` the field
/// of before counts whatever is live.
pub(crate) fn revert(before: &Value, written: &Value, live: &Value, anyway: &[String]) -> Reverted {
    let mut walk = Walk {
        is_service: live["kind"] == "Service" && live["apiVersion"] == "v1",
        anyway,
        put_back: Vec::new(),
        theirs: Vec::new(),
    };
    let mut body = live.clone();
    let (before, written) = (revertible(before), revertible(written));
    let mine = revertible(live);
    let result = walk.map(&Path::root(), Some(&before), Some(&written), Some(&mine));
    if let (Some(Value::Object(result)), Some(top)) = (result, body.as_object_mut()) {
        lay_over(top, &mine, result);
    }
    Reverted {
        body,
        put_back: walk.put_back,
        theirs: walk.theirs,
    }
}

/// The part of an object that a rollback may touch. What only the API server and controllers write, whose
/// object it is and what holds its deletion up is never written back; neither are our own annotations.
/// Whether a rollout is paused is a matter of its own.
fn revertible(object: &Value) -> Value {
    let mut object = content::strip(object.clone());
    let pauses = can_pause(&object);
    let Some(top) = object.as_object_mut() else {
        return object;
    };
    top.retain(|key, _| key != "apiVersion" && key != "kind");
    if let Some(metadata) = top.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.retain(|key, _| key == "labels" || key == "annotations");
        if let Some(annotations) = metadata
            .get_mut("annotations")
            .and_then(Value::as_object_mut)
        {
            annotations.retain(|key, _| !is_bookkeeping(key));
        }
    }
    if let Some(spec) = top.get_mut("spec").and_then(Value::as_object_mut)
        && pauses
    {
        spec.remove("paused");
    }
    object
}

fn is_bookkeeping(annotation: &str) -> bool {
    annotation.starts_with(content::OURS) || annotation.starts_with(content::KEPT_BY_CLUSTER)
}

/// Whether the object is of a kind whose rollout can be paused.
pub(crate) fn can_pause(object: &Value) -> bool {
    let text = |key: &str| object[key].as_str().unwrap_or_default().to_owned();
    let object = ObjectRef {
        api_version: text("apiVersion"),
        kind: text("kind"),
        namespace: String::new(),
        name: String::new(),
    };
    object.can_pause()
}

/// Writes the result into the whole live object: only the keys that a rollback may touch.
fn lay_over(top: &mut Map<String, Value>, mine: &Value, mut result: Map<String, Value>) {
    let metadata = result.remove("metadata");
    let gone: Vec<String> = mine
        .as_object()
        .into_iter()
        .flat_map(Map::keys)
        .filter(|key| *key != "metadata" && !result.contains_key(*key))
        .cloned()
        .collect();
    top.retain(|key, _| !gone.contains(key));
    let paused = top.get("spec").and_then(|spec| spec.get("paused")).cloned();
    top.extend(result);
    if let (Some(paused), Some(spec)) = (paused, top.get_mut("spec").and_then(Value::as_object_mut))
    {
        spec.entry("paused").or_insert(paused);
    }
    let Some(live) = top.get_mut("metadata").and_then(Value::as_object_mut) else {
        return;
    };
    let part = |key: &str| {
        let part = metadata.as_ref().and_then(|metadata| metadata.get(key));
        part.and_then(Value::as_object).cloned().unwrap_or_default()
    };
    let mut annotations = part("annotations");
    let kept = live.get("annotations").and_then(Value::as_object);
    for (key, value) in kept.into_iter().flatten() {
        if is_bookkeeping(key) {
            annotations.insert(key.clone(), value.clone());
        }
    }
    for (key, part) in [("labels", part("labels")), ("annotations", annotations)] {
        if part.is_empty() {
            live.remove(key);
        } else {
            live.insert(key.to_owned(), Value::Object(part));
        }
    }
}

type Side<'a> = Option<&'a Value>;

struct Walk<'a> {
    is_service: bool,
    anyway: &'a [String],
    put_back: Vec<String>,
    theirs: Vec<Kept>,
}

impl Walk<'_> {
    fn value(&mut self, path: &Path, before: Side, written: Side, live: Side) -> Option<Value> {
        if equal(&path.text, before, written)
            || equal(&path.text, live, before)
            || self.is_allotted(&path.text)
        {
            return live.cloned();
        }
        if equal(&path.text, live, written) {
            return self.put_back(path, before);
        }
        let sides = || [before, written, live].into_iter().flatten();
        if sides().all(Value::is_object) {
            self.map(path, before, written, live)
        } else if sides().all(Value::is_array) {
            self.list(path, before, written, live)
        } else {
            self.leaf(path, before, written, live)
        }
    }

    fn map(&mut self, path: &Path, before: Side, written: Side, live: Side) -> Option<Value> {
        let (put_back, theirs) = (self.put_back.len(), self.theirs.len());
        let mut result = Map::new();
        let mut switches = Switches::default();
        for key in keys([live, before, written]) {
            let of = |side: Option<&Value>| side.and_then(|side| side.get(&key)).cloned();
            let (was, wrote, is) = (of(before), of(written), of(live));
            let known = self.theirs.len();
            let kept = self.value(&path.key(&key), was.as_ref(), wrote.as_ref(), is.as_ref());
            let stays = self.theirs.len() > known;
            switches.see(was.as_ref(), wrote.as_ref(), stays);
            if let Some(kept) = kept {
                result.insert(key, kept);
            }
        }
        if switches.halve_a_union() && is_union(&path.text) {
            // One of several kinds of the same thing (an `env` with `value` or `valueFrom`, a volume's
            // source): half of each would be refused.
            self.put_back.truncate(put_back);
            self.theirs.truncate(theirs);
            return self.leaf(path, before, written, live);
        }
        let emptied =
            result.is_empty() && live.is_none_or(|live| *live != Value::Object(Map::new()));
        if emptied && (before.is_none() || live.is_none()) {
            return None;
        }
        Some(Value::Object(result))
    }

    fn list(&mut self, path: &Path, before: Side, written: Side, live: Side) -> Option<Value> {
        let elements = |side: Option<&Value>| -> Vec<Value> {
            side.and_then(Value::as_array).cloned().unwrap_or_default()
        };
        let (was, wrote, is) = (elements(before), elements(written), elements(live));
        let Some(key) = merge_key(&[&was, &wrote, &is]) else {
            return self.leaf(path, before, written, live);
        };
        let find = |list: &[Value], name: &str| -> Option<Value> {
            list.iter().find(|e| label(e, key) == name).cloned()
        };
        let mut result: Vec<Value> = Vec::new();
        for name in ordered(&names(&was, key), &names(&wrote, key), &names(&is, key)) {
            let (was, wrote, is) = (find(&was, &name), find(&wrote, &name), find(&is, &name));
            let path = path.element(key, &name);
            let sides = (was.as_ref(), wrote.as_ref(), is.as_ref());
            let kept = match sides {
                (Some(_), Some(_), Some(_)) => self.value(&path, sides.0, sides.1, sides.2),
                // An element that came or went is one thing: a part of one would be refused.
                _ => self.whole(&path, sides.0, sides.1, sides.2),
            };
            result.extend(kept);
        }
        if result.is_empty() && (before.is_none() || live.is_none()) {
            return None;
        }
        Some(Value::Array(result))
    }

    fn whole(&mut self, path: &Path, before: Side, written: Side, live: Side) -> Option<Value> {
        if equal(&path.text, before, written) || equal(&path.text, live, before) {
            return live.cloned();
        }
        self.leaf(path, before, written, live)
    }

    fn leaf(&mut self, path: &Path, before: Side, written: Side, live: Side) -> Option<Value> {
        let insists = self.anyway.iter().any(|p| path_within(&path.text, p));
        if insists || equal(&path.text, live, written) {
            return self.put_back(path, before);
        }
        self.theirs.push(Kept {
            path: path.text.clone(),
            ours: before.cloned(),
            theirs: live.cloned(),
        });
        live.cloned()
    }

    fn put_back(&mut self, path: &Path, before: Side) -> Option<Value> {
        self.put_back.push(path.text.clone());
        before.map(|value| self.without_allotted(path, value))
    }

    /// What the API server allots to a Service. The old value may belong to another one by now.
    fn is_allotted(&self, path: &str) -> bool {
        let port = || path.starts_with("spec.ports[") && path.ends_with("].nodePort");
        let named = [
            "spec.clusterIP",
            "spec.clusterIPs",
            "spec.healthCheckNodePort",
        ];
        self.is_service && (named.contains(&path) || port())
    }

    fn without_allotted(&self, path: &Path, value: &Value) -> Value {
        if !self.is_service {
            return value.clone();
        }
        match value {
            Value::Object(map) => map
                .iter()
                .filter(|(key, _)| !self.is_allotted(&path.key(key).text))
                .map(|(key, value)| (key.clone(), self.without_allotted(&path.key(key), value)))
                .collect(),
            Value::Array(list) => list
                .iter()
                .enumerate()
                .map(|(at, value)| self.without_allotted(&path.index(at), value))
                .collect(),
            other => other.clone(),
        }
    }
}

/// Which keys of a map came and went with the release.
#[derive(Default)]
struct Switches {
    came: [bool; 2],
    went: [bool; 2],
    /// A key that was and stayed there is more than a name.
    shared: bool,
}

impl Switches {
    /// `stays`: somebody changed it since.
    fn see(&mut self, was: Side, wrote: Side, stays: bool) {
        match (was, wrote) {
            (None, Some(_)) => self.came[usize::from(stays)] = true,
            (Some(_), None) => self.went[usize::from(stays)] = true,
            (Some(was), Some(wrote)) => {
                self.shared |= was != wrote || was.is_object() || was.is_array();
            }
            (None, None) => {}
        }
    }

    /// One kind was exchanged for another, and only one half of that can be taken back.
    fn halve_a_union(&self) -> bool {
        !self.shared && ((self.came[1] && self.went[0]) || (self.went[1] && self.came[0]))
    }
}

fn equal(path: &str, a: Side, b: Side) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => same(path, a, b),
        (a, b) => a == b,
    }
}

fn keys(sides: [Side; 3]) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for key in sides
        .into_iter()
        .flatten()
        .filter_map(Value::as_object)
        .flat_map(Map::keys)
    {
        if !found.contains(key) {
            found.push(key.clone());
        }
    }
    found
}

fn names(list: &[Value], key: &str) -> Vec<String> {
    list.iter().map(|element| label(element, key)).collect()
}

/// The order of the elements: that of before where the release's order still stands, else the live one
/// with what comes back behind what it followed.
fn ordered(before: &[String], written: &[String], live: &[String]) -> Vec<String> {
    let of = |list: &[String], other: &[String]| -> Vec<String> {
        list.iter().filter(|n| other.contains(n)).cloned().collect()
    };
    let stands = of(live, written) == of(written, live);
    let (first, second) = if stands {
        (before, live)
    } else {
        (live, before)
    };
    let mut names = first.to_vec();
    for (at, name) in second.iter().enumerate() {
        if names.contains(name) {
            continue;
        }
        let mut after = second[..at].iter().rev();
        let after = after.find_map(|previous| names.iter().position(|n| n == previous));
        let place = after.map_or(0, |at| at + 1);
        names.insert(place, name.clone());
    }
    names.extend(
        written
            .iter()
            .filter(|n| !names.contains(n))
            .cloned()
            .collect::<Vec<_>>(),
    );
    names
}

/// Whether a map can be one where exactly one of several keys may be set. Maps of free keys are not, and
/// an object's top is too large to be one value.
fn is_union(path: &str) -> bool {
    const FREE: [&str; 9] = [
        "labels",
        "annotations",
        "data",
        "binaryData",
        "matchLabels",
        "nodeSelector",
        "limits",
        "requests",
        "parameters",
    ];
    const LARGE: [&str; 3] = ["", "spec", "metadata"];
    // An element's label may have dots.
    let last = path.split('[').next_back().unwrap_or_default();
    let last = if path.ends_with(']') { path } else { last };
    let last = last.rsplit('.').next().unwrap_or_default();
    let container = path.ends_with(']')
        && path
            .rsplit_once('[')
            .is_some_and(|(list, _)| list.ends_with("ontainers"));
    !LARGE.contains(&path) && !container && !FREE.contains(&last)
}

#[cfg(test)]
#[path = "three_way_tests.rs"]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests;
