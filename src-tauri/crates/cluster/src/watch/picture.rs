//! Paints the picture: workloads with their pods and events at one moment.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::ObjectRef;
use engine::ports::{ClusterEvent, Picture, WorkloadPicture};
use serde_json::Value;
use tokio::sync::watch;

use super::pods::Pod;
use super::store::{Happening, Kept, ReplicaSet, Shared, Store, instant};
use crate::limits::Limits;
use crate::rollout;

/// Publishes pictures, no faster than the bound however fast changes come.
pub(super) async fn publish(
    shared: Arc<Shared>,
    sender: watch::Sender<Option<Arc<Picture>>>,
    limits: Limits,
) {
    let mut changes = shared.changes.subscribe();
    loop {
        changes.borrow_and_update();
        if let Some(picture) = paint(&shared, &limits) {
            sender.send_if_modified(|known| {
                let differs = known.as_deref() != Some(&picture);
                if differs {
                    *known = Some(Arc::new(picture));
                }
                differs
            });
        }
        tokio::time::sleep(limits.picture).await;
        if changes.changed().await.is_err() {
            return;
        }
    }
}

/// The picture now. Until every stream has listed once it is one of a lost connection, on which nobody
/// judges, and none before the first pods are in it.
fn paint(shared: &Shared, limits: &Limits) -> Option<Picture> {
    let mut store = shared.store();
    let mut painted = Vec::new();
    let mut ours = Vec::new();
    for workload in &shared.workloads {
        let (picture, uids) = paint_workload(&store, workload);
        painted.push(picture);
        ours.extend(uids);
    }
    store.ours.extend(ours);
    let complete = store
        .streams
        .values()
        .all(|stream| stream.objects.is_some());
    if !complete && painted.iter().all(|workload| workload.pods.is_empty()) {
        return None;
    }
    Some(Picture {
        at: store.changed_at,
        connected: complete && store.streams.values().all(|stream| stream.connected),
        workloads: painted,
        events: events(&store, limits.events),
    })
}

fn paint_workload(store: &Store, workload: &ObjectRef) -> (WorkloadPicture, Vec<String>) {
    let live = live(store, workload);
    let Some(live) = live else {
        return (
            WorkloadPicture {
                workload: workload.clone(),
                resource_version: None,
                rollout: None,
                pods: Vec::new(),
            },
            Vec::new(),
        );
    };
    let owned = owned(store, workload, live);
    let mut uids: Vec<String> = text(live, "/metadata/uid").into_iter().collect();
    uids.extend(owned.sets.iter().map(|set| set.uid.clone()));
    uids.extend(owned.pods.iter().map(|(pod, _)| pod.uid.clone()));
    let pods = owned
        .pods
        .iter()
        .map(|(pod, newest)| engine::ports::PodPicture {
            newest: *newest,
            ..pod.picture.clone()
        })
        .collect();
    let rollout = Some(rollout::reading(workload, Some(live)));
    (
        WorkloadPicture {
            workload: workload.clone(),
            resource_version: text(live, "/metadata/resourceVersion"),
            rollout,
            pods,
        },
        uids,
    )
}

fn text(live: &Value, path: &str) -> Option<String> {
    live.pointer(path)
        .and_then(Value::as_str)
        .map(str::to_owned)
}

fn live<'a>(store: &'a Store, workload: &ObjectRef) -> Option<&'a Value> {
    store
        .streams
        .iter()
        .filter(|(key, _)| in_namespace(key, &workload.namespace))
        .find_map(|(_, stream)| match stream.known().get(&workload.name)? {
            Kept::Workload(kind, live) if *kind == workload.kind => Some(live.as_ref()),
            _ => None,
        })
}

fn in_namespace(key: &str, namespace: &str) -> bool {
    key.split_once('/')
        .is_some_and(|(known, _)| known == namespace)
}

fn kept<'a>(
    store: &'a Store,
    namespace: &str,
    plural: &str,
) -> impl Iterator<Item = &'a Kept> + use<'a> {
    let stream = store.streams.get(&format!("{namespace}/{plural}"));
    stream
        .into_iter()
        .flat_map(|stream| stream.known().values())
}

struct Owned<'a> {
    sets: Vec<&'a ReplicaSet>,
    /// Pods in a stable order, each with whether it is of the newest template.
    pods: Vec<(&'a Pod, bool)>,
}

fn owned<'a>(store: &'a Store, workload: &ObjectRef, live: &Value) -> Owned<'a> {
    let uid = live.pointer("/metadata/uid").and_then(Value::as_str);
    let sets: Vec<&ReplicaSet> = kept(store, &workload.namespace, "replicasets")
        .filter_map(|kept| match kept {
            Kept::ReplicaSet(set) if set.owner.as_deref() == uid => Some(set),
            _ => None,
        })
        .collect();
    let newest = newest(&sets, live);
    let revision = live
        .pointer("/status/updateRevision")
        .and_then(Value::as_str);
    let generation = live
        .pointer("/metadata/templateGeneration")
        .and_then(Value::as_str);
    let mut pods: Vec<(&Pod, bool)> = kept(store, &workload.namespace, "pods")
        .filter_map(|kept| match kept {
            Kept::Pod(pod) => Some(pod.as_ref()),
            _ => None,
        })
        .filter_map(|pod| {
            let owner = pod.owner.as_deref()?;
            let is_newest = match workload.kind.as_str() {
                "Deployment" => newest.is_some_and(|set| set.uid == owner),
                "StatefulSet" => revision.is_some() && pod.revision.as_deref() == revision,
                _ => generation.is_some() && pod.template_generation.as_deref() == generation,
            };
            let is_ours = Some(owner) == uid || sets.iter().any(|set| set.uid == owner);
            is_ours.then_some((pod, is_newest))
        })
        .collect();
    pods.sort_by(|(a, _), (b, _)| {
        (a.picture.created_at, &a.picture.name).cmp(&(b.picture.created_at, &b.picture.name))
    });
    Owned { sets, pods }
}

/// The ReplicaSet of the template that a Deployment has now, if it is known here. Each kind has a stream
/// of its own: what the Deployment says already, the ReplicaSets may not have heard of yet.
fn newest<'a>(sets: &[&'a ReplicaSet], live: &Value) -> Option<&'a ReplicaSet> {
    let updated = live.pointer("/status/updatedReplicas");
    let none_updated = updated.and_then(Value::as_u64).unwrap_or(0) == 0;
    // Before the controller has looked at the template, and in a pause, there is none of it.
    if rollout::unobserved(live) || none_updated {
        return None;
    }
    let revision = live.pointer("/metadata/revision").and_then(Value::as_u64);
    sets.iter()
        .copied()
        .filter(|set| revision.is_none_or(|revision| set.revision == revision))
        .max_by_key(|set| (set.revision, set.created))
}

/// Newest pods of a workload that have a log, the newest first: name and first container.
pub(super) fn loggable(shared: &Shared, workload: &ObjectRef) -> Vec<(String, String)> {
    let store = shared.store();
    let Some(live) = live(&store, workload) else {
        return Vec::new();
    };
    let owned = owned(&store, workload, live);
    owned
        .pods
        .iter()
        .rev()
        .filter(|(_, newest)| *newest)
        .filter_map(|(pod, _)| Some((pod.picture.name.clone(), pod.container.clone()?)))
        .collect()
}

fn events(store: &Store, most: usize) -> Vec<ClusterEvent> {
    let mut events: Vec<ClusterEvent> = store
        .streams
        .values()
        .flat_map(|stream| stream.known().values())
        .filter_map(|kept| match kept {
            Kept::Happening(happening) if store.ours.contains(&happening.about) => {
                Some(happening.event.clone())
            }
            _ => None,
        })
        .collect();
    events.sort_by(|a, b| (b.at, &b.object, &b.reason).cmp(&(a.at, &a.object, &a.reason)));
    events.truncate(most);
    events
}

/// What is kept of an event.
pub(super) fn happening(data: &Value, created: Option<DateTime<Utc>>) -> Option<Happening> {
    let text = |path: &str| {
        data.pointer(path)
            .and_then(Value::as_str)
            .filter(|text| !text.is_empty())
    };
    let times = [
        "/series/lastObservedTime",
        "/lastTimestamp",
        "/eventTime",
        "/firstTimestamp",
    ];
    let at = times
        .into_iter()
        .find_map(|path| instant(text(path)?))
        .or(created)?;
    let count = data
        .pointer("/series/count")
        .or(data.get("count"))
        .and_then(Value::as_u64)
        .unwrap_or(1);
    Some(Happening {
        about: text("/involvedObject/uid")?.to_owned(),
        event: ClusterEvent {
            at,
            warning: text("/type") == Some("Warning"),
            reason: text("/reason").unwrap_or_default().to_owned(),
            object: format!(
                "{}/{}",
                text("/involvedObject/kind").unwrap_or_default(),
                text("/involvedObject/name").unwrap_or_default()
            ),
            message: text("/message").unwrap_or_default().to_owned(),
            count: u32::try_from(count).unwrap_or(u32::MAX),
        },
    })
}

#[cfg(test)]
#[path = "picture_tests.rs"]
#[allow(clippy::unwrap_used)]
mod tests;
