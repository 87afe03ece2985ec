use serde_json::json;

use super::*;

fn listed(
    live: Option<Value>,
    after: Value,
    manifest: Value,
) -> Vec<(String, Option<String>, Option<String>, bool)> {
    let live = live.map(Masked::of);
    let (after, manifest) = (Masked::of(after), Masked::of(manifest));
    changes(live.as_ref(), &after, &manifest, &Fields::default())
        .into_iter()
        .map(|c| (c.path, c.before, c.after, c.author == FieldAuthor::Manifest))
        .collect()
}

fn one(
    live: Value,
    after: Value,
    manifest: Value,
) -> (String, Option<String>, Option<String>, bool) {
    let mut found = listed(Some(live), after, manifest);
    assert_eq!(found.len(), 1, "{found:?}");
    found.remove(0)
}

fn pod(containers: Value) -> Value {
    json!({"kind": "Deployment", "spec": {"containers": containers}})
}

#[test]
fn nothing_changes_nothing() {
    let object = pod(json!([{"name": "a", "image": "a:1"}]));
    assert!(listed(Some(object.clone()), object.clone(), object).is_empty());
}

#[test]
fn an_image_is_the_manifests_and_found_by_name() {
    let live = pod(json!([{"name": "side", "image": "s:1"}, {"name": "router", "image": "r:1"}]));
    let after = pod(json!([{"name": "side", "image": "s:1"}, {"name": "router", "image": "r:2"}]));
    let manifest = pod(json!([{"name": "router", "image": "r:2"}]));
    let expected = (
        "spec.containers[name=router].image".into(),
        Some("\"r:1\"".into()),
        Some("\"r:2\"".into()),
        true,
    );
    assert_eq!(one(live, after, manifest), expected);
}

#[test]
fn an_injected_container_and_a_default_are_automatic() {
    let live = pod(json!([{"name": "a", "image": "a:1"}]));
    let after = pod(
        json!([{"name": "a", "image": "a:1", "imagePullPolicy": "Always"}, {"name": "istio", "image": "i:1"}]),
    );
    let found = listed(
        Some(live),
        after,
        pod(json!([{"name": "a", "image": "a:1"}])),
    );
    let paths: Vec<_> = found.iter().map(|f| (f.0.as_str(), f.3)).collect();
    assert_eq!(
        paths,
        [
            ("spec.containers[name=a].imagePullPolicy", false),
            ("spec.containers[name=istio].name", false),
            ("spec.containers[name=istio].image", false),
        ]
    );
}

#[test]
fn what_goes_is_the_manifests() {
    let live = json!({"kind": "ConfigMap", "data": {"a": "1", "b": "2"}});
    let after = json!({"kind": "ConfigMap", "data": {"a": "1"}});
    assert_eq!(
        one(live, after.clone(), after),
        ("data.b".into(), Some("\"2\"".into()), None, true)
    );
}

#[test]
fn our_annotations_are_automatic_and_others_not() {
    let manifest =
        json!({"metadata": {"annotations": {"team": "x", "release.pilothouse/id": "R"}}});
    let found = listed(Some(json!({"metadata": {}})), manifest.clone(), manifest);
    let paths: Vec<_> = found.iter().map(|f| (f.0.as_str(), f.3)).collect();
    assert_eq!(
        paths,
        [
            ("metadata.annotations.team", true),
            ("metadata.annotations.release.pilothouse/id", false)
        ]
    );
}

#[test]
fn what_was_ours_and_is_no_longer_named_is_the_manifests() {
    let ours = Fields::parse(&json!({"f:spec": {
        "f:replicas": {},
        "f:containers": {"k:{\"name\":\"a\"}": {"f:imagePullPolicy": {}}},
    }}));
    let object = |replicas: u32, policy: &str, grace: u32| {
        Masked::of(json!({"kind": "Deployment", "spec": {
            "replicas": replicas, "grace": grace,
            "containers": [{"name": "a", "imagePullPolicy": policy}],
        }}))
    };
    let manifest = Masked::of(pod(json!([{"name": "a"}])));
    let (live, after) = (object(3, "Always", 1), object(1, "IfNotPresent", 30));
    let found = changes(Some(&live), &after, &manifest, &ours);
    let authors: Vec<_> = found.iter().map(|f| (f.path.as_str(), f.author)).collect();
    assert_eq!(
        authors,
        [
            ("spec.replicas", FieldAuthor::Manifest),
            ("spec.grace", FieldAuthor::Automatic),
            (
                "spec.containers[name=a].imagePullPolicy",
                FieldAuthor::Manifest
            ),
        ]
    );
}

#[test]
fn equal_amounts_are_no_change() {
    let with = |cpu: &str, memory: &str| {
        pod(json!([{"name": "a", "resources": {"limits": {"cpu": cpu, "memory": memory}}}]))
    };
    let manifest = with("500m", "65536Ki");
    assert!(listed(Some(with("0.5", "64Mi")), manifest.clone(), manifest).is_empty());
}

#[test]
fn ports_are_told_apart_by_number_and_args_by_index() {
    let live = pod(
        json!([{"name": "a", "ports": [{"containerPort": 1}, {"containerPort": 2}], "args": ["x", "y"]}]),
    );
    let after = pod(
        json!([{"name": "a", "ports": [{"containerPort": 2}, {"containerPort": 3}], "args": ["x", "z"]}]),
    );
    let found = listed(Some(live), after.clone(), after);
    let paths: Vec<_> = found.iter().map(|f| f.0.as_str()).collect();
    assert_eq!(
        paths,
        [
            "spec.containers[name=a].ports[containerPort=3].containerPort",
            "spec.containers[name=a].ports[containerPort=1].containerPort",
            "spec.containers[name=a].args[1]",
        ]
    );
}

#[test]
fn another_order_is_a_change_of_the_list() {
    let env = |a: &str, b: &str| pod(json!([{"name": "a", "env": [{"name": a}, {"name": b}]}]));
    let found = one(env("x", "y"), env("y", "x"), env("y", "x"));
    assert_eq!(
        (found.0.as_str(), found.3),
        ("spec.containers[name=a].env", true)
    );
}

#[test]
fn an_element_that_cannot_be_matched_up_counts_as_the_manifests() {
    let live = pod(json!([{"name": "a", "tolerations": []}]));
    let after = pod(json!([{"name": "a", "tolerations": [{"name": "given", "key": "k"}]}]));
    let manifest = pod(json!([{"name": "a", "tolerations": [{"key": "k"}]}]));
    assert!(listed(Some(live), after, manifest).iter().all(|f| f.3));
}

#[test]
fn a_new_object_is_all_new() {
    let after = json!({"kind": "ConfigMap", "metadata": {"name": "x"}, "data": {"a": "1"}});
    let found = listed(None, after.clone(), after);
    assert_eq!(found.len(), 3);
    assert!(found.iter().all(|f| f.1.is_none() && f.3));
}

#[test]
fn a_type_change_is_one_change() {
    let found = one(
        json!({"spec": {"a": {"b": 1}}}),
        json!({"spec": {"a": "text"}}),
        json!({"spec": {"a": "text"}}),
    );
    assert_eq!(
        found,
        (
            "spec.a".into(),
            Some("{\"b\":1}".into()),
            Some("\"text\"".into()),
            true
        )
    );
}
