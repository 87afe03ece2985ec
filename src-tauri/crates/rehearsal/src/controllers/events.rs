//! Events as components record them: repeated ones are counted, not stored again.

use crate::store::Store;
use crate::tree::{self, set, text};
use crate::write;
use serde_json::{Value, json};

/// Makes event names look like the real ones, which end in nanoseconds.
const EPOCH: u64 = 0x1880_0000_0000_0000;

/// Records an event about an object.
pub(crate) fn record(
    store: &mut Store,
    about: &Value,
    kind: &str,
    reason: &str,
    message: &str,
    component: &str,
) {
    record_at(store, about, "", kind, reason, message, component);
}

/// Records an event about a part of an object (`spec.containers{app}`).
pub(crate) fn record_at(
    store: &mut Store,
    about: &Value,
    part: &str,
    kind: &str,
    reason: &str,
    message: &str,
    component: &str,
) {
    let namespace = match tree::namespace(about) {
        "" => "default",
        own => own,
    };
    let now = write::now();
    let said_before = store.list("events", namespace).into_iter().find(|event| {
        text(event, "/involvedObject/uid") == tree::uid(about)
            && text(event, "/reason") == reason
            && text(event, "/message") == message
            && text(event, "/involvedObject/fieldPath") == part
    });
    if let Some(existing) = said_before {
        let mut event = (*existing).clone();
        let count = tree::number(&event, "/count", 1) + 1;
        set(&mut event, &["count"], count);
        set(&mut event, &["lastTimestamp"], now);
        store.put("events", event);
        return;
    }
    // The name ends in a growing number, so that lists show events in the order they happened.
    let name = format!("{}.{:016x}", tree::name(about), EPOCH + store.revision());
    let mut involved = json!({
        "kind": text(about, "/kind"), "namespace": tree::namespace(about), "name": tree::name(about),
        "uid": tree::uid(about), "apiVersion": text(about, "/apiVersion"),
        "resourceVersion": text(about, "/metadata/resourceVersion"),
    });
    if !part.is_empty() {
        set(&mut involved, &["fieldPath"], part);
    }
    let mut source = json!({ "component": component });
    let node = text(about, "/spec/nodeName");
    if component == "kubelet" && !node.is_empty() {
        set(&mut source, &["host"], node);
    }
    store.put("events", json!({
        "apiVersion": "v1", "kind": "Event",
        "metadata": {
            "name": name, "namespace": namespace,
            "uid": uuid::Uuid::new_v4().to_string(), "creationTimestamp": now,
        },
        "involvedObject": involved, "reason": reason, "message": message, "source": source,
        "firstTimestamp": now, "lastTimestamp": now, "count": 1, "type": kind,
        "eventTime": null, "reportingComponent": component, "reportingInstance": text(about, "/spec/nodeName"),
    }));
}
