//! Who a cluster is, and what it says of itself.

use std::time::{Duration, SystemTime};

use chrono::Utc;
use domain::ClusterIdentity;
use engine::ports::{About, ClusterFailure};
use http::Method;
use serde_json::{Value, json};

use crate::connection::{Connection, permission};

/// Asks the cluster who it is. The URL and the CA are the context's: TLS has proved that whoever
/// answers holds a certificate of that CA, of the system's roots, or the pinned one.
pub(crate) async fn ask(connection: &Connection) -> Result<ClusterIdentity, ClusterFailure> {
    let wanted = permission("get", "", "namespaces", "");
    let (namespace, _) = connection
        .json(
            connection.get("/api/v1/namespaces/kube-system".to_owned()),
            &wanted,
        )
        .await?;
    let uid = namespace
        .pointer("/metadata/uid")
        .and_then(Value::as_str)
        .filter(|uid| !uid.is_empty());
    let uid = uid.ok_or_else(|| ClusterFailure::Unreadable("kube-system has no UID".to_owned()))?;
    let context = connection.context();
    let unreadable = |what: &str| ClusterFailure::Unreadable(format!("the context's {what}"));
    Ok(ClusterIdentity {
        uid: uid.to_owned(),
        url: normalised(&context.server).ok_or_else(|| unreadable("server"))?,
        ca_sha256: connection.trust().sha256(),
        issuer_sha256: connection.issuer(),
    })
}

/// Fails unless the cluster is the pinned one.
pub(crate) async fn check(
    connection: &Connection,
    pinned: Option<&ClusterIdentity>,
) -> Result<(), ClusterFailure> {
    let Some(pinned) = pinned else { return Ok(()) };
    let found = ask(connection).await?;
    if pinned.is_kept_by(&found) {
        return Ok(());
    }
    Err(ClusterFailure::AnotherCluster {
        expected: Box::new(pinned.clone()),
        found: Box::new(found),
    })
}

/// Scheme, host in lower case, port, and the path if there is one: behind a proxy like Rancher's, the
/// path tells clusters apart.
fn normalised(server: &str) -> Option<String> {
    let url = url::Url::parse(server).ok()?;
    let path = url.path().trim_end_matches('/');
    Some(format!(
        "{}://{}:{}{path}",
        url.scheme(),
        url.host_str()?,
        url.port_or_known_default()?
    ))
}

/// The address that requests go to, its path as it is compared: without dots and a slash at the end.
pub(crate) fn server(written: &str) -> Option<http::Uri> {
    normalised(written)?.parse().ok()
}

/// Version, user and clock.
pub(crate) async fn about(connection: &Connection) -> Result<About, ClusterFailure> {
    let asked = SystemTime::now();
    let (version, answer) = connection
        .json(
            connection.get("/version".to_owned()),
            &permission("get", "", "version", ""),
        )
        .await?;
    let took = asked.elapsed().unwrap_or(Duration::ZERO);
    Ok(About {
        version: version["gitVersion"]
            .as_str()
            .map(crate::printable::scrub)
            .unwrap_or_default(),
        user: user(connection).await?,
        clock_skew_s: answer.date.map_or(0.0, |date| {
            // The header has whole seconds, cut off: on average half a second is missing.
            let seconds = (date - Utc::now()).num_milliseconds() as f64 / 1000.0;
            seconds + 0.5 + took.as_secs_f64() / 2.0
        }),
    })
}

async fn user(connection: &Connection) -> Result<String, ClusterFailure> {
    let review = json!({ "apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview" });
    let uri = "/apis/authentication.k8s.io/v1/selfsubjectreviews".to_owned();
    let ask = connection.read(Method::POST, uri, Some("application/json"), Some(&review));
    let wanted = permission("create", "authentication.k8s.io", "selfsubjectreviews", "");
    let (review, _) = connection.json(ask, &wanted).await?;
    Ok(review
        .pointer("/status/userInfo/username")
        .and_then(Value::as_str)
        .map(crate::printable::scrub)
        .unwrap_or_default())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_normalised() {
        for (written, normal) in [
            ("https://API.example", "https://api.example:443"),
            ("https://api.example:443/", "https://api.example:443"),
            ("https://10.0.0.1:6443", "https://10.0.0.1:6443"),
            ("https://[::1]:6443/", "https://[::1]:6443"),
            (
                "https://rancher.example/k8s/clusters/c-1/",
                "https://rancher.example:443/k8s/clusters/c-1",
            ),
            (
                "https://rancher.example/k8s/clusters/c-2/../c-1",
                "https://rancher.example:443/k8s/clusters/c-1",
            ),
        ] {
            assert_eq!(normalised(written).unwrap(), normal);
        }
    }
}
