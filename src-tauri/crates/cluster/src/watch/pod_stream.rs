//! Pods over a protobuf watch that begins with what is there (`sendInitialEvents`): the first pod is
//! there a hundredth of a second after the request, and ten thousand cost a few megabytes. Where the
//! API server or a proxy does not speak it, `follow` goes on with JSON.

use std::collections::HashMap;

use bytes::BytesMut;
use http::{Request, StatusCode, header};
use http_body_util::BodyExt;
use kube::Client;
use kube::client::Body;
use tokio::time::timeout;

use super::pods::Pod;
use super::protobuf::{Metadata, Status, WatchEvent, next_event};
use super::store::{Kept, Shared, Slot};
use crate::limits::Limits;

const PROTOBUF: &str = "application/vnd.kubernetes.protobuf;stream=watch";
/// Marks the bookmark after which everything that was there has been sent.
const ALL_SENT: &str = "k8s.io/initial-events-end";

/// How following pods ended.
pub(super) enum End {
    /// This API server does not serve pods this way; nothing was called complete.
    NotServed,
    /// Broken off; says whether a listing was complete before.
    Broken {
        /// As it says.
        listed: bool,
        /// The credential was refused.
        unauthorized: bool,
    },
}

/// Follows the pods of a namespace until the stream breaks.
pub(super) async fn follow(client: &Client, limits: &Limits, shared: &Shared, slot: &Slot) -> End {
    let mut pods = Pods {
        shared,
        key: slot.key(),
        listed: false,
        version: None,
    };
    loop {
        let end = pods.once(client, limits, slot).await;
        match end {
            // The server ends every watch after a while; the next one goes on where it ended.
            Once::Over if pods.listed && pods.version.is_some() => {}
            // One that never says that all has been sent is too old to know what it was asked.
            Once::Over | Once::NotServed if !pods.listed => return End::NotServed,
            Once::Over | Once::NotServed | Once::Broken => return pods.broken(false),
            Once::Unauthorized => return pods.broken(true),
        }
    }
}

/// How one request ended.
enum Once {
    Over,
    NotServed,
    Broken,
    Unauthorized,
}

struct Pods<'a> {
    shared: &'a Shared,
    key: String,
    listed: bool,
    /// Where to go on.
    version: Option<String>,
}

impl Pods<'_> {
    fn broken(&self, unauthorized: bool) -> End {
        let listed = self.listed;
        tracing::warn!(stream = self.key, unauthorized, "a watch of pods broke off");
        End::Broken {
            listed,
            unauthorized,
        }
    }

    async fn once(&mut self, client: &Client, limits: &Limits, slot: &Slot) -> Once {
        let Some(request) = request(slot, limits, self.version.as_deref()) else {
            return Once::NotServed;
        };
        let Ok(answer) = timeout(limits.read, client.send(request)).await else {
            return Once::Broken;
        };
        let response = match answer {
            Ok(response) => response,
            Err(_) => return Once::Broken,
        };
        match response.status() {
            StatusCode::OK if is_protobuf(&response) => {}
            StatusCode::OK
            | StatusCode::NOT_ACCEPTABLE
            | StatusCode::BAD_REQUEST
            | StatusCode::UNPROCESSABLE_ENTITY => return Once::NotServed,
            StatusCode::UNAUTHORIZED => return Once::Unauthorized,
            _ => return Once::Broken,
        }
        let mut body = response.into_body();
        let mut received = BytesMut::new();
        // A little longer than the server keeps a watch open: a dead connection ends it too.
        let silence = limits.watch + limits.read;
        loop {
            let frame = match timeout(silence, body.frame()).await {
                Ok(Some(Ok(frame))) => frame,
                Ok(None) => return Once::Over,
                Ok(Some(Err(_))) | Err(_) => return Once::Broken,
            };
            let Ok(data) = frame.into_data() else {
                continue;
            };
            received.extend_from_slice(&data);
            if !self.take(&mut received, limits) {
                return Once::Broken;
            }
        }
    }

    /// Takes in all whole events; false when the stream can be used no more.
    fn take(&mut self, received: &mut BytesMut, limits: &Limits) -> bool {
        let mut news = Vec::new();
        loop {
            match next_event(received, limits.answer_bytes) {
                Ok(Some(event)) => news.push(event),
                Ok(None) => break,
                Err(error) => {
                    tracing::warn!(stream = self.key, %error, "a watch cannot be read");
                    return false;
                }
            }
        }
        // One change of the store, however many events came at once.
        let mut good = true;
        self.shared.change(&self.key, |stream| {
            for event in news {
                let objects = if self.listed {
                    stream.connected = true;
                    stream.objects.get_or_insert_default()
                } else {
                    &mut stream.coming
                };
                match apply(objects, &mut self.version, event) {
                    Ok(all_sent) if all_sent && !self.listed => {
                        self.listed = true;
                        stream.all_came();
                    }
                    Ok(_) => {}
                    Err(()) => {
                        good = false;
                        break;
                    }
                }
            }
        });
        good
    }
}

/// Takes one event in; true when it says that everything which was there has been sent.
fn apply(
    objects: &mut HashMap<String, Kept>,
    version: &mut Option<String>,
    event: WatchEvent,
) -> Result<bool, ()> {
    let unreadable = |error| tracing::warn!(%error, "an event of a watch cannot be read");
    let kind = event.kind.as_str();
    if kind == "ERROR" {
        let code = event.object::<Status>().map_or(0, |status| status.code);
        tracing::info!(code, "the API server ended a watch");
        return Err(());
    }
    let pod: super::protobuf::Pod = event.object().map_err(unreadable)?;
    let metadata = pod.metadata.as_ref().ok_or(())?;
    if !metadata.resource_version.is_empty() {
        *version = Some(metadata.resource_version.clone());
    }
    match kind {
        "BOOKMARK" => return Ok(is_all_sent(metadata)),
        "DELETED" => {
            objects.remove(&metadata.name);
        }
        _ => {
            let name = metadata.name.clone();
            if let Some(pod) = Pod::of_message(pod) {
                objects.insert(name, Kept::Pod(Box::new(pod)));
            }
        }
    }
    Ok(false)
}

fn is_all_sent(metadata: &Metadata) -> bool {
    metadata
        .annotations
        .get(ALL_SENT)
        .is_some_and(|value| value == "true")
}

fn is_protobuf(response: &http::Response<Body>) -> bool {
    let kind = response.headers().get(header::CONTENT_TYPE);
    kind.and_then(|kind| kind.to_str().ok())
        .is_some_and(|kind| kind.starts_with("application/vnd.kubernetes.protobuf"))
}

fn request(slot: &Slot, limits: &Limits, version: Option<&str>) -> Option<Request<Body>> {
    let from = match version {
        Some(version) => format!("resourceVersion={version}"),
        None => {
            "sendInitialEvents=true&resourceVersionMatch=NotOlderThan&resourceVersion=".to_owned()
        }
    };
    let uri = format!(
        "/api/v1/namespaces/{}/pods?watch=true&allowWatchBookmarks=true&timeoutSeconds={}&{from}",
        slot.namespace,
        limits.watch.as_secs().max(1)
    );
    Request::get(uri)
        .header(header::ACCEPT, PROTOBUF)
        .header(
            header::USER_AGENT,
            concat!("pilothouse/", env!("CARGO_PKG_VERSION")),
        )
        .body(Body::empty())
        .ok()
}

#[cfg(test)]
#[path = "pod_stream_tests.rs"]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests;
