//! The Job controller: pods until enough have succeeded or too many have failed.

use super::availability::set_condition;
use super::owned::{self, CONTROLLER};
use crate::pace::letters;
use crate::store::Store;
use crate::tree::{self, flag, items, name, number, text};
use crate::write::now;
use rand::rngs::StdRng;
use serde_json::{Value, json};

pub(crate) fn run(store: &mut Store, rng: &mut StdRng) {
    for job in store.list("jobs.batch", "") {
        let over = items(&job, "/status/conditions").iter().any(|c| {
            matches!(text(c, "/type"), "Complete" | "Failed") && text(c, "/status") == "True"
        });
        if !over && !tree::is_terminating(&job) && !flag(&job, "/spec/suspend") {
            reconcile(store, &job, rng);
        }
    }
}

fn reconcile(store: &mut Store, job: &Value, rng: &mut StdRng) {
    let pods = owned::controlled(store, "pods", job);
    let in_phase = |phase: &str| {
        pods.iter()
            .filter(|pod| text(pod, "/status/phase") == phase)
            .count()
    };
    let (succeeded, failed) = (in_phase("Succeeded"), in_phase("Failed"));
    let active = pods.iter().filter(|pod| owned::is_active(pod)).count();
    let completions = usize::try_from(number(job, "/spec/completions", 1)).unwrap_or(1);
    let parallel = usize::try_from(number(job, "/spec/parallelism", 1)).unwrap_or(1);
    let limit = usize::try_from(number(job, "/spec/backoffLimit", 6)).unwrap_or(6);
    let now = now();
    let mut status = json!({});
    let started = text(job, "/status/startTime");
    status["startTime"] = json!(if started.is_empty() { &now } else { started });
    for (field, count) in [
        ("active", active),
        ("succeeded", succeeded),
        ("failed", failed),
    ] {
        if count > 0 {
            status[field] = json!(count);
        }
    }
    let mut conditions = Vec::new();
    if succeeded >= completions {
        set_condition(
            &mut conditions,
            "Complete",
            "True",
            "CompletionsReached",
            "Reached expected number of succeeded pods",
            &now,
        );
        status["completionTime"] = json!(now);
    } else if failed > limit {
        set_condition(
            &mut conditions,
            "Failed",
            "True",
            "BackoffLimitExceeded",
            "Job has reached the specified backoff limit",
            &now,
        );
    } else {
        for _ in active..parallel.min(completions - succeeded) {
            let pod_name = format!("{}-{}", name(job), letters(rng, 5));
            owned::create_pod(store, job, &pod_name, |_| {});
        }
    }
    if !conditions.is_empty() {
        status["conditions"] = Value::Array(conditions);
    }
    owned::write_status(store, "jobs", "batch", job, status, CONTROLLER);
}
