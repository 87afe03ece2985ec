//! Field validation against the API types, and the few semantic rules drills run into.

use crate::resource::Resource;
use crate::select::Labels;
use crate::status::ApiError;
use crate::tree::{self, items, text};
use k8s_openapi::api::{apps, autoscaling, batch, coordination, core, discovery, policy};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Fields that the type of this kind does not know, as `spec.foo`; an error when a known field has
/// the wrong type. Custom resources take everything: their definitions carry no schema here.
pub(crate) fn unknown_fields(resource: &Resource, object: &Value) -> Result<Vec<String>, ApiError> {
    if !resource.builtin {
        return Ok(Vec::new());
    }
    let known = match resource.kind.as_str() {
        "Deployment" => round_trip::<apps::v1::Deployment>(object),
        "ReplicaSet" => round_trip::<apps::v1::ReplicaSet>(object),
        "StatefulSet" => round_trip::<apps::v1::StatefulSet>(object),
        "DaemonSet" => round_trip::<apps::v1::DaemonSet>(object),
        "Job" => round_trip::<batch::v1::Job>(object),
        "Pod" => round_trip::<core::v1::Pod>(object),
        "Service" => round_trip::<core::v1::Service>(object),
        "ConfigMap" => round_trip::<core::v1::ConfigMap>(object),
        "Secret" => round_trip::<core::v1::Secret>(object),
        "Namespace" => round_trip::<core::v1::Namespace>(object),
        "ServiceAccount" => round_trip::<core::v1::ServiceAccount>(object),
        "Lease" => round_trip::<coordination::v1::Lease>(object),
        "EndpointSlice" => round_trip::<discovery::v1::EndpointSlice>(object),
        "HorizontalPodAutoscaler" => round_trip::<autoscaling::v2::HorizontalPodAutoscaler>(object),
        "PodDisruptionBudget" => round_trip::<policy::v1::PodDisruptionBudget>(object),
        _ => return Ok(Vec::new()),
    }
    .map_err(|e| {
        ApiError::bad_request(format!(
            "{} in version {:?} cannot be handled as a {}: {e}",
            resource.kind, resource.version, resource.kind
        ))
    })?;
    let mut unknown = Vec::new();
    missing(object, &known, String::new(), &mut unknown);
    Ok(unknown)
}

fn round_trip<T: DeserializeOwned + Serialize>(object: &Value) -> Result<Value, serde_json::Error> {
    serde_json::to_value(T::deserialize(object)?)
}

fn missing(given: &Value, known: &Value, path: String, unknown: &mut Vec<String>) {
    match (given, known) {
        (Value::Object(given), Value::Object(known)) => {
            for (key, value) in given {
                let here = if path.is_empty() {
                    key.clone()
                } else {
                    format!("{path}.{key}")
                };
                match known.get(key) {
                    Some(inner) => missing(value, inner, here, unknown),
                    None if value.is_null() => {}
                    None => unknown.push(here),
                }
            }
        }
        (Value::Array(given), Value::Array(known)) => {
            for (at, (value, inner)) in given.iter().zip(known).enumerate() {
                missing(value, inner, format!("{path}[{at}]"), unknown);
            }
        }
        _ => {}
    }
}

/// Removes unknown fields, as a server does that only warns.
pub(crate) fn prune(object: &mut Value, unknown: &[String]) {
    for path in unknown {
        let pointer = format!(
            "/{}",
            path.replace("[", "/").replace("]", "").replace('.', "/")
        );
        if let Some((parent, last)) = pointer.rsplit_once('/')
            && let Some(Value::Object(map)) = object.pointer_mut(parent)
        {
            map.shift_remove(last);
        }
    }
}

/// The rules on names, selectors, containers and immutable fields.
pub(crate) fn check(
    resource: &Resource,
    old: Option<&Value>,
    object: &Value,
) -> Result<(), ApiError> {
    let name = tree::name(object);
    let invalid = |field: &str, why: &str| ApiError::invalid(resource, name, field, why);
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '.';
    if name.is_empty() {
        return Err(invalid(
            "metadata.name",
            "Required value: name or generateName is required",
        ));
    }
    if !name.chars().all(plain) && resource.group != "rbac.authorization.k8s.io" {
        return Err(invalid(
            "metadata.name",
            &format!(
                "Invalid value: {name:?}: a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
            ),
        ));
    }
    if !resource.builtin {
        return Ok(());
    }
    let workload = matches!(
        resource.kind.as_str(),
        "Deployment" | "ReplicaSet" | "StatefulSet" | "DaemonSet"
    );
    if workload {
        let selector = object
            .pointer("/spec/selector")
            .cloned()
            .unwrap_or_default();
        if selector.as_object().is_none_or(serde_json::Map::is_empty) {
            return Err(invalid("spec.selector", "Required value"));
        }
        let template = object
            .pointer("/spec/template")
            .cloned()
            .unwrap_or_default();
        if !Labels::of_workload(&selector).matches(&template) {
            return Err(invalid(
                "spec.template.metadata.labels",
                &format!(
                    "Invalid value: {}: `selector` does not match template `labels`",
                    template
                        .pointer("/metadata/labels")
                        .cloned()
                        .unwrap_or_default()
                ),
            ));
        }
        let before = old.and_then(|o| o.pointer("/spec/selector"));
        if before.is_some_and(|before| *before != selector) {
            return Err(invalid(
                "spec.selector",
                &format!("Invalid value: {selector}: field is immutable"),
            ));
        }
    }
    let containers = if workload || resource.kind == "Job" {
        "/spec/template/spec/containers"
    } else {
        "/spec/containers"
    };
    if workload || matches!(resource.kind.as_str(), "Pod" | "Job") {
        let path = containers.trim_start_matches('/').replace('/', ".");
        if items(object, containers).is_empty() {
            return Err(invalid(&path, "Required value"));
        }
        for (at, container) in items(object, containers).iter().enumerate() {
            for field in ["name", "image"] {
                if text(container, &format!("/{field}")).is_empty() {
                    return Err(invalid(&format!("{path}[{at}].{field}"), "Required value"));
                }
            }
        }
    }
    if tree::number(object, "/spec/replicas", 0) < 0 {
        return Err(invalid(
            "spec.replicas",
            &format!(
                "Invalid value: {}: must be greater than or equal to 0",
                tree::number(object, "/spec/replicas", 0)
            ),
        ));
    }
    let ports = items(object, "/spec/ports");
    if resource.kind == "Service" && ports.len() > 1 {
        let nameless = ports.iter().position(|port| text(port, "/name").is_empty());
        if let Some(at) = nameless {
            return Err(invalid(&format!("spec.ports[{at}].name"), "Required value"));
        }
    }
    let immutable = object.get("immutable").and_then(Value::as_bool) == Some(true)
        && old.is_some_and(|o| o.get("immutable") == Some(&Value::Bool(true)));
    if immutable && old.is_some_and(|o| o.get("data") != object.get("data")) {
        return Err(invalid(
            "data",
            "Forbidden: field is immutable when `immutable` is set",
        ));
    }
    Ok(())
}
