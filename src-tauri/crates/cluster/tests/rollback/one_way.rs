//! Each row of the domain's table of one-way changes: the API server refuses the change back.

use domain::{FieldAuthor, FieldChange, ObjectRef, OneWay, one_way};
use kube::api::{Api, DynamicObject, Patch, PatchParams, PostParams};
use serde_json::{Value, json};

use crate::bench::*;
use crate::rows::resource;

pub async fn every_row_is_refused_on_the_way_back(bench: &Bench) {
    let selector = |app: &str| json!({"matchLabels": {"app": app}});
    let template = |app: &str| json!({"metadata": {"labels": {"app": app}}, "spec": {"containers": [{"name": "a", "image": "x:1"}]}});
    let workload = |kind: &str, app: &str| {
        json!({
            "apiVersion": "apps/v1", "kind": kind,
            "spec": {"replicas": 0, "selector": selector(app), "template": template(app), "serviceName": "a"},
        })
    };
    let without = |mut object: Value, keys: &[&str]| {
        for key in keys {
            object["spec"].as_object_mut().unwrap().remove(*key);
        }
        object
    };
    let mut daemon = without(workload("DaemonSet", "b"), &["replicas", "serviceName"]);
    // No node has it, so that no pod comes.
    daemon["spec"]["template"]["spec"]["nodeSelector"] = json!({"none": "none"});
    let job = json!({
        "apiVersion": "batch/v1", "kind": "Job", "spec": {
            "suspend": true, "completionMode": "Indexed", "completions": 1,
            "template": {"spec": {"restartPolicy": "Never", "containers": [{"name": "a", "image": "x:2"}]}},
        },
    });
    let claim = json!({"metadata": {"name": "data"}, "spec": {
        "accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}});
    let mut stateful = workload("StatefulSet", "b");
    stateful["spec"]["volumeClaimTemplates"] = json!([claim]);
    stateful["spec"]["podManagementPolicy"] = json!("Parallel");
    let volume = json!({
        "apiVersion": "v1", "kind": "PersistentVolumeClaim", "spec": {
            "accessModes": ["ReadWriteMany"], "storageClassName": "b", "volumeMode": "Filesystem",
            "resources": {"requests": {"storage": "2Gi"}},
        },
    });
    let map =
        json!({"apiVersion": "v1", "kind": "ConfigMap", "immutable": true, "data": {"a": "2"}});
    let secret = json!({"apiVersion": "v1", "kind": "Secret", "type": "b.io/b", "immutable": true});
    let service = json!({"apiVersion": "v1", "kind": "Service", "spec": {"ports": [{"port": 80}]}});
    let binding = |kind: &str| {
        json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": kind,
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "b"},
        })
    };
    let priority =
        json!({"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "value": 2});
    let storage = json!({
        "apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "provisioner": "b.io/b",
        "parameters": {"a": "2"}, "reclaimPolicy": "Retain",
    });
    // What the release left, the field, and what a rollback would put back there.
    let rows = [
        (&map, "immutable", json!(false)),
        (&secret, "immutable", json!(false)),
        (&without_immutable(&secret), "type", json!("Opaque")),
        (
            &without(workload("Deployment", "b"), &["serviceName"]),
            "spec.selector",
            selector("a"),
        ),
        (&daemon, "spec.selector", selector("a")),
        (&stateful, "spec.selector", selector("a")),
        (&stateful, "spec.serviceName", json!("b")),
        (&stateful, "spec.podManagementPolicy", json!("OrderedReady")),
        (&stateful, "spec.volumeClaimTemplates", json!([])),
        (&job, "spec.selector", selector("a")),
        (
            &job,
            "spec.template",
            json!({"spec": {"containers": [{"name": "a", "image": "x:1"}]}}),
        ),
        (&job, "spec.completionMode", json!("NonIndexed")),
        (&service, "spec.clusterIP", json!("10.0.0.99")),
        (&volume, "spec.storageClassName", json!("a")),
        (&volume, "spec.accessModes", json!(["ReadWriteOnce"])),
        (&volume, "spec.volumeMode", json!("Block")),
        (&volume, "spec.resources.requests.storage", json!("1Gi")),
        (&binding("RoleBinding"), "roleRef", json!({"name": "a"})),
        (
            &binding("ClusterRoleBinding"),
            "roleRef",
            json!({"name": "a"}),
        ),
        (&priority, "value", json!(1)),
        (&storage, "provisioner", json!("a.io/a")),
        (&storage, "parameters", json!({"a": "1"})),
        (&storage, "reclaimPolicy", json!("Delete")),
    ];
    for (at, (object, path, back)) in rows.into_iter().enumerate() {
        let (object, made) = creates(bench, at, object).await;
        let field = format!("/{}", path.replace('.', "/"));
        let is = made
            .pointer(&field)
            .unwrap_or_else(|| panic!("{object} has no {path}"));
        let change = FieldChange {
            path: path.into(),
            before: Some(back.to_string()),
            after: Some(is.to_string()),
            author: FieldAuthor::Manifest,
        };
        assert!(one_way(&object, &change).is_some(), "{object} {path}");
        let patch = path
            .rsplit('.')
            .fold(back, |below, key| json!({key: below}));
        let refused = api(bench, &object)
            .patch(&object.name, &PatchParams::default(), &Patch::Merge(patch))
            .await;
        match refused {
            Err(kube::Error::Api(status)) => assert!(
                [403, 422].contains(&status.code),
                "{object} {path}: {status:?}"
            ),
            other => panic!("{object} {path}: {other:?}"),
        }
        delete(bench, &object).await;
    }
    a_stored_version_has_to_stay(bench).await;
    an_address_is_given_up(bench).await;
}

fn without_immutable(object: &Value) -> Value {
    let mut object = object.clone();
    object.as_object_mut().unwrap().remove("immutable");
    object
}

fn object_of(body: &Value, name: &str) -> ObjectRef {
    ObjectRef {
        api_version: body["apiVersion"].as_str().unwrap().into(),
        kind: body["kind"].as_str().unwrap().into(),
        namespace: NAMESPACE.into(),
        name: name.into(),
    }
}

fn api(bench: &Bench, object: &ObjectRef) -> Api<DynamicObject> {
    match object.scope() {
        domain::Scope::Cluster => Api::all_with(bench.other.clone(), &resource(object)),
        domain::Scope::Namespaced => crate::rows::api(bench, object),
    }
}

async fn creates(bench: &Bench, at: usize, body: &Value) -> (ObjectRef, Value) {
    let name = format!("one-way-{at}");
    let object = object_of(body, &name);
    let mut body = body.clone();
    body["metadata"]["name"] = json!(name);
    let made = serde_json::from_value(body).unwrap();
    let made = api(bench, &object)
        .create(&PostParams::default(), &made)
        .await;
    let made = made.unwrap_or_else(|error| panic!("{object}: {error}"));
    (object, serde_json::to_value(made).unwrap())
}

async fn delete(bench: &Bench, object: &ObjectRef) {
    api(bench, object)
        .delete(&object.name, &Default::default())
        .await
        .unwrap();
}

async fn a_stored_version_has_to_stay(bench: &Bench) {
    let version = |name: &str, storage: bool| json!({"name": name, "served": true, "storage": storage, "schema": {"openAPIV3Schema": {"type": "object"}}});
    let name = "things.oneway.example";
    let definition = |versions: Value| {
        json!({
            "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": name},
            "spec": {
                "group": "oneway.example", "scope": "Namespaced", "versions": versions,
                "names": {"plural": "things", "singular": "thing", "kind": "Thing", "listKind": "ThingList"},
            },
        })
    };
    let first = definition(json!([version("v1", true)]));
    let object = object_of(&first, name);
    let definitions = api(bench, &object);
    let made = serde_json::from_value(first.clone()).unwrap();
    definitions
        .create(&PostParams::default(), &made)
        .await
        .unwrap();
    let second = json!({"spec": {"versions": [version("v1", false), version("v2", true)]}});
    let params = PatchParams::default();
    definitions
        .patch(name, &params, &Patch::Merge(second))
        .await
        .unwrap();
    let back = json!({"spec": {"versions": [version("v1", true)]}});
    let refused = definitions.patch(name, &params, &Patch::Merge(back)).await;
    assert!(matches!(refused, Err(kube::Error::Api(status)) if status.code == 422));
    let change = FieldChange {
        path: "spec.versions[name=v2].storage".into(),
        before: None,
        after: Some("true".into()),
        author: FieldAuthor::Manifest,
    };
    assert_eq!(one_way(&object, &change), Some(OneWay::CannotBeUndone));
    delete(bench, &object).await;
}

async fn an_address_is_given_up(bench: &Bench) {
    let service = json!({"apiVersion": "v1", "kind": "Service", "spec": {"ports": [{"port": 80}]}});
    let (object, made) = creates(bench, 90, &service).await;
    assert!(made.pointer("/spec/clusterIP").is_some());
    let patch = json!({"spec": {"type": "ExternalName", "externalName": "a.example"}});
    let params = PatchParams::default();
    let named = api(bench, &object)
        .patch(&object.name, &params, &Patch::Merge(patch))
        .await
        .unwrap();
    assert_eq!(
        serde_json::to_value(named)
            .unwrap()
            .pointer("/spec/clusterIP"),
        None
    );
    let change = FieldChange {
        path: "spec.type".into(),
        before: Some("\"ClusterIP\"".into()),
        after: Some("\"ExternalName\"".into()),
        author: FieldAuthor::Manifest,
    };
    assert_eq!(one_way(&object, &change), Some(OneWay::CannotBeUndone));
    delete(bench, &object).await;
}
