//! Probes against servers that are really there: right, wrong, silent, endless and hostile ones.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use domain::{FactValue, HttpProbe, ProbeTrouble, ProbeVerdict};
use engine::ports::Probe;
use signals::{HttpProbes, Limits};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const BOUND: Duration = Duration::from_secs(2);

fn probes() -> HttpProbes {
    HttpProbes::new(Limits {
        time: BOUND,
        ..Limits::default()
    })
}

fn probe(url: String, contains: Option<&str>) -> HttpProbe {
    HttpProbe {
        url,
        status: 200,
        contains: contains.map(str::to_owned),
    }
}

/// A server that does the same with every connection, once it has read the request.
struct Server {
    port: u16,
    requests: Arc<AtomicU32>,
}

impl Server {
    async fn start<F, R>(answer: F) -> Server
    where
        F: Fn(String, TcpStream) -> R + Send + Sync + 'static,
        R: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let requests = Arc::new(AtomicU32::new(0));
        let (counted, answer) = (Arc::clone(&requests), Arc::new(answer));
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let (counted, answer) = (Arc::clone(&counted), Arc::clone(&answer));
                tokio::spawn(async move {
                    let mut request = Vec::new();
                    while !request.ends_with(b"\r\n\r\n") {
                        let mut byte = [0];
                        match stream.read(&mut byte).await {
                            Ok(1) => request.push(byte[0]),
                            _ => return,
                        }
                    }
                    counted.fetch_add(1, Ordering::SeqCst);
                    answer(String::from_utf8(request).unwrap(), stream).await;
                });
            }
        });
        Server { port, requests }
    }

    /// One that answers with these bytes and closes.
    async fn saying(answer: impl Into<Vec<u8>>) -> Server {
        let answer = Arc::new(answer.into());
        Server::start(move |_, mut stream| {
            let answer = Arc::clone(&answer);
            async move {
                let _ = stream.write_all(&answer).await;
                let _ = stream.shutdown().await;
            }
        })
        .await
    }

    fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    fn requests(&self) -> u32 {
        self.requests.load(Ordering::SeqCst)
    }
}

fn body(status: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status}\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}

async fn trouble(probe: &HttpProbe) -> (ProbeTrouble, String) {
    let value = probes().http(probe).await;
    assert_eq!(probe.judge(&value), ProbeVerdict::NotReachable);
    match value {
        FactValue::HttpSilence { trouble, said } => (trouble, said),
        FactValue::HttpAnswer { .. } | FactValue::RollbackProof(_) => panic!("{value:?}"),
    }
}

#[tokio::test]
async fn the_right_answer_holds_and_any_other_does_not() {
    let server = Server::saying(body("200 OK", "all is  well\n")).await;
    for (text, status, expected) in [
        (None, 200, ProbeVerdict::Held),
        (Some("is  well"), 200, ProbeVerdict::Held),
        (Some("is ill"), 200, ProbeVerdict::NotHeld),
        (None, 204, ProbeVerdict::NotHeld),
    ] {
        let mut probe = probe(server.url("/healthz?deep=1"), text);
        probe.status = status;
        let value = probes().http(&probe).await;
        assert_eq!(
            probe.judge(&value),
            expected,
            "{text:?} {status}: {value:?}"
        );
        let FactValue::HttpAnswer {
            status, text, more, ..
        } = value
        else {
            panic!("{value:?}");
        };
        assert_eq!((status, text.as_str(), more), (200, "all is well", false));
    }
    assert_eq!(server.requests(), 4);
}

#[tokio::test]
async fn a_request_carries_nothing_that_says_who_asks() {
    let (sender, mut heard) = tokio::sync::mpsc::unbounded_channel();
    let server = Server::start(move |request, mut stream| {
        sender.send(request).unwrap();
        async move {
            let answer = "HTTP/1.1 200 OK\r\nset-cookie: a=b\r\ncontent-length: 0\r\n\r\n";
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    })
    .await;
    let probe = probe(server.url("/x"), None);
    let probes = probes();
    for _ in 0..2 {
        assert_eq!(probe.judge(&probes.http(&probe).await), ProbeVerdict::Held);
        let request = heard.recv().await.unwrap().to_ascii_lowercase();
        assert!(request.starts_with("get /x http/1.1\r\n"), "{request}");
        for header in ["authorization", "cookie", "proxy", "referer"] {
            assert!(!request.contains(header), "{request}");
        }
    }
}

#[tokio::test]
async fn a_redirect_is_the_answer_and_is_not_followed() {
    let elsewhere = Server::saying(body("200 OK", "fine")).await;
    let answer = format!(
        "HTTP/1.1 302 Found\r\nlocation: {}\r\ncontent-length: 0\r\n\r\n",
        elsewhere.url("/")
    );
    let server = Server::saying(answer).await;
    let probe = probe(server.url("/"), None);
    let value = probes().http(&probe).await;
    assert_eq!(probe.judge(&value), ProbeVerdict::NotHeld);
    assert!(
        matches!(value, FactValue::HttpAnswer { status: 302, .. }),
        "{value:?}"
    );
    assert_eq!(elsewhere.requests(), 0);
}

#[tokio::test]
async fn who_never_answers_is_late_and_nobody_waits_longer_than_the_bound() {
    let hanging = Server::start(|_, stream| async move {
        std::future::pending::<()>().await;
        drop(stream);
    })
    .await;
    // The head comes, the text that was asked for does not.
    let stuck = Server::start(|_, mut stream| async move {
        let head = b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf";
        stream.write_all(head).await.unwrap();
        std::future::pending::<()>().await;
        drop(stream);
    })
    .await;
    for server in [hanging, stuck] {
        let began = Instant::now();
        let (trouble, _) = trouble(&probe(server.url("/"), Some("whole"))).await;
        assert_eq!(trouble, ProbeTrouble::Late);
        let took = began.elapsed();
        assert!(took >= BOUND && took < BOUND * 3, "{took:?}");
    }
}

#[tokio::test]
async fn an_endless_body_is_read_up_to_a_bound() {
    let endless = Server::start(|_, mut stream| async move {
        let head = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
        stream.write_all(head).await.unwrap();
        let chunk = [b"1000\r\n".to_vec(), vec![b'a'; 4096], b"\r\n".to_vec()].concat();
        while stream.write_all(&chunk).await.is_ok() {}
    })
    .await;
    let without = probe(endless.url("/"), None);
    assert_eq!(
        without.judge(&probes().http(&without).await),
        ProbeVerdict::Held
    );
    let value = probes()
        .http(&probe(endless.url("/"), Some("never there")))
        .await;
    let FactValue::HttpAnswer {
        contains,
        text,
        more,
        ..
    } = value
    else {
        panic!("{value:?}");
    };
    assert_eq!((contains, more), (Some(false), true));
    assert_eq!(text, "a".repeat(Limits::default().kept));
}

#[tokio::test]
async fn an_oversized_answer_holds_only_if_its_text_comes_within_the_bound() {
    let bound = Limits::default().body;
    for (before, expected) in [
        (bound - 10, ProbeVerdict::Held),
        (bound, ProbeVerdict::NotHeld),
    ] {
        let text = format!("{}fine{}", "x".repeat(before), "y".repeat(bound));
        let server = Server::saying(body("200 OK", &text)).await;
        let probe = probe(server.url("/"), Some("fine"));
        assert_eq!(
            probe.judge(&probes().http(&probe).await),
            expected,
            "{before}"
        );
    }
}

#[tokio::test]
async fn what_comes_is_kept_as_one_line_without_what_cannot_be_shown() {
    let hostile = "<script>\u{1b}[31m\r\n\u{0}alert(1)</script>\u{fffd}";
    let server = Server::saying(body("200 OK", hostile)).await;
    let value = probes().http(&probe(server.url("/"), None)).await;
    let FactValue::HttpAnswer { text, .. } = value else {
        panic!("{value:?}");
    };
    assert!(
        text.starts_with("<script>[31m alert(1)</script>"),
        "{text:?}"
    );
    assert!(!text.chars().any(char::is_control), "{text:?}");
}

#[tokio::test]
async fn nobody_there_nonsense_and_a_broken_answer_are_told_apart_from_a_bad_one() {
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = closed.local_addr().unwrap().port();
    drop(closed);
    let nobody = trouble(&probe(format!("http://127.0.0.1:{port}/"), None)).await;
    assert_eq!(nobody.0, ProbeTrouble::NoConnection, "{}", nobody.1);
    assert!(!nobody.1.is_empty());

    let no_http = Server::saying("SSH-2.0-OpenSSH_9.9\r\n").await;
    let nonsense = trouble(&probe(no_http.url("/"), None)).await;
    assert_eq!(nonsense.0, ProbeTrouble::Broken, "{}", nonsense.1);

    let cut = Server::saying("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf").await;
    let broken = trouble(&probe(cut.url("/"), Some("whole"))).await;
    assert_eq!(broken.0, ProbeTrouble::Broken, "{}", broken.1);
}

#[tokio::test]
async fn a_certificate_that_the_system_does_not_know_is_not_trusted() {
    let issued = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
    let key = tokio_rustls::rustls::pki_types::PrivateKeyDer::Pkcs8(
        issued.signing_key.serialize_der().into(),
    );
    let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
    let config = tokio_rustls::rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![issued.cert.der().clone()], key)
        .unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let _ = acceptor.accept(stream).await;
        }
    });
    let (trouble, said) = trouble(&probe(format!("https://127.0.0.1:{port}/"), None)).await;
    assert_eq!(trouble, ProbeTrouble::NotTrusted, "{said}");
}
