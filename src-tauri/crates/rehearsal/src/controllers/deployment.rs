//! The Deployment controller: revisions, ReplicaSets, status and conditions. How replicas move from
//! old to new is in `rollout`.

use super::Agenda;
use super::availability::{condition, set_condition};
use super::events;
use super::owned::{self, CONTROLLER};
use super::progress::{Progress, progressing};
use super::rollout;
use crate::store::Store;
use crate::tree::{self, annotation, flag, items, map_mut, name, namespace, number, set, text};
use crate::write::{self, WriteOptions};
use serde_json::{Value, json};
use std::sync::Arc;

const REVISION: &str = "deployment.kubernetes.io/revision";
const HISTORY: &str = "deployment.kubernetes.io/revision-history";
const DESIRED: &str = "deployment.kubernetes.io/desired-replicas";
const MAXIMUM: &str = "deployment.kubernetes.io/max-replicas";
/// Annotations that do not travel from Deployment to ReplicaSet.
const OWN: &[&str] = &[
    "kubectl.kubernetes.io/last-applied-configuration",
    REVISION,
    HISTORY,
    DESIRED,
    MAXIMUM,
];

pub(crate) fn run(store: &mut Store, agenda: &mut Agenda) {
    for deployment in store.list("deployments.apps", "") {
        if !tree::is_terminating(&deployment) {
            reconcile(store, deployment, agenda);
        }
    }
}

fn reconcile(store: &mut Store, deployment: Arc<Value>, agenda: &mut Agenda) {
    let sets = owned::controlled(store, "replicasets.apps", &deployment);
    let current = sets
        .iter()
        .find(|set| same_template(set, &deployment))
        .cloned();
    let paused = flag(&deployment, "/spec/paused");
    let mut deployment = deployment;
    let mut created = false;
    let current = match (current, paused) {
        (Some(set), true) => Some(set),
        (None, true) => None,
        (Some(set), false) => Some(sync_revision(store, &deployment, &sets, &set)),
        (None, false) => {
            created = true;
            create_set(store, &deployment, &sets)
        }
    };
    if let (Some(set), false) = (&current, paused) {
        deployment = copy_revision(store, deployment, set);
    }
    let old: Vec<Arc<Value>> = owned::controlled(store, "replicasets.apps", &deployment)
        .into_iter()
        .filter(|set| {
            current
                .as_ref()
                .is_none_or(|c| tree::uid(c) != tree::uid(set))
        })
        .collect();
    if paused {
        rollout::scale_active(store, &deployment, current.as_deref(), &old);
    } else if let Some(current) = &current {
        rollout::advance(store, &deployment, current, &old);
    }
    status(store, &deployment, current.as_deref(), created, agenda);
}

/// Whether a ReplicaSet was made from this template, its own hash label aside.
fn same_template(set: &Value, deployment: &Value) -> bool {
    let mut own = set.pointer("/spec/template").cloned().unwrap_or_default();
    tree::remove(&mut own, &["metadata", "labels", "pod-template-hash"]);
    Some(&own) == deployment.pointer("/spec/template")
}

fn revision(set: &Value) -> i64 {
    annotation(set, REVISION)
        .and_then(|r| r.parse().ok())
        .unwrap_or(0)
}

/// The current ReplicaSet has the highest revision; a rollback raises an old one's.
fn sync_revision(
    store: &mut Store,
    deployment: &Value,
    sets: &[Arc<Value>],
    current: &Arc<Value>,
) -> Arc<Value> {
    let others = sets
        .iter()
        .filter(|set| tree::uid(set) != tree::uid(current));
    let highest = others.map(|set| revision(set)).max().unwrap_or(0);
    let own = revision(current);
    let mut set = (**current).clone();
    copy_annotations(deployment, &mut set);
    if own <= highest {
        let history = match annotation(current, HISTORY) {
            Some(past) => format!("{past},{own}"),
            None => own.to_string(),
        };
        tree::set(&mut set, &["metadata", "annotations", HISTORY], history);
        tree::set(
            &mut set,
            &["metadata", "annotations", REVISION],
            (highest + 1).to_string(),
        );
    }
    match deployment.pointer("/spec/minReadySeconds") {
        Some(seconds) => tree::set(&mut set, &["spec", "minReadySeconds"], seconds.clone()),
        None => tree::remove(&mut set, &["spec", "minReadySeconds"]),
    }
    if set == **current {
        return current.clone();
    }
    owned::write_object(store, "replicasets", "apps", set).unwrap_or_else(|| current.clone())
}

fn copy_annotations(deployment: &Value, set: &mut Value) {
    let from = deployment
        .pointer("/metadata/annotations")
        .and_then(Value::as_object);
    for (key, value) in from
        .into_iter()
        .flatten()
        .filter(|(key, _)| !OWN.contains(&key.as_str()))
    {
        tree::set(set, &["metadata", "annotations", key], value.clone());
    }
}

fn create_set(store: &mut Store, deployment: &Value, sets: &[Arc<Value>]) -> Option<Arc<Value>> {
    let hash = owned::template_hash(deployment);
    let next = sets.iter().map(|set| revision(set)).max().unwrap_or(0) + 1;
    let mut template = deployment
        .pointer("/spec/template")
        .cloned()
        .unwrap_or_default();
    set(
        &mut template,
        &["metadata", "labels", "pod-template-hash"],
        hash.clone(),
    );
    let mut selector = deployment
        .pointer("/spec/selector")
        .cloned()
        .unwrap_or_default();
    set(
        &mut selector,
        &["matchLabels", "pod-template-hash"],
        hash.clone(),
    );
    let mut object = json!({
        "apiVersion": "apps/v1", "kind": "ReplicaSet",
        "metadata": {
            "name": format!("{}-{hash}", name(deployment)), "namespace": namespace(deployment),
            "labels": template["metadata"]["labels"], "ownerReferences": owned::reference(deployment),
        },
        "spec": {"replicas": 0, "selector": selector, "template": template},
    });
    copy_annotations(deployment, &mut object);
    set(
        &mut object,
        &["metadata", "annotations", REVISION],
        next.to_string(),
    );
    let wanted = number(deployment, "/spec/replicas", 1);
    set(
        &mut object,
        &["metadata", "annotations", DESIRED],
        wanted.to_string(),
    );
    let most = wanted + rollout::surge(deployment);
    set(
        &mut object,
        &["metadata", "annotations", MAXIMUM],
        most.to_string(),
    );
    if let Some(seconds) = deployment.pointer("/spec/minReadySeconds") {
        set(&mut object, &["spec", "minReadySeconds"], seconds.clone());
    }
    let resource = store.find("apps", "v1", "replicasets")?;
    let options = WriteOptions::component(CONTROLLER, "");
    let created = write::create(store, &resource, namespace(deployment), object, &options);
    super::tolerate("create replica set", created).map(|written| written.object)
}

fn copy_revision(store: &mut Store, deployment: Arc<Value>, set: &Value) -> Arc<Value> {
    let own = revision(set).to_string();
    if annotation(&deployment, REVISION) == Some(&own) {
        return deployment;
    }
    let mut changed = (*deployment).clone();
    tree::set(&mut changed, &["metadata", "annotations", REVISION], own);
    tree::remove(&mut changed, &["metadata", "resourceVersion"]);
    let (namespace, name) = (
        namespace(&deployment).to_owned(),
        name(&deployment).to_owned(),
    );
    let Some(resource) = store.find("apps", "v1", "deployments") else {
        return deployment;
    };
    // Through status, as the real controller does: a revision is no new generation.
    let options = WriteOptions::component(CONTROLLER, "status");
    let written = write::update(store, &resource, &namespace, &name, changed, &options);
    super::tolerate("revision", written).map_or(deployment, |written| written.object)
}

fn status(
    store: &mut Store,
    deployment: &Value,
    current: Option<&Value>,
    created: bool,
    agenda: &mut Agenda,
) {
    let sets = owned::controlled(store, "replicasets.apps", deployment);
    let total = |field: &str| -> i64 { sets.iter().map(|set| number(set, field, 0)).sum() };
    let wanted = number(deployment, "/spec/replicas", 1);
    let current = current.and_then(|c| sets.iter().find(|set| tree::uid(set) == tree::uid(c)));
    let updated = current.map_or(0, |set| number(set, "/status/replicas", 0));
    let (replicas, ready, available) = (
        total("/status/replicas"),
        total("/status/readyReplicas"),
        total("/status/availableReplicas"),
    );
    let spec_total = total("/spec/replicas");
    let unavailable = (spec_total.max(wanted) - available).max(0);
    let mut status = json!({"observedGeneration": number(deployment, "/metadata/generation", 1)});
    for (field, count) in [
        ("replicas", replicas),
        ("updatedReplicas", updated),
        ("readyReplicas", ready),
        ("availableReplicas", available),
        ("unavailableReplicas", unavailable),
    ] {
        if count > 0 {
            status[field] = json!(count);
        }
    }
    let now = write::now();
    let mut conditions = items(deployment, "/status/conditions").to_vec();
    let enough = available >= wanted - rollout::max_unavailable(deployment);
    let (word, reason, message) = match enough {
        true => (
            "True",
            "MinimumReplicasAvailable",
            "Deployment has minimum availability.",
        ),
        false => (
            "False",
            "MinimumReplicasUnavailable",
            "Deployment does not have minimum availability.",
        ),
    };
    if condition(deployment, "Available").is_none_or(|c| text(c, "/status") != word) {
        set_condition(&mut conditions, "Available", word, reason, message, &now);
    }
    let complete = updated == wanted
        && replicas == wanted
        && available == wanted
        && current.is_some_and(|set| {
            number(set, "/status/observedGeneration", 0) >= number(set, "/metadata/generation", 1)
        });
    let moved = ["updatedReplicas", "readyReplicas", "availableReplicas"]
        .iter()
        .any(|field| {
            number(&status, &format!("/{field}"), 0)
                > number(deployment, &format!("/status/{field}"), 0)
        })
        || (replicas - updated)
            < number(deployment, "/status/replicas", 0)
                - number(deployment, "/status/updatedReplicas", 0);
    progressing(
        deployment,
        current.map(Arc::as_ref),
        &mut conditions,
        Progress {
            complete,
            moved,
            created,
        },
        &now,
        agenda,
    );
    status["conditions"] = Value::Array(conditions);
    owned::write_status(store, "deployments", "apps", deployment, status, CONTROLLER);
}

/// Sets a ReplicaSet's size, with the Deployment's event.
pub(crate) fn resize(store: &mut Store, deployment: &Value, replica_set: &Value, size: i64) {
    let before = number(replica_set, "/spec/replicas", 0);
    if before == size {
        return;
    }
    let mut changed = replica_set.clone();
    set(&mut changed, &["spec", "replicas"], size);
    let wanted = number(deployment, "/spec/replicas", 1);
    map_mut(&mut changed, &["metadata", "annotations"])
        .insert(DESIRED.into(), json!(wanted.to_string()));
    map_mut(&mut changed, &["metadata", "annotations"]).insert(
        MAXIMUM.into(),
        json!((wanted + rollout::surge(deployment)).to_string()),
    );
    if owned::write_object(store, "replicasets", "apps", changed).is_some() {
        let way = if size > before { "up" } else { "down" };
        let message = format!(
            "Scaled {way} replica set {} from {before} to {size}",
            name(replica_set)
        );
        events::record(
            store,
            deployment,
            "Normal",
            "ScalingReplicaSet",
            &message,
            "deployment-controller",
        );
    }
}
