//! An admission webhook: asked by the API server about every write in one namespace.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::{Hook, tls};

/// What the webhook says.
#[derive(Clone)]
pub enum Judgement {
    /// Yes.
    Allows,
    /// No, with these words; to a dry run it says yes.
    Refuses(&'static str),
    /// No, with these words, to a dry run as well.
    RefusesAlways(&'static str),
    /// Yes, with a JSON Patch of its own; a dry run does not get it, which no good webhook does.
    Patches(Value),
    /// Nothing for so long, then yes.
    Hesitates(Duration),
    /// Yes, after the story has done something; to a dry run at once.
    After(Hook),
}

struct Shared {
    judgement: Mutex<Judgement>,
    asked: Mutex<Vec<Value>>,
}

/// A running webhook. It ends when it is dropped.
pub struct Webhook {
    address: SocketAddr,
    ca_pem: String,
    shared: Arc<Shared>,
    _end: DropGuard,
}

impl Webhook {
    /// Listens where a cluster can reach it.
    pub async fn listen(host: IpAddr) -> Webhook {
        let listener = TcpListener::bind((host, 0)).await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let (ca_pem, acceptor) = tls::server("webhook", host);
        let shared = Arc::new(Shared {
            judgement: Mutex::new(Judgement::Allows),
            asked: Mutex::default(),
        });
        let end = CancellationToken::new();
        let accepting = accept(listener, acceptor, shared.clone());
        tokio::spawn(end.clone().run_until_cancelled_owned(accepting));
        Webhook {
            address,
            ca_pem,
            shared,
            _end: end.drop_guard(),
        }
    }

    /// What it says from now on.
    pub fn says(&self, judgement: Judgement) {
        *lock(&self.shared.judgement) = judgement;
    }

    /// The `request` of every review it was asked for.
    pub fn asked(&self) -> Vec<Value> {
        lock(&self.shared.asked).clone()
    }

    /// The configuration that makes the API server ask it about Deployments of a namespace. `policy`
    /// is `Fail` or `Ignore`.
    pub fn configuration(
        &self,
        kind: &str,
        name: &str,
        namespace: &str,
        policy: &str,
        timeout_s: u32,
    ) -> Value {
        json!({
            "apiVersion": "admissionregistration.k8s.io/v1",
            "kind": kind,
            "metadata": { "name": name },
            "webhooks": [{
                "name": "judge.pilothouse.example",
                "admissionReviewVersions": ["v1"],
                "sideEffects": "None",
                "failurePolicy": policy,
                "timeoutSeconds": timeout_s,
                "clientConfig": {
                    "url": format!("https://{}/review", self.address),
                    "caBundle": STANDARD.encode(&self.ca_pem),
                },
                "namespaceSelector": { "matchLabels": { "kubernetes.io/metadata.name": namespace } },
                "rules": [{
                    "operations": ["CREATE", "UPDATE"],
                    "apiGroups": ["apps"],
                    "apiVersions": ["v1"],
                    "resources": ["deployments"],
                    "scope": "Namespaced",
                }],
            }],
        })
    }
}

async fn accept(listener: TcpListener, acceptor: TlsAcceptor, shared: Arc<Shared>) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(serve(stream, acceptor.clone(), shared.clone()));
    }
}

async fn serve(stream: TcpStream, acceptor: TlsAcceptor, shared: Arc<Shared>) {
    let Ok(stream) = acceptor.accept(stream).await else {
        return;
    };
    let service = service_fn(move |request| review(request, shared.clone()));
    // The API server may give up on us; that is the story's business.
    let _ = http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

async fn review(
    request: Request<Incoming>,
    shared: Arc<Shared>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let body = request.into_body().collect().await;
    let body = body.map(|body| body.to_bytes()).unwrap_or_default();
    let review: Value = serde_json::from_slice(&body).unwrap_or_default();
    let asked = review["request"].clone();
    let dry_run = asked["dryRun"] == true;
    let judgement = lock(&shared.judgement).clone();
    lock(&shared.asked).push(asked.clone());
    let mut said = json!({ "uid": asked["uid"], "allowed": true });
    match judgement {
        Judgement::Hesitates(time) => tokio::time::sleep(time).await,
        Judgement::After(hook) if !dry_run => hook().await,
        Judgement::Refuses(words) if !dry_run => {
            said["allowed"] = json!(false);
            said["status"] = json!({ "code": 403, "message": words });
        }
        Judgement::RefusesAlways(words) => {
            said["allowed"] = json!(false);
            said["status"] = json!({ "code": 403, "message": words });
        }
        Judgement::Patches(patch) if !dry_run => {
            said["patchType"] = json!("JSONPatch");
            said["patch"] = json!(STANDARD.encode(patch.to_string()));
        }
        _ => {}
    }
    let answer = json!({
        "apiVersion": "admission.k8s.io/v1",
        "kind": "AdmissionReview",
        "response": said,
    });
    Ok(Response::new(Full::new(Bytes::from(answer.to_string()))))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
