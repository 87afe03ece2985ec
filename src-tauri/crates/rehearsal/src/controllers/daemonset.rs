//! The DaemonSet controller: one pod a node, updated one at a time.

use super::availability::is_ready;
use super::owned::{self, CONTROLLER};
use crate::pace::letters;
use crate::store::Store;
use crate::tree::{self, label, name, number, set, text};
use rand::rngs::StdRng;
use serde_json::{Value, json};
use std::sync::Arc;

const HASH: &str = "controller-revision-hash";

pub(crate) fn run(store: &mut Store, rng: &mut StdRng) {
    for owner in store.list("daemonsets.apps", "") {
        let nodes = store.list("nodes", "");
        if !tree::is_terminating(&owner) {
            reconcile(store, &owner, &nodes, rng);
        }
        status(store, &owner, nodes.len());
    }
}

fn node_of(pod: &Value) -> &str {
    text(pod, "/spec/nodeSelector/kubernetes.io~1hostname")
}

fn reconcile(store: &mut Store, owner: &Value, nodes: &[Arc<Value>], rng: &mut StdRng) {
    let hash = owned::template_hash(owner);
    let pods = owned::controlled(store, "pods", owner);
    for node in nodes {
        if !pods.iter().any(|pod| node_of(pod) == name(node)) {
            let pod_name = format!("{}-{}", name(owner), letters(rng, 5));
            owned::create_pod(store, owner, &pod_name, |pod| {
                set(pod, &["metadata", "labels", HASH], hash.clone());
                // The real controller pins by affinity; a selector says the same to our scheduler.
                set(
                    pod,
                    &["spec", "nodeSelector", "kubernetes.io/hostname"],
                    name(node),
                );
            });
        }
    }
    if text(owner, "/spec/updateStrategy/type") == "OnDelete" {
        return;
    }
    let outdated: Vec<&Arc<Value>> = pods
        .iter()
        .filter(|pod| label(pod, HASH) != Some(&hash))
        .collect();
    let all_well = pods.len() == nodes.len()
        && pods
            .iter()
            .all(|pod| is_ready(pod) && !tree::is_terminating(pod));
    let broken = outdated
        .iter()
        .find(|pod| !is_ready(pod) && !tree::is_terminating(pod));
    if let Some(pod) = broken.or(if all_well { outdated.first() } else { None }) {
        owned::delete_pod(store, owner, pod);
    }
}

fn status(store: &mut Store, owner: &Value, nodes: usize) {
    let hash = owned::template_hash(owner);
    let pods: Vec<Arc<Value>> = owned::controlled(store, "pods", owner)
        .into_iter()
        .filter(|pod| owned::is_active(pod))
        .collect();
    let ready = pods.iter().filter(|pod| is_ready(pod)).count();
    let mut status = json!({
        "currentNumberScheduled": pods.len(), "desiredNumberScheduled": nodes,
        "numberMisscheduled": 0, "numberReady": ready,
        "observedGeneration": number(owner, "/metadata/generation", 1),
    });
    let updated = pods
        .iter()
        .filter(|pod| label(pod, HASH) == Some(&hash))
        .count();
    for (field, count) in [
        ("updatedNumberScheduled", updated),
        ("numberAvailable", ready),
        ("numberUnavailable", nodes.saturating_sub(ready)),
    ] {
        if count > 0 {
            status[field] = json!(count);
        }
    }
    owned::write_status(store, "daemonsets", "apps", owner, status, CONTROLLER);
}
