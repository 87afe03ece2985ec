use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::as_sent::as_sent;
use crate::owners::Fields;

fn map(data: Value) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}, "data": data})
}

fn pod(spec: Value) -> Value {
    json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "x"}, "spec": spec})
}

fn paths(kept: &[Kept]) -> Vec<&str> {
    kept.iter().map(|kept| kept.path.as_str()).collect()
}

#[test]
fn what_the_release_changed_goes_back_and_nothing_else() {
    let reverted = revert(
        &map(json!({"changed": "1", "dropped": "1", "same": "1", "edited": "1"})),
        &map(json!({"changed": "2", "added": "2", "same": "1", "edited": "2"})),
        &map(
            json!({"changed": "2", "added": "2", "same": "theirs", "edited": "theirs", "new": "theirs"}),
        ),
        &[],
    );
    assert_eq!(
        reverted.body["data"],
        json!({"changed": "1", "dropped": "1", "same": "theirs", "edited": "theirs", "new": "theirs"})
    );
    assert_eq!(
        reverted.put_back,
        ["data.changed", "data.added", "data.dropped"]
    );
    let kept = Kept {
        path: "data.edited".into(),
        ours: Some(json!("1")),
        theirs: Some(json!("theirs")),
    };
    assert_eq!(reverted.theirs, [kept]);
}

#[test]
fn ours_can_be_insisted_on() {
    let (before, written) = (
        map(json!({"a": "1", "b": "1"})),
        map(json!({"a": "2", "b": "2"})),
    );
    let live = map(json!({"a": "3", "b": "3"}));
    let reverted = revert(&before, &written, &live, &["data.a".into()]);
    assert_eq!(reverted.body["data"], json!({"a": "1", "b": "3"}));
    assert_eq!(paths(&reverted.theirs), ["data.b"]);
}

#[test]
fn a_list_with_duplicate_keys_is_one_value() {
    let env = |env: Value| pod(json!({"containers": [{"name": "a", "env": env}]}));
    let twice = env(json!([{"name": "L", "value": "1"}, {"name": "L", "value": "2"}]));
    let once = env(json!([{"name": "L", "value": "3"}]));
    assert_eq!(revert(&twice, &once, &once, &[]).body, twice);
    let edited = env(json!([{"name": "L", "value": "4"}]));
    let reverted = revert(&twice, &once, &edited, &[]);
    assert_eq!(reverted.body, edited);
    assert_eq!(paths(&reverted.theirs), ["spec.containers[name=a].env"]);
}

#[test]
fn elements_come_and_go_whole_and_in_their_order() {
    let list = |names: &[&str]| -> Value {
        let elements: Vec<Value> = names
            .iter()
            .map(|n| json!({"name": n, "image": "i"}))
            .collect();
        pod(json!({"containers": elements}))
    };
    let reverted = revert(
        &list(&["a", "b"]),
        &list(&["b", "new"]),
        &list(&["b", "new", "side"]),
        &[],
    );
    assert_eq!(reverted.body, list(&["a", "b", "side"]));
    let mut edited = list(&["b", "new"]);
    edited["spec"]["containers"][1]["image"] = json!("theirs");
    let reverted = revert(&list(&["a", "b"]), &list(&["b", "new"]), &edited, &[]);
    assert_eq!(paths(&reverted.theirs), ["spec.containers[name=new]"]);
    assert_eq!(
        reverted.body["spec"]["containers"][2],
        json!({"name": "new", "image": "theirs"})
    );
}

#[test]
fn one_of_several_kinds_is_not_halved() {
    let env = |entry: Value| pod(json!({"containers": [{"name": "a", "env": [entry]}]}));
    let before = env(json!({"name": "L", "value": "1"}));
    let from = |key: &str| {
        env(json!({"name": "L", "valueFrom": {"configMapKeyRef": {"name": "m", "key": key}}}))
    };
    let reverted = revert(&before, &from("a"), &from("theirs"), &[]);
    assert_eq!(reverted.body, from("theirs"));
    assert_eq!(
        paths(&reverted.theirs),
        ["spec.containers[name=a].env[name=L]"]
    );
    assert_eq!(revert(&before, &from("a"), &from("a"), &[]).body, before);
}

#[test]
fn what_the_cluster_keeps_is_never_written_back() {
    let object = |uid: &str, revision: &str, finalizers: Value, paused: bool| {
        json!({
            "apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": {
                "name": "x", "uid": uid, "resourceVersion": uid, "finalizers": finalizers,
                "annotations": {"deployment.kubernetes.io/revision": revision, "release.pilothouse/id": uid},
            },
            "spec": {"paused": paused}, "status": {"replicas": revision},
        })
    };
    let live = object("3", "3", json!(["c"]), true);
    let reverted = revert(
        &object("1", "1", json!(["a"]), false),
        &object("2", "2", json!([]), false),
        &live,
        &[],
    );
    assert_eq!(reverted.body, live);
    let service = |ip: &str, port: u32, node: u32, kind: &str| {
        json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "x"}, "spec": {
            "clusterIP": ip, "clusterIPs": [ip], "type": kind, "healthCheckNodePort": node,
            "ports": [{"port": port, "nodePort": node, "targetPort": 1}],
        }})
    };
    let live = service("10.0.0.2", 81, 30002, "LoadBalancer");
    let body = revert(
        &service("10.0.0.1", 80, 30001, "NodePort"),
        &live,
        &live,
        &[],
    )
    .body;
    assert_eq!(body["spec"]["clusterIP"], "10.0.0.2");
    assert_eq!(body["spec"]["healthCheckNodePort"], 30002);
    assert_eq!(body["spec"]["type"], "NodePort");
    assert_eq!(
        body["spec"]["ports"],
        json!([{"port": 80, "targetPort": 1}])
    );
}

#[test]
fn without_the_written_object_the_manifest_says_what_is_ours() {
    let before = map(json!({"a": "1", "gone": "1", "theirs": "1"}));
    let live = map(json!({"a": "2", "b": "2", "theirs": "2", "also theirs": "2"}));
    let sent = map(json!({"a": "2", "b": "2", "theirs": "3"}));
    let owned = Fields::parse(&json!({"f:data": {"f:gone": {}, "f:a": {}}}));
    let written = as_sent(&before, &sent, &live, &owned);
    assert_eq!(written["data"], json!({"a": "2", "b": "2", "theirs": "1"}));
    let body = revert(&before, &written, &live, &[]).body;
    assert_eq!(
        body["data"],
        json!({"a": "1", "gone": "1", "theirs": "2", "also theirs": "2"})
    );
}

/// A tree of maps, of lists told apart by name, of plain lists and of values.
fn tree() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        (0..3u8).prop_map(|n| json!(n)),
        "[xy]".prop_map(|s| json!(s))
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::btree_map("[a-d]", inner.clone(), 0..4).prop_map(|map| json!(map)),
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::Array),
            prop::collection::btree_map("[a-d]", inner, 0..3).prop_map(|named| {
                let elements = named
                    .into_iter()
                    .map(|(name, v)| json!({"name": name, "v": v}));
                Value::Array(elements.collect())
            }),
        ]
    })
}

fn object() -> impl Strategy<Value = Value> {
    prop::collection::btree_map("[a-c]", tree(), 1..4).prop_map(|spec| pod(json!(spec)))
}

/// Without what makes no difference here: empty maps and lists, which an API server drops, and the order
/// of named elements.
fn without_empty(value: &Value) -> Value {
    match value {
        Value::Object(map) => map
            .iter()
            .map(|(key, value)| (key.clone(), without_empty(value)))
            .filter(|(_, value)| *value != json!({}) && *value != json!([]))
            .collect(),
        Value::Array(list) => {
            let mut list: Vec<Value> = list.iter().map(without_empty).collect();
            if list.iter().all(|element| element.get("name").is_some()) {
                list.sort_by_key(|element| element["name"].to_string());
            }
            Value::Array(list)
        }
        other => other.clone(),
    }
}

proptest! {
    #[test]
    fn nobody_else_wrote_and_it_is_as_before(before in object(), written in object()) {
        let reverted = revert(&before, &written, &written, &[]);
        prop_assert_eq!(without_empty(&reverted.body), without_empty(&before));
        prop_assert!(reverted.theirs.is_empty());
    }

    #[test]
    fn the_release_changed_nothing_and_nothing_is_taken_back(before in object(), live in object()) {
        let reverted = revert(&before, &before, &live, &[]);
        prop_assert_eq!(reverted.body, live);
        prop_assert!(reverted.theirs.is_empty() && reverted.put_back.is_empty());
    }

    #[test]
    fn a_second_rollback_finds_nothing_to_do(before in object(), written in object(), live in object()) {
        let first = revert(&before, &written, &live, &[]);
        let second = revert(&before, &written, &first.body, &[]);
        prop_assert_eq!(without_empty(&second.body), without_empty(&first.body));
    }

    #[test]
    fn insisting_on_everything_leaves_nothing_of_theirs(
        before in object(), written in object(), live in object(),
    ) {
        let first = revert(&before, &written, &live, &[]);
        let all: Vec<String> = first.theirs.iter().map(|kept| kept.path.clone()).collect();
        prop_assert!(revert(&before, &written, &live, &all).theirs.is_empty());
    }
}
