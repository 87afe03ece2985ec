//! What the cluster fills into an object. A manifest that came out of a cluster carries it; sent again
//! it would fail, or name an object of another cluster. It is left out, and the reader is shown what.

use crate::tree::{Node, Tree};

/// Fields of every object that only the API server or a controller writes. An owner is named by its
/// UID, which another cluster does not have: there the object would be deleted as an orphan.
const BY_SERVER: [&[&str]; 10] = [
    &["status"],
    &["metadata", "uid"],
    &["metadata", "resourceVersion"],
    &["metadata", "generation"],
    &["metadata", "selfLink"],
    &["metadata", "managedFields"],
    &["metadata", "creationTimestamp"],
    &["metadata", "deletionTimestamp"],
    &["metadata", "deletionGracePeriodSeconds"],
    &["metadata", "ownerReferences"],
];

/// Annotations that tools and controllers keep on the objects that they handle.
const ANNOTATIONS: [&str; 14] = [
    "kubectl.kubernetes.io/last-applied-configuration",
    "deployment.kubernetes.io/revision",
    "deprecated.daemonset.template.generation",
    "autoscaling.alpha.kubernetes.io/conditions",
    "autoscaling.alpha.kubernetes.io/current-metrics",
    BOUND_BY_CONTROLLER,
    "pv.kubernetes.io/bind-completed",
    "pv.kubernetes.io/provisioned-by",
    "volume.beta.kubernetes.io/storage-provisioner",
    "volume.kubernetes.io/storage-provisioner",
    "volume.kubernetes.io/selected-node",
    "batch.kubernetes.io/job-tracking",
    "batch.kubernetes.io/cronjob-scheduled-timestamp",
    "control-plane.alpha.kubernetes.io/leader",
];

/// Our own annotations name the release that wrote the object, which the next one is not.
const OURS: &str = "release.pilothouse/";

/// The volume of a claim with this annotation was chosen by the controller, not by a person.
const BOUND_BY_CONTROLLER: &str = "pv.kubernetes.io/bound-by-controller";

/// Finalizers that the API server or a controller of Kubernetes adds and takes away.
const FINALIZERS: [&str; 8] = [
    "kubernetes.io/pvc-protection",
    "kubernetes.io/pv-protection",
    "service.kubernetes.io/load-balancer-cleanup",
    "customresourcecleanup.apiextensions.k8s.io",
    "batch.kubernetes.io/job-tracking",
    "foregroundDeletion",
    "orphan",
    "external-provisioner.volume.kubernetes.io/finalizer",
];

/// Labels that tie a Job's pods to it.
const JOB_LABELS: [&str; 4] = [
    "controller-uid",
    "job-name",
    "batch.kubernetes.io/controller-uid",
    "batch.kubernetes.io/job-name",
];

/// Takes out of an object what the cluster fills; the paths of what was there, in the order of the
/// rules. What is the default of a field stays: released again it is the same value.
pub(super) fn leave_out(tree: &mut Tree, group: &str, kind: &str) -> Vec<String> {
    let exported = ["uid", "resourceVersion", "managedFields"]
        .iter()
        .any(|key| tree.at(&["metadata", key]).is_some_and(|f| !f.is_null()));
    let mut out = Vec::new();
    match (group, kind) {
        ("", "Service") if exported => service(tree, &mut out),
        ("", "PersistentVolumeClaim") => claim(tree, &mut out),
        ("", "PersistentVolume") => {
            take(tree, &["spec", "claimRef", "uid"], &mut out);
            take(tree, &["spec", "claimRef", "resourceVersion"], &mut out);
        }
        ("", "ServiceAccount") => tokens(tree, &mut out),
        ("", "Namespace") => take(tree, &["spec", "finalizers"], &mut out),
        ("", "Pod") if exported => take(tree, &["spec", "nodeName"], &mut out),
        ("batch", "Job") => job(tree, &mut out),
        ("apps", "StatefulSet") => claim_templates(tree, &mut out),
        _ => {}
    }
    for path in BY_SERVER {
        take(tree, path, &mut out);
    }
    // The server takes the name where there are both.
    if tree.at(&["metadata", "name"]).is_some() {
        take(tree, &["metadata", "generateName"], &mut out);
    }
    annotations(tree, &mut out);
    finalizers(tree, &mut out);
    empty_metadata(tree, &mut Vec::new(), &mut out);
    out
}

/// Addresses that the cluster handed out. `None` is a person's choice (a headless Service), and so
/// may be a node port: both stay.
fn service(tree: &mut Tree, out: &mut Vec<String>) {
    let address = tree.at(&["spec", "clusterIP"]).and_then(Tree::text);
    if address.is_some_and(|address| address != "None") {
        take(tree, &["spec", "clusterIP"], out);
        take(tree, &["spec", "clusterIPs"], out);
    }
    take(tree, &["spec", "healthCheckNodePort"], out);
}

fn claim(tree: &mut Tree, out: &mut Vec<String>) {
    if tree
        .at(&["metadata", "annotations", BOUND_BY_CONTROLLER])
        .is_some()
    {
        take(tree, &["spec", "volumeName"], out);
    }
}

fn claim_templates(tree: &mut Tree, out: &mut Vec<String>) {
    let path = ["spec", "volumeClaimTemplates"];
    let Some(Node::List(templates)) = tree.at_mut(&path).map(|found| &mut found.value) else {
        return;
    };
    for (index, template) in templates.iter_mut().enumerate() {
        if template.remove("status").is_some() {
            out.push(format!("spec.volumeClaimTemplates[{index}].status"));
        }
    }
}

/// Tokens that the cluster made for a service account; their names end in five random characters.
fn tokens(tree: &mut Tree, out: &mut Vec<String>) {
    let Some(name) = tree.at(&["metadata", "name"]).and_then(Tree::text) else {
        return;
    };
    let made = ["token", "dockercfg"].map(|kind| format!("{name}-{kind}-"));
    let is_made = |secret: &Tree| {
        let name = secret.get("name").and_then(Tree::text).unwrap_or_default();
        made.iter()
            .filter_map(|prefix| name.strip_prefix(prefix))
            .any(|rest| rest.len() == 5 && rest.chars().all(|c| c.is_ascii_alphanumeric()))
    };
    keep(tree, &["secrets"], |secret| !is_made(secret), out);
}

/// A Job's selector is made from its UID, unless it says that a person chose it.
fn job(tree: &mut Tree, out: &mut Vec<String>) {
    if tree
        .at(&["spec", "manualSelector"])
        .is_some_and(|manual| manual.value == Node::Bool(true))
    {
        return;
    }
    take(tree, &["spec", "selector"], out);
    for labels in [
        &["metadata", "labels"][..],
        &["spec", "template", "metadata", "labels"],
    ] {
        for label in JOB_LABELS {
            take(tree, &[labels, &[label]].concat(), out);
        }
    }
}

fn annotations(tree: &mut Tree, out: &mut Vec<String>) {
    let path = ["metadata", "annotations"];
    let written = tree.at(&path).map_or(&[][..], Tree::entries);
    let filled: Vec<String> = written
        .iter()
        .map(|(key, _)| key.clone())
        .filter(|key| ANNOTATIONS.contains(&key.as_str()) || key.starts_with(OURS))
        .collect();
    for key in &filled {
        take(tree, &[&path[..], &[key]].concat(), out);
    }
    if !filled.is_empty() && tree.at(&path).is_some_and(|left| left.entries().is_empty()) {
        take(tree, &path, &mut Vec::new());
    }
}

fn finalizers(tree: &mut Tree, out: &mut Vec<String>) {
    let by_cluster = |one: &Tree| one.text().is_some_and(|text| FINALIZERS.contains(&text));
    keep(
        tree,
        &["metadata", "finalizers"],
        |one| !by_cluster(one),
        out,
    );
}

/// Fields of any `metadata` that are written as nothing (`creationTimestamp: null`, as
/// `kubectl create --dry-run` prints it, in pod templates too).
fn empty_metadata(tree: &mut Tree, path: &mut Vec<String>, out: &mut Vec<String>) {
    match &mut tree.value {
        Node::Map(entries) => {
            if path.last().is_some_and(|key| key == "metadata") {
                entries.retain(|(key, value)| {
                    let keep = !value.is_null();
                    if !keep {
                        out.push(format!("{}.{key}", path.join(".")));
                    }
                    keep
                });
            }
            for (key, value) in entries {
                path.push(key.clone());
                empty_metadata(value, path, out);
                path.pop();
            }
        }
        Node::List(items) => {
            let Some(of) = path.pop() else { return };
            for (index, item) in items.iter_mut().enumerate() {
                path.push(format!("{of}[{index}]"));
                empty_metadata(item, path, out);
                path.pop();
            }
            path.push(of);
        }
        _ => {}
    }
}

/// Keeps some elements of a list; without any left the list goes too.
fn keep(tree: &mut Tree, path: &[&str], wanted: impl Fn(&Tree) -> bool, out: &mut Vec<String>) {
    let Some(Node::List(items)) = tree.at_mut(path).map(|found| &mut found.value) else {
        return;
    };
    let before = items.len();
    items.retain(wanted);
    let (left, gone) = (items.len(), before - items.len());
    if gone > 0 {
        out.push(path.join("."));
        if left == 0 {
            take(tree, path, &mut Vec::new());
        }
    }
}

fn take(tree: &mut Tree, path: &[&str], out: &mut Vec<String>) {
    let Some((key, around)) = path.split_last() else {
        return;
    };
    let removed = tree.at_mut(around).and_then(|around| around.remove(key));
    if removed.is_some() {
        out.push(path.join("."));
    }
}
