//! What a release needs, and what of it the cluster refuses.

use std::collections::BTreeSet;

use domain::{ObjectRef, Permission};
use engine::ports::ClusterFailure;
use futures::{StreamExt, TryStreamExt, stream};
use http::Method;
use serde_json::{Value, json};

use crate::connection::{Connection, permission};
use crate::kinds::Kinds;

/// Least privilege for releasing these objects (sop P5); `update` is for the rollback. What is watched is listed first, so that a
/// watch needs both.
pub(crate) async fn needed(
    connection: &Connection,
    kinds: &Kinds,
    objects: &[ObjectRef],
) -> Result<Vec<Permission>, ClusterFailure> {
    let mut found = Vec::new();
    for object in objects {
        let kind = kinds.of(connection, object).await?;
        let namespace = &object.namespace;
        found.extend(
            ["get", "watch", "patch", "update", "create", "delete"]
                .map(|verb| kind.permission(verb, namespace)),
        );
        if object.is_workload() {
            found.push(kind.permission("list", namespace));
        }
    }
    // Objects of the whole cluster have none: what is asked for them is at the cluster scope, and pods
    // are looked at only where something is released.
    let namespaces: BTreeSet<&str> = objects
        .iter()
        .map(|object| object.namespace.as_str())
        .filter(|namespace| !namespace.is_empty())
        .collect();
    for namespace in namespaces {
        for (group, resource) in [("", "pods"), ("", "events"), ("apps", "replicasets")] {
            found.extend(
                ["get", "list", "watch"].map(|verb| permission(verb, group, resource, namespace)),
            );
        }
        found.push(permission("get", "", "pods/log", namespace));
    }
    let mut seen = BTreeSet::new();
    found.retain(|permission| seen.insert(permission.clone()));
    Ok(found)
}

/// Those that the cluster refuses, in the order given.
pub(crate) async fn denied(
    connection: &Connection,
    permissions: &[Permission],
) -> Result<Vec<Permission>, ClusterFailure> {
    let answers: Vec<Option<Permission>> = stream::iter(permissions.iter().cloned())
        .map(|permission| async move {
            let allowed = is_allowed(connection, &permission).await?;
            Ok::<_, ClusterFailure>((!allowed).then_some(permission))
        })
        .buffered(connection.limits.reviews_at_once)
        .try_collect()
        .await?;
    Ok(answers.into_iter().flatten().collect())
}

async fn is_allowed(connection: &Connection, asked: &Permission) -> Result<bool, ClusterFailure> {
    let review = json!({
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": { "resourceAttributes": {
            "verb": asked.verb, "group": asked.group, "resource": asked.resource,
            "subresource": asked.subresource, "namespace": asked.namespace,
        }},
    });
    let uri = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews".to_owned();
    let ask = connection.read(Method::POST, uri, Some("application/json"), Some(&review));
    let wanted = permission(
        "create",
        "authorization.k8s.io",
        "selfsubjectaccessreviews",
        "",
    );
    let (review, _) = connection.json(ask, &wanted).await?;
    Ok(review
        .pointer("/status/allowed")
        .and_then(Value::as_bool)
        .unwrap_or(false))
}
