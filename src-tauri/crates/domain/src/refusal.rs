use serde::{Deserialize, Serialize};

use crate::{
    ConditionKind, EnvironmentId, Instant, ModuleId, Permission, PersonId, Role, UnreadableEntry,
};

/// Which rule refuses a command, with what it names. Everything stays as it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(
    rename_all = "camelCase",
    rename_all_fields = "camelCase",
    tag = "rule"
)]
pub enum Refusal {
    /// There is such a release already.
    #[error("the release exists already")]
    ReleaseExists,
    /// There is no release yet, or it is over.
    #[error("the release is over")]
    ReleaseOver,
    /// No such thing in this release.
    #[error("{what} is not in this release")]
    NotInRelease {
        /// What was named.
        what: String,
    },
    /// Operator and verifier are the same person.
    #[error("the verifier can never be the operator of the same release")]
    VerifierIsOperator,
    /// The person lacks the role.
    #[error("the person is not {role:?} here")]
    RoleMissing {
        /// The role.
        role: Role,
    },
    /// A field of the release is empty or wrong.
    #[error("field {field} is empty or wrong")]
    FieldInvalid {
        /// The field.
        field: String,
    },
    /// Only the operator may do this.
    #[error("only the operator may do this")]
    NotOperator,
    /// The signature does not verify, or says something else.
    #[error("the signature does not fit")]
    SignatureInvalid,
    /// Nobody registered a key for the person.
    #[error("no key is registered for the person")]
    NoKeyRegistered,
    /// A new key needs another role holder's signature.
    #[error("a new key needs a witness")]
    WitnessNeeded,
    /// The key was witnessed by the other of operator and verifier after the release was created.
    #[error("{witness} witnessed this key after the release was created")]
    WitnessedByOther {
        /// Who.
        witness: PersonId,
    },
    /// The gate is closed.
    #[error("the gate is closed")]
    GateClosed,
    /// The gate is open already.
    #[error("the gate is open already")]
    GateAlreadyOpen,
    /// A condition is not met.
    #[error("condition {condition:?} is not met")]
    ConditionUnmet {
        /// The condition.
        condition: ConditionKind,
    },
    /// A condition cannot be waived.
    #[error("condition {condition:?} cannot be waived")]
    NotWaivable {
        /// The condition.
        condition: ConditionKind,
    },
    /// The reason is too short.
    #[error("the reason needs at least {least} characters")]
    ReasonTooShort {
        /// How many it needs.
        least: u32,
    },
    /// A vote is missing or No-Go.
    #[error("no Go from {role:?}")]
    VoteMissing {
        /// Whose.
        role: Role,
    },
    /// The identity is not verified, or was too long ago.
    #[error("the cluster's identity is not verified")]
    IdentityNotVerified,
    /// Another cluster answers.
    #[error("another cluster answers")]
    IdentityMismatch,
    /// The typed name is another.
    #[error("the typed name is not the cluster's")]
    WrongClusterName {
        /// The cluster's name.
        expected: String,
    },
    /// Not armed for this module, or the time is over.
    #[error("changes are not unlocked for this module")]
    NotArmed,
    /// No backup, or not of this object.
    #[error("there is no backup of it as the newest dry run found it")]
    NoBackup,
    /// The diff was not reviewed, or is another than the reviewed one.
    #[error("the diff has not been reviewed")]
    DiffNotReviewed,
    /// The diff has changes that nobody declared.
    #[error("{count} changes are undeclared")]
    UndeclaredChange {
        /// How many.
        count: u32,
    },
    /// A permission is missing.
    #[error("{} {} is not allowed", permission.verb, permission.resource)]
    PermissionMissing {
        /// The first that is missing.
        permission: Permission,
    },
    /// A module that this one depends on has not passed here.
    #[error("{module} goes first")]
    DependencyFirst {
        /// Which.
        module: ModuleId,
    },
    /// An earlier environment of the stage has not passed.
    #[error("{environment} goes first")]
    EnvironmentFirst {
        /// Which.
        environment: EnvironmentId,
    },
    /// Something is running here already.
    #[error("something is running here already")]
    AlreadyRunning,
    /// The release has written here since the backup: a new one would keep what it wrote itself.
    #[error("the backup from before the first change stands")]
    BackupStands,
    /// Nothing is running here.
    #[error("nothing is running here")]
    NotRunning,
    /// An intent has no outcome yet.
    #[error("an earlier change has no outcome yet")]
    OutcomePending,
    /// It passed already.
    #[error("it passed already")]
    AlreadyPassed,
    /// Nothing of this release was changed here.
    #[error("nothing was changed here")]
    NothingToRestore,
    /// The item is signed already.
    #[error("it is signed already")]
    AlreadySigned,
    /// The environment was taken back; a new release is needed.
    #[error("it was taken back")]
    WasTakenBack,
    /// The item is answered by a probe.
    #[error("the item is probed, not signed")]
    ItemAutomatic,
    /// Nothing of the module can be paused: the controllers of its kinds have no such field.
    #[error("a {kind} cannot be paused; its controller goes on")]
    CannotPause {
        /// The kind of its first workload; empty when it has none.
        kind: String,
    },
    /// The object was not paused by somebody else.
    #[error("{object} is not paused by anybody else")]
    NotPaused {
        /// Which.
        object: String,
    },
    /// The mutation writes something that the release does not plan.
    #[error("the change is not part of the plan")]
    NotPlanned,
    /// An entry of the release cannot be decoded: what it changed is not known.
    #[error("entry {position} of the release ({verb}) cannot be read by this version")]
    EntryUnreadable {
        /// Which entry of the release, from 1.
        position: u64,
        /// What the ledger calls it.
        verb: String,
        /// When it was written.
        at: Instant,
    },
}

impl From<&UnreadableEntry> for Refusal {
    fn from(entry: &UnreadableEntry) -> Self {
        Refusal::EntryUnreadable {
            position: entry.position,
            verb: entry.verb.clone(),
            at: entry.at,
        }
    }
}
