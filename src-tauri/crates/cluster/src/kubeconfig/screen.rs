//! Judges each context by what is written; touches nothing outside of the text.

use std::collections::BTreeMap;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use engine::ports::ContextKind;
use secrecy::ExposeSecret;

use super::command::{self, PluginPreview};
use super::file::{Cluster, Exec, File, User};
use super::{ContextPreview, Refusal};
use crate::pem;
use crate::printable::{is_hidden, scrub};

/// Versions of the credential plugin protocol; v1alpha1 was removed with Kubernetes 1.24.
const PLUGIN_VERSIONS: [&str; 2] = [
    "client.authentication.k8s.io/v1",
    "client.authentication.k8s.io/v1beta1",
];

/// A context with the entries that it names.
pub(super) struct Screened<'a> {
    pub name: &'a str,
    pub user_name: &'a str,
    pub cluster: Option<&'a Cluster>,
    pub user: Option<&'a User>,
    pub refused: Option<Refusal>,
}

static NO_USER: User = User {
    token: None,
    token_file: None,
    username: None,
    password: None,
    client_certificate: None,
    client_certificate_data: None,
    client_key: None,
    client_key_data: None,
    exec: None,
    auth_provider: None,
    impersonate: None,
    as_uid: None,
    as_groups: None,
    as_user_extra: None,
};

pub(super) fn all(file: &File) -> Vec<Screened<'_>> {
    let clusters = named(
        file.clusters
            .iter()
            .flatten()
            .map(|c| (c.name.as_str(), c.cluster.as_ref())),
    );
    let users = named(
        file.users
            .iter()
            .flatten()
            .map(|u| (u.name.as_str(), Some(u.user.as_ref().unwrap_or(&NO_USER)))),
    );
    let contexts = named(
        file.contexts
            .iter()
            .flatten()
            .map(|c| (c.name.as_str(), Some(()))),
    );
    file.contexts
        .iter()
        .flatten()
        .map(|context| {
            let names = context.context.as_ref();
            let cluster_name = names.and_then(|c| c.cluster.as_deref()).unwrap_or_default();
            let user_name = names.and_then(|c| c.user.as_deref()).unwrap_or_default();
            let cluster = clusters.get(cluster_name);
            let user = users.get(user_name);
            let twice = contexts.get(context.name.as_str()).is_some_and(|c| c.1 > 1)
                || cluster.is_some_and(|c| c.1 > 1)
                || user.is_some_and(|u| u.1 > 1);
            let cluster = cluster.and_then(|c| c.0);
            let user = user.and_then(|u| u.0);
            let refused = if twice {
                Some(Refusal::DuplicateName)
            } else if hidden([context.name.as_str(), cluster_name, user_name])
                || context.name.is_empty()
            {
                Some(Refusal::Unprintable)
            } else {
                judge(cluster, user).err()
            };
            Screened {
                name: &context.name,
                user_name,
                cluster,
                user,
                refused,
            }
        })
        .collect()
}

pub(super) fn warnings(file: &File) -> Vec<String> {
    let mut warnings = Vec::new();
    let lists: [(&str, Vec<&str>); 3] = [
        (
            "context",
            file.contexts
                .iter()
                .flatten()
                .map(|c| c.name.as_str())
                .collect(),
        ),
        (
            "cluster",
            file.clusters
                .iter()
                .flatten()
                .map(|c| c.name.as_str())
                .collect(),
        ),
        (
            "user",
            file.users
                .iter()
                .flatten()
                .map(|u| u.name.as_str())
                .collect(),
        ),
    ];
    for (kind, names) in lists {
        for (name, (_, times)) in named(names.into_iter().map(|name| (name, Some(())))) {
            if times > 1 {
                warnings.push(format!("the {kind} {} occurs {times} times", scrub(name)));
            }
        }
    }
    warnings
}

fn named<'a, T>(entries: impl Iterator<Item = (&'a str, T)>) -> BTreeMap<&'a str, (T, usize)> {
    let mut found: BTreeMap<&str, (T, usize)> = BTreeMap::new();
    for (name, entry) in entries {
        found
            .entry(name)
            .and_modify(|known| known.1 += 1)
            .or_insert((entry, 1));
    }
    found
}

fn hidden<'a>(texts: impl IntoIterator<Item = &'a str>) -> bool {
    texts.into_iter().any(|text| text.chars().any(is_hidden))
}

fn judge(cluster: Option<&Cluster>, user: Option<&User>) -> Result<(), Refusal> {
    let cluster = cluster.ok_or(Refusal::MissingCluster)?;
    let user = user.ok_or(Refusal::MissingUser)?;
    judge_server(cluster)?;
    judge_ca(cluster)?;
    judge_user(user)
}

fn judge_server(cluster: &Cluster) -> Result<(), Refusal> {
    let server = cluster.server.as_deref().unwrap_or_default();
    if cluster.insecure_skip_tls_verify == Some(true) {
        return Err(Refusal::InsecureTls);
    }
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
    if cluster
        .proxy_url
        .as_deref()
        .is_some_and(|proxy| !proxy.is_empty())
    {
        return Err(Refusal::Unsupported);
    }
    Ok(())
}

fn judge_ca(cluster: &Cluster) -> Result<(), Refusal> {
    match (
        filled(&cluster.certificate_authority_data),
        filled(&cluster.certificate_authority),
    ) {
        (Some(data), _) => embedded_certificates(data).map(drop),
        (None, Some(path)) if hidden([path]) => Err(Refusal::Unprintable),
        (None, Some(_)) => Ok(()),
        (None, None) => Err(Refusal::NoCa),
    }
}

fn judge_user(user: &User) -> Result<(), Refusal> {
    let impersonates = user.impersonate.is_some()
        || user.as_uid.is_some()
        || user
            .as_groups
            .as_ref()
            .is_some_and(|groups| !groups.is_empty())
        || user.as_user_extra.is_some();
    // Which of several credentials would be used differs from client to client.
    if impersonates || user.auth_provider.is_some() || ways(user) > 1 {
        return Err(Refusal::Unsupported);
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
        return Err(Refusal::Unsupported);
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
                .ok_or(Refusal::BadCertificate)
        }
        (None, Some(_)) => Ok(()),
        (None, None) => Err(Refusal::BadCertificate),
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
    let bad_name = |v: &super::file::Variable| v.name.is_empty() || v.name.contains('=');
    let known = exec
        .api_version
        .as_deref()
        .is_some_and(|version| PLUGIN_VERSIONS.contains(&version));
    // There is no terminal to ask at.
    if !known
        || exec.interactive_mode.as_deref() == Some("Always")
        || exec.env.iter().flatten().any(bad_name)
    {
        return Err(Refusal::Unsupported);
    }
    Ok(())
}

fn ways(user: &User) -> usize {
    let token = user.token.is_some() || filled(&user.token_file).is_some();
    let basic = user.username.is_some() || user.password.is_some();
    [
        token,
        basic,
        has_certificate(user),
        user.exec.is_some(),
        user.auth_provider.is_some(),
    ]
    .into_iter()
    .filter(|way| *way)
    .count()
}

fn has_certificate(user: &User) -> bool {
    filled(&user.client_certificate).is_some()
        || filled(&user.client_certificate_data).is_some()
        || filled(&user.client_key).is_some()
        || user.client_key_data.is_some()
}

/// A value that is there and not empty.
pub(super) fn filled(value: &Option<String>) -> Option<&str> {
    value.as_deref().filter(|value| !value.is_empty())
}

/// The PEM text of base64 data.
pub(super) fn decoded(data: &str) -> Result<String, Refusal> {
    let data: String = data.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    let bytes = STANDARD.decode(data).map_err(|_| Refusal::BadCertificate)?;
    String::from_utf8(bytes).map_err(|_| Refusal::BadCertificate)
}

fn embedded_certificates(data: &str) -> Result<String, Refusal> {
    let pem = decoded(data)?;
    pem::certificates(&pem).ok_or(Refusal::BadCertificate)?;
    Ok(pem)
}

impl Screened<'_> {
    /// How it authenticates.
    pub fn kind(&self) -> ContextKind {
        match self.user {
            Some(user) if user.exec.is_some() || user.auth_provider.is_some() => {
                ContextKind::Plugin
            }
            Some(user) if user.token.is_some() || filled(&user.token_file).is_some() => {
                ContextKind::Token
            }
            Some(user) if user.username.is_some() || user.password.is_some() => ContextKind::Basic,
            Some(user) if has_certificate(user) => ContextKind::Certificate,
            _ => ContextKind::Anonymous,
        }
    }

    /// Files that it refers to and whose content is not embedded.
    pub fn files(&self) -> Vec<&str> {
        let ca = self
            .cluster
            .filter(|c| filled(&c.certificate_authority_data).is_none())
            .and_then(|c| filled(&c.certificate_authority));
        let certificate = self
            .user
            .filter(|u| filled(&u.client_certificate_data).is_none())
            .and_then(|u| filled(&u.client_certificate));
        let key = self
            .user
            .filter(|u| u.client_key_data.is_none())
            .and_then(|u| filled(&u.client_key));
        let token = self.user.and_then(|u| filled(&u.token_file));
        [ca, certificate, key, token]
            .into_iter()
            .flatten()
            .collect()
    }

    pub fn preview(&self, base: Option<&Path>) -> ContextPreview {
        let ca_sha256 = self
            .cluster
            .and_then(|c| filled(&c.certificate_authority_data))
            .and_then(|data| pem::ca_sha256(&decoded(data).ok()?));
        ContextPreview {
            name: scrub(self.name),
            server: scrub(
                self.cluster
                    .and_then(|c| c.server.as_deref())
                    .unwrap_or_default(),
            ),
            ca_sha256,
            user: scrub(self.user_name),
            credential: self.kind(),
            plugin: self.plugin(base),
            files: self.files().into_iter().map(scrub).collect(),
            refused: self.refused,
        }
    }

    fn plugin(&self, base: Option<&Path>) -> Option<PluginPreview> {
        let user = self.user?;
        if let Some(exec) = &user.exec {
            return Some(command::of_exec(exec, base));
        }
        user.auth_provider
            .as_ref()
            .map(|provider| command::of_auth_provider(provider, base))
    }
}
