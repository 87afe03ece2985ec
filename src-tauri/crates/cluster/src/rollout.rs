//! How a rollout stands, by the rules of `kubectl rollout status` (polymorphichelpers, facts 2.9), except
//! that nothing counts as complete while pods of the old version run (`OnDelete`, `partition`).

use domain::{Cause, ObjectRef, Workload};
use engine::ports::{RolloutPhase, RolloutReading};
use serde_json::Value;

use crate::printable::scrub;
use crate::status;

/// The reading of an object; none of it is a workload that is not there.
pub(crate) fn reading(workload: &ObjectRef, live: Option<&Value>) -> RolloutReading {
    let Some(live) = live else {
        return RolloutReading {
            phase: RolloutPhase::Missing,
            message: "not found".to_owned(),
            ..blank()
        };
    };
    match workload.workload() {
        Some(Workload::Deployment) => deployment(live),
        Some(Workload::StatefulSet) => stateful_set(live),
        Some(Workload::DaemonSet) => daemon_set(live),
        None => status::reading(workload, live),
    }
}

pub(crate) fn blank() -> RolloutReading {
    RolloutReading {
        phase: RolloutPhase::Unobserved,
        wanted: 0,
        updated: 0,
        available: 0,
        paused: false,
        paused_by: None,
        surge: None,
        unavailable: None,
        message: String::new(),
        note: None,
        blocked: None,
    }
}

fn deployment(live: &Value) -> RolloutReading {
    let wanted = number(live, "/spec/replicas").unwrap_or(1);
    let updated = number(live, "/status/updatedReplicas").unwrap_or(0);
    let total = number(live, "/status/replicas").unwrap_or(0);
    let available = number(live, "/status/availableReplicas").unwrap_or(0);
    let progressing = condition(live, "Progressing");
    let reason = progressing
        .and_then(|c| c["reason"].as_str())
        .unwrap_or_default();
    let message = progressing
        .and_then(|c| c["message"].as_str())
        .unwrap_or_default();
    let (phase, message) = if unobserved(live) {
        (
            RolloutPhase::Unobserved,
            "the controller has not seen the change yet".to_owned(),
        )
    } else if reason == "ProgressDeadlineExceeded" {
        (RolloutPhase::DeadlineExceeded, scrub(message))
    } else if updated < wanted {
        (
            RolloutPhase::Progressing,
            format!("{updated} of {wanted} replicas are updated"),
        )
    } else if total > updated {
        (
            RolloutPhase::Progressing,
            format!("{} old replicas are ending", total - updated),
        )
    } else if available < updated {
        (
            RolloutPhase::Progressing,
            format!("{available} of {updated} updated replicas are available"),
        )
    } else {
        (RolloutPhase::Complete, scrub(message))
    };
    let paused = live.pointer("/spec/paused").and_then(Value::as_bool) == Some(true);
    RolloutReading {
        phase,
        wanted,
        updated,
        available,
        paused,
        paused_by: paused.then(|| owner_of_pause(live)).flatten(),
        surge: written(live, "/spec/strategy/rollingUpdate/maxSurge"),
        unavailable: written(live, "/spec/strategy/rollingUpdate/maxUnavailable"),
        message,
        blocked: blocked(live),
        ..blank()
    }
}

/// The field manager that owns `spec.paused`.
fn owner_of_pause(live: &Value) -> Option<String> {
    if let Some(kept) = live.pointer("/metadata/pausedBy") {
        return kept.as_str().map(str::to_owned);
    }
    pause_manager(live.pointer("/metadata/managedFields")?.as_array()?)
}

/// The same, from managed fields.
pub(crate) fn pause_manager(managed: &[Value]) -> Option<String> {
    let mut owners = managed
        .iter()
        .filter(|entry| entry.pointer("/fieldsV1/f:spec/f:paused").is_some());
    owners.find_map(|entry| entry["manager"].as_str().map(scrub))
}

/// What keeps the controller from making pods, as it says itself.
fn blocked(live: &Value) -> Option<String> {
    let failure = condition(live, "ReplicaFailure").filter(|c| c["status"] == "True")?;
    let text = |key: &str| failure[key].as_str().unwrap_or_default();
    Some(scrub(&format!("{}: {}", text("reason"), text("message"))))
}

fn stateful_set(live: &Value) -> RolloutReading {
    let wanted = number(live, "/spec/replicas").unwrap_or(1);
    let updated = number(live, "/status/updatedReplicas").unwrap_or(0);
    let ready = number(live, "/status/readyReplicas").unwrap_or(0);
    let partition = number(live, "/spec/updateStrategy/rollingUpdate/partition").unwrap_or(0);
    let revision = |name: &str| {
        live.pointer(&format!("/status/{name}"))
            .and_then(Value::as_str)
            .unwrap_or_default()
    };
    let old = wanted.saturating_sub(updated);
    let mut note = None;
    let (phase, message) = if unobserved(live) {
        (
            RolloutPhase::Unobserved,
            "the controller has not seen the change yet".to_owned(),
        )
    } else if ready < wanted {
        (
            RolloutPhase::Progressing,
            format!("{ready} of {wanted} replicas are ready"),
        )
    } else if partition > 0 && updated < wanted.saturating_sub(partition) {
        (
            RolloutPhase::Progressing,
            format!(
                "{updated} of {} replicas are updated",
                wanted.saturating_sub(partition)
            ),
        )
    } else if partition > 0 && old > 0 {
        note = Some(Cause::HeldByPartition { partition, old });
        (
            RolloutPhase::Partitioned,
            format!("{updated} of {wanted} replicas are updated, up to the partition {partition}"),
        )
    } else if on_delete(live) && old > 0 {
        note = Some(Cause::ChangesOnDelete { old });
        (RolloutPhase::OnDelete, on_delete_message(old))
    } else if !on_delete(live)
        && partition == 0
        && revision("updateRevision") != revision("currentRevision")
    {
        (
            RolloutPhase::Progressing,
            format!(
                "{updated} replicas are at revision {}",
                scrub(revision("updateRevision"))
            ),
        )
    } else {
        (RolloutPhase::Complete, String::new())
    };
    RolloutReading {
        phase,
        wanted,
        updated,
        available: number(live, "/status/availableReplicas").unwrap_or(0),
        unavailable: written(live, "/spec/updateStrategy/rollingUpdate/maxUnavailable"),
        message,
        note,
        ..blank()
    }
}

fn on_delete_message(old: u32) -> String {
    format!("OnDelete: {old} old pods are replaced when they are deleted")
}

fn daemon_set(live: &Value) -> RolloutReading {
    let wanted = number(live, "/status/desiredNumberScheduled").unwrap_or(0);
    let updated = number(live, "/status/updatedNumberScheduled").unwrap_or(0);
    let available = number(live, "/status/numberAvailable").unwrap_or(0);
    let old = wanted.saturating_sub(updated);
    let mut note = None;
    let (phase, message) = if unobserved(live) {
        (
            RolloutPhase::Unobserved,
            "the controller has not seen the change yet".to_owned(),
        )
    } else if on_delete(live) && old > 0 {
        note = Some(Cause::ChangesOnDelete { old });
        (RolloutPhase::OnDelete, on_delete_message(old))
    } else if updated < wanted {
        (
            RolloutPhase::Progressing,
            format!("{updated} of {wanted} pods are updated"),
        )
    } else if available < wanted {
        (
            RolloutPhase::Progressing,
            format!("{available} of {wanted} updated pods are available"),
        )
    } else {
        (RolloutPhase::Complete, String::new())
    };
    RolloutReading {
        phase,
        wanted,
        updated,
        available,
        surge: written(live, "/spec/updateStrategy/rollingUpdate/maxSurge"),
        unavailable: written(live, "/spec/updateStrategy/rollingUpdate/maxUnavailable"),
        message,
        note,
        ..blank()
    }
}

/// Whether the controller has yet to look at the newest generation. A status that was never written
/// counts as not looked: kubectl says the same of StatefulSets.
pub(crate) fn unobserved(live: &Value) -> bool {
    let generation = live
        .pointer("/metadata/generation")
        .and_then(Value::as_u64)
        .unwrap_or(0);
    let observed = live
        .pointer("/status/observedGeneration")
        .and_then(Value::as_u64)
        .unwrap_or(0);
    observed == 0 || observed < generation
}

fn on_delete(live: &Value) -> bool {
    live.pointer("/spec/updateStrategy/type")
        .and_then(Value::as_str)
        == Some("OnDelete")
}

pub(crate) fn condition<'a>(live: &'a Value, kind: &str) -> Option<&'a Value> {
    live.pointer("/status/conditions")?
        .as_array()?
        .iter()
        .find(|condition| condition["type"] == kind)
}

pub(crate) fn number(live: &Value, path: &str) -> Option<u32> {
    live.pointer(path)?
        .as_u64()
        .map(|n| u32::try_from(n).unwrap_or(u32::MAX))
}

/// A number or a percentage, as it was written.
fn written(live: &Value, path: &str) -> Option<String> {
    match live.pointer(path)? {
        Value::String(text) => Some(scrub(text)),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

#[cfg(test)]
#[path = "rollout_tests.rs"]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests;
