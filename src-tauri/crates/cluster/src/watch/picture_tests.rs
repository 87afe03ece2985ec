use serde_json::json;

use super::super::store::{Slot, Stream};
use super::*;

fn workload() -> ObjectRef {
    ObjectRef {
        api_version: "apps/v1".into(),
        kind: "Deployment".into(),
        namespace: "fission".into(),
        name: "router".into(),
    }
}

fn kept(object: Value) -> Kept {
    Kept::of(serde_json::from_value(object).unwrap()).unwrap()
}

fn pod(name: &str) -> Kept {
    kept(json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": { "name": name, "uid": name, "ownerReferences": [
            { "apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "router-1", "uid": "set", "controller": true },
        ] },
        "spec": { "containers": [{ "name": "main" }] }, "status": { "phase": "Running" },
    }))
}

/// Everything listed but the pods.
fn without_pods() -> Shared {
    let slots = Slot::of_namespace("fission");
    let shared = Shared::new(vec![workload()], &slots);
    for (key, name, kept) in [
        ("fission/replicasets", "router-1", Some(set("set", "1"))),
        ("fission/deployments", "router", Some(router("1", 3))),
        ("fission/events", "", None),
    ] {
        shared.change(key, |stream| {
            stream
                .coming
                .extend(kept.map(|kept| (name.to_owned(), kept)));
            stream.all_came();
        });
    }
    shared
}

fn comes(shared: &Shared, name: &str) {
    let come = |stream: &mut Stream| drop(stream.coming.insert(name.to_owned(), pod(name)));
    shared.change("fission/pods", come);
}

fn names(picture: &Picture) -> Vec<&str> {
    let pods = picture.workloads.iter().flat_map(|w| &w.pods);
    pods.map(|pod| pod.name.as_str()).collect()
}

#[test]
fn the_first_pods_are_shown_before_all_have_come_and_nobody_judges_on_them() {
    let shared = without_pods();
    let paint = || paint(&shared, &Limits::default());
    assert!(paint().is_none());
    comes(&shared, "a");
    let first = paint().unwrap();
    assert_eq!((names(&first), first.connected), (vec!["a"], false));
    comes(&shared, "b");
    shared.change("fission/pods", Stream::all_came);
    let all = paint().unwrap();
    assert_eq!((names(&all), all.connected), (vec!["a", "b"], true));

    shared.change("fission/pods", |stream| stream.connected = false);
    comes(&shared, "c");
    let lost = paint().unwrap();
    assert_eq!((names(&lost), lost.connected), (vec!["a", "b"], false));
}

fn set(name: &str, revision: &str) -> Kept {
    kept(json!({
        "apiVersion": "apps/v1", "kind": "ReplicaSet",
        "metadata": { "name": name, "uid": name,
            "annotations": { "deployment.kubernetes.io/revision": revision },
            "ownerReferences": [
                { "apiVersion": "apps/v1", "kind": "Deployment", "name": "router", "uid": "router", "controller": true },
            ] },
    }))
}

fn router(revision: &str, updated: u32) -> Kept {
    kept(json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": { "name": "router", "uid": "router", "generation": 2, "resourceVersion": "77",
            "annotations": { "deployment.kubernetes.io/revision": revision } },
        "spec": { "replicas": 3 }, "status": { "observedGeneration": 2, "updatedReplicas": updated },
    }))
}

#[test]
fn the_newest_replica_set_is_that_of_the_deployments_revision_and_until_it_is_known_none_is() {
    let slots = Slot::of_namespace("fission");
    let shared = Shared::new(vec![workload()], &slots);
    let come = |kind: &str, name: &str, kept: Kept| {
        shared.change(&format!("fission/{kind}"), |stream| {
            stream.coming.insert(name.to_owned(), kept);
            stream.all_came();
        });
    };
    let newest = || {
        let picture = paint(&shared, &Limits::default()).unwrap();
        let workload = &picture.workloads[0];
        assert_eq!(workload.resource_version.as_deref(), Some("77"));
        workload.pods[0].newest
    };
    come("pods", "a", pod("a"));
    come("replicasets", "set", set("set", "1"));
    come("deployments", "router", router("1", 3));
    assert!(newest());
    // The controller has made a second one, and its stream has not told of it.
    come("deployments", "router", router("2", 1));
    assert!(!newest());
    // In a pause it makes none.
    come("deployments", "router", router("1", 0));
    assert!(!newest());
}
