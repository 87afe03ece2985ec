//! Watches: what follows a list, and what ends it.

use std::pin::Pin;
use std::time::Duration;

use futures::io::{AsyncBufReadExt, Lines};
use futures::{AsyncBufRead, StreamExt};
use http::Request;
use serde_json::{Value, json};

use crate::case::{Case, MERGE};

struct Events(Lines<Pin<Box<dyn AsyncBufRead + Send>>>);

async fn watch(case: &Case, query: &str) -> Events {
    watch_at(case, &case.path("configmaps"), query).await
}

async fn watch_at(case: &Case, path: &str, query: &str) -> Events {
    let uri = format!("{path}?watch=true&{query}");
    let stream = case
        .admin
        .request_stream(Request::get(uri).body(vec![]).unwrap())
        .await
        .unwrap();
    let stream: Pin<Box<dyn AsyncBufRead + Send>> = Box::pin(stream);
    Events(stream.lines())
}

impl Events {
    async fn next(&mut self) -> Option<(String, Value)> {
        let line = tokio::time::timeout(Duration::from_secs(30), self.0.next())
            .await
            .expect("an event")?;
        let event: Value = serde_json::from_str(&line.unwrap()).unwrap();
        Some((
            event["type"].as_str().unwrap().to_owned(),
            event["object"].clone(),
        ))
    }

    async fn expect(&mut self, kind: &str) -> Value {
        let (found, object) = self.next().await.expect("an event");
        assert_eq!(found, kind, "{object}");
        object
    }
}

async fn revision(case: &Case) -> String {
    case.get("configmaps").await.good()["metadata"]["resourceVersion"]
        .as_str()
        .unwrap()
        .to_owned()
}

async fn make(case: &Case, name: &str) {
    let mut body = case.map(name, json!({"a": "1"}));
    body["metadata"]["labels"] = json!({"mine": "yes"});
    case.create("configmaps", &body).await.good();
}

pub async fn a_watch_goes_on_from_a_list(case: &Case) {
    let from = revision(case).await;
    make(case, "w").await;
    case.ask("PATCH", "configmaps/w", MERGE, &json!({"data": {"a": "2"}}))
        .await
        .good();
    case.delete("configmaps/w").await.good();
    let mut events = watch(
        case,
        &format!("resourceVersion={from}&labelSelector=mine&timeoutSeconds=20"),
    )
    .await;
    let added = events.expect("ADDED").await;
    let modified = events.expect("MODIFIED").await;
    let deleted = events.expect("DELETED").await;
    assert_eq!(
        (&added["data"]["a"], &modified["data"]["a"]),
        (&json!("1"), &json!("2"))
    );
    let number = |object: &Value| {
        object["metadata"]["resourceVersion"]
            .as_str()
            .unwrap()
            .parse::<u64>()
            .unwrap()
    };
    assert!(number(&added) < number(&modified) && number(&modified) < number(&deleted));
    assert_eq!(
        (added["kind"].as_str(), added["apiVersion"].as_str()),
        (Some("ConfigMap"), Some("v1"))
    );
}

pub async fn a_streaming_list_says_where_it_ends(case: &Case) {
    make(case, "before").await;
    let query = "sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&labelSelector=mine";
    let mut events = watch(case, query).await;
    assert_eq!(events.expect("ADDED").await["metadata"]["name"], "before");
    let end = events.expect("BOOKMARK").await;
    assert_eq!(
        end["metadata"]["annotations"]["k8s.io/initial-events-end"],
        "true"
    );
    make(case, "after").await;
    assert_eq!(events.expect("ADDED").await["metadata"]["name"], "after");
}

pub async fn a_bookmark_carries_only_the_revision(case: &Case) {
    let from = revision(case).await;
    // A server sends a bookmark shortly before it ends a watch.
    let query = format!(
        "resourceVersion={from}&allowWatchBookmarks=true&labelSelector=mine&timeoutSeconds=4"
    );
    let mut events = watch(case, &query).await;
    let bookmark = events.expect("BOOKMARK").await;
    assert_eq!(
        (bookmark["kind"].as_str(), bookmark["apiVersion"].as_str()),
        (Some("ConfigMap"), Some("v1"))
    );
    assert!(bookmark["metadata"]["resourceVersion"].is_string());
    assert!(bookmark["metadata"]["name"].is_null() && bookmark["data"].is_null());
    while let Some((kind, object)) = events.next().await {
        assert_eq!(kind, "BOOKMARK", "{object}");
    }
}

pub async fn a_revision_out_of_the_window_is_410(case: &Case) {
    // The definition is younger than the revision, so that the server's cache begins after it.
    let path = format!(
        "/apis/fission.io/v1/namespaces/{}/environments",
        case.namespace
    );
    case.site.forget_the_past("environments");
    let mut events = watch_at(case, &path, "resourceVersion=1").await;
    let status = events.expect("ERROR").await;
    assert_eq!(
        (
            status["kind"].as_str(),
            &status["code"],
            status["reason"].as_str()
        ),
        (Some("Status"), &json!(410), Some("Expired"))
    );
    assert!(
        status["message"]
            .as_str()
            .unwrap()
            .starts_with("too old resource version: "),
        "{status}"
    );
    assert!(events.next().await.is_none(), "nothing follows");
}

pub async fn a_revision_of_the_future_is_504(case: &Case) {
    let message = case
        .get("configmaps?resourceVersion=999999999&resourceVersionMatch=NotOlderThan")
        .await
        .refused(504, "Timeout");
    assert!(message.contains("Too large resource version"), "{message}");
}

pub async fn a_selector_turns_changes_into_deletions(case: &Case) {
    make(case, "s").await;
    let from = revision(case).await;
    let mut events = watch(case, &format!("resourceVersion={from}&labelSelector=mine")).await;
    let label = |value: Value| json!({"metadata": {"labels": {"mine": value}}});
    case.ask("PATCH", "configmaps/s", MERGE, &label(Value::Null))
        .await
        .good();
    events.expect("DELETED").await;
    case.ask("PATCH", "configmaps/s", MERGE, &label(json!("yes")))
        .await
        .good();
    events.expect("ADDED").await;
}
