//! Makes a context of a screened entry: complete, so that nothing is read when it connects.

use std::path::Path;

use engine::ports::{Context, Credential, Plugin, Route};
use secrecy::{ExposeSecret, SecretString};

use super::embed::Embedded;
use super::file::{Cluster, Exec, User};
use super::judge::matching;
use super::screen::Screened;
use super::value::{decoded, filled};
use super::{Agreed, KubeconfigFailure, Refusal, route};
use crate::pem;
use crate::printable::scrub;
use crate::wiring::Pair;

/// Name of the extension in which a cluster's entry says something to credential commands.
const EXEC_EXTENSION: &str = "client.authentication.k8s.io/exec";

pub(super) fn build(
    screened: &Screened<'_>,
    base: Option<&Path>,
    agreed: &Agreed<'_>,
    embedded: &Embedded,
) -> Result<Context, KubeconfigFailure> {
    let refused = |refusal| KubeconfigFailure::Refused {
        context: scrub(screened.name),
        refusal,
    };
    if let Some(refusal) = screened.refused {
        return Err(refused(refusal));
    }
    let cluster = screened
        .cluster
        .ok_or_else(|| refused(Refusal::MissingCluster))?;
    let user = screened.user.ok_or_else(|| refused(Refusal::MissingUser))?;
    if screened.is_unusual() && !agreed.confirmed.iter().any(|name| name == screened.name) {
        return Err(KubeconfigFailure::NotConfirmed {
            context: scrub(screened.name),
        });
    }
    let files = screened.files();
    if !files.is_empty() && !agreed.embed_files {
        let files = files.into_iter().map(scrub).collect();
        return Err(KubeconfigFailure::FilesNotEmbedded {
            context: scrub(screened.name),
            files,
        });
    }
    let part = Part {
        base,
        embedded,
        refused: &refused,
    };
    Ok(Context {
        name: screened.name.to_owned(),
        server: cluster.server.clone().unwrap_or_default(),
        ca_pem: part.ca(cluster)?,
        tls_server_name: filled(&cluster.tls_server_name).map(str::to_owned),
        credential: part.credential(cluster, user)?,
        route: Route {
            // Empty until a person has compared what the server presents.
            pinned_pem: screened.is_insecure().then(String::new),
            proxy: filled(&cluster.proxy_url)
                .map(route::proxy)
                .transpose()
                .map_err(refused)?,
            acts_as: route::acts_as(user).map_err(refused)?,
        },
    })
}

struct Part<'a, F: Fn(Refusal) -> KubeconfigFailure> {
    base: Option<&'a Path>,
    embedded: &'a Embedded,
    refused: &'a F,
}

impl<F: Fn(Refusal) -> KubeconfigFailure> Part<'_, F> {
    fn ca(&self, cluster: &Cluster) -> Result<String, KubeconfigFailure> {
        let pem = match (
            filled(&cluster.certificate_authority_data),
            filled(&cluster.certificate_authority),
        ) {
            (Some(data), _) => decoded(data).map_err(self.refused)?,
            (None, Some(path)) => self.embedded.read(path, self.base)?,
            (None, None) => return Ok(String::new()),
        };
        self.certificates(pem)
    }

    fn credential(&self, cluster: &Cluster, user: &User) -> Result<Credential, KubeconfigFailure> {
        if let Some(exec) = &user.exec {
            return Ok(Credential::Plugin(self.plugin(cluster, exec)));
        }
        let certificate = self.certificate(user)?;
        match (self.token(user)?, certificate) {
            (Some(token), Some((certificate_pem, key_pem))) => {
                return Ok(Credential::CertificateAndToken {
                    certificate_pem,
                    key_pem,
                    token,
                });
            }
            (Some(token), None) => return Ok(Credential::Token(token)),
            (None, Some((certificate_pem, key_pem))) => {
                return Ok(Credential::Certificate {
                    certificate_pem,
                    key_pem,
                });
            }
            (None, None) => {}
        }
        Ok(match (&user.username, &user.password) {
            (Some(name), Some(password)) => Credential::Basic {
                user: name.clone(),
                password: password.clone(),
            },
            _ => Credential::Anonymous,
        })
    }

    /// client-go prefers the file over the token beside it.
    fn token(&self, user: &User) -> Result<Option<SecretString>, KubeconfigFailure> {
        let trimmed = |text: &SecretString| SecretString::from(text.expose_secret().trim());
        if let Some(path) = filled(&user.token_file) {
            let text = SecretString::from(self.embedded.read(path, self.base)?);
            return Ok(Some(trimmed(&text)));
        }
        Ok(user.token.as_ref().map(trimmed))
    }

    fn certificate(&self, user: &User) -> Result<Option<Pair>, KubeconfigFailure> {
        let certificate = match (
            filled(&user.client_certificate_data),
            filled(&user.client_certificate),
        ) {
            (Some(data), _) => decoded(data).map_err(self.refused)?,
            (None, Some(path)) => self.embedded.read(path, self.base)?,
            (None, None) => return Ok(None),
        };
        let key = match (&user.client_key_data, filled(&user.client_key)) {
            (Some(data), _) => decoded(data.expose_secret()).map_err(self.refused)?,
            (None, Some(path)) => self.embedded.read(path, self.base)?,
            (None, None) => return Err((self.refused)(Refusal::BadCertificate)),
        };
        let key_pem = SecretString::from(key);
        if !pem::is_private_key(key_pem.expose_secret()) {
            return Err((self.refused)(Refusal::BadCertificate));
        }
        let certificate = self.certificates(certificate)?;
        matching(&certificate, key_pem.expose_secret()).map_err(self.refused)?;
        Ok(Some((certificate, key_pem)))
    }

    fn certificates(&self, pem: String) -> Result<String, KubeconfigFailure> {
        match pem::certificates(&pem) {
            Some(_) => Ok(pem),
            None => Err((self.refused)(Refusal::BadCertificate)),
        }
    }

    /// A relative path is made absolute here, because only here the kubeconfig's folder is known.
    fn plugin(&self, cluster: &Cluster, exec: &Exec) -> Plugin {
        let command = exec.command.clone().unwrap_or_default();
        let is_relative = command.contains(['/', '\\']) && !Path::new(&command).is_absolute();
        let rebased = self
            .base
            .filter(|base| is_relative && base.is_absolute())
            .map(|base| base.join(&command));
        let value =
            |value: &Option<SecretString>| value.clone().unwrap_or_else(|| SecretString::from(""));
        let wants_cluster = exec.provide_cluster_info.unwrap_or(false);
        let extensions = cluster.extensions.iter().flatten();
        let said = extensions
            .filter(|one| one.name == EXEC_EXTENSION)
            .find_map(|one| one.extension.clone());
        Plugin {
            command: rebased
                .and_then(|path| path.to_str().map(str::to_owned))
                .unwrap_or(command),
            arguments: exec.args.clone().unwrap_or_default(),
            environment: exec
                .env
                .iter()
                .flatten()
                .map(|v| (v.name.clone(), value(&v.value)))
                .collect(),
            api_version: exec.api_version.clone().unwrap_or_default(),
            wants_cluster,
            cluster_config: said.filter(|_| wants_cluster),
        }
    }
}
