//! What is shown of a screened context.

use chrono::{DateTime, Utc};
use engine::ports::ContextKind;

use super::command::{self, PluginPreview, Programs};
use super::judge::has_certificate;
use super::screen::Screened;
use super::value::{decoded, filled};
use super::{ContextPreview, TrustPreview, concern, route};
use crate::pem;
use crate::printable::scrub;

/// An address without what may be a secret in it: who, what is asked, and the part behind `#`.
fn shown_server(written: &str) -> String {
    match url::Url::parse(written) {
        Ok(mut url) if url.has_host() => {
            let _ = url.set_username("");
            let _ = url.set_password(None);
            url.set_query(None);
            url.set_fragment(None);
            // As it was written, where nothing had to go.
            if written.contains(['@', '?', '#']) {
                scrub(url.as_str())
            } else {
                scrub(written)
            }
        }
        _ => scrub(written.split(['?', '#']).next().unwrap_or_default()),
    }
}

impl Screened<'_> {
    /// How it authenticates.
    pub fn kind(&self) -> ContextKind {
        match self.user {
            Some(user) if user.exec.is_some() || user.auth_provider.is_some() => {
                ContextKind::Plugin
            }
            Some(user) if user.token.is_some() || filled(&user.token_file).is_some() => {
                if has_certificate(user) {
                    ContextKind::CertificateAndToken
                } else {
                    ContextKind::Token
                }
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

    /// Whether the entry says not to check the server's certificate.
    pub fn is_insecure(&self) -> bool {
        self.cluster
            .is_some_and(|c| c.insecure_skip_tls_verify == Some(true))
    }

    /// Whether something of it has to be confirmed.
    pub fn is_unusual(&self) -> bool {
        let proxied = self.cluster.is_some_and(|c| filled(&c.proxy_url).is_some());
        let acts_as = self.user.is_some_and(|u| filled(&u.impersonate).is_some());
        proxied || acts_as || self.is_insecure()
    }

    fn trust(&self) -> TrustPreview {
        let has_ca = self.cluster.is_some_and(|c| {
            filled(&c.certificate_authority_data).is_some()
                || filled(&c.certificate_authority).is_some()
        });
        match (self.is_insecure(), has_ca) {
            (true, _) => TrustPreview::ToPin,
            (false, true) => TrustPreview::Ca,
            (false, false) => TrustPreview::System,
        }
    }

    pub fn preview(&self, programs: &Programs, now: DateTime<Utc>) -> ContextPreview {
        let ca_sha256 = self
            .cluster
            .and_then(|c| filled(&c.certificate_authority_data))
            .and_then(|data| pem::ca_sha256(&decoded(data).ok()?));
        ContextPreview {
            name: scrub(self.name),
            server: shown_server(
                self.cluster
                    .and_then(|c| c.server.as_deref())
                    .unwrap_or_default(),
            ),
            ca_sha256,
            user: scrub(self.user_name),
            credential: self.kind(),
            plugin: self.plugin(programs),
            files: self.files().into_iter().map(scrub).collect(),
            trust: self.trust(),
            proxy: self
                .cluster
                .and_then(|c| filled(&c.proxy_url))
                .and_then(route::shown),
            acts_as: self
                .user
                .and_then(|user| route::acts_as(user).ok().flatten()),
            concerns: concern::all(self.cluster, self.user, now),
            refused: self.refused,
        }
    }

    fn plugin(&self, programs: &Programs) -> Option<PluginPreview> {
        let user = self.user?;
        if let Some(exec) = &user.exec {
            return Some(command::of_exec(exec, programs));
        }
        user.auth_provider
            .as_ref()
            .map(|provider| command::of_auth_provider(provider, programs))
    }
}
