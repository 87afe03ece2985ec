//! Single values of a kubeconfig.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::Refusal;
use crate::pem;
use crate::printable::is_hidden;

/// Whether one of the texts has characters that a person cannot see.
pub(super) fn hidden<'a>(texts: impl IntoIterator<Item = &'a str>) -> bool {
    texts.into_iter().any(|text| text.chars().any(is_hidden))
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

/// The PEM text of base64 data that has to be certificates.
pub(super) fn embedded_certificates(data: &str) -> Result<String, Refusal> {
    let pem = decoded(data)?;
    pem::certificates(&pem).ok_or(Refusal::BadCertificate)?;
    Ok(pem)
}
