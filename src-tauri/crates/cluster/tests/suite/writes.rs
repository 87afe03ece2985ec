//! Dry runs, mutations and reading back.

use domain::{
    FieldConflict, LiveHead, Masked, MutationOutcome, MutationVerb, ObjectRef, Precondition,
};
use engine::ports::Outgoing;
use serde_json::json;

use super::*;

pub async fn an_object_is_created_once(bench: &Bench) {
    let outgoing = config_map("once", json!({"a": "1"}));
    assert_eq!(bench.cluster.read(&outgoing.object).await.unwrap(), None);
    let preview = bench.cluster.preview(&outgoing).await.unwrap();
    assert!(preview.live.is_none() && preview.rejected.is_none() && preview.conflicts.is_empty());
    assert!(
        preview
            .fields
            .iter()
            .any(|f| f.path == "data.a" && f.after.as_deref() == Some("\"1\""))
    );
    assert_eq!(
        bench.cluster.read(&outgoing.object).await.unwrap(),
        None,
        "a dry run changes nothing"
    );
    let outcome = bench.apply("m-once", &outgoing, Precondition::Absent).await;
    let live = bench.cluster.read(&outgoing.object).await.unwrap().unwrap();
    assert_eq!(
        outcome,
        MutationOutcome::Applied {
            live: Some(live.head.clone())
        }
    );
    assert_eq!(
        live.body["metadata"]["annotations"]["release.pilothouse/mutation"],
        "m-once"
    );
    assert_eq!(
        live.body["metadata"]["annotations"]["release.pilothouse/id"],
        "REL-1"
    );
    assert!(
        live.body["metadata"].get("uid").is_none()
            && live.body["metadata"].get("managedFields").is_none()
    );
    assert!(
        reason(
            bench
                .apply("m-twice", &outgoing, Precondition::Absent)
                .await
        )
        .contains("exists")
    );
    assert_eq!(bench.head(&outgoing.object).await, live.head);
    let again = bench.cluster.preview(&outgoing).await.unwrap();
    assert!(
        again
            .fields
            .iter()
            .all(|f| f.author == domain::FieldAuthor::Automatic),
        "{:?}",
        again.fields
    );
}

/// Only an apply's own fields go when a later manifest lacks them: creating must not be a POST.
pub async fn what_the_manifest_drops_goes(bench: &Bench) {
    bench
        .applied("m-a", &config_map("drops", json!({"a": "1", "b": "2"})))
        .await;
    let fewer = config_map("drops", json!({"a": "1"}));
    let preview = bench.cluster.preview(&fewer).await.unwrap();
    let gone = preview.fields.iter().find(|f| f.path == "data.b").unwrap();
    assert_eq!(
        (gone.before.as_deref(), gone.after.as_deref(), gone.author),
        (Some("\"2\""), None, domain::FieldAuthor::Manifest)
    );
    bench.applied("m-b", &fewer).await;
    assert_eq!(
        bench
            .cluster
            .read(&fewer.object)
            .await
            .unwrap()
            .unwrap()
            .body["data"],
        json!({"a": "1"})
    );
}

pub async fn a_change_since_the_diff_keeps_it_from_being_sent(bench: &Bench) {
    let outgoing = config_map("moved", json!({"a": "1"}));
    let head = bench.applied("m-1", &outgoing).await;
    bench
        .edits(
            &outgoing.object,
            "kubectl-edit",
            json!({"data": {"b": "theirs"}}),
        )
        .await;
    let next = config_map("moved", json!({"a": "2"}));
    assert_eq!(
        reason(
            bench
                .apply("m-2", &next, Precondition::Unchanged(head.clone()))
                .await
        ),
        "changed since the diff"
    );
    assert_eq!(
        bench
            .cluster
            .read(&next.object)
            .await
            .unwrap()
            .unwrap()
            .body["data"],
        json!({"a": "1", "b": "theirs"})
    );
    let other = LiveHead {
        uid: "22222222-2222-2222-2222-222222222222".into(),
        ..bench.head(&next.object).await
    };
    assert!(
        reason(
            bench
                .apply("m-3", &next, Precondition::Unchanged(other))
                .await
        )
        .contains("created again")
    );
    let absent = config_map("never", json!({}));
    assert_eq!(
        reason(
            bench
                .apply("m-4", &absent, Precondition::Unchanged(head))
                .await
        ),
        "it is gone"
    );
    assert_eq!(bench.cluster.read(&absent.object).await.unwrap(), None);
}

pub async fn fields_of_others_are_taken_over_only_when_agreed(bench: &Bench) {
    bench
        .applied("m-1", &config_map("owned", json!({"a": "1"})))
        .await;
    let next = config_map("owned", json!({"a": "ours"}));
    bench
        .edits(
            &next.object,
            "kubectl-edit",
            json!({"data": {"a": "theirs"}}),
        )
        .await;
    let preview = bench.cluster.preview(&next).await.unwrap();
    assert_eq!(
        preview.conflicts,
        [FieldConflict {
            manager: "kubectl-edit".into(),
            path: ".data.a".into()
        }]
    );
    assert!(
        preview
            .fields
            .iter()
            .any(|f| f.path == "data.a" && f.after.as_deref() == Some("\"ours\"")),
        "{:?}",
        preview.fields
    );
    let head = preview.live.unwrap().head;
    let refused = bench
        .apply("m-2", &next, Precondition::Unchanged(head.clone()))
        .await;
    assert!(reason(refused).contains("kubectl-edit"));
    let sends = intent(
        "m-3",
        MutationVerb::Apply,
        &next.object,
        Precondition::Unchanged(head),
    );
    let others = [FieldConflict {
        manager: "kubectl-edit".into(),
        path: ".data.other".into(),
    }];
    assert!(matches!(
        bench
            .cluster
            .send(&sends, Some(&next), &others)
            .await
            .outcome,
        MutationOutcome::NotApplied { .. }
    ));
    assert!(matches!(
        bench
            .cluster
            .send(&sends, Some(&next), &preview.conflicts)
            .await
            .outcome,
        MutationOutcome::Applied { .. }
    ));
    assert_eq!(
        bench
            .cluster
            .read(&next.object)
            .await
            .unwrap()
            .unwrap()
            .body["data"]["a"],
        "ours"
    );
}

pub async fn a_refused_manifest_says_why(bench: &Bench) {
    let mut unknown = deployment("refused", "x:1");
    unknown.body["spec"]["replicsa"] = json!(3);
    let rejected = bench
        .cluster
        .preview(&unknown)
        .await
        .unwrap()
        .rejected
        .unwrap();
    assert!(rejected.contains("replicsa"), "{rejected}");
    let mut invalid = deployment("refused", "x:1");
    invalid.body["spec"]["template"]["metadata"]["labels"] = json!({"app": "other"});
    let preview = bench.cluster.preview(&invalid).await.unwrap();
    assert!(preview.after.is_none() && preview.rejected.unwrap().contains("selector"));
    let outcome = bench.apply("m-1", &invalid, Precondition::Absent).await;
    assert!(reason(outcome).contains("422"));
}

pub async fn secrets_stay_masked(bench: &Bench) {
    let object = ObjectRef {
        api_version: "v1".into(),
        kind: "Secret".into(),
        namespace: NAMESPACE.into(),
        name: "masked".into(),
    };
    let body = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "masked"}, "stringData": {"password": "hunter2hunter2"}});
    let secret = Outgoing {
        object,
        body,
        release: "REL-1".into(),
        module: "router".into(),
    };
    let preview = bench.cluster.preview(&secret).await.unwrap();
    let shown = format!("{:?}", preview.fields);
    assert!(
        !shown.contains("hunter2") && !shown.contains("aHVudGVyMm") && shown.contains("sha256:"),
        "{shown}"
    );
    let field = preview
        .fields
        .iter()
        .find(|f| f.path == "data.password")
        .unwrap();
    assert_eq!(field.author, domain::FieldAuthor::Manifest);
    let after = preview.after.map(Masked::of);
    let lines = cluster::diff_lines(None, after.as_ref(), &preview.fields);
    assert!(!format!("{lines:?}").contains("aHVudGVyMm"));
}

pub async fn an_object_is_removed_and_restored(bench: &Bench) {
    let outgoing = config_map("back", json!({"a": "1"}));
    bench.applied("m-1", &outgoing).await;
    let backup = bench.cluster.read(&outgoing.object).await.unwrap().unwrap();
    let head = bench
        .applied("m-2", &config_map("back", json!({"a": "2", "new": "x"})))
        .await;
    assert_ne!(head.content, backup.head.content);
    bench
        .edits(
            &outgoing.object,
            "kubectl-edit",
            json!({"data": {"a": "3"}}),
        )
        .await;
    let restore = intent(
        "m-3",
        MutationVerb::Restore,
        &outgoing.object,
        Precondition::Unchanged(head),
    );
    let body = Outgoing {
        body: backup.body.clone(),
        ..outgoing.clone()
    };
    assert!(matches!(
        bench.cluster.send(&restore, Some(&body), &[]).await.outcome,
        MutationOutcome::Applied { .. }
    ));
    let restored = bench.cluster.read(&outgoing.object).await.unwrap().unwrap();
    assert_eq!(
        restored.head.content, backup.head.content,
        "{}",
        restored.body
    );
    let remove = |precondition| intent("m-4", MutationVerb::Remove, &outgoing.object, precondition);
    let stale = LiveHead {
        content: domain::Digest::new("other"),
        ..restored.head.clone()
    };
    assert!(matches!(
        bench
            .cluster
            .send(&remove(Precondition::Unchanged(stale)), None, &[])
            .await
            .outcome,
        MutationOutcome::NotApplied { .. }
    ));
    let remove = remove(Precondition::Unchanged(restored.head));
    assert_eq!(
        bench.cluster.send(&remove, None, &[]).await.outcome,
        MutationOutcome::Applied { live: None }
    );
    assert_eq!(bench.cluster.read(&outgoing.object).await.unwrap(), None);
    assert_eq!(
        bench.cluster.read_back(&remove).await.unwrap().outcome,
        MutationOutcome::Applied { live: None }
    );
}

pub async fn read_back_knows_what_was_applied(bench: &Bench) {
    let outgoing = config_map("asked", json!({"a": "1"}));
    let never = intent(
        "m-never",
        MutationVerb::Apply,
        &outgoing.object,
        Precondition::Absent,
    );
    assert!(
        reason(bench.cluster.read_back(&never).await.unwrap().outcome).contains("not there after")
    );
    let head = bench.applied("m-1", &outgoing).await;
    assert!(
        reason(bench.cluster.read_back(&never).await.unwrap().outcome)
            .contains("somebody else created")
    );
    let sent = intent(
        "m-1",
        MutationVerb::Apply,
        &outgoing.object,
        Precondition::Absent,
    );
    assert_eq!(
        bench.cluster.read_back(&sent).await.unwrap().outcome,
        MutationOutcome::Applied {
            live: Some(head.clone())
        }
    );
    let next = intent(
        "m-2",
        MutationVerb::Apply,
        &outgoing.object,
        Precondition::Unchanged(head),
    );
    assert!(
        reason(bench.cluster.read_back(&next).await.unwrap().outcome).contains("not there after")
    );
    bench
        .edits(
            &outgoing.object,
            "kubectl-edit",
            json!({"data": {"b": "2"}}),
        )
        .await;
    assert!(
        reason(bench.cluster.read_back(&next).await.unwrap().outcome)
            .contains("somebody else changed")
    );
}
