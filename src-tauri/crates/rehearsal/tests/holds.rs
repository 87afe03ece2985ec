//! Holding requests, and putting a cluster back.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used)]

mod common;

use common::{client, deployment, soon, spec, value};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{ConfigMap, Pod};
use kube::Api;
use kube::api::{ListParams, Patch, PatchParams, PostParams};
use rehearsal::{Cluster, Moment};
use serde_json::json;

fn map() -> ConfigMap {
    serde_json::from_value(json!({"metadata": {"name": "c"}, "data": {"a": "1"}})).unwrap()
}

#[tokio::test]
async fn a_held_write_is_carried_out_even_when_its_sender_is_gone() {
    for (moment, seen) in [(Moment::Received, "1"), (Moment::CarriedOut, "2")] {
        let mut spec = spec();
        spec.keep_bodies = true;
        let cluster = Cluster::start(spec).await.unwrap();
        let api: Api<ConfigMap> = Api::namespaced(client(&cluster, "admin").await, "app");
        api.create(&PostParams::default(), &map()).await.unwrap();
        let mut held = cluster.hold("patch", "configmaps", moment);
        let patch = Patch::Merge(json!({"data": {"a": "2"}}));
        // Dry runs are let through.
        let dry = PatchParams {
            dry_run: true,
            ..PatchParams::default()
        };
        api.patch("c", &dry, &patch).await.unwrap();
        let sender = {
            let (api, patch) = (
                Api::<ConfigMap>::namespaced(client(&cluster, "admin").await, "app"),
                patch.clone(),
            );
            tokio::spawn(async move { api.patch("c", &PatchParams::default(), &patch).await })
        };
        assert!(soon("the write", held.arrived()).await);
        sender.abort();
        assert!(sender.await.unwrap_err().is_cancelled());
        let now = api.get("c").await.unwrap().data.unwrap()["a"].clone();
        assert_eq!(now, seen, "{moment:?}");
        held.let_go();
        soon("the write's end", async {
            while api.get("c").await.unwrap().data.unwrap()["a"] != "2" {
                tokio::task::yield_now().await;
            }
        })
        .await;
        let writes: Vec<_> = cluster
            .requests()
            .into_iter()
            .filter(|r| r.verb == "patch" && !r.query.contains("dryRun"))
            .collect();
        assert_eq!(writes.len(), 1);
        let sent: serde_json::Value = serde_json::from_slice(&writes[0].body).unwrap();
        assert_eq!(sent, json!({"data": {"a": "2"}}));
    }
}

#[tokio::test]
async fn a_hold_that_nobody_wants_any_more_holds_nothing() {
    let cluster = common::cluster().await;
    let api: Api<ConfigMap> = Api::namespaced(client(&cluster, "admin").await, "app");
    drop(cluster.hold("create", "configmaps", Moment::Received));
    soon("the create", api.create(&PostParams::default(), &map()))
        .await
        .unwrap();
    assert!(cluster.requests().iter().all(|r| r.body.is_empty()));
}

#[tokio::test]
async fn a_cluster_that_is_put_back_is_what_it_was_and_lives_on() {
    let cluster = common::cluster().await;
    let client = client(&cluster, "admin").await;
    let (deployments, maps, pods): (Api<Deployment>, Api<ConfigMap>, Api<Pod>) = (
        Api::namespaced(client.clone(), "app"),
        Api::namespaced(client.clone(), "app"),
        Api::namespaced(client, "app"),
    );
    let old: Deployment = serde_json::from_value(value(&deployment("web", 2, "web:1"))).unwrap();
    deployments
        .create(&PostParams::default(), &old)
        .await
        .unwrap();
    soon("two pods", cluster.settle()).await;
    let before = deployments.get("web").await.unwrap();
    let names = |list: Vec<Pod>| -> Vec<String> {
        list.into_iter().filter_map(|p| p.metadata.name).collect()
    };
    let pods_before = names(pods.list(&ListParams::default()).await.unwrap().items);
    let objects = cluster.objects();

    for _ in 0..2 {
        let patch = json!({"spec": {"template": {"spec": {"containers": [{"name": "main", "image": "web:2"}]}}}});
        let patch = Patch::Strategic(patch);
        deployments
            .patch("web", &PatchParams::default(), &patch)
            .await
            .unwrap();
        maps.create(&PostParams::default(), &map()).await.unwrap();
        soon("the rollout", cluster.settle()).await;
        assert_ne!(
            names(pods.list(&ListParams::default()).await.unwrap().items),
            pods_before
        );

        cluster.put_back(&objects);
        assert_eq!(cluster.requests(), []);
        soon("peace", cluster.settle()).await;
        let after = deployments.get("web").await.unwrap();
        assert_eq!((&after.spec, &after.status), (&before.spec, &before.status));
        assert_eq!(after.metadata.uid, before.metadata.uid);
        assert!(
            after.metadata.resource_version != before.metadata.resource_version,
            "time goes on"
        );
        assert!(maps.get_opt("c").await.unwrap().is_none());
        assert_eq!(
            names(pods.list(&ListParams::default()).await.unwrap().items),
            pods_before
        );
    }
}

#[tokio::test]
async fn a_refused_write_is_not_held_as_carried_out_and_an_answer_can_be_lost() {
    let cluster = common::cluster().await;
    let api: Api<ConfigMap> = Api::namespaced(client(&cluster, "admin").await, "app");
    let mut held = cluster.hold("create", "configmaps", Moment::CarriedOut);
    let mut bad = map();
    bad.metadata.name = Some("NOT A NAME".into());
    soon("the refusal", api.create(&PostParams::default(), &bad))
        .await
        .unwrap_err();
    let (map, creating) = (map(), PostParams::default());
    let (created, ()) = tokio::join!(api.create(&creating, &map), async {
        assert!(soon("the write", held.arrived()).await);
        held.lose_answer();
    });
    let error = created.unwrap_err();
    assert!(!matches!(error, kube::Error::Api(_)), "{error}");
    assert!(api.get_opt("c").await.unwrap().is_some());
}
