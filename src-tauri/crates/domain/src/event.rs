use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::{
    Backup, ClusterIdentity, ConditionKind, Declaration, Diff, Digest, EnvironmentId, FactSource,
    FactSubject, FactValue, Instant, ItemId, KeptField, KeyStatement, ModuleId, MutationId,
    MutationIntent, MutationOutcome, ObjectRef, Permission, PersonId, PublicKey, Reasons,
    ReleasePlan, Role, Signed, StageId, Step, StepEnd,
};

/// Something that happened in a release. Never changed once written; a new need is a new variant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(
    rename_all = "camelCase",
    rename_all_fields = "camelCase",
    tag = "type"
)]
pub enum Event {
    /// A release was created.
    ReleaseCreated {
        /// Everything it depends on.
        plan: Box<ReleasePlan>,
    },
    /// Every stage passed and the release was closed.
    ReleaseFinished,
    /// It was ended early.
    ReleaseCancelled {
        /// Why.
        reason: String,
    },
    /// The cluster of an environment is the pinned one.
    IdentityVerified {
        /// The environment.
        environment: EnvironmentId,
        /// What was found.
        identity: ClusterIdentity,
    },
    /// Another cluster answers in its place.
    IdentityMismatch {
        /// The environment.
        environment: EnvironmentId,
        /// What is pinned.
        expected: ClusterIdentity,
        /// What was found.
        found: ClusterIdentity,
    },
    /// The cluster was asked what the user may do.
    PermissionsChecked {
        /// The environment.
        environment: EnvironmentId,
        /// Needed, and refused.
        missing: Vec<Permission>,
    },
    /// A dry run was made.
    DiffComputed {
        /// The environment.
        environment: EnvironmentId,
        /// What it would change.
        diff: Diff,
    },
    /// The operator read the diff and signed for it, its conflicts included.
    DiffReviewed {
        /// The environment.
        environment: EnvironmentId,
        /// The diff.
        digest: Digest,
        /// The signature.
        signed: Signed,
    },
    /// A change was declared afterwards.
    ChangeDeclared {
        /// What it covers.
        declaration: Declaration,
    },
    /// Live objects were kept.
    BackupTaken {
        /// The environment.
        environment: EnvironmentId,
        /// What was kept.
        backup: Backup,
    },
    /// A checklist item was signed.
    ItemTicked {
        /// The stage.
        stage: StageId,
        /// The item.
        item: ItemId,
        /// Whether it holds.
        passed: bool,
        /// A remark.
        note: Option<String>,
        /// The signature.
        signed: Signed,
    },
    /// A condition was waived.
    ConditionWaived {
        /// The stage whose gate it belongs to.
        stage: StageId,
        /// The condition.
        condition: ConditionKind,
        /// Why.
        reason: String,
        /// Until when it has to be made up for.
        make_up_by: Instant,
        /// The signature.
        signed: Signed,
    },
    /// Somebody asked the manager to waive a condition.
    WaiverAsked {
        /// The stage whose gate it belongs to.
        stage: StageId,
        /// The condition.
        condition: ConditionKind,
        /// Why.
        reason: String,
    },
    /// Someone voted.
    VoteCast {
        /// The stage.
        stage: StageId,
        /// As what.
        role: Role,
        /// Go or No-Go.
        go: bool,
        /// With which words.
        reason: String,
        /// The signature.
        signed: Signed,
    },
    /// A gate was opened; its conditions as they stood.
    GateOpened {
        /// The stage.
        stage: StageId,
        /// Conditions met.
        met: u32,
        /// Conditions waived.
        waived: BTreeSet<ConditionKind>,
    },
    /// Changes were unlocked for one module.
    Armed {
        /// The environment.
        environment: EnvironmentId,
        /// The module.
        module: ModuleId,
        /// Until when.
        until: Instant,
    },
    /// Changes were locked again before the time was over.
    Disarmed {
        /// The environment.
        environment: EnvironmentId,
    },
    /// A module's rollout began.
    RolloutStarted {
        /// The environment.
        environment: EnvironmentId,
        /// The module.
        module: ModuleId,
        /// The version found, if any.
        from: Option<String>,
        /// What it does, compiled from its strategy. Empty in ledgers before version 4, which knew one
        /// strategy: it is compiled again when they are read.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        steps: Vec<Step>,
    },
    /// A step of the run in an environment ended.
    StepEnded {
        /// The environment.
        environment: EnvironmentId,
        /// The module that the step changes.
        module: ModuleId,
        /// Its number.
        step: u32,
        /// How.
        end: StepEnd,
    },
    /// A mutation is about to be sent.
    MutationIntended {
        /// The environment.
        environment: EnvironmentId,
        /// The module.
        module: ModuleId,
        /// What is about to be done.
        intent: MutationIntent,
    },
    /// What came of it.
    MutationSettled {
        /// The environment.
        environment: EnvironmentId,
        /// The module.
        module: ModuleId,
        /// Which mutation.
        mutation: MutationId,
        /// What came of it.
        outcome: MutationOutcome,
        /// The blob that holds the object right after the write, where that is known: a rollback tells by it
        /// which fields somebody changed since. None in ledgers before version 4.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        written: Option<Digest>,
    },
    /// The rollout was paused.
    RolloutPaused {
        /// The environment.
        environment: EnvironmentId,
        /// The module.
        module: ModuleId,
    },
    /// It goes on.
    RolloutResumed {
        /// The environment.
        environment: EnvironmentId,
        /// The module.
        module: ModuleId,
    },
    /// The person stopped it; the cluster stays as it is until someone decides.
    RolloutStopped {
        /// The environment.
        environment: EnvironmentId,
        /// The module.
        module: ModuleId,
    },
    /// The operator is about to end a pause that somebody else made.
    PauseLifted {
        /// The environment.
        environment: EnvironmentId,
        /// The module.
        module: ModuleId,
        /// The paused object.
        object: ObjectRef,
        /// The field manager that paused it, empty when unknown.
        paused_by: String,
        /// Why.
        reason: String,
    },
    /// The operator has seen that objects which no status judges are in effect.
    ObjectsSeen {
        /// The environment.
        environment: EnvironmentId,
        /// The module.
        module: ModuleId,
        /// Which.
        objects: Vec<ObjectRef>,
        /// What was seen.
        note: String,
    },
    /// After a restart of the program, the work goes on from what the cluster shows.
    WorkResumed {
        /// The environment.
        environment: EnvironmentId,
        /// The module; none for a way back.
        module: Option<ModuleId>,
    },
    /// A module is healthy on its new version.
    ModulePassed {
        /// The environment.
        environment: EnvironmentId,
        /// The module.
        module: ModuleId,
        /// What has to be known about it: a partition, objects that a person has seen.
        #[serde(default, skip_serializing_if = "Reasons::is_empty")]
        remarks: Reasons,
    },
    /// The change is bad.
    ModuleFailed {
        /// The environment.
        environment: EnvironmentId,
        /// The module.
        module: ModuleId,
        /// Why.
        reason: Reasons,
    },
    /// We could not tell.
    ModuleErrored {
        /// The environment.
        environment: EnvironmentId,
        /// The module.
        module: ModuleId,
        /// Why.
        reason: Reasons,
    },
    /// A way back began.
    WayBackStarted {
        /// The environment.
        environment: EnvironmentId,
        /// Modules in the order they go back.
        modules: Vec<ModuleId>,
        /// What it does. Empty in ledgers before version 4: it is compiled again when they are read.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        steps: Vec<Step>,
    },
    /// A rollback left fields alone, because somebody changed them after the release wrote them.
    FieldsKept {
        /// The environment.
        environment: EnvironmentId,
        /// The object.
        object: ObjectRef,
        /// The fields with their values, masked if secret.
        fields: Vec<KeptField>,
    },
    /// A way back is about to overwrite what someone else changed after us; it is kept.
    EditKept {
        /// The environment.
        environment: EnvironmentId,
        /// The object.
        object: ObjectRef,
        /// The blob that keeps it as it was.
        blob: Digest,
    },
    /// The old version is healthy again.
    WayBackDone {
        /// The environment.
        environment: EnvironmentId,
    },
    /// The way back did not get to a healthy end; it can be tried again.
    WayBackFailed {
        /// The environment.
        environment: EnvironmentId,
        /// Why.
        reason: Reasons,
    },
    /// A command was refused that someone should know of.
    Refused {
        /// The environment, if it was about one.
        environment: Option<EnvironmentId>,
        /// Which command.
        command: String,
        /// Which rule.
        refusal: crate::Refusal,
    },
    /// A desktop notification was handed over, or could not be.
    NotificationSent {
        /// The environment.
        environment: EnvironmentId,
        /// `done`, `failed`, `needsYou` or `rolledBack`.
        kind: NotificationKind,
        /// Which modules.
        modules: Vec<ModuleId>,
        /// Whether the desktop took it.
        delivered: bool,
        /// Why not.
        why_not: Option<String>,
    },
    /// The operator asked for help.
    HelpAsked,
    /// Something was observed of the world outside of the program's own writes.
    FactRecorded {
        /// Who observed.
        source: FactSource,
        /// What it is about.
        subject: FactSubject,
        /// When the question was asked.
        at: Instant,
        /// From when on it says nothing any more.
        #[serde(default)]
        expires: Option<Instant>,
        /// What was observed.
        value: FactValue,
    },
}

/// What a notification says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum NotificationKind {
    /// A rollout is done.
    Done,
    /// A rollout failed or could not be told.
    Failed,
    /// The person is needed.
    NeedsYou,
    /// A way back is done.
    RolledBack,
}

/// Something that happened outside of any release.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    rename_all = "camelCase",
    rename_all_fields = "camelCase",
    tag = "type"
)]
pub enum RegisterEvent {
    /// A person's key was made known.
    KeyRegistered {
        /// The person.
        person: PersonId,
        /// The key.
        key: PublicKey,
        /// The witness's signature; none for the first key of a workspace on a workstation, and in
        /// ledgers from before there were witnesses.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        witnessed: Option<Box<Signed<KeyStatement>>>,
    },
    /// A person's key signs nothing from now on. What it signed before stays valid.
    KeyRevoked {
        /// The person.
        person: PersonId,
        /// The key.
        key: PublicKey,
    },
    /// An environment was pinned to a cluster.
    EnvironmentBound {
        /// The environment.
        environment: EnvironmentId,
        /// The keychain entry.
        context: String,
        /// What is pinned.
        identity: ClusterIdentity,
        /// Nobody pinned it afresh: the same cluster (by its UID) came with a certificate of
        /// another public issuer. The issuer's key before, SHA-256, hex.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        issuer_before: Option<String>,
    },
    /// A context was put into the keychain.
    ContextImported {
        /// Its entry.
        context: String,
    },
    /// A context was taken out of the keychain.
    ContextForgotten {
        /// Its entry.
        context: String,
    },
    /// A credential command was allowed.
    PluginAllowed {
        /// The context.
        context: String,
        /// Absolute path.
        path: String,
        /// SHA-256 of the file, hex.
        sha256: String,
    },
    /// A rehearsal cluster was started on this workstation.
    RehearsalStarted {
        /// Its name.
        cluster: String,
        /// What it is known by.
        identity: ClusterIdentity,
    },
    /// A workspace was opened.
    WorkspaceOpened {
        /// Its folder.
        path: String,
        /// Digest of its files.
        digest: Digest,
    },
    /// The ledger was exported.
    LedgerExported {
        /// The file.
        path: String,
        /// How many entries.
        entries: u32,
        /// SHA-256 of the file, hex.
        sha256: String,
    },
}
