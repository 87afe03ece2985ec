//! What certificates and tokens of a context say against themselves.

use chrono::{DateTime, Utc};
use engine::ports::token_ends;
use secrecy::ExposeSecret;
use x509_parser::extensions::ExtendedKeyUsage;
use x509_parser::prelude::{FromDer, X509Certificate};

use super::file::{Cluster, User};
use super::value::{decoded, filled};
use crate::pem;

/// What speaks against a certificate or token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CredentialConcern {
    /// Which one.
    pub of: Credential,
    /// What.
    pub what: Concern,
}

/// A certificate or token of a context.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Credential {
    /// A certificate of the CA.
    Ca,
    /// The client certificate.
    Certificate,
    /// The bearer token.
    Token,
}

/// What speaks against it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Concern {
    /// It ended then.
    Expired(DateTime<Utc>),
    /// It begins then.
    NotYetValid(DateTime<Utc>),
    /// Its extended key usage is not for clients.
    NotForClients,
}

/// What can be told without opening a file.
pub(super) fn all(
    cluster: Option<&Cluster>,
    user: Option<&User>,
    now: DateTime<Utc>,
) -> Vec<CredentialConcern> {
    let mut found = Vec::new();
    let ca = cluster.and_then(|c| filled(&c.certificate_authority_data));
    let client = user.and_then(|u| filled(&u.client_certificate_data));
    for (of, data) in [(Credential::Ca, ca), (Credential::Certificate, client)] {
        let pem = data.and_then(|data| decoded(data).ok());
        for der in pem
            .and_then(|pem| pem::certificates(&pem))
            .unwrap_or_default()
        {
            found.extend(of_certificate(of, &der, now));
            // The rest of a client's chain is its issuers, which the API server knows itself.
            if of == Credential::Certificate {
                break;
            }
        }
    }
    let token = user.and_then(|u| u.token.as_ref());
    if let Some(end) = token.and_then(|token| token_ends(token.expose_secret()))
        && end <= now
    {
        found.push(CredentialConcern {
            of: Credential::Token,
            what: Concern::Expired(end),
        });
    }
    found
}

fn of_certificate(of: Credential, der: &[u8], now: DateTime<Utc>) -> Vec<CredentialConcern> {
    let Ok((_, certificate)) = X509Certificate::from_der(der) else {
        return Vec::new();
    };
    let at = |time: x509_parser::time::ASN1Time| DateTime::from_timestamp(time.timestamp(), 0);
    let validity = certificate.validity();
    let not_after = at(validity.not_after).filter(|end| *end <= now);
    let not_before = at(validity.not_before).filter(|begin| *begin > now);
    let usage = certificate.extended_key_usage().ok().flatten();
    let for_clients = usage.is_none_or(|usage| is_for_clients(usage.value));
    let found = [
        not_after.map(Concern::Expired),
        not_before.map(Concern::NotYetValid),
        (of == Credential::Certificate && !for_clients).then_some(Concern::NotForClients),
    ];
    let found = found.into_iter().flatten();
    found.map(|what| CredentialConcern { of, what }).collect()
}

fn is_for_clients(usage: &ExtendedKeyUsage<'_>) -> bool {
    usage.any || usage.client_auth
}
