//! Server-side apply: owners, conflicts, dry runs.

use serde_json::{Value, json};

use crate::case::{APPLY, Case, MERGE, STRATEGIC};

fn data(object: &Value, key: &str) -> Value {
    object["data"][key].clone()
}

pub async fn apply_creates_once(case: &Case) {
    let body = case.map("c", json!({"a": "1"}));
    let first = case.apply("configmaps/c", "pilot", &body).await;
    assert_eq!(first.status, 201);
    let first = first.good();
    let again = case.apply("configmaps/c", "pilot", &body).await;
    assert_eq!(again.status, 200);
    assert_eq!(
        again.good()["metadata"]["resourceVersion"],
        first["metadata"]["resourceVersion"],
        "nothing changed"
    );
    let owners = first["metadata"]["managedFields"].as_array().unwrap();
    assert_eq!(owners.len(), 1);
    let owner = json!({
        "manager": "pilot", "operation": "Apply", "apiVersion": "v1", "time": owners[0]["time"],
        "fieldsType": "FieldsV1", "fieldsV1": {"f:data": {"f:a": {}}},
    });
    assert_eq!(owners[0], owner);
}

pub async fn apply_conflicts_name_owner_and_field(case: &Case) {
    case.apply(
        "configmaps/c",
        "pilot",
        &case.map("c", json!({"a": "1", "b": "1"})),
    )
    .await
    .good();
    let answer = case
        .apply(
            "configmaps/c",
            "other",
            &case.map("c", json!({"a": "9", "b": "9"})),
        )
        .await;
    let causes = answer.body["details"]["causes"].clone();
    let cause = |field: &str| json!({"reason": "FieldManagerConflict", "message": "conflict with \"pilot\"", "field": field});
    assert_eq!(causes, json!([cause(".data.a"), cause(".data.b")]));
    let message = answer.refused(409, "Conflict");
    assert_eq!(
        message,
        "Apply failed with 2 conflicts: conflicts with \"pilot\":\n- .data.a\n- .data.b"
    );
    // The same value is no conflict: it is then shared.
    case.apply("configmaps/c", "other", &case.map("c", json!({"a": "1"})))
        .await
        .good();
}

pub async fn apply_conflicts_with_an_update_say_which(case: &Case) {
    let body = case.deployment("d", 0, "1");
    case.apply("apps/deployments/d", "pilot", &body)
        .await
        .good();
    let edit = json!({"spec": {"template": {"spec": {"containers": [{"name": "main", "image": "elsewhere.example/x:2"}]}}}});
    case.ask(
        "PATCH",
        "apps/deployments/d?fieldManager=kubectl-edit",
        STRATEGIC,
        &edit,
    )
    .await
    .good();
    let message = case
        .apply("apps/deployments/d", "pilot", &body)
        .await
        .refused(409, "Conflict");
    assert_eq!(
        message,
        "Apply failed with 1 conflict: conflict with \"kubectl-edit\" using apps/v1: .spec.template.spec.containers[name=\"main\"].image"
    );
}

pub async fn force_takes_over_and_what_is_dropped_goes(case: &Case) {
    case.apply(
        "configmaps/c",
        "pilot",
        &case.map("c", json!({"a": "1", "b": "2"})),
    )
    .await
    .good();
    let forced = case
        .apply(
            "configmaps/c?force=true",
            "other",
            &case.map("c", json!({"a": "9"})),
        )
        .await
        .good();
    assert_eq!(data(&forced, "a"), "9");
    // `pilot` no longer owns a: dropping both removes b and leaves a alone.
    let mut nothing = case.map("c", json!({}));
    nothing.as_object_mut().unwrap().shift_remove("data");
    let dropped = case.apply("configmaps/c", "pilot", &nothing).await.good();
    assert_eq!(dropped["data"], json!({"a": "9"}));
}

pub async fn shared_fields_stay_with_the_other(case: &Case) {
    case.apply(
        "configmaps/c",
        "pilot",
        &case.map("c", json!({"a": "1", "b": "2"})),
    )
    .await
    .good();
    case.apply("configmaps/c", "other", &case.map("c", json!({"a": "1"})))
        .await
        .good();
    let left = case
        .apply("configmaps/c", "pilot", &case.map("c", json!({"b": "2"})))
        .await
        .good();
    assert_eq!(left["data"], json!({"a": "1", "b": "2"}));
    let gone = case
        .apply("configmaps/c", "other", &case.map("c", json!({})))
        .await
        .good();
    assert_eq!(gone["data"], json!({"b": "2"}));
}

pub async fn apply_parameters_are_checked(case: &Case) {
    let body = case.map("c", json!({"a": "1"}));
    let message = case
        .ask("PATCH", "configmaps/c", APPLY, &body)
        .await
        .refused(422, "Invalid");
    assert!(
        message.contains("fieldManager: Required value: is required for apply patch"),
        "{message}"
    );
    case.apply("configmaps/c", "pilot", &body).await.good();
    let message = case
        .ask("PATCH", "configmaps/c?force=true", MERGE, &json!({}))
        .await
        .refused(422, "Invalid");
    assert!(
        message.contains("force: Forbidden: may not be specified for non-apply patch"),
        "{message}"
    );
    let mut with_owners = body;
    with_owners["metadata"]["managedFields"] =
        json!([{"manager": "x", "operation": "Apply", "apiVersion": "v1"}]);
    case.apply("configmaps/c", "pilot", &with_owners)
        .await
        .refused(400, "BadRequest");
}

/// What a client may compare: without what each write gets anew.
fn comparable(mut object: Value) -> Value {
    let metadata = object["metadata"].as_object_mut().unwrap();
    for field in ["uid", "resourceVersion", "creationTimestamp"] {
        metadata.remove(field);
    }
    for entry in metadata["managedFields"].as_array_mut().unwrap() {
        entry.as_object_mut().unwrap().remove("time");
    }
    // A Service's address is drawn for each attempt.
    if let Some(spec) = object.get_mut("spec").and_then(Value::as_object_mut) {
        spec.remove("clusterIP");
        spec.remove("clusterIPs");
    }
    object
}

pub async fn a_dry_run_is_the_write_that_follows(case: &Case) {
    let service = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "d"}, "spec": {"selector": {"app": "d"}, "ports": [{"port": 80}]}});
    for (path, body) in [
        ("apps/deployments/d", case.deployment("d", 0, "1")),
        ("services/d", service),
        ("configmaps/d", case.map("d", json!({"a": "1"}))),
    ] {
        let dry = case
            .apply(&format!("{path}?dryRun=All"), "pilot", &body)
            .await;
        assert_eq!(dry.status, 201, "{}", dry.text);
        case.get(path).await.refused(404, "NotFound");
        let written = case.apply(path, "pilot", &body).await.good();
        assert_eq!(comparable(dry.good()), comparable(written), "{path}");
    }
    case.ask(
        "PATCH",
        "configmaps/d?dryRun=Some&fieldManager=x",
        APPLY,
        &case.map("d", json!({})),
    )
    .await
    .refused(422, "Invalid");
}

pub async fn a_dry_run_of_a_change_is_the_change(case: &Case) {
    let mut body = case.deployment("d", 0, "1");
    let before = case
        .apply("apps/deployments/d", "pilot", &body)
        .await
        .good();
    body["spec"]["template"]["spec"]["containers"][0]["image"] = json!("elsewhere.example/x:2");
    body["spec"]["minReadySeconds"] = json!(3);
    let dry = case
        .apply("apps/deployments/d?dryRun=All", "pilot", &body)
        .await
        .good();
    assert_eq!(dry["metadata"]["generation"], 2);
    assert_eq!(dry["spec"]["minReadySeconds"], 3);
    let live = case.get("apps/deployments/d").await.good();
    assert_eq!(
        live["metadata"]["generation"],
        before["metadata"]["generation"]
    );
    let written = case
        .apply("apps/deployments/d", "pilot", &body)
        .await
        .good();
    assert_eq!(dry["spec"], written["spec"]);
    // A dry run meets the same conflicts and refusals as the write.
    case.apply(
        "apps/deployments/d?dryRun=All",
        "other",
        &case.deployment("d", 4, "1"),
    )
    .await
    .refused(409, "Conflict");
    case.ask(
        "PATCH",
        "apps/deployments/d?dryRun=All",
        MERGE,
        &json!({"spec": {"replicas": -1}}),
    )
    .await
    .refused(422, "Invalid");
}

pub async fn custom_resources_are_applied(case: &Case) {
    let path = format!(
        "/apis/fission.io/v1/namespaces/{}/environments/node",
        case.namespace
    );
    let body = |sizes: Value| json!({"apiVersion": "fission.io/v1", "kind": "Environment", "metadata": {"name": "node"}, "spec": {"version": 3, "runtime": {"image": "x.example/node:1"}, "sizes": sizes}});
    let dry = case
        .apply(&format!("{path}?dryRun=All"), "pilot", &body(json!([1, 2])))
        .await
        .good();
    let made = case
        .apply(&path, "pilot", &body(json!([1, 2])))
        .await
        .good();
    assert_eq!(dry["spec"], made["spec"]);
    assert_eq!(made["metadata"]["generation"], 1);
    let answer = case.apply(&path, "other", &body(json!([3]))).await;
    assert_eq!(
        answer.refused(409, "Conflict"),
        "Apply failed with 1 conflict: conflict with \"pilot\": .spec.sizes"
    );
    let made = case
        .apply(&format!("{path}?force=true"), "other", &body(json!([3])))
        .await
        .good();
    assert_eq!(
        (&made["spec"]["sizes"], &made["metadata"]["generation"]),
        (&json!([3]), &json!(2))
    );
    case.ask("PATCH", &path, STRATEGIC, &json!({}))
        .await
        .refused(415, "UnsupportedMediaType");
}
