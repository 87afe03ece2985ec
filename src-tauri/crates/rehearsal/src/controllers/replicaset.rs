//! The ReplicaSet controller: as many pods as asked for.

use super::Agenda;
use super::availability::{is_available, is_ready};
use super::owned::{self, CONTROLLER};
use crate::pace::letters;
use crate::store::Store;
use crate::tree::{self, name, number};
use rand::rngs::StdRng;
use serde_json::{Value, json};
use std::sync::Arc;

pub(crate) fn run(store: &mut Store, rng: &mut StdRng, agenda: &mut Agenda) {
    for set in store.list("replicasets.apps", "") {
        if !tree::is_terminating(&set) {
            reconcile(store, &set, rng);
        }
        status(store, &set, agenda);
    }
}

fn reconcile(store: &mut Store, set: &Value, rng: &mut StdRng) {
    let wanted = usize::try_from(number(set, "/spec/replicas", 1)).unwrap_or(0);
    let mut pods: Vec<Arc<Value>> = owned::controlled(store, "pods", set)
        .into_iter()
        .filter(|pod| owned::is_active(pod))
        .collect();
    for _ in pods.len()..wanted {
        let pod_name = format!("{}-{}", name(set), letters(rng, 5));
        owned::create_pod(store, set, &pod_name, |_| {});
    }
    if pods.len() > wanted {
        // Not ready ones go first, then the youngest, as the real controller ranks them.
        pods.sort_by_key(|pod| {
            let created = number_of_revision(pod);
            (is_ready(pod), std::cmp::Reverse(created))
        });
        for pod in &pods[..pods.len() - wanted] {
            owned::delete_pod(store, set, pod);
        }
    }
}

fn number_of_revision(pod: &Value) -> String {
    tree::text(pod, "/metadata/creationTimestamp").to_owned()
}

fn status(store: &mut Store, set: &Value, agenda: &mut Agenda) {
    let pods: Vec<Arc<Value>> = owned::controlled(store, "pods", set)
        .into_iter()
        .filter(|pod| owned::is_active(pod))
        .collect();
    let ready = pods.iter().filter(|pod| is_ready(pod)).count();
    let min_ready = number(set, "/spec/minReadySeconds", 0);
    let available = pods
        .iter()
        .filter(|pod| is_available(pod, min_ready, agenda))
        .count();
    let mut status = json!({"replicas": pods.len()});
    for (field, count) in [
        ("fullyLabeledReplicas", pods.len()),
        ("readyReplicas", ready),
        ("availableReplicas", available),
    ] {
        if count > 0 {
            status[field] = json!(count);
        }
    }
    status["observedGeneration"] = json!(number(set, "/metadata/generation", 1));
    owned::write_status(store, "replicasets", "apps", set, status, CONTROLLER);
}
