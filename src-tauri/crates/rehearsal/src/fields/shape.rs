//! How each field of the built-in kinds merges: the `x-kubernetes-list-type`, `list-map-keys` and
//! `map-type` markers of the API types. Custom resources have no schema here: their lists are atomic.

use crate::resource::Resource;
use serde_json::Value;

/// The merge behaviour of one field.
#[derive(Debug)]
pub(crate) enum Shape {
    /// A struct: named fields; a field not listed is a struct with atomic lists.
    Struct(&'static [(&'static str, Shape)]),
    /// A free map: every key is a field of its own, of the given shape.
    Map,
    /// Replaced as a whole.
    Atomic,
    /// A list whose items are told apart by these keys.
    ListMap(&'static [&'static str], &'static Shape),
    /// A list of distinct scalars.
    Set,
}

use Shape::{Atomic, ListMap, Map, Set, Struct};

const PLAIN: Shape = Struct(&[]);
const FREE: Shape = Map;

const METADATA: Shape = Struct(&[
    ("labels", Map),
    ("annotations", Map),
    ("finalizers", Set),
    ("ownerReferences", ListMap(&["uid"], &PLAIN)),
]);
const SELECTOR: Shape = Atomic;
const RESOURCES: Shape = Struct(&[
    ("limits", Map),
    ("requests", Map),
    ("claims", ListMap(&["name"], &PLAIN)),
]);
const ENV: Shape = Struct(&[(
    "valueFrom",
    Struct(&[
        ("configMapKeyRef", Atomic),
        ("secretKeyRef", Atomic),
        ("fieldRef", Atomic),
        ("resourceFieldRef", Atomic),
    ]),
)]);
const CONTAINER: Shape = Struct(&[
    ("ports", ListMap(&["containerPort", "protocol"], &PLAIN)),
    ("env", ListMap(&["name"], &ENV)),
    ("volumeMounts", ListMap(&["mountPath"], &PLAIN)),
    ("volumeDevices", ListMap(&["devicePath"], &PLAIN)),
    ("resources", RESOURCES),
]);
const POD_SPEC: Shape = Struct(&[
    ("containers", ListMap(&["name"], &CONTAINER)),
    ("initContainers", ListMap(&["name"], &CONTAINER)),
    ("ephemeralContainers", ListMap(&["name"], &CONTAINER)),
    ("volumes", ListMap(&["name"], &PLAIN)),
    ("imagePullSecrets", ListMap(&["name"], &PLAIN)),
    ("hostAliases", ListMap(&["ip"], &PLAIN)),
    ("nodeSelector", Atomic),
    ("overhead", Map),
    (
        "topologySpreadConstraints",
        ListMap(&["topologyKey", "whenUnsatisfiable"], &PLAIN),
    ),
]);
const TEMPLATE: Shape = Struct(&[("metadata", METADATA), ("spec", POD_SPEC)]);
const CONDITIONS: Shape = ListMap(&["type"], &PLAIN);
const WORKLOAD: Shape = Struct(&[
    ("metadata", METADATA),
    (
        "spec",
        Struct(&[("selector", SELECTOR), ("template", TEMPLATE)]),
    ),
    ("status", Struct(&[("conditions", CONDITIONS)])),
]);
const POD: Shape = Struct(&[
    ("metadata", METADATA),
    ("spec", POD_SPEC),
    (
        "status",
        Struct(&[
            ("conditions", CONDITIONS),
            ("podIPs", ListMap(&["ip"], &PLAIN)),
            ("hostIPs", Atomic),
        ]),
    ),
]);
const SERVICE: Shape = Struct(&[
    ("metadata", METADATA),
    (
        "spec",
        Struct(&[
            ("ports", ListMap(&["port", "protocol"], &PLAIN)),
            ("selector", Atomic),
        ]),
    ),
    (
        "status",
        Struct(&[
            ("conditions", CONDITIONS),
            ("loadBalancer", Struct(&[("ingress", Atomic)])),
        ]),
    ),
]);
const CONFIG: Shape = Struct(&[
    ("metadata", METADATA),
    ("data", Map),
    ("binaryData", Map),
    ("stringData", Map),
]);
const ACCOUNT: Shape = Struct(&[
    ("metadata", METADATA),
    ("secrets", ListMap(&["name"], &PLAIN)),
    ("imagePullSecrets", ListMap(&["name"], &PLAIN)),
]);
const NODE: Shape = Struct(&[
    ("metadata", METADATA),
    (
        "status",
        Struct(&[
            ("conditions", CONDITIONS),
            ("capacity", Map),
            ("allocatable", Map),
            ("addresses", ListMap(&["type"], &PLAIN)),
        ]),
    ),
]);
const OTHER: Shape = Struct(&[
    ("metadata", METADATA),
    ("status", Struct(&[("conditions", CONDITIONS)])),
]);
/// Custom resources: metadata is known, everything else is free.
const CUSTOM: Shape = Struct(&[("metadata", METADATA), ("spec", Map), ("status", Map)]);

/// The shape of a resource's objects.
pub(crate) fn of(resource: &Resource) -> &'static Shape {
    if !resource.builtin {
        return &CUSTOM;
    }
    match resource.kind.as_str() {
        "Deployment" | "ReplicaSet" | "StatefulSet" | "DaemonSet" | "Job" => &WORKLOAD,
        "Pod" => &POD,
        "Service" => &SERVICE,
        "ConfigMap" | "Secret" => &CONFIG,
        "ServiceAccount" => &ACCOUNT,
        "Node" => &NODE,
        _ => &OTHER,
    }
}

impl Shape {
    /// The shape of a field of this one.
    pub(crate) fn field(&self, name: &str) -> &Shape {
        match self {
            Struct(fields) => fields
                .iter()
                .find(|(field, _)| *field == name)
                .map_or(&PLAIN, |(_, shape)| shape),
            Map => &FREE,
            _ => &PLAIN,
        }
    }
}

/// The path element of an item of a keyed list, as FieldsV1 writes it: `k:{"name":"app"}`.
/// A port without protocol is TCP (the default the schema declares).
pub(crate) fn item_key(keys: &[&str], item: &Value) -> Option<String> {
    let mut sorted: Vec<&&str> = keys.iter().collect();
    sorted.sort();
    let mut parts = Vec::new();
    for key in sorted {
        let value = match item.get(*key) {
            Some(value) if !value.is_null() => value.clone(),
            _ if *key == "protocol" => Value::from("TCP"),
            _ => return None,
        };
        parts.push(format!("{}:{value}", Value::from(*key)));
    }
    Some(format!("k:{{{}}}", parts.join(",")))
}

/// The path element of a member of a set: `v:"kubernetes.io/x"`.
pub(crate) fn set_key(item: &Value) -> String {
    format!("v:{item}")
}
