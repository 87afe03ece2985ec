use engine::ports::{
    ActsAs, CertificatePin, Context, ContextHead, ContextKind, Credential, Plugin, Proxy, Route,
    VaultFailure,
};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// The newest form; the first has neither a route nor two credentials.
const NEWEST: u8 = 2;

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
    #[serde(default, skip_serializing_if = "Option::is_none")]
    route: Option<StoredRoute>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct StoredRoute {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pinned_pem: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    proxy: Option<StoredProxy>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    acts_as: Option<StoredActsAs>,
}

#[derive(Serialize, Deserialize)]
struct StoredProxy {
    url: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    login: Option<(String, Zeroizing<String>)>,
}

#[derive(Serialize, Deserialize)]
struct StoredActsAs {
    user: String,
    #[serde(default)]
    uid: Option<String>,
    #[serde(default)]
    groups: Vec<String>,
    #[serde(default)]
    extra: Vec<(String, Vec<String>)>,
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
    CertificateAndToken {
        certificate_pem: String,
        key_pem: Zeroizing<String>,
        token: Zeroizing<String>,
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
        Credential::CertificateAndToken {
            certificate_pem,
            key_pem,
            token,
        } => StoredCredential::CertificateAndToken {
            certificate_pem: certificate_pem.clone(),
            key_pem: exposed(key_pem),
            token: exposed(token),
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
    let newer = !context.route.is_empty()
        || context.ca_pem.is_empty()
        || matches!(credential, StoredCredential::CertificateAndToken { .. });
    let stored = Stored {
        // A program that knows nothing of a route would go without the proxy, or act as another
        // user than was confirmed: it must not read it.
        version: if newer { NEWEST } else { 1 },
        name: context.name.clone(),
        server: context.server.clone(),
        ca_pem: context.ca_pem.clone(),
        tls_server_name: context.tls_server_name.clone(),
        credential,
        route: stored_route(&context.route),
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
    if !(1..=NEWEST).contains(&stored.version) || stored.name != name {
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
        StoredCredential::CertificateAndToken {
            certificate_pem,
            key_pem,
            token,
        } => Credential::CertificateAndToken {
            certificate_pem,
            key_pem: hidden(&key_pem),
            token: hidden(&token),
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
        route: stored.route.map(route).unwrap_or_default(),
    })
}

fn stored_route(route: &Route) -> Option<StoredRoute> {
    if route.is_empty() {
        return None;
    }
    let proxy = route.proxy.as_ref().map(|proxy| StoredProxy {
        url: proxy.url.clone(),
        login: proxy
            .login
            .as_ref()
            .map(|(user, password)| (user.clone(), exposed(password))),
    });
    let acts_as = route.acts_as.clone().map(|as_whom| StoredActsAs {
        user: as_whom.user,
        uid: as_whom.uid,
        groups: as_whom.groups,
        extra: as_whom.extra,
    });
    Some(StoredRoute {
        pinned_pem: route.pinned_pem.clone(),
        proxy,
        acts_as,
    })
}

fn route(stored: StoredRoute) -> Route {
    Route {
        pinned_pem: stored.pinned_pem,
        proxy: stored.proxy.map(|proxy| Proxy {
            url: proxy.url,
            login: proxy
                .login
                .map(|(user, password)| (user, hidden(&password))),
        }),
        acts_as: stored.acts_as.map(|as_whom| ActsAs {
            user: as_whom.user,
            uid: as_whom.uid,
            groups: as_whom.groups,
            extra: as_whom.extra,
        }),
    }
}

/// What may be shown of it.
pub(crate) fn head(context: &Context) -> ContextHead {
    let kind = match &context.credential {
        Credential::Anonymous => ContextKind::Anonymous,
        Credential::Token(_) => ContextKind::Token,
        Credential::Basic { .. } => ContextKind::Basic,
        Credential::Certificate { .. } => ContextKind::Certificate,
        Credential::CertificateAndToken { .. } => ContextKind::CertificateAndToken,
        Credential::Plugin(_) => ContextKind::Plugin,
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
        expires_at: context.credential.ends_at(),
        has_ca: !context.ca_pem.is_empty(),
        proxy: context.route.proxy.as_ref().map(|proxy| proxy.url.clone()),
        acts_as: context.route.acts_as.clone(),
        certificate: match context.route.pinned_pem.as_deref() {
            None => CertificatePin::No,
            Some("") => CertificatePin::Awaited,
            Some(_) => CertificatePin::Pinned,
        },
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::*;

    fn context(ca_pem: &str, route: Route) -> Context {
        Context {
            name: "c".to_owned(),
            server: "https://a".to_owned(),
            ca_pem: ca_pem.to_owned(),
            tls_server_name: None,
            credential: Credential::CertificateAndToken {
                certificate_pem: "certificate".to_owned(),
                key_pem: SecretString::from("the key"),
                token: SecretString::from("the token"),
            },
            route,
        }
    }

    #[test]
    fn a_route_and_two_credentials_come_back_as_they_were_stored() {
        let route = Route {
            pinned_pem: Some("pinned".to_owned()),
            proxy: Some(Proxy {
                url: "http://proxy:3128".to_owned(),
                login: Some(("me".to_owned(), SecretString::from("proxy password"))),
            }),
            acts_as: Some(ActsAs {
                user: "deploy".to_owned(),
                uid: Some("7".to_owned()),
                groups: vec!["release".to_owned()],
                extra: vec![("team".to_owned(), vec!["shop".to_owned()])],
            }),
        };
        let written = context("", route);
        let text = to_text(&written).unwrap();
        let read = from_text("c", &text).unwrap();
        assert_eq!(format!("{read:?}"), format!("{written:?}"));
        let login = read.route.proxy.as_ref().unwrap().login.as_ref().unwrap();
        assert_eq!(login.1.expose_secret(), "proxy password");
        let head = head(&read);
        assert_eq!(head.kind, ContextKind::CertificateAndToken);
        assert_eq!(head.proxy.as_deref(), Some("http://proxy:3128"));
        assert_eq!(head.certificate, CertificatePin::Pinned);
        assert!(head.acts_as.is_some());
        // Nothing printable holds a secret.
        let printed = format!("{read:?} {head:?}");
        for secret in ["the key", "the token", "proxy password"] {
            assert!(!printed.contains(secret), "{printed}");
        }
    }

    #[test]
    fn only_what_older_programs_understand_is_written_in_their_form() {
        let version = |context: &Context| {
            let text = to_text(context).unwrap();
            serde_json::from_slice::<serde_json::Value>(&text).unwrap()["version"].clone()
        };
        let mut plain = context("a CA", Route::default());
        assert_eq!(version(&plain), 2, "two credentials");
        plain.credential = Credential::Anonymous;
        assert_eq!(version(&plain), 1);
        plain.route.acts_as = Some(ActsAs::default());
        assert_eq!(version(&plain), 2);
        plain.route = Route::default();
        plain.ca_pem = String::new();
        assert_eq!(version(&plain), 2, "the system's roots");
        let future = br#"{"version":3,"name":"c","server":"","caPem":"","tlsServerName":null,"credential":{"kind":"anonymous"}}"#;
        assert!(from_text("c", future).is_err());
        let first = br#"{"version":1,"name":"c","server":"https://a","caPem":"x","tlsServerName":null,"credential":{"kind":"anonymous"}}"#;
        assert!(from_text("c", first).unwrap().route.is_empty());
    }
}
