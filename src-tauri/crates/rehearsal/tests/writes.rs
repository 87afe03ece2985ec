//! Writes as a client sees them: apply and its conflicts, preconditions, dry run, validation.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used)]

mod common;

use common::{client, cluster, deployment, value};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{ConfigMap, Service};
use kube::api::{
    Api, DeleteParams, Patch, PatchParams, PostParams, Preconditions, ValidationDirective,
};
use kube::core::{ApiResource, DynamicObject, GroupVersionKind};
use serde_json::json;

fn code(error: kube::Error) -> u16 {
    status(error).code
}

fn status(error: kube::Error) -> kube::core::Status {
    match error {
        kube::Error::Api(status) => *status,
        other => panic!("not an API error: {other}"),
    }
}

#[tokio::test]
async fn apply_owns_fields_conflicts_and_gives_up_what_it_drops() {
    let cluster = cluster().await;
    let api: Api<ConfigMap> = Api::namespaced(client(&cluster, "admin").await, "app");
    let map = |data: serde_json::Value| json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}, "data": data});
    let ours = PatchParams::apply("pilot");
    let theirs = PatchParams::apply("other");
    let first = api
        .patch("c", &ours, &Patch::Apply(map(json!({"a": "1", "b": "2"}))))
        .await
        .unwrap();
    let again = api
        .patch("c", &ours, &Patch::Apply(map(json!({"a": "1", "b": "2"}))))
        .await
        .unwrap();
    assert_eq!(
        first.metadata.resource_version, again.metadata.resource_version,
        "applying the same changes nothing"
    );

    let refused = status(
        api.patch("c", &theirs, &Patch::Apply(map(json!({"a": "9"}))))
            .await
            .unwrap_err(),
    );
    assert_eq!(refused.code, 409);
    assert_eq!(
        refused.message,
        "Apply failed with 1 conflict: conflict with \"pilot\": .data.a"
    );
    let cause = &refused.details.unwrap().causes[0];
    assert_eq!(
        (cause.reason.as_str(), cause.field.as_str()),
        ("FieldManagerConflict", ".data.a")
    );

    let forced = api
        .patch(
            "c",
            &theirs.clone().force(),
            &Patch::Apply(map(json!({"a": "9"}))),
        )
        .await
        .unwrap();
    assert_eq!(forced.data.unwrap()["a"], "9");
    // `pilot` no longer owns a; dropping b removes b and leaves a alone.
    let dropped = api
        .patch("c", &ours, &Patch::Apply(map(json!({}))))
        .await
        .unwrap();
    let data = dropped.data.unwrap();
    assert_eq!(data.get("a").map(String::as_str), Some("9"));
    assert_eq!(data.get("b"), None);
}

#[tokio::test]
async fn an_update_takes_ownership_and_a_conflict_names_its_version() {
    let cluster = cluster().await;
    let api: Api<Deployment> = Api::namespaced(client(&cluster, "admin").await, "app");
    let applied = value(&deployment("d", 2, "r.example/d:1"));
    api.patch("d", &PatchParams::apply("pilot"), &Patch::Apply(&applied))
        .await
        .unwrap();
    let edit = PatchParams {
        field_manager: Some("kubectl-edit".into()),
        ..Default::default()
    };
    api.patch("d", &edit, &Patch::Strategic(json!({"spec": {"template": {"spec": {"containers": [{"name": "main", "image": "r.example/d:2"}]}}}})))
        .await
        .unwrap();
    let refused = status(
        api.patch("d", &PatchParams::apply("pilot"), &Patch::Apply(&applied))
            .await
            .unwrap_err(),
    );
    assert_eq!(
        refused.message,
        "Apply failed with 1 conflict: conflict with \"kubectl-edit\" using apps/v1: .spec.template.spec.containers[name=\"main\"].image"
    );
}

#[tokio::test]
async fn preconditions_are_checked_on_every_kind_of_write() {
    // 422 for another uid in a patch is what a real 1.36 answers.
    let cluster = cluster().await;
    let api: Api<ConfigMap> = Api::namespaced(client(&cluster, "admin").await, "app");
    let made = api
        .create(
            &PostParams::default(),
            &serde_json::from_value(json!({"metadata": {"name": "c"}, "data": {"a": "1"}}))
                .unwrap(),
        )
        .await
        .unwrap();
    let old = made.metadata.resource_version.clone().unwrap();
    let bump = api
        .patch(
            "c",
            &PatchParams::default(),
            &Patch::Merge(json!({"data": {"a": "2"}})),
        )
        .await
        .unwrap();
    assert_ne!(bump.metadata.resource_version.as_ref(), Some(&old));

    let stale = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c", "resourceVersion": old}, "data": {"a": "3"}});
    assert_eq!(
        code(
            api.patch("c", &PatchParams::apply("p").force(), &Patch::Apply(&stale))
                .await
                .unwrap_err()
        ),
        409
    );
    assert_eq!(
        code(
            api.patch("c", &PatchParams::default(), &Patch::Merge(&stale))
                .await
                .unwrap_err()
        ),
        409
    );
    assert_eq!(
        code(
            api.replace("c", &PostParams::default(), &made)
                .await
                .unwrap_err()
        ),
        409
    );
    let other = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c", "uid": "00000000-0000-4000-8000-000000000000"}});
    assert_eq!(
        code(
            api.patch("c", &PatchParams::apply("p").force(), &Patch::Apply(&other))
                .await
                .unwrap_err()
        ),
        422
    );
    let gone = DeleteParams {
        preconditions: Some(Preconditions {
            uid: None,
            resource_version: Some(old),
        }),
        ..Default::default()
    };
    assert_eq!(code(api.delete("c", &gone).await.unwrap_err()), 409);
    assert_eq!(
        api.get("c").await.unwrap().data.unwrap()["a"],
        "2",
        "nothing was written"
    );
}

#[tokio::test]
async fn a_json_patch_test_guards_a_selector_switch() {
    let cluster = cluster().await;
    cluster
        .apply_manifest("apiVersion: v1\nkind: Service\nmetadata: {name: s, namespace: app}\nspec: {selector: {slot: blue}, ports: [{port: 80}]}")
        .await
        .unwrap();
    let api: Api<Service> = Api::namespaced(client(&cluster, "admin").await, "app");
    let switch: json_patch::Patch = serde_json::from_value(json!([
        {"op": "test", "path": "/spec/selector/slot", "value": "blue"},
        {"op": "replace", "path": "/spec/selector/slot", "value": "green"},
    ]))
    .unwrap();
    let params = PatchParams::default();
    let switched = api
        .patch("s", &params, &Patch::<()>::Json(switch.clone()))
        .await
        .unwrap();
    assert_eq!(switched.spec.unwrap().selector.unwrap()["slot"], "green");
    assert_eq!(
        code(
            api.patch("s", &params, &Patch::<()>::Json(switch))
                .await
                .unwrap_err()
        ),
        422
    );
}

#[tokio::test]
async fn a_dry_run_shows_defaults_and_writes_nothing() {
    let cluster = cluster().await;
    let api: Api<Deployment> = Api::namespaced(client(&cluster, "admin").await, "app");
    let dry = PatchParams {
        dry_run: true,
        ..PatchParams::apply("pilot")
    };
    let shown = api
        .patch(
            "d",
            &dry,
            &Patch::Apply(value(&deployment("d", 3, "r.example/d:1"))),
        )
        .await
        .unwrap();
    let spec = shown.spec.unwrap();
    assert_eq!(
        (spec.revision_history_limit, spec.progress_deadline_seconds),
        (Some(10), Some(600))
    );
    let pod = spec.template.spec.unwrap();
    assert_eq!(
        pod.containers[0].image_pull_policy.as_deref(),
        Some("IfNotPresent")
    );
    assert_eq!(pod.dns_policy.as_deref(), Some("ClusterFirst"));
    assert!(api.get_opt("d").await.unwrap().is_none());
}

#[tokio::test]
async fn strict_validation_names_the_unknown_field() {
    let cluster = cluster().await;
    let client = client(&cluster, "admin").await;
    let resource = ApiResource::from_gvk(&GroupVersionKind::gvk("apps", "v1", "Deployment"));
    let api: Api<DynamicObject> = Api::namespaced_with(client, "app", &resource);
    let mut wrong = value(&deployment("d", 1, "r.example/d:1"));
    wrong["spec"]["replica"] = json!(3);
    let strict = PatchParams {
        field_validation: Some(ValidationDirective::Strict),
        ..PatchParams::apply("pilot")
    };
    let refused = status(
        api.patch("d", &strict, &Patch::Apply(&wrong))
            .await
            .unwrap_err(),
    );
    assert!(
        refused
            .message
            .contains(".spec.replica: field not declared in schema"),
        "{}",
        refused.message
    );
}

#[tokio::test]
async fn a_new_definition_is_served_at_once() {
    let cluster = cluster().await;
    let yaml = "
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.example.org}
spec:
  group: example.org
  scope: Namespaced
  names: {plural: widgets, kind: Widget}
  versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}]
---
apiVersion: example.org/v1
kind: Widget
metadata: {name: w, namespace: app}
spec: {sizes: [1, 2]}
";
    cluster.apply_manifest(yaml).await.unwrap();
    let resource = ApiResource::from_gvk(&GroupVersionKind::gvk("example.org", "v1", "Widget"));
    let api: Api<DynamicObject> =
        Api::namespaced_with(client(&cluster, "admin").await, "app", &resource);
    // Lists of custom resources are atomic: the whole list is replaced.
    let body = json!({"apiVersion": "example.org/v1", "kind": "Widget", "metadata": {"name": "w"}, "spec": {"sizes": [3]}});
    let written = api
        .patch(
            "w",
            &PatchParams::apply("pilot").force(),
            &Patch::Apply(body),
        )
        .await
        .unwrap();
    assert_eq!(written.data["spec"]["sizes"], json!([3]));
}

/// Both were measured on a real 1.36.3.
#[tokio::test]
async fn deployments_count_annotations_as_generations_and_apply_creates_despite_a_revision() {
    let cluster = cluster().await;
    let api: Api<Deployment> = Api::namespaced(client(&cluster, "admin").await, "app");
    let mut body = value(&deployment("d", 1, "r.example/d:1"));
    body["metadata"]["resourceVersion"] = json!("1");
    let made = api
        .patch("d", &PatchParams::apply("pilot"), &Patch::Apply(&body))
        .await
        .unwrap();
    assert_eq!(made.metadata.generation, Some(1));
    common::soon("the rollout", cluster.settle()).await;
    let settled = api.get("d").await.unwrap();
    assert_eq!(
        settled.metadata.generation,
        Some(1),
        "the controller's revision is no new generation"
    );
    assert_eq!(
        settled.metadata.annotations.unwrap()["deployment.kubernetes.io/revision"],
        "1"
    );
    let note =
        Patch::Merge(json!({"metadata": {"annotations": {"kubernetes.io/change-cause": "why"}}}));
    let noted = api
        .patch("d", &PatchParams::default(), &note)
        .await
        .unwrap();
    assert_eq!(noted.metadata.generation, Some(2));
}
