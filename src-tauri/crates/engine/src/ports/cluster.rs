use std::sync::Arc;

use async_trait::async_trait;
use domain::{
    Cause, ClusterIdentity, Digest, FieldChange, FieldConflict, Instant, KeptField, LiveHead,
    ModuleId, MutationId, MutationIntent, MutationOutcome, ObjectRef, Permission, ReleaseId,
};
use serde_json::Value;

use super::{AllowedCommand, ClusterFailure, Context, Watching};

/// Makes handles to clusters.
#[async_trait]
pub trait Clusters: Send + Sync {
    /// A handle to the cluster of a context. With `pinned`, every mutation re-checks the identity
    /// right before it is sent, and a handle to another cluster is never given out.
    /// `allowed` are the credential commands that were allowed for this context.
    async fn connect(
        &self,
        context: Context,
        pinned: Option<ClusterIdentity>,
        allowed: Vec<AllowedCommand>,
    ) -> Result<Arc<dyn Cluster>, ClusterFailure>;
}

/// An immutable handle to one cluster.
#[async_trait]
pub trait Cluster: Send + Sync {
    /// Asks the cluster who it is; never cached.
    async fn identity(&self) -> Result<ClusterIdentity, ClusterFailure>;

    /// When the credential in use ends, if that can be told. Asks nobody.
    fn credential_ends(&self) -> Option<Instant> {
        None
    }

    /// As whom the context acts, if as somebody else than it logs in as. Asks nobody.
    fn acts_as(&self) -> Option<String> {
        None
    }

    /// What the cluster says of itself and of the user.
    async fn about(&self) -> Result<About, ClusterFailure>;

    /// The permissions that releasing these objects needs: get, watch, patch, update, create, delete
    /// on each kind, get and watch on pods, events, replicasets, get on pods/log (least privilege, sop P5).
    async fn needed(&self, objects: &[ObjectRef]) -> Result<Vec<Permission>, ClusterFailure>;

    /// Those of the given permissions that the cluster refuses (SelfSubjectAccessReview, verb by verb).
    async fn denied(&self, permissions: &[Permission]) -> Result<Vec<Permission>, ClusterFailure>;

    /// A live object; none when it does not exist.
    async fn read(&self, object: &ObjectRef) -> Result<Option<LiveObject>, ClusterFailure>;

    /// What applying a manifest would do (server-side apply, `dryRun=All`). Changes nothing.
    async fn preview(&self, manifest: &Outgoing) -> Result<Preview, ClusterFailure>;

    /// What a rollback would do to an object as it is live now (update with `dryRun=All`). Changes
    /// nothing, and can be asked at any time: before the release has written anything it proves that the
    /// backup can be put back at all.
    async fn preview_rollback(
        &self,
        rollback: &Rollback,
    ) -> Result<RollbackPreview, ClusterFailure>;

    /// Sends a mutation once, if its precondition holds, after re-checking the identity. Fields that
    /// other managers own are taken over only if they are among `take_over`. Never retried: when no
    /// answer comes within the bound, the outcome is `Unknown`. A rollback goes through
    /// [`Cluster::restore`]; [`MutationVerb::Restore`](domain::MutationVerb::Restore) with the backup as
    /// body puts back everything that differs from it.
    async fn send(
        &self,
        intent: &MutationIntent,
        body: Option<&Outgoing>,
        take_over: &[FieldConflict],
    ) -> Sent;

    /// As [`Cluster::send`], for a [`MutationVerb::Restore`](domain::MutationVerb::Restore): takes back
    /// what the release changed and nothing else. What [`RollbackPreview::theirs`] names stays. An object
    /// that was deleted and created again since the backup is not written (`Outdated`).
    async fn restore(&self, intent: &MutationIntent, rollback: &Rollback) -> Sent;

    /// Reads back whether a mutation whose outcome is unknown was applied.
    async fn read_back(&self, intent: &MutationIntent) -> Result<Sent, ClusterFailure>;

    /// How an object stands now, whatever its kind.
    async fn rollout(&self, workload: &ObjectRef) -> Result<RolloutReading, ClusterFailure>;

    /// Begins watching workloads, their pods and events. Goes on until it is dropped; dropped
    /// watches are re-established and re-listed by themselves.
    async fn watch(&self, workloads: &[ObjectRef]) -> Result<Box<dyn Watching>, ClusterFailure>;
}

/// A manifest on its way to the cluster.
#[derive(Clone, Debug, PartialEq)]
pub struct Outgoing {
    /// The object.
    pub object: ObjectRef,
    /// The manifest as written in the workspace, or the backup.
    pub body: Value,
    /// The release it belongs to; written as an annotation.
    pub release: ReleaseId,
    /// The module it belongs to.
    pub module: ModuleId,
}

/// What came of a mutation, and what it left.
#[derive(Clone, Debug, PartialEq)]
pub struct Sent {
    /// What came of it.
    pub outcome: MutationOutcome,
    /// The object right after the write, as [`LiveObject::body`]: what tells later whether somebody
    /// changed a field since. None when nothing was written, when the object is gone, and when it was
    /// read back after others may have changed it.
    pub written: Option<Value>,
}

impl From<MutationOutcome> for Sent {
    /// An outcome of which nothing more is known.
    fn from(outcome: MutationOutcome) -> Sent {
        Sent {
            outcome,
            written: None,
        }
    }
}

/// What a rollback of one object starts from.
#[derive(Clone, Debug, PartialEq)]
pub struct Rollback {
    /// The object.
    pub object: ObjectRef,
    /// UID of the object that the backup kept.
    pub uid: String,
    /// The backup: [`LiveObject::kept`] of before the release's first write. Without managed fields (a
    /// backup of an older version) nothing is known of who owned what.
    pub before: Value,
    /// The object right after the release's last write to it ([`Sent::written`]), if that is known.
    pub written: Option<Value>,
    /// The manifest that was sent. Counts when `written` is unknown: then a field is ours if it is live
    /// as the manifest has it.
    pub sent: Option<Value>,
    /// Paths out of [`RollbackPreview::theirs`] at which the backup counts all the same ("restore ours
    /// anyway"); each with everything below it.
    pub anyway: Vec<String>,
    /// The release that is rolled back.
    pub release: ReleaseId,
    /// The module it belongs to.
    pub module: ModuleId,
}

/// What a rollback would do to an object.
#[derive(Clone, Debug, PartialEq)]
pub struct RollbackPreview {
    /// Which object is live now.
    pub found: FoundObject,
    /// The live object; none when it does not exist.
    pub live: Option<LiveObject>,
    /// The object as it would be, stripped; none when the cluster refuses it or nothing would be sent.
    pub after: Option<Value>,
    /// Fields that would change, masked.
    pub fields: Vec<FieldChange>,
    /// Fields that would stay, because somebody changed them after the release, masked.
    pub theirs: Vec<KeptField>,
    /// The cluster's refusal, printable.
    pub rejected: Option<String>,
}

/// Which object a rollback finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FoundObject {
    /// The one that the backup kept.
    Same,
    /// None: it would be created again from the backup.
    Gone,
    /// One that was created since. It is left as it is.
    Another,
}

/// What a cluster says of itself.
#[derive(Clone, Debug, PartialEq)]
pub struct About {
    /// `v1.36.3`.
    pub version: String,
    /// The user's name there.
    pub user: String,
    /// Seconds its clock is ahead (negative: behind) of the workstation's.
    pub clock_skew_s: f64,
}

/// A live object.
#[derive(Clone, Debug, PartialEq)]
pub struct LiveObject {
    /// Enough to tell whether it is still the same.
    pub head: LiveHead,
    /// The object without status and managed fields: what a backup keeps.
    pub body: Value,
    /// Its version label, else the tag of its first container's image.
    pub version: Option<String>,
    /// The newest mutation of ours that it has, as it says itself.
    pub mutation: Option<MutationId>,
    /// `metadata.managedFields`: who owns which field. Null when there are none.
    pub managed: Value,
}

/// The field manager of everything that is applied (facts 2.8).
pub const FIELD_MANAGER: &str = "pilothouse";

impl LiveObject {
    /// Whether fields belong to an update of ours, as a rollback leaves it: they are to be given back.
    pub fn has_our_update(&self) -> bool {
        let entries = self.managed.as_array().map(Vec::as_slice);
        let mut entries = entries.unwrap_or_default().iter();
        entries.any(|entry| entry["manager"] == FIELD_MANAGER && entry["operation"] == "Update")
    }

    /// What a backup keeps: the body with who owned which field, so that a rollback can give fields back
    /// to their owners.
    pub fn kept(&self) -> Value {
        let mut kept = self.body.clone();
        if self.managed.is_array()
            && let Some(metadata) = kept.get_mut("metadata").and_then(Value::as_object_mut)
        {
            metadata.insert("managedFields".to_owned(), self.managed.clone());
        }
        kept
    }
}

/// What applying a manifest would do.
#[derive(Clone, Debug, PartialEq)]
pub struct Preview {
    /// The live object, as [`LiveObject::body`]; none when it would be created.
    pub live: Option<LiveObject>,
    /// The object as it would be, likewise stripped; none when the cluster refuses it.
    pub after: Option<Value>,
    /// Digest of that, like [`LiveHead::content`].
    pub content: Option<Digest>,
    /// Changed fields.
    pub fields: Vec<FieldChange>,
    /// Fields that other managers own.
    pub conflicts: Vec<FieldConflict>,
    /// The cluster's refusal, printable.
    pub rejected: Option<String>,
    /// Whether ownership has to be moved first ([`MutationVerb::Adopt`](domain::MutationVerb::Adopt)),
    /// for the apply to do what is shown here.
    pub adopts: bool,
    /// Who decides on the number of replicas.
    pub replicas: Replicas,
    /// What the manifest no longer names and stays all the same, because others own a field of it.
    pub kept: Vec<FieldConflict>,
}

/// Who decides on a workload's number of replicas.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Replicas {
    /// The manifest, or nobody: no autoscaler aims at the object.
    #[default]
    Manifest,
    /// An autoscaler (`HorizontalPodAutoscaler/x`, `ScaledObject/x`). A manifest that names no number
    /// leaves the live one as it is.
    Autoscaler(String),
    /// Autoscalers may not be listed: the number is taken for the manifest's.
    Unknown,
}

/// How an object stands by its own status: a workload's rollout as `kubectl rollout status` judges it,
/// anything else by its conditions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RolloutReading {
    /// The verdict.
    pub phase: RolloutPhase,
    /// Wanted replicas.
    pub wanted: u32,
    /// Replicas of the new template.
    pub updated: u32,
    /// Available replicas.
    pub available: u32,
    /// Whether it is paused.
    pub paused: bool,
    /// The field manager that paused it, if that is known.
    pub paused_by: Option<String>,
    /// `maxSurge` as written.
    pub surge: Option<String>,
    /// `maxUnavailable` as written.
    pub unavailable: Option<String>,
    /// What the cluster says about it, printable.
    pub message: String,
    /// What has to be known of this phase, in words of any language.
    pub note: Option<Cause>,
    /// Why pods cannot be made (a quota, a refusal by admission), printable.
    pub blocked: Option<String>,
}

/// Verdict on a rollout.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RolloutPhase {
    /// The controller has not seen the change yet.
    #[default]
    Unobserved,
    /// Going on.
    Progressing,
    /// All replicas are of the new template and available; of anything else, its status says that it is in
    /// effect.
    Complete,
    /// Updated up to the partition of its update strategy; the other pods keep the old version.
    Partitioned,
    /// Old pods run until somebody deletes them (`updateStrategy: OnDelete`).
    OnDelete,
    /// Its status says nothing about the change: a person has to look.
    NotJudged,
    /// Its status says that it failed.
    Failed,
    /// `ProgressDeadlineExceeded`.
    DeadlineExceeded,
    /// The workload is not there.
    Missing,
}
