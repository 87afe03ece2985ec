//! The workstation's own keychain, where the system has one that a test may write to: the Keychain
//! of macOS and the Credential Manager of Windows. On Linux the unit tests bring a Secret Service.
#![cfg(not(target_os = "linux"))]
#![allow(clippy::unwrap_used, clippy::expect_used)]

use domain::PersonId;
use engine::ports::{Context, Credential, Vault as _, VaultFailure};
use secrecy::{ExposeSecret as _, SecretString};
use vault::{KeychainVault, Options};

/// A profile of its own, so that nothing of the person's is touched.
fn profile() -> String {
    format!("test-{}", std::process::id())
}

/// Larger than one item of Windows may be (2,560 bytes), so that it is kept in several.
fn context(name: &str) -> Context {
    let line = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ+/\n";
    let pem = format!(
        "-----BEGIN CERTIFICATE-----\n{}-----END CERTIFICATE-----\n",
        line.repeat(120)
    );
    Context {
        name: name.to_owned(),
        server: "https://10.0.0.1:6443".to_owned(),
        ca_pem: pem.clone(),
        tls_server_name: None,
        credential: Credential::Certificate {
            certificate_pem: pem.clone(),
            key_pem: SecretString::from(pem),
        },
        route: engine::ports::Route::default(),
    }
}

#[tokio::test]
async fn the_systems_keychain_keeps_a_large_context_and_forgets_it() {
    let stored = context("北京 prod");
    let first = KeychainVault::open(&profile(), Options::default());
    first.store(stored.clone()).await.unwrap();
    // Another handle finds what the first one left.
    let second = KeychainVault::open(&profile(), Options::default());
    let read = second.context(&stored.name).await.unwrap();
    assert_eq!(read.ca_pem, stored.ca_pem);
    let (Credential::Certificate { key_pem: a, .. }, Credential::Certificate { key_pem: b, .. }) =
        (&read.credential, &stored.credential)
    else {
        panic!("another kind of credential came back");
    };
    assert_eq!(a.expose_secret(), b.expose_secret());
    second.forget(&stored.name).await.unwrap();
    assert_eq!(second.contexts().await.unwrap(), []);
    assert!(matches!(
        second.context(&stored.name).await,
        Err(VaultFailure::NoEntry(_))
    ));
}

#[tokio::test]
async fn a_signing_key_outlives_the_program_and_needs_its_passphrase() {
    let person = PersonId::from("test-person");
    let profile = format!("{}-keys", profile());
    let first = KeychainVault::open(&profile, Options::default());
    let public = first
        .create_key(&person, SecretString::from("correct horse"))
        .await
        .unwrap();
    let second = KeychainVault::open(&profile, Options::default());
    assert_eq!(second.key(&person).await.unwrap(), Some((public, false)));
    assert_eq!(
        second.unlock(&person, SecretString::from("wrong")).await,
        Err(VaultFailure::WrongPassphrase)
    );
    second
        .unlock(&person, SecretString::from("correct horse"))
        .await
        .unwrap();
}
