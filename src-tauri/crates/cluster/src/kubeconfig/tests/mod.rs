#![allow(clippy::unwrap_used, clippy::expect_used)]

mod commands;
mod imported;
mod malformed;
mod refused;
mod unusual;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::*;

pub(super) fn ca_pem() -> String {
    let key = rcgen::KeyPair::generate().unwrap();
    rcgen::CertificateParams::new(vec!["ca".to_owned()])
        .unwrap()
        .self_signed(&key)
        .unwrap()
        .pem()
}

/// A certificate and its key, base64.
pub(super) fn pair() -> (String, String) {
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = rcgen::CertificateParams::new(vec!["me".to_owned()])
        .unwrap()
        .self_signed(&key)
        .unwrap();
    let encoded = |text: String| STANDARD.encode(text);
    (encoded(certificate.pem()), encoded(key.serialize_pem()))
}

pub(super) fn key_pem() -> String {
    rcgen::KeyPair::generate().unwrap().serialize_pem()
}

/// A kubeconfig with one context `c`, made of the given cluster and user lines.
pub(super) fn config(cluster: &str, user: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Config\nclusters:\n- name: k\n  cluster: {cluster}\nusers:\n- name: u\n  user: {user}\ncontexts:\n- name: c\n  context: {{cluster: k, user: u}}\n"
    )
}

pub(super) fn good_cluster() -> String {
    format!(
        "{{server: 'https://a.example:6443', certificate-authority-data: {}}}",
        STANDARD.encode(ca_pem())
    )
}

pub(super) fn with_user(user: &str) -> String {
    config(&good_cluster(), user)
}

pub(super) fn with_cluster(cluster: &str) -> String {
    config(cluster, "{token: t}")
}

pub(super) fn only(text: &str) -> ContextPreview {
    let mut preview = preview(text, None).unwrap();
    assert_eq!(preview.contexts.len(), 1);
    preview.contexts.remove(0)
}
