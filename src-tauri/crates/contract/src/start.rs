use serde::de::{Error, Unexpected};
use serde::{Deserialize, Deserializer, Serialize};
use specta::Type;

use crate::{At, EnvironmentView, Failure, PersonView, Text};

/// What the window needs first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct StartView {
    /// Version of the program.
    pub version: String,
    /// The data folder.
    pub data_folder: String,
    /// The chain's state at start.
    pub chain: ChainSummary,
    /// The keychain's state; a failure says how to mend it.
    pub keychain: Option<Failure>,
    /// Whether a notification daemon answers.
    pub notifications: bool,
    /// The workspace that was open last.
    pub workspace: Option<WorkspaceView>,
    /// Why the last workspace could not be opened again.
    pub workspace_failure: Option<Failure>,
    /// Releases that were cut off in the middle of something.
    pub interrupted: Vec<InterruptedView>,
    /// Why the page had to be opened again, if it had to: told once.
    pub redrawn: Option<Failure>,
    /// Who sat at the workstation last.
    pub person: Option<String>,
}

/// What the person prefers; kept beside the ledger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct Preferences {
    /// Language of the window.
    pub language: Language,
    /// Light or dark.
    pub theme: Theme,
    /// How large everything is.
    pub zoom: Zoom,
    /// After how many idle minutes the key of who is in the seat is locked; 0 for never.
    pub lock_after_minutes: u16,
}

impl Preferences {
    /// Idle minutes after which a key is locked, unless the person chose otherwise.
    pub const LOCK_AFTER_MINUTES: u16 = 15;
    /// Idle minutes that can be chosen; 0 for never.
    pub const LOCK_CHOICES: [u16; 5] = [5, 15, 30, 60, 0];
}

/// How large everything in the window is, in percent: one of [`Zoom::STEPS`], and nothing between.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Type)]
#[serde(transparent)]
pub struct Zoom(u16);

impl Zoom {
    /// What can be chosen, smallest first.
    pub const STEPS: [u16; 8] = [80, 90, 100, 110, 125, 150, 175, 200];

    /// In percent.
    pub fn percent(self) -> u16 {
        self.0
    }
}

/// As large as the screens are drawn.
impl Default for Zoom {
    fn default() -> Self {
        Zoom(100)
    }
}

// Written out, because what is no step must not come in from the window.
impl<'de> Deserialize<'de> for Zoom {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let percent = u16::deserialize(from)?;
        if Zoom::STEPS.contains(&percent) {
            return Ok(Zoom(percent));
        }
        let unexpected = Unexpected::Unsigned(percent.into());
        Err(D::Error::invalid_value(unexpected, &"a step of the zoom"))
    }
}

/// Language of the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub enum Language {
    /// Simplified Chinese.
    #[serde(rename = "zh-CN")]
    ZhCn,
    /// English.
    #[serde(rename = "en")]
    En,
}

/// Light or dark.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum Theme {
    /// As the system says.
    System,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

/// The chain in one line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct ChainSummary {
    /// How many entries there are.
    pub entries: u32,
    /// How many of them have been verified.
    pub verified: u32,
    /// The sequence number of the first broken one.
    pub broken_at: Option<u32>,
    /// Hash of the newest entry, hex.
    pub head: Option<String>,
    /// How long the verification took, milliseconds.
    #[specta(type = u32)]
    pub took_ms: f64,
}

/// An open workspace.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct WorkspaceView {
    /// Its name.
    pub name: Text,
    /// Its folder.
    pub path: String,
    /// SHA-256 of all its files.
    pub digest: String,
    /// Stages in order.
    pub stages: Vec<StageHead>,
    /// Environments in pipeline order.
    pub environments: Vec<EnvironmentView>,
    /// Modules in release order.
    pub modules: Vec<ModuleHead>,
    /// People.
    pub people: Vec<PersonView>,
    /// Releases, newest first.
    pub releases: Vec<ReleaseHead>,
    /// Whom to ask for help, most suitable first.
    pub on_call: Vec<OnCall>,
    /// Whether this is the example that ships with the program, on rehearsal clusters.
    pub example: bool,
    /// `timings.parallel` above one, which nothing follows yet: whoever set it has to know.
    pub parallel_ignored: Option<u32>,
    /// What the manifests say and no release sends, because the cluster fills it.
    pub left_out: Vec<LeftOutView>,
}

/// Fields of one object that were left out when its manifest was read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct LeftOutView {
    /// The file, relative to the workspace.
    pub file: String,
    /// Line at which the object begins, from 1.
    pub line: u32,
    /// The object, as `Kind/name`.
    pub object: String,
    /// Paths of the fields.
    pub fields: Vec<String>,
}

/// Someone to ask for help (sop O4).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct OnCall {
    /// Name or group.
    pub name: Text,
    /// How to reach them, in words.
    pub reach: Text,
}

/// A stage of the pipeline.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct StageHead {
    /// Identifier.
    pub id: String,
    /// Name.
    pub name: Text,
}

/// A module of the workspace.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct ModuleHead {
    /// Identifier, which is also its name.
    pub id: String,
    /// Versions that the workspace holds manifests for, newest first.
    pub versions: Vec<String>,
    /// Modules that go before it.
    pub depends_on: Vec<String>,
}

/// A release in a list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct ReleaseHead {
    /// `REL-20260915-01`.
    pub id: String,
    /// Title.
    pub title: String,
    /// When it was created.
    pub created_at: At,
    /// Where it stands.
    pub status: crate::ReleaseStatus,
    /// Why nothing of it can be changed, if so.
    pub read_only: Option<crate::RefusalView>,
}

/// A release that was cut off: what was intended, what the cluster shows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct InterruptedView {
    /// The release.
    pub release: String,
    /// Its title.
    pub title: String,
    /// The environment.
    pub environment: String,
    /// The module.
    pub module: Option<String>,
    /// What was going on.
    pub doing: InterruptedWork,
    /// The object that the last intent named.
    pub object: Option<String>,
    /// When the intent was written.
    pub intended_at: At,
    /// What the cluster shows; none while it is being asked.
    pub found: Option<InterruptedFinding>,
}

/// What was cut off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum InterruptedWork {
    /// Going forward.
    Forward,
    /// Going back.
    Back,
}

/// What reading back found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum InterruptedFinding {
    /// The change is on the cluster.
    Applied,
    /// It is not.
    NotApplied,
    /// Every intent has its outcome; the work simply has not ended.
    Settled,
    /// The cluster could not be asked.
    Unreachable,
}

/// One desktop notification, as the program's own list has it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct NotificationView {
    /// Which one: the release and which entry of it.
    pub id: String,
    /// When.
    pub at: At,
    /// What about.
    pub kind: NotificationKind,
    /// The release.
    pub release: String,
    /// Environment name.
    pub environment: Text,
    /// Identifier of the environment.
    pub place: String,
    /// The module or modules.
    pub modules: String,
    /// Whether the desktop took it.
    pub delivered: bool,
    /// Whether the person has seen it in the window.
    pub read: bool,
}

/// What a notification says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum NotificationKind {
    /// A rollout is done.
    Done,
    /// A rollout failed.
    Failed,
    /// The person is needed.
    NeedsYou,
    /// A way back is done.
    RolledBack,
}

/// Sent to the window when something it shows has changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct Changed {
    /// What changed.
    pub topic: Topic,
    /// The release or environment it is about.
    pub subject: Option<String>,
    /// Grows with every change.
    pub revision: u32,
}

/// What a [`Changed`] is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum Topic {
    /// The open workspace, its people or its environments.
    Workspace,
    /// A release.
    Release,
    /// A running rollout.
    Rollout,
    /// The ledger.
    Ledger,
    /// The banner.
    Banner,
    /// Notifications.
    Notifications,
    /// Somebody wants to close the window while work is under way.
    Closing,
}
