//! Runs a credential command that was allowed (client-go credential plugins).

use std::path::{Path, PathBuf};
use std::process::Stdio;

use chrono::{DateTime, Utc};
use engine::ports::{ClusterFailure, Context, Plugin};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer};
use serde_json::json;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::Command;

use crate::kubeconfig::{resolve, sha256_of};
use crate::limits::Limits;
use crate::printable::scrub;

/// What a command gave.
pub(crate) struct Issued {
    pub token: Option<SecretString>,
    /// Certificate chain and key, PEM.
    pub certificate: Option<(String, SecretString)>,
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

/// The absolute path of the command, if the file there is the one that was allowed. Asked again right
/// before every run. Between this and the run somebody who may write to that folder could still swap
/// the file; such a person could as well have swapped what the file loads.
pub(crate) fn allowed_path(
    plugin: &Plugin,
    allowed: Option<&str>,
) -> Result<PathBuf, ClusterFailure> {
    let path = resolve(&plugin.command, None);
    let sha256 = path.as_deref().and_then(|path| sha256_of(path).ok());
    match (path, &sha256, allowed) {
        (Some(path), Some(found), Some(allowed)) if found.eq_ignore_ascii_case(allowed) => Ok(path),
        (path, _, _) => Err(ClusterFailure::PluginNotAllowed {
            path: path.map_or_else(
                || scrub(&plugin.command),
                |path| scrub(&path.to_string_lossy()),
            ),
            sha256,
        }),
    }
}

/// Runs the command. Without a shell, with no environment but its own, `PATH` and `HOME`, without
/// input, and within bounds of time and output. What it prints is never logged.
pub(crate) async fn run(
    plugin: &Plugin,
    context: &Context,
    allowed: Option<&str>,
    limits: &Limits,
) -> Result<Issued, ClusterFailure> {
    let path = {
        let (plugin, allowed) = (plugin.clone(), allowed.map(str::to_owned));
        tokio::task::spawn_blocking(move || allowed_path(&plugin, allowed.as_deref()))
            .await
            .map_err(|_| failed("it could not be checked"))??
    };
    let mut child = command(&path, plugin, context)
        .spawn()
        .map_err(|error| failed(&error.kind().to_string()))?;
    let output = child
        .stdout
        .take()
        .ok_or_else(|| failed("it has no output"))?;
    let work = async {
        let text = read(output, limits.plugin_bytes).await?;
        let status = child
            .wait()
            .await
            .map_err(|error| failed(&error.kind().to_string()))?;
        if status.success() {
            Ok(text)
        } else {
            Err(failed(&status.to_string()))
        }
    };
    // Dropping the child kills it.
    let text = tokio::time::timeout(limits.plugin, work)
        .await
        .map_err(|_| failed(&format!("no answer within {} s", limits.plugin.as_secs())))??;
    parse(text.expose_secret(), &plugin.api_version)
}

fn command(path: &Path, plugin: &Plugin, context: &Context) -> Command {
    let mut command = Command::new(path);
    command
        .args(&plugin.arguments)
        .env_clear()
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true);
    for name in [
        "PATH",
        "HOME",
        "USERPROFILE",
        "APPDATA",
        "LOCALAPPDATA",
        "SYSTEMROOT",
    ] {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    for (name, value) in &plugin.environment {
        command.env(name, value.expose_secret());
    }
    command.env("KUBERNETES_EXEC_INFO", exec_info(plugin, context));
    command
}

fn exec_info(plugin: &Plugin, context: &Context) -> String {
    use base64::Engine;
    let mut spec = json!({ "interactive": false });
    if plugin.wants_cluster {
        let ca = base64::engine::general_purpose::STANDARD.encode(&context.ca_pem);
        spec["cluster"] =
            json!({ "server": context.server, "certificate-authority-data": ca, "config": null });
        if let Some(name) = &context.tls_server_name {
            spec["cluster"]["tls-server-name"] = json!(name);
        }
    }
    json!({ "apiVersion": plugin.api_version, "kind": "ExecCredential", "spec": spec }).to_string()
}

async fn read(output: impl AsyncRead + Unpin, most: usize) -> Result<SecretString, ClusterFailure> {
    let mut text = String::new();
    let mut bounded = output.take(most as u64 + 1);
    bounded
        .read_to_string(&mut text)
        .await
        .map_err(|_| failed("its output is no text"))?;
    let text = SecretString::from(text);
    if text.expose_secret().len() > most {
        return Err(failed("its output is too long"));
    }
    Ok(text)
}

fn parse(text: &str, api_version: &str) -> Result<Issued, ClusterFailure> {
    // The parser's message may quote the token.
    let credential: ExecCredential =
        serde_json::from_str(text).map_err(|_| failed("its output is no ExecCredential"))?;
    if credential.kind != "ExecCredential" || credential.api_version != api_version {
        return Err(failed("its output is of another version"));
    }
    let status = credential
        .status
        .ok_or_else(|| failed("it gave no credential"))?;
    let certificate = status.client_certificate_data.zip(status.client_key_data);
    let token = status
        .token
        .filter(|token| !token.expose_secret().is_empty());
    if token.is_none() && certificate.is_none() {
        return Err(failed("it gave no credential"));
    }
    Ok(Issued {
        token,
        certificate,
        expires_at: status.expiration_timestamp,
    })
}

fn failed(why: &str) -> ClusterFailure {
    ClusterFailure::Unreachable(format!("the credential command failed: {}", scrub(why)))
}

#[cfg(all(test, unix))]
#[allow(clippy::unwrap_used, clippy::expect_used)]
#[path = "plugin_tests.rs"]
mod tests;
