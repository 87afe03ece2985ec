//! The certificate that a server presents, for a person to compare. Nothing is sent to the server.

use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Utc};
use engine::ports::{ClusterFailure, Context};
use http::Method;
use x509_parser::prelude::{FromDer, X509Certificate};

use crate::limits::Limits;
use crate::pem;
use crate::printable::scrub;
use crate::trust::{Looking, Trust};
use crate::wire::{self, Ask, NoAnswer};
use crate::wiring::Wiring;

/// A certificate as a person compares it. All texts are printable and come from the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Presented {
    /// SHA-256 of the certificate (DER), hex.
    pub sha256: String,
    /// Whose it says it is.
    pub subject: String,
    /// Who it says signed it.
    pub issuer: String,
    /// From when it holds.
    pub not_before: DateTime<Utc>,
    /// Until when it holds.
    pub not_after: DateTime<Utc>,
    /// The certificate, PEM.
    pub pem: String,
}

/// Looks at the certificate that the server of a context presents now. The handshake is broken off
/// right after; the context's credential is not used.
pub async fn presented(context: &Context, limits: &Limits) -> Result<Presented, ClusterFailure> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let looking = Arc::new(Looking {
        seen: Mutex::default(),
        provider: provider.clone(),
    });
    let unusable = || ClusterFailure::Unreadable("the context cannot be used".to_owned());
    let server = crate::identity::server(&context.server).ok_or_else(unusable)?;
    let mut config = kube::Config::new(server);
    config.connect_timeout = Some(limits.connect);
    config.read_timeout = Some(limits.read);
    config.write_timeout = Some(limits.read);
    let proxy_verifier = Trust::System.proxy_verifier(&provider).ok();
    let client = Wiring {
        verifier: looking.clone(),
        proxy_verifier,
        certificate: None,
        server_name: context.tls_server_name.as_deref(),
        proxy: context.route.proxy.as_ref(),
        provider,
        config,
    }
    .client()
    .map_err(|_| unusable())?;
    let ask = Ask {
        method: Method::GET,
        uri: "/version".to_owned(),
        content_type: None,
        body: None,
        timeout: limits.read,
        most: 1 << 10,
    };
    let outcome = wire::exchange(&client, &ask).await;
    let seen = looking
        .seen
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .take();
    match (seen, outcome) {
        (Some(der), _) => described(&der)
            .ok_or_else(|| ClusterFailure::Untrusted("its certificate cannot be read".to_owned())),
        (None, Err(NoAnswer::NotSent(failure))) => Err(failure),
        (None, _) => Err(ClusterFailure::Unreachable("no TLS server".to_owned())),
    }
}

fn described(der: &[u8]) -> Option<Presented> {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    let (_, certificate) = X509Certificate::from_der(der).ok()?;
    let validity = certificate.validity();
    let at = |time: x509_parser::time::ASN1Time| DateTime::from_timestamp(time.timestamp(), 0);
    let encoded = STANDARD.encode(der);
    let lines: Vec<&str> = encoded
        .as_bytes()
        .chunks(64)
        .filter_map(|line| std::str::from_utf8(line).ok())
        .collect();
    Some(Presented {
        sha256: pem::digest_of(vec![der.to_vec()]),
        subject: scrub(&certificate.subject().to_string()),
        issuer: scrub(&certificate.issuer().to_string()),
        not_before: at(validity.not_before)?,
        not_after: at(validity.not_after)?,
        pem: format!(
            "-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n",
            lines.join("\n")
        ),
    })
}
