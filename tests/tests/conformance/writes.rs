//! Other writes: preconditions, patches, validation, defaults.

use serde_json::{Value, json};

use crate::case::{APPLY, Case, JSON, JSON_PATCH, MERGE, STRATEGIC};

fn data(object: &Value, key: &str) -> Value {
    object["data"][key].clone()
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
