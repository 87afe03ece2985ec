use serde::{Deserialize, Serialize};
use specta::Type;

pub use domain::OneWay;

use crate::{At, Failure, SignatureView};

/// What a release would change in one environment: live against server-side dry run (design 04).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct ChangesView {
    /// The environment.
    pub environment: String,
    /// How far the dry run is.
    pub state: ChangesState,
    /// Why it failed.
    pub failure: Option<Failure>,
    /// When it was computed.
    pub computed_at: Option<At>,
    /// SHA-256 over everything shown; a review is of this digest.
    pub digest: Option<String>,
    /// The field manager that writes.
    pub field_manager: String,
    /// Objects in the order they will be written.
    pub objects: Vec<ObjectChangeView>,
    /// What the release says it changes.
    pub declarations: Vec<DeclarationView>,
    /// Undeclared changes over all objects.
    pub undeclared: u32,
    /// Conflicts over all objects.
    pub conflicts: u32,
    /// The backup of what is live now.
    pub backup: Option<BackupView>,
    /// Whether the backup may be taken now.
    pub may_back_up: bool,
    /// The review of this digest.
    pub reviewed: Option<SignatureView>,
    /// Whether the person at the workstation may confirm the review now.
    pub may_review: bool,
}

/// How far a dry run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum ChangesState {
    /// Never asked for.
    NotRun,
    /// The cluster is being asked.
    Running,
    /// There it is.
    Ready,
    /// The cluster could not be asked.
    Failed,
}

/// What changes in one object.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct ObjectChangeView {
    /// `Kind/name`.
    pub id: String,
    /// Kind.
    pub kind: String,
    /// Name.
    pub name: String,
    /// Namespace; empty for an object of the whole cluster.
    pub namespace: String,
    /// Whether every namespace of the cluster is affected.
    pub cluster_scoped: bool,
    /// Module it belongs to.
    pub module: String,
    /// API version.
    pub api_version: String,
    /// Create, update or nothing.
    pub verb: ChangeVerb,
    /// Changed fields that a person wrote (not counting admission's and ours).
    pub changes: u32,
    /// Those that no declaration covers.
    pub undeclared: Vec<UndeclaredView>,
    /// Fields that another manager owns.
    pub conflicts: Vec<ConflictView>,
    /// Changes that a rollback cannot take back.
    pub one_way: Vec<OneWayView>,
    /// The cluster's refusal of the dry run, printable.
    pub rejected: Option<String>,
    /// Lines to show; unchanged stretches are left out behind a `Gap`.
    pub lines: Vec<DiffLine>,
    /// Whether values are masked (Secrets).
    pub masked: bool,
}

/// What would happen to an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum ChangeVerb {
    /// It is not there yet.
    Create,
    /// It changes.
    Update,
    /// It stays.
    Unchanged,
}

/// A change that the release does not declare.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct UndeclaredView {
    /// Field path, `data.LOG_LEVEL`.
    pub path: String,
    /// Live value, masked if secret; none when it is new.
    pub before: Option<String>,
    /// Value to come; none when it goes.
    pub after: Option<String>,
}

/// A change that a rollback cannot take back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct OneWayView {
    /// `Kind/name`.
    pub object: String,
    /// Field path.
    pub path: String,
    /// Why.
    pub kind: OneWay,
}

/// A field that another manager owns.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct ConflictView {
    /// The owner, as the cluster names it.
    pub manager: String,
    /// Field path.
    pub path: String,
}

/// One line of a diff.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct DiffLine {
    /// Line number in the live object, from 1.
    pub old: Option<u32>,
    /// Line number in the object to come, from 1.
    pub new: Option<u32>,
    /// Colour and sign.
    pub kind: DiffKind,
    /// The text, without its line end.
    pub text: String,
    /// Field path that the line belongs to.
    pub path: Option<String>,
    /// The line belongs to an undeclared change.
    pub undeclared: bool,
}

/// Colour and sign of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum DiffKind {
    /// Unchanged.
    Same,
    /// Top-level key, drawn as a heading.
    Section,
    /// Comes.
    Add,
    /// Goes.
    Delete,
    /// Comes, written by admission, defaulting or Pilothouse itself.
    AutoAdd,
    /// Goes, likewise.
    AutoDelete,
    /// Lines left out.
    Gap,
}

/// Something the release says it changes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct DeclarationView {
    /// In words.
    pub text: String,
    /// What it covers, `ConfigMap/fission-router-config data.LOG_LEVEL`.
    pub covers: String,
    /// How many changes of this environment it covers.
    pub matched: u32,
}

/// A backup of live objects.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct BackupView {
    /// How many objects existed and were kept.
    pub objects: u32,
    /// How many did not exist (going back deletes them).
    pub absent: u32,
    /// SHA-256 over all of it.
    pub digest: String,
    /// When.
    pub at: At,
    /// Whether it has what the newest dry run found, so that going back leads to what is overwritten.
    pub holds: bool,
    /// What the cluster said when it was asked whether the backup can be put back.
    pub proof: RollbackProofState,
    /// Objects that cannot be put back.
    pub refused: Vec<RefusedRollbackView>,
}

/// Whether a backup can be put back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum RollbackProofState {
    /// The cluster was not asked, or did not answer.
    NotChecked,
    /// Every object can be put back.
    Proven,
    /// Some cannot.
    Refused,
}

/// An object that a rollback could not put back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct RefusedRollbackView {
    /// `Kind/name`.
    pub object: String,
    /// What the cluster said; none if another object has taken its place since the backup.
    pub said: Option<String>,
}
