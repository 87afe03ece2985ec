//! What a rehearsal cluster is to be: name, seed, users, pace, faults.

use crate::faults::Fault;
use crate::pace::Pace;
use bytes::Bytes;
use std::path::PathBuf;
use uuid::Uuid;

/// One cluster.
#[derive(Debug, Clone)]
pub struct ClusterSpec {
    /// Context and cluster name, e.g. `bj-prod-01`.
    pub name: String,
    /// Everything random comes from it.
    pub seed: u64,
    /// Created at start besides `default`, `kube-system`, `kube-public` and `kube-node-lease`.
    pub namespaces: Vec<String>,
    /// Who may call, with what token and rights.
    pub users: Vec<User>,
    /// How fast pods move.
    pub pace: Pace,
    /// Faults in force from the start.
    pub faults: Vec<Fault>,
    /// The `kube-system` UID; derived from name and seed when `None`.
    pub uid: Option<Uuid>,
    /// Folder where CA, port and objects persist, so that the cluster is the same after a restart;
    /// `None` keeps everything in memory.
    pub storage: Option<PathBuf>,
    /// Port on 127.0.0.1; `None` takes the persisted one, else any free one.
    pub port: Option<u16>,
    /// Whether the records of requests keep what was sent.
    pub keep_bodies: bool,
    /// What every container says after its first lines, over and over, 20 ms apart; without it the
    /// lines are made from the seed.
    pub says: Vec<String>,
}

impl ClusterSpec {
    /// A cluster in memory with one administrator called `admin`, at the brisk pace.
    pub fn new(name: &str, seed: u64) -> Self {
        ClusterSpec {
            name: name.to_owned(),
            seed,
            namespaces: Vec::new(),
            users: vec![User::admin("admin", &format!("{name}-{seed}-admin"))],
            pace: Pace::brisk(),
            faults: Vec::new(),
            uid: None,
            storage: None,
            port: None,
            keep_bodies: false,
            says: Vec::new(),
        }
    }
}

/// Someone who may call the API.
#[derive(Clone)]
pub struct User {
    /// User name, as denials print it.
    pub name: String,
    /// Groups; `system:masters` may do everything.
    pub groups: Vec<String>,
    /// Bearer token.
    pub token: String,
    /// What the user may do otherwise.
    pub rules: Vec<Rule>,
}

impl User {
    /// A member of `system:masters`.
    pub fn admin(name: &str, token: &str) -> Self {
        User {
            name: name.to_owned(),
            groups: vec!["system:masters".to_owned()],
            token: token.to_owned(),
            rules: Vec::new(),
        }
    }
}

impl std::fmt::Debug for User {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Tokens stay out of logs, even those of a rehearsal.
        f.debug_struct("User")
            .field("name", &self.name)
            .field("groups", &self.groups)
            .field("rules", &self.rules)
            .finish_non_exhaustive()
    }
}

/// A permission, as in a (Cluster)Role; `*` matches everything.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`, `deletecollection`.
    pub verbs: Vec<String>,
    /// API groups; the empty string is core.
    pub api_groups: Vec<String>,
    /// Plurals, with subresources as `pods/log`.
    pub resources: Vec<String>,
    /// Namespaces; only `*` also covers cluster-scoped objects and lists over all namespaces.
    pub namespaces: Vec<String>,
}

impl Rule {
    /// A rule from borrowed words.
    pub fn new(
        verbs: &[&str],
        api_groups: &[&str],
        resources: &[&str],
        namespaces: &[&str],
    ) -> Self {
        let owned = |list: &[&str]| list.iter().map(|s| (*s).to_owned()).collect();
        Rule {
            verbs: owned(verbs),
            api_groups: owned(api_groups),
            resources: owned(resources),
            namespaces: owned(namespaces),
        }
    }
}

/// One request that reached the server, for tests that count.
#[derive(Debug, Clone, PartialEq)]
pub struct RequestRecord {
    /// The API's verb (`get`, `list`, `watch`, `create`, `update`, `patch`, `delete`,
    /// `deletecollection`), or the lower-case HTTP method outside resources.
    pub verb: String,
    /// URL path.
    pub path: String,
    /// Raw query string, possibly empty.
    pub query: String,
    /// HTTP status the request came to, also when the answer was then lost.
    pub status: u16,
    /// False when the connection was closed instead of answering.
    pub answered: bool,
    /// User name; empty when the token was not known.
    pub user: String,
    /// What was sent; empty unless [`ClusterSpec::keep_bodies`].
    pub body: Bytes,
}
