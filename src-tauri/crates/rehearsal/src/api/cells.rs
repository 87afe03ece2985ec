//! What stands in the columns of `kubectl get` for one object.

use crate::resource::Resource;
use crate::tree::{self, flag, items, name, number, text};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

/// One cell for each column of the kind, those of `-o wide` included.
pub(super) fn cells(resource: &Resource, object: &Value) -> Vec<Value> {
    let own = name(object);
    let age = age(text(object, "/metadata/creationTimestamp"));
    let counted = |field: &str| number(object, &format!("/status/{field}"), 0);
    let wanted = number(object, "/spec/replicas", 1);
    let (containers, images) = containers(object);
    let selector = joined(object.pointer("/spec/selector/matchLabels"));
    match (resource.builtin, resource.kind.as_str()) {
        (true, "Pod") => pod(object, &age),
        (true, "Deployment") => vec![
            json!(own),
            json!(format!("{}/{wanted}", counted("readyReplicas"))),
            json!(counted("updatedReplicas")),
            json!(counted("availableReplicas")),
            json!(age),
            json!(containers),
            json!(images),
            json!(selector),
        ],
        (true, "ReplicaSet") => vec![
            json!(own),
            json!(wanted),
            json!(counted("replicas")),
            json!(counted("readyReplicas")),
            json!(age),
            json!(containers),
            json!(images),
            json!(selector),
        ],
        (true, "StatefulSet") => vec![
            json!(own),
            json!(format!("{}/{wanted}", counted("readyReplicas"))),
            json!(age),
            json!(containers),
            json!(images),
        ],
        (true, "DaemonSet") => vec![
            json!(own),
            json!(counted("desiredNumberScheduled")),
            json!(counted("currentNumberScheduled")),
            json!(counted("numberReady")),
            json!(counted("updatedNumberScheduled")),
            json!(counted("numberAvailable")),
            json!("<none>"),
            json!(age),
            json!(containers),
            json!(images),
            json!(selector),
        ],
        (true, "Job") => {
            let done = counted("succeeded");
            let status = if counted("failed") > number(object, "/spec/backoffLimit", 6) {
                "Failed"
            } else if done >= number(object, "/spec/completions", 1) {
                "Complete"
            } else {
                "Running"
            };
            vec![
                json!(own),
                json!(status),
                json!(format!("{done}/{}", number(object, "/spec/completions", 1))),
                json!(""),
                json!(age),
                json!(containers),
                json!(images),
                json!(selector),
            ]
        }
        (true, "Service") => {
            let ports: Vec<String> = items(object, "/spec/ports")
                .iter()
                .map(|p| format!("{}/{}", number(p, "/port", 0), text(p, "/protocol")))
                .collect();
            vec![
                json!(own),
                json!(text(object, "/spec/type")),
                json!(text(object, "/spec/clusterIP")),
                json!("<none>"),
                json!(or_none(ports.join(","))),
                json!(age),
                json!(joined(object.pointer("/spec/selector"))),
            ]
        }
        (true, "Endpoints") => {
            let mut addresses = Vec::new();
            for subset in items(object, "/subsets") {
                for address in items(subset, "/addresses") {
                    for port in items(subset, "/ports") {
                        addresses.push(format!(
                            "{}:{}",
                            text(address, "/ip"),
                            number(port, "/port", 0)
                        ));
                    }
                }
            }
            vec![json!(own), json!(or_none(addresses.join(","))), json!(age)]
        }
        (true, "ConfigMap") => vec![json!(own), json!(data_count(object)), json!(age)],
        (true, "Secret") => vec![
            json!(own),
            json!(text(object, "/type")),
            json!(data_count(object)),
            json!(age),
        ],
        (true, "Namespace") => vec![json!(own), json!(text(object, "/status/phase")), json!(age)],
        (true, "Node") => {
            let info = |field: &str| text(object, &format!("/status/nodeInfo/{field}")).to_owned();
            let address = items(object, "/status/addresses")
                .first()
                .map(|a| text(a, "/address"))
                .unwrap_or_default();
            vec![
                json!(own),
                json!("Ready"),
                json!("<none>"),
                json!(age),
                json!(info("kubeletVersion")),
                json!(address),
                json!("<none>"),
                json!(info("osImage")),
                json!(info("kernelVersion")),
                json!(info("containerRuntimeVersion")),
            ]
        }
        (true, "Event") => {
            let about = format!(
                "{}/{}",
                text(object, "/involvedObject/kind").to_lowercase(),
                text(object, "/involvedObject/name")
            );
            vec![
                json!(self::age(text(object, "/lastTimestamp"))),
                json!(text(object, "/type")),
                json!(text(object, "/reason")),
                json!(about),
                json!(text(object, "/involvedObject/fieldPath")),
                json!(text(object, "/source/component")),
                json!(text(object, "/message")),
                json!(self::age(text(object, "/firstTimestamp"))),
                json!(number(object, "/count", 1)),
                json!(own),
            ]
        }
        (true, "Lease") => vec![
            json!(own),
            json!(text(object, "/spec/holderIdentity")),
            json!(age),
        ],
        (true, "CustomResourceDefinition") => vec![
            json!(own),
            json!(text(object, "/metadata/creationTimestamp")),
        ],
        _ => {
            let mut row = vec![json!(own)];
            for column in &resource.columns {
                let pointer = text(column, "/jsonPath").replace('.', "/");
                row.push(object.pointer(&pointer).cloned().unwrap_or(Value::Null));
            }
            row.push(json!(age));
            row
        }
    }
}

fn pod(object: &Value, age: &str) -> Vec<Value> {
    let statuses = items(object, "/status/containerStatuses");
    let total = items(object, "/spec/containers").len();
    let ready = statuses.iter().filter(|s| flag(s, "/ready")).count();
    let restarts: i64 = statuses.iter().map(|s| number(s, "/restartCount", 0)).sum();
    let last = statuses
        .iter()
        .map(|s| text(s, "/lastState/terminated/finishedAt"))
        .max()
        .unwrap_or_default();
    let restarts = match (restarts, last) {
        (0, _) | (_, "") => restarts.to_string(),
        _ => format!("{restarts} ({} ago)", self::age(last)),
    };
    let node = text(object, "/spec/nodeName");
    vec![
        json!(name(object)),
        json!(format!("{ready}/{total}")),
        json!(pod_status(object)),
        json!(restarts),
        json!(age),
        json!(or_none(text(object, "/status/podIP").to_owned())),
        json!(or_none(node.to_owned())),
        json!("<none>"),
        json!("<none>"),
    ]
}

/// The word in kubectl's STATUS column.
fn pod_status(object: &Value) -> String {
    if tree::is_terminating(object) {
        return "Terminating".to_owned();
    }
    for status in items(object, "/status/containerStatuses") {
        for pointer in ["/state/waiting/reason", "/state/terminated/reason"] {
            let reason = text(status, pointer);
            if !reason.is_empty() {
                return reason.to_owned();
            }
        }
    }
    text(object, "/status/phase").to_owned()
}

fn containers(object: &Value) -> (String, String) {
    let list = items(object, "/spec/template/spec/containers");
    let names: Vec<&str> = list.iter().map(|c| text(c, "/name")).collect();
    let images: Vec<&str> = list.iter().map(|c| text(c, "/image")).collect();
    (names.join(","), images.join(","))
}

fn joined(labels: Option<&Value>) -> String {
    let parts: Vec<String> = labels
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .map(|(k, v)| format!("{k}={}", v.as_str().unwrap_or_default()))
        .collect();
    or_none(parts.join(","))
}

fn or_none(value: String) -> String {
    if value.is_empty() {
        "<none>".to_owned()
    } else {
        value
    }
}

fn data_count(object: &Value) -> usize {
    ["data", "binaryData"]
        .iter()
        .filter_map(|field| object.get(*field)?.as_object())
        .map(serde_json::Map::len)
        .sum()
}

/// A duration as kubectl prints it (`duration.HumanDuration`).
fn age(since: &str) -> String {
    let Ok(since) = DateTime::parse_from_rfc3339(since) else {
        return "<unknown>".to_owned();
    };
    let seconds = (Utc::now() - since.with_timezone(&Utc))
        .num_seconds()
        .max(0);
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86400);
    match seconds {
        0..120 => format!("{seconds}s"),
        120..600 if seconds % 60 != 0 => format!("{minutes}m{}s", seconds % 60),
        120..10_800 => format!("{minutes}m"),
        10_800..28_800 if minutes % 60 != 0 => format!("{hours}h{}m", minutes % 60),
        10_800..172_800 => format!("{hours}h"),
        172_800..691_200 if hours % 24 != 0 => format!("{days}d{}h", hours % 24),
        _ => format!("{days}d"),
    }
}
