use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use specta::Type;

pub use domain::ConditionKind;

use crate::{At, OneWayView, Progress, RoleView, SignatureView, Text};

/// The gate before a stage (design 02).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct GateView {
    /// The stage it opens.
    pub stage: String,
    /// Name of the stage before; none for the first gate.
    pub from: Option<Text>,
    /// Name of the stage it opens.
    pub to: Text,
    /// Whether it is open.
    pub open: bool,
    /// When it was opened.
    pub opened_at: Option<At>,
    /// Who opened it.
    pub opened_by: Option<String>,
    /// Conditions met or waived.
    pub met: u32,
    /// All conditions.
    pub total: u32,
    /// Conditions in order.
    pub conditions: Vec<ConditionView>,
    /// Go/No-Go votes, one a required role.
    pub votes: Vec<VoteView>,
    /// Whether the person at the workstation may open it now.
    pub may_open: bool,
    /// Why not.
    pub why_not: Option<RefusalView>,
    /// Modules behind it, in the order they will go.
    pub modules: Vec<String>,
    /// Objects behind it that affect every namespace of their cluster, as `Kind/name`.
    pub cluster_scoped: Vec<String>,
    /// Changes behind it that a rollback cannot take back, each once.
    pub one_way: Vec<OneWayView>,
    /// Pods behind it, as far as known.
    pub pods: Option<u32>,
    /// Minutes that arming lasts behind it.
    pub arming_minutes: u32,
    /// Seconds of soak behind it.
    pub soak_s: u32,
    /// When the last waiting condition will be met by itself, if that can be told.
    pub earliest_at: Option<At>,
}

/// One condition of a gate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct ConditionView {
    /// Identifier, unique in the gate.
    pub id: String,
    /// What it asks for.
    pub kind: ConditionKind,
    /// The verdict.
    pub state: ConditionState,
    /// Values that its sentences name (`stage`, `environment`, `done`, `total`, `digest` …).
    pub params: BTreeMap<String, String>,
    /// Short evidence (a digest, a count, a time), if any.
    pub evidence: Option<String>,
    /// How far it is.
    pub progress: Option<Progress>,
    /// Who has to act; none means it is probed.
    pub person: Option<String>,
    /// Whether it may be waived.
    pub waivable: bool,
    /// The waiver, if it was.
    pub waiver: Option<WaiverView>,
    /// Whether who is in the seat may waive it now.
    pub may_waive: bool,
    /// The newest request to waive it, if nobody has answered it.
    pub asked: Option<WaiverRequestView>,
    /// When it will be met by itself.
    pub expected_at: Option<At>,
}

/// Verdict on a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum ConditionState {
    /// It holds.
    Met,
    /// It does not hold; someone has to act.
    Unmet,
    /// It will hold by itself.
    Waiting,
    /// It could not be told.
    Unknown,
    /// A manager waived it.
    Waived,
}

/// A waived condition.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct WaiverView {
    /// Why.
    pub reason: String,
    /// Until when it has to be made up for.
    pub make_up_by: At,
    /// Signature of the manager.
    pub signature: SignatureView,
}

/// A request to waive a condition.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct WaiverRequestView {
    /// The name of who asked; none from an empty seat.
    pub name: Option<String>,
    /// When.
    pub at: At,
    /// Why.
    pub reason: String,
}

/// One Go/No-Go vote.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct VoteView {
    /// The role that votes.
    pub role: RoleView,
    /// The person.
    pub person: String,
    /// The person's name.
    pub name: String,
    /// What was said; none yet.
    pub go: Option<bool>,
    /// With which words.
    pub reason: Option<String>,
    /// The signature.
    pub signature: Option<SignatureView>,
    /// Whether the person at the workstation may cast this vote now.
    pub may_vote: bool,
}

/// Why the rules refuse something.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct RefusalView {
    /// Which rule.
    pub code: RefusalCode,
    /// Values that its sentence names.
    pub params: BTreeMap<String, String>,
}

/// Every rule that can refuse a command.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, Type,
)]
#[serde(rename_all = "camelCase")]
pub enum RefusalCode {
    /// There is such a release already.
    ReleaseExists,
    /// The release is over.
    ReleaseOver,
    /// No such stage, environment, module, item or condition in this release.
    NotInRelease,
    /// Operator and verifier are the same person.
    VerifierIsOperator,
    /// The person lacks the role.
    RoleMissing,
    /// A field of the release is empty or wrong. Params: field.
    FieldInvalid,
    /// Only the operator may do this.
    NotOperator,
    /// The signature does not verify, or is of another key or statement.
    SignatureInvalid,
    /// Nobody registered a key for the person.
    NoKeyRegistered,
    /// A new key needs another role holder's signature.
    WitnessNeeded,
    /// Operator and verifier cannot witness each other's keys in the middle of a release. Params: witness.
    WitnessedByOther,
    /// The gate is closed.
    GateClosed,
    /// The gate is open already.
    GateAlreadyOpen,
    /// A condition is not met. Params: condition, state.
    ConditionUnmet,
    /// A condition cannot be waived.
    NotWaivable,
    /// The reason is too short. Params: least.
    ReasonTooShort,
    /// A vote is missing or No-Go. Params: role.
    VoteMissing,
    /// The identity is not verified, or too long ago.
    IdentityNotVerified,
    /// Another cluster answers.
    IdentityMismatch,
    /// The typed cluster name is another. Params: expected.
    WrongClusterName,
    /// Not armed for this module, or the time is over.
    NotArmed,
    /// No backup, or not of this object as it was found.
    NoBackup,
    /// The diff was not reviewed, or is another than the reviewed one.
    DiffNotReviewed,
    /// The diff has an undeclared change.
    UndeclaredChange,
    /// A permission is missing.
    PermissionMissing,
    /// A module that this one depends on has not passed here. Params: module.
    DependencyFirst,
    /// An earlier environment of the stage has not passed. Params: environment.
    EnvironmentFirst,
    /// Something is running here already.
    AlreadyRunning,
    /// The release has written here since the backup, which therefore stands.
    BackupStands,
    /// Nothing is running here.
    NotRunning,
    /// An intent has no outcome yet; it has to be read back first.
    OutcomePending,
    /// An entry of the release cannot be decoded. Params: position, verb, at.
    EntryUnreadable,
    /// It passed already.
    AlreadyPassed,
    /// Nothing of this release was changed here.
    NothingToRestore,
    /// The item is signed already.
    AlreadySigned,
    /// The environment was taken back; a new release is needed.
    WasTakenBack,
    /// The item is automatic.
    ItemAutomatic,
    /// Nothing of the module can be paused. Params: kind, empty without a workload.
    CannotPause,
    /// Nobody else paused it. Params: object.
    NotPaused,
}
