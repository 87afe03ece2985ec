//! Moving the ownership of fields without changing a value.
//!
//! Forward: fields that `kubectl apply` without `--server-side` owns are an *update* of another manager, so
//! that no apply of ours ever removes them. As kubectl does on the same way (client-go `csaupgrade`), they
//! become ours first.
//!
//! Back: what a rollback puts back is an update of ours. It goes to whoever owned it before the release: to
//! other managers, or to our own apply, so that a later manifest without the field removes it again.

use domain::ObjectRef;
use engine::ports::LiveObject;
use serde_json::Value;

use crate::content::{LAST_APPLIED, OURS};
use crate::manifest::MANAGER;
use crate::owners::{Entry, Fields, Steps, entries, owned, render, value_at};

/// The manager of `kubectl apply` without `--server-side`.
const CLIENT_SIDE: &str = "kubectl-client-side-apply";
/// What the API server calls the manager of fields of objects that are older than ownership.
const BEFORE_FIRST_APPLY: &str = "before-first-apply";

/// Ownership as it has to be before an apply.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Adoption {
    /// The new `managedFields`.
    pub managed: Value,
    /// The fields that become ours.
    pub moved: Fields,
}

/// What has to be moved before the next apply; none if nothing has.
pub(crate) fn adoption(object: &ObjectRef, live: &LiveObject) -> Option<Adoption> {
    let mut all = entries(&live.managed);
    let mut moved = Fields::default();
    let mut like = None;
    for entry in all.iter_mut().filter(|entry| is_client_side(entry)) {
        for path in adopted(entry, &live.body) {
            entry.fields.remove(&path);
            moved.insert(&path);
        }
        like.get_or_insert_with(|| entry.bare());
    }
    if object.is_secret() {
        rename_string_data(&mut all, &mut moved);
    }
    if moved.is_empty() {
        return None;
    }
    let like = like.or_else(|| all.first().map(Entry::bare))?;
    entry_of(&mut all, &Entry::new(MANAGER, "Apply", &like))
        .fields
        .union(&moved);
    Some(Adoption {
        managed: render(&all),
        moved,
    })
}

pub(crate) fn is_client_side(entry: &Entry) -> bool {
    [CLIENT_SIDE, BEFORE_FIRST_APPLY]
        .iter()
        .any(|manager| entry.is(manager, "Update"))
}

/// Managers whose fields are taken over without asking, because the ownership is moved anyway.
pub(crate) fn is_adopted_manager(manager: &str) -> bool {
    [CLIENT_SIDE, BEFORE_FIRST_APPLY].contains(&manager)
}

/// `before-first-apply` has everything, also what controllers wrote: of that, only what the last
/// `kubectl apply` named is moved. The copy that `kubectl apply` keeps stays with it.
fn adopted(entry: &Entry, body: &Value) -> Vec<Steps> {
    let annotations = body.pointer("/metadata/annotations");
    let copy = annotations.and_then(|annotations| annotations[LAST_APPLIED].as_str());
    let copy = copy.and_then(|copy| serde_json::from_str::<Value>(copy).ok());
    let is_copy =
        |path: &Steps| path.last().and_then(|step| step.strip_prefix("f:")) == Some(LAST_APPLIED);
    let named = |path: &Steps| {
        copy.as_ref()
            .is_some_and(|copy| value_at(copy, path).is_some())
    };
    let mut paths = entry.fields.paths();
    paths.retain(|path| !is_copy(path) && (entry.manager() != BEFORE_FIRST_APPLY || named(path)));
    paths
}

/// Our own apply of a Secret's `stringData` owns names that are in no stored Secret.
fn rename_string_data(all: &mut [Entry], moved: &mut Fields) {
    let Some(ours) = all.iter_mut().find(|entry| entry.is(MANAGER, "Apply")) else {
        return;
    };
    for path in ours.fields.paths() {
        if path.first().map(String::as_str) != Some("f:stringData") {
            continue;
        }
        ours.fields.remove(&path);
        if path.len() > 1 {
            let mut stored = path.clone();
            stored[0] = "f:data".to_owned();
            moved.insert(&stored);
        }
    }
}

/// The fields that an apply of ours removes when the manifest does not name them, after the adoption.
pub(crate) fn ours(live: &LiveObject, adoption: Option<&Adoption>) -> Fields {
    let managed = adoption.map_or(&live.managed, |adoption| &adoption.managed);
    owned(managed, |entry| entry.is(MANAGER, "Apply"))
}

/// What our apply owned and `kubectl apply` did, in the managed fields of a backup.
pub(crate) fn ours_before(before: &Value) -> Fields {
    let managed = before
        .pointer("/metadata/managedFields")
        .unwrap_or(&Value::Null);
    owned(managed, |entry| {
        entry.is(MANAGER, "Apply") || is_client_side(entry)
    })
}

/// `managedFields` with which the fields that a rollback put back belong to whom they belonged to in the
/// backup; none if nothing is to be given back, or the backup knows no owners.
pub(crate) fn give_back(live: &LiveObject, before: &Value) -> Option<Value> {
    let known = entries(before.pointer("/metadata/managedFields")?);
    let mut all = entries(&live.managed);
    let at = all.iter().position(|entry| entry.is(MANAGER, "Update"))?;
    let ours = all[at].fields.clone();
    let mut given = Vec::new();
    for path in ours.paths() {
        if is_our_annotation(&path) {
            let apply = Entry::new(MANAGER, "Apply", &all[at]);
            entry_of(&mut all, &apply).fields.insert(&path);
            given.push(path);
            continue;
        }
        // What differs from the backup is not what the rollback put back. A list of which managers own
        // single elements has the field itself only for being there.
        let of_elements = || known.iter().chain(&all).any(|e| e.fields.has_below(&path));
        if !is_as_before(&path, before, &live.body) && !of_elements() {
            continue;
        }
        for owner in known.iter().filter(|owner| owner.subresource() != "status") {
            if owner.fields.has(&path) && !owner.is(MANAGER, "Update") {
                entry_of(&mut all, &owner.bare()).fields.insert(&path);
            }
        }
        given.push(path);
    }
    if given.is_empty() {
        return None;
    }
    for path in given {
        all[at].fields.remove(&path);
    }
    Some(render(&all))
}

fn is_our_annotation(path: &[String]) -> bool {
    let last = path.last().and_then(|step| step.strip_prefix("f:"));
    path.len() == 3 && path[1] == "f:annotations" && last.is_some_and(|key| key.starts_with(OURS))
}

/// Whether a field is as it was. Of a map, what is in it says so.
fn is_as_before(path: &[String], before: &Value, now: &Value) -> bool {
    match (value_at(before, path), value_at(now, path)) {
        (Some(was), Some(is)) => is.is_object() || was == is,
        _ => false,
    }
}

/// The entry of an owner, made if it is not there.
fn entry_of<'a>(all: &'a mut Vec<Entry>, owner: &Entry) -> &'a mut Entry {
    let at = match all.iter().position(|entry| entry.is_of(owner)) {
        Some(at) => at,
        None => {
            all.push(owner.clone());
            all.len() - 1
        }
    };
    &mut all[at]
}

/// `managedFields` for a rollback's body: our apply owns again what it owned before the release, as far
/// as that is as it was. An adoption stays. What the update itself changes the API server adds. None if the
/// backup knows no owners.
pub(crate) fn as_before(managed: &Value, before: &Value, after: &Value) -> Option<Value> {
    let known = entries(before.pointer("/metadata/managedFields")?);
    let mut all = entries(managed);
    let Some(at) = all.iter().position(|entry| entry.is(MANAGER, "Apply")) else {
        return Some(render(&all));
    };
    let mut again = Fields::default();
    for entry in &known {
        let paths = match entry {
            entry if entry.is(MANAGER, "Apply") => entry.fields.paths(),
            entry if is_client_side(entry) => adopted(entry, before),
            _ => continue,
        };
        let same = paths
            .iter()
            .filter(|path| is_as_before(path, before, after));
        same.for_each(|path| again.insert(path));
    }
    all[at].fields = again;
    // An empty list would have the API server forget every owner.
    Some(render(&all)).filter(|managed| managed.as_array().is_some_and(|m| !m.is_empty()))
}

#[cfg(test)]
#[path = "adopt_tests.rs"]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests;
