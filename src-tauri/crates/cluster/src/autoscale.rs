//! Who decides on a workload's number of replicas.

use domain::{ObjectRef, Workload};
use engine::ports::{ClusterFailure, LiveObject, Outgoing, Replicas};
use http::StatusCode;
use serde_json::{Value, json};

use crate::connection::{Connection, permission};
use crate::failure;
use crate::owners::Fields;

/// Kinds of autoscalers: group and version, plural, kind, and where they say what they aim at. KEDA makes a
/// HorizontalPodAutoscaler of its own, except while it is paused.
const AUTOSCALERS: [(&str, &str, &str); 2] = [
    (
        "autoscaling/v2",
        "horizontalpodautoscalers",
        "HorizontalPodAutoscaler",
    ),
    ("keda.sh/v1alpha1", "scaledobjects", "ScaledObject"),
];

/// The autoscaler that aims at an object, if there is one.
pub(crate) async fn replicas(
    connection: &Connection,
    object: &ObjectRef,
) -> Result<Replicas, ClusterFailure> {
    if !scales(object) {
        return Ok(Replicas::Manifest);
    }
    for (api_version, plural, kind) in AUTOSCALERS {
        let (group, _) = api_version.split_once('/').unwrap_or_default();
        let namespace = &object.namespace;
        let uri = format!("/apis/{api_version}/namespaces/{namespace}/{plural}");
        let answer = connection.ask(connection.get(uri)).await?;
        match answer.status {
            StatusCode::NOT_FOUND => continue,
            // Who may not list a kind is not told either whether the cluster has it.
            StatusCode::FORBIDDEN if group != "autoscaling" => continue,
            StatusCode::FORBIDDEN => return Ok(Replicas::Unknown),
            status if !status.is_success() => {
                let needs = permission("list", group, plural, namespace);
                return Err(failure::of_answer(&answer, &needs));
            }
            _ => {}
        }
        let list = answer.json();
        let items = list.as_ref().and_then(|list| list["items"].as_array());
        let aims = items
            .into_iter()
            .flatten()
            .find(|item| aims_at(item, object));
        if let Some(name) = aims.and_then(|item| item.pointer("/metadata/name")?.as_str()) {
            return Ok(Replicas::Autoscaler(format!("{kind}/{name}")));
        }
    }
    Ok(Replicas::Manifest)
}

fn scales(object: &ObjectRef) -> bool {
    matches!(
        object.workload(),
        Some(Workload::Deployment | Workload::StatefulSet)
    )
}

fn aims_at(autoscaler: &Value, object: &ObjectRef) -> bool {
    let Some(target) = autoscaler.pointer("/spec/scaleTargetRef") else {
        return false;
    };
    let text = |key: &str| target[key].as_str().unwrap_or_default();
    // A ScaledObject may leave both out and means an apps/v1 Deployment.
    let kind = Some(text("kind"))
        .filter(|kind| !kind.is_empty())
        .unwrap_or("Deployment");
    let version = Some(text("apiVersion"))
        .filter(|v| !v.is_empty())
        .unwrap_or("apps/v1");
    let group = version.split_once('/').map_or("", |(group, _)| group);
    text("name") == object.name && kind == object.kind && group == object.group()
}

/// Whether an apply of this manifest would give up our number of replicas, so that the default takes its
/// place. `ours` are the fields that our apply owns.
pub(crate) fn gives_up_replicas(manifest: &Outgoing, live: &LiveObject, ours: &Fields) -> bool {
    let named = manifest
        .body
        .pointer("/spec/replicas")
        .is_some_and(|r| !r.is_null());
    let owned = ours.key("spec").and_then(|spec| spec.key("replicas"));
    let scaled = live.body.pointer("/spec/replicas").is_some();
    scales(&manifest.object) && !named && owned.is_some() && scaled
}

/// The manifest with the live number of replicas.
pub(crate) fn with_live_replicas(manifest: &Outgoing, live: &LiveObject) -> Outgoing {
    let mut with = manifest.clone();
    if let Some(replicas) = live.body.pointer("/spec/replicas") {
        if !with.body["spec"].is_object() {
            with.body["spec"] = json!({});
        }
        with.body["spec"]["replicas"] = replicas.clone();
    }
    with
}

/// The manifest as it is sent: an autoscaler's number of replicas stays.
pub(crate) async fn keeping_replicas(
    connection: &Connection,
    manifest: &Outgoing,
    live: &LiveObject,
    ours: &Fields,
) -> Result<Outgoing, ClusterFailure> {
    if !gives_up_replicas(manifest, live, ours) {
        return Ok(manifest.clone());
    }
    Ok(match replicas(connection, &manifest.object).await? {
        Replicas::Autoscaler(_) => with_live_replicas(manifest, live),
        Replicas::Manifest | Replicas::Unknown => manifest.clone(),
    })
}
