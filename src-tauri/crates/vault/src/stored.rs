use engine::ports::{Context, ContextHead, ContextKind, Credential, Plugin, VaultFailure};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::expiry;

/// A context as the keychain keeps it. The one place where its secrets are written as text; both
/// ends of it are wiped.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Stored {
    version: u8,
    name: String,
    server: String,
    ca_pem: String,
    tls_server_name: Option<String>,
    credential: StoredCredential,
}

#[derive(Serialize, Deserialize)]
#[serde(
    rename_all = "camelCase",
    rename_all_fields = "camelCase",
    tag = "kind"
)]
enum StoredCredential {
    Anonymous,
    Token {
        token: Zeroizing<String>,
    },
    Basic {
        user: String,
        password: Zeroizing<String>,
    },
    Certificate {
        certificate_pem: String,
        key_pem: Zeroizing<String>,
    },
    Plugin {
        command: String,
        arguments: Vec<String>,
        environment: Vec<(String, Zeroizing<String>)>,
        api_version: String,
        wants_cluster: bool,
        // Left out when there is none, as earlier versions did.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cluster_config: Option<serde_json::Value>,
    },
}

fn exposed(secret: &SecretString) -> Zeroizing<String> {
    Zeroizing::new(secret.expose_secret().to_owned())
}

fn hidden(secret: &Zeroizing<String>) -> SecretString {
    SecretString::from(secret.as_str())
}

/// The text that is kept.
pub(crate) fn to_text(context: &Context) -> Result<Zeroizing<Vec<u8>>, VaultFailure> {
    let credential = match &context.credential {
        Credential::Anonymous => StoredCredential::Anonymous,
        Credential::Token(token) => StoredCredential::Token {
            token: exposed(token),
        },
        Credential::Basic { user, password } => StoredCredential::Basic {
            user: user.clone(),
            password: exposed(password),
        },
        Credential::Certificate {
            certificate_pem,
            key_pem,
        } => StoredCredential::Certificate {
            certificate_pem: certificate_pem.clone(),
            key_pem: exposed(key_pem),
        },
        Credential::Plugin(plugin) => StoredCredential::Plugin {
            command: plugin.command.clone(),
            arguments: plugin.arguments.clone(),
            environment: plugin
                .environment
                .iter()
                .map(|(name, value)| (name.clone(), exposed(value)))
                .collect(),
            api_version: plugin.api_version.clone(),
            wants_cluster: plugin.wants_cluster,
            cluster_config: plugin.cluster_config.clone(),
        },
    };
    let stored = Stored {
        version: 1,
        name: context.name.clone(),
        server: context.server.clone(),
        ca_pem: context.ca_pem.clone(),
        tls_server_name: context.tls_server_name.clone(),
        credential,
    };
    let failed =
        |error: serde_json::Error| VaultFailure::Broken(format!("{}: {error}", context.name));
    // A buffer that grows leaves copies behind; so its length is counted before it is made.
    let mut count = Count(0);
    serde_json::to_writer(&mut count, &stored).map_err(failed)?;
    let mut text = Zeroizing::new(Vec::with_capacity(count.0));
    serde_json::to_writer(&mut *text, &stored).map_err(failed)?;
    Ok(text)
}

struct Count(usize);

impl std::io::Write for Count {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Reads it back. The parser's message is left out: it may quote the text.
pub(crate) fn from_text(name: &str, text: &[u8]) -> Result<Context, VaultFailure> {
    let broken = || VaultFailure::Broken(format!("{name}: it cannot be read"));
    let stored: Stored = serde_json::from_slice(text).map_err(|_| broken())?;
    if stored.version != 1 || stored.name != name {
        return Err(broken());
    }
    let credential = match stored.credential {
        StoredCredential::Anonymous => Credential::Anonymous,
        StoredCredential::Token { token } => Credential::Token(hidden(&token)),
        StoredCredential::Basic { user, password } => Credential::Basic {
            user,
            password: hidden(&password),
        },
        StoredCredential::Certificate {
            certificate_pem,
            key_pem,
        } => Credential::Certificate {
            certificate_pem,
            key_pem: hidden(&key_pem),
        },
        StoredCredential::Plugin {
            command,
            arguments,
            environment,
            api_version,
            wants_cluster,
            cluster_config,
        } => Credential::Plugin(Plugin {
            command,
            arguments,
            environment: environment
                .into_iter()
                .map(|(name, value)| (name, hidden(&value)))
                .collect(),
            api_version,
            wants_cluster,
            cluster_config,
        }),
    };
    Ok(Context {
        name: stored.name,
        server: stored.server,
        ca_pem: stored.ca_pem,
        tls_server_name: stored.tls_server_name,
        credential,
    })
}

/// What may be shown of it.
pub(crate) fn head(context: &Context) -> ContextHead {
    let (kind, expires_at) = match &context.credential {
        Credential::Anonymous => (ContextKind::Anonymous, None),
        Credential::Token(token) => (ContextKind::Token, expiry::of_token(token.expose_secret())),
        Credential::Basic { .. } => (ContextKind::Basic, None),
        Credential::Certificate {
            certificate_pem, ..
        } => (
            ContextKind::Certificate,
            expiry::of_certificate(certificate_pem),
        ),
        Credential::Plugin(_) => (ContextKind::Plugin, None),
    };
    let (words, variables) = match &context.credential {
        Credential::Plugin(plugin) => (
            std::iter::once(&plugin.command)
                .chain(&plugin.arguments)
                .cloned()
                .collect(),
            plugin
                .environment
                .iter()
                .map(|(name, _)| name.clone())
                .collect(),
        ),
        _ => (Vec::new(), Vec::new()),
    };
    ContextHead {
        name: context.name.clone(),
        server: context.server.clone(),
        kind,
        words,
        variables,
        expires_at,
    }
}
