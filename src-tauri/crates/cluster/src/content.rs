//! What of an object counts: what a backup keeps, and what tells whether it is still the same.

use domain::{Digest, ImageRef, LiveHead, MutationId, canonical};
use engine::ports::LiveObject;
use serde_json::Value;

/// Prefix of the annotations that Pilothouse writes.
pub(crate) const OURS: &str = "release.pilothouse/";
/// The release that wrote an object.
pub(crate) const RELEASE: &str = "release.pilothouse/id";
/// The mutation that wrote an object.
pub(crate) const MUTATION: &str = "release.pilothouse/mutation";
/// Annotations that controllers of the cluster keep.
pub(crate) const KEPT_BY_CLUSTER: &str = "deployment.kubernetes.io/";

const REVISION: &str = "deployment.kubernetes.io/revision";
/// Where `kubectl apply` keeps a copy of what it applied.
pub(crate) const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";
const VERSION: &str = "app.kubernetes.io/version";
const SYSTEM: [&str; 7] = [
    "managedFields",
    "resourceVersion",
    "uid",
    "creationTimestamp",
    "generation",
    "selfLink",
    "deletionTimestamp",
];

/// The object without status and what only the API server writes.
pub(crate) fn strip(mut object: Value) -> Value {
    if let Some(top) = object.as_object_mut() {
        top.remove("status");
        if let Some(metadata) = top.get_mut("metadata").and_then(Value::as_object_mut) {
            metadata.retain(|key, _| !SYSTEM.contains(&key.as_str()));
        }
    }
    object
}

/// SHA-256 of a stripped object as canonical JSON, without what is only bookkeeping: our own
/// annotations, the revision, last-applied (it repeats the content), and whether a rollout is paused.
pub(crate) fn digest(stripped: &Value) -> Digest {
    let mut object = stripped.clone();
    let metadata = object.get_mut("metadata").and_then(Value::as_object_mut);
    if let Some(metadata) = metadata
        && let Some(annotations) = metadata
            .get_mut("annotations")
            .and_then(Value::as_object_mut)
    {
        annotations
            .retain(|key, _| !key.starts_with(OURS) && key != REVISION && key != LAST_APPLIED);
        if annotations.is_empty() {
            metadata.remove("annotations");
        }
    }
    let workload = object["apiVersion"]
        .as_str()
        .is_some_and(|version| version.starts_with("apps/"));
    if let Some(spec) = object
        .get_mut("spec")
        .and_then(Value::as_object_mut)
        .filter(|_| workload)
    {
        spec.remove("paused");
    }
    Digest::of(canonical(&object).to_string().as_bytes())
}

/// A live object out of what the API server answered; none when it is no object.
pub(crate) fn live(object: Value) -> Option<LiveObject> {
    let text = |path: &str| {
        object
            .pointer(path)
            .and_then(Value::as_str)
            .map(str::to_owned)
    };
    let uid = text("/metadata/uid")?;
    let resource_version = text("/metadata/resourceVersion")?;
    let version = version(&object);
    let annotations = object.pointer("/metadata/annotations");
    let mutation = annotations.and_then(|a| a[MUTATION].as_str());
    let mutation = mutation.map(MutationId::new);
    let managed = object.pointer("/metadata/managedFields").cloned();
    let managed = managed.unwrap_or(Value::Null);
    let body = strip(object);
    let head = LiveHead {
        uid,
        resource_version,
        content: digest(&body),
    };
    Some(LiveObject {
        head,
        body,
        version,
        mutation,
        managed,
    })
}

fn version(object: &Value) -> Option<String> {
    let label = |labels: Option<&Value>| labels?.get(VERSION)?.as_str().map(str::to_owned);
    label(object.pointer("/metadata/labels"))
        .or_else(|| label(object.pointer("/spec/template/metadata/labels")))
        .or_else(|| {
            let image = object.pointer("/spec/template/spec/containers/0/image")?;
            Some(ImageRef::of(image.as_str()?).tag?.to_owned())
        })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use serde_json::json;

    use super::*;

    fn deployment() -> Value {
        json!({
            "apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": {
                "name": "router", "namespace": "fission", "uid": "u", "resourceVersion": "7", "generation": 3,
                "creationTimestamp": "2026-01-01T00:00:00Z", "managedFields": [{}], "selfLink": "/x",
                "annotations": {"team": "faas"},
            },
            "spec": {"replicas": 3, "template": {"spec": {"containers": [{"name": "r", "image": "reg:5000/router:1.15.3@sha256:ab"}]}}},
            "status": {"replicas": 3},
        })
    }

    fn content(object: Value) -> Digest {
        live(object).unwrap().head.content
    }

    #[test]
    fn bookkeeping_does_not_change_the_content() {
        let base = content(deployment());
        for (path, key, value) in [
            (
                "/metadata/annotations",
                "release.pilothouse/mutation",
                json!("m1"),
            ),
            (
                "/metadata/annotations",
                "deployment.kubernetes.io/revision",
                json!("4"),
            ),
            (
                "/metadata/annotations",
                "kubectl.kubernetes.io/last-applied-configuration",
                json!("{}"),
            ),
            ("/metadata", "resourceVersion", json!("8")),
            ("/metadata", "generation", json!(4)),
            ("/spec", "paused", json!(true)),
            ("/status", "replicas", json!(1)),
        ] {
            let mut other = deployment();
            other.pointer_mut(path).unwrap()[key] = value;
            assert_eq!(content(other), base, "{path}/{key}");
        }
    }

    #[test]
    fn what_people_write_changes_the_content() {
        let base = content(deployment());
        for (path, key, value) in [
            ("/metadata/annotations", "team", json!("other")),
            (
                "/metadata/annotations",
                "deployment.kubernetes.io/max-replicas",
                json!("4"),
            ),
            ("/metadata", "labels", json!({"a": "b"})),
            ("/spec", "replicas", json!(4)),
            (
                "/spec/template/spec/containers/0",
                "image",
                json!("reg:5000/router:1.15.4"),
            ),
        ] {
            let mut other = deployment();
            other.pointer_mut(path).unwrap()[key] = value;
            assert_ne!(content(other), base, "{path}/{key}");
        }
        let mut job = deployment();
        job["apiVersion"] = json!("batch/v1");
        let running = content(job.clone());
        job["spec"]["paused"] = json!(true);
        assert_ne!(
            content(job),
            running,
            "only a workload's rollout can be paused"
        );
    }

    #[test]
    fn the_order_of_keys_and_an_empty_annotation_map_do_not_matter() {
        let a =
            json!({"kind": "ConfigMap", "metadata": {"name": "x"}, "data": {"a": "1", "b": "2"}});
        let b = json!({"data": {"b": "2", "a": "1"}, "metadata": {"annotations": {"release.pilothouse/id": "R"}, "name": "x"}, "kind": "ConfigMap"});
        assert_eq!(digest(&a), digest(&b));
    }

    #[test]
    fn the_version_is_the_label_else_the_tag() {
        assert_eq!(
            live(deployment()).unwrap().version.as_deref(),
            Some("1.15.3")
        );
        let mut labelled = deployment();
        labelled["metadata"]["labels"] = json!({"app.kubernetes.io/version": "2.0.0"});
        assert_eq!(live(labelled).unwrap().version.as_deref(), Some("2.0.0"));
    }
}
