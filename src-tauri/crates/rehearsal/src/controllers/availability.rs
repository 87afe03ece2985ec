//! Ready and available: what ReplicaSets, StatefulSets and DaemonSets count.

use super::Agenda;
use crate::tree::{items, text};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::Instant;

/// Whether the pod's Ready condition is true.
pub(crate) fn is_ready(pod: &Value) -> bool {
    condition(pod, "Ready").is_some_and(|c| text(c, "/status") == "True")
}

/// One of an object's conditions.
pub(crate) fn condition<'a>(object: &'a Value, kind: &str) -> Option<&'a Value> {
    items(object, "/status/conditions")
        .iter()
        .find(|c| text(c, "/type") == kind)
}

/// Whether the pod has been ready for `minReadySeconds`; notes when to look again if not yet.
pub(crate) fn is_available(pod: &Value, min_ready_seconds: i64, agenda: &mut Agenda) -> bool {
    if !is_ready(pod) {
        return false;
    }
    if min_ready_seconds <= 0 {
        return true;
    }
    let since = condition(pod, "Ready")
        .map(|c| text(c, "/lastTransitionTime"))
        .unwrap_or_default();
    let Ok(since) = DateTime::parse_from_rfc3339(since) else {
        return false;
    };
    let left =
        since.with_timezone(&Utc) + chrono::Duration::seconds(min_ready_seconds) - Utc::now();
    match left.to_std() {
        Ok(left) if !left.is_zero() => {
            agenda.work_at(Instant::now() + left + Duration::from_millis(1));
            false
        }
        _ => true,
    }
}

/// Puts a condition into a list, keeping its transition time while the status stays.
pub(crate) fn set_condition(
    conditions: &mut Vec<Value>,
    kind: &str,
    status: &str,
    reason: &str,
    message: &str,
    now: &str,
) {
    let existing = conditions.iter_mut().find(|c| text(c, "/type") == kind);
    let transition = match &existing {
        Some(c) if text(c, "/status") == status => text(c, "/lastTransitionTime").to_owned(),
        _ => now.to_owned(),
    };
    let new = json!({
        "type": kind, "status": status, "lastUpdateTime": now, "lastTransitionTime": transition,
        "reason": reason, "message": message,
    });
    match existing {
        Some(c) => *c = new,
        None => conditions.push(new),
    }
}
