//! Endpoints and EndpointSlices: the ready pods behind each Service.

use super::availability::is_ready;
use super::owned;
use crate::select::Labels;
use crate::store::Store;
use crate::tree::{self, items, name, namespace, text};
use crate::write;
use serde_json::{Value, json};
use std::sync::Arc;

pub(crate) fn run(store: &mut Store) {
    for service in store.list("services", "") {
        let Some(selector) = service
            .pointer("/spec/selector")
            .and_then(Labels::of_service)
        else {
            continue;
        };
        let pods: Vec<Arc<Value>> = store
            .list("pods", namespace(&service))
            .into_iter()
            .filter(|pod| {
                selector.matches(pod)
                    && owned::is_active(pod)
                    && !text(pod, "/status/podIP").is_empty()
            })
            .collect();
        endpoints(store, &service, &pods);
        slice(store, &service, &pods);
    }
    let services = store.list("services", "");
    let orphans: Vec<Arc<Value>> = store
        .list("endpoints", "")
        .into_iter()
        .filter(|e| tree::label(e, "endpoints.kubernetes.io/managed-by").is_some())
        .filter(|e| {
            !services
                .iter()
                .any(|s| name(s) == name(e) && namespace(s) == namespace(e))
        })
        .collect();
    for orphan in orphans {
        store.remove("endpoints", namespace(&orphan), name(&orphan));
    }
}

fn target(pod: &Value) -> Value {
    json!({"kind": "Pod", "name": name(pod), "namespace": namespace(pod), "uid": tree::uid(pod)})
}

/// The number behind a Service port, looking names up in the first pod.
fn port_number(port: &Value, pods: &[Arc<Value>]) -> Value {
    let wanted = port
        .get("targetPort")
        .cloned()
        .unwrap_or_else(|| port["port"].clone());
    let Some(named) = wanted.as_str() else {
        return wanted;
    };
    pods.iter()
        .flat_map(|pod| items(pod, "/spec/containers"))
        .flat_map(|container| items(container, "/ports"))
        .find(|p| text(p, "/name") == named)
        .map_or_else(|| port["port"].clone(), |p| p["containerPort"].clone())
}

fn ports(service: &Value, pods: &[Arc<Value>]) -> Vec<Value> {
    items(service, "/spec/ports")
        .iter()
        .map(|port| json!({"name": text(port, "/name"), "port": port_number(port, pods), "protocol": text(port, "/protocol")}))
        .collect()
}

fn endpoints(store: &mut Store, service: &Value, pods: &[Arc<Value>]) {
    let addresses = |ready: bool| -> Vec<Value> {
        pods.iter()
            .filter(|pod| is_ready(pod) == ready)
            .map(|pod| json!({"ip": text(pod, "/status/podIP"), "nodeName": text(pod, "/spec/nodeName"), "targetRef": target(pod)}))
            .collect()
    };
    let mut subset = json!({});
    for (field, list) in [
        ("addresses", addresses(true)),
        ("notReadyAddresses", addresses(false)),
    ] {
        if !list.is_empty() {
            subset[field] = Value::Array(list);
        }
    }
    let subsets = if pods.is_empty() {
        json!([])
    } else {
        subset["ports"] = Value::Array(ports(service, pods));
        json!([subset])
    };
    put(
        store,
        "endpoints",
        service,
        json!({
            "apiVersion": "v1", "kind": "Endpoints",
            "metadata": {
                "name": name(service), "namespace": namespace(service),
                "labels": {"endpoints.kubernetes.io/managed-by": "endpoint-controller"},
            },
            "subsets": subsets,
        }),
    );
}

fn slice(store: &mut Store, service: &Value, pods: &[Arc<Value>]) {
    let endpoints: Vec<Value> = pods
        .iter()
        .map(|pod| {
            let ready = is_ready(pod);
            json!({
                "addresses": [text(pod, "/status/podIP")],
                "conditions": {"ready": ready, "serving": ready, "terminating": false},
                "nodeName": text(pod, "/spec/nodeName"), "targetRef": target(pod),
            })
        })
        .collect();
    put(
        store,
        "endpointslices.discovery.k8s.io",
        service,
        json!({
            "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
            "metadata": {
                "name": format!("{}-{}", name(service), &tree::uid(service).get(..5).unwrap_or("slice")),
                "namespace": namespace(service),
                "labels": {
                    "kubernetes.io/service-name": name(service),
                    "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io",
                },
                "ownerReferences": owned::reference(service),
            },
            "addressType": "IPv4", "endpoints": endpoints, "ports": ports(service, pods),
        }),
    );
}

/// Stores the object unless it says the same already.
fn put(store: &mut Store, storage: &str, service: &Value, mut object: Value) {
    let existing = store.get(storage, namespace(service), name(&object));
    let bookkeeping = match &existing {
        Some(old) => (
            old["metadata"]["uid"].clone(),
            old["metadata"]["creationTimestamp"].clone(),
        ),
        None => (json!(uuid::Uuid::new_v4().to_string()), json!(write::now())),
    };
    object["metadata"]["uid"] = bookkeeping.0;
    object["metadata"]["creationTimestamp"] = bookkeeping.1;
    if let Some(old) = existing {
        object["metadata"]["resourceVersion"] = old["metadata"]["resourceVersion"].clone();
        if *old == object {
            return;
        }
    }
    store.put(storage, object);
}
