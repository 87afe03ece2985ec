//! What the manifest no longer names and others have written to.
//!
//! An apply removes a whole element of a list when it was ours, also when somebody else has set a field of
//! it since (Kubernetes 1.36.3): an `env` entry whose value a person changed would go with that value. So
//! the element is sent along as it is, as far as it is ours. The same holds for a map that is ours itself.

use domain::FieldConflict;
use engine::ports::{LiveObject, Outgoing};
use serde_json::{Map, Value};

use crate::adopt::{self, Adoption};
use crate::fields::{Path, label};
use crate::manifest::{self, MANAGER, PAUSER};
use crate::owners::{Entry, Fields, entries, is_step_to};

/// The manifest with what has to be sent along, and what that is, with those whose fields it keeps.
pub(crate) fn with_theirs(
    manifest: &Outgoing,
    live: &LiveObject,
    adoption: Option<&Adoption>,
) -> (Outgoing, Vec<FieldConflict>) {
    let ours = adopt::ours(live, adoption);
    let is_theirs = |entry: &Entry| {
        ![MANAGER, PAUSER].contains(&entry.manager()) && !adopt::is_client_side(entry)
    };
    let mut kept = Vec::new();
    let mut with = manifest.clone();
    with.body["apiVersion"] = manifest.object.api_version.clone().into();
    with.body["kind"] = manifest.object.kind.clone().into();
    with.body = manifest::as_stored(with.body);
    for entry in entries(&live.managed).iter().filter(|e| is_theirs(e)) {
        let mut walk = Walk {
            manager: entry.manager(),
            kept: &mut kept,
        };
        walk.below(
            &Path::root(),
            &ours,
            &entry.fields,
            &live.body,
            &mut with.body,
        );
    }
    (with, kept)
}

struct Walk<'a> {
    manager: &'a str,
    kept: &'a mut Vec<FieldConflict>,
}

impl Walk<'_> {
    fn below(
        &mut self,
        path: &Path,
        ours: &Fields,
        theirs: &Fields,
        live: &Value,
        manifest: &mut Value,
    ) {
        for (step, ours) in ours.steps() {
            let Some(theirs) = theirs.step(step) else {
                continue;
            };
            match (live, &mut *manifest) {
                (Value::Object(live), Value::Object(manifest)) => {
                    let key = step.strip_prefix("f:").unwrap_or_default();
                    if let Some(live) = live.get(key) {
                        self.key(&path.key(key), key, ours, theirs, live, manifest);
                    }
                }
                (Value::Array(live), Value::Array(manifest)) => {
                    if let Some(at) = live.iter().position(|e| is_step_to(step, e)) {
                        self.element(path, step, ours, theirs, (live, at), manifest);
                    }
                }
                _ => {}
            }
        }
    }

    fn key(
        &mut self,
        path: &Path,
        key: &str,
        ours: &Fields,
        theirs: &Fields,
        live: &Value,
        manifest: &mut Map<String, Value>,
    ) {
        let named = manifest.get(key).filter(|value| !value.is_null());
        let mut below = match (named, live) {
            (Some(named), _) => named.clone(),
            (None, Value::Object(_)) => Value::Object(Map::new()),
            (None, Value::Array(_)) => Value::Array(Vec::new()),
            (None, _) => return,
        };
        let known = self.kept.len();
        self.below(path, ours, theirs, live, &mut below);
        let whole = ours.is_member() && !theirs.is_member() && !theirs.is_empty();
        if named.is_some() || whole || self.kept.len() > known {
            if named.is_none() && whole && self.kept.len() == known {
                self.keep(path);
            }
            manifest.insert(key.to_owned(), below);
        }
    }

    fn element(
        &mut self,
        path: &Path,
        step: &str,
        ours: &Fields,
        theirs: &Fields,
        (live, at): (&[Value], usize),
        manifest: &mut Vec<Value>,
    ) {
        let element = &live[at];
        let path = path.element_of(step, element);
        if let Some(named) = manifest.iter_mut().find(|e| is_step_to(step, e)) {
            return self.below(&path, ours, theirs, element, named);
        }
        // Who owns the element itself keeps it anyway.
        if !ours.is_member() || theirs.is_member() {
            return;
        }
        let mut before = live[..at].iter().rev();
        let place = before.find_map(|previous| {
            let same = |e: &Value| e == previous || label(e, "name") == label(previous, "name");
            manifest.iter().position(same)
        });
        manifest.insert(place.map_or(0, |at| at + 1), ours.part_of(element));
        self.keep(&path);
    }

    fn keep(&mut self, path: &Path) {
        self.kept.push(FieldConflict {
            manager: self.manager.to_owned(),
            path: path.text.clone(),
        });
    }
}

#[cfg(test)]
#[path = "carry_tests.rs"]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests;
