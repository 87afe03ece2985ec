//! The common end of every write: preconditions, what a write may not touch, defaults, validation,
//! generation, ownership, the store.

use crate::defaults;
use crate::fields::ownership::{self, Writer};
use crate::resource::Resource;
use crate::status::ApiError;
use crate::store::Store;
use crate::tree::{self, map_mut, name, remove, set, text};
use crate::validate;
use crate::write::{WriteOptions, Written, now};
use serde_json::{Value, json};
use std::sync::Arc;
use uuid::Uuid;

/// Admits an object. `owned`: managedFields are set already (apply).
pub(crate) fn admit(
    store: &mut Store,
    resource: &Resource,
    live: Option<&Arc<Value>>,
    mut object: Value,
    options: &WriteOptions,
    owned: bool,
    warnings: Vec<String>,
) -> Result<Written, ApiError> {
    let namespace = tree::namespace(&object).to_owned();
    match live {
        Some(live) => {
            preconditions(resource, live, &object)?;
            keep_what_is_not_written(resource, live, &mut object, options);
        }
        None => {
            if resource.namespaced {
                usable_namespace(store, resource, &namespace, name(&object))?;
            }
            prepare_for_create(resource, &mut object, options);
        }
    }
    defaults::fill(resource, &mut object);
    drop_empty_metadata(&mut object);
    validate::check(resource, live.map(Arc::as_ref), &object)?;
    bump_generation(resource, live, &mut object, options);
    if !owned {
        let now = now();
        let writer = Writer {
            manager: &options.manager,
            subresource: &options.subresource,
            now: &now,
        };
        let empty = Value::Object(serde_json::Map::new());
        let before = live.map_or(&empty, |live| live.as_ref());
        ownership::track_update(before, &mut object, resource, writer);
    }
    object = canonical(object);
    if let Some(live) = live
        && **live == object
    {
        return Ok(Written {
            object: live.clone(),
            created: false,
            warnings,
        });
    }
    let created = live.is_none();
    let object = if options.dry_run {
        Arc::new(object)
    } else if tree::is_terminating(&object) && finalizers(&object) == 0 && resource.kind != "Pod" {
        // The last finalizer is gone: the pending deletion takes place.
        let last = store.put(&resource.storage(), object);
        store.remove(&resource.storage(), &namespace, name(&last));
        last
    } else {
        store.put(&resource.storage(), object)
    };
    Ok(Written {
        object,
        created,
        warnings,
    })
}

pub(crate) fn preconditions(
    resource: &Resource,
    live: &Value,
    object: &Value,
) -> Result<(), ApiError> {
    let uid = tree::uid(object);
    if !uid.is_empty() && uid != tree::uid(live) {
        let why = format!(
            "Precondition failed: UID in precondition: {uid}, UID in object meta: {}",
            tree::uid(live)
        );
        return Err(ApiError::conflict(resource, name(live), &why));
    }
    let version = text(object, "/metadata/resourceVersion");
    if !version.is_empty() && version != text(live, "/metadata/resourceVersion") {
        return Err(ApiError::modified(resource, name(live)));
    }
    Ok(())
}

/// Patches and apply find another uid in validation (422), before any precondition (409).
pub(crate) fn same_uid(resource: &Resource, live: &Value, object: &Value) -> Result<(), ApiError> {
    let uid = tree::uid(object);
    if uid.is_empty() || uid == tree::uid(live) {
        return Ok(());
    }
    let why = format!("Invalid value: {uid:?}: field is immutable");
    Err(ApiError::invalid(
        resource,
        name(live),
        "metadata.uid",
        &why,
    ))
}

fn usable_namespace(
    store: &Store,
    resource: &Resource,
    namespace: &str,
    object_name: &str,
) -> Result<(), ApiError> {
    let Some(found) = store.get("namespaces", "", namespace) else {
        let mut error = ApiError::not_found(resource, object_name);
        error.message = format!("namespaces \"{namespace}\" not found");
        error.details = Some(json!({"name": namespace, "kind": "namespaces"}));
        return Err(error);
    };
    if tree::is_terminating(&found) {
        let message = format!(
            "{} \"{object_name}\" is forbidden: unable to create new content in namespace {namespace} because it is being terminated",
            resource.qualified()
        );
        return Err(ApiError::forbidden(
            message,
            &resource.group,
            &resource.plural,
            object_name,
        ));
    }
    Ok(())
}

fn prepare_for_create(resource: &Resource, object: &mut Value, options: &WriteOptions) {
    // A component may create an object that already has a uid (the kube-system namespace).
    let own = options.manager == "kube-apiserver" && !tree::uid(object).is_empty();
    if !own {
        set(object, &["metadata", "uid"], Uuid::new_v4().to_string());
    }
    set(object, &["metadata", "creationTimestamp"], now());
    remove(object, &["metadata", "deletionTimestamp"]);
    if resource.has_status() && resource.kind != "Node" {
        map_mut(object, &[]).shift_remove("status");
        let status = match resource.kind.as_str() {
            "ReplicaSet" => json!({"replicas": 0}),
            "StatefulSet" => json!({"replicas": 0, "availableReplicas": 0}),
            "DaemonSet" => {
                json!({"currentNumberScheduled": 0, "desiredNumberScheduled": 0, "numberMisscheduled": 0, "numberReady": 0})
            }
            "Deployment" | "Job" | "Pod" => json!({}),
            _ => return,
        };
        set(object, &["status"], status);
    }
}

fn keep_what_is_not_written(
    resource: &Resource,
    live: &Value,
    object: &mut Value,
    options: &WriteOptions,
) {
    if options.subresource == "status" {
        let status = object.get("status").cloned();
        let owners = object.pointer("/metadata/managedFields").cloned();
        let annotations = object.pointer("/metadata/annotations").cloned();
        *object = live.clone();
        // A status write may also annotate: that is how a Deployment gets its revision.
        set(
            object,
            &["metadata", "annotations"],
            annotations.unwrap_or_default(),
        );
        if let Some(status) = status {
            set(object, &["status"], status);
        }
        if let Some(owners) = owners {
            set(object, &["metadata", "managedFields"], owners);
        }
    } else if resource.has_status() && options.manager != "kube-apiserver" {
        match live.get("status") {
            Some(status) => set(object, &["status"], status.clone()),
            None => {
                map_mut(object, &[]).shift_remove("status");
            }
        }
    }
    for field in [
        "uid",
        "creationTimestamp",
        "generation",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
        "resourceVersion",
    ] {
        match live.get("metadata").and_then(|m| m.get(field)) {
            Some(kept) => set(object, &["metadata", field], kept.clone()),
            None => remove(object, &["metadata", field]),
        }
    }
}

fn drop_empty_metadata(object: &mut Value) {
    let metadata = map_mut(object, &["metadata"]);
    for field in ["labels", "annotations", "finalizers", "ownerReferences"] {
        let hollow = metadata.get(field).is_some_and(|value| match value {
            Value::Object(map) => map.is_empty(),
            Value::Array(list) => list.is_empty(),
            other => other.is_null(),
        });
        if hollow {
            metadata.shift_remove(field);
        }
    }
}

fn bump_generation(
    resource: &Resource,
    live: Option<&Arc<Value>>,
    object: &mut Value,
    options: &WriteOptions,
) {
    let counted = !resource.builtin
        || matches!(
            resource.group.as_str(),
            "apps" | "batch" | "autoscaling" | "policy" | "apiextensions.k8s.io"
        )
        || resource.kind == "Pod";
    if !counted {
        return;
    }
    let generation = match live {
        None => 1,
        Some(live) => {
            let before = tree::number(live, "/metadata/generation", 1);
            // Deployments count annotations in, since their ReplicaSets copy them.
            let annotated = resource.kind == "Deployment"
                && options.subresource.is_empty()
                && live.pointer("/metadata/annotations") != object.pointer("/metadata/annotations");
            before + i64::from(annotated || desired(live) != desired(object))
        }
    };
    set(object, &["metadata", "generation"], generation);
}

/// Everything but metadata and status.
fn desired(object: &Value) -> Vec<(&String, &Value)> {
    let mut parts: Vec<_> = object
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(key, _)| !matches!(key.as_str(), "metadata" | "status"))
        .collect();
    parts.sort_by_key(|(key, _)| key.as_str());
    parts
}

/// Nulls out and metadata's keys sorted, status last: the order a real server prints.
fn canonical(mut object: Value) -> Value {
    drop_nulls(&mut object);
    map_mut(&mut object, &["metadata"]).sort_keys();
    if let Some(status) = map_mut(&mut object, &[]).shift_remove("status") {
        map_mut(&mut object, &[]).insert("status".into(), status);
    }
    object
}

fn drop_nulls(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.retain(|_, inner| !inner.is_null());
            map.values_mut().for_each(drop_nulls);
        }
        Value::Array(list) => list.iter_mut().for_each(drop_nulls),
        _ => {}
    }
}

fn finalizers(object: &Value) -> usize {
    tree::items(object, "/metadata/finalizers").len()
}
