//! Create, update, patch and apply: from a request's object to the stored one.
//!
//! All of them end in `admission`.

use crate::admission::{admit, preconditions, same_uid};
use crate::fields::apply;
use crate::fields::ownership::Writer;
use crate::patch::{self, PatchKind};
use crate::resource::Resource;
use crate::status::ApiError;
use crate::store::Store;
use crate::tree::{self, map_mut, name, remove, set, text};
use crate::validate;
use chrono::{SecondsFormat, Utc};
use serde_json::{Value, json};
use std::sync::Arc;

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

/// Five characters as generateName uses them.
fn suffix() -> String {
    crate::pace::letters(&mut rand::rng(), 5)
}
