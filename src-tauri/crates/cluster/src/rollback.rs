//! Takes back what a release changed: the live object with the release's own fields as they were, sent as
//! an update with the live resource version. An update takes whatever the API server once took, also what
//! apply refuses (two `env` entries of one name), and leaves the fields of others to them.

use domain::{MutationIntent, Precondition};
use engine::ports::{ClusterFailure, LiveObject, Outgoing, Rollback, Sent};
use http::Method;
use serde_json::Value;

use crate::connection::Connection;
use crate::kinds::Kind;
use crate::manifest::{self, MANAGER, PAUSER};
use crate::mutate::{self, Said, not_sent, outdated, refused};
use crate::owners::{Fields, owned};
use crate::redact::redact;
use crate::three_way::{self, Reverted};
use crate::wire::Ask;
use crate::{adopt, as_sent, content, objects};

pub(crate) const JSON: &str = "application/json";

/// A rollback of which nothing is known but the backup: whatever differs from it counts as ours.
pub(crate) fn of_backup(intent: &MutationIntent, backup: &Outgoing) -> Option<Rollback> {
    if backup.object != intent.object {
        return None;
    }
    let uid = match &intent.precondition {
        Precondition::Absent => String::new(),
        Precondition::Unchanged(head) => head.uid.clone(),
    };
    Some(Rollback {
        object: backup.object.clone(),
        uid,
        before: backup.body.clone(),
        written: None,
        sent: None,
        anyway: Vec::new(),
        release: backup.release.clone(),
        module: backup.module.clone(),
    })
}

/// What is there now and what comes of it.
pub(crate) struct Plan {
    pub method: Method,
    pub uri: String,
    pub body: Value,
    pub live: Option<LiveObject>,
    pub reverted: Option<Reverted>,
}

/// What to send for the object as it is live; none if another object has taken its place.
pub(crate) fn plan(
    kind: &Kind,
    rollback: &Rollback,
    live: Option<Value>,
) -> Result<Option<Plan>, ClusterFailure> {
    let query = format!("fieldManager={MANAGER}&fieldValidation=Ignore");
    let Some(raw) = live else {
        return Ok(Some(Plan {
            method: Method::POST,
            uri: format!("{}?{query}", kind.collection(&rollback.object.namespace)),
            body: created_again(rollback),
            live: None,
            reverted: None,
        }));
    };
    let live = content::live(raw.clone())
        .ok_or_else(|| ClusterFailure::Unreadable("no object".to_owned()))?;
    if live.head.uid != rollback.uid {
        return Ok(None);
    }
    let reverted = revert(rollback, &raw);
    let mut body = reverted.body.clone();
    if let Some(managed) = adopt::as_before(&live.managed, &rollback.before, &body) {
        body["metadata"]["managedFields"] = managed;
    }
    if let_go(rollback, &live)
        && let Some(spec) = body["spec"].as_object_mut()
    {
        spec.remove("paused");
    }
    Ok(Some(Plan {
        method: Method::PUT,
        uri: format!("{}?{query}", kind.path(&rollback.object)),
        body,
        live: Some(live),
        reverted: Some(reverted),
    }))
}

fn revert(rollback: &Rollback, live: &Value) -> Reverted {
    let before = &rollback.before;
    let derived = match (&rollback.written, &rollback.sent) {
        (Some(_), _) => None,
        (None, Some(sent)) => {
            let mut sent = sent.clone();
            sent["apiVersion"] = live["apiVersion"].clone();
            sent["kind"] = live["kind"].clone();
            let sent = manifest::as_stored(sent);
            Some(as_sent::as_sent(
                before,
                &sent,
                live,
                &adopt::ours_before(before),
            ))
        }
        (None, None) => Some(live.clone()),
    };
    let written = rollback.written.as_ref().or(derived.as_ref());
    three_way::revert(before, written.unwrap_or(live), live, &rollback.anyway)
}

/// Whether the rollback has to end a pause: one that we began. Paused by us and left so, the old version
/// would never come back.
fn let_go(rollback: &Rollback, live: &LiveObject) -> bool {
    let paused_before = mutate::is_paused(&rollback.before);
    let pausers: Fields = owned(&live.managed, |entry| {
        [MANAGER, PAUSER].contains(&entry.manager())
    });
    let ours = pausers.key("spec").and_then(|spec| spec.key("paused"));
    rollback.object.can_pause() && mutate::is_paused(&live.body) && !paused_before && ours.is_some()
}

/// The backup as an object that does not exist yet: without what ties it to the deleted one.
fn created_again(rollback: &Rollback) -> Value {
    let mut body = content::strip(rollback.before.clone());
    let object = &rollback.object;
    if let Some(metadata) = body["metadata"].as_object_mut() {
        metadata.retain(|key, _| key != "finalizers" && key != "ownerReferences");
        if let Some(annotations) = metadata
            .get_mut("annotations")
            .and_then(Value::as_object_mut)
        {
            annotations.retain(|key, _| !key.starts_with(content::KEPT_BY_CLUSTER));
        }
    }
    let spec = body.get_mut("spec").and_then(Value::as_object_mut);
    if let Some(spec) = spec {
        if object.kind == "Service" && object.group().is_empty() {
            // `None` is not allotted: it makes the Service headless.
            let headless = spec.get("clusterIP").is_some_and(|ip| ip == "None");
            spec.retain(|key, _| match key.as_str() {
                "clusterIP" | "clusterIPs" => headless,
                key => key != "healthCheckNodePort",
            });
            let ports = spec.get_mut("ports").and_then(Value::as_array_mut);
            for port in ports.into_iter().flatten().filter_map(Value::as_object_mut) {
                port.remove("nodePort");
            }
        }
        if object.is_job() && spec.get("manualSelector") != Some(&Value::Bool(true)) {
            spec.remove("selector");
            let labels = spec
                .get_mut("template")
                .and_then(|template| template.pointer_mut("/metadata/labels"));
            if let Some(labels) = labels.and_then(Value::as_object_mut) {
                labels.retain(|key, _| {
                    !key.ends_with("controller-uid") && !key.ends_with("job-name")
                });
            }
        }
    }
    body
}

/// Sends the rollback. The identity has been checked by the caller right before.
pub(crate) async fn restore(
    connection: &Connection,
    kind: &Kind,
    intent: &MutationIntent,
    rollback: &Rollback,
) -> Sent {
    if rollback.object != intent.object {
        return refused("it is a rollback of another object".to_owned()).into();
    }
    let mut races = 0;
    loop {
        let raw = match objects::raw(connection, kind, &intent.object).await {
            Ok(raw) => raw,
            Err(failure) => {
                return not_sent(&failure, format!("it could not be read before: {failure}"))
                    .into();
            }
        };
        let planned = plan(kind, rollback, raw);
        let mut plan = match planned {
            Ok(Some(plan)) => plan,
            Ok(None) => {
                return outdated("it was deleted and created again since the backup".to_owned())
                    .into();
            }
            Err(failure) => return not_sent(&failure, failure.to_string()).into(),
        };
        if let Err(outcome) = mutate::judge(intent, plan.live.as_ref()) {
            return outcome.into();
        }
        let mut metadata = plan.body["metadata"].take();
        manifest::sign(&mut metadata, &rollback.release, Some(&intent.id));
        plan.body["metadata"] = metadata;
        let ask = request(connection, &plan);
        match mutate::once(connection, intent, ask).await {
            Said::Moved if races < connection.limits.races => races += 1,
            Said::Refused(why) => {
                return refused(redact(&redact(&why, &rollback.before), &plan.body)).into();
            }
            said => return mutate::settled(intent, said),
        }
    }
}

fn request(connection: &Connection, plan: &Plan) -> Ask {
    let deadline = connection.limits.server_deadline.as_secs().max(1);
    let uri = format!("{}&timeout={deadline}s", plan.uri);
    connection.read(plan.method.clone(), uri, Some(JSON), Some(&plan.body))
}
