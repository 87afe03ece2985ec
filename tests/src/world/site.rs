//! One cluster to stand on: a rehearsal in this process, or a real one on this machine.

use std::path::PathBuf;
use std::process::{Output, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use controlplane::{Behaviour, ControlPlane, Image, Options};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use rehearsal::{Cluster, ClusterSpec, Rule, User};
use tempfile::TempDir;
use tokio::io::AsyncWriteExt;

/// Who asks. Every cluster knows these three.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caller {
    /// May do everything.
    Admin,
    /// May do what a release needs.
    Operator,
    /// May read everything but Secrets.
    Verifier,
}

impl Caller {
    /// The name the API server knows.
    pub fn name(self) -> &'static str {
        match self {
            Caller::Admin => "admin",
            Caller::Operator => "operator",
            Caller::Verifier => "verifier",
        }
    }

    fn real(self) -> controlplane::User {
        match self {
            Caller::Admin => controlplane::User::Admin,
            Caller::Operator => controlplane::User::Operator,
            Caller::Verifier => controlplane::User::Verifier,
        }
    }
}

/// What a cluster is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ground {
    /// In this process: instant, and faults can be scripted.
    Rehearsal,
    /// etcd, API server, kubelet, containers.
    Real,
}

enum Plane {
    Rehearsal(Box<Cluster>),
    Real(Box<ControlPlane>),
}

/// One running cluster, seen from outside: by kubectl and by a client that is not our adapter.
pub struct Site {
    plane: Plane,
    home: TempDir,
}

/// The users of a rehearsal cluster, with the rights that `rbac.yaml` gives them on a real one.
/// `secret` goes into their tokens, so that a test can look for them.
pub fn users(cluster: &str, secret: &str) -> Vec<User> {
    let all = [
        "get", "list", "watch", "create", "update", "patch", "delete",
    ];
    let read = ["get", "list", "watch"];
    let user = |name: &str, rules| User {
        name: name.to_owned(),
        groups: vec!["pilothouse".to_owned()],
        token: format!("{secret}-{cluster}-{name}"),
        rules,
    };
    let seen = ["pods/log", "namespaces", "nodes", "endpoints"];
    vec![
        User::admin("admin", &format!("{secret}-{cluster}-admin")),
        user(
            "operator",
            vec![
                Rule::new(
                    &all,
                    &[""],
                    &["pods", "services", "configmaps", "secrets", "events"],
                    &["*"],
                ),
                Rule::new(
                    &all,
                    &["apps"],
                    &[
                        "deployments",
                        "deployments/scale",
                        "statefulsets",
                        "daemonsets",
                        "replicasets",
                    ],
                    &["*"],
                ),
                Rule::new(&all, &["batch"], &["jobs"], &["*"]),
                Rule::new(&all, &["fission.io"], &["*"], &["*"]),
                Rule::new(&read, &[""], &seen, &["*"]),
            ],
        ),
        user(
            "verifier",
            vec![
                Rule::new(
                    &read,
                    &[""],
                    &["pods", "services", "configmaps", "events"],
                    &["*"],
                ),
                Rule::new(&read, &[""], &seen, &["*"]),
                Rule::new(&read, &["apps", "batch"], &["*"], &["*"]),
            ],
        ),
    ]
}

impl Site {
    /// A rehearsal cluster with the users that a real one has.
    pub async fn rehearsal(mut spec: ClusterSpec, secret: &str) -> Site {
        spec.users = users(&spec.name, secret);
        let cluster = Cluster::start(spec).await.expect("a rehearsal cluster");
        Site::on(Plane::Rehearsal(Box::new(cluster)))
    }

    /// A real cluster.
    pub fn real(plane: ControlPlane) -> Site {
        Site::on(Plane::Real(Box::new(plane)))
    }

    fn on(plane: Plane) -> Site {
        let home = TempDir::with_prefix("pilothouse-site-").expect("a folder");
        let site = Site { plane, home };
        for caller in [Caller::Admin, Caller::Operator, Caller::Verifier] {
            std::fs::write(site.kubeconfig_path(caller), site.kubeconfig(caller))
                .expect("a kubeconfig");
        }
        site
    }

    /// Its name, which is also its context's.
    pub fn name(&self) -> &str {
        match &self.plane {
            Plane::Rehearsal(cluster) => cluster.name(),
            Plane::Real(plane) => plane.name(),
        }
    }

    /// What it is made of.
    pub fn ground(&self) -> Ground {
        match &self.plane {
            Plane::Rehearsal(_) => Ground::Rehearsal,
            Plane::Real(_) => Ground::Real,
        }
    }

    /// The rehearsal cluster.
    ///
    /// # Panics
    /// On a real one.
    pub fn rehearsed(&self) -> &Cluster {
        match &self.plane {
            Plane::Rehearsal(cluster) => cluster,
            Plane::Real(_) => panic!("{} is a real cluster", self.name()),
        }
    }

    /// The real cluster.
    ///
    /// # Panics
    /// On a rehearsal.
    pub fn control_plane(&self) -> &ControlPlane {
        match &self.plane {
            Plane::Real(plane) => plane,
            Plane::Rehearsal(_) => panic!("{} is a rehearsal cluster", self.name()),
        }
    }

    /// A kubeconfig with one context, named after the cluster.
    pub fn kubeconfig(&self, caller: Caller) -> String {
        match &self.plane {
            Plane::Rehearsal(cluster) => cluster.kubeconfig(caller.name()),
            Plane::Real(plane) => plane.kubeconfig(caller.real()),
        }
    }

    /// The same through something that stands in front of a real cluster, with an address and an
    /// authority of its own.
    pub fn kubeconfig_through(&self, caller: Caller, url: &str, ca_pem: &str) -> String {
        let plane = self.control_plane();
        let own = STANDARD.encode(plane.ca_pem());
        let kubeconfig = self.kubeconfig(caller);
        assert!(kubeconfig.contains(&own), "{}", self.name());
        kubeconfig
            .replace(plane.url(), url)
            .replace(&own, &STANDARD.encode(ca_pem))
    }

    fn kubeconfig_path(&self, caller: Caller) -> PathBuf {
        self.home.path().join(caller.name())
    }

    /// A client that retries nothing by itself.
    pub async fn client(&self, caller: Caller) -> Client {
        client_of(Kubeconfig::from_yaml(&self.kubeconfig(caller)).expect("a kubeconfig")).await
    }

    /// A client with another token than anybody has, or with none.
    pub async fn stranger(&self, token: Option<&str>) -> Client {
        let mut kubeconfig =
            Kubeconfig::from_yaml(&self.kubeconfig(Caller::Verifier)).expect("a kubeconfig");
        for user in &mut kubeconfig.auth_infos {
            if let Some(user) = &mut user.auth_info {
                user.token = token.map(|token| token.to_owned().into());
            }
        }
        client_of(kubeconfig).await
    }

    /// Runs kubectl to its end with `input` on its standard input.
    pub async fn kubectl(&self, caller: Caller, arguments: &[&str], input: &str) -> Output {
        let mut child = tokio::process::Command::new(kubectl())
            .arg("--kubeconfig")
            .arg(self.kubeconfig_path(caller))
            .args(arguments)
            .env("HOME", self.home.path())
            .env("KUBECACHEDIR", self.home.path().join("cache"))
            .env_remove("KUBECONFIG")
            .env("TERM", "dumb")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("kubectl; cargo xtask clusters build makes it");
        let mut pipe = child.stdin.take().expect("a pipe");
        // kubectl may end before it has read everything.
        let _ = pipe.write_all(input.as_bytes()).await;
        drop(pipe);
        child.wait_with_output().await.expect("kubectl's end")
    }

    /// The bearer token of a caller.
    pub fn token(&self, caller: Caller) -> String {
        match &self.plane {
            Plane::Rehearsal(_) => {
                let kubeconfig =
                    Kubeconfig::from_yaml(&self.kubeconfig(caller)).expect("a kubeconfig");
                let user = kubeconfig
                    .auth_infos
                    .into_iter()
                    .next()
                    .and_then(|user| user.auth_info);
                let token = user.and_then(|user| user.token).expect("a token");
                secrecy::ExposeSecret::expose_secret(&token).to_owned()
            }
            Plane::Real(plane) => plane.token(caller.real()),
        }
    }

    /// Applies a manifest as an administrator does.
    pub async fn apply(&self, manifest: &str) {
        self.apply_as("kubectl", manifest).await;
    }

    /// The same with another field manager.
    pub async fn apply_as(&self, manager: &str, manifest: &str) {
        let manager = format!("--field-manager={manager}");
        let arguments = ["apply", "--server-side", &manager, "-f", "-"];
        let output = self.kubectl(Caller::Admin, &arguments, manifest).await;
        assert!(
            output.status.success(),
            "{}: {}",
            self.name(),
            String::from_utf8_lossy(&output.stderr)
        );
    }

    /// An object as kubectl gets it, or nothing.
    pub async fn get(&self, namespace: &str, kind: &str, name: &str) -> Option<serde_json::Value> {
        let arguments = [
            "--namespace",
            namespace,
            "get",
            kind,
            name,
            "--output=json",
            "--ignore-not-found",
        ];
        let output = self.kubectl(Caller::Admin, &arguments, "").await;
        assert!(
            output.status.success(),
            "{}: {}",
            self.name(),
            String::from_utf8_lossy(&output.stderr)
        );
        serde_json::from_slice(&output.stdout).ok()
    }

    /// Makes the next watch of a resource from an old revision fail, as it does on a real cluster
    /// whose cache of the resource is younger.
    pub fn forget_the_past(&self, resource: &str) {
        if let Plane::Rehearsal(cluster) = &self.plane {
            cluster.inject(rehearsal::Fault::ExpireWatch {
                resource: resource.to_owned(),
            });
        }
    }

    /// Ends the cluster and waits until it is gone.
    pub async fn end(self) {
        match self.plane {
            Plane::Rehearsal(cluster) => cluster.shutdown().await,
            Plane::Real(plane) => plane.shutdown().expect("an end without traces"),
        }
    }
}

/// kubectl of the clusters' own version.
pub fn kubectl() -> PathBuf {
    match std::env::var_os("PILOTHOUSE_KUBECTL") {
        Some(given) => PathBuf::from(given),
        None => controlplane::binaries::path("kubectl"),
    }
}

async fn client_of(kubeconfig: Kubeconfig) -> Client {
    let mut config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default())
        .await
        .expect("a context");
    // kube repeats even mutations otherwise (facts 2.1).
    config.default_retry = false;
    Client::try_from(config).expect("a client")
}

/// Three real clusters with images of the old and the new versions, and with these.
///
/// # Panics
/// When they do not start.
pub async fn real_sites(more: impl IntoIterator<Item = Image>) -> Vec<Site> {
    let serves = |(module, version): &(&str, &str)| {
        let reference = format!("pilothouse.example/{module}:{version}");
        let version = (*version).to_owned();
        Image::new(reference, Behaviour::Serves { version })
    };
    let ours = super::OLD.iter().chain(&super::NEW).map(serves);
    let images: Vec<Image> = ours.chain(more).collect();
    let options =
        super::CLUSTERS.map(|name| Options::named(name).with_images(images.iter().cloned()));
    let planes = tokio::task::spawn_blocking(move || ControlPlane::start_all(options))
        .await
        .expect("a thread")
        .expect("three clusters");
    planes.into_iter().map(Site::real).collect()
}
