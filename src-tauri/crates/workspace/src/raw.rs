//! `pilothouse.yaml` as it is written. The schema is generated from these types, so their comments
//! are what an editor shows to whoever writes the file.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::located::Located;
use crate::text::RawText;

/// A Pilothouse workspace: the pipeline, what is released, who releases it, and what is checked.
/// Manifests lie beside it in `modules/<module>/<environment>/*.yaml`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(title = "pilothouse.yaml")]
pub(crate) struct RawWorkspace {
    /// Name of the workspace.
    pub name: Located<RawText>,
    /// Stages in the order a release goes through them.
    pub pipeline: Located<Vec<Located<RawStage>>>,
    /// What is released. The order of the file counts where dependencies leave a choice.
    pub modules: Located<Vec<Located<RawModule>>>,
    /// Who may take part in a release.
    pub people: Located<Vec<Located<RawPerson>>>,
    /// What has to be checked before and after a stage, and on the two days after it.
    #[serde(default)]
    pub checklist: Vec<Located<RawItem>>,
    /// Hosts that checklist items of kind `http` may ask: names or addresses, without a scheme or port.
    #[serde(default)]
    pub probe_hosts: Vec<Located<String>>,
    /// On-call contacts, in the order to call them.
    #[serde(default)]
    pub on_call: Vec<RawOnCall>,
    /// Times and limits.
    #[serde(default)]
    pub timings: Located<RawTimings>,
    /// What a new release is filled in with.
    #[serde(default)]
    pub draft: Option<Located<RawDraft>>,
}

/// A stage: environments that are changed behind one gate.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct RawStage {
    /// Identifier: lower-case letters, digits and `-`. A release remembers it.
    pub id: Located<String>,
    /// Name to show.
    pub name: Located<RawText>,
    /// Seconds that the stage is watched, after everything is rolled out, before it counts as passed.
    pub soak_seconds: Located<u32>,
    /// The gate before the stage.
    pub gate: RawGate,
    /// Environments in the order they are changed.
    pub environments: Located<Vec<Located<RawEnvironment>>>,
}

/// What the gate before a stage asks for, besides the conditions that every gate has.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct RawGate {
    /// Roles that have to vote Go; at least one.
    pub votes: Located<Vec<Located<RawRole>>>,
    /// Conditions that a manager may waive with a reason.
    #[serde(default)]
    pub waivable: Vec<Located<RawCondition>>,
}

/// A condition of a gate. Only `soakPassed` and `checklistComplete` may be made waivable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum RawCondition {
    PreviousStagePassed,
    SoakPassed,
    ChecklistComplete,
    DiffReviewed,
    BackupTaken,
    RollbackProven,
    IdentityVerified,
    PermissionsPresent,
}

/// An environment: one namespace of one cluster.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct RawEnvironment {
    /// Identifier: lower-case letters, digits and `-`; the name of its folders of manifests.
    pub id: Located<String>,
    /// Name to show.
    pub name: Located<RawText>,
    /// Short name for a column, at most 12 characters.
    pub short: Located<String>,
    /// Tier: how strictly changes are guarded.
    pub tier: RawTier,
    /// Name of the cluster; typed by hand to unlock changes in production.
    pub cluster: Located<String>,
    /// The only namespace that manifests of this environment may name.
    pub namespace: Located<String>,
}

/// Tier of an environment: how strictly changes are guarded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum RawTier {
    /// Development.
    Dev,
    /// Test.
    Test,
    /// Like production, without users.
    Ontest,
    /// Production.
    Prod,
}

/// A module. Its version is what its manifests say in the label `app.kubernetes.io/version`, else the
/// tag of its image, else `version` here.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct RawModule {
    /// Identifier and name; also the name of its folder in `modules/`.
    pub id: Located<String>,
    /// How it is rolled out.
    pub strategy: RawStrategy,
    /// Modules that go before it whenever both are released.
    #[serde(default)]
    pub depends_on: Vec<Located<String>>,
    /// Version of a module whose manifests name none: no label `app.kubernetes.io/version`, no image
    /// with a tag.
    #[serde(default)]
    pub version: Option<Located<String>>,
    /// `cluster` allows manifests of objects that belong to the whole cluster (ClusterRole,
    /// CustomResourceDefinition, PriorityClass …). In such a module a custom resource without
    /// `metadata.namespace` is one of the whole cluster too.
    #[serde(default)]
    pub scope: RawScope,
}

/// What a module may contain.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum RawScope {
    /// Objects of the environment's namespace only.
    #[default]
    Namespace,
    /// Objects of the whole cluster as well.
    Cluster,
}

/// How a module is rolled out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum RawStrategy {
    /// Kubernetes' rolling update.
    Rolling,
}

/// A person.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct RawPerson {
    /// Identifier: lower-case letters, digits and `-`. Signatures carry it.
    pub id: Located<String>,
    /// Name to show.
    pub name: Located<String>,
    /// What the person may be in a release; at least one role.
    pub roles: Located<Vec<Located<RawRole>>>,
}

/// What a person is in a release.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum RawRole {
    /// Carries the release out.
    Operator,
    /// Verifies it; never the operator of the same release.
    Verifier,
    /// Decides on waivers and on Go or No-Go.
    Manager,
}

/// A checklist item.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct RawItem {
    /// Identifier: lower-case letters, digits and `-`. A release remembers it.
    pub id: Located<String>,
    /// When it is due. `pre` keeps the stage's own gate closed, `post` the next one.
    pub phase: RawPhase,
    /// Heading of the item in the list.
    pub group: Located<RawText>,
    /// The statement that is signed.
    pub title: Located<RawText>,
    /// One line of explanation.
    #[serde(default)]
    pub detail: Option<RawText>,
    /// Suggested steps.
    #[serde(default)]
    pub steps: Vec<RawText>,
    /// Who has to sign it.
    pub role: RawRole,
    /// How it is answered.
    #[serde(default)]
    pub kind: Located<RawKind>,
    /// What is asked, for an item of kind `http`.
    #[serde(default)]
    pub http: Option<Located<RawHttp>>,
    /// Stages it belongs to; left out for all.
    #[serde(default)]
    pub stages: Vec<Located<String>>,
}

/// An address, and how it has to answer once the stage is rolled out. It is asked without credentials,
/// proxy or redirects; `https` is verified by the system's certificates.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct RawHttp {
    /// `http` or `https` address of one of `probeHosts`, without credentials.
    pub url: Located<String>,
    /// Expected status; left out for 200.
    #[serde(default)]
    pub status: Option<Located<u16>>,
    /// Text that the body has to have; left out when any body will do.
    #[serde(default)]
    pub contains: Option<Located<String>>,
}

/// When a checklist item is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum RawPhase {
    /// Before the stage.
    Pre,
    /// While it runs.
    During,
    /// Right after it.
    Post,
    /// The next day.
    Day1,
    /// The day after that.
    Day2,
}

/// How a checklist item is answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum RawKind {
    /// A person signs.
    #[default]
    Manual,
    /// Checked automatically: every module of the stage is healthy on its new version.
    RolloutsHealthy,
    /// Checked automatically: every object on the cluster is what was applied.
    ContentApplied,
    /// Probed: an address answers as expected after the rollout.
    Http,
}

/// Someone to ask for help.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct RawOnCall {
    /// Name or group.
    pub name: RawText,
    /// How to reach them.
    pub reach: RawText,
}

/// Times and limits, in seconds where not said otherwise.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct RawTimings {
    /// After how long an identity check is too old to unlock changes (10 to 3600).
    #[serde(default)]
    pub identity_seconds: Option<Located<u32>>,
    /// How long changes stay unlocked (60 to 7200).
    #[serde(default)]
    pub arming_seconds: Option<Located<u32>>,
    /// How long a rollout may make no progress before it counts as failed (10 to 7200).
    #[serde(default)]
    pub progress_deadline_seconds: Option<Located<u32>>,
    /// How long a healthy rollout has to stay healthy before the module counts as passed (0 to 3600).
    #[serde(default)]
    pub stable_seconds: Option<Located<u32>>,
    /// How many modules that do not depend on each other are rolled out at once (1 to 16). Not in effect yet: modules go one after another.
    #[serde(default)]
    pub parallel: Option<Located<u32>>,
}

/// What a new release is filled in with; everything can be changed in the form.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct RawDraft {
    /// Title.
    #[serde(default)]
    pub title: String,
    /// Background.
    #[serde(default)]
    pub background: String,
    /// Risk level.
    #[serde(default)]
    pub level: Option<RawLevel>,
    /// Operator, a person's identifier.
    #[serde(default)]
    pub operator: Option<Located<String>>,
    /// Verifier; another person.
    #[serde(default)]
    pub verifier: Option<Located<String>>,
    /// Release manager.
    #[serde(default)]
    pub manager: Option<Located<String>>,
    /// Modules; left out for all.
    #[serde(default)]
    pub modules: Option<Vec<Located<String>>>,
    /// Documents.
    #[serde(default)]
    pub documents: Vec<RawDocument>,
    /// What the release changes besides the versions.
    #[serde(default)]
    pub declarations: Vec<RawDeclaration>,
}

/// Risk level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum RawLevel {
    /// Low.
    Low,
    /// Medium.
    Medium,
    /// High.
    High,
}

/// A document of a release.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct RawDocument {
    /// Title.
    pub title: String,
    /// `https` address.
    pub url: Located<String>,
}

/// Something that a release says it changes.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct RawDeclaration {
    /// In words.
    pub text: String,
    /// `Kind/name`, `Kind/*` or `*`.
    pub object: Located<String>,
    /// Field path that it covers with everything below; left out for the whole object.
    #[serde(default)]
    pub path: String,
}

/// Turns what is written into what the domain calls it.
macro_rules! becomes {
    ($($raw:ident => $domain:ident { $($variant:ident),* $(,)? })*) => {$(
        impl From<$raw> for domain::$domain {
            fn from(raw: $raw) -> Self {
                match raw { $($raw::$variant => domain::$domain::$variant),* }
            }
        }
    )*};
}

becomes! {
    RawCondition => ConditionKind {
        PreviousStagePassed, SoakPassed, ChecklistComplete, DiffReviewed, BackupTaken, RollbackProven,
        IdentityVerified, PermissionsPresent,
    }
    RawTier => Tier { Dev, Test, Ontest, Prod }
    RawStrategy => Strategy { Rolling }
    RawRole => Role { Operator, Verifier, Manager }
    RawPhase => Phase { Pre, During, Post, Day1, Day2 }
    RawKind => ItemKind { Manual, RolloutsHealthy, ContentApplied, Http }
    RawLevel => Level { Low, Medium, High }
}
