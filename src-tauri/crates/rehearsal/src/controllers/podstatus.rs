//! A pod's status in each phase of its life, as the kubelet reports it.

use crate::tree::{self, items, number, set, text};
use crate::write::now;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// A phase; the closures tell which images are affected.
pub(crate) enum Phase<'a> {
    Creating,
    PullFailed(&'a dyn Fn(&str) -> bool, &'static str),
    Running,
    Ready,
    CrashLoop(&'a dyn Fn(&str) -> bool),
    Succeeded,
    Failed,
}

/// The whole status.
pub(crate) fn of(pod: &Value, phase: Phase) -> Value {
    let now = now();
    let mut status = pod.get("status").cloned().unwrap_or_else(|| json!({}));
    let word = match phase {
        Phase::Creating | Phase::PullFailed(..) => "Pending",
        Phase::Succeeded => "Succeeded",
        Phase::Failed => "Failed",
        _ => "Running",
    };
    set(&mut status, &["phase"], word);
    set(
        &mut status,
        &["observedGeneration"],
        number(pod, "/metadata/generation", 1),
    );
    let node = text(pod, "/spec/nodeName");
    let host = address(10, node);
    set(&mut status, &["hostIP"], host.clone());
    set(&mut status, &["hostIPs"], json!([{ "ip": host }]));
    tree::default(&mut status, &["startTime"], now.clone());
    set(&mut status, &["qosClass"], quality(pod));
    if !matches!(phase, Phase::Creating | Phase::PullFailed(..)) {
        let ip = address(244, tree::uid(pod));
        set(&mut status, &["podIP"], ip.clone());
        set(&mut status, &["podIPs"], json!([{ "ip": ip }]));
    }
    let ready = matches!(phase, Phase::Ready);
    conditions(&mut status, &phase, ready, &now);
    let before = items(pod, "/status/containerStatuses");
    let containers: Vec<Value> = items(pod, "/spec/containers")
        .iter()
        .map(|container| {
            let own = text(container, "/name");
            let previous = before.iter().find(|s| text(s, "/name") == own);
            container_status(pod, container, previous, &phase, &now)
        })
        .collect();
    set(&mut status, &["containerStatuses"], containers);
    status
}

fn conditions(status: &mut Value, phase: &Phase, ready: bool, now: &str) {
    let running = !matches!(phase, Phase::Creating | Phase::PullFailed(..));
    let mut all = items(status, "/conditions").to_vec();
    for (kind, holds) in [
        ("PodReadyToStartContainers", running),
        ("Initialized", true),
        ("Ready", ready),
        ("ContainersReady", ready),
        ("PodScheduled", true),
    ] {
        let word = if holds { "True" } else { "False" };
        let mut new =
            json!({"type": kind, "status": word, "lastProbeTime": null, "lastTransitionTime": now});
        if !holds && matches!(kind, "Ready" | "ContainersReady") {
            let reason = match phase {
                Phase::Succeeded => "PodCompleted",
                Phase::Failed => "PodFailed",
                _ => "ContainersNotReady",
            };
            set(&mut new, &["reason"], reason);
        }
        match all.iter_mut().find(|c| text(c, "/type") == kind) {
            Some(old) if text(old, "/status") == word => {}
            Some(old) => *old = new,
            None => all.push(new),
        }
    }
    set(status, &["conditions"], all);
}

fn container_status(
    pod: &Value,
    container: &Value,
    previous: Option<&Value>,
    phase: &Phase,
    now: &str,
) -> Value {
    let image = text(container, "/image");
    let mut restarts = previous.map_or(0, |p| number(p, "/restartCount", 0));
    let mut last = previous
        .and_then(|p| p.get("lastState"))
        .cloned()
        .unwrap_or_else(|| json!({}));
    let since = previous
        .map(|p| text(p, "/state/running/startedAt"))
        .filter(|t| !t.is_empty())
        .unwrap_or(now)
        .to_owned();
    let ended = |code: i64, reason: &str| {
        json!({"terminated": {
            "exitCode": code, "reason": reason, "startedAt": since, "finishedAt": now,
            "containerID": id(image, &since),
        }})
    };
    let (state, ready, started) = match phase {
        Phase::PullFailed(hit, reason) if hit(image) => {
            let message = match *reason {
                "ErrImagePull" => format!("failed to pull and unpack image \"{image}\": not found"),
                _ => format!("Back-off pulling image \"{image}\""),
            };
            (
                json!({"waiting": {"reason": reason, "message": message}}),
                false,
                false,
            )
        }
        Phase::Creating | Phase::PullFailed(..) => (
            json!({"waiting": {"reason": "ContainerCreating"}}),
            false,
            false,
        ),
        Phase::Running => {
            let was_waiting =
                previous.is_some_and(|p| text(p, "/state/waiting/reason") == "CrashLoopBackOff");
            restarts += i64::from(was_waiting);
            (json!({"running": {"startedAt": since}}), false, true)
        }
        Phase::CrashLoop(hit) if hit(image) => {
            last = ended(1, "Error");
            // The kubelet's first back-off; how long ours is, is the pace's affair.
            let message = format!(
                "back-off 10s restarting failed container={} pod={}_{}({})",
                text(container, "/name"),
                tree::name(pod),
                tree::namespace(pod),
                tree::uid(pod),
            );
            (
                json!({"waiting": {"reason": "CrashLoopBackOff", "message": message}}),
                false,
                false,
            )
        }
        Phase::Ready | Phase::CrashLoop(_) => {
            (json!({"running": {"startedAt": since}}), true, true)
        }
        Phase::Succeeded => (ended(0, "Completed"), false, false),
        Phase::Failed => (ended(1, "Error"), false, false),
    };
    let mut status = json!({
        "name": text(container, "/name"), "state": state, "lastState": last, "ready": ready,
        "restartCount": restarts, "image": image, "imageID": "", "started": started,
    });
    if started {
        let digest = hex::encode(Sha256::digest(image.as_bytes()));
        let repository = image.split('@').next().unwrap_or(image);
        let repository = repository
            .rsplit_once(':')
            .map_or(repository, |(name, _)| name);
        set(
            &mut status,
            &["imageID"],
            format!("{repository}@sha256:{digest}"),
        );
        set(&mut status, &["containerID"], id(image, &since));
    }
    status
}

fn id(image: &str, since: &str) -> String {
    format!(
        "containerd://{}",
        hex::encode(Sha256::digest(format!("{image}{since}")))
    )
}

/// An address in `10.<net>.0.0/16` from a name.
fn address(net: u8, of: &str) -> String {
    let digest = Sha256::digest(of.as_bytes());
    match net {
        10 => format!("10.0.0.{}", digest[0].max(2)),
        _ => format!("10.{net}.{}.{}", digest[0], digest[1].max(2)),
    }
}

fn quality(pod: &Value) -> &'static str {
    let containers = items(pod, "/spec/containers");
    let has = |c: &Value, part: &str| c.pointer(&format!("/resources/{part}")).is_some();
    let equal = |c: &Value| {
        has(c, "limits") && c.pointer("/resources/limits") == c.pointer("/resources/requests")
    };
    if containers.iter().all(equal) {
        "Guaranteed"
    } else if containers
        .iter()
        .any(|c| has(c, "limits") || has(c, "requests"))
    {
        "Burstable"
    } else {
        "BestEffort"
    }
}
