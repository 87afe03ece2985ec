//! Pods and ReplicaSets from a template, owned by their controller.

use super::events;
use super::tolerate;
use crate::store::Store;
use crate::tree::{self, map_mut, name, namespace, set, text};
use crate::write::{self, WriteOptions};
use serde_json::{Value, json};
use std::sync::Arc;

/// The component behind the workload controllers.
pub(crate) const CONTROLLER: &str = "kube-controller-manager";

/// An owner reference with `controller: true`.
pub(crate) fn reference(owner: &Value) -> Value {
    json!([{
        "apiVersion": text(owner, "/apiVersion"), "kind": text(owner, "/kind"), "name": name(owner),
        "uid": tree::uid(owner), "controller": true, "blockOwnerDeletion": true,
    }])
}

/// Objects of a resource that this owner controls.
pub(crate) fn controlled(store: &Store, storage: &str, owner: &Value) -> Vec<Arc<Value>> {
    store
        .list(storage, namespace(owner))
        .into_iter()
        .filter(|object| {
            tree::controller_of(object)
                .is_some_and(|reference| text(reference, "/uid") == tree::uid(owner))
        })
        .collect()
}

/// Whether a pod counts towards its controller: not ending and not finished.
pub(crate) fn is_active(pod: &Value) -> bool {
    !tree::is_terminating(pod) && !matches!(text(pod, "/status/phase"), "Succeeded" | "Failed")
}

/// Creates a pod from the owner's template.
pub(crate) fn create_pod(
    store: &mut Store,
    owner: &Value,
    pod_name: &str,
    change: impl FnOnce(&mut Value),
) {
    let template = owner.pointer("/spec/template").cloned().unwrap_or_default();
    let mut pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": template["metadata"], "spec": template["spec"]});
    set(&mut pod, &["metadata", "name"], pod_name);
    set(
        &mut pod,
        &["metadata", "generateName"],
        format!("{}-", name(owner)),
    );
    set(&mut pod, &["metadata", "namespace"], namespace(owner));
    set(&mut pod, &["metadata", "ownerReferences"], reference(owner));
    map_mut(&mut pod, &["metadata"]).shift_remove("creationTimestamp");
    change(&mut pod);
    let Some(resource) = store.find("", "v1", "pods") else {
        return;
    };
    let options = WriteOptions::component(CONTROLLER, "");
    let created = write::create(store, &resource, namespace(owner), pod, &options);
    let component = format!("{}-controller", text(owner, "/kind").to_lowercase());
    if let Some(created) = tolerate("create pod", created) {
        let message = format!("Created pod: {}", name(&created.object));
        events::record(
            store,
            owner,
            "Normal",
            "SuccessfulCreate",
            &message,
            &component,
        );
    }
}

/// Deletes a pod gracefully, with the owner's event.
pub(crate) fn delete_pod(store: &mut Store, owner: &Value, pod: &Value) {
    let Some(resource) = store.find("", "v1", "pods") else {
        return;
    };
    let deleted = crate::delete::delete(
        store,
        &resource,
        namespace(pod),
        name(pod),
        &json!({}),
        false,
    );
    let component = format!("{}-controller", text(owner, "/kind").to_lowercase());
    if tolerate("delete pod", deleted).is_some() {
        let message = format!("Deleted pod: {}", name(pod));
        events::record(
            store,
            owner,
            "Normal",
            "SuccessfulDelete",
            &message,
            &component,
        );
    }
}

/// Writes an object's status, if it differs.
pub(crate) fn write_status(
    store: &mut Store,
    plural: &str,
    group: &str,
    live: &Value,
    status: Value,
    manager: &str,
) {
    if live.get("status") == Some(&status) {
        return;
    }
    let version = text(live, "/apiVersion").rsplit('/').next().unwrap_or("v1");
    let Some(resource) = store.find(group, version, plural) else {
        return;
    };
    let mut object = live.clone();
    set(&mut object, &["status"], status);
    map_mut(&mut object, &["metadata"]).shift_remove("resourceVersion");
    let options = WriteOptions::component(manager, "status");
    tolerate(
        "status",
        write::update(
            store,
            &resource,
            namespace(live),
            name(live),
            object,
            &options,
        ),
    );
}

/// Writes an object's spec or metadata as the controller.
pub(crate) fn write_object(
    store: &mut Store,
    plural: &str,
    group: &str,
    mut object: Value,
) -> Option<Arc<Value>> {
    let resource = store.find(group, "v1", plural)?;
    map_mut(&mut object, &["metadata"]).shift_remove("resourceVersion");
    let options = WriteOptions::component(CONTROLLER, "");
    let (ns, own) = (namespace(&object).to_owned(), name(&object).to_owned());
    tolerate(
        "object",
        write::update(store, &resource, &ns, &own, object, &options),
    )
    .map(|written| written.object)
}

/// A short hash of a pod template, stable across restarts.
pub(crate) fn template_hash(owner: &Value) -> String {
    use rand::SeedableRng;
    use sha2::{Digest, Sha256};
    let mut template = owner.pointer("/spec/template").cloned().unwrap_or_default();
    template.sort_all_objects();
    let digest: [u8; 32] = Sha256::digest(template.to_string().as_bytes()).into();
    crate::pace::letters(&mut rand::rngs::StdRng::from_seed(digest), 10)
}
