use serde::{Deserialize, Serialize};
use specta::Type;

use crate::{At, GateView, InterruptedView, RefusalView, Text};

/// One release with everything the window shows of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct ReleaseView {
    /// `REL-20260915-01`.
    pub id: String,
    /// Title.
    pub title: String,
    /// Background in words.
    pub background: String,
    /// Risk level.
    pub level: LevelView,
    /// When it was created.
    pub created_at: At,
    /// Where it stands.
    pub status: ReleaseStatus,
    /// Why nothing of it can be changed, if so.
    pub read_only: Option<crate::RefusalView>,
    /// Operator.
    pub operator: PersonHead,
    /// Verifier.
    pub verifier: PersonHead,
    /// Release manager.
    pub manager: PersonHead,
    /// Documents.
    pub documents: Vec<DocumentView>,
    /// Modules and versions in the order they go.
    pub modules: Vec<ReleaseModuleView>,
    /// Stages in order.
    pub stages: Vec<StageView>,
    /// Gates in order, one before each stage.
    pub gates: Vec<GateView>,
    /// The stage that matters now.
    pub current_stage: Option<String>,
    /// The environment that matters now.
    pub current_environment: Option<String>,
    /// What to do next, most urgent first.
    pub next: Vec<NextStep>,
    /// What happened, newest first; at most 200.
    pub timeline: Vec<TimelineEntry>,
    /// Set when the work was cut off.
    pub interrupted: Option<InterruptedView>,
    /// The way back, always in the same corner.
    pub way_back: WayBackView,
    /// Newest backup of the current environment.
    pub backup_objects: Option<u32>,
    /// When that backup was taken.
    pub backup_at: Option<At>,
    /// Whether it has what the newest dry run found.
    pub backup_holds: bool,
}

/// A person in a release.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct PersonHead {
    /// Identifier.
    pub id: String,
    /// Name.
    pub name: String,
}

/// A document of a release.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct DocumentView {
    /// Title.
    pub title: String,
    /// `https` address.
    pub url: String,
}

/// A module of a release.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct ReleaseModuleView {
    /// The module.
    pub id: String,
    /// The version it goes to.
    pub version: String,
    /// Modules that go before it.
    pub depends_on: Vec<String>,
}

/// Risk level of a release.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum LevelView {
    /// Low.
    Low,
    /// Medium.
    Medium,
    /// High.
    High,
}

/// Where a release stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum ReleaseStatus {
    /// Under way.
    Running,
    /// Every stage passed.
    Passed,
    /// Ended before the last stage.
    Cancelled,
    /// Taken back somewhere.
    TakenBack,
}

/// One stop of the pipeline.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct StageView {
    /// Identifier.
    pub id: String,
    /// Name.
    pub name: Text,
    /// Colour and glyph.
    pub look: crate::BannerLook,
    /// Where it stands.
    pub status: StageStatus,
    /// Its environments in order.
    pub environments: Vec<EnvironmentHead>,
    /// A row a module, a cell an environment.
    pub rows: Vec<StageRow>,
    /// When the first change was made.
    pub started_at: Option<At>,
    /// When the last environment passed.
    pub passed_at: Option<At>,
    /// Soak after it.
    pub soak: Option<SoakView>,
    /// Checklist items signed.
    pub checklist_done: u32,
    /// Checklist items in all (without day 1 and day 2).
    pub checklist_total: u32,
}

/// Where a stage stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum StageStatus {
    /// Its gate is closed.
    NotStarted,
    /// Its gate is open, nothing is changed yet.
    Open,
    /// Something runs in it.
    Running,
    /// All is rolled out, the soak goes on.
    Soaking,
    /// Passed.
    Passed,
    /// A rollout failed.
    Failed,
    /// Taken back.
    TakenBack,
}

/// An environment of a stage.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct EnvironmentHead {
    /// Identifier.
    pub id: String,
    /// Name.
    pub name: Text,
    /// Short name for a column (`dev`).
    pub short: String,
    /// Cluster name.
    pub cluster: String,
}

/// A module over the environments of a stage.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct StageRow {
    /// The module.
    pub module: String,
    /// One cell an environment.
    pub cells: Vec<StageCell>,
}

/// A module in an environment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct StageCell {
    /// The environment.
    pub environment: String,
    /// Where it stands.
    pub status: ModuleStatus,
    /// The version it comes from, once known.
    pub from: Option<String>,
    /// The version it goes to.
    pub to: String,
    /// Ready pods of the new version.
    pub ready: Option<u32>,
    /// Wanted pods.
    pub total: Option<u32>,
}

/// Where a module stands in an environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum ModuleStatus {
    /// Not begun.
    Waiting,
    /// Being changed.
    Running,
    /// Paused by the person.
    Paused,
    /// Stopped by the person.
    Stopped,
    /// Healthy on the new version.
    Passed,
    /// The change is bad.
    Failed,
    /// We could not tell.
    Errored,
    /// Going back.
    GoingBack,
    /// Back on the old version.
    TakenBack,
}

/// Soak after a stage.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct SoakView {
    /// Length in seconds.
    pub seconds: u32,
    /// When it began.
    pub from: At,
    /// When it ends.
    pub until: At,
    /// Whether it is over.
    pub over: bool,
}

/// Something to do next.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct NextStep {
    /// What.
    pub kind: NextStepKind,
    /// In which stage.
    pub stage: String,
    /// In which environment.
    pub environment: Option<String>,
    /// For which module.
    pub module: Option<String>,
    /// Who has to do it; none means it comes by itself.
    pub person: Option<String>,
    /// Done so far, for counted things.
    pub done: Option<u32>,
    /// Out of how many.
    pub total: Option<u32>,
    /// When it comes by itself.
    pub expected_at: Option<At>,
}

/// Kinds of next steps; each leads to the screen where it is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum NextStepKind {
    /// Settle what was cut off.
    Resume,
    /// Bind the environment to a cluster.
    Bind,
    /// Verify the identity.
    VerifyIdentity,
    /// Check the permissions.
    CheckPermissions,
    /// Make the dry run and review it.
    ReviewDiff,
    /// Take the backup.
    TakeBackup,
    /// Sign checklist items.
    SignChecklist,
    /// Wait for the soak.
    Soak,
    /// Vote.
    Vote,
    /// Answer a request to waive a condition.
    DecideWaiver,
    /// Open the gate.
    OpenGate,
    /// Arm for a module.
    Arm,
    /// Roll a module out.
    RollOut,
    /// Watch what is running.
    Watch,
    /// Decide on a failed module.
    Decide,
    /// Close the release.
    Finish,
}

/// One line of the timeline.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct TimelineEntry {
    /// Which entry of the release; none for what is to come.
    pub entry: Option<u32>,
    /// When.
    pub at: At,
    /// The ledger's verb, translated by the window as in the audit log.
    pub verb: String,
    /// Values that its sentence names.
    pub params: std::collections::BTreeMap<String, String>,
    /// Why it ended badly; its sentence names them as `reason`.
    pub reasons: Vec<crate::ReasonView>,
    /// Who.
    pub person: Option<String>,
    /// Environment name.
    pub environment: Option<Text>,
    /// Identifier of the environment that it names.
    pub environment_id: Option<String>,
    /// Identifier of the stage that it names, or that its environment is in.
    pub stage: Option<String>,
    /// How it is marked.
    pub mark: TimelineMark,
}

/// How a line of the timeline is marked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum TimelineMark {
    /// Went well.
    Good,
    /// Going on.
    Now,
    /// Went badly.
    Bad,
    /// To be remembered (waivers, declarations, refusals).
    Note,
    /// To come.
    Future,
}

/// The way back of the current environment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct WayBackView {
    /// Whether there is anything to go back to, or it is going.
    pub state: WayBackState,
    /// The environment that would be taken back.
    pub environment: Option<String>,
    /// Its name.
    pub environment_name: Option<Text>,
    /// Modules changed there, in the order they would go back.
    pub modules: Vec<WayBackModule>,
    /// The longest way back measured for these modules, milliseconds.
    pub measured_ms: Option<f64>,
    /// Where that was measured.
    pub measured_in: Option<Text>,
    /// How long the last one here took, milliseconds.
    pub took_ms: Option<f64>,
    /// Whether the person at the workstation may do it (a verifier asks the operator instead).
    pub may: bool,
    /// Why not.
    pub why_not: Option<RefusalView>,
}

/// A module that would go back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct WayBackModule {
    /// The module.
    pub module: String,
    /// The version it goes back to.
    pub to: Option<String>,
}

/// State of the way back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum WayBackState {
    /// Nothing was changed here.
    Nothing,
    /// It can be gone.
    Ready,
    /// It is being gone.
    Running,
    /// It was gone.
    Done,
    /// It did not get to a healthy end.
    Failed,
}
