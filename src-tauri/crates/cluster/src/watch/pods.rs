//! What is kept and shown of a pod.

use chrono::{DateTime, Utc};
use engine::ports::PodPicture;
use kube::core::ObjectMeta;
use serde_json::Value;

use super::store::instant;

/// Reasons with which a container does not get ready by itself soon.
const FAILING: [&str; 14] = [
    "CrashLoopBackOff",
    "ErrImagePull",
    "ImagePullBackOff",
    "InvalidImageName",
    "ErrImageNeverPull",
    "ImageInspectError",
    "RegistryUnavailable",
    "CreateContainerConfigError",
    "CreateContainerError",
    "RunContainerError",
    "PreCreateHookError",
    "PostStartHookError",
    "ContainerCannotRun",
    "StartError",
];

/// A pod.
pub(super) struct Pod {
    pub uid: String,
    pub owner: Option<String>,
    /// `controller-revision-hash` of a StatefulSet's pod.
    pub revision: Option<String>,
    /// `pod-template-generation` of a DaemonSet's pod.
    pub template_generation: Option<String>,
    /// The first container, whose log is followed.
    pub container: Option<String>,
    /// `newest` is not decided yet.
    pub picture: PodPicture,
}

impl Pod {
    pub fn of(
        metadata: &ObjectMeta,
        data: &Value,
        uid: String,
        owner: Option<String>,
        created: Option<DateTime<Utc>>,
    ) -> Option<Pod> {
        let label = |key: &str| {
            metadata
                .labels
                .as_ref()
                .and_then(|labels| labels.get(key))
                .cloned()
        };
        let status = &data["status"];
        let terminating = metadata.deletion_timestamp.is_some();
        let ready = ready(status);
        let (reason, failing) = reason(status);
        let restarts: u64 = containers(status, "containerStatuses")
            .filter_map(|c| c["restartCount"].as_u64())
            .sum();
        Some(Pod {
            uid,
            owner,
            revision: label("controller-revision-hash"),
            template_generation: label("pod-template-generation"),
            container: data
                .pointer("/spec/containers/0/name")
                .and_then(Value::as_str)
                .map(str::to_owned),
            picture: PodPicture {
                name: metadata.name.clone()?,
                newest: false,
                reason,
                ready: ready.0 && !terminating,
                terminating,
                failing: failing && !terminating,
                restarts: u32::try_from(restarts).unwrap_or(u32::MAX),
                created_at: created,
                ready_at: ready.1.filter(|_| ready.0),
                node: data
                    .pointer("/spec/nodeName")
                    .and_then(Value::as_str)
                    .map(str::to_owned),
            },
        })
    }
}

fn ready(status: &Value) -> (bool, Option<DateTime<Utc>>) {
    let conditions = status["conditions"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    match conditions
        .iter()
        .find(|condition| condition["type"] == "Ready")
    {
        Some(condition) => (
            condition["status"] == "True",
            condition["lastTransitionTime"].as_str().and_then(instant),
        ),
        None => (false, None),
    }
}

fn containers<'a>(status: &'a Value, list: &str) -> impl Iterator<Item = &'a Value> + use<'a> {
    status[list]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default()
        .iter()
}

/// What `kubectl get pods` shows, and whether the pod is stuck.
fn reason(status: &Value) -> (String, bool) {
    let phase = status["phase"].as_str().unwrap_or("Unknown");
    let fatal = phase == "Failed";
    for container in
        containers(status, "initContainerStatuses").chain(containers(status, "containerStatuses"))
    {
        let waiting = container
            .pointer("/state/waiting/reason")
            .and_then(Value::as_str);
        if let Some(reason) =
            waiting.filter(|reason| !["ContainerCreating", "PodInitializing"].contains(reason))
        {
            return (reason.to_owned(), fatal || FAILING.contains(&reason));
        }
        let ended = container.pointer("/state/terminated");
        if let Some(ended) = ended.filter(|ended| ended["exitCode"].as_i64() != Some(0)) {
            let reason = ended["reason"].as_str().unwrap_or("Error");
            return (reason.to_owned(), phase != "Succeeded");
        }
    }
    let reason = status["reason"]
        .as_str()
        .filter(|reason| !reason.is_empty())
        .unwrap_or(phase);
    (reason.to_owned(), fatal)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_stuck_pod_is_told_from_one_on_its_way() {
        let waiting = |reason: &str| json!({"phase": "Pending", "containerStatuses": [{"state": {"waiting": {"reason": reason}}}]});
        let ended = |code: i32, reason: &str| json!({"phase": "Running", "containerStatuses": [{"state": {"terminated": {"exitCode": code, "reason": reason}}}]});
        for (status, expected) in [
            (waiting("ContainerCreating"), ("Pending", false)),
            (waiting("CrashLoopBackOff"), ("CrashLoopBackOff", true)),
            (waiting("ErrImagePull"), ("ErrImagePull", true)),
            (waiting("SomethingNew"), ("SomethingNew", false)),
            (ended(1, "Error"), ("Error", true)),
            (ended(137, "OOMKilled"), ("OOMKilled", true)),
            (ended(0, "Completed"), ("Running", false)),
            (
                json!({"phase": "Failed", "reason": "Evicted"}),
                ("Evicted", true),
            ),
            (json!({"phase": "Running"}), ("Running", false)),
            (json!({}), ("Unknown", false)),
        ] {
            let found = reason(&status);
            assert_eq!((found.0.as_str(), found.1), expected, "{status}");
        }
    }
}
