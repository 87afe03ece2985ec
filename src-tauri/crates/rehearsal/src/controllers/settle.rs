//! The small controllers whose only work here is to say in a status that an object is in effect: claims are
//! bound, load balancers get an address, budgets and autoscalers are observed.

use super::owned::{self, CONTROLLER};
use crate::store::Store;
use crate::tree::{self, number, text};
use serde_json::{Value, json};

pub(crate) fn run(store: &mut Store) {
    for claim in store.list("persistentvolumeclaims", "") {
        if text(&claim, "/status/phase") != "Bound" && !tree::is_terminating(&claim) {
            let capacity = claim.pointer("/spec/resources/requests").cloned();
            let status = json!({"phase": "Bound", "capacity": capacity, "accessModes": claim.pointer("/spec/accessModes")});
            owned::write_status(
                store,
                "persistentvolumeclaims",
                "",
                &claim,
                status,
                CONTROLLER,
            );
        }
    }
    for service in store.list("services", "") {
        let has = service.pointer("/status/loadBalancer/ingress").is_some();
        if text(&service, "/spec/type") == "LoadBalancer" && !has {
            let status =
                json!({"loadBalancer": {"ingress": [{"ip": "192.0.2.10", "ipMode": "VIP"}]}});
            owned::write_status(store, "services", "", &service, status, CONTROLLER);
        }
    }
    for budget in store.list("poddisruptionbudgets.policy", "") {
        let generation = number(&budget, "/metadata/generation", 1);
        if number(&budget, "/status/observedGeneration", 0) != generation {
            let status = json!({"observedGeneration": generation, "disruptionsAllowed": 0, "currentHealthy": 0, "desiredHealthy": 0, "expectedPods": 0});
            owned::write_status(
                store,
                "poddisruptionbudgets",
                "policy",
                &budget,
                status,
                CONTROLLER,
            );
        }
    }
    for autoscaler in store.list("horizontalpodautoscalers.autoscaling", "") {
        if autoscaler.pointer("/status/conditions").is_none() {
            let status =
                json!({"currentMetrics": [], "desiredReplicas": 0, "conditions": conditions()});
            owned::write_status(
                store,
                "horizontalpodautoscalers",
                "autoscaling",
                &autoscaler,
                status,
                CONTROLLER,
            );
        }
    }
}

fn conditions() -> Value {
    json!([
        {"type": "AbleToScale", "status": "True", "reason": "ReadyForNewScale", "message": "recommended size matches current size"},
        {"type": "ScalingActive", "status": "True", "reason": "ValidMetricFound", "message": "the HPA was able to compute the replica count"},
    ])
}
