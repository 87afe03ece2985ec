//! kubeconfig text for rehearsal clusters.

use crate::cluster::Cluster;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

/// One kubeconfig with a context per cluster, named after it; the first one is current. A cluster
/// that does not know the user is left out.
pub fn kubeconfig_of(clusters: &[&Cluster], user: &str) -> String {
    let known: Vec<(&Cluster, &str)> = clusters
        .iter()
        .filter_map(|cluster| Some((*cluster, cluster.token(user)?)))
        .collect();
    let login = |cluster: &Cluster| format!("{}-{user}", cluster.name());
    let config = json!({
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": known.first().map(|(c, _)| c.name()).unwrap_or_default(),
        "preferences": {},
        "clusters": known.iter().map(|(c, _)| json!({
            "name": c.name(),
            "cluster": {"server": c.url(), "certificate-authority-data": STANDARD.encode(c.ca_pem())},
        })).collect::<Vec<Value>>(),
        "contexts": known.iter().map(|(c, _)| json!({
            "name": c.name(), "context": {"cluster": c.name(), "user": login(c)},
        })).collect::<Vec<Value>>(),
        "users": known.iter().map(|(c, token)| json!({
            "name": login(c), "user": {"token": token},
        })).collect::<Vec<Value>>(),
    });
    // JSON is YAML, so a serializer that fails still leaves a usable file.
    serde_saphyr::to_string(&config).unwrap_or_else(|_| config.to_string())
}
