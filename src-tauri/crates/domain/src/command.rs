use crate::{
    Backup, ClusterIdentity, ConditionKind, Declaration, Diff, Digest, EnvironmentId, FactSource,
    FactSubject, FactValue, Instant, ItemId, KeptField, ModuleId, MutationId, MutationIntent,
    MutationOutcome, NotificationKind, ObjectRef, Permission, Reasons, ReleasePlan, Signed,
    StageId, StepEnd,
};

/// What someone, or the engine on someone's behalf, wants of a release.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Create it.
    Create(Box<ReleasePlan>),
    /// Close it after the last stage.
    Finish,
    /// End it early.
    Cancel {
        /// Why.
        reason: String,
    },
    /// The cluster was asked who it is.
    RecordIdentity {
        /// The environment.
        environment: EnvironmentId,
        /// What it answered.
        found: ClusterIdentity,
    },
    /// The cluster was asked what the user may do.
    RecordPermissions {
        /// The environment.
        environment: EnvironmentId,
        /// Needed, and refused.
        missing: Vec<Permission>,
    },
    /// A dry run was made.
    RecordDiff {
        /// The environment.
        environment: EnvironmentId,
        /// What it would change.
        diff: Diff,
    },
    /// The operator read the diff.
    ReviewDiff {
        /// The environment.
        environment: EnvironmentId,
        /// The diff.
        digest: Digest,
        /// The signature.
        signed: Signed,
    },
    /// Declare a change.
    Declare(Declaration),
    /// Live objects were kept.
    RecordBackup {
        /// The environment.
        environment: EnvironmentId,
        /// What was kept.
        backup: Backup,
    },
    /// Sign a checklist item.
    Tick {
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
    /// Waive a condition.
    Waive {
        /// The stage.
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
    /// Ask the manager to waive a condition.
    AskWaiver {
        /// The stage.
        stage: StageId,
        /// The condition.
        condition: ConditionKind,
        /// Why.
        reason: String,
    },
    /// Vote.
    Vote {
        /// The stage.
        stage: StageId,
        /// Go or No-Go.
        go: bool,
        /// With which words.
        reason: String,
        /// The signature.
        signed: Signed,
    },
    /// Open a gate.
    OpenGate {
        /// The stage.
        stage: StageId,
    },
    /// Unlock changes for one module.
    Arm {
        /// The environment.
        environment: EnvironmentId,
        /// The module.
        module: ModuleId,
        /// The cluster's name as the person typed it; needed in production.
        typed_name: Option<String>,
    },
    /// Lock changes.
    Disarm {
        /// The environment.
        environment: EnvironmentId,
    },
    /// Begin a module's rollout.
    StartRollout {
        /// The environment.
        environment: EnvironmentId,
        /// The module.
        module: ModuleId,
        /// The version found.
        from: Option<String>,
    },
    /// Send a mutation; refused unless everything that makes it safe holds now.
    Intend {
        /// The environment.
        environment: EnvironmentId,
        /// The module.
        module: ModuleId,
        /// What is about to be done.
        intent: MutationIntent,
        /// The identity that the cluster gave a moment ago.
        found: ClusterIdentity,
    },
    /// A step of the run ended.
    EndStep {
        /// The environment.
        environment: EnvironmentId,
        /// The module that the step changes.
        module: ModuleId,
        /// Its number.
        step: u32,
        /// How.
        end: StepEnd,
    },
    /// Write down what came of it.
    Settle {
        /// The environment.
        environment: EnvironmentId,
        /// Which mutation.
        mutation: MutationId,
        /// What came of it.
        outcome: MutationOutcome,
        /// The blob that holds the object right after the write, where that is known.
        written: Option<Digest>,
    },
    /// The rollout was paused.
    RecordPaused {
        /// The environment.
        environment: EnvironmentId,
    },
    /// The rollout goes on.
    RecordResumed {
        /// The environment.
        environment: EnvironmentId,
    },
    /// Stop the rollout where it is.
    Stop {
        /// The environment.
        environment: EnvironmentId,
    },
    /// End a pause that somebody else made. Written down before the object is changed.
    LiftPause {
        /// The environment.
        environment: EnvironmentId,
        /// The paused object.
        object: ObjectRef,
        /// The field manager that paused it, empty when unknown.
        paused_by: String,
        /// Why.
        reason: String,
    },
    /// A person has seen that objects which no status judges are in effect.
    ConfirmSeen {
        /// The environment.
        environment: EnvironmentId,
        /// Which.
        objects: Vec<ObjectRef>,
        /// What was seen.
        note: String,
    },
    /// Go on after a restart of the program.
    Resume {
        /// The environment.
        environment: EnvironmentId,
    },
    /// How a module's rollout ended.
    Conclude {
        /// The environment.
        environment: EnvironmentId,
        /// The module.
        module: ModuleId,
        /// How.
        verdict: Verdict,
    },
    /// Go back.
    StartWayBack {
        /// The environment.
        environment: EnvironmentId,
    },
    /// Name the fields that a rollback leaves alone, because somebody changed them after the release.
    KeepFields {
        /// The environment.
        environment: EnvironmentId,
        /// The object.
        object: ObjectRef,
        /// The fields with their values, masked if secret.
        fields: Vec<KeptField>,
    },
    /// Keep what someone else changed after us, before a way back overwrites it.
    KeepEdit {
        /// The environment.
        environment: EnvironmentId,
        /// The object.
        object: ObjectRef,
        /// The blob that keeps it.
        blob: Digest,
    },
    /// How a way back ended.
    ConcludeWayBack {
        /// The environment.
        environment: EnvironmentId,
        /// None when the old version is healthy; else why not.
        failure: Option<Reasons>,
    },
    /// A notification was handed over, or could not be.
    RecordNotification {
        /// The environment.
        environment: EnvironmentId,
        /// What it says.
        kind: NotificationKind,
        /// Which modules.
        modules: Vec<ModuleId>,
        /// Why the desktop did not take it; none when it did.
        why_not: Option<String>,
    },
    /// Ask for help.
    AskHelp,
    /// Something was observed.
    RecordFact {
        /// Who observed.
        source: FactSource,
        /// What it is about.
        subject: FactSubject,
        /// When the question was asked.
        at: Instant,
        /// From when on it says nothing any more.
        expires: Option<Instant>,
        /// What was observed.
        value: FactValue,
    },
}

/// How a module's rollout ended. Failed: the change is bad. Errored: we could not tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Healthy on the new version.
    Passed,
    /// Healthy on the new version, with what has to be known about it: a partition that the reviewed
    /// manifest keeps, objects that a person has seen.
    PassedWith(Reasons),
    /// The change is bad.
    Failed(Reasons),
    /// We could not tell.
    Errored(Reasons),
}
