//! One connection through the proxy, request by request.

use std::convert::Infallible;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderName, Method, Request, Response, header};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use kube::client::Body;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use super::proxy::{Fate, Shared};

type Answer = Response<UnsyncBoxBody<Bytes, Broken>>;

/// The end of a connection without an answer.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("broken on purpose")]
pub(super) struct Broken;

const HOP_BY_HOP: [HeaderName; 4] = [
    header::CONNECTION,
    header::TRANSFER_ENCODING,
    header::HOST,
    header::CONTENT_LENGTH,
];

pub(super) async fn accept(listener: TcpListener, acceptor: TlsAcceptor, shared: Arc<Shared>) {
    while let Ok((stream, _)) = listener.accept().await {
        // A connection that ends here ends with a reset: what was not read is lost for good.
        let _ = stream.set_zero_linger();
        let (acceptor, shared) = (acceptor.clone(), shared.clone());
        let connections = shared.connections();
        tokio::spawn(connections.run_until_cancelled_owned(serve(stream, acceptor, shared)));
    }
}

async fn serve(stream: TcpStream, acceptor: TlsAcceptor, shared: Arc<Shared>) {
    let Ok(stream) = acceptor.accept(stream).await else {
        return;
    };
    let service = service_fn(move |request| relay(request, shared.clone()));
    // An error is a connection that was broken on purpose, or by the other side.
    let _ = http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

async fn relay(request: Request<Incoming>, shared: Arc<Shared>) -> Result<Answer, Broken> {
    let (number, trap) = shared.decide(request.method(), request.uri());
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map_err(|_| Broken)?.to_bytes();
    let write = parts.method != Method::GET;
    let (before, fate, after) = trap.map_or((None, Fate::Passes, None), |trap| trap.parts());
    let asking = async move {
        if let Some(hook) = before {
            hook().await;
        }
        match &fate {
            Fate::Lost => return Err(Broken),
            Fate::Answered(status, body) => {
                let body = Full::new(Bytes::from(body.clone()))
                    .map_err(never)
                    .boxed_unsync();
                let mut answer = Response::new(body);
                *answer.status_mut() = *status;
                return Ok(answer);
            }
            Fate::HeldBack(time) => tokio::time::sleep(*time).await,
            Fate::Passes | Fate::AnswerLost | Fate::AnswerLate(_) => {}
        }
        let answer = forward(parts, body, &shared, number).await?;
        if let Some(hook) = after {
            hook().await;
        }
        match fate {
            Fate::AnswerLost => Err(Broken),
            Fate::AnswerLate(time) => {
                tokio::time::sleep(time).await;
                Ok(answer)
            }
            _ => Ok(answer),
        }
    };
    if write {
        // Goes on although the asker has gone: a network does not take a request back.
        tokio::spawn(asking).await.map_err(|_| Broken)?
    } else {
        asking.await
    }
}

async fn forward(
    mut parts: http::request::Parts,
    body: Bytes,
    shared: &Arc<Shared>,
    number: usize,
) -> Result<Answer, Broken> {
    for name in &HOP_BY_HOP {
        parts.headers.remove(name);
    }
    let request = Request::from_parts(parts, Body::from(body.to_vec()));
    let answer = shared.upstream().send(request).await.map_err(|_| Broken)?;
    let (mut parts, body) = answer.into_parts();
    shared.note(number, |passed| passed.status = Some(parts.status));
    for name in &HOP_BY_HOP {
        parts.headers.remove(name);
    }
    let gone = {
        let shared = shared.clone();
        move |bytes: &Bytes| {
            let said = memchr::memmem::find_iter(bytes, b"\"code\":410").count();
            shared.note(number, |passed| {
                passed.gone += u32::try_from(said).unwrap_or(u32::MAX);
                passed.last_byte = Some(chrono::Utc::now());
            });
        }
    };
    let body = body
        .map_frame(move |frame| {
            if let Some(bytes) = frame.data_ref() {
                gone(bytes);
            }
            frame
        })
        .map_err(|_| Broken);
    Ok(Response::from_parts(parts, UnsyncBoxBody::new(body)))
}

fn never(infallible: Infallible) -> Broken {
    match infallible {}
}
