//! Reading objects.

use domain::ObjectRef;
use engine::ports::{ClusterFailure, LiveObject};
use http::StatusCode;
use serde_json::Value;

use crate::connection::{Connection, permission};
use crate::kinds::{self, Kind};
use crate::{content, failure};

/// The object as the API server has it; none when it does not exist.
pub(crate) async fn raw(
    connection: &Connection,
    kind: &Kind,
    object: &ObjectRef,
) -> Result<Option<Value>, ClusterFailure> {
    let answer = connection.ask(connection.get(kind.path(object))).await?;
    if answer.status == StatusCode::NOT_FOUND {
        // Without a Status it says nothing about the object: an API server that does not know the
        // path any more (a definition was deleted) answers so, and so does a proxy.
        return match answer.api_status() {
            Some(_) => Ok(None),
            None => Err(kinds::unknown(object)),
        };
    }
    if !answer.status.is_success() {
        return Err(failure::of_answer(
            &answer,
            &kind.permission("get", &object.namespace),
        ));
    }
    answer
        .json()
        .map(Some)
        .ok_or_else(|| ClusterFailure::Unreadable("no JSON".to_owned()))
}

/// The live object; none when it does not exist.
pub(crate) async fn live(
    connection: &Connection,
    kind: &Kind,
    object: &ObjectRef,
) -> Result<Option<LiveObject>, ClusterFailure> {
    match raw(connection, kind, object).await? {
        None => Ok(None),
        Some(found) => match content::live(found) {
            Some(live) => Ok(Some(live)),
            None => Err(ClusterFailure::Unreadable(
                "it answered something else than the object".to_owned(),
            )),
        },
    }
}

/// Reasons with which the volume controller says that a claim is bound when the first pod uses it.
const FIRST_POD: [&str; 2] = ["WaitForFirstConsumer", "WaitForPodScheduled"];

/// Whether a claim waits for the first pod that uses it. Events are read, not the storage class: a
/// release may look at the events of its namespace, and seldom at what belongs to the whole cluster.
pub(crate) async fn waits_for_first_pod(
    connection: &Connection,
    claim: &ObjectRef,
    live: Option<&Value>,
) -> Result<bool, ClusterFailure> {
    let uid = live
        .and_then(|live| live.pointer("/metadata/uid"))
        .and_then(Value::as_str)
        .unwrap_or_default();
    let namespace = &claim.namespace;
    let uri = format!(
        "/api/v1/namespaces/{namespace}/events?fieldSelector=involvedObject.uid%3D{uid}&limit=50"
    );
    let asked = permission("list", "", "events", namespace);
    let (events, _) = connection.json(connection.get(uri), &asked).await?;
    let events = events["items"].as_array().cloned().unwrap_or_default();
    Ok(events.iter().any(|event| {
        let reason = event["reason"].as_str().unwrap_or_default();
        event.pointer("/involvedObject/uid").and_then(Value::as_str) == Some(uid)
            && FIRST_POD.contains(&reason)
    }))
}
