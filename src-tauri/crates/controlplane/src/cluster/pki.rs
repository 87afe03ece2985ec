//! One certificate authority for each cluster: a cluster's identity has its hash.

use std::fs;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, SanType, date_time_ymd,
};

use super::error::{StartError, setup};

/// Where the keys and certificates of one cluster are.
pub(super) struct Certificates {
    pub(super) ca_pem: String,
    folder: PathBuf,
}

impl Certificates {
    /// Makes all of them for an API server at these addresses.
    pub(super) fn make(
        folder: &Path,
        name: &str,
        addresses: &[IpAddr],
    ) -> Result<Self, StartError> {
        fs::create_dir_all(folder).map_err(setup("folder for certificates"))?;
        let write = |file: &str, content: &str| {
            fs::write(folder.join(file), content).map_err(setup(format!("writing {file}")))
        };

        let mut authority = params(&format!("{name} CA"));
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let authority_key = KeyPair::generate()?;
        let ca_pem = authority.self_signed(&authority_key)?.pem();
        write("ca.crt", &ca_pem)?;
        let issuer = Issuer::new(authority, authority_key);

        let mut server = params("kube-apiserver");
        server.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        for dns in [
            "localhost",
            "kubernetes",
            "kubernetes.default",
            "kubernetes.default.svc",
        ] {
            server
                .subject_alt_names
                .push(SanType::DnsName(dns.try_into()?));
        }
        server
            .subject_alt_names
            .extend(addresses.iter().map(|address| SanType::IpAddress(*address)));
        let server_key = KeyPair::generate()?;
        write(
            "apiserver.crt",
            &server.signed_by(&server_key, &issuer)?.pem(),
        )?;
        write("apiserver.key", &server_key.serialize_pem())?;

        // With it the API server asks the kubelet for logs and exec.
        let mut client = params("kube-apiserver-kubelet-client");
        client
            .distinguished_name
            .push(DnType::OrganizationName, "system:masters");
        client.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        let client_key = KeyPair::generate()?;
        write(
            "kubelet-client.crt",
            &client.signed_by(&client_key, &issuer)?.pem(),
        )?;
        write("kubelet-client.key", &client_key.serialize_pem())?;

        let accounts = KeyPair::generate()?;
        write("accounts.key", &accounts.serialize_pem())?;
        write("accounts.pub", &accounts.public_key_pem())?;
        Ok(Certificates {
            ca_pem,
            folder: folder.to_owned(),
        })
    }

    pub(super) fn path(&self, file: &str) -> String {
        self.folder.join(file).display().to_string()
    }
}

fn params(common_name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params
        .distinguished_name
        .push(DnType::CommonName, common_name);
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(2049, 12, 31);
    params
}
