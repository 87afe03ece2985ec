//! What is served: the built-in resources and those that CustomResourceDefinitions add.

use crate::tree::{items, text};
use serde_json::Value;
use std::sync::Arc;

/// One served resource (group, version, plural) and how it behaves.
#[derive(Debug, Clone)]
pub struct Resource {
    /// API group; empty for core.
    pub group: String,
    /// API version.
    pub version: String,
    /// Plural, lower case: the path segment.
    pub plural: String,
    /// Singular, lower case.
    pub singular: String,
    /// Kind.
    pub kind: String,
    /// Short names for kubectl.
    pub short: Vec<String>,
    /// Whether objects live in a namespace.
    pub namespaced: bool,
    /// Subresources besides the object itself.
    pub subresources: Vec<String>,
    /// kubectl categories, e.g. `all`.
    pub categories: Vec<String>,
    /// False for custom resources.
    pub builtin: bool,
    /// Table columns a CRD declares (`additionalPrinterColumns`).
    pub columns: Vec<Value>,
}

impl Resource {
    /// `apps/v1`, or `v1` for core.
    pub fn api_version(&self) -> String {
        if self.group.is_empty() {
            self.version.clone()
        } else {
            format!("{}/{}", self.group, self.version)
        }
    }

    /// `deployments.apps`, or `pods` for core: how errors name it.
    pub fn qualified(&self) -> String {
        if self.group.is_empty() {
            self.plural.clone()
        } else {
            format!("{}.{}", self.plural, self.group)
        }
    }

    /// `Deployment.apps`, or `Pod` for core: how validation names it.
    pub fn qualified_kind(&self) -> String {
        if self.group.is_empty() {
            self.kind.clone()
        } else {
            format!("{}.{}", self.kind, self.group)
        }
    }

    /// Where objects are kept. Both groups of events are one store, as in the real server.
    pub fn storage(&self) -> String {
        if self.plural == "events" {
            return "events".to_owned();
        }
        self.qualified()
    }

    /// Whether status is written through its own subresource only.
    pub fn has_status(&self) -> bool {
        self.subresources.iter().any(|name| name == "status")
    }
}

// group, version, plural, singular, kind, short names, namespaced, subresources, categories
type Row = (
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    bool,
    &'static str,
    &'static str,
);

const BUILTIN: &[Row] = &[
    (
        "",
        "v1",
        "configmaps",
        "configmap",
        "ConfigMap",
        "cm",
        true,
        "",
        "",
    ),
    (
        "",
        "v1",
        "endpoints",
        "endpoints",
        "Endpoints",
        "ep",
        true,
        "",
        "",
    ),
    ("", "v1", "events", "event", "Event", "ev", true, "", ""),
    (
        "",
        "v1",
        "namespaces",
        "namespace",
        "Namespace",
        "ns",
        false,
        "status",
        "",
    ),
    ("", "v1", "nodes", "node", "Node", "no", false, "status", ""),
    (
        "",
        "v1",
        "pods",
        "pod",
        "Pod",
        "po",
        true,
        "status,log",
        "all",
    ),
    ("", "v1", "secrets", "secret", "Secret", "", true, "", ""),
    (
        "",
        "v1",
        "serviceaccounts",
        "serviceaccount",
        "ServiceAccount",
        "sa",
        true,
        "",
        "",
    ),
    (
        "", "v1", "services", "service", "Service", "svc", true, "status", "all",
    ),
    (
        "",
        "v1",
        "persistentvolumeclaims",
        "persistentvolumeclaim",
        "PersistentVolumeClaim",
        "pvc",
        true,
        "status",
        "",
    ),
    (
        "",
        "v1",
        "resourcequotas",
        "resourcequota",
        "ResourceQuota",
        "quota",
        true,
        "status",
        "",
    ),
    (
        "",
        "v1",
        "limitranges",
        "limitrange",
        "LimitRange",
        "limits",
        true,
        "",
        "",
    ),
    (
        "apps",
        "v1",
        "controllerrevisions",
        "controllerrevision",
        "ControllerRevision",
        "",
        true,
        "",
        "",
    ),
    (
        "apps",
        "v1",
        "daemonsets",
        "daemonset",
        "DaemonSet",
        "ds",
        true,
        "status",
        "all",
    ),
    (
        "apps",
        "v1",
        "deployments",
        "deployment",
        "Deployment",
        "deploy",
        true,
        "status,scale",
        "all",
    ),
    (
        "apps",
        "v1",
        "replicasets",
        "replicaset",
        "ReplicaSet",
        "rs",
        true,
        "status,scale",
        "all",
    ),
    (
        "apps",
        "v1",
        "statefulsets",
        "statefulset",
        "StatefulSet",
        "sts",
        true,
        "status,scale",
        "all",
    ),
    (
        "autoscaling",
        "v2",
        "horizontalpodautoscalers",
        "horizontalpodautoscaler",
        "HorizontalPodAutoscaler",
        "hpa",
        true,
        "status",
        "all",
    ),
    (
        "batch", "v1", "jobs", "job", "Job", "", true, "status", "all",
    ),
    (
        "coordination.k8s.io",
        "v1",
        "leases",
        "lease",
        "Lease",
        "",
        true,
        "",
        "",
    ),
    (
        "discovery.k8s.io",
        "v1",
        "endpointslices",
        "endpointslice",
        "EndpointSlice",
        "",
        true,
        "",
        "",
    ),
    (
        "events.k8s.io",
        "v1",
        "events",
        "event",
        "Event",
        "ev",
        true,
        "",
        "",
    ),
    (
        "policy",
        "v1",
        "poddisruptionbudgets",
        "poddisruptionbudget",
        "PodDisruptionBudget",
        "pdb",
        true,
        "status",
        "",
    ),
    (
        "apiextensions.k8s.io",
        "v1",
        "customresourcedefinitions",
        "customresourcedefinition",
        "CustomResourceDefinition",
        "crd,crds",
        false,
        "status",
        "",
    ),
];

fn words(list: &str) -> Vec<String> {
    list.split(',')
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

/// The resources every cluster serves.
pub(crate) fn builtin() -> Vec<Arc<Resource>> {
    BUILTIN
        .iter()
        .map(|row| {
            Arc::new(Resource {
                group: row.0.to_owned(),
                version: row.1.to_owned(),
                plural: row.2.to_owned(),
                singular: row.3.to_owned(),
                kind: row.4.to_owned(),
                short: words(row.5),
                namespaced: row.6,
                subresources: words(row.7),
                categories: words(row.8),
                builtin: true,
                columns: Vec::new(),
            })
        })
        .collect()
}

/// The resources a CustomResourceDefinition asks for: one per served version.
pub(crate) fn from_definition(definition: &Value) -> Vec<Arc<Resource>> {
    let strings = |pointer: &str| -> Vec<String> {
        items(definition, pointer)
            .iter()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect()
    };
    let plural = text(definition, "/spec/names/plural");
    let kind = text(definition, "/spec/names/kind");
    let singular = match text(definition, "/spec/names/singular") {
        "" => kind.to_lowercase(),
        given => given.to_owned(),
    };
    items(definition, "/spec/versions")
        .iter()
        .filter(|version| {
            version
                .get("served")
                .and_then(Value::as_bool)
                .unwrap_or(true)
        })
        .map(|version| {
            let mut subresources = Vec::new();
            for name in ["status", "scale"] {
                if version.pointer(&format!("/subresources/{name}")).is_some() {
                    subresources.push(name.to_owned());
                }
            }
            Arc::new(Resource {
                group: text(definition, "/spec/group").to_owned(),
                version: text(version, "/name").to_owned(),
                plural: plural.to_owned(),
                singular: singular.clone(),
                kind: kind.to_owned(),
                short: strings("/spec/names/shortNames"),
                namespaced: text(definition, "/spec/scope") != "Cluster",
                subresources,
                categories: strings("/spec/names/categories"),
                builtin: false,
                columns: items(version, "/additionalPrinterColumns").to_vec(),
            })
        })
        .collect()
}
