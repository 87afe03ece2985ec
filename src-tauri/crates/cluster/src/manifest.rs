//! What is sent: the manifest with its namespace, our annotations and the precondition.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::{MutationId, ReleaseId};
use engine::ports::Outgoing;
use serde_json::{Value, json};

use crate::content::{self, MUTATION, RELEASE};

pub use engine::ports::FIELD_MANAGER as MANAGER;

/// The field manager of pausing. One of its own: with `pilothouse` the patch would leave an entry of
/// the same name but another operation, with which the next apply conflicts.
pub(crate) const PAUSER: &str = "pilothouse-pause";

/// A resource version that no object has: etcd begins to count with 1 for the empty store. Applied
/// with it, an object that exists gives 409 and one that does not is created (Kubernetes 1.36.3,
/// `tests/real.rs`). A POST would not do: its fields belong to an *update* of the manager, which no
/// later apply of the same manager takes away again.
pub(crate) const MUST_NOT_EXIST: &str = "1";

/// Which revision of the object must be live for the apply to be carried out.
pub(crate) enum Fence<'a> {
    /// Any: a dry run.
    None,
    /// No object.
    Absent,
    /// This one.
    At {
        uid: &'a str,
        resource_version: &'a str,
    },
}

/// The body to apply. `namespaced` says whether the kind lives in a namespace.
pub(crate) fn body(
    outgoing: &Outgoing,
    mutation: Option<&MutationId>,
    namespaced: bool,
    fence: Fence<'_>,
) -> Value {
    let object = &outgoing.object;
    let mut body = content::strip(outgoing.body.clone());
    body["apiVersion"] = json!(object.api_version);
    body["kind"] = json!(object.kind);
    let mut body = as_stored(body);
    if !body["metadata"].is_object() {
        body["metadata"] = json!({});
    }
    let metadata = &mut body["metadata"];
    metadata["name"] = json!(object.name);
    if namespaced {
        metadata["namespace"] = json!(object.namespace);
    }
    sign(metadata, &outgoing.release, mutation);
    match fence {
        Fence::None => {}
        Fence::Absent => metadata["resourceVersion"] = json!(MUST_NOT_EXIST),
        Fence::At {
            uid,
            resource_version,
        } => {
            metadata["uid"] = json!(uid);
            metadata["resourceVersion"] = json!(resource_version);
        }
    }
    body
}

/// Our annotations: which release and which mutation wrote an object.
pub(crate) fn sign(metadata: &mut Value, release: &ReleaseId, mutation: Option<&MutationId>) {
    if !metadata["annotations"].is_object() {
        metadata["annotations"] = json!({});
    }
    metadata["annotations"][RELEASE] = json!(release.as_str());
    if let Some(mutation) = mutation {
        metadata["annotations"][MUTATION] = json!(mutation.as_str());
    }
}

/// A manifest as the API server stores it: a Secret's `stringData` becomes `data`, over what is there.
/// As `stringData` its keys would belong to nobody, and one that a later manifest lacks would stay.
pub(crate) fn as_stored(mut manifest: Value) -> Value {
    let secret = manifest["kind"] == "Secret" && manifest["apiVersion"] == "v1";
    if !secret || !manifest["stringData"].is_object() {
        return manifest;
    }
    let clear = manifest["stringData"].take();
    if let Some(top) = manifest.as_object_mut() {
        top.remove("stringData");
    }
    if !manifest["data"].is_object() {
        manifest["data"] = json!({});
    }
    for (key, value) in clear.as_object().into_iter().flatten() {
        manifest["data"][key] = match value {
            Value::String(text) => json!(STANDARD.encode(text)),
            // Refused by the API server, as it would be in `stringData`.
            other => other.clone(),
        };
    }
    manifest
}
