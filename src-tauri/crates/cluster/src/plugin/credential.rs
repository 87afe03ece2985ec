//! What is asked of a credential command and what it answers: `ExecCredential`, in the versions v1
//! and v1beta1 of `client.authentication.k8s.io`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use engine::ports::{Context, Plugin, PluginProblem};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer};
use serde_json::json;

use crate::pem;

/// What a command gave.
pub(crate) struct Issued {
    /// Bearer token.
    pub token: Option<SecretString>,
    /// Certificate chain and key, PEM.
    pub certificate: Option<(String, SecretString)>,
    /// When it ends, if the command said so.
    pub expires_at: Option<DateTime<Utc>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ExecCredential {
    api_version: String,
    kind: String,
    status: Option<Status>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    expiration_timestamp: Option<DateTime<Utc>>,
    #[serde(default, deserialize_with = "secret")]
    token: Option<SecretString>,
    client_certificate_data: Option<String>,
    #[serde(default, deserialize_with = "secret")]
    client_key_data: Option<SecretString>,
}

fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SecretString>, D::Error> {
    Ok(Option::<String>::deserialize(deserializer)?.map(SecretString::from))
}

/// `KUBERNETES_EXEC_INFO`: what the command is asked for. There is no terminal to ask a person at.
pub(super) fn question(plugin: &Plugin, context: &Context) -> String {
    let mut spec = json!({ "interactive": false });
    if plugin.wants_cluster {
        spec["cluster"] = json!({
            "server": context.server,
            "config": plugin.cluster_config,
        });
        let vouched = context.route.pinned_pem.as_ref().unwrap_or(&context.ca_pem);
        if !vouched.is_empty() {
            spec["cluster"]["certificate-authority-data"] = json!(STANDARD.encode(vouched));
        }
        if let Some(proxy) = &context.route.proxy {
            spec["cluster"]["proxy-url"] = json!(proxy.url);
        }
        if let Some(name) = &context.tls_server_name {
            spec["cluster"]["tls-server-name"] = json!(name);
        }
    }
    json!({ "apiVersion": plugin.api_version, "kind": "ExecCredential", "spec": spec }).to_string()
}

/// What the command answered, if it can be used at this time. The parser's message is left out: it
/// may quote the token.
pub(super) fn parse(
    text: &str,
    api_version: &str,
    now: DateTime<Utc>,
) -> Result<Issued, PluginProblem> {
    let credential: ExecCredential =
        serde_json::from_str(text).map_err(|_| PluginProblem::NotCredential)?;
    if credential.kind != "ExecCredential" {
        return Err(PluginProblem::NotCredential);
    }
    if credential.api_version != api_version {
        return Err(PluginProblem::OtherVersion);
    }
    let status = credential.status.ok_or(PluginProblem::Empty)?;
    let token = token(status.token)?;
    let certificate = certificate(status.client_certificate_data, status.client_key_data)?;
    if token.is_none() && certificate.is_none() {
        return Err(PluginProblem::Empty);
    }
    if status.expiration_timestamp.is_some_and(|end| end <= now) {
        return Err(PluginProblem::Expired);
    }
    Ok(Issued {
        token,
        certificate,
        expires_at: status.expiration_timestamp,
    })
}

fn token(written: Option<SecretString>) -> Result<Option<SecretString>, PluginProblem> {
    let written = written.filter(|token| !token.expose_secret().is_empty());
    // It becomes a header.
    let fits = |token: &SecretString| token.expose_secret().bytes().all(|b| b.is_ascii_graphic());
    match written {
        Some(token) if !fits(&token) => Err(PluginProblem::NotCredential),
        token => Ok(token),
    }
}

fn certificate(
    chain: Option<String>,
    key: Option<SecretString>,
) -> Result<Option<(String, SecretString)>, PluginProblem> {
    let chain = chain.filter(|chain| !chain.is_empty());
    let key = key.filter(|key| !key.expose_secret().is_empty());
    match (chain, key) {
        (None, None) => Ok(None),
        (Some(chain), Some(key))
            if pem::certificates(&chain).is_some() && pem::is_private_key(key.expose_secret()) =>
        {
            Ok(Some((chain, key)))
        }
        _ => Err(PluginProblem::BadCertificate),
    }
}
