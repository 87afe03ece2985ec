//! Certificates: reading them and what pins a CA.

use sha2::{Digest, Sha256};
use x509_parser::pem::Pem;
use x509_parser::prelude::{FromDer, X509Certificate};

/// The certificates of a PEM text, DER each. None when there is none, or one cannot be read.
pub(crate) fn certificates(pem: &str) -> Option<Vec<Vec<u8>>> {
    let mut found = Vec::new();
    for block in Pem::iter_from_buffer(pem.as_bytes()) {
        let block = block.ok()?;
        if block.label == "CERTIFICATE" {
            let (rest, _) = X509Certificate::from_der(&block.contents).ok()?;
            if !rest.is_empty() {
                return None;
            }
            found.push(block.contents);
        }
    }
    (!found.is_empty()).then_some(found)
}

/// Whether a PEM text holds a private key in a form that rustls takes.
pub(crate) fn is_private_key(pem: &str) -> bool {
    Pem::iter_from_buffer(pem.as_bytes()).any(|block| {
        block.is_ok_and(|block| {
            matches!(
                block.label.as_str(),
                "PRIVATE KEY" | "RSA PRIVATE KEY" | "EC PRIVATE KEY"
            ) && !block.contents.is_empty()
        })
    })
}

/// SHA-256 over the DER of a CA, hex. Of several certificates: over all of them, sorted, each once,
/// so that their order in the file does not matter.
pub(crate) fn ca_sha256(pem: &str) -> Option<String> {
    certificates(pem).map(digest_of)
}

/// SHA-256 over certificates (DER), hex, whatever their order.
pub(crate) fn digest_of(mut certificates: Vec<Vec<u8>>) -> String {
    certificates.sort();
    certificates.dedup();
    let mut hash = Sha256::new();
    for der in &certificates {
        hash.update(der);
    }
    hex::encode(hash.finalize())
}
