//! What is kept and shown of a pod.

use chrono::{DateTime, Utc};
use engine::ports::PodPicture;
use kube::core::ObjectMeta;
use serde_json::Value;

use super::protobuf as message;
use super::store::instant;

/// Label of a StatefulSet's pod.
const REVISION: &str = "controller-revision-hash";
/// Label of a DaemonSet's pod.
const GENERATION: &str = "pod-template-generation";

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
    /// Out of a pod as JSON.
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
        let text = |path: &str| {
            data.pointer(path)
                .and_then(Value::as_str)
                .map(str::to_owned)
        };
        Some(Pod {
            uid,
            owner,
            revision: label(REVISION),
            template_generation: label(GENERATION),
            container: text("/spec/containers/0/name"),
            picture: picture(
                metadata.name.clone()?,
                metadata.deletion_timestamp.is_some(),
                created,
                text("/spec/nodeName"),
                &Condition::of(&data["status"]),
            ),
        })
    }

    /// Out of a pod as protobuf.
    pub fn of_message(pod: message::Pod) -> Option<Pod> {
        let mut metadata = pod.metadata?;
        let spec = pod.spec.unwrap_or_default();
        let status = pod.status.unwrap_or_default();
        let owner = metadata.owners.into_iter().find(|owner| owner.controller);
        Some(Pod {
            uid: metadata.uid,
            owner: owner.map(|owner| owner.uid),
            revision: metadata.labels.remove(REVISION),
            template_generation: metadata.labels.remove(GENERATION),
            container: spec.containers.into_iter().next().map(|c| c.name),
            picture: picture(
                some(metadata.name)?,
                metadata.deleted.is_some(),
                metadata.created.and_then(message::Time::instant),
                some(spec.node),
                &Condition::of_message(status),
            ),
        })
    }
}

fn some(text: String) -> Option<String> {
    Some(text).filter(|text| !text.is_empty())
}

fn picture(
    name: String,
    terminating: bool,
    created_at: Option<DateTime<Utc>>,
    node: Option<String>,
    condition: &Condition,
) -> PodPicture {
    let (reason, failing) = reason(condition);
    let (ready, ready_at) = condition.ready;
    let restarts: u64 = condition.containers.iter().map(|c| c.restarts).sum();
    PodPicture {
        name,
        newest: false,
        reason,
        ready: ready && !terminating,
        terminating,
        failing: failing && !terminating,
        restarts: u32::try_from(restarts).unwrap_or(u32::MAX),
        created_at,
        ready_at: ready_at.filter(|_| ready),
        node,
        taken_up: condition.taken_up,
    }
}

/// What of a pod's status says how it is, whatever it was read from.
struct Condition {
    phase: Option<String>,
    reason: Option<String>,
    ready: (bool, Option<DateTime<Utc>>),
    /// The kubelet writes down when it begins with a pod.
    taken_up: bool,
    init_containers: Vec<Container>,
    containers: Vec<Container>,
}

struct Container {
    waiting: Option<String>,
    /// Exit code and reason.
    ended: Option<(i64, Option<String>)>,
    restarts: u64,
}

impl Condition {
    fn of(status: &Value) -> Condition {
        let list = |name: &str| status[name].as_array().map(Vec::as_slice);
        let containers = |name: &str| {
            let listed = list(name).unwrap_or_default().iter();
            listed.map(Container::of).collect()
        };
        let conditions = list("conditions").unwrap_or_default();
        let ready = conditions.iter().find(|c| c["type"] == "Ready");
        Condition {
            phase: status["phase"].as_str().map(str::to_owned),
            reason: status["reason"].as_str().map(str::to_owned),
            ready: ready.map_or((false, None), |ready| {
                let since = ready["lastTransitionTime"].as_str().and_then(instant);
                (ready["status"] == "True", since)
            }),
            taken_up: status["startTime"].is_string(),
            init_containers: containers("initContainerStatuses"),
            containers: containers("containerStatuses"),
        }
    }

    fn of_message(status: message::PodStatus) -> Condition {
        let containers = |list: Vec<message::ContainerStatus>| {
            let listed = list.into_iter();
            listed.map(Container::of_message).collect()
        };
        let ready = status.conditions.into_iter().find(|c| c.kind == "Ready");
        Condition {
            phase: some(status.phase),
            reason: some(status.reason),
            ready: ready.map_or((false, None), |ready| {
                let since = ready.changed.and_then(message::Time::instant);
                (ready.status == "True", since)
            }),
            taken_up: status.started.is_some(),
            init_containers: containers(status.init_containers),
            containers: containers(status.containers),
        }
    }
}

impl Container {
    fn of(status: &Value) -> Container {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let ended = status.pointer("/state/terminated");
        Container {
            waiting: status.pointer("/state/waiting/reason").and_then(text),
            ended: ended.map(|ended| {
                (
                    ended["exitCode"].as_i64().unwrap_or(-1),
                    text(&ended["reason"]),
                )
            }),
            restarts: status["restartCount"].as_u64().unwrap_or(0),
        }
    }

    fn of_message(status: message::ContainerStatus) -> Container {
        let state = status.state.unwrap_or_default();
        let ended = state.terminated;
        Container {
            waiting: state.waiting.and_then(|waiting| some(waiting.reason)),
            ended: ended.map(|ended| (ended.exit_code.into(), some(ended.reason))),
            restarts: u64::try_from(status.restarts).unwrap_or(0),
        }
    }
}

/// What `kubectl get pods` shows, and whether the pod is stuck.
fn reason(condition: &Condition) -> (String, bool) {
    let phase = condition.phase.as_deref().unwrap_or("Unknown");
    let fatal = phase == "Failed";
    for container in condition
        .init_containers
        .iter()
        .chain(&condition.containers)
    {
        let on_its_way = ["ContainerCreating", "PodInitializing"];
        let waiting = container.waiting.as_deref();
        if let Some(reason) = waiting.filter(|reason| !on_its_way.contains(reason)) {
            return (reason.to_owned(), fatal || FAILING.contains(&reason));
        }
        if let Some((_, reason)) = container.ended.as_ref().filter(|(code, _)| *code != 0) {
            let reason = reason.as_deref().unwrap_or("Error");
            return (reason.to_owned(), phase != "Succeeded");
        }
    }
    let reason = condition.reason.as_deref();
    let reason = reason.filter(|reason| !reason.is_empty()).unwrap_or(phase);
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
            let found = reason(&Condition::of(&status));
            assert_eq!((found.0.as_str(), found.1), expected, "{status}");
        }
    }
}
