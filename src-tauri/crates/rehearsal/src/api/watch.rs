//! Watches: a stream of changes after a revision, bookmarks, streaming lists, 410.

use super::form::{self, Form};
use super::read::{Query, Selection, is_set, parameter};
use crate::plane::Plane;
use crate::resource::Resource;
use crate::status::ApiError;
use crate::store::{Change, ChangeKind};
use axum::body::Body;
use bytes::Bytes;
use futures::stream;
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;

/// How often an idle watch says where it stands (about a minute on a real server).
const BOOKMARK_EVERY: Duration = Duration::from_secs(30);
/// A watch without `timeoutSeconds` ends after this (30–60 min on a real server).
const LONGEST: Duration = Duration::from_secs(1800);

struct Watcher {
    plane: Arc<Plane>,
    resource: Arc<Resource>,
    selection: Selection,
    form: Form,
    include: String,
    bookmarks: bool,
    revision: u64,
    changed: watch::Receiver<u64>,
    pending: VecDeque<Value>,
    ends: Instant,
    /// Events left before a scripted break.
    breaks_after: Option<u32>,
    finished: bool,
}

/// Starts a watch.
pub(crate) fn start(
    plane: &Arc<Plane>,
    resource: Arc<Resource>,
    namespace: &str,
    query: &Query,
    form: Form,
) -> Result<Body, ApiError> {
    let asked = parameter(query, "resourceVersion");
    let initial = parameter(query, "sendInitialEvents");
    let bookmarks = is_set(query, "allowWatchBookmarks");
    let matching = parameter(query, "resourceVersionMatch");
    if !initial.is_empty() && matching != "NotOlderThan" {
        return Err(ApiError::unprocessable(
            "ListOptions.meta.k8s.io \"\" is invalid: resourceVersionMatch: Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan",
        ));
    }
    if initial.is_empty() && !matching.is_empty() {
        return Err(ApiError::unprocessable(
            "ListOptions.meta.k8s.io \"\" is invalid: resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided",
        ));
    }
    let selection = Selection::parse(namespace, query)?;
    let breaks_after = plane.faults().take_drop(&resource.plural);
    let seconds: u64 = parameter(query, "timeoutSeconds").parse().unwrap_or(0);
    let lasts = if seconds == 0 {
        LONGEST
    } else {
        Duration::from_secs(seconds)
    };
    let store = plane.store();
    let from: u64 = match asked {
        "" | "0" => store.revision(),
        number => number.parse().map_err(|_| {
            ApiError::bad_request(format!("Invalid value: {number:?}: resourceVersion"))
        })?,
    };
    let mut watcher = Watcher {
        plane: plane.clone(),
        resource: resource.clone(),
        selection,
        form,
        include: parameter(query, "includeObject").to_owned(),
        bookmarks,
        revision: from,
        changed: store.subscribe(),
        pending: VecDeque::new(),
        ends: Instant::now() + lasts,
        breaks_after,
        finished: false,
    };
    let from_now = matches!(asked, "" | "0");
    let wants_state = if initial.is_empty() {
        from_now
    } else {
        initial == "true"
    };
    let expired =
        !wants_state && (from < store.compacted() || plane.faults().take_expiry(&resource.plural));
    if expired {
        let gone = ApiError::expired(format!(
            "too old resource version: {from} ({})",
            store.revision()
        ));
        watcher
            .pending
            .push_back(json!({"type": "ERROR", "object": gone.body()}));
        watcher.finished = true;
    } else if wants_state {
        watcher.revision = store.revision();
        for object in store.list(&resource.storage(), namespace) {
            if watcher.selection.matches(&object) {
                let event = watcher.event("ADDED", &object);
                watcher.pending.push_back(event);
            }
        }
        if initial == "true" && bookmarks {
            let bookmark = watcher.bookmark(true);
            watcher.pending.push_back(bookmark);
        }
    }
    drop(store);
    Ok(Body::from_stream(stream::unfold(
        watcher,
        |mut watcher| async move { watcher.next().await.map(|item| (item, watcher)) },
    )))
}

impl Watcher {
    async fn next(&mut self) -> Option<Result<Bytes, io::Error>> {
        loop {
            if self.breaks_after == Some(0) {
                self.breaks_after = None;
                self.finished = true;
                self.pending.clear();
                // Lets what was sent so far leave the buffers: the break comes after the events.
                tokio::task::yield_now().await;
                return Some(Err(io::Error::from(io::ErrorKind::ConnectionReset)));
            }
            if let Some(event) = self.pending.pop_front() {
                if let Some(left) = &mut self.breaks_after {
                    *left -= 1;
                }
                let mut line = event.to_string();
                line.push('\n');
                return Some(Ok(Bytes::from(line)));
            }
            if self.finished {
                return None;
            }
            // Marked before reading, so that a change in between is not slept through.
            self.changed.borrow_and_update();
            self.collect();
            if self.pending.is_empty() && !self.finished {
                self.wait().await;
            }
        }
    }

    fn collect(&mut self) {
        let store = self.plane.store();
        let changes = store.changes_after(&self.resource.storage(), self.revision);
        let now = store.revision();
        drop(store);
        match changes {
            None => {
                let gone = ApiError::expired(format!(
                    "too old resource version: {} ({now})",
                    self.revision
                ));
                self.pending
                    .push_back(json!({"type": "ERROR", "object": gone.body()}));
                self.finished = true;
            }
            Some(changes) => {
                for change in changes {
                    if let Some(kind) = self.kind_for(&change) {
                        let event = self.event(kind, &change.object);
                        self.pending.push_back(event);
                    }
                }
                self.revision = self.revision.max(now);
            }
        }
    }

    async fn wait(&mut self) {
        let stop = self.plane.stop.clone();
        let idle = Instant::now() + BOOKMARK_EVERY;
        tokio::select! {
            result = self.changed.changed() => self.finished = result.is_err(),
            () = tokio::time::sleep_until(self.ends) => {
                if self.bookmarks {
                    let last = self.bookmark(false);
                    self.pending.push_back(last);
                }
                self.finished = true;
            }
            () = tokio::time::sleep_until(idle), if self.bookmarks => {
                let bookmark = self.bookmark(false);
                self.pending.push_back(bookmark);
            }
            () = stop.cancelled() => self.finished = true,
        }
    }

    /// How a change looks through the selector: entering is ADDED, leaving is DELETED.
    fn kind_for(&self, change: &Change) -> Option<&'static str> {
        let before = change
            .previous
            .as_ref()
            .is_some_and(|object| self.selection.matches(object));
        let after = self.selection.matches(&change.object);
        match (change.kind, before, after) {
            (ChangeKind::Deleted, true, _) => Some("DELETED"),
            (ChangeKind::Deleted, false, _) => None,
            (_, true, true) => Some("MODIFIED"),
            (_, true, false) => Some("DELETED"),
            (_, false, true) => Some("ADDED"),
            (_, false, false) => None,
        }
    }

    fn event(&self, kind: &str, object: &Value) -> Value {
        json!({"type": kind, "object": form::render(&self.resource, object, self.form, &self.include)})
    }

    fn bookmark(&self, initial_end: bool) -> Value {
        let mut object = json!({
            "kind": self.resource.kind, "apiVersion": self.resource.api_version(),
            "metadata": {"resourceVersion": self.revision.to_string(), "creationTimestamp": null},
        });
        if initial_end {
            object["metadata"]["annotations"] = json!({"k8s.io/initial-events-end": "true"});
        }
        if self.form == Form::Table {
            object = form::render(&self.resource, &object, Form::Table, &self.include);
        }
        json!({"type": "BOOKMARK", "object": object})
    }
}
