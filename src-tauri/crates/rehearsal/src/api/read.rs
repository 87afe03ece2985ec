//! Lists: selectors, paging, resourceVersion semantics.

use super::form::{self, Form};
use crate::plane::Plane;
use crate::resource::Resource;
use crate::select::{Fields, Labels};
use crate::status::ApiError;
use crate::tree::{name, namespace};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Query parameters of a request.
pub(crate) type Query = BTreeMap<String, String>;

/// A query parameter; empty when absent.
pub(crate) fn parameter<'a>(query: &'a Query, name: &str) -> &'a str {
    query.get(name).map(String::as_str).unwrap_or_default()
}

/// Whether a boolean query parameter is set.
pub(crate) fn is_set(query: &Query, name: &str) -> bool {
    matches!(parameter(query, name), "true" | "1")
}

/// Label and field selectors of a request.
#[derive(Debug, Clone, Default)]
pub(crate) struct Selection {
    pub namespace: String,
    pub labels: Labels,
    pub fields: Fields,
}

impl Selection {
    pub(crate) fn parse(namespace: &str, query: &Query) -> Result<Self, ApiError> {
        Ok(Selection {
            namespace: namespace.to_owned(),
            labels: Labels::parse(parameter(query, "labelSelector"))?,
            fields: Fields::parse(parameter(query, "fieldSelector"))?,
        })
    }

    pub(crate) fn matches(&self, object: &Value) -> bool {
        (self.namespace.is_empty() || namespace(object) == self.namespace)
            && self.labels.matches(object)
            && self.fields.matches(object)
    }
}

/// A list answer. A `continue` token holds the revision and the last key; objects that changed in
/// between show their new state (the real server reads a snapshot).
pub(crate) fn list(
    plane: &Plane,
    resource: &Resource,
    in_namespace: &str,
    query: &Query,
    form: Form,
) -> Result<Value, ApiError> {
    let selection = Selection::parse(in_namespace, query)?;
    let store = plane.store();
    let mut revision = store.revision();
    let mut after: Option<(String, String)> = None;
    let token = parameter(query, "continue");
    if !token.is_empty() {
        let (at, key) =
            decode(token).ok_or_else(|| ApiError::bad_request("continue key is not valid"))?;
        if at < store.compacted() {
            return Err(ApiError::expired(
                "The provided continue parameter is too old to display a consistent list result. You must start a new list without the continue parameter.",
            ));
        }
        revision = at;
        after = Some(key);
    }
    let asked: u64 = parameter(query, "resourceVersion").parse().unwrap_or(0);
    if asked > store.revision() {
        return Err(ApiError::revision_too_large(asked, store.revision()));
    }
    if parameter(query, "resourceVersionMatch") == "Exact" && asked < store.compacted() {
        return Err(ApiError::expired(
            "The resourceVersion for the provided list is too old.",
        ));
    }
    let found: Vec<Arc<Value>> = store
        .list(&resource.storage(), in_namespace)
        .into_iter()
        .filter(|object| {
            let key = (namespace(object).to_owned(), name(object).to_owned());
            after.as_ref().is_none_or(|last| key > *last) && selection.matches(object)
        })
        .collect();
    drop(store);
    let limit: usize = parameter(query, "limit").parse().unwrap_or(0);
    let page = if limit > 0 && limit < found.len() {
        &found[..limit]
    } else {
        &found[..]
    };
    let mut metadata = json!({ "resourceVersion": revision.to_string() });
    if page.len() < found.len()
        && let Some(last) = page.last()
    {
        metadata["continue"] = json!(encode(revision, namespace(last), name(last)));
        metadata["remainingItemCount"] = json!(found.len() - page.len());
    }
    let objects: Vec<&Value> = page.iter().map(Arc::as_ref).collect();
    Ok(form::render_list(
        resource,
        &objects,
        metadata,
        form,
        parameter(query, "includeObject"),
    ))
}

fn encode(revision: u64, namespace: &str, name: &str) -> String {
    URL_SAFE_NO_PAD.encode(json!([revision, namespace, name]).to_string())
}

fn decode(token: &str) -> Option<(u64, (String, String))> {
    let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
    let (revision, namespace, name) = serde_json::from_slice(&bytes).ok()?;
    Some((revision, (namespace, name)))
}
