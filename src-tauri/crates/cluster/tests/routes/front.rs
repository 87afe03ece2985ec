//! A TLS server in front of rehearsal clusters, as Rancher or a load balancer is: it routes by path,
//! and its certificate and routes can be exchanged while it runs.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use http::{HeaderMap, Request, Response, StatusCode, Uri};
use http_body_util::{Either, Full};
use hyper::body::{Bytes, Incoming};
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// A certificate authority.
pub struct Authority {
    pub pem: String,
    der: CertificateDer<'static>,
    issuer: Issuer<'static, KeyPair>,
    pub key_sha256: String,
}

impl Authority {
    pub fn root(name: &str) -> Authority {
        let (parameters, key) = Authority::parameters(name);
        let certificate = parameters.self_signed(&key).unwrap();
        Authority::of(certificate, parameters, key)
    }

    /// One that this authority vouches for.
    pub fn intermediate(&self, name: &str) -> Authority {
        let (parameters, key) = Authority::parameters(name);
        let certificate = parameters.signed_by(&key, &self.issuer).unwrap();
        Authority::of(certificate, parameters, key)
    }

    fn parameters(name: &str) -> (CertificateParams, KeyPair) {
        let mut parameters = CertificateParams::new(Vec::new()).unwrap();
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        parameters.distinguished_name.push(DnType::CommonName, name);
        (parameters, KeyPair::generate().unwrap())
    }

    fn of(
        certificate: rcgen::Certificate,
        parameters: CertificateParams,
        key: KeyPair,
    ) -> Authority {
        use sha2::Digest as _;
        let key_sha256 = hex::encode(sha2::Sha256::digest(
            rcgen::PublicKeyData::subject_public_key_info(&key),
        ));
        Authority {
            pem: certificate.pem(),
            der: certificate.der().clone(),
            issuer: Issuer::new(parameters, key),
            key_sha256,
        }
    }

    /// A fresh server certificate for these names, presented with the authority's own.
    pub fn server(&self, names: &[&str]) -> Arc<ServerConfig> {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let key = KeyPair::generate().unwrap();
        let leaf = CertificateParams::new(names)
            .unwrap()
            .signed_by(&key, &self.issuer)
            .unwrap();
        server(vec![leaf.der().clone(), self.der.clone()], &key)
    }
}

/// A server that vouches for itself, for another name than it is reached by.
pub fn self_signed() -> Arc<ServerConfig> {
    let key = KeyPair::generate().unwrap();
    let parameters = CertificateParams::new(vec!["k3s".to_owned()]).unwrap();
    let leaf = parameters.self_signed(&key).unwrap();
    server(vec![leaf.der().clone()], &key)
}

fn server(chain: Vec<CertificateDer<'static>>, key: &KeyPair) -> Arc<ServerConfig> {
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    Arc::new(config)
}

/// A request as the front saw it.
#[derive(Clone, Debug)]
pub struct Seen {
    pub method: String,
    pub path: String,
    pub headers: HeaderMap,
}

#[derive(Default)]
struct State {
    routes: Mutex<BTreeMap<String, String>>,
    seen: Mutex<Vec<Seen>>,
    tls: Mutex<Option<Arc<ServerConfig>>>,
}

pub struct Front {
    pub address: SocketAddr,
    state: Arc<State>,
}

impl Front {
    /// `upstream` are the CAs of the clusters behind it.
    pub async fn start(tls: Arc<ServerConfig>, upstream: &[&str]) -> Front {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(State::default());
        *state.tls.lock().unwrap() = Some(tls);
        let mut roots = RootCertStore::empty();
        for pem in upstream {
            roots
                .add(CertificateDer::from_pem_slice(pem.as_bytes()).unwrap())
                .unwrap();
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let connector = hyper_rustls::HttpsConnectorBuilder::new()
            .with_tls_config(config)
            .https_only()
            .enable_http1()
            .build();
        let client: Upstream = Client::builder(TokioExecutor::new()).build(connector);
        let serving = state.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (state, client) = (serving.clone(), client.clone());
                let tls = state.tls.lock().unwrap().clone().unwrap();
                tokio::spawn(async move {
                    let Ok(stream) = TlsAcceptor::from(tls).accept(stream).await else {
                        return;
                    };
                    let answer = |request| forward(state.clone(), client.clone(), request);
                    let service = hyper::service::service_fn(answer);
                    let _ = hyper::server::conn::http1::Builder::new()
                        .serve_connection(TokioIo::new(stream), service)
                        .await;
                });
            }
        });
        Front { address, state }
    }

    pub fn route(&self, prefix: &str, to: &str) {
        let mut routes = self.state.routes.lock().unwrap();
        routes.insert(prefix.to_owned(), to.to_owned());
    }

    pub fn present(&self, tls: Arc<ServerConfig>) {
        *self.state.tls.lock().unwrap() = Some(tls);
    }

    pub fn url(&self, host: &str, path: &str) -> String {
        format!("https://{host}:{}{path}", self.address.port())
    }

    pub fn seen(&self) -> Vec<Seen> {
        self.state.seen.lock().unwrap().clone()
    }

    /// What was written through it.
    pub fn writes(&self) -> Vec<String> {
        let seen = self.seen().into_iter();
        seen.filter(|one| !["GET"].contains(&one.method.as_str()))
            .map(|one| format!("{} {}", one.method, one.path))
            .filter(|one| !one.contains("selfsubject") && !one.contains("dryRun"))
            .collect()
    }
}

type Upstream = Client<
    hyper_rustls::HttpsConnector<hyper_util::client::legacy::connect::HttpConnector>,
    Incoming,
>;

async fn forward(
    state: Arc<State>,
    client: Upstream,
    mut request: Request<Incoming>,
) -> Result<Response<Either<Incoming, Full<Bytes>>>, hyper_util::client::legacy::Error> {
    let path = request.uri().path_and_query().unwrap().as_str().to_owned();
    state.seen.lock().unwrap().push(Seen {
        method: request.method().to_string(),
        path: path.clone(),
        headers: request.headers().clone(),
    });
    let routes = state.routes.lock().unwrap().clone();
    let to = routes
        .iter()
        .find_map(|(prefix, to)| Some(format!("{to}{}", path.strip_prefix(prefix.as_str())?)));
    let Some(to) = to else {
        let mut answer = Response::new(Either::Right(Full::default()));
        *answer.status_mut() = StatusCode::NOT_FOUND;
        return Ok(answer);
    };
    *request.uri_mut() = to.parse::<Uri>().unwrap();
    request.headers_mut().remove(http::header::HOST);
    Ok(client.request(request).await?.map(Either::Left))
}
