//! What a rollback once broke, row by row (issue 13 §2).

use domain::{FieldAuthor, MutationOutcome, MutationVerb, ObjectRef, Precondition};
use engine::ports::{FoundObject, LiveObject, Outgoing, Replicas, Rollback, Sent};
use kube::api::{Api, ApiResource, DynamicObject, GroupVersionKind, PostParams};
use serde_json::{Value, json};

use crate::bench::*;

pub async fn every_row(bench: &Bench) {
    duplicates_are_restored_exactly(bench).await;
    an_autoscaler_keeps_its_number(bench).await;
    on_every_cluster(bench).await;
}

/// The rows that the rehearsal cluster can show as well.
pub async fn on_every_cluster(bench: &Bench) {
    what_others_changed_stays(bench).await;
    a_field_that_is_left_out_is_the_manifests(bench).await;
    what_kubectl_applied_is_shown_and_goes(bench).await;
    string_data_becomes_data(bench).await;
    what_a_rollback_put_back_goes_when_it_is_dropped_again(bench).await;
    theirs_is_named_and_can_be_insisted_on(bench).await;
    another_object_of_the_name_is_left_alone(bench).await;
    a_lost_answer_is_derived_from_the_manifest(bench).await;
}

pub fn resource(object: &ObjectRef) -> ApiResource {
    let (group, version) = object
        .api_version
        .split_once('/')
        .unwrap_or(("", &object.api_version));
    ApiResource::from_gvk(&GroupVersionKind::gvk(group, version, &object.kind))
}

pub fn api(bench: &Bench, object: &ObjectRef) -> Api<DynamicObject> {
    Api::namespaced_with(bench.other.clone(), &object.namespace, &resource(object))
}

/// Somebody else creates an object.
pub async fn creates(bench: &Bench, outgoing: &Outgoing, manager: &str, body: &Value) {
    let params = PostParams {
        field_manager: Some(manager.into()),
        ..PostParams::default()
    };
    let body = serde_json::from_value(body.clone()).unwrap();
    api(bench, &outgoing.object)
        .create(&params, &body)
        .await
        .unwrap();
}

pub async fn live(bench: &Bench, object: &ObjectRef) -> LiveObject {
    bench.cluster.read(object).await.unwrap().unwrap()
}

/// A release of one object: previewed, adopted if it has to be, applied.
pub async fn releases(bench: &Bench, id: &str, outgoing: &Outgoing) -> Sent {
    let preview = bench.cluster.preview(outgoing).await.unwrap();
    assert_eq!(preview.rejected, None);
    let mut precondition = preview.live.map_or(Precondition::Absent, |live| {
        Precondition::Unchanged(live.head)
    });
    if preview.adopts {
        let adopts = intent(
            &format!("{id}-owns"),
            MutationVerb::Adopt,
            &outgoing.object,
            precondition,
        );
        let MutationOutcome::Applied { live: Some(head) } =
            bench.cluster.send(&adopts, None, &[]).await.outcome
        else {
            panic!("ownership was not moved");
        };
        precondition = Precondition::Unchanged(head);
    }
    let applies = intent(id, MutationVerb::Apply, &outgoing.object, precondition);
    let sent = bench
        .cluster
        .send(&applies, Some(outgoing), &preview.conflicts)
        .await;
    let MutationOutcome::Applied { live: Some(head) } = &sent.outcome else {
        panic!("{:?}", sent.outcome);
    };
    let (shown, written) = (preview.after.as_ref(), sent.written.as_ref());
    assert_eq!(
        Some(&head.content),
        preview.content.as_ref(),
        "{id}: shown {shown:?}, written {written:?}"
    );
    sent
}

pub fn rollback(outgoing: &Outgoing, before: &LiveObject, sent: &Sent) -> Rollback {
    Rollback {
        object: outgoing.object.clone(),
        uid: before.head.uid.clone(),
        before: before.kept(),
        written: sent.written.clone(),
        sent: Some(outgoing.body.clone()),
        anyway: Vec::new(),
        release: outgoing.release.clone(),
        module: outgoing.module.clone(),
    }
}

/// The rollback, and the fields given back to their owners.
pub async fn rolls_back(bench: &Bench, id: &str, rollback: &Rollback) -> LiveObject {
    let object = &rollback.object;
    let precondition = Precondition::Unchanged(live(bench, object).await.head);
    let restores = intent(id, MutationVerb::Restore, object, precondition);
    let sent = bench.cluster.restore(&restores, rollback).await;
    let MutationOutcome::Applied { live: Some(head) } = sent.outcome else {
        panic!("{:?}", sent.outcome);
    };
    let mut gives = intent(
        &format!("{id}-owns"),
        MutationVerb::Adopt,
        object,
        Precondition::Unchanged(head),
    );
    gives.body = Some(domain::Digest::new("backup"));
    let backup = Outgoing {
        object: object.clone(),
        body: rollback.before.clone(),
        release: rollback.release.clone(),
        module: rollback.module.clone(),
    };
    let sent = bench.cluster.send(&gives, Some(&backup), &[]).await;
    assert!(
        matches!(sent.outcome, MutationOutcome::Applied { .. }),
        "{:?}",
        sent.outcome
    );
    let read = bench.cluster.read_back(&gives).await.unwrap();
    assert!(
        matches!(read.outcome, MutationOutcome::Applied { .. }),
        "{:?}: owned by {}, before the release by {}",
        read.outcome,
        live(bench, object).await.managed,
        rollback.before["metadata"]["managedFields"]
    );
    live(bench, object).await
}

fn with(mut outgoing: Outgoing, path: &str, value: Value) -> Outgoing {
    let (parent, key) = path.rsplit_once('/').unwrap();
    let parent = outgoing.body.pointer_mut(parent).unwrap();
    if value.is_null() {
        parent.as_object_mut().unwrap().remove(key);
    } else {
        parent[key] = value;
    }
    outgoing
}

fn idle(name: &str) -> Outgoing {
    with(deployment(name, "x:1"), "/spec/replicas", json!(0))
}

async fn duplicates_are_restored_exactly(bench: &Bench) {
    let container = "/spec/template/spec/containers/0";
    for (name, field, twice, once) in [
        (
            "twice-env",
            "env",
            json!([{"name": "LEVEL", "value": "a"}, {"name": "LEVEL", "value": "b"}]),
            json!([{"name": "LEVEL", "value": "c"}]),
        ),
        (
            "twice-port",
            "ports",
            json!([{"containerPort": 80, "hostPort": 81, "protocol": "TCP"}, {"containerPort": 80, "hostPort": 82, "protocol": "TCP"}]),
            json!([{"containerPort": 80, "protocol": "TCP"}]),
        ),
    ] {
        let release = with(idle(name), &format!("{container}/{field}"), once.clone());
        let theirs = with(idle(name), &format!("{container}/{field}"), twice.clone());
        creates(bench, &release, "kubectl-create", &theirs.body).await;
        let before = live(bench, &release.object).await;
        // The proof when the backup is taken: nothing is written yet.
        let untouched = Rollback {
            sent: None,
            written: Some(before.body.clone()),
            ..rollback(&release, &before, &Sent::from(unknown()))
        };
        let proof = bench.cluster.preview_rollback(&untouched).await.unwrap();
        assert_eq!((proof.found, proof.rejected), (FoundObject::Same, None));
        let sent = releases(bench, &format!("m-{name}-1"), &release).await;
        let back = rollback(&release, &before, &sent);
        let preview = bench.cluster.preview_rollback(&back).await.unwrap();
        assert_eq!(preview.rejected, None);
        assert!(
            preview.fields.iter().any(|f| f.path.contains(field)),
            "{:?}",
            preview.fields
        );
        let after = rolls_back(bench, &format!("m-{name}-2"), &back).await;
        let path = format!("{container}/{field}");
        assert_eq!(after.body.pointer(&path), Some(&twice));
        assert_eq!(after.head.content, before.head.content);
    }
}

fn unknown() -> MutationOutcome {
    MutationOutcome::Unknown {
        reason: String::new(),
    }
}

async fn what_others_changed_stays(bench: &Bench) {
    let manifest = with(idle("others"), "/spec/replicas", Value::Null);
    let theirs = with(
        idle("others"),
        "/metadata/annotations",
        json!({"controller": "aaa"}),
    );
    creates(bench, &manifest, "kubectl-create", &theirs.body).await;
    let before = live(bench, &manifest.object).await;
    let image = "/spec/template/spec/containers/0/image";
    let release = with(manifest.clone(), image, json!("x:2"));
    let sent = releases(bench, "m-others-1", &release).await;
    let edit = json!({"spec": {"replicas": 3}, "metadata": {"annotations": {"controller": "bbb"}}});
    bench.edits(&manifest.object, "somebody", edit).await;
    let after = rolls_back(bench, "m-others-2", &rollback(&release, &before, &sent)).await;
    let seen = |body: &Value| {
        (
            body.pointer(image).cloned().unwrap(),
            body["spec"]["replicas"].clone(),
            body["metadata"]["annotations"]["controller"].clone(),
        )
    };
    assert_eq!(seen(&after.body), (json!("x:1"), json!(3), json!("bbb")));
    let next = with(manifest, image, json!("x:3"));
    releases(bench, "m-others-3", &next).await;
    let next = live(bench, &next.object).await;
    assert_eq!(seen(&next.body), (json!("x:3"), json!(3), json!("bbb")));
    // Or its controller keeps on trying to make pods of an image that is nowhere.
    bench
        .edits(
            &release.object,
            "somebody",
            json!({"spec": {"replicas": 0}}),
        )
        .await;
}

async fn a_field_that_is_left_out_is_the_manifests(bench: &Bench) {
    let three = with(idle("left-out"), "/spec/replicas", json!(3));
    releases(
        bench,
        "m-left-1",
        &with(three.clone(), "/spec/paused", json!(true)),
    )
    .await;
    let without = with(three, "/spec/replicas", Value::Null);
    let preview = bench.cluster.preview(&without).await.unwrap();
    let field = preview
        .fields
        .iter()
        .find(|f| f.path == "spec.replicas")
        .unwrap();
    assert_eq!(
        (
            field.before.as_deref(),
            field.after.as_deref(),
            field.author
        ),
        (Some("3"), Some("1"), FieldAuthor::Manifest)
    );
    assert_eq!(preview.replicas, Replicas::Manifest);
}

async fn an_autoscaler_keeps_its_number(bench: &Bench) {
    let three = with(idle("scaled"), "/spec/replicas", json!(3));
    releases(bench, "m-scaled-1", &three).await;
    let mut scaler = config_map("scaled", json!({}));
    scaler.object.api_version = "autoscaling/v2".into();
    scaler.object.kind = "HorizontalPodAutoscaler".into();
    let body = json!({
        "apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": {"name": "scaled"},
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "scaled"},
            "minReplicas": 3, "maxReplicas": 9,
            "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 50}}}],
        },
    });
    creates(bench, &scaler, "kubectl-create", &body).await;
    let without = with(three, "/spec/replicas", Value::Null);
    let preview = bench.cluster.preview(&without).await.unwrap();
    assert_eq!(
        preview.replicas,
        Replicas::Autoscaler("HorizontalPodAutoscaler/scaled".into())
    );
    assert!(
        preview.fields.iter().all(|f| f.path != "spec.replicas"),
        "{:?}",
        preview.fields
    );
    releases(bench, "m-scaled-2", &without).await;
    assert_eq!(
        live(bench, &without.object).await.body["spec"]["replicas"],
        3
    );
    for object in [&scaler.object, &without.object] {
        api(bench, object)
            .delete("scaled", &Default::default())
            .await
            .unwrap();
    }
}

async fn what_kubectl_applied_is_shown_and_goes(bench: &Bench) {
    let theirs = config_map("applied", json!({"DEBUG": "1", "LEVEL": "1"}));
    let mut body = theirs.body.clone();
    let copy = body.to_string();
    body["metadata"]["annotations"] =
        json!({"kubectl.kubernetes.io/last-applied-configuration": copy});
    creates(bench, &theirs, "kubectl-client-side-apply", &body).await;
    bench
        .edits(
            &theirs.object,
            "controller",
            json!({"data": {"theirs": "1"}}),
        )
        .await;
    let before = live(bench, &theirs.object).await;
    let release = config_map("applied", json!({"LEVEL": "2"}));
    let preview = bench.cluster.preview(&release).await.unwrap();
    assert!(preview.adopts && preview.conflicts.is_empty());
    let goes = preview
        .fields
        .iter()
        .find(|f| f.path == "data.DEBUG")
        .unwrap();
    assert_eq!(
        (goes.after.as_deref(), goes.author),
        (None, FieldAuthor::Manifest)
    );
    let sent = releases(bench, "m-applied", &release).await;
    assert_eq!(
        live(bench, &release.object).await.body["data"],
        json!({"LEVEL": "2", "theirs": "1"})
    );
    let after = rolls_back(bench, "m-applied-back", &rollback(&release, &before, &sent)).await;
    assert_eq!(
        after.body["data"],
        json!({"DEBUG": "1", "LEVEL": "1", "theirs": "1"})
    );
}

async fn string_data_becomes_data(bench: &Bench) {
    let secret = |body: Value| {
        let mut outgoing = config_map("token", json!({}));
        outgoing.object.kind = "Secret".into();
        outgoing.body =
            json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "token"}});
        for (key, value) in body.as_object().unwrap() {
            outgoing.body[key] = value.clone();
        }
        outgoing
    };
    releases(
        bench,
        "m-token-1",
        &secret(json!({"stringData": {"user": "a", "old_token": "t"}})),
    )
    .await;
    let next = secret(json!({"data": {"user": "eA=="}, "stringData": {"user": "b"}}));
    let preview = bench.cluster.preview(&next).await.unwrap();
    let fields: Vec<_> = preview
        .fields
        .iter()
        .filter(|f| f.author == FieldAuthor::Manifest)
        .collect();
    let paths: Vec<_> = fields.iter().map(|f| f.path.as_str()).collect();
    assert_eq!(paths, ["data.user", "data.old_token"]);
    assert!(
        fields
            .iter()
            .all(|f| f.before.as_ref().unwrap().contains("sha256:")),
        "{fields:?}"
    );
    releases(bench, "m-token-2", &next).await;
    assert_eq!(
        live(bench, &next.object).await.body["data"],
        json!({"user": "Yg=="})
    );
}

async fn what_a_rollback_put_back_goes_when_it_is_dropped_again(bench: &Bench) {
    releases(
        bench,
        "m-again-1",
        &config_map("again", json!({"a": "1", "b": "1"})),
    )
    .await;
    let fewer = config_map("again", json!({"a": "1"}));
    let before = live(bench, &fewer.object).await;
    let sent = releases(bench, "m-again-2", &fewer).await;
    let after = rolls_back(bench, "m-again-3", &rollback(&fewer, &before, &sent)).await;
    assert_eq!(after.head.content, before.head.content);
    releases(bench, "m-again-4", &fewer).await;
    assert_eq!(
        live(bench, &fewer.object).await.body["data"],
        json!({"a": "1"})
    );
}

async fn theirs_is_named_and_can_be_insisted_on(bench: &Bench) {
    releases(
        bench,
        "m-theirs-1",
        &config_map("theirs", json!({"a": "1", "b": "1"})),
    )
    .await;
    let release = config_map("theirs", json!({"a": "2", "b": "2"}));
    let before = live(bench, &release.object).await;
    let sent = releases(bench, "m-theirs-2", &release).await;
    bench
        .edits(&release.object, "kubectl-edit", json!({"data": {"a": "3"}}))
        .await;
    let mut back = rollback(&release, &before, &sent);
    let preview = bench.cluster.preview_rollback(&back).await.unwrap();
    assert_eq!(preview.theirs.len(), 1);
    let kept = &preview.theirs[0];
    assert_eq!(
        (
            kept.path.as_str(),
            kept.ours.as_deref(),
            kept.theirs.as_deref()
        ),
        ("data.a", Some("\"1\""), Some("\"3\""))
    );
    let after = rolls_back(bench, "m-theirs-3", &back).await;
    assert_eq!(after.body["data"], json!({"a": "3", "b": "1"}));
    back.anyway = vec!["data.a".into()];
    let after = rolls_back(bench, "m-theirs-4", &back).await;
    assert_eq!(after.body["data"], json!({"a": "1", "b": "1"}));
}

async fn another_object_of_the_name_is_left_alone(bench: &Bench) {
    releases(
        bench,
        "m-another-1",
        &config_map("another", json!({"a": "1"})),
    )
    .await;
    let release = config_map("another", json!({"a": "2"}));
    let before = live(bench, &release.object).await;
    let sent = releases(bench, "m-another-2", &release).await;
    let back = rollback(&release, &before, &sent);
    api(bench, &release.object)
        .delete("another", &Default::default())
        .await
        .unwrap();
    let preview = bench.cluster.preview_rollback(&back).await.unwrap();
    assert_eq!(
        (preview.found, preview.rejected.as_ref()),
        (FoundObject::Gone, None)
    );
    let theirs = config_map("another", json!({"a": "theirs"}));
    creates(bench, &theirs, "kubectl-create", &theirs.body).await;
    let preview = bench.cluster.preview_rollback(&back).await.unwrap();
    assert_eq!(preview.found, FoundObject::Another);
    let head = live(bench, &release.object).await.head;
    let restores = intent(
        "m-another-3",
        MutationVerb::Restore,
        &release.object,
        Precondition::Unchanged(head),
    );
    let refused = bench.cluster.restore(&restores, &back).await;
    assert!(reason(refused.outcome).contains("created again"));
    assert_eq!(
        live(bench, &release.object).await.body["data"],
        json!({"a": "theirs"})
    );
    api(bench, &release.object)
        .delete("another", &Default::default())
        .await
        .unwrap();
    let restores = intent(
        "m-another-4",
        MutationVerb::Restore,
        &release.object,
        Precondition::Absent,
    );
    let sent = bench.cluster.restore(&restores, &back).await;
    assert!(
        matches!(sent.outcome, MutationOutcome::Applied { .. }),
        "{:?}",
        sent.outcome
    );
    assert_eq!(
        live(bench, &release.object).await.body["data"],
        json!({"a": "1"})
    );
}

async fn a_lost_answer_is_derived_from_the_manifest(bench: &Bench) {
    releases(
        bench,
        "m-lost-1",
        &config_map("lost", json!({"a": "1", "gone": "1"})),
    )
    .await;
    let release = config_map("lost", json!({"a": "2", "b": "2"}));
    let before = live(bench, &release.object).await;
    releases(bench, "m-lost-2", &release).await;
    bench
        .edits(
            &release.object,
            "somebody",
            json!({"data": {"theirs": "1"}}),
        )
        .await;
    let back = rollback(&release, &before, &Sent::from(unknown()));
    let after = rolls_back(bench, "m-lost-3", &back).await;
    assert_eq!(
        after.body["data"],
        json!({"a": "1", "gone": "1", "theirs": "1"})
    );
}
