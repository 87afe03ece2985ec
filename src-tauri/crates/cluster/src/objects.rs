//! Reading objects.

use domain::ObjectRef;
use engine::ports::{ClusterFailure, LiveObject};
use http::StatusCode;
use serde_json::Value;

use crate::connection::Connection;
use crate::kinds::Kind;
use crate::{content, failure};

/// The object as the API server has it; none when it does not exist.
pub(crate) async fn raw(
    connection: &Connection,
    kind: &Kind,
    object: &ObjectRef,
) -> Result<Option<Value>, ClusterFailure> {
    let answer = connection.ask(connection.get(kind.path(object))).await?;
    // A proxy's 404 says nothing about the object.
    if answer.status == StatusCode::NOT_FOUND && answer.api_status().is_some() {
        return Ok(None);
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
