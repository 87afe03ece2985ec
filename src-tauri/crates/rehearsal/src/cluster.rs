//! A running cluster: start, inspect, disturb, stop.

use crate::api::serve::Api;
use crate::bootstrap;
use crate::certs;
use crate::controllers;
use crate::faults::{Fault, Faults};
use crate::holds::{Held, Moment};
use crate::kubeconfig::kubeconfig_of;
use crate::persist;
use crate::plane::Plane;
use crate::resource::Resource;
use crate::spec::{ClusterSpec, RequestRecord};
use crate::status::ApiError;
use crate::store::Store;
use crate::tree::{self, text};
use crate::write::{self, Unknown, WriteOptions};
use axum_server::Handle;
use axum_server::tls_rustls::RustlsConfig;
use serde_json::{Value, json};
use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;
use uuid::Uuid;

/// Why a cluster did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The port is taken or the storage folder cannot be used.
    #[error("cannot open the port or the storage folder: {0}")]
    Io(#[from] std::io::Error),
    /// The CA or server certificate cannot be made or read.
    #[error("certificate: {0}")]
    Certificate(#[from] rcgen::Error),
    /// TLS refused the certificate.
    #[error("TLS: {0}")]
    Tls(#[from] rustls::Error),
    /// The persisted objects cannot be read.
    #[error("the stored objects cannot be read: {0}")]
    Corrupt(#[source] serde_json::Error),
    /// The first objects were refused: a namespace with an impossible name, most likely.
    #[error("the first objects were refused: {0}")]
    Content(#[from] ApiError),
}

/// Why a manifest was not taken.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// Not YAML, or not objects.
    #[error("not a manifest: {0}")]
    Yaml(String),
    /// No resource serves this kind.
    #[error("no matches for kind {kind:?} in version {version:?}")]
    UnknownKind {
        /// The document's `kind`.
        kind: String,
        /// The document's `apiVersion`.
        version: String,
    },
    /// The API refused an object.
    #[error(transparent)]
    Refused(#[from] ApiError),
}

/// All objects of a cluster at one moment.
#[derive(Clone)]
pub struct Objects(Vec<(String, Arc<Value>)>);

/// A running cluster. Dropping it ends the server without waiting; [`Cluster::shutdown`] waits.
pub struct Cluster {
    plane: Arc<Plane>,
    handle: Handle<SocketAddr>,
    address: SocketAddr,
    ca_pem: String,
    uid: Uuid,
    storage: Option<PathBuf>,
    tasks: Vec<JoinHandle<()>>,
}

impl Cluster {
    /// Starts a cluster; when it returns, requests are answered. Needs a Tokio runtime.
    pub async fn start(spec: ClusterSpec) -> Result<Cluster, StartError> {
        let authority = match &spec.storage {
            Some(folder) => persist::authority(folder, &spec.name)?,
            None => certs::new_authority(&spec.name)?,
        };
        let listener = listen(&spec)?;
        let address = listener.local_addr()?;
        let mut store = Store::new();
        let mut uid = bootstrap::identity(&spec);
        if let Some(folder) = &spec.storage {
            persist::save_port(folder, address.port())?;
            if let Some(snapshot) = persist::load(folder)? {
                store.restore(snapshot.revision, snapshot.objects);
            }
            let kept = store.get("namespaces", "", "kube-system");
            if let Some(kept) = kept.and_then(|ns| tree::uid(&ns).parse().ok()) {
                uid = kept;
            }
        }
        let faults = Faults::new(spec.faults.clone());
        let plane = Arc::new(Plane::new(&spec, faults, store));
        bootstrap::fill(&plane, &spec, uid)?;
        let handle = Handle::new();
        let tls = RustlsConfig::from_config(certs::server(&authority)?);
        let server = axum_server::from_tcp_rustls(listener, tls)?.handle(handle.clone());
        let api = Api(plane.clone());
        let serving = async move {
            let connect = tower::service_fn(move |_: SocketAddr| {
                let api = api.clone();
                async move { Ok::<_, Infallible>(api) }
            });
            if let Err(error) = server.serve(connect).await {
                tracing::error!(%error, "rehearsal cluster stopped serving");
            }
        };
        let mut tasks = vec![
            tokio::spawn(serving),
            tokio::spawn(controllers::run(plane.clone())),
        ];
        if let Some(folder) = spec.storage.clone() {
            tasks.push(tokio::spawn(persist::keep_saving(folder, plane.clone())));
        }
        handle.listening().await;
        Ok(Cluster {
            plane,
            handle,
            address,
            ca_pem: authority.certificate,
            uid,
            storage: spec.storage,
            tasks,
        })
    }

    /// The cluster's and its context's name.
    pub fn name(&self) -> &str {
        &self.plane.name
    }

    /// `https://127.0.0.1:<port>`.
    pub fn url(&self) -> String {
        format!("https://{}", self.address)
    }

    /// The certificate authority, PEM.
    pub fn ca_pem(&self) -> &str {
        &self.ca_pem
    }

    /// A kubeconfig (YAML) with one context named after the cluster; empty lists for an unknown user.
    pub fn kubeconfig(&self, user: &str) -> String {
        kubeconfig_of(&[self], user)
    }

    /// The `kube-system` namespace's UID.
    pub fn uid(&self) -> Uuid {
        self.uid
    }

    pub(crate) fn token(&self, user: &str) -> Option<&str> {
        let found = self.plane.users.iter().find(|u| u.name == user)?;
        Some(&found.token)
    }

    /// Adds a fault; it acts from now on.
    pub fn inject(&self, fault: Fault) {
        self.plane.faults().inject(fault);
        self.plane.nudge.send_modify(|count| *count += 1);
    }

    /// Ends all faults. Crashing and unpullable pods recover at their next attempt.
    pub fn clear_faults(&self) {
        self.plane.faults().clear();
        self.plane.nudge.send_modify(|count| *count += 1);
    }

    /// The next write of a resource (`patch`, `deployments`) that is no dry run is held. It is
    /// carried out in the end even when whoever sent it is gone by then.
    pub fn hold(&self, verb: &str, resource: &str, moment: Moment) -> Held {
        self.plane.holds.add(verb, resource, moment)
    }

    /// All objects as they are now.
    pub fn objects(&self) -> Objects {
        let store = self.plane.store();
        let kept = store.everything();
        Objects(
            kept.map(|(storage, object)| (storage.clone(), object.clone()))
                .collect(),
        )
    }

    /// Makes all objects again what they were, as so many new revisions, ends all faults and
    /// forgets the requests.
    pub fn put_back(&self, objects: &Objects) {
        self.plane.faults().clear();
        self.plane.store().put_back(&objects.0);
        self.plane.requests().clear();
        self.plane.nudge.send_modify(|count| *count += 1);
    }

    /// Forgets the change window, as a compaction of etcd: watches from older revisions get 410.
    pub fn compact(&self) {
        self.plane.store().compact();
    }

    /// Creates the objects of a multi-document manifest, or replaces those that exist. Objects
    /// without a namespace go to `default`. Controllers then act on them.
    pub async fn apply_manifest(&self, yaml: &str) -> Result<(), ManifestError> {
        let documents: Vec<Value> =
            serde_saphyr::from_multiple(yaml).map_err(|e| ManifestError::Yaml(e.to_string()))?;
        for document in documents.into_iter().filter(|d| !d.is_null()) {
            self.put(document)?;
        }
        Ok(())
    }

    /// The same by server-side apply of a field manager, as an earlier release would have left them.
    pub async fn apply_manifest_as(&self, manager: &str, yaml: &str) -> Result<(), ManifestError> {
        let documents: Vec<Value> =
            serde_saphyr::from_multiple(yaml).map_err(|e| ManifestError::Yaml(e.to_string()))?;
        for document in documents.into_iter().filter(|d| !d.is_null()) {
            let mut store = self.plane.store();
            let (resource, namespace, own) = place(&store, &document)?;
            let options = WriteOptions::component(manager, "");
            write::apply(&mut store, &resource, &namespace, &own, document, &options)?;
        }
        Ok(())
    }

    fn put(&self, mut object: Value) -> Result<(), ManifestError> {
        let mut store = self.plane.store();
        let (resource, namespace, own) = place(&store, &object)?;
        let mut options = WriteOptions::component("kubectl-create", "");
        options.unknown = Unknown::Reject;
        if store.get(&resource.storage(), &namespace, &own).is_some() {
            tree::map_mut(&mut object, &["metadata"]).shift_remove("resourceVersion");
            write::update(&mut store, &resource, &namespace, &own, object, &options)?;
        } else {
            write::create(&mut store, &resource, &namespace, object, &options)?;
        }
        Ok(())
    }

    /// Waits until no controller has work. Pods that keep crashing or cannot pull do not count as
    /// work, nor does a progress deadline that has yet to pass.
    pub async fn settle(&self) {
        let mut settled = self.plane.settled.subscribe();
        loop {
            let reached = *settled.borrow_and_update();
            if reached != 0 && reached == self.plane.store().revision() {
                return;
            }
            if settled.changed().await.is_err() {
                return;
            }
        }
    }

    /// All requests so far, in the order they were finished.
    pub fn requests(&self) -> Vec<RequestRecord> {
        self.plane.requests().clone()
    }

    /// One object as it is now, without a request that would be recorded.
    pub fn object(
        &self,
        api_version: &str,
        kind: &str,
        namespace: &str,
        name: &str,
    ) -> Option<Value> {
        let store = self.plane.store();
        let resource = store.find_kind(api_version, kind)?;
        store
            .get(&resource.storage(), namespace, name)
            .map(|found| (*found).clone())
    }

    /// Ends the server, its watches and controllers, and saves what is to be kept.
    pub async fn shutdown(mut self) {
        self.stop();
        for task in std::mem::take(&mut self.tasks) {
            // A task that panicked has nothing left to wait for.
            let _ = tokio::time::timeout(Duration::from_secs(5), task).await;
        }
        if let Some(folder) = &self.storage
            && let Err(error) = persist::save(folder, &self.plane)
        {
            tracing::warn!(%error, "rehearsal cluster not saved");
        }
    }

    fn stop(&self) {
        self.plane.stop.cancel();
        self.handle.shutdown();
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.stop();
    }
}

impl std::fmt::Debug for Cluster {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let shown = json!({"name": self.name(), "url": self.url()});
        write!(f, "Cluster {shown}")
    }
}

/// Where an object of a manifest belongs: its resource, namespace and name.
fn place(store: &Store, object: &Value) -> Result<(Arc<Resource>, String, String), ManifestError> {
    let (version, kind) = (text(object, "/apiVersion"), text(object, "/kind"));
    let Some(resource) = store.find_kind(version, kind) else {
        let (kind, version) = (kind.to_owned(), version.to_owned());
        return Err(ManifestError::UnknownKind { kind, version });
    };
    let namespace = match (resource.namespaced, tree::namespace(object)) {
        (false, _) => String::new(),
        (true, "") => "default".to_owned(),
        (true, given) => given.to_owned(),
    };
    Ok((resource, namespace, tree::name(object).to_owned()))
}

/// A given port must be free; the one of last time is only preferred.
fn listen(spec: &ClusterSpec) -> Result<TcpListener, StartError> {
    let kept = spec.storage.as_deref().and_then(persist::port);
    let listener = match (spec.port, kept) {
        (Some(port), _) => TcpListener::bind((Ipv4Addr::LOCALHOST, port))?,
        (None, Some(port)) => TcpListener::bind((Ipv4Addr::LOCALHOST, port))
            .or_else(|_| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)))?,
        (None, None) => TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?,
    };
    listener.set_nonblocking(true)?;
    Ok(listener)
}
