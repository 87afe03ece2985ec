//! Judges what a cluster and a user entry say; touches nothing outside of the text.

use secrecy::{ExposeSecret, SecretString};

use super::file::{Cluster, Exec, User, Variable};
use super::value::{decoded, embedded_certificates, filled, hidden};
use super::{Refusal, route};
use crate::{pem, wiring};

/// Versions of the credential plugin protocol; v1alpha1 was removed with Kubernetes 1.24.
const PLUGIN_VERSIONS: [&str; 2] = [
    "client.authentication.k8s.io/v1",
    "client.authentication.k8s.io/v1beta1",
];

/// Whether these entries may become a context.
pub(super) fn judge(cluster: Option<&Cluster>, user: Option<&User>) -> Result<(), Refusal> {
    let cluster = cluster.ok_or(Refusal::MissingCluster)?;
    let user = user.ok_or(Refusal::MissingUser)?;
    judge_server(cluster)?;
    judge_ca(cluster)?;
    judge_user(user)
}

fn judge_server(cluster: &Cluster) -> Result<(), Refusal> {
    let server = cluster.server.as_deref().unwrap_or_default();
    if hidden([
        server,
        cluster.tls_server_name.as_deref().unwrap_or_default(),
    ]) || server.contains(char::is_whitespace)
    {
        return Err(Refusal::Unprintable);
    }
    let url = url::Url::parse(server).map_err(|_| Refusal::Unprintable)?;
    if url.scheme() != "https" {
        return Err(Refusal::NotHttps);
    }
    let plain = url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none();
    if !plain || url.host_str().is_none_or(str::is_empty) {
        return Err(Refusal::Unprintable);
    }
    match filled(&cluster.proxy_url) {
        Some(written) => route::proxy(written).map(drop),
        None => Ok(()),
    }
}

fn judge_ca(cluster: &Cluster) -> Result<(), Refusal> {
    // client-go refuses the two together: which one counts would be a guess.
    if cluster.insecure_skip_tls_verify == Some(true) {
        let has_ca = filled(&cluster.certificate_authority_data).is_some()
            || filled(&cluster.certificate_authority).is_some();
        return if has_ca {
            Err(Refusal::InsecureWithCa)
        } else {
            Ok(())
        };
    }
    match (
        filled(&cluster.certificate_authority_data),
        filled(&cluster.certificate_authority),
    ) {
        (Some(data), _) => embedded_certificates(data).map(drop),
        (None, Some(path)) if hidden([path]) => Err(Refusal::Unprintable),
        (None, Some(_)) => Ok(()),
        // The system's roots.
        (None, None) => Ok(()),
    }
}

fn judge_user(user: &User) -> Result<(), Refusal> {
    route::acts_as(user)?;
    if user.auth_provider.is_some() {
        return Err(Refusal::AuthProvider);
    }
    if ways(user) > 1 {
        return Err(Refusal::SeveralCredentials);
    }
    if hidden(
        [
            &user.token_file,
            &user.client_certificate,
            &user.client_key,
            &user.username,
        ]
        .into_iter()
        .flatten()
        .map(String::as_str),
    ) {
        return Err(Refusal::Unprintable);
    }
    if let Some(token) = &user.token {
        let token = token.expose_secret().trim();
        if hidden([token]) || token.contains(char::is_whitespace) {
            return Err(Refusal::Unprintable);
        }
    }
    if user.username.is_some() != user.password.is_some() {
        return Err(Refusal::HalfCredential);
    }
    if has_certificate(user) {
        judge_certificate(user)?;
    }
    user.exec.as_ref().map_or(Ok(()), judge_plugin)
}

fn judge_certificate(user: &User) -> Result<(), Refusal> {
    let certificate = filled(&user.client_certificate_data);
    if certificate.is_none() && filled(&user.client_certificate).is_none() {
        return Err(Refusal::BadCertificate);
    }
    if let Some(data) = certificate {
        embedded_certificates(data)?;
    }
    match (&user.client_key_data, filled(&user.client_key)) {
        (Some(data), _) => {
            let pem = decoded(data.expose_secret())?;
            pem::is_private_key(&pem)
                .then_some(())
                .ok_or(Refusal::BadCertificate)?;
            match certificate {
                Some(chain) => matching(&decoded(chain)?, &pem),
                // The certificate is in a file, and is looked at when that may be read.
                None => Ok(()),
            }
        }
        (None, Some(_)) => Ok(()),
        (None, None) => Err(Refusal::BadCertificate),
    }
}

/// Whether a key is the one of a certificate.
pub(super) fn matching(certificate_pem: &str, key_pem: &str) -> Result<(), Refusal> {
    match wiring::belong_together(certificate_pem, &SecretString::from(key_pem)) {
        Ok(true) => Ok(()),
        Ok(false) => Err(Refusal::KeyMismatch),
        Err(_) => Err(Refusal::BadCertificate),
    }
}

fn judge_plugin(exec: &Exec) -> Result<(), Refusal> {
    let words = exec
        .command
        .iter()
        .chain(exec.args.iter().flatten())
        .map(String::as_str);
    let variables = exec.env.iter().flatten().map(|v| v.name.as_str());
    if hidden(words.chain(variables)) || exec.command.as_deref().unwrap_or_default().is_empty() {
        return Err(Refusal::Unprintable);
    }
    let is_known = |version: &str| PLUGIN_VERSIONS.contains(&version);
    if !exec.api_version.as_deref().is_some_and(is_known) {
        return Err(Refusal::PluginVersion);
    }
    let bad_name = |v: &Variable| v.name.is_empty() || v.name.contains('=');
    match exec.interactive_mode.as_deref() {
        // There is no terminal to ask at.
        Some("Always") => Err(Refusal::PluginInteractive),
        None | Some("" | "Never" | "IfAvailable") if !exec.env.iter().flatten().any(bad_name) => {
            Ok(())
        }
        _ => Err(Refusal::PluginEntry),
    }
}

/// In how many ways it logs in. A certificate and a token together are one: client-go sends both.
fn ways(user: &User) -> usize {
    let token = user.token.is_some() || filled(&user.token_file).is_some();
    let basic = user.username.is_some() || user.password.is_some();
    [
        token,
        basic,
        has_certificate(user) && !token,
        user.exec.is_some(),
        user.auth_provider.is_some(),
    ]
    .into_iter()
    .filter(|way| *way)
    .count()
}

/// Whether a client certificate or a part of one is there.
pub(super) fn has_certificate(user: &User) -> bool {
    filled(&user.client_certificate).is_some()
        || filled(&user.client_certificate_data).is_some()
        || filled(&user.client_key).is_some()
        || user.client_key_data.is_some()
}
