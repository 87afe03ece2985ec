//! A proxy in front of an API server. It ends TLS itself, as the ones in front of managed clusters do,
//! so that it can tell one request from another: what befalls a request is decided by its method and
//! path, never by chance.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use futures::future::BoxFuture;
use http::{Method, StatusCode};
use kube::Client;
use kube::config::{Config, KubeConfigOptions, Kubeconfig};
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::{relay, tls};
use crate::world::{Caller, Site};

/// What befalls a request.
#[derive(Clone, Debug)]
pub enum Fate {
    /// Nothing.
    Passes,
    /// The connection breaks before the cluster gets anything of it.
    Lost,
    /// The cluster gets it and answers; instead of the answer the connection breaks.
    AnswerLost,
    /// The cluster gets and answers it at once; the answer comes so much later.
    AnswerLate(Duration),
    /// The cluster gets it so much later, even when nobody waits for the answer any more.
    HeldBack(Duration),
    /// Somebody on the way answers; the cluster gets nothing.
    Answered(StatusCode, String),
}

/// Something that a story does while a request stands at the door.
pub type Hook = Arc<dyn Fn() -> BoxFuture<'static, ()> + Send + Sync>;

/// A hook out of an async closure.
pub fn hook<F, R>(what: F) -> Hook
where
    F: Fn() -> R + Send + Sync + 'static,
    R: Future<Output = ()> + Send + 'static,
{
    Arc::new(move || Box::pin(what()))
}

/// Waits for requests and decides about them.
#[derive(Clone)]
pub struct Trap {
    method: Method,
    path_end: String,
    times: Arc<AtomicU32>,
    fate: Fate,
    before: Option<Hook>,
    after: Option<Hook>,
}

impl Trap {
    /// For the next request with this method whose path ends so; dry runs pass untouched.
    pub fn next(method: Method, path_end: &str, fate: Fate) -> Trap {
        Trap {
            method,
            path_end: path_end.to_owned(),
            times: Arc::new(AtomicU32::new(1)),
            fate,
            before: None,
            after: None,
        }
    }

    /// For so many requests.
    #[must_use]
    pub fn times(self, times: u32) -> Trap {
        self.times.store(times, Ordering::SeqCst);
        self
    }

    /// Done when the request has come, before anything else happens to it.
    #[must_use]
    pub fn before(mut self, hook: Hook) -> Trap {
        self.before = Some(hook);
        self
    }

    /// Done when the cluster has answered, before the answer goes anywhere.
    #[must_use]
    pub fn after(mut self, hook: Hook) -> Trap {
        self.after = Some(hook);
        self
    }

    fn takes(&self, method: &Method, path: &str, dry_run: bool) -> bool {
        if dry_run || method != self.method || !path.ends_with(&self.path_end) {
            return false;
        }
        let left = self.times.load(Ordering::SeqCst);
        // Requests are looked at one after the other, so nobody else counts down meanwhile.
        self.times.store(left.saturating_sub(1), Ordering::SeqCst);
        left > 0
    }
}

/// A request that came to the proxy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passed {
    /// Its method.
    pub method: Method,
    /// Path and query.
    pub uri: String,
    /// What the cluster answered; none when it was not asked or did not answer.
    pub status: Option<StatusCode>,
    /// How often the answer spoke of 410 Gone.
    pub gone: u32,
    /// When the newest part of the answer came from the cluster.
    pub last_byte: Option<DateTime<Utc>>,
}

/// What the proxy's tasks share.
pub(super) struct Shared {
    upstream: Mutex<Client>,
    traps: Mutex<Vec<Trap>>,
    passed: Mutex<Vec<Passed>>,
    /// Cancelled and renewed when all connections are broken.
    connections: Mutex<CancellationToken>,
}

/// A running proxy. It ends when it is dropped.
pub struct Proxy {
    address: SocketAddr,
    ca_pem: String,
    shared: Arc<Shared>,
    _end: DropGuard,
}

impl Proxy {
    /// A proxy in front of a cluster, on the runtime that calls.
    pub async fn before(site: &Site) -> Proxy {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .expect("a port");
        let address = listener.local_addr().expect("an address");
        let (ca_pem, acceptor) = tls::server("proxy", address.ip());
        let shared = Arc::new(Shared {
            upstream: Mutex::new(upstream(site).await),
            traps: Mutex::default(),
            passed: Mutex::default(),
            connections: Mutex::default(),
        });
        let end = CancellationToken::new();
        tokio::spawn(end.clone().run_until_cancelled_owned(relay::accept(
            listener,
            acceptor,
            shared.clone(),
        )));
        Proxy {
            address,
            ca_pem,
            shared,
            _end: end.drop_guard(),
        }
    }

    /// The URL that a context names.
    pub fn url(&self) -> String {
        format!("https://{}", self.address)
    }

    /// The authority that a context trusts.
    pub fn ca_pem(&self) -> &str {
        &self.ca_pem
    }

    /// Sets a trap.
    pub fn set(&self, trap: Trap) {
        lock(&self.shared.traps).push(trap);
    }

    /// From now on every request goes to another cluster, under the same address.
    pub async fn point_at(&self, site: &Site) {
        let other = upstream(site).await;
        *lock(&self.shared.upstream) = other;
    }

    /// Breaks every connection. New ones are accepted.
    pub fn cut(&self) {
        std::mem::take(&mut *lock(&self.shared.connections)).cancel();
    }

    /// When the newest part of the first answer came from the cluster for a path that ends so.
    pub fn last_byte(&self, path_end: &str) -> Option<DateTime<Utc>> {
        let passed = lock(&self.shared.passed);
        passed.iter().find_map(|one| {
            let path = one.uri.split('?').next()?;
            path.ends_with(path_end).then_some(one.last_byte).flatten()
        })
    }

    /// Every request that came, in order.
    pub fn passed(&self) -> Vec<Passed> {
        lock(&self.shared.passed).clone()
    }
}

impl Shared {
    pub fn upstream(&self) -> Client {
        lock(&self.upstream).clone()
    }

    pub fn connections(&self) -> CancellationToken {
        lock(&self.connections).child_token()
    }

    /// Notes a request; its number, and what befalls it.
    pub fn decide(&self, method: &Method, uri: &http::Uri) -> (usize, Option<Trap>) {
        let dry_run = uri.query().is_some_and(|query| query.contains("dryRun="));
        let mut traps = lock(&self.traps);
        let trap = traps
            .iter()
            .find(|trap| trap.takes(method, uri.path(), dry_run))
            .cloned();
        traps.retain(|trap| trap.times.load(Ordering::SeqCst) > 0);
        let mut passed = lock(&self.passed);
        passed.push(Passed {
            method: method.clone(),
            uri: uri.to_string(),
            status: None,
            gone: 0,
            last_byte: None,
        });
        (passed.len() - 1, trap)
    }

    /// Writes into the note of a request.
    pub fn note(&self, number: usize, note: impl FnOnce(&mut Passed)) {
        if let Some(passed) = lock(&self.passed).get_mut(number) {
            note(passed);
        }
    }
}

impl Trap {
    pub(super) fn parts(self) -> (Option<Hook>, Fate, Option<Hook>) {
        (self.before, self.fate, self.after)
    }
}

/// A client that adds nothing to what it is given: the caller's token passes as it came.
async fn upstream(site: &Site) -> Client {
    let mut kubeconfig =
        Kubeconfig::from_yaml(&site.kubeconfig(Caller::Verifier)).expect("a kubeconfig");
    for user in &mut kubeconfig.auth_infos {
        user.auth_info = Some(Default::default());
    }
    let mut config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default())
        .await
        .expect("a context");
    config.default_retry = false;
    Client::try_from(config).expect("a client")
}

/// What is behind these locks is whole between two statements.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
