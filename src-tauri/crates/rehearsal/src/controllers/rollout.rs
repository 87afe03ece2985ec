//! How a Deployment moves replicas from old ReplicaSets to the new one
//! (`pkg/controller/deployment/rolling.go`, `recreate.go`).

use super::deployment::resize;
use super::owned;
use crate::store::Store;
use crate::tree::{self, name, namespace, number, text};
use serde_json::Value;
use std::sync::Arc;

fn bound(deployment: &Value, field: &str, wanted: i64, round_up: bool) -> i64 {
    match deployment.pointer(&format!("/spec/strategy/rollingUpdate/{field}")) {
        Some(Value::Number(n)) => n.as_i64().unwrap_or(0),
        Some(Value::String(percent)) => {
            let share: i64 = percent.trim_end_matches('%').parse().unwrap_or(0);
            if round_up {
                (wanted * share + 99) / 100
            } else {
                wanted * share / 100
            }
        }
        _ => 0,
    }
}

/// Pods allowed above the wanted number.
pub(crate) fn surge(deployment: &Value) -> i64 {
    match text(deployment, "/spec/strategy/type") {
        "Recreate" => 0,
        _ => bound(
            deployment,
            "maxSurge",
            number(deployment, "/spec/replicas", 1),
            true,
        ),
    }
}

/// Pods that may be missing below the wanted number. Both bounds at zero would never move: then one
/// may be missing.
pub(crate) fn max_unavailable(deployment: &Value) -> i64 {
    let wanted = number(deployment, "/spec/replicas", 1);
    if text(deployment, "/spec/strategy/type") == "Recreate" || wanted == 0 {
        return 0;
    }
    let missing = bound(deployment, "maxUnavailable", wanted, false);
    if missing == 0 && surge(deployment) == 0 {
        1
    } else {
        missing.min(wanted)
    }
}

/// One step of the rollout.
pub(crate) fn advance(store: &mut Store, deployment: &Value, current: &Value, old: &[Arc<Value>]) {
    let wanted = number(deployment, "/spec/replicas", 1);
    if text(deployment, "/spec/strategy/type") == "Recreate" {
        recreate(store, deployment, current, old, wanted);
    } else {
        rolling(store, deployment, current, old, wanted);
    }
    clean_up(store, deployment, current, old);
}

fn recreate(
    store: &mut Store,
    deployment: &Value,
    current: &Value,
    old: &[Arc<Value>],
    wanted: i64,
) {
    for set in old {
        resize(store, deployment, set, 0);
    }
    // Terminating pods count here: two versions must never run at once.
    let still_there = old
        .iter()
        .any(|set| !owned::controlled(store, "pods", set).is_empty());
    if !still_there {
        resize(store, deployment, current, wanted);
    }
}

fn rolling(
    store: &mut Store,
    deployment: &Value,
    current: &Value,
    old: &[Arc<Value>],
    wanted: i64,
) {
    let size = |set: &Value| number(set, "/spec/replicas", 0);
    let available = |set: &Value| number(set, "/status/availableReplicas", 0);
    let old_total: i64 = old.iter().map(|set| size(set)).sum();
    let total = old_total + size(current);
    let own = size(current);
    let target = if own > wanted {
        wanted
    } else {
        own + (wanted + surge(deployment) - total).clamp(0, wanted - own)
    };
    if target != own {
        resize(store, deployment, current, target);
        return;
    }
    if old_total == 0 {
        return;
    }
    let least = wanted - max_unavailable(deployment);
    let missing_new = own - available(current);
    let mut may_go = total - least - missing_new;
    if may_go <= 0 {
        return;
    }
    let mut oldest_first: Vec<&Arc<Value>> = old.iter().filter(|set| size(set) > 0).collect();
    oldest_first.sort_by_key(|set| (text(set, "/metadata/creationTimestamp"), name(set)));
    // Pods that serve nobody go first, whatever the minimum says.
    let mut sizes: Vec<i64> = oldest_first.iter().map(|set| size(set)).collect();
    for (set, left) in oldest_first.iter().zip(&mut sizes) {
        let unhealthy = (*left - available(set)).clamp(0, may_go);
        *left -= unhealthy;
        may_go -= unhealthy;
    }
    let available_total: i64 =
        available(current) + oldest_first.iter().map(|set| available(set)).sum::<i64>();
    let mut spare = (available_total - least).max(0);
    for left in &mut sizes {
        let step = (*left).min(spare);
        *left -= step;
        spare -= step;
    }
    for (set, left) in oldest_first.iter().zip(sizes) {
        resize(store, deployment, set, left);
    }
}

/// While paused only scaling is carried out, on the newest set that has pods.
pub(crate) fn scale_active(
    store: &mut Store,
    deployment: &Value,
    current: Option<&Value>,
    old: &[Arc<Value>],
) {
    let active: Vec<&Value> = current
        .into_iter()
        .chain(old.iter().map(Arc::as_ref))
        .filter(|set| number(set, "/spec/replicas", 0) > 0)
        .collect();
    if let [only] = active.as_slice() {
        resize(
            store,
            deployment,
            only,
            number(deployment, "/spec/replicas", 1),
        );
    }
}

/// Empty old sets beyond the history limit go, oldest revision first.
fn clean_up(store: &mut Store, deployment: &Value, current: &Value, old: &[Arc<Value>]) {
    let wanted = number(deployment, "/spec/replicas", 1);
    if number(current, "/status/availableReplicas", 0) < wanted {
        return;
    }
    let limit = usize::try_from(number(deployment, "/spec/revisionHistoryLimit", 10)).unwrap_or(0);
    let mut empty: Vec<&Arc<Value>> = old
        .iter()
        .filter(|set| {
            number(set, "/spec/replicas", 0) == 0
                && number(set, "/status/replicas", 0) == 0
                && !tree::is_terminating(set)
        })
        .collect();
    empty.sort_by_key(|set| {
        let revision = tree::annotation(set, "deployment.kubernetes.io/revision");
        revision.and_then(|r| r.parse::<i64>().ok()).unwrap_or(0)
    });
    let surplus = empty.len().saturating_sub(limit);
    for set in &empty[..surplus] {
        store.remove("replicasets.apps", namespace(set), name(set));
    }
}
