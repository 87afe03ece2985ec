use serde::{Deserialize, Serialize};

use crate::{Digest, Instant, LiveHead, ObjectRef};

/// Every live object of a release in one environment, as it was before the first write (sop C5).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backup {
    /// When it was taken.
    pub at: Instant,
    /// SHA-256 over all of it.
    pub digest: Digest,
    /// One entry an object, in the order they are written forward.
    pub objects: Vec<BackupObject>,
}

/// One object of a backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackupObject {
    /// Which object.
    pub object: ObjectRef,
    /// What it was; none when it did not exist, so that going back deletes it. Never missing: serde
    /// would take that for none.
    #[serde(deserialize_with = "Option::deserialize")]
    pub live: Option<BackupBody>,
}

/// The kept object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackupBody {
    /// What it was when it was read.
    pub head: LiveHead,
    /// The blob that holds it; sealed by the vault for a Secret.
    pub blob: Digest,
    /// Version label it carried, if any.
    pub version: Option<String>,
}
