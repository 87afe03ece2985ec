//! Objects: create, read, list, delete, and every way in which that is refused.

use serde_json::json;

use crate::case::{Case, JSON, MERGE, name, send};

pub async fn an_object_lives_and_dies(case: &Case) {
    let made = case
        .create("configmaps", &case.map("c", json!({"a": "1"})))
        .await;
    assert_eq!(made.status, 201);
    let made = made.good();
    for field in ["uid", "resourceVersion", "creationTimestamp"] {
        assert!(made["metadata"][field].is_string(), "{made}");
    }
    let entry = &made["metadata"]["managedFields"][0];
    assert_eq!(
        (entry["operation"].as_str(), entry["fieldsType"].as_str()),
        (Some("Update"), Some("FieldsV1"))
    );
    assert_eq!(entry["fieldsV1"], json!({"f:data": {".": {}, "f:a": {}}}));
    let read = case.get("configmaps/c").await.good();
    assert_eq!(read, made);
    let list = case
        .get("configmaps?fieldSelector=metadata.name%3Dc")
        .await
        .good();
    assert_eq!(
        (list["kind"].as_str(), list["apiVersion"].as_str()),
        (Some("ConfigMapList"), Some("v1"))
    );
    assert!(
        list["items"][0]["kind"].is_null(),
        "items of a typed list have no kind"
    );
    let revision = |text: &serde_json::Value| text.as_str().unwrap().parse::<u64>().unwrap();
    assert!(
        revision(&list["metadata"]["resourceVersion"])
            >= revision(&made["metadata"]["resourceVersion"])
    );
    let gone = case.delete("configmaps/c").await.good();
    assert_eq!(
        (gone["kind"].as_str(), gone["status"].as_str()),
        (Some("Status"), Some("Success"))
    );
    assert_eq!(
        gone["details"],
        json!({"name": "c", "kind": "configmaps", "uid": made["metadata"]["uid"]})
    );
    let message = case.get("configmaps/c").await.refused(404, "NotFound");
    assert_eq!(message, "configmaps \"c\" not found");
    case.delete("configmaps/c").await.refused(404, "NotFound");
}

pub async fn what_exists_cannot_be_created(case: &Case) {
    case.create("configmaps", &case.map("c", json!({})))
        .await
        .good();
    let answer = case.create("configmaps", &case.map("c", json!({}))).await;
    assert_eq!(
        answer.body["details"],
        json!({"name": "c", "kind": "configmaps"})
    );
    assert_eq!(
        answer.refused(409, "AlreadyExists"),
        "configmaps \"c\" already exists"
    );
}

pub async fn names_are_made(case: &Case) {
    let body =
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"generateName": "made-"}});
    let made = case.create("configmaps", &body).await.good();
    assert_eq!(made["metadata"]["generateName"], "made-");
    assert_eq!(name(&made).len(), "made-".len() + 5);
}

pub async fn selectors_choose(case: &Case) {
    for (name, label) in [("a", "x"), ("b", "y"), ("c", "z")] {
        let mut body = case.map(name, json!({}));
        body["metadata"]["labels"] = json!({"set": "mine", "n": label});
        case.create("configmaps", &body).await.good();
    }
    for (selector, expected) in [
        ("n%20in%20(x,y)", vec!["a", "b"]),
        ("set%3Dmine,n!%3Dx", vec!["b", "c"]),
        ("set,n%20notin%20(x,y)", vec!["c"]),
        ("set%3Dother", vec![]),
    ] {
        let found = case
            .items(&format!("configmaps?labelSelector={selector}"))
            .await;
        assert_eq!(
            found.iter().map(name).collect::<Vec<_>>(),
            expected,
            "{selector}"
        );
    }
    let found = case
        .items("configmaps?fieldSelector=metadata.name%3Db")
        .await;
    assert_eq!(found.iter().map(name).collect::<Vec<_>>(), ["b"]);
    case.get("configmaps?labelSelector=%3D%3D%3D")
        .await
        .refused(400, "BadRequest");
}

pub async fn pages_follow_each_other(case: &Case) {
    for name in ["p1", "p2", "p3"] {
        let mut body = case.map(name, json!({}));
        body["metadata"]["labels"] = json!({"page": "yes"});
        case.create(
            "secrets",
            &json!({"apiVersion": "v1", "kind": "Secret", "metadata": body["metadata"]}),
        )
        .await
        .good();
    }
    let first = case.get("secrets?limit=2").await.good();
    assert_eq!(first["items"].as_array().unwrap().len(), 2);
    assert_eq!(first["metadata"]["remainingItemCount"], 1);
    let token = first["metadata"]["continue"].as_str().unwrap();
    let second = case
        .get(&format!(
            "secrets?limit=2&continue={}",
            token.replace('=', "%3D")
        ))
        .await
        .good();
    assert_eq!(
        second["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(name)
            .collect::<Vec<_>>(),
        ["p3"]
    );
    assert!(
        second["metadata"]["continue"]
            .as_str()
            .unwrap_or_default()
            .is_empty()
    );
    case.get("secrets?limit=2&continue=nonsense")
        .await
        .refused(400, "BadRequest");
}

/// Known difference.
pub async fn pages_show_one_moment(case: &Case) {
    let secret =
        |name: &str| json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}});
    for name in ["p1", "p2", "p3"] {
        case.create("secrets", &secret(name)).await.good();
    }
    let first = case.get("secrets?limit=1").await.good();
    case.create("secrets", &secret("p4")).await.good();
    let token = first["metadata"]["continue"]
        .as_str()
        .unwrap()
        .replace('=', "%3D");
    let rest = case.items(&format!("secrets?continue={token}")).await;
    assert_eq!(rest.iter().map(name).collect::<Vec<_>>(), ["p2", "p3"]);
}

pub async fn a_namespace_has_to_be_there(case: &Case) {
    let path = "/api/v1/namespaces/nowhere-at-all/configmaps";
    let message = case
        .create(path, &case.map("c", json!({})))
        .await
        .refused(404, "NotFound");
    assert_eq!(message, "namespaces \"nowhere-at-all\" not found");
    let empty = case.items(path).await;
    assert_eq!(empty.len(), 0, "a list of what is not there is empty");
    let mut elsewhere = case.map("c", json!({}));
    elsewhere["metadata"]["namespace"] = json!("default");
    case.create("configmaps", &elsewhere)
        .await
        .refused(400, "BadRequest");
}

pub async fn what_is_invalid_says_where(case: &Case) {
    let answer = case
        .create("configmaps", &case.map("Not_A_Name", json!({})))
        .await;
    let cause = answer.body["details"]["causes"][0].clone();
    assert_eq!(
        (cause["reason"].as_str(), cause["field"].as_str()),
        (Some("FieldValueInvalid"), Some("metadata.name"))
    );
    let message = answer.refused(422, "Invalid");
    assert!(
        message.starts_with(
            "ConfigMap \"Not_A_Name\" is invalid: metadata.name: Invalid value: \"Not_A_Name\""
        ),
        "{message}"
    );
    case.create("configmaps", &case.map("c", json!({})))
        .await
        .good();
    case.ask("PUT", "configmaps/c", JSON, &case.map("d", json!({})))
        .await
        .refused(400, "BadRequest");
    case.ask(
        "PUT",
        "configmaps/none",
        JSON,
        &json!({"kind": "Secret", "apiVersion": "v1", "metadata": {"name": "none"}}),
    )
    .await
    .refused(400, "BadRequest");
    case.ask("POST", "configmaps", JSON, &json!("text"))
        .await
        .refused(400, "BadRequest");
}

pub async fn finalizers_hold_an_object(case: &Case) {
    let mut body = case.map("held", json!({}));
    body["metadata"]["finalizers"] = json!(["pilothouse.example/hold"]);
    case.create("configmaps", &body).await.good();
    case.delete("configmaps/held").await.good();
    let held = case.get("configmaps/held").await.good();
    assert!(held["metadata"]["deletionTimestamp"].is_string());
    let free = json!({"metadata": {"finalizers": null}});
    case.ask("PATCH", "configmaps/held", MERGE, &free)
        .await
        .good();
    case.get("configmaps/held").await.refused(404, "NotFound");
}

pub async fn what_is_owned_goes_with_its_owner(case: &Case) {
    let owner = case
        .create("configmaps", &case.map("owner", json!({})))
        .await
        .good();
    let mut owned = case.map("owned", json!({}));
    owned["metadata"]["ownerReferences"] = json!([{"apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": owner["metadata"]["uid"]}]);
    case.create("configmaps", &owned).await.good();
    case.delete("configmaps/owner?propagationPolicy=Background")
        .await
        .good();
    case.until("configmaps/owned", "collection", |body| body["code"] == 404)
        .await;
}

pub async fn what_does_not_exist_is_404(case: &Case) {
    let message = case.get("nonsenses").await.refused(404, "NotFound");
    assert_eq!(message, "the server could not find the requested resource");
    let message = case
        .get("apps/deployments/d")
        .await
        .refused(404, "NotFound");
    assert_eq!(message, "deployments.apps \"d\" not found");
}

pub async fn methods_and_media_types_are_checked(case: &Case) {
    case.create("configmaps", &case.map("c", json!({})))
        .await
        .good();
    case.ask("POST", "configmaps/c", JSON, &json!({}))
        .await
        .refused(405, "MethodNotAllowed");
    case.ask("PATCH", "configmaps/c", JSON, &json!({}))
        .await
        .refused(415, "UnsupportedMediaType");
    case.ask("POST", "configmaps", "text/html", &json!({}))
        .await
        .refused(415, "UnsupportedMediaType");
    let answer = send(
        &case.admin,
        "GET",
        &case.path("configmaps/c"),
        None,
        "text/html",
    )
    .await;
    answer.refused(406, "NotAcceptable");
}

pub async fn groups_and_resources_are_listed(case: &Case) {
    let resources = case.get("/apis/apps/v1").await.good();
    assert_eq!(resources["kind"], "APIResourceList");
    let deployments = resources["resources"]
        .as_array()
        .unwrap()
        .iter()
        .find(|r| r["name"] == "deployments")
        .unwrap()
        .clone();
    assert_eq!(deployments["namespaced"], true);
    assert_eq!(deployments["shortNames"], json!(["deploy"]));
    assert_eq!(
        deployments["verbs"],
        json!([
            "create",
            "delete",
            "deletecollection",
            "get",
            "list",
            "patch",
            "update",
            "watch"
        ])
    );
    let groups = case.get("/apis").await.good();
    let apps = groups["groups"]
        .as_array()
        .unwrap()
        .iter()
        .find(|g| g["name"] == "apps")
        .unwrap()
        .clone();
    assert_eq!(
        apps["preferredVersion"],
        json!({"groupVersion": "apps/v1", "version": "v1"})
    );
    let fission = case.get("/apis/fission.io/v1").await.good();
    assert!(
        fission["resources"]
            .as_array()
            .unwrap()
            .iter()
            .any(|r| r["kind"] == "Environment")
    );
}

pub async fn secrets_are_base64(case: &Case) {
    let body = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "stringData": {"key": "value"}});
    let made = case.create("secrets", &body).await.good();
    assert_eq!(
        (&made["data"]["key"], made["type"].as_str()),
        (&json!("dmFsdWU="), Some("Opaque"))
    );
    assert!(made["stringData"].is_null());
}

pub async fn immutable_maps_stay(case: &Case) {
    let mut body = case.map("c", json!({"a": "1"}));
    body["immutable"] = json!(true);
    case.create("configmaps", &body).await.good();
    let answer = case
        .ask("PATCH", "configmaps/c", MERGE, &json!({"data": {"a": "2"}}))
        .await;
    let message = answer.refused(422, "Invalid");
    assert!(
        message.contains("field is immutable when `immutable` is set"),
        "{message}"
    );
}

/// Known difference.
pub async fn unknown_field_selectors_are_refused(case: &Case) {
    case.get("configmaps?fieldSelector=data.a%3Db")
        .await
        .refused(400, "BadRequest");
}

/// Known difference.
pub async fn an_unknown_group_is_plain_text(case: &Case) {
    let answer = case.get("/apis/nonsense.example/v1/things").await;
    assert_eq!(
        (answer.status, answer.text.as_str()),
        (404, "404 page not found\n")
    );
}
