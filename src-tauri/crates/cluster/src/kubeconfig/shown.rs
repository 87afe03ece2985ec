//! What is shown of a screened context.

use std::path::Path;

use engine::ports::ContextKind;

use super::ContextPreview;
use super::command::{self, PluginPreview};
use super::judge::has_certificate;
use super::screen::Screened;
use super::value::{decoded, filled};
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
            server: shown_server(
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
