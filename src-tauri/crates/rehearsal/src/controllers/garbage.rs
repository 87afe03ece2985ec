//! Garbage collection: dependents of gone owners, foreground deletion, ending namespaces, old events.

use crate::delete::{self, owned_by};
use crate::store::Store;
use crate::tree::{self, items, name, namespace, text};
use serde_json::{Value, json};
use std::collections::HashSet;
use std::sync::Arc;

/// Events beyond this many are forgotten, oldest first (a real server forgets after an hour).
const EVENTS_KEPT: usize = 2000;

pub(crate) fn collect(store: &mut Store) {
    orphans(store);
    foreground(store);
    namespaces(store);
    old_events(store);
}

fn delete(store: &mut Store, storage: &str, object: &Value) {
    let resource = store
        .resources()
        .iter()
        .find(|r| r.storage() == storage && r.group != "events.k8s.io")
        .cloned();
    match resource {
        Some(resource) => {
            super::tolerate(
                "garbage",
                delete::delete(
                    store,
                    &resource,
                    namespace(object),
                    name(object),
                    &json!({}),
                    false,
                )
                .map(|_| ()),
            );
        }
        None => {
            store.remove(storage, namespace(object), name(object));
        }
    }
}

fn orphans(store: &mut Store) {
    let alive: HashSet<String> = store
        .everything()
        .map(|(_, object)| tree::uid(object).to_owned())
        .collect();
    let doomed: Vec<(String, Arc<Value>)> = store
        .everything()
        .filter(|(_, object)| !tree::is_terminating(object))
        .filter(|(_, object)| {
            let owners = items(object, "/metadata/ownerReferences");
            !owners.is_empty()
                && owners
                    .iter()
                    .all(|owner| !alive.contains(text(owner, "/uid")))
        })
        .map(|(storage, object)| (storage.clone(), object.clone()))
        .collect();
    for (storage, object) in doomed {
        delete(store, &storage, &object);
    }
}

fn foreground(store: &mut Store) {
    let waiting: Vec<(String, Arc<Value>)> = store
        .everything()
        .filter(|(_, object)| {
            tree::is_terminating(object)
                && items(object, "/metadata/finalizers")
                    .iter()
                    .any(|f| f == "foregroundDeletion")
        })
        .map(|(storage, object)| (storage.clone(), object.clone()))
        .collect();
    for (storage, owner) in waiting {
        let dependents: Vec<(String, Arc<Value>)> = store
            .everything()
            .filter(|(_, object)| owned_by(object, tree::uid(&owner)))
            .map(|(storage, object)| (storage.clone(), object.clone()))
            .collect();
        if dependents.is_empty() {
            delete::drop_finalizer(store, &storage, &owner, "foregroundDeletion");
        }
        for (storage, dependent) in dependents.iter().filter(|(_, d)| !tree::is_terminating(d)) {
            delete(store, storage, dependent);
        }
    }
}

fn namespaces(store: &mut Store) {
    for ending in store
        .list("namespaces", "")
        .iter()
        .filter(|ns| tree::is_terminating(ns))
    {
        let content: Vec<(String, Arc<Value>)> = store
            .everything()
            .filter(|(_, object)| namespace(object) == name(ending))
            .map(|(storage, object)| (storage.clone(), object.clone()))
            .collect();
        if content.is_empty() {
            store.remove("namespaces", "", name(ending));
        }
        for (storage, object) in content.iter().filter(|(_, o)| !tree::is_terminating(o)) {
            delete(store, storage, object);
        }
    }
}

fn old_events(store: &mut Store) {
    let mut events = store.list("events", "");
    if events.len() <= EVENTS_KEPT {
        return;
    }
    events.sort_by(|a, b| text(a, "/lastTimestamp").cmp(text(b, "/lastTimestamp")));
    for event in &events[..events.len() - EVENTS_KEPT] {
        store.remove("events", namespace(event), name(event));
    }
}
