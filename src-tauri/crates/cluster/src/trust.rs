//! What vouches for a server: the context's CA, the system's roots, or one certificate that a person
//! has compared. Nothing is ever accepted unverified.

use std::sync::{Arc, Mutex, PoisonError};

use engine::ports::{ClusterFailure, Context};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    CertificateError, DigitallySignedStruct, Error, OtherError, RootCertStore, SignatureScheme,
};
use sha2::{Digest, Sha256};
use x509_parser::prelude::{FromDer, X509Certificate};

use crate::pem;

/// What vouches for a server.
#[derive(Clone, Debug)]
pub(crate) enum Trust {
    /// These CAs, DER.
    Ca(Vec<Vec<u8>>),
    /// What this system trusts, for the server's name.
    System,
    /// This one certificate, DER, whatever name it is for and whenever it ends.
    Pinned(Vec<u8>),
}

impl Trust {
    /// What vouches for a context's server.
    pub fn of(context: &Context) -> Result<Trust, ClusterFailure> {
        let untrusted = |why: &str| ClusterFailure::Untrusted(why.to_owned());
        if let Some(pinned) = &context.route.pinned_pem {
            let mut certificates = pem::certificates(pinned)
                .ok_or_else(|| untrusted("nobody has compared the server's certificate yet"))?;
            return Ok(Trust::Pinned(certificates.remove(0)));
        }
        if context.ca_pem.is_empty() {
            return Ok(Trust::System);
        }
        let ca = pem::certificates(&context.ca_pem);
        ca.map(Trust::Ca)
            .ok_or_else(|| untrusted("the context has no readable CA"))
    }

    /// SHA-256 of what is pinned of it, hex: of the CA, or of the one certificate. Empty for the
    /// system's roots.
    pub fn sha256(&self) -> String {
        match self {
            Trust::Ca(ca) => pem::digest_of(ca.clone()),
            Trust::System => String::new(),
            Trust::Pinned(certificate) => pem::digest_of(vec![certificate.clone()]),
        }
    }

    /// Verifies servers by it. `issuer` is told whose key signed the certificate.
    pub fn verifier(
        &self,
        provider: &Arc<CryptoProvider>,
        issuer: &Issuer,
    ) -> Result<Arc<dyn ServerCertVerifier>, Error> {
        Ok(match self {
            Trust::Ca(ca) => of_roots(ca, provider)?,
            Trust::Pinned(certificate) => Arc::new(OneCertificate {
                certificate: certificate.clone(),
                provider: provider.clone(),
            }),
            Trust::System => Arc::new(Noting {
                inner: Arc::new(rustls_platform_verifier::Verifier::new(provider.clone())?),
                issuer: issuer.clone(),
            }),
        })
    }

    /// Verifies an `https` proxy: by the system's roots, and by the context's CA, which is how
    /// client-go does it.
    pub fn proxy_verifier(
        &self,
        provider: &Arc<CryptoProvider>,
    ) -> Result<Arc<dyn ServerCertVerifier>, Error> {
        let own = match self {
            Trust::Ca(ca) => ca.iter().cloned().map(CertificateDer::from).collect(),
            Trust::System | Trust::Pinned(_) => Vec::new(),
        };
        let provider = provider.clone();
        let verifier = rustls_platform_verifier::Verifier::new_with_extra_roots(own, provider)?;
        Ok(Arc::new(verifier))
    }
}

fn of_roots(
    ca: &[Vec<u8>],
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<dyn ServerCertVerifier>, Error> {
    let mut roots = RootCertStore::empty();
    for der in ca {
        roots.add(CertificateDer::from(der.clone()))?;
    }
    let verifier = WebPkiServerVerifier::builder_with_provider(roots.into(), provider.clone());
    let verifier = verifier
        .build()
        .map_err(|error| Error::Other(OtherError(Arc::new(error))))?;
    Ok(verifier)
}

/// Whose key signed the certificate that was verified last: SHA-256 of the issuer's SPKI, hex. A
/// resumed session keeps what its handshake found.
#[derive(Clone, Debug, Default)]
pub(crate) struct Issuer(Arc<Mutex<Option<String>>>);

impl Issuer {
    /// What the newest handshake found; none before the first.
    pub fn sha256(&self) -> Option<String> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn note(&self, sha256: String) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(sha256);
    }
}

#[derive(Debug)]
struct Noting {
    inner: Arc<dyn ServerCertVerifier>,
    issuer: Issuer,
}

impl ServerCertVerifier for Noting {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let verified = self.inner.verify_server_cert(
            end_entity,
            intermediates,
            server_name,
            ocsp_response,
            now,
        )?;
        let unreadable = Error::InvalidCertificate(CertificateError::BadEncoding);
        self.issuer
            .note(issuer_sha256(end_entity, intermediates).ok_or(unreadable)?);
        Ok(verified)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner
            .verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner
            .verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}

/// SHA-256 of the key that signed a certificate. It is looked for among what the server sent, the
/// certificate itself, and the system's roots, and its signature is checked: a name alone can be
/// anybody's. Where it is nowhere, the issuer's name and key identifier stand for it.
fn issuer_sha256(
    end_entity: &CertificateDer<'_>,
    intermediates: &[CertificateDer<'_>],
) -> Option<String> {
    let (_, leaf) = X509Certificate::from_der(end_entity).ok()?;
    let signed_by = |candidate: &[u8]| {
        let (_, issuer) = X509Certificate::from_der(candidate).ok()?;
        let named = issuer.subject().as_raw() == leaf.issuer().as_raw();
        let signed = named && leaf.verify_signature(Some(issuer.public_key())).is_ok();
        signed.then(|| hex::encode(Sha256::digest(issuer.public_key().raw)))
    };
    let sent = intermediates
        .iter()
        .chain([end_entity])
        .find_map(|der| signed_by(der));
    let root = || {
        let roots = rustls_native_certs::load_native_certs().certs;
        roots.iter().find_map(|der| signed_by(der))
    };
    let described = || {
        let identifier = leaf
            .iter_extensions()
            .find(|e| e.oid == x509_parser::oid_registry::OID_X509_EXT_AUTHORITY_KEY_IDENTIFIER);
        let mut hash = Sha256::new();
        hash.update(leaf.issuer().as_raw());
        hash.update(identifier.map(|e| e.value).unwrap_or_default());
        hex::encode(hash.finalize())
    };
    Some(sent.or_else(root).unwrap_or_else(described))
}

/// Accepts one certificate and no other. That whoever presents it has its key is checked as for any.
#[derive(Debug)]
struct OneCertificate {
    certificate: Vec<u8>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for OneCertificate {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if end_entity.as_ref() == self.certificate.as_slice() {
            Ok(ServerCertVerified::assertion())
        } else {
            let refused = CertificateError::ApplicationVerificationFailure;
            Err(Error::InvalidCertificate(refused))
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}

/// Accepts nothing, and keeps the certificate that it was shown. The handshake ends there, so that
/// no credential is ever sent to a server that nobody vouches for.
#[derive(Debug)]
pub(crate) struct Looking {
    pub seen: Mutex<Option<Vec<u8>>>,
    pub provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Looking {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = Some(end_entity.to_vec());
        let looked_at = CertificateError::ApplicationVerificationFailure;
        Err(Error::InvalidCertificate(looked_at))
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(Error::InvalidCertificate(CertificateError::BadSignature))
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(Error::InvalidCertificate(CertificateError::BadSignature))
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}
