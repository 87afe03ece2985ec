//! A Deployment's Progressing condition and its deadline.

use super::Agenda;
use super::availability::{condition, set_condition};
use crate::tree::{flag, name, number, text};
use chrono::{DateTime, Utc};
use serde_json::Value;
use tokio::time::Instant;

/// What a status pass found out.
pub(crate) struct Progress {
    /// All replicas are new and available.
    pub complete: bool,
    /// Some count has grown since the last pass.
    pub moved: bool,
    /// The new ReplicaSet was made in this pass.
    pub created: bool,
}

/// The Progressing condition (`syncRolloutStatus`).
pub(crate) fn progressing(
    deployment: &Value,
    current: Option<&Value>,
    conditions: &mut Vec<Value>,
    progress: Progress,
    now: &str,
    agenda: &mut Agenda,
) {
    let kind = "Progressing";
    let existing = condition(deployment, kind);
    let reason = existing.map(|c| text(c, "/reason")).unwrap_or_default();
    if flag(deployment, "/spec/paused") {
        if reason != "DeploymentPaused" {
            set_condition(
                conditions,
                kind,
                "Unknown",
                "DeploymentPaused",
                "Deployment is paused",
                now,
            );
        }
        return;
    }
    let Some(current) = current else { return };
    let quoted = format!("ReplicaSet \"{}\"", name(current));
    if progress.created {
        let message = format!("Created new replica set \"{}\"", name(current));
        set_condition(
            conditions,
            kind,
            "True",
            "NewReplicaSetCreated",
            &message,
            now,
        );
        return;
    }
    if reason == "DeploymentPaused" {
        set_condition(
            conditions,
            kind,
            "Unknown",
            "DeploymentResumed",
            "Deployment is resumed",
            now,
        );
        return;
    }
    if progress.complete {
        let message = format!("{quoted} has successfully progressed.");
        if reason != "NewReplicaSetAvailable"
            || existing.is_some_and(|c| text(c, "/message") != message)
        {
            set_condition(
                conditions,
                kind,
                "True",
                "NewReplicaSetAvailable",
                &message,
                now,
            );
        }
        return;
    }
    // A deployment that was complete and now is not has begun to move again (scaling, lost pods).
    if reason == "NewReplicaSetAvailable" {
        let same = existing.is_some_and(|c| text(c, "/message").contains(name(current)));
        if same {
            return;
        }
        let message = format!("Found new replica set \"{}\"", name(current));
        set_condition(
            conditions,
            kind,
            "True",
            "FoundNewReplicaSet",
            &message,
            now,
        );
        return;
    }
    if progress.moved || existing.is_none() {
        let message = format!("{quoted} is progressing.");
        set_condition(conditions, kind, "True", "ReplicaSetUpdated", &message, now);
        return;
    }
    let since = existing
        .map(|c| text(c, "/lastUpdateTime"))
        .unwrap_or_default();
    let Ok(since) = DateTime::parse_from_rfc3339(since) else {
        return;
    };
    if reason == "ProgressDeadlineExceeded" {
        return;
    }
    let deadline = since.with_timezone(&Utc)
        + chrono::Duration::seconds(number(deployment, "/spec/progressDeadlineSeconds", 600));
    match (deadline - Utc::now()).to_std() {
        Ok(left) if !left.is_zero() => agenda.look_at(Instant::now() + left),
        _ => {
            let message = format!("{quoted} has timed out progressing.");
            set_condition(
                conditions,
                kind,
                "False",
                "ProgressDeadlineExceeded",
                &message,
                now,
            );
        }
    }
}
