//! Lists, watches, authorization, and scripted faults between client and server.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used)]

mod common;

use common::{client, cluster, soon, spec};
use futures::{StreamExt, TryStreamExt};
use k8s_openapi::api::authorization::v1::SelfSubjectAccessReview;
use k8s_openapi::api::core::v1::{ConfigMap, Namespace, Secret};
use kube::api::{Api, ListParams, Patch, PatchParams, PostParams, WatchEvent, WatchParams};
use kube::runtime::watcher;
use rehearsal::{Cluster, Fault, Rule, User};
use serde_json::json;
use std::time::Duration;

fn map(name: &str) -> ConfigMap {
    serde_json::from_value(json!({"metadata": {"name": name, "labels": {"n": name}}})).unwrap()
}

#[tokio::test]
async fn identity_is_the_kube_system_uid_and_differs_between_clusters() {
    let one = cluster().await;
    let mut other = spec();
    other.name = "other".to_owned();
    let two = Cluster::start(other).await.unwrap();
    let namespaces: Api<Namespace> = Api::all(client(&one, "admin").await);
    let system = namespaces.get("kube-system").await.unwrap();
    assert_eq!(system.metadata.uid, Some(one.uid().to_string()));
    assert_ne!(one.uid(), two.uid());
    assert_ne!(one.ca_pem(), two.ca_pem());
    let both = rehearsal::kubeconfig_of(&[&one, &two], "admin");
    let config = kube::config::Kubeconfig::from_yaml(&both).unwrap();
    assert_eq!(
        config
            .contexts
            .iter()
            .map(|c| c.name.as_str())
            .collect::<Vec<_>>(),
        ["test", "other"]
    );
}

#[tokio::test]
async fn lists_page_and_select() {
    let cluster = cluster().await;
    let api: Api<ConfigMap> = Api::namespaced(client(&cluster, "admin").await, "app");
    for name in ["a", "b", "c"] {
        api.create(&PostParams::default(), &map(name))
            .await
            .unwrap();
    }
    let page = api.list(&ListParams::default().limit(2)).await.unwrap();
    assert_eq!(
        (page.items.len(), page.metadata.remaining_item_count),
        (2, Some(1))
    );
    let rest = api
        .list(
            &ListParams::default()
                .limit(2)
                .continue_token(&page.metadata.continue_.unwrap()),
        )
        .await
        .unwrap();
    assert_eq!(rest.items[0].metadata.name.as_deref(), Some("c"));
    let chosen = api
        .list(&ListParams::default().labels("n in (a,b),n!=a"))
        .await
        .unwrap();
    assert_eq!(chosen.items.len(), 1);
    assert_eq!(
        api.list(&ListParams::default().fields("metadata.name=c"))
            .await
            .unwrap()
            .items
            .len(),
        1
    );
}

#[tokio::test]
async fn the_streaming_list_ends_its_state_and_goes_on_as_a_watch() {
    let cluster = cluster().await;
    let api: Api<ConfigMap> = Api::namespaced(client(&cluster, "admin").await, "app");
    api.create(&PostParams::default(), &map("before"))
        .await
        .unwrap();
    let mut events = watcher(api.clone(), watcher::Config::default().streaming_lists()).boxed();
    let mut seen = Vec::new();
    loop {
        match soon("the initial state", events.try_next())
            .await
            .unwrap()
            .unwrap()
        {
            watcher::Event::InitApply(object) => seen.push(object.metadata.name.unwrap()),
            watcher::Event::InitDone => break,
            _ => {}
        }
    }
    assert_eq!(seen, ["before"]);
    api.create(&PostParams::default(), &map("after"))
        .await
        .unwrap();
    match soon("the change", events.try_next())
        .await
        .unwrap()
        .unwrap()
    {
        watcher::Event::Apply(object) => assert_eq!(object.metadata.name.as_deref(), Some("after")),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_watch_from_a_compacted_revision_gets_410() {
    let cluster = cluster().await;
    let api: Api<ConfigMap> = Api::namespaced(client(&cluster, "admin").await, "app");
    let old = api
        .list(&ListParams::default())
        .await
        .unwrap()
        .metadata
        .resource_version
        .unwrap();
    api.create(&PostParams::default(), &map("a")).await.unwrap();
    cluster.compact();
    let mut events = api
        .watch(&WatchParams::default(), &old)
        .await
        .unwrap()
        .boxed();
    match soon("the error", events.try_next()).await.unwrap().unwrap() {
        WatchEvent::Error(status) => assert_eq!(status.code, 410),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_dropped_watch_breaks_off_after_the_events_asked_for() {
    let cluster = cluster().await;
    let api: Api<ConfigMap> = Api::namespaced(client(&cluster, "admin").await, "app");
    let from = api
        .list(&ListParams::default())
        .await
        .unwrap()
        .metadata
        .resource_version
        .unwrap();
    for name in ["a", "b"] {
        api.create(&PostParams::default(), &map(name))
            .await
            .unwrap();
    }
    cluster.inject(Fault::DropWatch {
        resource: "configmaps".into(),
        after_events: 1,
    });
    let mut events = api
        .watch(&WatchParams::default(), &from)
        .await
        .unwrap()
        .boxed();
    assert!(matches!(
        soon("one event", events.next()).await,
        Some(Ok(WatchEvent::Added(_)))
    ));
    assert!(
        !matches!(soon("the break", events.next()).await, Some(Ok(_))),
        "nothing more came through"
    );
}

#[tokio::test]
async fn a_lost_response_is_carried_out_exactly_once() {
    let cluster = cluster().await;
    let api: Api<ConfigMap> = Api::namespaced(client(&cluster, "admin").await, "app");
    api.create(&PostParams::default(), &map("c")).await.unwrap();
    cluster.inject(Fault::LoseResponse {
        verb: "patch".into(),
        resource: "configmaps".into(),
        times: 1,
    });
    let patch = Patch::Merge(json!({"data": {"a": "1"}}));
    let error = api
        .patch("c", &PatchParams::default(), &patch)
        .await
        .unwrap_err();
    assert!(
        !matches!(error, kube::Error::Api(_)),
        "no answer may come: {error}"
    );
    assert_eq!(api.get("c").await.unwrap().data.unwrap()["a"], "1");
    let patches: Vec<_> = cluster
        .requests()
        .into_iter()
        .filter(|r| r.verb == "patch")
        .collect();
    assert_eq!(patches.len(), 1);
    assert_eq!((patches[0].status, patches[0].answered), (200, false));
}

#[tokio::test]
async fn throttling_and_outage_are_not_carried_out() {
    let cluster = cluster().await;
    let api: Api<ConfigMap> = Api::namespaced(client(&cluster, "admin").await, "app");
    cluster.inject(Fault::TooManyRequests {
        verb: "create".into(),
        resource: "*".into(),
        times: 1,
        retry_after: Duration::from_secs(3),
    });
    cluster.inject(Fault::Unavailable {
        verb: "create".into(),
        resource: "*".into(),
        times: 1,
    });
    let mut codes = Vec::new();
    for _ in 0..2 {
        match api
            .create(&PostParams::default(), &map("c"))
            .await
            .unwrap_err()
        {
            kube::Error::Api(status) => {
                codes.push((status.code, status.details.map(|d| d.retry_after_seconds)))
            }
            other => panic!("{other}"),
        }
    }
    assert_eq!(codes, [(429, Some(3)), (503, None)]);
    assert!(api.get_opt("c").await.unwrap().is_none());
    api.create(&PostParams::default(), &map("c")).await.unwrap();
}

#[tokio::test]
async fn rules_decide_and_the_self_review_says_the_same() {
    let mut spec = spec();
    spec.users.push(User {
        name: "viewer".into(),
        groups: vec![],
        token: "viewer-token".into(),
        rules: vec![Rule::new(
            &["get", "list"],
            &[""],
            &["configmaps"],
            &["app"],
        )],
    });
    let cluster = Cluster::start(spec).await.unwrap();
    let viewer = client(&cluster, "viewer").await;
    Api::<ConfigMap>::namespaced(viewer.clone(), "app")
        .list(&ListParams::default())
        .await
        .unwrap();
    let refused = Api::<Secret>::namespaced(viewer.clone(), "app")
        .get("s")
        .await
        .unwrap_err();
    match refused {
        kube::Error::Api(status) => assert_eq!(
            (status.code, status.message.as_str()),
            (
                403,
                "secrets \"s\" is forbidden: User \"viewer\" cannot get resource \"secrets\" in API group \"\" in the namespace \"app\""
            )
        ),
        other => panic!("{other}"),
    }
    for (resource, expected) in [("configmaps", true), ("secrets", false)] {
        let review: SelfSubjectAccessReview = serde_json::from_value(json!({"spec": {"resourceAttributes": {"verb": "get", "resource": resource, "namespace": "app"}}})).unwrap();
        let reviews: Api<SelfSubjectAccessReview> = Api::all(viewer.clone());
        let answer = reviews
            .create(&PostParams::default(), &review)
            .await
            .unwrap();
        assert_eq!(answer.status.unwrap().allowed, expected, "{resource}");
    }
}

#[tokio::test]
async fn a_wrong_token_is_refused() {
    let cluster = cluster().await;
    let wrong = cluster
        .kubeconfig("admin")
        .replace("test-42-admin", "nonsense");
    let kubeconfig = kube::config::Kubeconfig::from_yaml(&wrong).unwrap();
    let config = kube::Config::from_custom_kubeconfig(kubeconfig, &Default::default())
        .await
        .unwrap();
    let api: Api<Namespace> = Api::all(kube::Client::try_from(config).unwrap());
    match api.list(&ListParams::default()).await.unwrap_err() {
        kube::Error::Api(status) => assert_eq!(status.code, 401),
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn a_scripted_expiry_and_a_scripted_conflict_strike_once() {
    let cluster = cluster().await;
    let api: Api<ConfigMap> = Api::namespaced(client(&cluster, "admin").await, "app");
    let from = api
        .list(&ListParams::default())
        .await
        .unwrap()
        .metadata
        .resource_version
        .unwrap();
    api.create(&PostParams::default(), &map("a")).await.unwrap();
    cluster.inject(Fault::ExpireWatch {
        resource: "configmaps".into(),
    });
    let first = async {
        let mut events = api
            .watch(&WatchParams::default(), &from)
            .await
            .unwrap()
            .boxed();
        events.try_next().await.unwrap().unwrap()
    };
    assert!(matches!(soon("410", first).await, WatchEvent::Error(status) if status.code == 410));
    let second = async {
        let mut events = api
            .watch(&WatchParams::default(), &from)
            .await
            .unwrap()
            .boxed();
        events.try_next().await.unwrap().unwrap()
    };
    assert!(matches!(
        soon("the change", second).await,
        WatchEvent::Added(_)
    ));

    cluster.inject(Fault::Conflict {
        verb: "patch".into(),
        resource: "configmaps".into(),
        times: 1,
    });
    let patch = Patch::Merge(json!({"data": {"a": "1"}}));
    match api
        .patch("a", &PatchParams::default(), &patch)
        .await
        .unwrap_err()
    {
        kube::Error::Api(status) => {
            assert_eq!((status.code, status.reason.as_str()), (409, "Conflict"))
        }
        other => panic!("{other}"),
    }
    assert_eq!(api.get("a").await.unwrap().data, None);
    api.patch("a", &PatchParams::default(), &patch)
        .await
        .unwrap();
}
