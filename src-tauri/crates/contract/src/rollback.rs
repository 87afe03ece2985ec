use serde::{Deserialize, Serialize};
use specta::Type;

use crate::At;

/// What a rollback of an environment would do, asked of the cluster by dry runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct RollbackPreviewView {
    /// The environment.
    pub environment: String,
    /// When the cluster was asked.
    pub at: At,
    /// One entry an object of the backup, in the order in which the release writes them.
    pub objects: Vec<ObjectRollbackView>,
}

/// What a rollback would do to one object.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct ObjectRollbackView {
    /// `Kind/name`.
    pub object: String,
    /// The module it belongs to.
    pub module: String,
    /// What would happen to it.
    pub effect: RollbackEffectView,
    /// Why it stays, or what the cluster said when it refused.
    pub said: Option<String>,
    /// Fields that would change.
    pub fields: Vec<FieldRollbackView>,
    /// Fields that would stay, because somebody changed them after the release.
    pub kept: Vec<FieldRollbackView>,
}

/// What would happen to an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum RollbackEffectView {
    /// Its fields go back.
    Restore,
    /// It is created again from the backup.
    Create,
    /// It is deleted.
    Delete,
    /// Nothing.
    Nothing,
    /// The release created it, and it stays.
    Stays,
    /// Somebody deleted it and created it again: it is left as it is.
    Another,
    /// The cluster refuses it.
    Refused,
}

/// One field.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct FieldRollbackView {
    /// Field path.
    pub path: String,
    /// Value now, masked if secret; none when it is not there.
    pub now: Option<String>,
    /// Value of the backup, masked if secret; none when it was not there.
    pub before: Option<String>,
    /// Whether the cluster changes it by itself along with the rest.
    pub automatic: bool,
}
