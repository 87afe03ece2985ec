//! `/openapi/v3`: just enough for kubectl to learn that fields are validated by the server.
//! There are no schemas, so `kubectl explain` has nothing to say.

use crate::resource::Resource;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;

fn path_of(group: &str, version: &str) -> String {
    if group.is_empty() {
        format!("api/{version}")
    } else {
        format!("apis/{group}/{version}")
    }
}

/// The index of documents.
pub(crate) fn index(resources: &[Arc<Resource>]) -> Value {
    let names: BTreeSet<String> = resources
        .iter()
        .map(|r| path_of(&r.group, &r.version))
        .collect();
    let paths: Map<String, Value> = names
        .into_iter()
        .map(|path| {
            let url = format!("/openapi/v3/{path}");
            (path, json!({ "serverRelativeURL": url }))
        })
        .collect();
    json!({ "paths": paths })
}

/// The document of one group and version, given as `apis/apps/v1`.
pub(crate) fn document(resources: &[Arc<Resource>], wanted: &str) -> Option<Value> {
    let mut paths = Map::new();
    for r in resources
        .iter()
        .filter(|r| path_of(&r.group, &r.version) == wanted)
    {
        let scope = if r.namespaced {
            "/namespaces/{namespace}"
        } else {
            ""
        };
        let query = |name: &str| json!({"name": name, "in": "query", "schema": {"type": "string", "uniqueItems": true}});
        let kind = json!({"group": r.group, "version": r.version, "kind": r.kind});
        paths.insert(
            format!("/{wanted}{scope}/{}/{{name}}", r.plural),
            json!({"patch": {
                "operationId": format!("patch{}", r.kind),
                "parameters": [query("dryRun"), query("fieldManager"), query("fieldValidation"), query("force")],
                // Strategic merge is left out on purpose: without schemas kubectl must use its own.
                "requestBody": {"content": {
                    "application/apply-patch+yaml": {"schema": {"type": "object"}},
                    "application/json-patch+json": {"schema": {"type": "object"}},
                    "application/merge-patch+json": {"schema": {"type": "object"}},
                }},
                "responses": {"200": {"description": "OK"}},
                "x-kubernetes-action": "patch",
                "x-kubernetes-group-version-kind": kind,
            }}),
        );
    }
    if paths.is_empty() {
        return None;
    }
    Some(json!({
        "openapi": "3.0.0", "info": {"title": "Kubernetes", "version": "v1.36.3"},
        "paths": paths, "components": {"schemas": {}},
    }))
}
