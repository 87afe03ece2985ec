//! What a fresh cluster contains: namespaces, nodes, the Fission definitions.

use crate::plane::Plane;
use crate::resource::Resource;
use crate::spec::ClusterSpec;
use crate::status::ApiError;
use crate::store::Store;
use crate::tree::{set, text};
use crate::write::{self, WriteOptions};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// Nodes of every cluster.
const NODES: usize = 3;

/// The `kube-system` UID a spec asks for, or one from its name and seed.
pub(crate) fn identity(spec: &ClusterSpec) -> Uuid {
    spec.uid.unwrap_or_else(|| {
        let digest = Sha256::digest(format!("kube-system/{}/{}", spec.name, spec.seed));
        let mut bytes = [0_u8; 16];
        bytes.copy_from_slice(&digest[..16]);
        uuid::Builder::from_random_bytes(bytes).into_uuid()
    })
}

/// Creates what is missing. After a restart that is nothing.
pub(crate) fn fill(plane: &Plane, spec: &ClusterSpec, uid: Uuid) -> Result<(), ApiError> {
    let mut store = plane.store();
    for name in ["kube-system", "default", "kube-public", "kube-node-lease"] {
        let mut object = namespace(name);
        if name == "kube-system" {
            set(&mut object, &["metadata", "uid"], uid.to_string());
        }
        ensure(&mut store, object)?;
    }
    for name in &spec.namespaces {
        ensure(&mut store, namespace(name))?;
    }
    for index in 1..=NODES {
        ensure(&mut store, node(&spec.name, index))?;
    }
    ensure(
        &mut store,
        definition(
            "environments",
            "Environment",
            &[
                ("Image", ".spec.runtime.image"),
                ("Poolsize", ".spec.poolsize"),
            ],
        ),
    )?;
    ensure(
        &mut store,
        definition(
            "functions",
            "Function",
            &[("Environment", ".spec.environment.name")],
        ),
    )
}

fn ensure(store: &mut Store, object: Value) -> Result<(), ApiError> {
    let resource = store
        .find_kind(text(&object, "/apiVersion"), text(&object, "/kind"))
        .ok_or_else(ApiError::no_such_path)?;
    if store
        .get(&resource.storage(), "", text(&object, "/metadata/name"))
        .is_some()
    {
        return Ok(());
    }
    put(store, &resource, object)
}

fn put(store: &mut Store, resource: &Resource, object: Value) -> Result<(), ApiError> {
    write::create(
        store,
        resource,
        "",
        object,
        &WriteOptions::component("kube-apiserver", ""),
    )
    .map(|_| ())
}

fn namespace(name: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
}

fn node(cluster: &str, index: usize) -> Value {
    let name = format!("{cluster}-node-{index}");
    let now = write::now();
    let sizes = json!({"cpu": "8", "memory": "32Gi", "pods": "110", "ephemeral-storage": "100Gi"});
    json!({
        "apiVersion": "v1", "kind": "Node",
        "metadata": {"name": name, "labels": {"kubernetes.io/hostname": name, "kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64"}},
        "spec": {"podCIDR": format!("10.244.{index}.0/24")},
        "status": {
            "capacity": sizes, "allocatable": sizes,
            "conditions": [{"type": "Ready", "status": "True", "reason": "KubeletReady", "message": "kubelet is posting ready status", "lastHeartbeatTime": now, "lastTransitionTime": now}],
            "addresses": [{"type": "InternalIP", "address": format!("10.0.0.{index}")}, {"type": "Hostname", "address": name}],
            "nodeInfo": {
                "machineID": "", "systemUUID": "", "bootID": "", "kernelVersion": "6.12.0",
                "osImage": "Debian GNU/Linux 13 (trixie)", "containerRuntimeVersion": "containerd://2.2.0",
                "kubeletVersion": "v1.36.3", "kubeProxyVersion": "", "operatingSystem": "linux", "architecture": "amd64",
            },
        },
    })
}

fn definition(plural: &str, kind: &str, columns: &[(&str, &str)]) -> Value {
    let columns: Vec<Value> = columns
        .iter()
        .map(|(name, path)| json!({"name": name, "type": "string", "jsonPath": path}))
        .collect();
    json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": format!("{plural}.fission.io")},
        "spec": {
            "group": "fission.io", "scope": "Namespaced",
            "names": {"plural": plural, "singular": kind.to_lowercase(), "kind": kind, "listKind": format!("{kind}List")},
            "versions": [{
                "name": "v1", "served": true, "storage": true, "additionalPrinterColumns": columns,
                "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}},
            }],
        },
    })
}
