//! The rehearsal clusters behind the example workspace. To everything else they are clusters like
//! any other: reached over TLS by a context out of the keychain.

use std::path::{Path, PathBuf};

use rehearsal::{Cluster, ClusterSpec, Pace, Rule, User};

/// The user of the rehearsal clusters.
const USER: &str = "zhangsan";

/// Cluster names of the example with the namespaces on them and the environments in those.
const CLUSTERS: [(&str, &[(&str, &str)]); 3] = [
    (
        "bj-dev-01",
        &[
            ("fission-dev", "bj-dev"),
            ("fission-test", "bj-test"),
            ("fission-ontest", "bj-ontest"),
        ],
    ),
    ("sz-prod-01", &[("fission", "sz-prod")]),
    ("bj-prod-01", &[("fission", "bj-prod")]),
];

/// Why the rehearsal clusters could not be started.
#[derive(Debug, thiserror::Error)]
pub enum RehearsalFailure {
    /// A cluster did not start.
    #[error("rehearsal cluster {0}: {1}")]
    Start(&'static str, rehearsal::StartError),
    /// What should be on it at first could not be put there.
    #[error("rehearsal cluster {0}: {1}")]
    Fill(&'static str, rehearsal::ManifestError),
}

/// The running clusters; dropping them ends them.
pub struct Rehearsals {
    clusters: Vec<Cluster>,
}

impl Rehearsals {
    /// Starts the example's clusters. What is on them persists below `folder`; their tokens do not:
    /// a new one is made each time, and only the keychain has it.
    ///
    /// # Errors
    /// When a port, a folder or a manifest stands in the way.
    pub async fn start(folder: &Path) -> Result<Self, RehearsalFailure> {
        let mut clusters = Vec::new();
        for (name, namespaces) in CLUSTERS {
            let storage = folder.join(name);
            let fresh = !storage.exists();
            let cluster = Cluster::start(spec(name, namespaces, storage))
                .await
                .map_err(|error| RehearsalFailure::Start(name, error))?;
            if fresh {
                fill(&cluster, namespaces)
                    .await
                    .map_err(|error| RehearsalFailure::Fill(name, error))?;
            }
            clusters.push(cluster);
        }
        for cluster in &clusters {
            cluster.settle().await;
        }
        Ok(Rehearsals { clusters })
    }

    /// One kubeconfig with a context a cluster.
    pub fn kubeconfig(&self) -> String {
        rehearsal::kubeconfig_of(&self.clusters.iter().collect::<Vec<_>>(), USER)
    }

    /// Names of the clusters, which are the names of their contexts.
    pub fn clusters() -> impl Iterator<Item = &'static str> {
        CLUSTERS.iter().map(|(cluster, _)| *cluster)
    }

    /// The environments of the example and the context each is bound to.
    pub fn environments() -> impl Iterator<Item = (&'static str, &'static str)> {
        CLUSTERS.iter().flat_map(|(cluster, spaces)| {
            spaces
                .iter()
                .map(move |(_, environment)| (*environment, *cluster))
        })
    }
}

async fn fill(
    cluster: &Cluster,
    namespaces: &[(&str, &str)],
) -> Result<(), rehearsal::ManifestError> {
    for (_, environment) in namespaces {
        if let Some(manifest) = workspace::example::before(environment) {
            cluster
                .apply_manifest_as(cluster::FIELD_MANAGER, manifest)
                .await?;
        }
    }
    Ok(())
}

fn spec(name: &str, namespaces: &[(&str, &str)], storage: PathBuf) -> ClusterSpec {
    let seed = name.bytes().fold(7_u64, |seed, byte| {
        seed.wrapping_mul(31).wrapping_add(u64::from(byte))
    });
    let mut spec = ClusterSpec::new(name, seed);
    spec.namespaces = namespaces
        .iter()
        .map(|(namespace, _)| (*namespace).to_owned())
        .collect();
    spec.users = vec![operator(namespaces)];
    spec.pace = Pace::brisk();
    spec.storage = Some(storage);
    spec
}

/// Least privilege (sop P5): what a release needs, in its namespaces only.
fn operator(namespaces: &[(&str, &str)]) -> User {
    let namespaces: Vec<_> = namespaces.iter().map(|(namespace, _)| *namespace).collect();
    let write: &[&str] = &[
        "get", "list", "watch", "create", "patch", "update", "delete",
    ];
    let read: &[&str] = &["get", "list", "watch"];
    let rule = |groups: &[&str], resources: &[&str], verbs: &[&str], namespaces: &[&str]| {
        Rule::new(verbs, groups, resources, namespaces)
    };
    User {
        name: USER.to_owned(),
        groups: vec!["release-operators".to_owned()],
        token: format!(
            "{}{}",
            uuid::Uuid::new_v4().simple(),
            uuid::Uuid::new_v4().simple()
        ),
        rules: vec![
            rule(&[""], &["configmaps", "services"], write, &namespaces),
            rule(&["apps"], &["deployments"], write, &namespaces),
            rule(&["fission.io"], &["environments"], write, &namespaces),
            rule(&["apps"], &["replicasets"], read, &namespaces),
            rule(
                &["", "events.k8s.io"],
                &["pods", "pods/log", "events"],
                read,
                &namespaces,
            ),
            rule(&[""], &["namespaces"], &["get"], &["*"]),
            rule(
                &["authorization.k8s.io", "authentication.k8s.io"],
                &["*"],
                &["create"],
                &["*"],
            ),
        ],
    }
}
