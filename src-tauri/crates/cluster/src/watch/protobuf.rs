//! The few fields of a pod that are needed, in the protobuf that the API server speaks, and the frames
//! of a watch in it. Reading only these costs a twentieth of reading the same pods as JSON.
//!
//! Numbers are those of `k8s.io/api/core/v1/generated.proto` and `apimachinery`'s `generated.proto`,
//! which Kubernetes never changes.

use bytes::{Buf, Bytes, BytesMut};
use chrono::{DateTime, Utc};
use prost::Message;

/// Stands before every object in Kubernetes' protobuf.
const MAGIC: &[u8] = b"k8s\0";

/// Bytes of the number that says how long a frame is.
const LENGTH: usize = 4;

/// Why a stream cannot be read any further.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unreadable {
    #[error("a frame of {0} bytes")]
    TooLong(usize),
    #[error("no protobuf of Kubernetes")]
    NoMagic,
    #[error("{0}")]
    Malformed(#[from] prost::DecodeError),
}

/// One event of a watch.
#[derive(Clone, PartialEq, Message)]
pub(super) struct WatchEvent {
    /// `ADDED`, `MODIFIED`, `DELETED`, `BOOKMARK`, `ERROR`.
    #[prost(string, tag = "1")]
    pub kind: String,
    #[prost(message, optional, tag = "2")]
    object: Option<Raw>,
}

#[derive(Clone, PartialEq, Message)]
struct Raw {
    #[prost(bytes = "bytes", tag = "1")]
    raw: Bytes,
}

#[derive(Clone, PartialEq, Message)]
struct Unknown {
    #[prost(bytes = "bytes", tag = "2")]
    raw: Bytes,
}

impl WatchEvent {
    /// The object, read as `T`.
    pub fn object<T: Message + Default>(&self) -> Result<T, Unreadable> {
        let raw = self.object.as_ref().map(|object| object.raw.clone());
        let mut raw = raw.unwrap_or_default();
        if !raw.starts_with(MAGIC) {
            return Err(Unreadable::NoMagic);
        }
        raw.advance(MAGIC.len());
        Ok(T::decode(Unknown::decode(raw)?.raw)?)
    }
}

/// Takes the next whole event out of what has been received; none while it is not complete.
pub(super) fn next_event(
    received: &mut BytesMut,
    most: usize,
) -> Result<Option<WatchEvent>, Unreadable> {
    let Some(head) = received.first_chunk::<LENGTH>() else {
        return Ok(None);
    };
    let length = usize::try_from(u32::from_be_bytes(*head)).unwrap_or(usize::MAX);
    if length > most {
        return Err(Unreadable::TooLong(length));
    }
    if received.len() < LENGTH + length {
        received.reserve(LENGTH + length - received.len());
        return Ok(None);
    }
    received.advance(LENGTH);
    Ok(Some(WatchEvent::decode(
        received.split_to(length).freeze(),
    )?))
}

/// `v1.Status`, as far as an `ERROR` event needs it.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Status {
    #[prost(int32, tag = "6")]
    pub code: i32,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Pod {
    #[prost(message, optional, tag = "1")]
    pub metadata: Option<Metadata>,
    #[prost(message, optional, tag = "2")]
    pub spec: Option<Spec>,
    #[prost(message, optional, tag = "3")]
    pub status: Option<PodStatus>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Metadata {
    #[prost(string, tag = "1")]
    pub name: String,
    #[prost(string, tag = "5")]
    pub uid: String,
    #[prost(string, tag = "6")]
    pub resource_version: String,
    #[prost(message, optional, tag = "8")]
    pub created: Option<Time>,
    #[prost(message, optional, tag = "9")]
    pub deleted: Option<Time>,
    #[prost(map = "string, string", tag = "11")]
    pub labels: std::collections::HashMap<String, String>,
    #[prost(map = "string, string", tag = "12")]
    pub annotations: std::collections::HashMap<String, String>,
    #[prost(message, repeated, tag = "13")]
    pub owners: Vec<Owner>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Owner {
    #[prost(string, tag = "4")]
    pub uid: String,
    #[prost(bool, tag = "6")]
    pub controller: bool,
}

#[derive(Clone, Copy, PartialEq, Message)]
pub(super) struct Time {
    #[prost(int64, tag = "1")]
    seconds: i64,
    #[prost(int32, tag = "2")]
    nanos: i32,
}

impl Time {
    pub fn instant(self) -> Option<DateTime<Utc>> {
        DateTime::from_timestamp(self.seconds, u32::try_from(self.nanos).unwrap_or(0))
    }
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Spec {
    #[prost(message, repeated, tag = "2")]
    pub containers: Vec<Container>,
    #[prost(string, tag = "10")]
    pub node: String,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Container {
    #[prost(string, tag = "1")]
    pub name: String,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct PodStatus {
    #[prost(string, tag = "1")]
    pub phase: String,
    #[prost(message, repeated, tag = "2")]
    pub conditions: Vec<Condition>,
    #[prost(string, tag = "4")]
    pub reason: String,
    /// When its kubelet took it up.
    #[prost(message, optional, tag = "7")]
    pub started: Option<Time>,
    #[prost(message, repeated, tag = "8")]
    pub containers: Vec<ContainerStatus>,
    #[prost(message, repeated, tag = "10")]
    pub init_containers: Vec<ContainerStatus>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Condition {
    #[prost(string, tag = "1")]
    pub kind: String,
    #[prost(string, tag = "2")]
    pub status: String,
    #[prost(message, optional, tag = "4")]
    pub changed: Option<Time>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct ContainerStatus {
    #[prost(message, optional, tag = "2")]
    pub state: Option<State>,
    #[prost(int32, tag = "5")]
    pub restarts: i32,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct State {
    #[prost(message, optional, tag = "1")]
    pub waiting: Option<Waiting>,
    #[prost(message, optional, tag = "3")]
    pub terminated: Option<Terminated>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Waiting {
    #[prost(string, tag = "1")]
    pub reason: String,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Terminated {
    #[prost(int32, tag = "1")]
    pub exit_code: i32,
    #[prost(string, tag = "3")]
    pub reason: String,
}

/// An event as the API server sends it.
#[cfg(test)]
#[allow(clippy::unwrap_used)]
pub(super) fn framed(kind: &str, object: &impl Message) -> Vec<u8> {
    let unknown = Unknown {
        raw: object.encode_to_vec().into(),
    };
    let raw = [MAGIC, &unknown.encode_to_vec()].concat().into();
    let event = WatchEvent {
        kind: kind.to_owned(),
        object: Some(Raw { raw }),
    };
    let body = event.encode_to_vec();
    let length = u32::try_from(body.len()).unwrap().to_be_bytes();
    [&length[..], &body].concat()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::*;

    #[test]
    fn events_are_read_however_the_bytes_are_cut() {
        let pod = |name: &str| Pod {
            metadata: Some(Metadata {
                name: name.to_owned(),
                ..Metadata::default()
            }),
            ..Pod::default()
        };
        let bytes = [
            framed("ADDED", &pod("a")),
            framed("MODIFIED", &pod("bb")),
            framed("ERROR", &Status { code: 410 }),
        ]
        .concat();
        for size in 1..bytes.len() {
            let mut received = BytesMut::new();
            let mut events = Vec::new();
            for part in bytes.chunks(size) {
                received.extend_from_slice(part);
                while let Some(event) = next_event(&mut received, 1 << 20).unwrap() {
                    events.push(event);
                }
            }
            assert!(received.is_empty());
            let kinds: Vec<_> = events.iter().map(|event| event.kind.as_str()).collect();
            assert_eq!(kinds, ["ADDED", "MODIFIED", "ERROR"]);
            let second: Pod = events[1].object().unwrap();
            assert_eq!(second.metadata.unwrap().name, "bb");
            assert_eq!(events[2].object::<Status>().unwrap().code, 410);
        }
    }

    #[test]
    fn rubbish_ends_the_stream_instead_of_the_program() {
        let mut endless = BytesMut::from(&b"\xff\xff\xff\xff"[..]);
        assert!(matches!(
            next_event(&mut endless, 1 << 20),
            Err(Unreadable::TooLong(_))
        ));
        let mut json = BytesMut::from(&b"{\"type\":\"ADDED\"}"[..]);
        assert!(next_event(&mut json, 1 << 20).is_err());
        let mut wrong = BytesMut::from(&b"\0\0\0\x03\xff\xff\xff"[..]);
        assert!(next_event(&mut wrong, 1 << 20).is_err());
        let event = WatchEvent::default();
        assert!(matches!(event.object::<Pod>(), Err(Unreadable::NoMagic)));
    }
}
