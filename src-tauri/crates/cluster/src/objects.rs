//! Reading objects.

use domain::ObjectRef;
use engine::ports::{ClusterFailure, LiveObject};
use http::StatusCode;
use serde_json::Value;

use crate::connection::Connection;
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
