use domain::{Digest, LiveHead};
use serde_json::json;

use super::*;

fn entry(manager: &str, operation: &str, fields: Value) -> Value {
    json!({
        "manager": manager, "operation": operation, "apiVersion": "v1", "time": "2026-11-30T00:00:00Z",
        "fieldsType": "FieldsV1", "fieldsV1": fields,
    })
}

fn live(body: Value, managed: Value) -> LiveObject {
    LiveObject {
        head: LiveHead {
            uid: "u".into(),
            resource_version: "1".into(),
            content: Digest::new("c"),
        },
        body,
        version: None,
        mutation: None,
        managed,
    }
}

fn object(kind: &str) -> ObjectRef {
    ObjectRef {
        api_version: "v1".into(),
        kind: kind.into(),
        namespace: "n".into(),
        name: "x".into(),
    }
}

fn fields_of(managed: &Value, manager: &str, operation: &str) -> Value {
    let found = owned(managed, |entry| entry.is(manager, operation));
    found.render()
}

#[test]
fn what_kubectl_applied_becomes_ours_except_its_own_copy() {
    let copied = json!({"f:metadata": {"f:annotations": {(format!("f:{LAST_APPLIED}")): {}}}, "f:data": {"f:a": {}}});
    let managed = json!([
        entry(CLIENT_SIDE, "Update", copied),
        entry("controller", "Update", json!({"f:data": {"f:b": {}}})),
        entry(MANAGER, "Apply", json!({"f:data": {"f:c": {}}})),
    ]);
    let live = live(json!({"data": {"a": "1", "b": "1", "c": "1"}}), managed);
    let adoption = adoption(&object("ConfigMap"), &live).unwrap();
    assert_eq!(adoption.moved.render(), json!({"f:data": {"f:a": {}}}));
    assert_eq!(
        fields_of(&adoption.managed, MANAGER, "Apply"),
        json!({"f:data": {"f:a": {}, "f:c": {}}})
    );
    assert_eq!(
        fields_of(&adoption.managed, CLIENT_SIDE, "Update"),
        json!({"f:metadata": {"f:annotations": {(format!("f:{LAST_APPLIED}")): {}}}})
    );
    assert_eq!(
        fields_of(&adoption.managed, "controller", "Update"),
        json!({"f:data": {"f:b": {}}})
    );
    let again = LiveObject {
        managed: adoption.managed,
        ..live
    };
    assert_eq!(super::adoption(&object("ConfigMap"), &again), None);
}

#[test]
fn of_an_object_older_than_ownership_only_what_kubectl_applied_is_moved() {
    let managed = json!([entry(
        BEFORE_FIRST_APPLY,
        "Update",
        json!({"f:data": {"f:a": {}, "f:b": {}}})
    )]);
    let copy = json!({"data": {"a": "1"}}).to_string();
    let body =
        json!({"metadata": {"annotations": {LAST_APPLIED: copy}}, "data": {"a": "1", "b": "1"}});
    let adoption = adoption(&object("ConfigMap"), &live(body, managed)).unwrap();
    assert_eq!(adoption.moved.render(), json!({"f:data": {"f:a": {}}}));
}

#[test]
fn keys_once_written_as_string_data_are_ours_by_their_stored_name() {
    let managed = json!([entry(
        MANAGER,
        "Apply",
        json!({"f:stringData": {".": {}, "f:token": {}}})
    )]);
    let adoption = adoption(&object("Secret"), &live(json!({}), managed)).unwrap();
    assert_eq!(
        fields_of(&adoption.managed, MANAGER, "Apply"),
        json!({"f:data": {"f:token": {}}})
    );
}

#[test]
fn what_was_put_back_goes_to_whoever_owned_it() {
    let before = json!({
        "metadata": {"managedFields": [
            entry("helm", "Apply", json!({"f:data": {"f:a": {}}})),
            entry(MANAGER, "Apply", json!({"f:data": {"f:b": {}}})),
        ]},
        "data": {"a": "1", "b": "1", "c": "1", "other": "1"},
    });
    let managed = json!([entry(
        MANAGER,
        "Update",
        json!({
            "f:metadata": {"f:annotations": {"f:release.pilothouse/mutation": {}}},
            "f:data": {"f:a": {}, "f:b": {}, "f:c": {}, "f:other": {}},
        })
    )]);
    let body = json!({"data": {"a": "1", "b": "1", "c": "1", "other": "changed since"}});
    let after = give_back(&live(body, managed), &before).unwrap();
    assert_eq!(
        fields_of(&after, "helm", "Apply"),
        json!({"f:data": {"f:a": {}}})
    );
    assert_eq!(
        fields_of(&after, MANAGER, "Apply"),
        json!({"f:data": {"f:b": {}}, "f:metadata": {"f:annotations": {"f:release.pilothouse/mutation": {}}}})
    );
    assert_eq!(
        fields_of(&after, MANAGER, "Update"),
        json!({"f:data": {"f:other": {}}})
    );
}
