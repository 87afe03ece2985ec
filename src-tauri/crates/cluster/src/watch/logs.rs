//! Follows the logs of the newest pods of a workload, through restarts and replacements.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, SecondsFormat, Utc};
use domain::ObjectRef;
use engine::ports::{ClusterFailure, LogLine};
use futures::StreamExt;
use http::{Request, StatusCode};
use http_body_util::BodyExt;
use kube::client::Body;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::lines::Cutter;
use super::picture::loggable;
use super::queue::Queue;
use super::store::Shared;
use crate::connection::Connection;

/// Lines that a receiver takes at once; the rest waits in the queue, where the oldest are dropped.
const CHANNEL: usize = 16;

pub(super) fn begin(
    connection: Arc<Connection>,
    shared: Arc<Shared>,
    token: CancellationToken,
    workload: ObjectRef,
    tail: u32,
) -> mpsc::Receiver<LogLine> {
    let (sender, receiver) = mpsc::channel(CHANNEL);
    let queue = Arc::new(Queue::new(connection.limits.log_lines));
    let choose = choose(
        connection,
        shared,
        queue.clone(),
        token.clone(),
        workload,
        tail,
    );
    tokio::spawn(token.clone().run_until_cancelled_owned(choose));
    tokio::spawn(async move {
        let deliver = async { while sender.send(queue.pop().await).await.is_ok() {} };
        tokio::select! {
            () = deliver => {}
            () = sender.closed() => {}
            () = token.cancelled() => {}
        }
        token.cancel();
    });
    receiver
}

/// Keeps one task a pod, for the newest pods that there are.
async fn choose(
    connection: Arc<Connection>,
    shared: Arc<Shared>,
    queue: Arc<Queue>,
    token: CancellationToken,
    workload: ObjectRef,
    tail: u32,
) {
    let mut changes = shared.changes.subscribe();
    let mut followed: HashMap<String, CancellationToken> = HashMap::new();
    loop {
        changes.borrow_and_update();
        let mut wanted = loggable(&shared, &workload);
        wanted.truncate(connection.limits.log_pods);
        followed.retain(|pod, task| {
            let stays = wanted.iter().any(|(name, _)| name == pod);
            if !stays {
                task.cancel();
            }
            stays
        });
        for (pod, container) in wanted {
            if !followed.contains_key(&pod) {
                let task = token.child_token();
                followed.insert(pod.clone(), task.clone());
                let source = Source {
                    namespace: workload.namespace.clone(),
                    pod,
                    container,
                    tail,
                };
                tokio::spawn(task.run_until_cancelled_owned(follow(
                    connection.clone(),
                    queue.clone(),
                    source,
                )));
            }
        }
        tokio::time::sleep(connection.limits.picture).await;
        if changes.changed().await.is_err() {
            return;
        }
    }
}

struct Source {
    namespace: String,
    pod: String,
    container: String,
    tail: u32,
}

/// Follows one pod until it is cancelled. A log ends when its container does; the next one of the
/// same pod goes on after the last line seen.
async fn follow(connection: Arc<Connection>, queue: Arc<Queue>, source: Source) {
    let mut last: Option<DateTime<Utc>> = None;
    loop {
        if let Err(broken) = once(&connection, &queue, &source, &mut last).await {
            tracing::debug!(pod = source.pod, %broken, "a log cannot be followed yet");
        }
        tokio::time::sleep(connection.limits.log_pause).await;
    }
}

/// Why a log is not followed just now. The next try follows anyhow.
#[derive(Debug, thiserror::Error)]
enum Broken {
    #[error(transparent)]
    NoClient(#[from] ClusterFailure),
    #[error("no usable name")]
    Name,
    #[error("no answer")]
    Late,
    // What the library says of it may hold the URL.
    #[error("no connection")]
    NoConnection,
    #[error("answered {0}")]
    Status(StatusCode),
    #[error("broken off")]
    Midway,
}

async fn once(
    connection: &Connection,
    queue: &Queue,
    source: &Source,
    last: &mut Option<DateTime<Utc>>,
) -> Result<(), Broken> {
    let login = connection.client().await?;
    let from = match last {
        // Whole seconds only: lines of the same second come again and are skipped below.
        Some(last) => format!(
            "sinceTime={}",
            last.to_rfc3339_opts(SecondsFormat::Secs, true)
        ),
        None => format!("tailLines={}", source.tail),
    };
    let Source {
        namespace,
        pod,
        container,
        ..
    } = source;
    let uri = format!(
        "/api/v1/namespaces/{namespace}/pods/{pod}/log?container={container}&follow=true&timestamps=true&{from}"
    );
    let request = Request::get(uri)
        .body(Body::empty())
        .map_err(|_| Broken::Name)?;
    let sent = tokio::time::timeout(connection.limits.read, login.client.send(request));
    let response = sent
        .await
        .map_err(|_| Broken::Late)?
        .map_err(|_| Broken::NoConnection)?;
    if response.status() == StatusCode::UNAUTHORIZED {
        connection.refused(&login).await;
    }
    if !response.status().is_success() {
        return Err(Broken::Status(response.status()));
    }
    let mut cutter = Cutter::new(connection.limits.log_line_bytes);
    let mut bytes = response.into_body().into_data_stream();
    let after = *last;
    while let Some(part) = bytes.next().await {
        let part = part.map_err(|_| Broken::Midway)?;
        for (at, text) in cutter.feed(&part) {
            if at.is_some() && at <= after {
                continue;
            }
            *last = at.or(*last);
            queue.push(LogLine {
                at,
                pod: pod.clone(),
                text,
                lost: 0,
            });
        }
    }
    Ok(())
}
