//! Server-side printing: the columns of `kubectl get` (`pkg/printers/internalversion`).

use super::cells::cells;
use crate::resource::Resource;
use crate::tree::{number, text};
use serde_json::{Value, json};

/// A `meta.k8s.io/v1` Table. `include` is `includeObject`: `Metadata` (default), `Object`, `None`.
pub(crate) fn table(
    resource: &Resource,
    objects: &[&Value],
    metadata: Value,
    include: &str,
) -> Value {
    let columns = columns(resource);
    let definitions: Vec<Value> = columns
        .iter()
        .map(|(name, wide)| {
            let format = if *name == "Name" { "name" } else { "" };
            json!({"name": name, "type": "string", "format": format, "description": "", "priority": i32::from(*wide)})
        })
        .collect();
    let rows: Vec<Value> = objects
        .iter()
        .map(|object| {
            let mut row = json!({"cells": cells(resource, object)});
            row["object"] = match include {
                "None" => Value::Null,
                "Object" => (*object).clone(),
                _ => json!({"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": object["metadata"]}),
            };
            row
        })
        .collect();
    json!({
        "kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": metadata,
        "columnDefinitions": definitions, "rows": rows,
    })
}

// Name and whether it only shows with `-o wide`.
fn columns(resource: &Resource) -> Vec<(String, bool)> {
    let fixed: &[(&str, bool)] = match (resource.builtin, resource.kind.as_str()) {
        (true, "Pod") => &[
            ("Name", false),
            ("Ready", false),
            ("Status", false),
            ("Restarts", false),
            ("Age", false),
            ("IP", true),
            ("Node", true),
            ("Nominated Node", true),
            ("Readiness Gates", true),
        ],
        (true, "Deployment") => &[
            ("Name", false),
            ("Ready", false),
            ("Up-to-date", false),
            ("Available", false),
            ("Age", false),
            ("Containers", true),
            ("Images", true),
            ("Selector", true),
        ],
        (true, "ReplicaSet") => &[
            ("Name", false),
            ("Desired", false),
            ("Current", false),
            ("Ready", false),
            ("Age", false),
            ("Containers", true),
            ("Images", true),
            ("Selector", true),
        ],
        (true, "StatefulSet") => &[
            ("Name", false),
            ("Ready", false),
            ("Age", false),
            ("Containers", true),
            ("Images", true),
        ],
        (true, "DaemonSet") => &[
            ("Name", false),
            ("Desired", false),
            ("Current", false),
            ("Ready", false),
            ("Up-to-date", false),
            ("Available", false),
            ("Node Selector", false),
            ("Age", false),
            ("Containers", true),
            ("Images", true),
            ("Selector", true),
        ],
        (true, "Job") => &[
            ("Name", false),
            ("Status", false),
            ("Completions", false),
            ("Duration", false),
            ("Age", false),
            ("Containers", true),
            ("Images", true),
            ("Selector", true),
        ],
        (true, "Service") => &[
            ("Name", false),
            ("Type", false),
            ("Cluster-IP", false),
            ("External-IP", false),
            ("Port(s)", false),
            ("Age", false),
            ("Selector", true),
        ],
        (true, "Endpoints") => &[("Name", false), ("Endpoints", false), ("Age", false)],
        (true, "ConfigMap") => &[("Name", false), ("Data", false), ("Age", false)],
        (true, "Secret") => &[
            ("Name", false),
            ("Type", false),
            ("Data", false),
            ("Age", false),
        ],
        (true, "Namespace") => &[("Name", false), ("Status", false), ("Age", false)],
        (true, "Node") => &[
            ("Name", false),
            ("Status", false),
            ("Roles", false),
            ("Age", false),
            ("Version", false),
            ("Internal-IP", true),
            ("External-IP", true),
            ("OS-Image", true),
            ("Kernel-Version", true),
            ("Container-Runtime", true),
        ],
        (true, "Event") => &[
            ("Last Seen", false),
            ("Type", false),
            ("Reason", false),
            ("Object", false),
            ("Subobject", true),
            ("Source", true),
            ("Message", false),
            ("First Seen", true),
            ("Count", true),
            ("Name", true),
        ],
        (true, "Lease") => &[("Name", false), ("Holder", false), ("Age", false)],
        (true, "CustomResourceDefinition") => &[("Name", false), ("Created At", false)],
        _ => &[("Name", false), ("Age", false)],
    };
    let mut all: Vec<(String, bool)> = fixed.iter().map(|(n, w)| ((*n).to_owned(), *w)).collect();
    for column in &resource.columns {
        let wide = number(column, "/priority", 0) > 0;
        all.insert(all.len() - 1, (text(column, "/name").to_owned(), wide));
    }
    all
}
