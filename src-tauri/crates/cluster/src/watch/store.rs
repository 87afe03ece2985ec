//! What is kept of the watched objects: a few fields each, so that thousands of pods cost little.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use domain::ObjectRef;
use kube::api::{ApiResource, DynamicObject};
use serde_json::Value;
use tokio::sync::watch;

use super::pods::Pod;
use crate::kinds::Kind;

/// One stream: a kind in a namespace.
#[derive(Clone)]
pub(super) struct Slot {
    pub namespace: String,
    pub resource: ApiResource,
}

impl Slot {
    pub fn of(kind: &Kind, namespace: &str) -> Slot {
        let (group, version) = kind
            .api_version
            .split_once('/')
            .unwrap_or(("", &kind.api_version));
        let resource = ApiResource {
            group: group.to_owned(),
            version: version.to_owned(),
            api_version: kind.api_version.clone(),
            kind: kind.kind.clone(),
            plural: kind.plural.clone(),
        };
        Slot {
            namespace: namespace.to_owned(),
            resource,
        }
    }

    pub fn of_namespace(namespace: &str) -> Vec<Slot> {
        [
            ("v1", "Pod", "pods"),
            ("v1", "Event", "events"),
            ("apps/v1", "ReplicaSet", "replicasets"),
        ]
        .into_iter()
        .map(|(api_version, kind, plural)| {
            let kind = Kind {
                api_version: api_version.into(),
                kind: kind.into(),
                plural: plural.into(),
                namespaced: true,
            };
            Slot::of(&kind, namespace)
        })
        .collect()
    }

    pub fn is_pods(&self) -> bool {
        self.resource.group.is_empty() && self.resource.plural == "pods"
    }

    pub fn key(&self) -> String {
        format!("{}/{}", self.namespace, self.resource.plural)
    }
}

/// A ReplicaSet.
pub(super) struct ReplicaSet {
    pub uid: String,
    pub owner: Option<String>,
    pub revision: u64,
    pub created: Option<DateTime<Utc>>,
}

/// An event.
#[derive(Clone)]
pub(super) struct Happening {
    pub about: String,
    pub event: engine::ports::ClusterEvent,
}

/// What is kept of one object, whatever its kind.
pub(super) enum Kept {
    /// Its kind, and what of it rollouts are judged by.
    Workload(String, Box<Value>),
    ReplicaSet(ReplicaSet),
    Pod(Box<Pod>),
    Happening(Box<Happening>),
}

impl Kept {
    /// Takes out of an object what is needed of it.
    pub fn of(object: DynamicObject) -> Option<Kept> {
        let kind = object
            .types
            .as_ref()
            .map(|t| t.kind.clone())
            .unwrap_or_default();
        let DynamicObject { metadata, data, .. } = object;
        let uid = metadata.uid.clone()?;
        let owner = metadata
            .owner_references
            .iter()
            .flatten()
            .find(|o| o.controller == Some(true))
            .map(|o| o.uid.clone());
        let created = metadata
            .creation_timestamp
            .as_ref()
            .and_then(|time| instant(&time.0.to_string()));
        let annotation = |key: &str| {
            metadata
                .annotations
                .as_ref()
                .and_then(|a| a.get(key))
                .cloned()
        };
        let revision = annotation("deployment.kubernetes.io/revision").and_then(|r| r.parse().ok());
        Some(match kind.as_str() {
            "Pod" => Kept::Pod(Box::new(Pod::of(&metadata, &data, uid, owner, created)?)),
            "ReplicaSet" => Kept::ReplicaSet(ReplicaSet {
                uid,
                owner,
                revision: revision.unwrap_or(0),
                created,
            }),
            "Event" => Kept::Happening(Box::new(super::picture::happening(&data, created)?)),
            _ => {
                let generation = annotation("deprecated.daemonset.template.generation");
                let pruned = pruned(&metadata, uid, &data, generation, revision);
                Kept::Workload(kind, Box::new(pruned))
            }
        })
    }
}

/// A workload without its template: rollouts are judged by the rest.
fn pruned(
    metadata: &kube::core::ObjectMeta,
    uid: String,
    data: &Value,
    template_generation: Option<String>,
    revision: Option<u64>,
) -> Value {
    let mut spec = data["spec"].clone();
    if let Some(spec) = spec.as_object_mut() {
        spec.retain(|key, _| {
            ["replicas", "paused", "strategy", "updateStrategy"].contains(&key.as_str())
        });
    }
    serde_json::json!({
        "metadata": {
            "name": metadata.name, "uid": uid, "generation": metadata.generation,
            "resourceVersion": metadata.resource_version,
            "templateGeneration": template_generation, "revision": revision,
            "pausedBy": paused_by(metadata),
        },
        "spec": spec,
        "status": data["status"],
    })
}

/// Who owns `spec.paused`; managed fields themselves are too large to keep.
fn paused_by(metadata: &kube::core::ObjectMeta) -> Option<String> {
    let managed = serde_json::to_value(metadata.managed_fields.as_ref()?).ok()?;
    crate::rollout::pause_manager(managed.as_array()?)
}

pub(super) fn instant(text: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(text)
        .ok()
        .map(|time| time.to_utc())
}

/// All that is known, by stream and name.
pub(super) struct Store {
    pub streams: HashMap<String, Stream>,
    /// UIDs that ever belonged to the workloads: events outlive the pods they are about.
    pub ours: HashSet<String>,
    pub changed_at: Option<DateTime<Utc>>,
}

/// One stream's objects.
#[derive(Default)]
pub(super) struct Stream {
    /// None until the first listing is complete.
    pub objects: Option<HashMap<String, Kept>>,
    /// What has come of a listing that is not complete.
    pub coming: HashMap<String, Kept>,
    pub connected: bool,
}

impl Stream {
    /// The last complete listing with what happened since; before the first one, as much of it as
    /// has come.
    pub fn known(&self) -> &HashMap<String, Kept> {
        self.objects.as_ref().unwrap_or(&self.coming)
    }

    /// The listing is complete.
    pub fn all_came(&mut self) {
        self.objects = Some(std::mem::take(&mut self.coming));
        self.connected = true;
    }
}

/// The store with what wakes the painter of pictures.
pub(super) struct Shared {
    pub workloads: Vec<ObjectRef>,
    store: Mutex<Store>,
    /// Counted up with every change.
    pub changes: watch::Sender<u64>,
}

impl Shared {
    pub fn new(workloads: Vec<ObjectRef>, slots: &[Slot]) -> Shared {
        let streams = slots
            .iter()
            .map(|slot| (slot.key(), Stream::default()))
            .collect();
        let store = Store {
            streams,
            ours: HashSet::new(),
            changed_at: None,
        };
        Shared {
            workloads,
            store: Mutex::new(store),
            changes: watch::Sender::new(0),
        }
    }

    /// Never held across an await.
    pub fn store(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes a stream and wakes the painter.
    pub fn change(&self, key: &str, change: impl FnOnce(&mut Stream)) {
        {
            let mut store = self.store();
            store.changed_at = Some(Utc::now());
            change(store.streams.entry(key.to_owned()).or_default());
        }
        self.changes.send_modify(|count| *count += 1);
    }
}
