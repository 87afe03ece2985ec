//! One complete cluster: started, asked, disturbed, ended.

mod audit;
mod cgroups;
mod components;
mod error;
mod faults;
mod namespaces;
mod pki;
mod place;
mod reach;
mod start;
mod users;

use std::collections::BTreeMap;
use std::io;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::binaries;
use crate::image::Image;

use components::{Component, Layout};
use namespaces::{Namespaces, Running};
use place::Place;
use users::{Account, Entry, Tokens};

pub use audit::Heard;
pub use error::{FaultError, StartError};
pub use users::User;

/// What a cluster is to be.
#[derive(Debug, Clone)]
pub struct Options {
    /// Its name, also the name of its context and the first part of its node's.
    pub name: String,
    /// Its place on this machine, 1 to 50. The first free one when `None`.
    pub index: Option<u8>,
    /// The images its containers may be made of.
    pub images: Vec<Image>,
    /// Tokens of people that are given and not made: with those of another cluster, one credential
    /// opens both.
    pub tokens: Vec<(User, String)>,
}

impl Options {
    /// A cluster with this name, at any free index, without images.
    pub fn named(name: impl Into<String>) -> Options {
        Options {
            name: name.into(),
            index: None,
            images: Vec::new(),
            tokens: Vec::new(),
        }
    }

    /// Lets in whoever another cluster lets in, as clusters behind one identity provider do.
    #[must_use]
    pub fn with_tokens_of(mut self, other: &ControlPlane) -> Options {
        self.tokens = User::ALL.map(|user| (user, other.token(user))).to_vec();
        self
    }

    /// Adds an image.
    #[must_use]
    pub fn with_image(mut self, image: Image) -> Options {
        self.images.push(image);
        self
    }

    /// Adds images.
    #[must_use]
    pub fn with_images(mut self, images: impl IntoIterator<Item = Image>) -> Options {
        self.images.extend(images);
        self
    }
}

/// A running cluster. Dropping it ends it; so does the end of this process.
pub struct ControlPlane {
    name: String,
    place: Place,
    layout: Layout,
    namespaces: Namespaces,
    tokens: Mutex<Tokens>,
    running: Mutex<BTreeMap<Component, Running>>,
    /// What the API server is started with beyond what it always is; see [`ControlPlane::restart_apiserver`].
    extra: Mutex<Vec<String>>,
    ended: bool,
}

impl ControlPlane {
    /// Starts a cluster and waits until its node is ready. Builds the programs
    /// first if they are not up to date, saying so on stderr.
    pub fn start(options: Options) -> Result<ControlPlane, StartError> {
        start::start(options)
    }

    /// Starts several at once. When one fails the others are ended again.
    pub fn start_all(
        options: impl IntoIterator<Item = Options>,
    ) -> Result<Vec<ControlPlane>, StartError> {
        start::start_all(options)
    }

    /// The name it was given.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The name of its node.
    pub fn node(&self) -> &str {
        &self.layout.node
    }

    /// The API server's URL.
    pub fn url(&self) -> &str {
        &self.layout.url
    }

    /// The machine's own address as the cluster sees it: where a webhook can listen.
    pub fn host(&self) -> Ipv4Addr {
        self.place.host()
    }

    /// The certificate of its certificate authority.
    pub fn ca_pem(&self) -> &str {
        &self.layout.certificates.ca_pem
    }

    /// A client certificate that the API server accepts, and its key, PEM: user
    /// `kube-apiserver-kubelet-client`, an administrator.
    ///
    /// # Errors
    /// When the files cannot be read.
    pub fn client_certificate(&self) -> io::Result<(String, String)> {
        let read = |file| std::fs::read_to_string(self.layout.certificates.path(file));
        Ok((read("kubelet-client.crt")?, read("kubelet-client.key")?))
    }

    /// The bearer token of a user.
    pub fn token(&self, user: User) -> String {
        lock(&self.tokens).of(Account::Person(user)).to_owned()
    }

    /// A kubeconfig with CA and token embedded and one context, named like the cluster.
    pub fn kubeconfig(&self, user: User) -> String {
        merged_kubeconfig([self], user)
    }

    /// The same as a file, which lives as long as the cluster.
    pub fn kubeconfig_path(&self, user: User) -> PathBuf {
        self.layout
            .state
            .join(format!("{}.kubeconfig", user.name()))
    }

    /// The folder with the logs of all components.
    pub fn logs(&self) -> PathBuf {
        self.layout.state.join("logs")
    }

    /// A kubectl of the cluster's own version, as administrator.
    pub fn kubectl_command(&self) -> Command {
        kubectl(&self.layout.state)
    }

    /// Runs kubectl as administrator to its end. An exit code other than 0 is
    /// no error here: read it in the output.
    pub fn kubectl(&self, arguments: &[&str]) -> io::Result<Output> {
        self.kubectl_command().args(arguments).output()
    }

    /// Ends everything that belongs to the cluster and removes its traces.
    pub fn shutdown(mut self) -> io::Result<()> {
        self.end()
    }

    fn end(&mut self) -> io::Result<()> {
        if self.ended {
            return Ok(());
        }
        self.namespaces.close()?;
        for (_, running) in std::mem::take(&mut *lock(&self.running)) {
            running.reap()?;
        }
        self.namespaces.closed()?;
        self.place.remove_link()?;
        place::remove_state(&self.layout.state)?;
        self.place.forget()?;
        self.ended = true;
        Ok(())
    }
}

impl Drop for ControlPlane {
    fn drop(&mut self) {
        if let Err(error) = self.end() {
            eprintln!("cluster {} did not end cleanly: {error}", self.name);
        }
    }
}

/// One kubeconfig with a context for each of these clusters. They are used as
/// this user; the first is the current one.
pub fn merged_kubeconfig<'a>(
    clusters: impl IntoIterator<Item = &'a ControlPlane>,
    user: User,
) -> String {
    let clusters: Vec<(&ControlPlane, String)> = clusters
        .into_iter()
        .map(|cluster| (cluster, cluster.token(user)))
        .collect();
    let entries: Vec<Entry<'_>> = clusters
        .iter()
        .map(|(cluster, token)| Entry {
            cluster: &cluster.name,
            url: &cluster.layout.url,
            ca_pem: &cluster.layout.certificates.ca_pem,
            user: user.name(),
            token,
        })
        .collect();
    users::kubeconfig(&entries)
}

fn kubectl(state: &Path) -> Command {
    let mut command = Command::new(binaries::path("kubectl"));
    command.env("KUBECACHEDIR", state.join("kubectl-cache"));
    command.env_remove("KUBECONFIG");
    command
        .arg("--kubeconfig")
        .arg(state.join("admin.kubeconfig"));
    command
}

/// What is behind these locks is whole between two statements, so a test that
/// panicked while holding one spoils nothing.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
