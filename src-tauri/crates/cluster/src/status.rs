//! How an object stands by its own status, by the rules of kstatus (`sigs.k8s.io/cli-utils`,
//! `pkg/kstatus/status`), with three differences for a release: a Job is in effect when it has completed,
//! not when it runs; a LoadBalancer needs its address; and an object whose status says nothing is not
//! judged instead of current.

use domain::{Cause, ObjectRef};
use engine::ports::{RolloutPhase, RolloutReading};
use serde_json::Value;

use crate::printable::scrub;
use crate::rollout::{blank, condition, number, unobserved};

/// Conditions that say that something is in effect. One of them that is not `True` keeps an object back.
const READY: [&str; 5] = [
    "Ready",
    "Available",
    "Established",
    "Accepted",
    "Programmed",
];

/// The reading of an object that is no workload.
pub(crate) fn reading(object: &ObjectRef, live: &Value) -> RolloutReading {
    if !object.is_judged() {
        return current();
    }
    if live.pointer("/metadata/deletionTimestamp").is_some() {
        return waits("it is being deleted");
    }
    let group = object.group();
    match (group, object.kind.as_str()) {
        ("", "Pod") => pod(live),
        ("", "Service") => service(live),
        ("", "PersistentVolumeClaim") => phase(live, &["Bound"], &[]),
        ("", "PersistentVolume") => phase(live, &["Available", "Bound"], &["Failed"]),
        ("", "Namespace") => phase(live, &["Active"], &[]),
        ("batch", "Job") => job(live),
        // A schedule is in effect once it is written; its Jobs are the business of later.
        ("batch", "CronJob") => current(),
        ("apps", "ReplicaSet") => replica_set(live),
        ("policy", "PodDisruptionBudget") => observed(live, current),
        ("autoscaling", "HorizontalPodAutoscaler") => autoscaler(live),
        ("apiextensions.k8s.io", "CustomResourceDefinition") => definition(live),
        ("apiregistration.k8s.io", "APIService") => needs(live, "Available"),
        ("gateway.networking.k8s.io", kind) if kind.ends_with("Route") => route(live),
        _ => generic(object, live),
    }
}

fn current() -> RolloutReading {
    RolloutReading {
        phase: RolloutPhase::Complete,
        ..blank()
    }
}

fn waits(message: impl Into<String>) -> RolloutReading {
    RolloutReading {
        phase: RolloutPhase::Progressing,
        message: message.into(),
        ..blank()
    }
}

fn failed(reason: &str, message: &str) -> RolloutReading {
    let (reason, message) = (scrub(reason), scrub(message));
    RolloutReading {
        phase: RolloutPhase::Failed,
        message: format!("{reason}: {message}"),
        note: Some(Cause::ObjectFailed { reason, message }),
        ..blank()
    }
}

fn not_judged() -> RolloutReading {
    RolloutReading {
        phase: RolloutPhase::NotJudged,
        note: Some(Cause::NotJudged),
        ..blank()
    }
}

/// A claim that waits for the first pod that uses it: it is as it should be.
pub(crate) fn waits_for_first_pod() -> RolloutReading {
    RolloutReading {
        note: Some(Cause::WaitsForFirstPod),
        ..current()
    }
}

fn text<'a>(live: &'a Value, path: &str) -> &'a str {
    live.pointer(path)
        .and_then(Value::as_str)
        .unwrap_or_default()
}

/// What a condition says, in one line.
fn said(condition: &Value) -> String {
    let of = |key: &str| condition[key].as_str().unwrap_or_default();
    let mut line = format!("{} is {}", of("type"), of("status"));
    for part in [of("reason"), of("message")] {
        if !part.is_empty() {
            line = format!("{line}: {part}");
        }
    }
    scrub(&line)
}

fn is_true(condition: &Value) -> bool {
    condition["status"] == "True"
}

/// What waits for the controller to look at the newest generation, then goes on with `then`.
fn observed(live: &Value, then: impl FnOnce() -> RolloutReading) -> RolloutReading {
    if unobserved(live) {
        return unseen();
    }
    then()
}

fn unseen() -> RolloutReading {
    RolloutReading {
        phase: RolloutPhase::Unobserved,
        message: "the controller has not seen the change yet".to_owned(),
        ..blank()
    }
}

fn phase(live: &Value, good: &[&str], bad: &[&str]) -> RolloutReading {
    let phase = text(live, "/status/phase");
    if good.contains(&phase) {
        current()
    } else if bad.contains(&phase) {
        failed(phase, text(live, "/status/message"))
    } else if phase.is_empty() {
        unseen()
    } else {
        waits(format!("phase {}", scrub(phase)))
    }
}

/// One condition that has to be `True`.
fn needs(live: &Value, kind: &str) -> RolloutReading {
    match condition(live, kind) {
        Some(found) if is_true(found) => current(),
        Some(found) => waits(said(found)),
        None => unseen(),
    }
}

fn pod(live: &Value) -> RolloutReading {
    let statuses = live
        .pointer("/status/containerStatuses")
        .and_then(Value::as_array);
    let crashes = statuses.into_iter().flatten().find(|container| {
        container
            .pointer("/state/waiting/reason")
            .and_then(Value::as_str)
            == Some("CrashLoopBackOff")
    });
    match text(live, "/status/phase") {
        "Succeeded" => current(),
        "Failed" => failed(
            match text(live, "/status/reason") {
                "" => "Failed",
                reason => reason,
            },
            text(live, "/status/message"),
        ),
        "Running" if condition(live, "Ready").is_some_and(is_true) => current(),
        "Running" => match crashes {
            Some(container) => failed(
                "CrashLoopBackOff",
                container["name"].as_str().unwrap_or_default(),
            ),
            None => waits("it runs and is not ready"),
        },
        _ => match condition(live, "PodScheduled").filter(|c| c["status"] == "False") {
            Some(unscheduled) => waits(said(unscheduled)),
            None => waits("it is pending"),
        },
    }
}

fn service(live: &Value) -> RolloutReading {
    if text(live, "/spec/type") != "LoadBalancer" {
        return current();
    }
    let addresses = live.pointer("/status/loadBalancer/ingress");
    if addresses
        .and_then(Value::as_array)
        .is_some_and(|all| !all.is_empty())
    {
        current()
    } else {
        waits("the load balancer has no address yet")
    }
}

fn job(live: &Value) -> RolloutReading {
    let of = |kind: &str| condition(live, kind).filter(|c| is_true(c));
    // `FailureTarget` and `SuccessCriteriaMet` come first, while pods still end.
    if let Some(failure) = of("Failed") {
        let text = |key: &str| failure[key].as_str().unwrap_or_default();
        return failed(text("reason"), text("message"));
    }
    if of("Complete").is_some() {
        return current();
    }
    if of("Suspended").is_some() {
        return not_judged();
    }
    let parallelism = number(live, "/spec/parallelism").unwrap_or(1);
    let wanted = number(live, "/spec/completions").unwrap_or(parallelism);
    let count = |name: &str| number(live, &format!("/status/{name}")).unwrap_or(0);
    let (succeeded, failed) = (count("succeeded"), count("failed"));
    RolloutReading {
        phase: RolloutPhase::Progressing,
        wanted,
        updated: succeeded,
        available: succeeded,
        message: format!("{succeeded} of {wanted} pods have succeeded, {failed} have failed"),
        ..blank()
    }
}

fn replica_set(live: &Value) -> RolloutReading {
    observed(live, || {
        let wanted = number(live, "/spec/replicas").unwrap_or(1);
        let count = |name: &str| number(live, &format!("/status/{name}")).unwrap_or(0);
        if let Some(failure) = condition(live, "ReplicaFailure").filter(|c| is_true(c)) {
            return waits(said(failure));
        }
        let (total, available) = (count("replicas"), count("availableReplicas"));
        match () {
            () if available < wanted => {
                waits(format!("{available} of {wanted} replicas are available"))
            }
            () if total > wanted => waits(format!("{} replicas are ending", total - wanted)),
            () => current(),
        }
    })
}

fn autoscaler(live: &Value) -> RolloutReading {
    for kind in ["AbleToScale", "ScalingActive"] {
        match condition(live, kind) {
            Some(found) if is_true(found) => {}
            // Somebody scaled to zero: the autoscaler is off on purpose.
            Some(found) if found["reason"] == "ScalingDisabled" => {}
            Some(found) => return waits(said(found)),
            None => return unseen(),
        }
    }
    current()
}

fn definition(live: &Value) -> RolloutReading {
    if let Some(names) = condition(live, "NamesAccepted").filter(|c| c["status"] == "False") {
        let text = |key: &str| names[key].as_str().unwrap_or_default();
        return failed(text("reason"), text("message"));
    }
    match condition(live, "Established") {
        Some(found) if is_true(found) => current(),
        Some(found) if found["status"] == "False" && found["reason"] != "Installing" => {
            let text = |key: &str| found[key].as_str().unwrap_or_default();
            failed(text("reason"), text("message"))
        }
        Some(found) => waits(said(found)),
        None => unseen(),
    }
}

/// A route of the Gateway API: what each parent says of it, for the newest generation.
fn route(live: &Value) -> RolloutReading {
    let generation = generation(live);
    let parents = live.pointer("/status/parents").and_then(Value::as_array);
    let Some(parents) = parents.filter(|parents| !parents.is_empty()) else {
        return unseen();
    };
    for parent in parents {
        for kind in ["Accepted", "ResolvedRefs"] {
            let mut all = parent["conditions"].as_array().into_iter().flatten();
            match all.find(|condition| condition["type"] == kind) {
                None => return unseen(),
                Some(found) if is_behind(found, generation) => return unseen(),
                Some(found) if is_true(found) => {}
                Some(found) => return waits(said(found)),
            }
        }
    }
    current()
}

fn generic(object: &ObjectRef, live: &Value) -> RolloutReading {
    let generation = generation(live);
    let seen = as_number(live.pointer("/status/observedGeneration"));
    if let (Some(generation), Some(seen)) = (generation, seen)
        && seen != generation
    {
        return unseen();
    }
    if let Some(works) = condition(live, "Reconciling").filter(|c| is_true(c)) {
        return waits(said(works));
    }
    if let Some(stalled) = condition(live, "Stalled").filter(|c| is_true(c)) {
        let text = |key: &str| stalled[key].as_str().unwrap_or_default();
        return failed(text("reason"), text("message"));
    }
    let ready: Vec<&Value> = READY
        .iter()
        .filter_map(|kind| condition(live, kind))
        .collect();
    if let Some(behind) = ready.iter().find(|c| is_behind(c, generation)) {
        return RolloutReading {
            message: said(behind),
            ..unseen()
        };
    }
    if let Some(not_yet) = ready.iter().find(|condition| !is_true(condition)) {
        return waits(said(not_yet));
    }
    // Of the kinds of Kubernetes itself, what has no condition is in effect once it is written.
    if !ready.is_empty() || seen.is_some() || !object.is_custom() {
        current()
    } else {
        not_judged()
    }
}

fn generation(live: &Value) -> Option<u64> {
    as_number(live.pointer("/metadata/generation"))
}

/// Whether a condition speaks of an older generation.
fn is_behind(condition: &Value, generation: Option<u64>) -> bool {
    let seen = as_number(condition.get("observedGeneration"));
    seen.zip(generation).is_some_and(|(seen, now)| seen < now)
}

/// Some controllers write the generation as text.
fn as_number(value: Option<&Value>) -> Option<u64> {
    match value? {
        Value::Number(number) => number.as_u64(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}

#[cfg(test)]
#[path = "status_tests.rs"]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests;
