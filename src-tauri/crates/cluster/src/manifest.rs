//! What is sent: the manifest with its namespace, our annotations and the precondition.

use domain::MutationId;
use engine::ports::Outgoing;
use serde_json::{Value, json};

use crate::content::{self, KEPT_BY_CLUSTER, MUTATION, RELEASE};

/// The field manager of everything that is applied (facts 2.8).
pub const MANAGER: &str = "pilothouse";
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
    let mut body = content::strip(outgoing.body.clone());
    let object = &outgoing.object;
    body["apiVersion"] = json!(object.api_version);
    body["kind"] = json!(object.kind);
    if !body["metadata"].is_object() {
        body["metadata"] = json!({});
    }
    let metadata = &mut body["metadata"];
    metadata["name"] = json!(object.name);
    if namespaced {
        metadata["namespace"] = json!(object.namespace);
    }
    if !metadata["annotations"].is_object() {
        metadata["annotations"] = json!({});
    }
    metadata["annotations"][RELEASE] = json!(outgoing.release.as_str());
    if let Some(mutation) = mutation {
        metadata["annotations"][MUTATION] = json!(mutation.as_str());
    }
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

/// A backup as it is applied again. Without the controllers' own annotations: an old revision number
/// would be written over the one that the controller counts on. A rollout that is paused now and was
/// not then goes on; saying nothing would leave it paused.
pub(crate) fn restored(outgoing: &Outgoing, live_is_paused: bool) -> Outgoing {
    let mut restored = outgoing.clone();
    if let Some(annotations) = restored
        .body
        .pointer_mut("/metadata/annotations")
        .and_then(Value::as_object_mut)
    {
        annotations
            .retain(|key, _| !key.starts_with(KEPT_BY_CLUSTER) && !key.starts_with(content::OURS));
    }
    let paused_then = restored
        .body
        .pointer("/spec/paused")
        .and_then(Value::as_bool)
        .unwrap_or(false);
    if live_is_paused && !paused_then && outgoing.object.can_pause() {
        restored.body["spec"]["paused"] = json!(false);
    }
    restored
}
