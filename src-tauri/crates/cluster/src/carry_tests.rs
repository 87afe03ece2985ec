use domain::{Digest, LiveHead, ObjectRef};
use serde_json::json;

use super::*;

fn kept(ours: Value, theirs: Value, live: Value, manifest: Value) -> (Value, Vec<String>) {
    let entry = |manager: &str, operation: &str, fields: Value| json!({"manager": manager, "operation": operation, "fieldsV1": fields});
    let live = LiveObject {
        head: LiveHead {
            uid: "u".into(),
            resource_version: "1".into(),
            content: Digest::new("c"),
        },
        body: live,
        version: None,
        mutation: None,
        managed: json!([
            entry(MANAGER, "Apply", ours),
            entry("kubectl-edit", "Update", theirs)
        ]),
    };
    let manifest = Outgoing {
        object: ObjectRef {
            api_version: "v1".into(),
            kind: "Thing".into(),
            namespace: "n".into(),
            name: "x".into(),
        },
        body: manifest,
        release: "r".into(),
        module: "m".into(),
    };
    let (with, kept) = with_theirs(&manifest, &live, None);
    let mut body = with.body;
    body.as_object_mut()
        .unwrap()
        .retain(|key, _| key != "apiVersion" && key != "kind");
    (body, kept.into_iter().map(|kept| kept.path).collect())
}

const A: &str = "k:{\"name\":\"a\"}";

#[test]
fn an_element_with_a_field_of_theirs_is_sent_along_in_its_place() {
    let live = json!({"env": [{"name": "z", "value": "1"}, {"name": "a", "value": "theirs"}, {"name": "b"}]});
    let (body, paths) = kept(
        json!({"f:env": {(A): {".": {}, "f:name": {}}}}),
        json!({"f:env": {(A): {"f:value": {}}}}),
        live.clone(),
        json!({"env": [{"name": "z", "value": "1"}, {"name": "b"}]}),
    );
    assert_eq!(
        body,
        json!({"env": [{"name": "z", "value": "1"}, {"name": "a"}, {"name": "b"}]})
    );
    assert_eq!(paths, ["env[name=a]"]);
    let (body, _) = kept(
        json!({"f:env": {(A): {".": {}, "f:name": {}}}}),
        json!({"f:env": {(A): {"f:value": {}}}}),
        live,
        json!({}),
    );
    assert_eq!(body, json!({"env": [{"name": "a"}]}));
}

#[test]
fn what_is_only_ours_or_theirs_altogether_is_not_sent_along() {
    for (ours, theirs) in [
        (
            json!({(A): {".": {}, "f:name": {}, "f:value": {}}}),
            json!({}),
        ),
        (
            json!({(A): {".": {}, "f:name": {}}}),
            json!({(A): {".": {}, "f:name": {}, "f:value": {}}}),
        ),
    ] {
        let live = json!({"env": [{"name": "a", "value": "1"}]});
        let (body, paths) = kept(
            json!({"f:env": ours}),
            json!({"f:env": theirs}),
            live,
            json!({}),
        );
        assert_eq!((body, paths.len()), (json!({}), 0));
    }
}

#[test]
fn a_map_of_ours_with_a_key_of_theirs_stays_a_map() {
    let (body, paths) = kept(
        json!({"f:data": {".": {}, "f:a": {}}}),
        json!({"f:data": {"f:b": {}}}),
        json!({"data": {"a": "1", "b": "1"}}),
        json!({}),
    );
    assert_eq!(body, json!({"data": {}}));
    assert_eq!(paths, ["data"]);
}
