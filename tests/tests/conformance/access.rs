//! Who one is, and what one may do.

use acceptance::world::Caller;
use serde_json::{Value, json};

use crate::case::{Case, JSON, MERGE, send};

pub async fn a_wrong_token_is_401(case: &Case) {
    let client = case.site.stranger(Some("not-a-token")).await;
    let answer = send(&client, "GET", &case.path("configmaps"), None, JSON).await;
    assert_eq!(answer.refused(401, "Unauthorized"), "Unauthorized");
}

pub async fn nobody_is_anonymous(case: &Case) {
    let client = case.site.stranger(None).await;
    let answer = send(&client, "GET", &case.path("configmaps"), None, JSON).await;
    let expected = format!(
        "configmaps is forbidden: User \"system:anonymous\" cannot list resource \"configmaps\" in API group \"\" in the namespace \"{}\"",
        case.namespace
    );
    assert_eq!(answer.refused(403, "Forbidden"), expected);
}

pub async fn a_refusal_names_verb_and_resource(case: &Case) {
    let verifier = case.site.client(Caller::Verifier).await;
    case.create("apps/deployments", &case.deployment("d", 0, "1"))
        .await
        .good();
    send(
        &verifier,
        "GET",
        &case.path("apps/deployments/d"),
        None,
        JSON,
    )
    .await
    .good();
    let patch = json!({"spec": {"replicas": 1}});
    let answer = send(
        &verifier,
        "PATCH",
        &case.path("apps/deployments/d"),
        Some((MERGE, &patch)),
        JSON,
    )
    .await;
    assert_eq!(
        answer.body["details"],
        json!({"name": "d", "group": "apps", "kind": "deployments"})
    );
    let namespace = &case.namespace;
    assert_eq!(
        answer.refused(403, "Forbidden"),
        format!(
            "deployments.apps \"d\" is forbidden: User \"verifier\" cannot patch resource \"deployments\" in API group \"apps\" in the namespace \"{namespace}\""
        )
    );
    let answer = send(&verifier, "GET", &case.path("secrets"), None, JSON).await;
    assert_eq!(
        answer.refused(403, "Forbidden"),
        format!(
            "secrets is forbidden: User \"verifier\" cannot list resource \"secrets\" in API group \"\" in the namespace \"{namespace}\""
        )
    );
    let answer = send(&verifier, "GET", "/api/v1/secrets", None, JSON).await;
    assert_eq!(
        answer.refused(403, "Forbidden"),
        "secrets is forbidden: User \"verifier\" cannot list resource \"secrets\" in API group \"\" at the cluster scope"
    );
    send(
        &verifier,
        "DELETE",
        "/api/v1/namespaces/default",
        None,
        JSON,
    )
    .await
    .refused(403, "Forbidden");
}

pub async fn the_review_says_what_the_server_does(case: &Case) {
    let uri = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
    for (caller, verb, group, resource, subresource, expected) in [
        (Caller::Operator, "patch", "apps", "deployments", "", true),
        (Caller::Operator, "get", "", "pods", "log", true),
        (Caller::Operator, "delete", "", "namespaces", "", false),
        (Caller::Verifier, "watch", "apps", "deployments", "", true),
        (Caller::Verifier, "patch", "apps", "deployments", "", false),
        (Caller::Verifier, "get", "", "secrets", "", false),
        (Caller::Admin, "patch", "", "secrets", "", true),
    ] {
        let client = case.site.client(caller).await;
        let review = json!({
            "apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": {"verb": verb, "group": group, "resource": resource, "subresource": subresource, "namespace": case.namespace}},
        });
        let answer = send(&client, "POST", uri, Some((JSON, &review)), JSON).await;
        assert_eq!(answer.status, 201);
        assert_eq!(
            answer.good()["status"]["allowed"],
            expected,
            "{caller:?} {verb} {resource}/{subresource}"
        );
    }
}

pub async fn the_server_says_who_one_is(case: &Case) {
    let verifier = case.site.client(Caller::Verifier).await;
    let uri = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
    let review = json!({"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"});
    let answer = send(&verifier, "POST", uri, Some((JSON, &review)), JSON)
        .await
        .good();
    let info = &answer["status"]["userInfo"];
    assert_eq!(info["username"], "verifier");
    let groups = info["groups"].as_array().unwrap();
    for group in ["pilothouse", "system:authenticated"] {
        assert!(groups.contains(&Value::from(group)), "{info}");
    }
}

pub async fn versions_and_health_are_open(case: &Case) {
    let verifier = case.site.client(Caller::Verifier).await;
    let version = send(&verifier, "GET", "/version", None, JSON).await.good();
    assert_eq!(
        (version["major"].as_str(), version["minor"].as_str()),
        (Some("1"), Some("36"))
    );
    assert!(
        version["gitVersion"]
            .as_str()
            .unwrap()
            .starts_with("v1.36.3")
    );
    for path in ["/readyz", "/livez", "/healthz"] {
        let answer = send(&verifier, "GET", path, None, JSON).await;
        assert_eq!((answer.status, answer.text.as_str()), (200, "ok"), "{path}");
    }
    let system = case.get("/api/v1/namespaces/kube-system").await.good();
    assert_eq!(system["metadata"]["uid"].as_str().unwrap().len(), 36);
}
