//! Deletion: preconditions, graceful pods, finalizers, propagation.

use crate::resource::Resource;
use crate::status::ApiError;
use crate::store::Store;
use crate::tree::{self, items, name, namespace, set, text};
use chrono::{Duration, SecondsFormat, Utc};
use serde_json::{Value, json};
use std::sync::Arc;

/// What became of a deletion.
pub(crate) enum Deleted {
    /// The object is gone.
    Gone(Arc<Value>),
    /// The object is terminating: a pod in its grace period, or finalizers are left.
    Pending(Arc<Value>),
}

/// Deletes one object. `options` is the `DeleteOptions` body merged with the query.
pub(crate) fn delete(
    store: &mut Store,
    resource: &Resource,
    in_namespace: &str,
    object_name: &str,
    options: &Value,
    dry_run: bool,
) -> Result<Deleted, ApiError> {
    let storage = resource.storage();
    let live = store
        .get(&storage, in_namespace, object_name)
        .ok_or_else(|| ApiError::not_found(resource, object_name))?;
    preconditions(resource, &live, options)?;
    if dry_run {
        return Ok(Deleted::Gone(live));
    }
    let mut object = (*live).clone();
    match text(options, "/propagationPolicy") {
        "Orphan" => orphan(store, &live),
        "Foreground" => add_finalizer(&mut object, "foregroundDeletion"),
        _ => {}
    }
    let grace = match resource.kind.as_str() {
        "Pod" => pod_grace(&live, options),
        _ => 0,
    };
    let waits = !items(&object, "/metadata/finalizers").is_empty()
        || resource.kind == "Namespace"
        || grace > 0;
    if !waits {
        return match store.remove(&storage, in_namespace, object_name) {
            Some(last) => Ok(Deleted::Gone(last)),
            None => Err(ApiError::not_found(resource, object_name)),
        };
    }
    if tree::is_terminating(&live) {
        return Ok(Deleted::Pending(live));
    }
    let at = Utc::now() + Duration::seconds(grace);
    let at = at.to_rfc3339_opts(SecondsFormat::Secs, true);
    set(&mut object, &["metadata", "deletionTimestamp"], at);
    set(
        &mut object,
        &["metadata", "deletionGracePeriodSeconds"],
        grace,
    );
    if resource.kind == "Namespace" {
        set(&mut object, &["status", "phase"], "Terminating");
    }
    Ok(Deleted::Pending(store.put(&storage, object)))
}

fn preconditions(resource: &Resource, live: &Value, options: &Value) -> Result<(), ApiError> {
    let (uid, record) = (text(options, "/preconditions/uid"), tree::uid(live));
    if !uid.is_empty() && uid != record {
        let why = format!(
            "the UID in the precondition ({uid}) does not match the UID in record ({record}). The object might have been deleted and then recreated"
        );
        return Err(ApiError::precondition(resource, name(live), &why));
    }
    let version = text(options, "/preconditions/resourceVersion");
    let current = text(live, "/metadata/resourceVersion");
    if !version.is_empty() && version != current {
        let why = format!(
            "the ResourceVersion in the precondition ({version}) does not match the ResourceVersion in record ({current}). The object might have been modified"
        );
        return Err(ApiError::precondition(resource, name(live), &why));
    }
    Ok(())
}

/// Seconds a pod may take to end; a pod that never ran goes at once.
fn pod_grace(pod: &Value, options: &Value) -> i64 {
    let phase = text(pod, "/status/phase");
    if text(pod, "/spec/nodeName").is_empty() || matches!(phase, "Succeeded" | "Failed") {
        return 0;
    }
    let own = tree::number(pod, "/spec/terminationGracePeriodSeconds", 30);
    tree::number(options, "/gracePeriodSeconds", own)
}

fn add_finalizer(object: &mut Value, finalizer: &str) {
    let mut all = items(object, "/metadata/finalizers").to_vec();
    if !all.iter().any(|f| f == finalizer) {
        all.push(json!(finalizer));
    }
    set(object, &["metadata", "finalizers"], all);
}

fn orphan(store: &mut Store, owner: &Value) {
    let uid = tree::uid(owner);
    let dependents: Vec<(String, Arc<Value>)> = store
        .everything()
        .filter(|(_, object)| owned_by(object, uid))
        .map(|(storage, object)| (storage.clone(), object.clone()))
        .collect();
    for (storage, dependent) in dependents {
        let mut free = (*dependent).clone();
        let kept: Vec<Value> = items(&free, "/metadata/ownerReferences")
            .iter()
            .filter(|reference| text(reference, "/uid") != uid)
            .cloned()
            .collect();
        set(&mut free, &["metadata", "ownerReferences"], kept);
        store.put(&storage, free);
    }
}

/// Whether an object names this uid among its owners.
pub(crate) fn owned_by(object: &Value, uid: &str) -> bool {
    items(object, "/metadata/ownerReferences")
        .iter()
        .any(|reference| text(reference, "/uid") == uid)
}

/// The `Status` a finished deletion answers with.
pub(crate) fn success(resource: &Resource, object: &Value) -> Value {
    let mut details = json!({
        "name": name(object), "group": resource.group, "kind": resource.plural,
        "uid": tree::uid(object),
    });
    if resource.group.is_empty() {
        tree::map_mut(&mut details, &[]).shift_remove("group");
    }
    json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success",
        "details": details,
    })
}

/// Removes a finalizer and with the last one the object.
pub(crate) fn drop_finalizer(store: &mut Store, storage: &str, object: &Value, finalizer: &str) {
    let kept: Vec<Value> = items(object, "/metadata/finalizers")
        .iter()
        .filter(|f| *f != finalizer)
        .cloned()
        .collect();
    if kept.is_empty() {
        store.remove(storage, namespace(object), name(object));
        return;
    }
    let mut object = object.clone();
    set(&mut object, &["metadata", "finalizers"], kept);
    store.put(storage, object);
}
