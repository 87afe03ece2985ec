//! The vault on a real Secret Service, and interrupted at every single write.

mod availability;
mod contexts;
mod interrupted;
mod people;
mod printing;
mod replacing;
mod sealing;

use std::time::Duration;

use domain::Instant;
use engine::ports::{Context, Credential};
use secrecy::{ExposeSecret as _, SecretString};

use crate::fixture::{SecretService, or_skip};
use crate::{KeychainVault, Limits, Options, Stretch};

/// Bounds for tests: a cheap stretch, everything else as it ships.
fn limits() -> Limits {
    Limits {
        stretch: Stretch {
            memory: 64,
            passes: 1,
            lanes: 1,
        },
        ..Limits::default()
    }
}

/// A bound that a test can wait for.
fn impatient() -> Limits {
    Limits {
        call: Duration::from_secs(1),
        ..limits()
    }
}

async fn service() -> Option<SecretService> {
    or_skip(SecretService::start("test password").await)
}

fn vault(service: &SecretService, profile: &str, limits: Limits) -> KeychainVault {
    KeychainVault::open(
        profile,
        Options {
            bus_address: Some(service.address().to_owned()),
            limits,
        },
    )
}

/// A context as large as a kubeconfig with a chain of certificates: some 12 KB.
fn large(name: &str, marker: &str) -> Context {
    let pem = |lines: usize| {
        let body: String = (0..lines).map(|n| format!("{marker}{n:0>62}\n")).collect();
        format!("-----BEGIN CERTIFICATE-----\n{body}-----END CERTIFICATE-----\n")
    };
    Context {
        name: name.to_owned(),
        server: "https://10.0.0.1:6443".to_owned(),
        ca_pem: pem(60),
        tls_server_name: Some("kubernetes".to_owned()),
        credential: Credential::Certificate {
            certificate_pem: pem(60),
            key_pem: SecretString::from(pem(60)),
        },
        route: engine::ports::Route::default(),
    }
}

fn token(name: &str, token: &str) -> Context {
    Context {
        name: name.to_owned(),
        server: "https://example.invalid".to_owned(),
        ca_pem: String::new(),
        tls_server_name: None,
        credential: Credential::Token(SecretString::from(token)),
        route: engine::ports::Route::default(),
    }
}

/// Everything of a context, its secrets too: contexts themselves cannot be compared.
fn everything(context: &Context) -> String {
    let secret = match &context.credential {
        Credential::Anonymous => String::new(),
        Credential::Token(secret)
        | Credential::Basic {
            password: secret, ..
        } => secret.expose_secret().to_owned(),
        Credential::Certificate { key_pem, .. } => key_pem.expose_secret().to_owned(),
        Credential::CertificateAndToken { key_pem, token, .. } => {
            format!("{} {}", key_pem.expose_secret(), token.expose_secret())
        }
        Credential::Plugin(plugin) => plugin
            .environment
            .iter()
            .map(|(name, value)| format!("{name}={}\n", value.expose_secret()))
            .collect(),
    };
    format!("{context:?} {secret}")
}

fn at() -> Instant {
    "2026-09-15T02:00:00Z".parse().unwrap()
}
