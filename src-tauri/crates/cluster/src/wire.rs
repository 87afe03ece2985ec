//! One request, one answer. Nothing is retried here, and no text of an answer is ever logged: that is
//! why kube's own `request` is not used, which writes what it cannot parse to the log, Secrets too.

use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use engine::ports::ClusterFailure;
use http::{HeaderMap, Method, Request, StatusCode, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use kube::Client;
use kube::client::Body;
use serde_json::Value;

use crate::printable::scrub;

/// A request.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    pub method: Method,
    /// Path and query.
    pub uri: String,
    pub content_type: Option<&'static str>,
    pub body: Option<Vec<u8>>,
    pub timeout: Duration,
    /// Bytes of the answer.
    pub most: usize,
}

/// What the server answered.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub status: StatusCode,
    /// The server's clock.
    pub date: Option<DateTime<Utc>>,
    pub retry_after: Option<Duration>,
    pub body: Bytes,
}

/// No answer.
#[derive(Clone, Debug)]
pub(crate) enum NoAnswer {
    /// The request cannot have reached the server: no connection came about.
    NotSent(ClusterFailure),
    /// It may have been carried out or may yet be.
    Lost(String),
}

impl Answer {
    /// The body as JSON.
    pub fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }

    /// The body as a `Status` of the API server. A proxy's error page has none.
    pub fn api_status(&self) -> Option<Value> {
        self.json().filter(|body| body["kind"] == "Status")
    }

    /// What the server says about it, printable.
    pub fn message(&self) -> String {
        let status = self.api_status();
        let message = status
            .as_ref()
            .and_then(|s| s["message"].as_str())
            .unwrap_or_default();
        match (message, self.status.canonical_reason()) {
            ("", reason) => reason.unwrap_or("no reason given").to_owned(),
            (message, _) => scrub(message),
        }
    }
}

/// Sends a request once.
pub(crate) async fn exchange(client: &Client, ask: &Ask) -> Result<Answer, NoAnswer> {
    let request = request(ask)?;
    match tokio::time::timeout(ask.timeout, converse(client, request, ask.most)).await {
        Ok(answer) => answer,
        Err(_) => Err(NoAnswer::Lost(format!(
            "no answer within {} s",
            ask.timeout.as_secs_f32()
        ))),
    }
}

fn request(ask: &Ask) -> Result<Request<Body>, NoAnswer> {
    let mut builder = Request::builder()
        .method(ask.method.clone())
        .uri(&ask.uri)
        .header(header::ACCEPT, "application/json")
        .header(
            header::USER_AGENT,
            concat!("pilothouse/", env!("CARGO_PKG_VERSION")),
        );
    if let Some(kind) = ask.content_type {
        builder = builder.header(header::CONTENT_TYPE, kind);
    }
    builder
        .body(Body::from(ask.body.clone().unwrap_or_default()))
        .map_err(|error| NoAnswer::NotSent(ClusterFailure::Unreadable(scrub(&error.to_string()))))
}

async fn converse(
    client: &Client,
    request: Request<Body>,
    most: usize,
) -> Result<Answer, NoAnswer> {
    let response = client.send(request).await.map_err(no_answer)?;
    let status = response.status();
    let date = date(response.headers());
    let retry_after = retry_after(response.headers());
    let body = Limited::new(response.into_body(), most)
        .collect()
        .await
        .map_err(|error| {
            // The server has answered, so it has decided; only we do not know what.
            let why = if error.downcast_ref::<LengthLimitError>().is_some() {
                "the answer is too long"
            } else {
                "the answer broke off"
            };
            NoAnswer::Lost(why.to_owned())
        })?;
    Ok(Answer {
        status,
        date,
        retry_after,
        body: body.to_bytes(),
    })
}

fn date(headers: &HeaderMap) -> Option<DateTime<Utc>> {
    let text = headers.get(header::DATE)?.to_str().ok()?;
    DateTime::parse_from_rfc2822(text)
        .ok()
        .map(|date| date.to_utc())
}

fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers
        .get(header::RETRY_AFTER)?
        .to_str()
        .ok()?
        .trim()
        .parse()
        .ok()?;
    Some(Duration::from_secs(seconds))
}

/// Tells apart what cannot have been sent from what may have been.
pub(crate) fn no_answer(error: kube::Error) -> NoAnswer {
    let kube::Error::Service(inner) = &error else {
        return NoAnswer::Lost(cause(&error));
    };
    let connecting = inner
        .downcast_ref::<hyper_util::client::legacy::Error>()
        .is_some_and(|e| e.is_connect());
    if !connecting {
        return NoAnswer::Lost(cause(inner.as_ref()));
    }
    let source = inner.as_ref() as &(dyn std::error::Error + 'static);
    NoAnswer::NotSent(match tls(source) {
        Some(
            error @ (rustls::Error::InvalidCertificate(_) | rustls::Error::NoCertificatesPresented),
        ) => ClusterFailure::Untrusted(scrub(&error.to_string())),
        _ => ClusterFailure::Unreachable(cause(source)),
    })
}

/// The TLS error among the sources of an error.
fn tls<'a>(error: &'a (dyn std::error::Error + 'static)) -> Option<&'a rustls::Error> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<rustls::Error>() {
            return Some(found);
        }
        // An io::Error hides the error that it was made of from `source`.
        next = match error
            .downcast_ref::<std::io::Error>()
            .and_then(std::io::Error::get_ref)
        {
            Some(inner) => Some(inner as &(dyn std::error::Error + 'static)),
            None => error.source(),
        };
    }
    None
}

/// The innermost cause: outer ones only say that a request failed, and may carry the URL.
fn cause(error: &(dyn std::error::Error + 'static)) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    scrub(&error.to_string())
}
