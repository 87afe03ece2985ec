use serde::{Deserialize, Serialize};

// A field that an entry of the ledger lacks gets its default, and always the careful one: what an old
// entry does not say may not open a gate. A new field of anything persisted needs a default, too
// (`crates/ledger/tests/versions` holds us to it).

use crate::{EnvironmentId, HttpProbe, ItemId, ModuleId, ObjectRef, PersonId, StageId};

/// Words in both languages.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Text {
    /// Simplified Chinese.
    pub zh: String,
    /// English.
    pub en: String,
}

/// A workspace as it was read: everything that a release may choose from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Workspace {
    /// Its name.
    pub name: Text,
    /// Stages in order (sop P1).
    pub stages: Vec<Stage>,
    /// Modules in a valid release order.
    pub modules: Vec<Module>,
    /// People.
    pub people: Vec<Person>,
    /// Checklist items; each stage has all of them unless an item names its stages.
    pub checklist: Vec<ChecklistItem>,
    /// Whom to ask for help (sop O4).
    pub on_call: Vec<OnCall>,
    /// Times and limits.
    pub timings: Timings,
    /// What its manifests say and a release does not send, because the cluster fills it.
    #[serde(default)]
    pub left_out: Vec<LeftOut>,
}

/// Fields of one object that were left out when its manifest was read: the API server or a controller
/// fills them, and what stands there came out of a cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    /// The file, relative to the workspace, with slashes.
    pub file: String,
    /// Line at which the object begins, from 1.
    pub line: u32,
    /// The object, as `Kind/name`.
    pub object: String,
    /// Paths of the fields, as the file has them.
    pub fields: Vec<String>,
}

/// A stage of the pipeline.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stage {
    /// Identifier.
    pub id: StageId,
    /// Name.
    #[serde(default)]
    pub name: Text,
    /// Environments in the order they are changed.
    pub environments: Vec<Environment>,
    /// What the gate before the stage asks for.
    #[serde(default)]
    pub gate: GateRules,
    /// Seconds that the stage is watched before it counts as passed (sop P4).
    pub soak_s: u32,
}

/// What a gate asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct GateRules {
    /// Roles that have to vote Go.
    pub votes: Vec<Role>,
    /// Conditions that a manager may waive; safety conditions never can.
    pub waivable: Vec<ConditionKind>,
}

impl Default for GateRules {
    /// The strictest gate: what an entry does not say may not make it easier to pass.
    fn default() -> Self {
        GateRules {
            votes: vec![Role::Operator, Role::Verifier, Role::Manager],
            waivable: Vec::new(),
        }
    }
}

/// An environment: one cluster and namespace in a stage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Environment {
    /// Identifier.
    pub id: EnvironmentId,
    /// Name.
    #[serde(default)]
    pub name: Text,
    /// Short name for a column (`dev`).
    #[serde(default)]
    pub short: String,
    /// How careful one has to be.
    #[serde(default)]
    pub tier: Tier,
    /// Name of the cluster; typed to arm in production.
    pub cluster: String,
    /// The only namespace that manifests of this environment may name.
    pub namespace: String,
}

/// How careful one has to be with an environment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Tier {
    /// Development.
    Dev,
    /// Test.
    Test,
    /// Online test: like production, without users.
    Ontest,
    /// Production; also what an environment counts as that does not say what it is.
    #[default]
    Prod,
}

/// A module: what is released.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Module {
    /// Identifier, which is also its name.
    pub id: ModuleId,
    /// How it is rolled out.
    #[serde(default)]
    pub strategy: Strategy,
    /// Modules that go before it (sop P3).
    #[serde(default)]
    pub depends_on: Vec<ModuleId>,
    /// The version that the workspace's manifests carry.
    pub version: String,
    /// Manifests in the order they are written, an entry an environment and object.
    pub manifests: Vec<Manifest>,
}

/// How a module is rolled out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Strategy {
    /// Kubernetes' rolling update (sop S1).
    #[default]
    Rolling,
}

/// One object of a module in an environment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// The environment.
    pub environment: EnvironmentId,
    /// Which object.
    pub object: ObjectRef,
    /// The object as written, as JSON.
    pub body: serde_json::Value,
    /// The file it comes from, relative to the workspace.
    pub file: String,
}

/// A person of the workspace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// Identifier.
    pub id: PersonId,
    /// Name to show.
    #[serde(default)]
    pub name: String,
    /// What the person may be in a release.
    #[serde(default)]
    pub roles: Vec<Role>,
}

/// What a person is in a release (sop O1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Role {
    /// Carries the release out.
    Operator,
    /// Verifies it; never the operator of the same release.
    Verifier,
    /// Decides on waivers and Go/No-Go.
    Manager,
}

/// A checklist item (sop C).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChecklistItem {
    /// Identifier.
    pub id: ItemId,
    /// When it is due.
    pub phase: Phase,
    /// Heading it stands under.
    #[serde(default)]
    pub group: Text,
    /// What has to hold.
    #[serde(default)]
    pub title: Text,
    /// One line about it.
    #[serde(default)]
    pub detail: Text,
    /// Suggested steps.
    #[serde(default)]
    pub steps: Vec<Text>,
    /// Who has to sign it.
    pub role: Role,
    /// How it is answered.
    #[serde(default)]
    pub kind: ItemKind,
    /// What is asked, for an item of kind [`ItemKind::Http`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probe: Option<HttpProbe>,
    /// Stages it belongs to; empty for all.
    #[serde(default)]
    pub stages: Vec<StageId>,
}

/// How a checklist item is answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ItemKind {
    /// A person signs.
    #[default]
    Manual,
    /// Holds when every module of the stage is healthy on its new version.
    RolloutsHealthy,
    /// Holds when every object on the cluster is what was applied.
    ContentApplied,
    /// Holds when an address answers as expected after the rollout (sop G3).
    Http,
}

/// When an item is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Phase {
    /// Before the stage: keeps its own gate closed.
    Pre,
    /// While it runs.
    During,
    /// Right after it: keeps the next gate closed.
    Post,
    /// The next day.
    Day1,
    /// The day after that.
    Day2,
}

/// Someone to ask for help.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OnCall {
    /// Name or group.
    pub name: Text,
    /// How to reach them.
    pub reach: Text,
}

/// Times and limits, all in one place. What ends in `_s` is in seconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Timings {
    /// After how long an identity check is too old to arm.
    pub identity_limit_s: u32,
    /// How long arming lasts.
    pub arming_s: u32,
    /// How long a rollout may make no progress before it counts as failed.
    pub progress_deadline_s: u32,
    /// How long a healthy rollout has to stay healthy before the module counts as passed.
    pub stable_s: u32,
    /// How many modules that do not depend on each other are rolled out at once.
    pub parallel: u32,
}

impl Default for Timings {
    fn default() -> Self {
        Timings {
            identity_limit_s: 60,
            arming_s: 600,
            progress_deadline_s: 600,
            stable_s: 10,
            parallel: 1,
        }
    }
}

/// What a condition of a gate asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub enum ConditionKind {
    /// The previous stage passed.
    PreviousStagePassed,
    /// The soak after the previous stage is over.
    SoakPassed,
    /// The checklist items due here are signed.
    ChecklistComplete,
    /// The dry-run diff has been reviewed and nothing in it is undeclared.
    DiffReviewed,
    /// Every live object is backed up.
    BackupTaken,
    /// The cluster has said by a dry run that the backup can be put back.
    RollbackProven,
    /// The identity of every cluster behind the gate is verified.
    IdentityVerified,
    /// The cluster says yes to every verb needed.
    PermissionsPresent,
}

impl ConditionKind {
    /// Every kind, in the order a gate lists them.
    pub const ALL: [ConditionKind; 8] = [
        ConditionKind::PreviousStagePassed,
        ConditionKind::SoakPassed,
        ConditionKind::ChecklistComplete,
        ConditionKind::DiffReviewed,
        ConditionKind::BackupTaken,
        ConditionKind::RollbackProven,
        ConditionKind::IdentityVerified,
        ConditionKind::PermissionsPresent,
    ];
}
