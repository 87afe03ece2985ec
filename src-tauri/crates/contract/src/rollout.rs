use serde::{Deserialize, Serialize};
use specta::Type;

use crate::{At, Failure, ModuleStatus, ReasonView};

/// What goes on in one environment (design 03).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct RolloutView {
    /// The release.
    pub release: String,
    /// The environment.
    pub environment: String,
    /// The module shown: the running one, else the next one, else the last one.
    pub module: Option<String>,
    /// Version it comes from.
    pub from: Option<String>,
    /// Version it goes to.
    pub to: Option<String>,
    /// Where it stands.
    pub status: ModuleStatus,
    /// Whether it is going back.
    pub going_back: bool,
    /// When it began.
    pub started_at: Option<At>,
    /// When it ended.
    pub ended_at: Option<At>,
    /// When the progress deadline is over.
    pub deadline_at: Option<At>,
    /// Why it failed or could not be told.
    pub failure: Option<Failure>,
    /// Steps in order.
    pub steps: Vec<StepView>,
    /// All modules of the environment in order.
    pub modules: Vec<ModuleProgress>,
    /// Workloads of the module that somebody else paused: their pods do not change.
    pub paused: Vec<PausedView>,
    /// Objects of the module that are no workloads, as their own status says; only while it is waited for.
    pub objects: Vec<ObjectStandView>,
    /// What has to be known of the module: a partition, pods that change when they are deleted, objects
    /// that a person has seen.
    pub remarks: Vec<ReasonView>,
    /// Workloads of the module that no pause and no stop holds (`StatefulSet/db`): their controllers go on.
    pub goes_on: Vec<String>,
    /// Pods old over new.
    pub pods: PodGrid,
    /// Cluster events, newest first; at most 200.
    pub events: Vec<ClusterEventView>,
    /// Age of the newest thing the watch brought, milliseconds.
    pub watch_age_ms: Option<f64>,
    /// Which buttons work now.
    pub may: RolloutControls,
}

/// Which buttons work.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct RolloutControls {
    /// Roll the module out.
    pub start: bool,
    /// Pause.
    pub pause: bool,
    /// Whether there is no pause because nothing of the running module can be paused.
    pub cannot_pause: bool,
    /// Resume.
    pub resume: bool,
    /// Stop.
    pub stop: bool,
    /// Lock changes now.
    pub lock: bool,
    /// End somebody else's pause.
    pub lift_pause: bool,
    /// Confirm that what no status judges was seen.
    pub confirm_seen: bool,
}

/// A workload that somebody else paused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct PausedView {
    /// `Deployment/faasapi`.
    pub object: String,
    /// The field manager that paused it, if that is known.
    pub by: Option<String>,
}

/// How an object that is no workload stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct ObjectStandView {
    /// `Job/migrate`.
    pub object: String,
    /// How it stands.
    pub stand: ObjectStand,
    /// What its status says, in the cluster's words.
    pub said: Option<String>,
    /// What has to be known of it.
    pub note: Option<ReasonView>,
}

/// How an object stands by its own status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum ObjectStand {
    /// Not yet in effect.
    Waiting,
    /// In effect.
    Done,
    /// It failed.
    Failed,
    /// Its status says nothing: a person has to look.
    NotJudged,
    /// Its status says nothing, and a person has seen it.
    Seen,
}

/// One step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct StepView {
    /// Identifier.
    pub id: String,
    /// What it does.
    pub kind: StepKind,
    /// The object or count it is about, printable.
    pub detail: Option<String>,
    /// Where it stands.
    pub state: StepState,
    /// When it began.
    pub started_at: Option<At>,
    /// How long it took, milliseconds.
    pub took_ms: Option<f64>,
}

/// What a step does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum StepKind {
    /// Check the identity.
    Identity,
    /// Back up.
    Backup,
    /// Review the dry run.
    Review,
    /// Write an object.
    Apply,
    /// Wait for the rollout.
    Await,
    /// Put an object back.
    Restore,
    /// Delete an object that this release created.
    Remove,
    /// Wait until the old version is healthy.
    AwaitBack,
}

/// Where a step stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum StepState {
    /// To come.
    Waiting,
    /// Going on.
    Running,
    /// Done.
    Done,
    /// Failed: the change is bad, or was refused.
    Failed,
    /// Sent, no answer yet: being read back.
    Unknown,
    /// How it ended could not be told.
    Errored,
    /// Left out.
    Skipped,
}

/// A module among those of an environment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct ModuleProgress {
    /// The module.
    pub module: String,
    /// Version it comes from.
    pub from: Option<String>,
    /// Version it goes to.
    pub to: String,
    /// Where it stands.
    pub status: ModuleStatus,
    /// Whether the changes are armed for it.
    pub armed: bool,
}

/// Pods of a module: a column a slot, old above new.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, Type)]
pub struct PodGrid {
    /// Columns.
    pub slots: Vec<PodSlot>,
    /// Ready pods of the version that it goes to: the new one, on the way back the old one.
    pub ready: u32,
    /// Wanted pods.
    pub total: u32,
    /// `maxSurge` as written.
    pub surge: Option<String>,
    /// `maxUnavailable` as written.
    pub unavailable: Option<String>,
    /// Mean time from creation to ready of the pods of that version, milliseconds.
    pub mean_start_ms: Option<f64>,
    /// Milliseconds to go at that pace.
    pub remaining_ms: Option<f64>,
}

/// One column.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, Type)]
pub struct PodSlot {
    /// Pod of the old version.
    pub old: Option<PodView>,
    /// Pod of the new version.
    pub new: Option<PodView>,
}

/// A pod.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct PodView {
    /// Name.
    pub name: String,
    /// Last part of the name.
    pub short: String,
    /// Where it stands.
    pub state: PodState,
    /// Reason, as the cluster words it (`CrashLoopBackOff`).
    pub reason: Option<String>,
    /// Restarts over all containers.
    pub restarts: u32,
    /// When it was created.
    pub created_at: Option<At>,
    /// Node it runs on.
    pub node: Option<String>,
}

/// Where a pod stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum PodState {
    /// Created, not ready.
    Starting,
    /// Ready.
    Ready,
    /// Not ready any more, or never getting there.
    Failing,
    /// Ending.
    Terminating,
    /// Gone.
    Gone,
}

/// A cluster event.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct ClusterEventView {
    /// When it was last seen.
    pub at: At,
    /// `Normal` or `Warning`.
    pub warning: bool,
    /// Reason.
    pub reason: String,
    /// Object, `Pod/name`.
    pub object: String,
    /// Message, printable.
    pub message: String,
    /// How often.
    pub count: u32,
}

/// Log lines, sent over a channel in batches.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct LogBatch {
    /// Grows by one a batch.
    pub sequence: u32,
    /// Lines in order of arrival.
    pub lines: Vec<LogLine>,
    /// Lines left out because the window was too slow.
    pub dropped: u32,
}

/// A log line, printable.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct LogLine {
    /// When the container wrote it, if known.
    pub at: Option<At>,
    /// Pod it is from, last part of the name.
    pub pod: String,
    /// Level, guessed from the text.
    pub level: LogLevel,
    /// The text without its time.
    pub text: String,
}

/// Level of a log line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum LogLevel {
    /// Debug.
    Debug,
    /// Information, or unknown.
    Info,
    /// Warning.
    Warn,
    /// Error.
    Error,
}
