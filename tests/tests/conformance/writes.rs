//! Writes: apply and its owners, dry runs, preconditions, patches, validation, defaults.

use serde_json::{Value, json};

use crate::case::{APPLY, Case, JSON, JSON_PATCH, MERGE, STRATEGIC};

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

pub async fn preconditions_are_checked(case: &Case) {
    let made = case
        .create("configmaps", &case.map("c", json!({"a": "1"})))
        .await
        .good();
    let old = made["metadata"]["resourceVersion"].clone();
    case.ask("PATCH", "configmaps/c", MERGE, &json!({"data": {"a": "2"}}))
        .await
        .good();
    let mut stale = case.map("c", json!({"a": "3"}));
    stale["metadata"]["resourceVersion"] = old.clone();
    let moved = "Operation cannot be fulfilled on configmaps \"c\": the object has been modified; please apply your changes to the latest version and try again";
    for (method, path, kind) in [
        ("PATCH", "configmaps/c?fieldManager=p&force=true", APPLY),
        ("PATCH", "configmaps/c", MERGE),
        ("PATCH", "configmaps/c", STRATEGIC),
        ("PUT", "configmaps/c", JSON),
    ] {
        let message = case
            .ask(method, path, kind, &stale)
            .await
            .refused(409, "Conflict");
        assert_eq!(message, moved, "{method} {kind}");
    }
    let mut another = case.map("c", json!({"a": "3"}));
    another["metadata"]["uid"] = json!("00000000-0000-4000-8000-000000000000");
    case.ask(
        "PATCH",
        "configmaps/c?fieldManager=p&force=true",
        APPLY,
        &another,
    )
    .await
    .refused(422, "Invalid");
    case.ask("PATCH", "configmaps/c", MERGE, &another)
        .await
        .refused(422, "Invalid");
    case.ask("PUT", "configmaps/c", JSON, &another)
        .await
        .refused(409, "Conflict");
    for precondition in [
        json!({"resourceVersion": old}),
        json!({"uid": "00000000-0000-4000-8000-000000000000"}),
    ] {
        let options =
            json!({"apiVersion": "v1", "kind": "DeleteOptions", "preconditions": precondition});
        case.ask("DELETE", "configmaps/c", JSON, &options)
            .await
            .refused(409, "Conflict");
    }
    assert_eq!(
        data(&case.get("configmaps/c").await.good(), "a"),
        "2",
        "nothing was written"
    );
}

pub async fn a_failed_test_changes_nothing(case: &Case) {
    let service = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s"}, "spec": {"selector": {"slot": "blue"}, "ports": [{"port": 80}]}});
    let made = case.create("services", &service).await.good();
    let switch = |revision: &Value| {
        json!([
            {"op": "test", "path": "/metadata/resourceVersion", "value": revision},
            {"op": "test", "path": "/spec/selector/slot", "value": "blue"},
            {"op": "replace", "path": "/spec/selector/slot", "value": "green"},
        ])
    };
    let patch = switch(&made["metadata"]["resourceVersion"]);
    let switched = case
        .ask("PATCH", "services/s", JSON_PATCH, &patch)
        .await
        .good();
    assert_eq!(switched["spec"]["selector"]["slot"], "green");
    case.ask("PATCH", "services/s", JSON_PATCH, &patch)
        .await
        .refused(422, "Invalid");
    let revision = switched["metadata"]["resourceVersion"].clone();
    case.ask("PATCH", "services/s", JSON_PATCH, &switch(&revision))
        .await
        .refused(422, "Invalid");
    let nowhere = json!([{"op": "replace", "path": "/spec/none/there", "value": 1}]);
    case.ask("PATCH", "services/s", JSON_PATCH, &nowhere)
        .await
        .refused(422, "Invalid");
    case.ask(
        "PATCH",
        "services/s",
        JSON_PATCH,
        &json!([{"op": "nonsense", "path": "/a"}]),
    )
    .await
    .refused(422, "Invalid");
    let after = case.get("services/s").await.good();
    assert_eq!(after["metadata"]["resourceVersion"], revision);
}

pub async fn strict_validation_names_the_field(case: &Case) {
    let mut body = case.deployment("d", 0, "1");
    body["spec"]["replica"] = json!(3);
    let message = case
        .create("apps/deployments?fieldValidation=Strict", &body)
        .await
        .refused(400, "BadRequest");
    assert!(
        message.contains("strict decoding error: unknown field \"spec.replica\""),
        "{message}"
    );
    let applied = case
        .apply("apps/deployments/d?fieldValidation=Strict", "pilot", &body)
        .await;
    assert!(
        applied
            .text
            .contains(".spec.replica: field not declared in schema"),
        "{}",
        applied.text
    );
    assert_eq!(applied.status, 500);
    let warned = case
        .create("apps/deployments?fieldValidation=Warn", &body)
        .await;
    assert_eq!(warned.status, 201);
    assert_eq!(
        warned.warning.as_deref(),
        Some("299 - \"unknown field \\\"spec.replica\\\"\"")
    );
    assert!(warned.good()["spec"]["replica"].is_null());
    body["metadata"]["name"] = json!("ignored");
    assert_eq!(
        case.create("apps/deployments?fieldValidation=Ignore", &body)
            .await
            .warning,
        None
    );
}

pub async fn deployments_are_defaulted(case: &Case) {
    let body = json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "d"},
        "spec": {
            "replicas": 0, "selector": {"matchLabels": {"app": "d"}},
            "template": {"metadata": {"labels": {"app": "d"}}, "spec": {"containers": [
                {"name": "a", "image": "x.example/a:1", "ports": [{"containerPort": 80}], "readinessProbe": {"httpGet": {"port": 80}}},
                {"name": "b", "image": "x.example/b", "envFrom": [{"configMapRef": {"name": "c"}}]},
            ], "volumes": [{"name": "v", "configMap": {"name": "c"}}, {"name": "w", "secret": {"secretName": "s"}}]}},
        },
    });
    let made = case.create("apps/deployments", &body).await.good();
    let expected = json!({
        "replicas": 0, "selector": {"matchLabels": {"app": "d"}},
        "template": {"metadata": {"labels": {"app": "d"}}, "spec": {
            "containers": [
                {
                    "name": "a", "image": "x.example/a:1", "ports": [{"containerPort": 80, "protocol": "TCP"}], "resources": {},
                    "readinessProbe": {
                        "httpGet": {"path": "/", "port": 80, "scheme": "HTTP"}, "timeoutSeconds": 1, "periodSeconds": 10,
                        "successThreshold": 1, "failureThreshold": 3,
                    },
                    "terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File", "imagePullPolicy": "IfNotPresent",
                },
                {
                    "name": "b", "image": "x.example/b", "envFrom": [{"configMapRef": {"name": "c"}}], "resources": {},
                    "terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File", "imagePullPolicy": "Always",
                },
            ],
            "volumes": [
                {"name": "v", "configMap": {"name": "c", "defaultMode": 420}},
                {"name": "w", "secret": {"secretName": "s", "defaultMode": 420}},
            ],
            "restartPolicy": "Always", "terminationGracePeriodSeconds": 30, "dnsPolicy": "ClusterFirst",
            "securityContext": {}, "schedulerName": "default-scheduler",
        }},
        "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "25%", "maxSurge": "25%"}},
        "revisionHistoryLimit": 10, "progressDeadlineSeconds": 600,
    });
    assert_eq!(made["spec"], expected);
}

pub async fn services_are_defaulted(case: &Case) {
    let body = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s"}, "spec": {"selector": {"app": "d"}, "ports": [{"port": 80}]}});
    let made = case.create("services", &body).await.good();
    let address = made["spec"]["clusterIP"].as_str().unwrap();
    assert!(address.parse::<std::net::Ipv4Addr>().is_ok(), "{address}");
    let expected = json!({
        "selector": {"app": "d"}, "ports": [{"port": 80, "protocol": "TCP", "targetPort": 80}],
        "clusterIP": address, "clusterIPs": [address], "type": "ClusterIP", "sessionAffinity": "None",
        "ipFamilies": ["IPv4"], "ipFamilyPolicy": "SingleStack", "internalTrafficPolicy": "Cluster",
    });
    assert_eq!(made["spec"], expected);
}

pub async fn a_selector_never_changes(case: &Case) {
    case.create("apps/deployments", &case.deployment("d", 0, "1"))
        .await
        .good();
    let change = json!({"spec": {"selector": {"matchLabels": {"app": "e"}}, "template": {"metadata": {"labels": {"app": "e"}}}}});
    let answer = case
        .ask("PATCH", "apps/deployments/d", MERGE, &change)
        .await;
    assert_eq!(
        answer.body["details"]["causes"][0]["field"],
        "spec.selector"
    );
    let message = answer.refused(422, "Invalid");
    assert!(
        message.starts_with("Deployment.apps \"d\" is invalid: spec.selector: Invalid value: "),
        "{message}"
    );
    assert!(message.ends_with(": field is immutable"), "{message}");
}

pub async fn labels_have_to_match(case: &Case) {
    let mut body = case.deployment("d", 0, "1");
    body["spec"]["template"]["metadata"]["labels"] = json!({"app": "e"});
    let message = case
        .create("apps/deployments", &body)
        .await
        .refused(422, "Invalid");
    assert!(
        message.contains("`selector` does not match template `labels`"),
        "{message}"
    );
    let mut body = case.deployment("d", 0, "1");
    body["spec"]["template"]["spec"]["containers"] = json!([]);
    let message = case
        .create("apps/deployments", &body)
        .await
        .refused(422, "Invalid");
    assert!(
        message.contains("spec.template.spec.containers: Required value"),
        "{message}"
    );
}

pub async fn generations_count_the_spec(case: &Case) {
    let made = case
        .create("apps/deployments", &case.deployment("d", 0, "1"))
        .await
        .good();
    assert_eq!(made["metadata"]["generation"], 1);
    let patch = |body: Value| async move {
        case.ask("PATCH", "apps/deployments/d", MERGE, &body)
            .await
            .good()["metadata"]["generation"]
            .clone()
    };
    assert_eq!(
        patch(json!({"metadata": {"labels": {"x": "1"}}})).await,
        1,
        "a label is no new generation"
    );
    assert_eq!(
        patch(json!({"metadata": {"annotations": {"x": "1"}}})).await,
        2,
        "an annotation of a Deployment is"
    );
    assert_eq!(patch(json!({"spec": {"minReadySeconds": 1}})).await, 3);
    assert_eq!(
        patch(json!({"spec": {"minReadySeconds": 1}})).await,
        3,
        "nothing changed"
    );
}

pub async fn merges_are_of_their_kind(case: &Case) {
    let mut body = case.deployment("d", 0, "1");
    body["spec"]["template"]["spec"]["containers"]
        .as_array_mut()
        .unwrap()
        .push(json!({"name": "side", "image": "x.example/side:1"}));
    case.create("apps/deployments", &body).await.good();
    let one = |name: &str, extra: Value| {
        let mut container = json!({"name": name});
        container
            .as_object_mut()
            .unwrap()
            .extend(extra.as_object().unwrap().clone());
        json!({"spec": {"template": {"spec": {"containers": [container]}}}})
    };
    let names = |object: Value| {
        let containers = object["spec"]["template"]["spec"]["containers"]
            .as_array()
            .unwrap()
            .clone();
        containers
            .iter()
            .map(|c| c["name"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let merged = case
        .ask(
            "PATCH",
            "apps/deployments/d",
            STRATEGIC,
            &one("side", json!({"image": "x.example/side:2"})),
        )
        .await
        .good();
    assert_eq!(
        merged["spec"]["template"]["spec"]["containers"][1]["image"],
        "x.example/side:2"
    );
    assert_eq!(
        names(merged),
        ["main", "side"],
        "a strategic merge goes by name"
    );
    let deleted = case
        .ask(
            "PATCH",
            "apps/deployments/d",
            STRATEGIC,
            &one("side", json!({"$patch": "delete"})),
        )
        .await
        .good();
    assert_eq!(names(deleted), ["main"]);
    let replaced = case
        .ask(
            "PATCH",
            "apps/deployments/d",
            MERGE,
            &one("only", json!({"image": "x.example/only:1"})),
        )
        .await
        .good();
    assert_eq!(names(replaced), ["only"], "a merge replaces lists");
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

pub async fn the_status_is_not_written_with_the_spec(case: &Case) {
    case.create("apps/deployments", &case.deployment("d", 0, "1"))
        .await
        .good();
    let written = case
        .ask(
            "PATCH",
            "apps/deployments/d",
            MERGE,
            &json!({"status": {"replicas": 7}}),
        )
        .await
        .good();
    assert_ne!(written["status"]["replicas"], 7);
    let written = case
        .ask(
            "PATCH",
            "apps/deployments/d/status",
            MERGE,
            &json!({"spec": {"minReadySeconds": 7}}),
        )
        .await
        .good();
    assert_ne!(written["spec"]["minReadySeconds"], 7);
}

/// Known difference.
pub async fn an_address_never_changes(case: &Case) {
    let body = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s"}, "spec": {"ports": [{"port": 80}]}});
    case.create("services", &body).await.good();
    let moved = json!({"spec": {"clusterIP": "10.0.0.77"}});
    case.ask("PATCH", "services/s", MERGE, &moved)
        .await
        .refused(422, "Invalid");
}
