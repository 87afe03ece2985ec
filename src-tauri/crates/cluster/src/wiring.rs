//! The client of a context: TLS by what vouches for the server, through its proxy, below its path.
//! kube builds the same stack, but can neither pin a certificate nor say who issued it, and shows the
//! client's certificate and no other roots to a proxy.

use std::sync::Arc;
use std::time::Duration;

use engine::ports::Proxy;
use http::{HeaderValue, Uri};
use hyper::rt::{Read, Write};
use hyper_rustls::{FixedServerNameResolver, HttpsConnectorBuilder};
use hyper_timeout::TimeoutConnector;
use hyper_util::client::legacy::connect::proxy::{SocksV5, Tunnel};
use hyper_util::client::legacy::connect::{Connection, HttpConnector};
use hyper_util::rt::TokioExecutor;
use kube::Client;
use kube::client::{Body, ClientBuilder, ConfigExt};
use rustls::ClientConfig;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::sign::CertifiedKey;
use secrecy::{ExposeSecret, SecretString};
use tower::{BoxError, Service, ServiceBuilder};

/// A client certificate, PEM, and its key, PEM.
pub(crate) type Pair = (String, SecretString);

/// A client cannot be built of what the context holds.
#[derive(Debug)]
pub(crate) struct Unusable;

/// What a client is made of.
pub(crate) struct Wiring<'a> {
    pub verifier: Arc<dyn ServerCertVerifier>,
    /// For an `https` proxy.
    pub proxy_verifier: Option<Arc<dyn ServerCertVerifier>>,
    pub certificate: Option<&'a Pair>,
    pub server_name: Option<&'a str>,
    pub proxy: Option<&'a Proxy>,
    pub provider: Arc<CryptoProvider>,
    /// Server, authentication by headers, impersonation and times.
    pub config: kube::Config,
}

impl Wiring<'_> {
    /// Builds the client; connects nowhere.
    pub fn client(mut self) -> Result<Client, Unusable> {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        let Some(proxy) = self.proxy else {
            return self.over(tcp);
        };
        let uri: Uri = proxy.url.parse().map_err(|_| Unusable)?;
        match uri.scheme_str() {
            Some("http") => self.over(authorised(Tunnel::new(uri, tcp), proxy)?),
            Some("https") => {
                let verifier = self.proxy_verifier.take().ok_or(Unusable)?;
                // Without the client's certificate: the proxy is not the cluster.
                let tls = with_verifier(&self.provider, verifier)?.with_no_client_auth();
                let tls = HttpsConnectorBuilder::new()
                    .with_tls_config(tls)
                    .https_only()
                    .enable_http1()
                    .wrap_connector(tcp);
                self.over(authorised(Tunnel::new(uri, tls), proxy)?)
            }
            Some("socks5") => {
                let socks = SocksV5::new(with_port(uri, 1080)?, tcp);
                self.over(match &proxy.login {
                    Some((user, password)) => {
                        socks.with_auth(user.clone(), password.expose_secret().to_owned())
                    }
                    None => socks,
                })
            }
            _ => Err(Unusable),
        }
    }

    fn over<H>(self, connector: H) -> Result<Client, Unusable>
    where
        H: 'static + Clone + Send + Sync + Service<Uri>,
        H::Response: 'static + Connection + Read + Write + Send + Unpin,
        H::Future: 'static + Send,
        H::Error: 'static + Send + Sync + std::error::Error,
    {
        let builder = with_verifier(&self.provider, self.verifier)?;
        let tls = match self.certificate {
            Some(pair) => {
                let (chain, key) = parsed(pair)?;
                builder
                    .with_client_auth_cert(chain, key)
                    .map_err(|_| Unusable)?
            }
            None => builder.with_no_client_auth(),
        };
        let mut builder = HttpsConnectorBuilder::new()
            .with_tls_config(tls)
            .https_only();
        if let Some(name) = self.server_name {
            let name = ServerName::try_from(name.to_owned()).map_err(|_| Unusable)?;
            builder = builder.with_server_name_resolver(FixedServerNameResolver::new(name));
        }
        let mut connector = TimeoutConnector::new(builder.enable_http1().wrap_connector(connector));
        connector.set_connect_timeout(self.config.connect_timeout);
        connector.set_read_timeout(self.config.read_timeout);
        connector.set_write_timeout(self.config.write_timeout);
        connector.set_reset_reader_on_write(self.config.reset_reader_on_write);
        let http: hyper_util::client::legacy::Client<_, Body> =
            hyper_util::client::legacy::Builder::new(TokioExecutor::new())
                .pool_idle_timeout(Duration::from_secs(90))
                .build(connector);
        let service = ServiceBuilder::new()
            .layer(self.config.base_uri_layer())
            .option_layer(self.config.auth_layer().map_err(|_| Unusable)?)
            .layer(self.config.extra_headers_layer().map_err(|_| Unusable)?)
            .map_err(BoxError::from)
            .service(http);
        Ok(ClientBuilder::new(service, self.config.default_namespace.clone()).build())
    }
}

type Verified = rustls::ConfigBuilder<ClientConfig, rustls::client::WantsClientCert>;

fn with_verifier(
    provider: &Arc<CryptoProvider>,
    verifier: Arc<dyn ServerCertVerifier>,
) -> Result<Verified, Unusable> {
    // "Dangerous" because any verifier could stand here; ours are in `trust`.
    Ok(ClientConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .map_err(|_| Unusable)?
        .dangerous()
        .with_custom_certificate_verifier(verifier))
}

fn authorised<C>(tunnel: Tunnel<C>, proxy: &Proxy) -> Result<Tunnel<C>, Unusable> {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    let Some((user, password)) = &proxy.login else {
        return Ok(tunnel);
    };
    let text = zeroize::Zeroizing::new(format!("{user}:{}", password.expose_secret()));
    let value = format!("Basic {}", STANDARD.encode(&*text));
    let value = HeaderValue::from_str(&value).map_err(|_| Unusable)?;
    Ok(tunnel.with_auth(value))
}

fn with_port(uri: Uri, port: u16) -> Result<Uri, Unusable> {
    if uri.port().is_some() {
        return Ok(uri);
    }
    let host = uri.host().ok_or(Unusable)?;
    format!("socks5://{host}:{port}")
        .parse()
        .map_err(|_| Unusable)
}

type Parsed = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

fn parsed((chain, key): &Pair) -> Result<Parsed, Unusable> {
    let chain: Vec<_> = CertificateDer::pem_slice_iter(chain.as_bytes())
        .collect::<Result<_, _>>()
        .map_err(|_| Unusable)?;
    let key =
        PrivateKeyDer::from_pem_slice(key.expose_secret().as_bytes()).map_err(|_| Unusable)?;
    Ok((chain, key))
}

/// Whether a key is the one of a certificate. True where that cannot be told from the key.
pub(crate) fn belong_together(
    certificate_pem: &str,
    key_pem: &SecretString,
) -> Result<bool, Unusable> {
    let (chain, key) = parsed(&(certificate_pem.to_owned(), key_pem.clone()))?;
    let provider = rustls::crypto::ring::default_provider();
    match CertifiedKey::from_der(chain, key, &provider) {
        Ok(_) => Ok(true),
        Err(rustls::Error::InconsistentKeys(_)) => Ok(false),
        Err(_) => Err(Unusable),
    }
}
