use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use http::Response;
use prost::Message;

use super::super::protobuf::{Pod as PodMessage, framed};
use super::*;

/// Answers in order; what was asked is kept.
#[derive(Clone, Default)]
struct Server {
    answers: Arc<Mutex<VecDeque<Response<Body>>>>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Server {
    fn with(answers: impl IntoIterator<Item = Response<Body>>) -> Server {
        let server = Server::default();
        server.answers.lock().unwrap().extend(answers);
        server
    }

    fn client(&self) -> Client {
        let server = self.clone();
        let service = tower::service_fn(move |request: Request<Body>| {
            let asked = format!("{}", request.uri());
            server.asked.lock().unwrap().push(asked);
            let next = server.answers.lock().unwrap().pop_front();
            let gone = || answer(500, "text/plain", Vec::new());
            async move { Ok::<_, Infallible>(next.unwrap_or_else(gone)) }
        });
        Client::new(service, "default")
    }
}

fn answer(status: u16, kind: &str, body: Vec<u8>) -> Response<Body> {
    Response::builder()
        .status(status)
        .header(header::CONTENT_TYPE, kind)
        .body(Body::from(body))
        .unwrap()
}

fn stream(events: &[(&str, PodMessage)]) -> Response<Body> {
    let body = events.iter().flat_map(|(kind, pod)| framed(kind, pod));
    answer(200, PROTOBUF, body.collect())
}

fn pod(name: &str, version: &str) -> PodMessage {
    let metadata = Metadata {
        name: name.to_owned(),
        uid: format!("uid-{name}"),
        resource_version: version.to_owned(),
        ..Metadata::default()
    };
    PodMessage {
        metadata: Some(metadata),
        ..PodMessage::default()
    }
}

fn all_sent(version: &str) -> PodMessage {
    let mut pod = pod("", version);
    let annotations = &mut pod.metadata.as_mut().unwrap().annotations;
    annotations.insert(ALL_SENT.to_owned(), "true".to_owned());
    pod
}

fn slot() -> Slot {
    let mut slots = Slot::of_namespace("fission").into_iter();
    slots.find(Slot::is_pods).unwrap()
}

async fn followed(server: &Server) -> (End, Shared) {
    let slot = slot();
    let shared = Shared::new(Vec::new(), std::slice::from_ref(&slot));
    let end = follow(&server.client(), &Limits::default(), &shared, &slot).await;
    (end, shared)
}

fn names(shared: &Shared) -> Option<Vec<String>> {
    let store = shared.store();
    let objects = store.streams[&slot().key()].objects.as_ref()?;
    let mut names: Vec<_> = objects.keys().cloned().collect();
    names.sort();
    Some(names)
}

#[tokio::test]
async fn what_was_there_comes_first_and_the_next_watch_goes_on_where_the_last_one_ended() {
    let server = Server::with([
        stream(&[
            ("ADDED", pod("a", "3")),
            ("ADDED", pod("b", "4")),
            ("BOOKMARK", all_sent("7")),
            ("ADDED", pod("c", "8")),
        ]),
        stream(&[("DELETED", pod("a", "9")), ("BOOKMARK", pod("", "12"))]),
        answer(200, PROTOBUF, framed("ERROR", &Status { code: 410 })),
    ]);
    let (end, shared) = followed(&server).await;
    assert!(matches!(
        end,
        End::Broken {
            listed: true,
            unauthorized: false
        }
    ));
    assert_eq!(names(&shared).unwrap(), ["b", "c"]);
    let asked = server.asked.lock().unwrap().clone();
    assert!(asked[0].contains("sendInitialEvents=true"), "{asked:?}");
    assert!(asked[1].ends_with("resourceVersion=8"), "{asked:?}");
    assert!(asked[2].ends_with("resourceVersion=12"), "{asked:?}");
    assert_eq!(asked.len(), 3);
}

#[tokio::test]
async fn a_listing_that_broke_off_is_never_complete() {
    let half = stream(&[("ADDED", pod("a", "3"))]);
    let (mut head, body) = half.into_parts();
    let mut bytes = body.collect().await.unwrap().to_bytes().to_vec();
    bytes.extend(framed("ERROR", &Status { code: 500 }));
    head.headers.remove(header::CONTENT_LENGTH);
    let server = Server::with([Response::from_parts(head, Body::from(bytes))]);
    let (end, shared) = followed(&server).await;
    assert!(matches!(end, End::Broken { listed: false, .. }));
    assert_eq!(names(&shared), None);
}

#[tokio::test]
async fn where_it_is_not_served_nothing_is_complete_and_it_is_said() {
    let json = br#"{"type":"ADDED","object":{}}"#.to_vec();
    for other in [
        answer(200, "application/json", json),
        answer(406, "application/json", Vec::new()),
        answer(422, "application/json", Vec::new()),
        // So old that it sends what is there and never says that this was all.
        stream(&[("ADDED", pod("a", "3"))]),
    ] {
        let (end, shared) = followed(&Server::with([other])).await;
        assert!(matches!(end, End::NotServed));
        assert_eq!(names(&shared), None);
    }
}

#[tokio::test]
async fn a_refused_credential_and_rubbish_end_it() {
    let refused = answer(401, "application/json", Vec::new());
    let (end, _) = followed(&Server::with([refused])).await;
    assert!(matches!(
        end,
        End::Broken {
            unauthorized: true,
            ..
        }
    ));
    let rubbish = answer(200, PROTOBUF, vec![0xff; 64]);
    let (end, shared) = followed(&Server::with([rubbish])).await;
    assert!(matches!(end, End::Broken { listed: false, .. }));
    assert_eq!(names(&shared), None);
    let nameless = PodMessage::default().encode_to_vec();
    assert!(nameless.is_empty());
    let nobody = stream(&[("ADDED", PodMessage::default())]);
    let (end, _) = followed(&Server::with([nobody])).await;
    assert!(matches!(end, End::Broken { listed: false, .. }));
}
