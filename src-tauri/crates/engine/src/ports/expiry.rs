use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::DateTime;
use domain::Instant;
use secrecy::ExposeSecret;
use serde::Deserialize;
use x509_parser::pem::Pem;
use zeroize::Zeroizing;

use super::Credential;

impl Credential {
    /// When the certificate or token ends, the earlier of both, if that can be told. What a command
    /// gives is not known here.
    pub fn ends_at(&self) -> Option<Instant> {
        match self {
            Credential::Anonymous | Credential::Basic { .. } | Credential::Plugin(_) => None,
            Credential::Token(token) => token_ends(token.expose_secret()),
            Credential::Certificate {
                certificate_pem, ..
            } => certificate_ends(certificate_pem),
            Credential::CertificateAndToken {
                certificate_pem,
                token,
                ..
            } => [
                certificate_ends(certificate_pem),
                token_ends(token.expose_secret()),
            ]
            .into_iter()
            .flatten()
            .min(),
        }
    }
}

/// When a bearer token ends, if it is a JWT that says so (RFC 7519, `exp`). Its signature is not
/// checked: this is for people to see, the API server decides.
pub fn token_ends(token: &str) -> Option<Instant> {
    #[derive(Deserialize)]
    struct Claims {
        exp: f64,
    }
    let payload = token.trim().split('.').nth(1)?;
    let payload = Zeroizing::new(URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).ok()?);
    let claims: Claims = serde_json::from_slice(&payload).ok()?;
    // Seconds since 1970; a fraction is allowed and of no use here.
    DateTime::from_timestamp(claims.exp as i64, 0)
}

/// When the first certificate of a chain ends.
pub fn certificate_ends(pem: &str) -> Option<Instant> {
    let first = Pem::iter_from_buffer(pem.as_bytes()).next()?.ok()?;
    let certificate = first.parse_x509().ok()?;
    DateTime::from_timestamp(certificate.validity().not_after.timestamp(), 0)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::*;

    #[test]
    fn a_token_says_when_it_ends() {
        let jwt = |claims: &str| format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(claims));
        let end = DateTime::from_timestamp(1_789_000_000, 0);
        assert_eq!(token_ends(&jwt(r#"{"sub":"ci","exp":1789000000}"#)), end);
        assert_eq!(token_ends(&jwt(r#"{"exp":1789000000.5}"#)), end);
        for none in [
            jwt(r#"{"sub":"ci"}"#),
            jwt("{"),
            "opaque".into(),
            "a.b.c".into(),
            String::new(),
            ".".into(),
        ] {
            assert_eq!(token_ends(&none), None, "{none}");
        }
    }

    #[test]
    fn a_certificate_says_when_it_ends() {
        let key = rcgen::KeyPair::generate().unwrap();
        let mut parameters = rcgen::CertificateParams::new(vec!["admin".to_owned()]).unwrap();
        parameters.not_after = rcgen::date_time_ymd(2031, 2, 3);
        let pem = parameters.self_signed(&key).unwrap().pem();
        let end = "2031-02-03T00:00:00Z".parse::<Instant>().unwrap();
        assert_eq!(certificate_ends(&pem), Some(end));
        assert_eq!(
            certificate_ends(&format!("# issued by hand\n{pem}{pem}")),
            Some(end)
        );
        for none in [
            "",
            "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
            "text",
        ] {
            assert_eq!(certificate_ends(none), None, "{none}");
        }
    }
}
