//! The StatefulSet controller, ordered: up one at a time from 0, down and updated from the end.

use super::Agenda;
use super::availability::{is_available, is_ready};
use super::owned::{self, CONTROLLER};
use crate::store::Store;
use crate::tree::{self, label, name, number, set};
use serde_json::{Value, json};
use std::sync::Arc;

const HASH: &str = "controller-revision-hash";

pub(crate) fn run(store: &mut Store) {
    for set in store.list("statefulsets.apps", "") {
        if !tree::is_terminating(&set) {
            reconcile(store, &set);
        }
        status(store, &set);
    }
}

fn ordinal(pod: &Value) -> usize {
    name(pod)
        .rsplit('-')
        .next()
        .and_then(|n| n.parse().ok())
        .unwrap_or(usize::MAX)
}

fn revision(owner: &Value) -> String {
    format!("{}-{}", name(owner), owned::template_hash(owner))
}

fn reconcile(store: &mut Store, owner: &Value) {
    let wanted = usize::try_from(number(owner, "/spec/replicas", 1)).unwrap_or(0);
    let mut pods = owned::controlled(store, "pods", owner);
    pods.sort_by_key(|pod| ordinal(pod));
    for index in 0..wanted {
        match pods.iter().find(|pod| ordinal(pod) == index) {
            None => {
                let pod_name = format!("{}-{index}", name(owner));
                owned::create_pod(store, owner, &pod_name, |pod| {
                    set(pod, &["metadata", "labels", HASH], revision(owner));
                    set(
                        pod,
                        &["metadata", "labels", "statefulset.kubernetes.io/pod-name"],
                        pod_name.clone(),
                    );
                    set(
                        pod,
                        &["metadata", "labels", "apps.kubernetes.io/pod-index"],
                        index.to_string(),
                    );
                });
                return;
            }
            Some(pod) if !is_ready(pod) => {
                // A pod that was broken by the old template is replaced, else it is waited for.
                if !tree::is_terminating(pod) && label(pod, HASH) != Some(&revision(owner)) {
                    owned::delete_pod(store, owner, pod);
                }
                return;
            }
            Some(_) => {}
        }
    }
    if pods.iter().any(|pod| tree::is_terminating(pod)) {
        return;
    }
    let surplus = pods.iter().rev().find(|pod| ordinal(pod) >= wanted);
    let partition = usize::try_from(number(
        owner,
        "/spec/updateStrategy/rollingUpdate/partition",
        0,
    ))
    .unwrap_or(0);
    let outdated = pods
        .iter()
        .rev()
        .find(|pod| label(pod, HASH) != Some(&revision(owner)) && ordinal(pod) >= partition);
    if let Some(pod) = surplus.or(outdated) {
        owned::delete_pod(store, owner, pod);
    }
}

fn status(store: &mut Store, owner: &Value) {
    let pods: Vec<Arc<Value>> = owned::controlled(store, "pods", owner)
        .into_iter()
        .filter(|pod| owned::is_active(pod))
        .collect();
    let target = revision(owner);
    let updated = pods
        .iter()
        .filter(|pod| label(pod, HASH) == Some(&target))
        .count();
    let min_ready = number(owner, "/spec/minReadySeconds", 0);
    let mut unused = Agenda::default();
    let done = updated == pods.len();
    let before = tree::text(owner, "/status/currentRevision");
    let current = if done || before.is_empty() {
        target.clone()
    } else {
        before.to_owned()
    };
    let mut status = json!({
        "observedGeneration": number(owner, "/metadata/generation", 1),
        "replicas": pods.len(),
        "readyReplicas": pods.iter().filter(|pod| is_ready(pod)).count(),
        "availableReplicas": pods.iter().filter(|pod| is_available(pod, min_ready, &mut unused)).count(),
        "updatedReplicas": updated,
        "currentReplicas": pods.iter().filter(|pod| label(pod, HASH) == Some(&current)).count(),
        "currentRevision": current, "updateRevision": target, "collisionCount": 0,
    });
    if let Some(map) = status.as_object_mut() {
        map.retain(|key, value| {
            key == "replicas"
                || key == "availableReplicas"
                || key == "collisionCount"
                || *value != 0
        });
    }
    owned::write_status(store, "statefulsets", "apps", owner, status, CONTROLLER);
}
