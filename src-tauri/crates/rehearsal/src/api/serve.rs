//! One HTTP request: authentication, faults, authorization, the answer, the record of it.

use super::read::{Query, is_set, parameter};
use super::route::{self, Route, Target};
use super::verbs::{Answer, Call};
use super::{access, discovery, form, openapi};
use crate::faults::Mishap;
use crate::holds::{Moment, Then};
use crate::plane::Plane;
use crate::spec::{RequestRecord, User};
use crate::status::ApiError;
use axum::body::{Body, HttpBody};
use bytes::Bytes;
use futures::future::BoxFuture;
use http::header::{ACCEPT, CONTENT_TYPE, RETRY_AFTER, USER_AGENT, WARNING};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use std::sync::Arc;
use std::task::{Context, Poll};

/// Bodies above this are refused, as etcd's own limit would have it (about 1.5 MiB; some slack).
const LARGEST_BODY: usize = 3 * 1024 * 1024;

/// Returned instead of a response to make the server close the connection.
#[derive(Debug, thiserror::Error)]
#[error("the answer is lost on purpose")]
pub(crate) struct AnswerLost;

/// The API as a tower service, one per connection.
#[derive(Clone)]
pub(crate) struct Api(pub Arc<Plane>);

impl<B> tower::Service<Request<B>> for Api
where
    B: HttpBody<Data = Bytes> + Send + 'static,
    B::Error: Into<axum::BoxError>,
{
    type Response = Response<Body>;
    type Error = AnswerLost;
    type Future = BoxFuture<'static, Result<Response<Body>, AnswerLost>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), AnswerLost>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let plane = self.0.clone();
        Box::pin(async move { answer(plane, request.map(Body::new)).await })
    }
}

/// A request that has been received as a whole.
struct Received {
    parts: Parts,
    route: Route,
    query: Query,
    verb: &'static str,
    body: Result<Bytes, axum::Error>,
}

async fn answer(plane: Arc<Plane>, request: Request<Body>) -> Result<Response<Body>, AnswerLost> {
    let (parts, body) = request.into_parts();
    let query = parse_query(parts.uri.query().unwrap_or_default());
    let route = route::parse(parts.uri.path());
    let verb = match &route {
        Route::Resource(target) => route::verb(&parts.method, target, is_set(&query, "watch")),
        _ => http_verb(&parts.method),
    };
    let body = axum::body::to_bytes(body, LARGEST_BODY).await;
    let resource = match &route {
        Route::Resource(target) if parameter(&query, "dryRun").is_empty() => target.plural.clone(),
        _ => String::new(),
    };
    let received = Received {
        parts,
        route,
        query,
        verb,
        body,
    };
    if !plane.holds.has(verb, &resource) {
        return carry_out(&plane, received);
    }
    // A task of its own: the caller may be gone by then, which would end this one.
    let held = tokio::spawn(async move {
        let wait = async |moment| match plane.holds.take(verb, &resource, moment) {
            Some(hold) => hold.wait().await,
            None => Then::GoesOn,
        };
        let then = wait(Moment::Received).await;
        let answer = carry_out(&plane, received);
        let done = matches!(&answer, Ok(answer) if answer.status().is_success());
        let lost = done && wait(Moment::CarriedOut).await == Then::AnswerLost;
        if lost || then == Then::AnswerLost {
            return Err(AnswerLost);
        }
        answer
    });
    held.await.unwrap_or(Err(AnswerLost))
}

fn carry_out(plane: &Arc<Plane>, received: Received) -> Result<Response<Body>, AnswerLost> {
    let Received {
        parts,
        route,
        query,
        verb,
        body,
    } = received;
    let path = parts.uri.path();
    let user = access::authenticate(&plane.users, &parts.headers);
    let sent = match &body {
        Ok(body) if plane.keep_bodies => body.clone(),
        _ => Bytes::new(),
    };
    let mut lost = false;
    let outcome = match (user, body) {
        (None, _) => Err(ApiError::unauthorized()),
        (_, Err(_)) => Err(ApiError::bad_request(
            "the request body is too large or broke off",
        )),
        (Some(user), Ok(body)) => match &route {
            Route::Resource(target) => match mishap(plane, verb, target) {
                Ok(is_lost) => {
                    lost = is_lost;
                    on_resource(plane, user, target, &query, verb, &parts.headers, body)
                }
                Err(error) => Err(error),
            },
            Route::GroupVersion { group, version } => {
                discovery::resource_list(plane.store().resources(), group, version)
                    .map(|list| Answer::json(StatusCode::OK, &list))
                    .ok_or_else(ApiError::no_such_path)
            }
            Route::Other => elsewhere(plane, path, &parts.headers),
        },
    };
    let response = respond(outcome);
    plane.requests().push(RequestRecord {
        verb: verb.to_owned(),
        path: path.to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        status: response.status().as_u16(),
        answered: !lost,
        user: user.map(|user| user.name.clone()).unwrap_or_default(),
        body: sent,
    });
    if lost { Err(AnswerLost) } else { Ok(response) }
}

fn parse_query(raw: &str) -> Query {
    raw.split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            (unescape(key), unescape(value))
        })
        .collect()
}

fn unescape(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let code = tail.get(..2).and_then(|hex| hex::decode(hex).ok());
        match (first, code) {
            (b'%', Some(code)) => {
                bytes.extend(code);
                rest = &tail[2..];
            }
            (b'+', _) => {
                bytes.push(b' ');
                rest = tail;
            }
            (other, _) => {
                bytes.push(*other);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn http_verb(method: &Method) -> &'static str {
    match *method {
        Method::GET => "get",
        Method::POST => "post",
        Method::HEAD => "head",
        _ => "other",
    }
}

/// `Ok(true)`: carry it out and lose the answer.
fn mishap(plane: &Plane, verb: &str, target: &Target) -> Result<bool, ApiError> {
    match plane.faults().strike(verb, &target.plural) {
        None => Ok(false),
        Some(Mishap::Lost) => Ok(true),
        Some(Mishap::TooMany(wait)) => Err(ApiError::too_many_requests(wait.as_secs())),
        Some(Mishap::Unavailable) => Err(ApiError::unavailable()),
        Some(Mishap::Conflict) => {
            match plane
                .store()
                .find(&target.group, &target.version, &target.plural)
            {
                Some(resource) => Err(ApiError::modified(&resource, &target.name)),
                None => Err(ApiError::no_such_path()),
            }
        }
    }
}

fn on_resource(
    plane: &Arc<Plane>,
    user: &User,
    target: &Target,
    query: &Query,
    verb: &str,
    headers: &HeaderMap,
    body: Bytes,
) -> Result<Answer, ApiError> {
    access::authorize(user, verb, target)?;
    let header = |name| {
        headers
            .get(name)
            .and_then(|v: &HeaderValue| v.to_str().ok())
            .unwrap_or_default()
    };
    let content_type = header(CONTENT_TYPE)
        .split(';')
        .next()
        .unwrap_or_default()
        .trim();
    Call {
        plane,
        user,
        target,
        query,
        verb,
        content_type,
        user_agent: header(USER_AGENT),
        // A log is plain text whatever the client prefers.
        form: if target.subresource == "log" {
            form::Form::Object
        } else {
            form::wanted(headers)?
        },
        body,
    }
    .carry_out()
}

fn elsewhere(plane: &Plane, path: &str, headers: &HeaderMap) -> Result<Answer, ApiError> {
    let accept = headers
        .get(ACCEPT)
        .and_then(|v| v.to_str().ok())
        .unwrap_or_default();
    let aggregated = accept.contains("g=apidiscovery.k8s.io") && accept.contains("v=v2;");
    let store = plane.store();
    let resources = store.resources();
    let body = match path.trim_end_matches('/') {
        "/version" => discovery::version(),
        "/api" | "/apis" if aggregated => {
            let mut answer = Answer::json(
                StatusCode::OK,
                &discovery::aggregated(resources, path.trim_end_matches('/') == "/api"),
            );
            answer.content_type =
                "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
            return Ok(answer);
        }
        "/api" => discovery::core_versions("127.0.0.1"),
        "/apis" => discovery::group_list(resources),
        "/openapi/v3" => openapi::index(resources),
        "/readyz" | "/livez" | "/healthz" => {
            return Ok(Answer {
                code: StatusCode::OK,
                content_type: "text/plain; charset=utf-8",
                body: Body::from("ok"),
                warnings: Vec::new(),
            });
        }
        other => match other.strip_prefix("/openapi/v3/") {
            Some(document) => {
                openapi::document(resources, document).ok_or_else(ApiError::no_such_path)?
            }
            None => match other.strip_prefix("/apis/").map(|group| {
                discovery::group_list(resources)["groups"]
                    .as_array()
                    .into_iter()
                    .flatten()
                    .find(|g| g["name"] == group)
                    .cloned()
            }) {
                Some(Some(mut group)) => {
                    group["kind"] = "APIGroup".into();
                    group["apiVersion"] = "v1".into();
                    group
                }
                _ => return Err(ApiError::no_such_path()),
            },
        },
    };
    Ok(Answer::json(StatusCode::OK, &body))
}

fn respond(outcome: Result<Answer, ApiError>) -> Response<Body> {
    let answer = outcome.unwrap_or_else(|error| {
        let mut answer = Answer::json(error.code, &error.body());
        if let Some(seconds) = error
            .details
            .as_ref()
            .and_then(|d| d["retryAfterSeconds"].as_u64())
        {
            answer.warnings.push(format!("retry-after:{seconds}"));
        }
        answer
    });
    let mut response = Response::new(answer.body);
    *response.status_mut() = answer.code;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(answer.content_type));
    headers.insert(
        "cache-control",
        HeaderValue::from_static("no-cache, private"),
    );
    for warning in answer.warnings {
        if let Some(seconds) = warning.strip_prefix("retry-after:") {
            if let Ok(value) = HeaderValue::from_str(seconds) {
                headers.insert(RETRY_AFTER, value);
            }
        } else if let Ok(value) = HeaderValue::from_str(&format!("299 - {warning:?}")) {
            headers.append(WARNING, value);
        }
    }
    response
}
