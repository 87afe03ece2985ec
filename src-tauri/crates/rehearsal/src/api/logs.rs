//! Container logs: lines made from the seed, one after another as time passes.

use super::read::{Query, is_set, parameter};
use crate::plane::Plane;
use crate::resource::Resource;
use crate::status::ApiError;
use crate::tree::{self, items, name, number, text};
use axum::body::Body;
use bytes::Bytes;
use chrono::{DateTime, Duration, SecondsFormat, Utc};
use futures::stream;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::io;
use std::sync::Arc;

/// One line's period.
const EVERY_MS: i64 = 700;
/// Lines of start-up, which come at once.
const STARTING: i64 = 3;
/// One line's period among those that the cluster was told to say.
const TOLD_MS: i64 = 20;
/// A container keeps this many lines; older ones are rotated away.
const KEPT: i64 = 5000;

struct Source {
    seed: u64,
    pod: String,
    image: String,
    started: DateTime<Utc>,
    ended: Option<DateTime<Utc>>,
    crashed: bool,
    says: Arc<[String]>,
}

/// Answers `GET …/pods/{name}/log`.
pub(crate) fn answer(
    plane: &Arc<Plane>,
    resource: &Resource,
    pod: &Value,
    query: &Query,
) -> Result<Body, ApiError> {
    let containers = items(pod, "/spec/containers");
    let wanted = match parameter(query, "container") {
        "" if containers.len() == 1 => text(&containers[0], "/name"),
        "" => {
            let names: Vec<&str> = containers.iter().map(|c| text(c, "/name")).collect();
            return Err(ApiError::bad_request(format!(
                "a container name must be specified for pod {}, choose one of: [{}]",
                name(pod),
                names.join(" ")
            )));
        }
        given => given,
    };
    let Some(container) = containers.iter().find(|c| text(c, "/name") == wanted) else {
        return Err(ApiError::bad_request(format!(
            "container {wanted} is not valid for pod {}",
            name(pod)
        )));
    };
    let source = source(plane, pod, container, is_set(query, "previous"))?;
    let timestamps = is_set(query, "timestamps");
    let now = Utc::now();
    let available = source.count(now);
    let mut first = (available - KEPT).max(0);
    if let Ok(tail) = parameter(query, "tailLines").parse::<i64>() {
        first = first.max(available - tail.max(0));
    }
    if let Ok(seconds) = parameter(query, "sinceSeconds").parse::<i64>() {
        first = first.max(source.count(now - Duration::seconds(seconds)));
    }
    if let Ok(since) = DateTime::parse_from_rfc3339(parameter(query, "sinceTime")) {
        first = first.max(source.count(since.with_timezone(&Utc)));
    }
    let mut text: String = (first..available)
        .map(|at| source.line(at, timestamps))
        .collect();
    if let Ok(limit) = parameter(query, "limitBytes").parse::<usize>() {
        text.truncate(limit);
    }
    if !is_set(query, "follow") || source.ended.is_some() {
        return Ok(Body::from(text));
    }
    let follow = Follow {
        plane: plane.clone(),
        storage: resource.storage(),
        namespace: tree::namespace(pod).to_owned(),
        pod: name(pod).to_owned(),
        container: text_of(container),
        uid: tree::uid(pod).to_owned(),
        source,
        next: available,
        timestamps,
        first: Some(text),
    };
    Ok(Body::from_stream(stream::unfold(
        follow,
        |mut follow| async move {
            follow
                .chunk()
                .await
                .map(|chunk| (Ok::<_, io::Error>(chunk), follow))
        },
    )))
}

fn text_of(container: &Value) -> String {
    text(container, "/name").to_owned()
}

fn source(
    plane: &Plane,
    pod: &Value,
    container: &Value,
    previous: bool,
) -> Result<Source, ApiError> {
    let own = text(container, "/name");
    let status = items(pod, "/status/containerStatuses")
        .iter()
        .find(|s| text(s, "/name") == own);
    let at = |pointer: &str| -> Option<DateTime<Utc>> {
        let time = status.map(|s| text(s, pointer)).unwrap_or_default();
        Some(DateTime::parse_from_rfc3339(time).ok()?.with_timezone(&Utc))
    };
    let make = |started, ended, crashed| Source {
        seed: plane.seed,
        says: plane.says.clone(),
        pod: name(pod).to_owned(),
        image: text(container, "/image").to_owned(),
        started,
        ended,
        crashed,
    };
    if previous {
        return match (
            at("/lastState/terminated/startedAt"),
            at("/lastState/terminated/finishedAt"),
        ) {
            (Some(started), ended) => Ok(make(started, ended, true)),
            _ => Err(ApiError::bad_request(format!(
                "previous terminated container \"{own}\" in pod \"{}\" not found",
                name(pod)
            ))),
        };
    }
    if let Some(started) = at("/state/running/startedAt") {
        return Ok(make(started, None, false));
    }
    for state in ["/state/terminated", "/lastState/terminated"] {
        if let Some(started) = at(&format!("{state}/startedAt")) {
            let failed = status.is_some_and(|s| number(s, &format!("{state}/exitCode"), 0) != 0);
            return Ok(make(started, at(&format!("{state}/finishedAt")), failed));
        }
    }
    let reason = status
        .map(|s| text(s, "/state/waiting/reason"))
        .unwrap_or_default();
    let why = match reason {
        "ErrImagePull" | "ImagePullBackOff" => "trying and failing to pull image".to_owned(),
        "" => "ContainerCreating".to_owned(),
        other => other.to_owned(),
    };
    Err(ApiError::bad_request(format!(
        "container \"{own}\" in pod \"{}\" is waiting to start: {why}",
        name(pod)
    )))
}

impl Source {
    /// Lines written until a moment.
    fn count(&self, until: DateTime<Utc>) -> i64 {
        let until = self.ended.map_or(until, |ended| ended.min(until));
        let lived = (until - self.started).num_milliseconds();
        if lived < 0 {
            return 0;
        }
        // A crash adds its last words.
        STARTING + lived / self.period() + i64::from(self.crashed && self.ended.is_some())
    }

    /// Milliseconds from one line to the next.
    fn period(&self) -> i64 {
        if self.says.is_empty() {
            EVERY_MS
        } else {
            TOLD_MS
        }
    }

    /// When a line is written.
    fn written(&self, at: i64) -> DateTime<Utc> {
        let after = (at + 1 - STARTING).max(0);
        self.started + Duration::milliseconds(after * self.period())
    }

    fn line(&self, at: i64, timestamps: bool) -> String {
        let time = self.written(at);
        let stamp = time.to_rfc3339_opts(SecondsFormat::Nanos, true);
        let version = self.image.rsplit('/').next().unwrap_or(&self.image);
        let digest = Sha256::digest(format!("{}/{}/{at}", self.seed, self.pod));
        let last = self.count(Utc::now()) - 1;
        let words = match at {
            _ if self.crashed && self.ended.is_some() && at == last => {
                format!("level=fatal msg=\"cannot start: configuration rejected\" image={version}")
            }
            0 => format!("level=info msg=\"starting\" image={version}"),
            1 => "level=info msg=\"configuration loaded\"".to_owned(),
            2 => format!("level=info msg=\"listening on :8080\" image={version}"),
            _ if !self.says.is_empty() => {
                let said = usize::try_from(at - STARTING).unwrap_or_default();
                self.says[said % self.says.len()].clone()
            }
            _ => {
                let path = [
                    "/v2/functions",
                    "/v2/environments",
                    "/fission-function/hello",
                    "/healthz",
                ][usize::from(digest[0] % 4)];
                format!(
                    "level=info msg=\"request\" method=GET path={path} status=200 duration={}ms trace={}",
                    2 + u16::from(digest[1]) / 4,
                    hex::encode(&digest[2..8])
                )
            }
        };
        match timestamps {
            true => format!("{stamp} {words}\n"),
            false => format!("{words}\n"),
        }
    }
}

struct Follow {
    plane: Arc<Plane>,
    storage: String,
    namespace: String,
    pod: String,
    container: String,
    uid: String,
    source: Source,
    next: i64,
    timestamps: bool,
    first: Option<String>,
}

impl Follow {
    async fn chunk(&mut self) -> Option<Bytes> {
        if let Some(first) = self.first.take()
            && !first.is_empty()
        {
            return Some(Bytes::from(first));
        }
        loop {
            let due = self.source.written(self.next);
            let wait = (due - Utc::now()).to_std().unwrap_or_default();
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = self.plane.stop.cancelled() => return None,
            }
            if !self.still_runs() {
                return None;
            }
            if self.source.count(Utc::now()) > self.next {
                let line = self.source.line(self.next, self.timestamps);
                self.next += 1;
                return Some(Bytes::from(line));
            }
        }
    }

    fn still_runs(&self) -> bool {
        let pod = self
            .plane
            .store()
            .get(&self.storage, &self.namespace, &self.pod);
        pod.is_some_and(|pod| {
            tree::uid(&pod) == self.uid
                && items(&pod, "/status/containerStatuses")
                    .iter()
                    .any(|status| {
                        text(status, "/name") == self.container
                            && status.pointer("/state/running").is_some()
                    })
        })
    }
}
