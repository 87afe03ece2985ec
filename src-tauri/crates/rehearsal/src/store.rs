//! Objects, one revision counter for all of them, and a bounded window of changes for watches.

use crate::resource::{self, Resource};
use crate::tree::{self, name, namespace, set};
use serde_json::Value;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use tokio::sync::watch;

/// Changes kept for watches; a watch from before the window gets 410, as after etcd compaction.
const WINDOW: usize = 4096;

/// What happened to an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ChangeKind {
    Added,
    Modified,
    Deleted,
}

/// One entry of the change window.
#[derive(Debug, Clone)]
pub(crate) struct Change {
    pub revision: u64,
    pub kind: ChangeKind,
    pub storage: String,
    pub object: Arc<Value>,
    /// The object before a modification: a watch with a selector needs it to tell leaving from staying.
    pub previous: Option<Arc<Value>>,
}

/// Namespace (empty when cluster-scoped) and name.
pub(crate) type Key = (String, String);

/// All objects of one cluster.
pub(crate) struct Store {
    revision: u64,
    resources: Vec<Arc<Resource>>,
    objects: BTreeMap<String, BTreeMap<Key, Arc<Value>>>,
    window: VecDeque<Change>,
    /// The newest revision that the window no longer covers.
    compacted: u64,
    published: watch::Sender<u64>,
}

impl Store {
    pub(crate) fn new() -> Self {
        // A fresh real cluster also starts well above zero; clients must not assume small numbers.
        let revision = 1000;
        Store {
            revision,
            resources: resource::builtin(),
            objects: BTreeMap::new(),
            window: VecDeque::new(),
            compacted: revision,
            published: watch::Sender::new(revision),
        }
    }

    /// Takes over persisted objects. Watches older than the restart get 410.
    pub(crate) fn restore(&mut self, revision: u64, objects: Vec<(String, Value)>) {
        self.revision = self.revision.max(revision);
        self.compacted = self.revision;
        for (storage, object) in objects {
            let key = key_of(&object);
            if storage == "customresourcedefinitions.apiextensions.k8s.io" {
                self.serve(&object);
            }
            self.objects
                .entry(storage)
                .or_default()
                .insert(key, Arc::new(object));
        }
        self.published.send_replace(self.revision);
    }

    pub(crate) fn revision(&self) -> u64 {
        self.revision
    }

    pub(crate) fn compacted(&self) -> u64 {
        self.compacted
    }

    /// Forgets all changes, as a compaction does; a watch from an older revision gets 410.
    pub(crate) fn compact(&mut self) {
        self.window.clear();
        self.compacted = self.revision;
    }

    /// Tells of every new revision.
    pub(crate) fn subscribe(&self) -> watch::Receiver<u64> {
        self.published.subscribe()
    }

    pub(crate) fn resources(&self) -> &[Arc<Resource>] {
        &self.resources
    }

    pub(crate) fn find(&self, group: &str, version: &str, plural: &str) -> Option<Arc<Resource>> {
        self.resources
            .iter()
            .find(|r| r.group == group && r.version == version && r.plural == plural)
            .cloned()
    }

    pub(crate) fn find_kind(&self, api_version: &str, kind: &str) -> Option<Arc<Resource>> {
        self.resources
            .iter()
            .find(|r| r.kind == kind && r.api_version() == api_version)
            .cloned()
    }

    fn serve(&mut self, definition: &Value) {
        self.stop_serving(definition);
        self.resources.extend(resource::from_definition(definition));
    }

    fn stop_serving(&mut self, definition: &Value) {
        let group = tree::text(definition, "/spec/group");
        let plural = tree::text(definition, "/spec/names/plural");
        self.resources
            .retain(|r| r.builtin || r.group != group || r.plural != plural);
    }

    pub(crate) fn get(&self, storage: &str, namespace: &str, name: &str) -> Option<Arc<Value>> {
        self.objects
            .get(storage)?
            .get(&(namespace.to_owned(), name.to_owned()))
            .cloned()
    }

    /// All objects of a resource in key order, in one namespace or (empty) in all.
    pub(crate) fn list(&self, storage: &str, namespace: &str) -> Vec<Arc<Value>> {
        self.objects
            .get(storage)
            .into_iter()
            .flatten()
            .filter(|((ns, _), _)| namespace.is_empty() || ns == namespace)
            .map(|(_, object)| object.clone())
            .collect()
    }

    /// Everything, for persistence and garbage collection.
    pub(crate) fn everything(&self) -> impl Iterator<Item = (&String, &Arc<Value>)> {
        self.objects
            .iter()
            .flat_map(|(storage, objects)| objects.values().map(move |object| (storage, object)))
    }

    /// Stores an object under a new revision and returns it with that revision.
    pub(crate) fn put(&mut self, storage: &str, mut object: Value) -> Arc<Value> {
        self.revision += 1;
        set(
            &mut object,
            &["metadata", "resourceVersion"],
            self.revision.to_string(),
        );
        if storage == "customresourcedefinitions.apiextensions.k8s.io" {
            self.serve(&object);
        }
        let object = Arc::new(object);
        let previous = self
            .objects
            .entry(storage.to_owned())
            .or_default()
            .insert(key_of(&object), object.clone());
        let kind = match previous {
            None => ChangeKind::Added,
            Some(_) => ChangeKind::Modified,
        };
        self.publish(Change {
            revision: self.revision,
            kind,
            storage: storage.to_owned(),
            object: object.clone(),
            previous,
        });
        object
    }

    /// Removes an object; the deletion has its own revision.
    pub(crate) fn remove(
        &mut self,
        storage: &str,
        namespace: &str,
        name: &str,
    ) -> Option<Arc<Value>> {
        let key = (namespace.to_owned(), name.to_owned());
        let gone = self.objects.get_mut(storage)?.remove(&key)?;
        self.revision += 1;
        let mut last = (*gone).clone();
        set(
            &mut last,
            &["metadata", "resourceVersion"],
            self.revision.to_string(),
        );
        if storage == "customresourcedefinitions.apiextensions.k8s.io" {
            self.stop_serving(&last);
        }
        let last = Arc::new(last);
        self.publish(Change {
            revision: self.revision,
            kind: ChangeKind::Deleted,
            storage: storage.to_owned(),
            object: last.clone(),
            previous: Some(gone),
        });
        Some(last)
    }

    /// Puts back, as new revisions, what differs from these objects; removes what is not among them.
    pub(crate) fn put_back(&mut self, objects: &[(String, Arc<Value>)]) {
        let wanted: BTreeMap<(&str, Key), &Arc<Value>> = objects
            .iter()
            .map(|(storage, object)| ((storage.as_str(), key_of(object)), object))
            .collect();
        let strangers: Vec<(String, Key)> = self
            .objects
            .iter()
            .flat_map(|(storage, of)| of.keys().map(move |key| (storage.clone(), key.clone())))
            .filter(|(storage, key)| !wanted.contains_key(&(storage.as_str(), key.clone())))
            .collect();
        for (storage, (namespace, name)) in strangers {
            self.remove(&storage, &namespace, &name);
        }
        for ((storage, (namespace, name)), object) in wanted {
            let now = self.get(storage, &namespace, &name);
            if now.is_none_or(|now| !Arc::ptr_eq(&now, object)) {
                self.put(storage, (**object).clone());
            }
        }
    }

    fn publish(&mut self, change: Change) {
        self.window.push_back(change);
        if self.window.len() > WINDOW
            && let Some(oldest) = self.window.pop_front()
        {
            self.compacted = oldest.revision;
        }
        self.published.send_replace(self.revision);
    }

    /// The changes of one resource after a revision, or `None` when the window no longer has them.
    pub(crate) fn changes_after(&self, storage: &str, revision: u64) -> Option<Vec<Change>> {
        if revision < self.compacted {
            return None;
        }
        let start = self.window.partition_point(|c| c.revision <= revision);
        Some(
            self.window
                .range(start..)
                .filter(|c| c.storage == storage)
                .cloned()
                .collect(),
        )
    }
}

fn key_of(object: &Value) -> Key {
    (namespace(object).to_owned(), name(object).to_owned())
}
