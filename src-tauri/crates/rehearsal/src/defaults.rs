//! Defaulting of the built-in kinds, as `pkg/apis/*/v1/defaults.go` does it, so that a dry run shows
//! the same object that a real server would.

use crate::resource::Resource;
use crate::tree::{default, items, map_mut, number, set, text};
use serde_json::{Value, json};

/// Fills in what the API server would.
pub(crate) fn fill(resource: &Resource, object: &mut Value) {
    if !resource.builtin {
        return;
    }
    match resource.kind.as_str() {
        "Deployment" => deployment(object),
        "ReplicaSet" => {
            default(object, &["spec", "replicas"], 1);
            template(object);
        }
        "StatefulSet" => {
            default(object, &["spec", "replicas"], 1);
            default(object, &["spec", "podManagementPolicy"], "OrderedReady");
            default(object, &["spec", "revisionHistoryLimit"], 10);
            default(object, &["spec", "updateStrategy", "type"], "RollingUpdate");
            if text(object, "/spec/updateStrategy/type") == "RollingUpdate" {
                default(
                    object,
                    &["spec", "updateStrategy", "rollingUpdate", "partition"],
                    0,
                );
            }
            default(
                object,
                &["spec", "persistentVolumeClaimRetentionPolicy"],
                json!({"whenDeleted": "Retain", "whenScaled": "Retain"}),
            );
            template(object);
        }
        "DaemonSet" => {
            let generation = number(object, "/metadata/generation", 1).to_string();
            let deprecated = "deprecated.daemonset.template.generation";
            default(object, &["metadata", "annotations", deprecated], generation);
            default(object, &["spec", "revisionHistoryLimit"], 10);
            default(object, &["spec", "updateStrategy", "type"], "RollingUpdate");
            if text(object, "/spec/updateStrategy/type") == "RollingUpdate" {
                let rolling = ["spec", "updateStrategy", "rollingUpdate"];
                default(object, &[&rolling[..], &["maxSurge"]].concat(), 0);
                default(object, &[&rolling[..], &["maxUnavailable"]].concat(), 1);
            }
            template(object);
        }
        "Job" => job(object),
        "Pod" => {
            pod_spec(object, &["spec"]);
            default(object, &["spec", "enableServiceLinks"], true);
            default(
                object,
                &["spec", "preemptionPolicy"],
                "PreemptLowerPriority",
            );
            default(object, &["spec", "priority"], 0);
            default(object, &["spec", "serviceAccountName"], "default");
            default(object, &["status", "phase"], "Pending");
            default(object, &["status", "qosClass"], "BestEffort");
        }
        "Service" => service(object),
        "Secret" => secret(object),
        "Namespace" => {
            let name = text(object, "/metadata/name").to_owned();
            set(
                object,
                &["metadata", "labels", "kubernetes.io/metadata.name"],
                name,
            );
            default(object, &["spec", "finalizers"], json!(["kubernetes"]));
            default(object, &["status", "phase"], "Active");
        }
        "CustomResourceDefinition" => definition(object),
        _ => {}
    }
}

fn deployment(object: &mut Value) {
    default(object, &["spec", "replicas"], 1);
    default(object, &["spec", "revisionHistoryLimit"], 10);
    default(object, &["spec", "progressDeadlineSeconds"], 600);
    default(object, &["spec", "strategy", "type"], "RollingUpdate");
    if text(object, "/spec/strategy/type") == "RollingUpdate" {
        default(
            object,
            &["spec", "strategy", "rollingUpdate", "maxSurge"],
            "25%",
        );
        default(
            object,
            &["spec", "strategy", "rollingUpdate", "maxUnavailable"],
            "25%",
        );
    }
    template(object);
}

fn job(object: &mut Value) {
    default(object, &["spec", "parallelism"], 1);
    default(object, &["spec", "completions"], 1);
    default(object, &["spec", "backoffLimit"], 6);
    default(object, &["spec", "completionMode"], "NonIndexed");
    default(object, &["spec", "suspend"], false);
    default(object, &["spec", "manualSelector"], false);
    default(
        object,
        &["spec", "podReplacementPolicy"],
        "TerminatingOrFailed",
    );
    // The job's pods are found by its uid, whatever labels the template has.
    let uid = text(object, "/metadata/uid").to_owned();
    let name = text(object, "/metadata/name").to_owned();
    let selector = json!({"matchLabels": {"batch.kubernetes.io/controller-uid": uid}});
    default(object, &["spec", "selector"], selector);
    for (key, value) in [
        ("batch.kubernetes.io/controller-uid", &uid),
        ("batch.kubernetes.io/job-name", &name),
        ("controller-uid", &uid),
        ("job-name", &name),
    ] {
        let at = ["spec", "template", "metadata", "labels", key];
        default(object, &at, value.clone());
    }
    let labels = object
        .pointer("/spec/template/metadata/labels")
        .cloned()
        .unwrap_or_default();
    default(object, &["metadata", "labels"], labels);
    template(object);
}

fn template(object: &mut Value) {
    default(object, &["spec", "template", "metadata"], json!({}));
    pod_spec(object, &["spec", "template", "spec"]);
}

fn pod_spec(object: &mut Value, at: &[&str]) {
    let mut spec = Value::Object(std::mem::take(map_mut(object, at)));
    default(&mut spec, &["restartPolicy"], "Always");
    default(&mut spec, &["terminationGracePeriodSeconds"], 30);
    default(&mut spec, &["dnsPolicy"], "ClusterFirst");
    default(&mut spec, &["securityContext"], json!({}));
    default(&mut spec, &["schedulerName"], "default-scheduler");
    if let Some(account) = spec.get("serviceAccountName").cloned() {
        default(&mut spec, &["serviceAccount"], account);
    }
    for list in ["initContainers", "containers"] {
        if let Some(containers) = spec.get_mut(list).and_then(Value::as_array_mut) {
            containers.iter_mut().for_each(container);
        }
    }
    if let Some(volumes) = spec.get_mut("volumes").and_then(Value::as_array_mut) {
        volumes.iter_mut().for_each(volume);
    }
    set(object, at, spec);
}

fn container(container: &mut Value) {
    default(
        container,
        &["terminationMessagePath"],
        "/dev/termination-log",
    );
    default(container, &["terminationMessagePolicy"], "File");
    let image = text(container, "/image");
    let latest = image.ends_with(":latest")
        || !image
            .rsplit('/')
            .next()
            .unwrap_or(image)
            .contains([':', '@']);
    let policy = if latest { "Always" } else { "IfNotPresent" };
    default(container, &["imagePullPolicy"], policy);
    default(container, &["resources"], json!({}));
    if let Some(ports) = container.get_mut("ports").and_then(Value::as_array_mut) {
        for port in ports {
            default(port, &["protocol"], "TCP");
        }
    }
    if let Some(env) = container.get_mut("env").and_then(Value::as_array_mut) {
        for variable in env {
            if variable.pointer("/valueFrom/fieldRef").is_some() {
                default(variable, &["valueFrom", "fieldRef", "apiVersion"], "v1");
            }
        }
    }
    for probe in ["livenessProbe", "readinessProbe", "startupProbe"] {
        if container.get(probe).is_some() {
            default(container, &[probe, "timeoutSeconds"], 1);
            default(container, &[probe, "periodSeconds"], 10);
            default(container, &[probe, "successThreshold"], 1);
            default(container, &[probe, "failureThreshold"], 3);
            if container.pointer(&format!("/{probe}/httpGet")).is_some() {
                default(container, &[probe, "httpGet", "path"], "/");
                default(container, &[probe, "httpGet", "scheme"], "HTTP");
            }
        }
    }
}

fn volume(volume: &mut Value) {
    for kind in ["configMap", "secret", "projected", "downwardAPI"] {
        if volume.get(kind).is_some() {
            default(volume, &[kind, "defaultMode"], 420);
        }
    }
    if volume.get("hostPath").is_some() {
        default(volume, &["hostPath", "type"], "");
    }
}

fn service(object: &mut Value) {
    default(object, &["spec", "type"], "ClusterIP");
    default(object, &["spec", "sessionAffinity"], "None");
    default(object, &["spec", "internalTrafficPolicy"], "Cluster");
    default(object, &["spec", "ipFamilies"], json!(["IPv4"]));
    default(object, &["spec", "ipFamilyPolicy"], "SingleStack");
    if let Some(ports) = object
        .pointer_mut("/spec/ports")
        .and_then(Value::as_array_mut)
    {
        for port in ports {
            default(port, &["protocol"], "TCP");
            let same = port.get("port").cloned().unwrap_or_default();
            default(port, &["targetPort"], same);
        }
    }
    let ip = match text(object, "/spec/clusterIP") {
        "" => service_address(object),
        given => given.to_owned(),
    };
    default(object, &["spec", "clusterIP"], ip.clone());
    default(object, &["spec", "clusterIPs"], json!([ip]));
    default(object, &["status", "loadBalancer"], json!({}));
}

/// An address in 10.96.0.0/16 from namespace and name: the same for a dry run and the real write.
fn service_address(object: &Value) -> String {
    use sha2::{Digest, Sha256};
    let id = format!(
        "{}/{}",
        text(object, "/metadata/namespace"),
        text(object, "/metadata/name")
    );
    let digest = Sha256::digest(id.as_bytes());
    format!("10.96.{}.{}", digest[0], digest[1].max(2))
}

fn secret(object: &mut Value) {
    use base64::Engine;
    default(object, &["type"], "Opaque");
    let plain = map_mut(object, &[]).shift_remove("stringData");
    for (key, value) in plain
        .as_ref()
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
    {
        let encoded =
            base64::engine::general_purpose::STANDARD.encode(value.as_str().unwrap_or_default());
        set(object, &["data", key], encoded);
    }
}

fn definition(object: &mut Value) {
    let kind = text(object, "/spec/names/kind").to_owned();
    default(object, &["spec", "names", "singular"], kind.to_lowercase());
    default(
        object,
        &["spec", "names", "listKind"],
        format!("{kind}List"),
    );
    default(object, &["spec", "conversion", "strategy"], "None");
    let accepted = object.pointer("/spec/names").cloned().unwrap_or_default();
    let stored: Vec<Value> = items(object, "/spec/versions")
        .iter()
        .filter_map(|version| version.get("name").cloned())
        .collect();
    set(object, &["status", "acceptedNames"], accepted);
    set(object, &["status", "storedVersions"], stored);
    if items(object, "/status/conditions").is_empty() {
        let since = text(object, "/metadata/creationTimestamp").to_owned();
        set(
            object,
            &["status", "conditions"],
            json!([
                {"type": "NamesAccepted", "status": "True", "lastTransitionTime": since, "reason": "NoConflicts", "message": "no conflicts found"},
                {"type": "Established", "status": "True", "lastTransitionTime": since, "reason": "InitialNamesAccepted", "message": "the initial names have been accepted"},
            ]),
        );
    }
}

/// Whether `spec` may be scaled and to what: `spec.replicas`.
pub(crate) fn replicas(object: &Value) -> i64 {
    number(object, "/spec/replicas", 1)
}
