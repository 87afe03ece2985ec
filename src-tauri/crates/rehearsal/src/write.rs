//! Create, update, patch and apply: from a request's object to the stored one.
//!
//! All of them end in [`admit`]: preconditions, defaulting, validation, generation, ownership, and
//! finally the store, unless it is a dry run or nothing changed.

use crate::defaults;
use crate::fields::{apply, ownership};
use crate::patch::{self, PatchKind};
use crate::resource::Resource;
use crate::status::ApiError;
use crate::store::Store;
use crate::tree::{self, map_mut, name, remove, set, text};
use crate::validate;
use chrono::{SecondsFormat, Utc};
use ownership::Writer;
use serde_json::{Value, json};
use std::sync::Arc;
use uuid::Uuid;

/// What to do with fields the type does not know (`fieldValidation`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unknown {
    Reject,
    Warn,
    Ignore,
}

/// How a write is to be carried out.
#[derive(Debug, Clone)]
pub(crate) struct WriteOptions {
    pub manager: String,
    /// `status` or empty.
    pub subresource: String,
    pub dry_run: bool,
    /// Take over fields that others own (apply only).
    pub force: bool,
    pub unknown: Unknown,
}

impl WriteOptions {
    /// A write by one of the cluster's own components.
    pub(crate) fn component(manager: &str, subresource: &str) -> Self {
        WriteOptions {
            manager: manager.to_owned(),
            subresource: subresource.to_owned(),
            dry_run: false,
            force: true,
            unknown: Unknown::Ignore,
        }
    }
}

/// The outcome of a write.
#[derive(Debug)]
pub(crate) struct Written {
    pub object: Arc<Value>,
    pub created: bool,
    /// Sentences for `Warning:` headers.
    pub warnings: Vec<String>,
}

/// The current time as object metadata writes it.
pub(crate) fn now() -> String {
    Utc::now().to_rfc3339_opts(SecondsFormat::Secs, true)
}

pub(crate) fn create(
    store: &mut Store,
    resource: &Resource,
    namespace: &str,
    mut object: Value,
    options: &WriteOptions,
) -> Result<Written, ApiError> {
    identify(resource, namespace, &mut object)?;
    if name(&object).is_empty() && !text(&object, "/metadata/generateName").is_empty() {
        let generated = format!("{}{}", text(&object, "/metadata/generateName"), suffix());
        set(&mut object, &["metadata", "name"], generated);
    }
    if store
        .get(&resource.storage(), namespace, name(&object))
        .is_some()
    {
        return Err(ApiError::already_exists(resource, name(&object)));
    }
    if !text(&object, "/metadata/resourceVersion").is_empty() {
        return Err(ApiError::bad_request(
            "resourceVersion should not be set on objects to be created",
        ));
    }
    remove(&mut object, &["metadata", "managedFields"]);
    let warnings = known_fields(resource, &mut object, options)?;
    admit(store, resource, None, object, options, false, warnings)
}

pub(crate) fn update(
    store: &mut Store,
    resource: &Resource,
    namespace: &str,
    object_name: &str,
    mut object: Value,
    options: &WriteOptions,
) -> Result<Written, ApiError> {
    identify(resource, namespace, &mut object)?;
    if name(&object) != object_name {
        return Err(ApiError::bad_request(format!(
            "the name of the object ({}) does not match the name on the URL ({object_name})",
            name(&object)
        )));
    }
    let live = live(store, resource, namespace, object_name)?;
    let warnings = known_fields(resource, &mut object, options)?;
    admit(
        store,
        resource,
        Some(&live),
        object,
        options,
        false,
        warnings,
    )
}

pub(crate) fn patch(
    store: &mut Store,
    resource: &Resource,
    namespace: &str,
    object_name: &str,
    (kind, body): (PatchKind, &Value),
    options: &WriteOptions,
) -> Result<Written, ApiError> {
    let live = live(store, resource, namespace, object_name)?;
    let mut object = patch::patched(&live, body, kind, resource)?;
    identify(resource, namespace, &mut object)?;
    if name(&object) != object_name {
        return Err(ApiError::invalid(
            resource,
            object_name,
            "metadata.name",
            &format!("Invalid value: {:?}: field is immutable", name(&object)),
        ));
    }
    let warnings = known_fields(resource, &mut object, options)
        .map_err(|error| ApiError::invalid_patch(&error.message))?;
    same_uid(resource, &live, &object)?;
    admit(
        store,
        resource,
        Some(&live),
        object,
        options,
        false,
        warnings,
    )
}

pub(crate) fn apply(
    store: &mut Store,
    resource: &Resource,
    namespace: &str,
    object_name: &str,
    mut applied: Value,
    options: &WriteOptions,
) -> Result<Written, ApiError> {
    if options.manager.is_empty() {
        return Err(ApiError::unprocessable(
            "PatchOptions.meta.k8s.io \"\" is invalid: fieldManager: Required value: is required for apply patch",
        ));
    }
    identify(resource, namespace, &mut applied)?;
    if name(&applied) != object_name {
        return Err(ApiError::bad_request(format!(
            "metadata.name ({:?}) does not match the name on the URL ({object_name:?})",
            name(&applied)
        )));
    }
    let managed = applied.pointer("/metadata/managedFields");
    if managed.is_some_and(|m| m.as_array().is_some_and(|list| !list.is_empty())) {
        return Err(ApiError::bad_request("metadata.managedFields must be nil"));
    }
    remove(&mut applied, &["metadata", "managedFields"]);
    let mut warnings = Vec::new();
    if let Some(first) = validate::unknown_fields(resource, &applied)?.first() {
        // The typed converter of apply refuses them whatever fieldValidation says.
        return Err(ApiError::not_in_schema(format!(
            "failed to create typed patch object ({namespace}/{object_name}; {}, Kind={}): .{first}: field not declared in schema",
            resource.api_version(),
            resource.kind
        )));
    }
    let now = now();
    let writer = Writer {
        manager: &options.manager,
        subresource: &options.subresource,
        now: &now,
    };
    let existing = store.get(&resource.storage(), namespace, object_name);
    let Some(live) = existing else {
        if !options.subresource.is_empty() {
            return Err(ApiError::not_found(resource, object_name));
        }
        if !text(&applied, "/metadata/uid").is_empty() {
            let why = format!(
                "uid mismatch: the provided object specified uid {}, and no existing object was found",
                text(&applied, "/metadata/uid")
            );
            return Err(ApiError::conflict(resource, object_name, &why));
        }
        // Measured on 1.36.3: a resourceVersion does not keep apply from creating.
        remove(&mut applied, &["metadata", "resourceVersion"]);
        let empty = json!({
            "apiVersion": resource.api_version(), "kind": resource.kind,
            "metadata": {},
        });
        let merged = apply::apply(&empty, &applied, resource, writer, options.force)?;
        return admit(store, resource, None, merged, options, true, warnings);
    };
    let mut body = applied;
    if resource.has_status() && options.subresource.is_empty() {
        map_mut(&mut body, &[]).shift_remove("status");
    }
    same_uid(resource, &live, &body)?;
    preconditions(resource, &live, &body)?;
    let merged = apply::apply(&live, &body, resource, writer, options.force)?;
    warnings.dedup();
    admit(
        store,
        resource,
        Some(&live),
        merged,
        options,
        true,
        warnings,
    )
}

/// The common end of every write.
fn admit(
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

fn live(
    store: &Store,
    resource: &Resource,
    namespace: &str,
    name: &str,
) -> Result<Arc<Value>, ApiError> {
    store
        .get(&resource.storage(), namespace, name)
        .ok_or_else(|| ApiError::not_found(resource, name))
}

fn identify(resource: &Resource, namespace: &str, object: &mut Value) -> Result<(), ApiError> {
    if !object.is_object() {
        return Err(ApiError::bad_request("the body is not an object"));
    }
    let (kind, version) = (text(object, "/kind"), text(object, "/apiVersion"));
    if (!kind.is_empty() && kind != resource.kind)
        || (!version.is_empty() && version != resource.api_version())
    {
        return Err(ApiError::bad_request(format!(
            "the object provided ({version}, Kind={kind}) does not match the expected {}, Kind={}",
            resource.api_version(),
            resource.kind
        )));
    }
    // Key order as a real server prints it.
    let mut rest = std::mem::take(map_mut(object, &[]));
    rest.shift_remove("apiVersion");
    rest.shift_remove("kind");
    let top = map_mut(object, &[]);
    top.insert("apiVersion".into(), resource.api_version().into());
    top.insert("kind".into(), resource.kind.clone().into());
    top.append(&mut rest);
    map_mut(object, &["metadata"]);
    let given = tree::namespace(object);
    if resource.namespaced {
        if !given.is_empty() && given != namespace {
            return Err(ApiError::bad_request(
                "the namespace of the provided object does not match the namespace sent on the request",
            ));
        }
        set(object, &["metadata", "namespace"], namespace);
    } else {
        remove(object, &["metadata", "namespace"]);
    }
    Ok(())
}

fn known_fields(
    resource: &Resource,
    object: &mut Value,
    options: &WriteOptions,
) -> Result<Vec<String>, ApiError> {
    if options.unknown == Unknown::Ignore {
        return Ok(Vec::new());
    }
    let unknown = validate::unknown_fields(resource, object)?;
    let sentences: Vec<String> = unknown
        .iter()
        .map(|field| format!("unknown field {field:?}"))
        .collect();
    if options.unknown == Unknown::Reject && !sentences.is_empty() {
        return Err(ApiError::bad_request(format!(
            "{} in version {:?} cannot be handled as a {}: strict decoding error: {}",
            resource.kind,
            resource.version,
            resource.kind,
            sentences.join(", ")
        )));
    }
    validate::prune(object, &unknown);
    Ok(sentences)
}

fn preconditions(resource: &Resource, live: &Value, object: &Value) -> Result<(), ApiError> {
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
fn same_uid(resource: &Resource, live: &Value, object: &Value) -> Result<(), ApiError> {
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

/// Five characters as generateName uses them.
fn suffix() -> String {
    crate::pace::letters(&mut rand::rng(), 5)
}
