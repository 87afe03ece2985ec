use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Digest, MutationId};

/// Which object of a cluster.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ObjectRef {
    /// `apps/v1`, `v1`, `fission.io/v1`.
    pub api_version: String,
    /// Kind.
    pub kind: String,
    /// Namespace; empty for an object of the whole cluster.
    pub namespace: String,
    /// Name.
    pub name: String,
}

impl ObjectRef {
    /// `Kind/name`, as people write it.
    pub fn label(&self) -> String {
        format!("{}/{}", self.kind, self.name)
    }
}

impl fmt::Display for ObjectRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.namespace.is_empty() {
            write!(f, "{}/", self.namespace)?;
        }
        write!(f, "{}/{}", self.kind, self.name)
    }
}

/// What pins a cluster: a context name is never identity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClusterIdentity {
    /// UID of the `kube-system` namespace.
    pub uid: String,
    /// API server URL, normalised: scheme, host, port, and the path if there is one.
    pub url: String,
    /// SHA-256 of the CA certificate (DER), hex; of the one accepted certificate where it is pinned
    /// instead of a CA; empty where the system's roots vouch for the server.
    pub ca_sha256: String,
    /// SHA-256 of the public key (SPKI) that signed the server's certificate, hex; only where the
    /// system's roots vouch for the server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer_sha256: Option<String>,
}

impl ClusterIdentity {
    /// Whether a cluster that was found to be `found` is the one that is pinned here. A server that
    /// the system's roots vouch for is known by its UID: public certificates move between issuers,
    /// and a renewal must not cut off a release in the middle.
    pub fn is_kept_by(&self, found: &ClusterIdentity) -> bool {
        self.url == found.url && self.is_same_cluster(found)
    }

    /// Whether two identities are of one cluster. The address may change, UID and trust do not.
    pub fn is_same_cluster(&self, other: &ClusterIdentity) -> bool {
        self.uid == other.uid
            && self.ca_sha256 == other.ca_sha256
            && self.issuer_sha256.is_some() == other.issuer_sha256.is_some()
    }
}

/// One verb on one resource in one namespace, for SelfSubjectAccessReview.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Permission {
    /// `get`, `patch` …
    pub verb: String,
    /// API group, empty for the core group.
    pub group: String,
    /// Plural resource.
    pub resource: String,
    /// Subresource, empty for none.
    #[serde(default)]
    pub subresource: String,
    /// Namespace, empty for the whole cluster.
    pub namespace: String,
}

/// What is known of a live object, enough to tell whether it is still the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LiveHead {
    /// UID.
    pub uid: String,
    /// Resource version when it was read.
    pub resource_version: String,
    /// SHA-256 of what people and tools wrote: without status, managed fields, resource version,
    /// generation and the cluster's own bookkeeping.
    pub content: Digest,
}

/// What must hold on the cluster for a mutation to be sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "is")]
pub enum Precondition {
    /// The object does not exist.
    Absent,
    /// The object exists as it was read.
    Unchanged(LiveHead),
}

/// What a mutation does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum MutationVerb {
    /// Server-side apply of a manifest.
    Apply,
    /// Take back what the release changed: the fields of the backup that it had changed are put back, in
    /// the live object, by an update. Created again from the backup if the object is gone.
    Restore,
    /// Delete an object that this release created.
    Remove,
    /// Pause a Deployment's rollout.
    Pause,
    /// Resume it.
    Unpause,
    /// Move the ownership of fields (`metadata.managedFields`); no value changes. Without a body: what
    /// `kubectl apply` without `--server-side` owns becomes ours, so that an apply can remove what the
    /// manifest no longer names. With the backup as body: fields that a rollback put back go to whoever
    /// owned them then.
    Adopt,
}

/// What is about to be done to a cluster. Written down before it is done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MutationIntent {
    /// Its identifier, chosen by the engine.
    pub id: MutationId,
    /// What it does.
    pub verb: MutationVerb,
    /// To which object.
    pub object: ObjectRef,
    /// Digest of the body that is sent, none for a removal.
    pub body: Option<Digest>,
    /// What must hold.
    pub precondition: Precondition,
}

/// What kept a mutation from being applied. Only a refusal says anything about the change: the
/// verdict on a module is failed for it and errored for the others (glossary: verdict).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum NotAppliedCause {
    /// The cluster judged the change and refused it.
    #[default]
    Refused,
    /// The object is not what was reviewed any more, or others own fields that were not reviewed.
    Outdated,
    /// Nobody judged the request: no contact, the API server busy, or lost on its way. The same
    /// change may be intended again.
    Unheard,
    /// The API server turned whoever asked away before it looked at the change: no right to it, a
    /// credential that it does not take, a kind that it does not know. It does so to everybody while
    /// it starts, so that the same change may be intended again for a while.
    TurnedAway,
}

/// What came of a mutation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "is")]
pub enum MutationOutcome {
    /// The cluster has it.
    Applied {
        /// The object afterwards; none when it was removed.
        live: Option<LiveHead>,
    },
    /// It is certain that nothing changed.
    NotApplied {
        /// What kept it from being applied.
        #[serde(default)]
        cause: NotAppliedCause,
        /// Why, printable and free of secrets.
        reason: String,
    },
    /// No answer, and the object could not be read back yet.
    Unknown {
        /// Why, printable and free of secrets.
        reason: String,
    },
}
