//! The scale subresource of workloads.

use crate::resource::Resource;
use crate::status::ApiError;
use crate::store::Store;
use crate::tree::{self, name, namespace, set, text};
use crate::write;
use serde_json::{Value, json};

/// A scale read or write: the `autoscaling/v1` view of `spec.replicas`.
pub(crate) fn scale_of(object: &Value) -> Value {
    let selector = object.pointer("/spec/selector/matchLabels");
    let selector: Vec<String> = selector
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .map(|(k, v)| format!("{k}={}", v.as_str().unwrap_or_default()))
        .collect();
    let metadata = object.get("metadata").cloned().unwrap_or_default();
    json!({
        "kind": "Scale", "apiVersion": "autoscaling/v1",
        "metadata": {
            "name": metadata["name"], "namespace": metadata["namespace"], "uid": metadata["uid"],
            "resourceVersion": metadata["resourceVersion"],
            "creationTimestamp": metadata["creationTimestamp"],
        },
        "spec": {"replicas": crate::defaults::replicas(object)},
        "status": {
            "replicas": tree::number(object, "/status/replicas", 0),
            "selector": selector.join(","),
        },
    })
}

/// Writes `spec.replicas` through the scale subresource.
pub(crate) fn scale(
    store: &mut Store,
    resource: &Resource,
    live: &Value,
    scale: &Value,
    options: &write::WriteOptions,
) -> Result<write::Written, ApiError> {
    let mut object = live.clone();
    for field in ["uid", "resourceVersion"] {
        let given = text(scale, &format!("/metadata/{field}"));
        if !given.is_empty() {
            set(&mut object, &["metadata", field], given);
        }
    }
    set(
        &mut object,
        &["spec", "replicas"],
        tree::number(scale, "/spec/replicas", 0),
    );
    write::update(
        store,
        resource,
        namespace(live),
        name(live),
        object,
        options,
    )
}
