use serde::{Deserialize, Serialize};

use crate::{
    ChecklistItem, Declaration, Digest, Environment, EnvironmentId, FieldChange, ImageRef,
    ModuleId, ObjectDiff, ObjectRef, Person, PersonId, Phase, ReleaseId, Role, Stage, StageId,
    Strategy, Timings,
};

/// A release with a copy of everything it depends on, so that a later edit of the workspace
/// changes neither its rules nor what it writes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReleasePlan {
    /// `REL-20260915-01`.
    pub id: ReleaseId,
    /// Title.
    #[serde(default)]
    pub title: String,
    /// Background in words.
    #[serde(default)]
    pub background: String,
    /// Risk level.
    #[serde(default)]
    pub level: Level,
    /// Who carries it out.
    pub operator: PersonId,
    /// Who verifies it; another person.
    pub verifier: PersonId,
    /// Who decides.
    pub manager: PersonId,
    /// Documents.
    #[serde(default)]
    pub documents: Vec<Document>,
    /// What it says it changes besides the versions.
    #[serde(default)]
    pub declarations: Vec<Declaration>,
    /// Modules in the order they go.
    pub modules: Vec<PlannedModule>,
    /// Stages in order.
    pub stages: Vec<Stage>,
    /// People of the workspace.
    #[serde(default)]
    pub people: Vec<Person>,
    /// Checklist items of the workspace.
    pub checklist: Vec<ChecklistItem>,
    /// Times and limits.
    #[serde(default)]
    pub timings: Timings,
    /// Digest of the workspace it was made from.
    pub workspace: Digest,
}

/// A module of a release.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlannedModule {
    /// The module.
    pub id: ModuleId,
    /// The version it goes to.
    pub version: String,
    /// How.
    #[serde(default)]
    pub strategy: Strategy,
    /// Modules of this release that go before it.
    #[serde(default)]
    pub depends_on: Vec<ModuleId>,
    /// Objects in the order they are written, an entry an environment and object.
    pub objects: Vec<PlannedObject>,
}

/// One object that a release writes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedObject {
    /// The environment.
    pub environment: EnvironmentId,
    /// The object.
    pub object: ObjectRef,
    /// The blob that holds the manifest; sealed by the vault for a Secret.
    pub body: Digest,
}

/// A document of a release.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// Title.
    #[serde(default)]
    pub title: String,
    /// `https` address.
    pub url: String,
}

/// Risk level (【变更级别】).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Level {
    /// Low.
    Low,
    /// Medium.
    Medium,
    /// High; also what a release counts as that does not say.
    #[default]
    High,
}

/// The label and annotation keys through which an object says its version; a change of them to the
/// release's version needs no declaration.
const VERSION_KEYS: [&str; 2] = ["app.kubernetes.io/version", "version"];

impl ReleasePlan {
    /// Who holds a role in this release.
    pub fn holder(&self, role: Role) -> &PersonId {
        match role {
            Role::Operator => &self.operator,
            Role::Verifier => &self.verifier,
            Role::Manager => &self.manager,
        }
    }

    /// The stage with this identifier.
    pub fn stage(&self, id: &StageId) -> Option<&Stage> {
        self.stages.iter().find(|stage| &stage.id == id)
    }

    /// The stage before this one.
    pub fn stage_before(&self, id: &StageId) -> Option<&Stage> {
        let at = self.stages.iter().position(|stage| &stage.id == id)?;
        at.checked_sub(1).and_then(|before| self.stages.get(before))
    }

    /// The stage that an environment belongs to.
    pub fn stage_of(&self, environment: &EnvironmentId) -> Option<&Stage> {
        self.stages
            .iter()
            .find(|stage| stage.environments.iter().any(|e| &e.id == environment))
    }

    /// The environment with this identifier.
    pub fn environment(&self, id: &EnvironmentId) -> Option<&Environment> {
        self.stages
            .iter()
            .flat_map(|stage| &stage.environments)
            .find(|e| &e.id == id)
    }

    /// All environments in pipeline order.
    pub fn environments(&self) -> impl Iterator<Item = &Environment> {
        self.stages.iter().flat_map(|stage| &stage.environments)
    }

    /// The module with this identifier.
    pub fn module(&self, id: &ModuleId) -> Option<&PlannedModule> {
        self.modules.iter().find(|module| &module.id == id)
    }

    /// The person with this identifier.
    pub fn person(&self, id: &PersonId) -> Option<&Person> {
        self.people.iter().find(|person| &person.id == id)
    }

    /// Checklist items of a stage in a phase.
    pub fn items<'a>(
        &'a self,
        stage: &'a StageId,
        phase: Phase,
    ) -> impl Iterator<Item = &'a ChecklistItem> {
        self.checklist.iter().filter(move |item| {
            item.phase == phase && (item.stages.is_empty() || item.stages.contains(stage))
        })
    }

    /// Objects of an environment in the order they are written, with the module they belong to.
    pub fn objects<'a>(
        &'a self,
        environment: &'a EnvironmentId,
    ) -> impl Iterator<Item = (&'a PlannedModule, &'a PlannedObject)> {
        self.modules.iter().flat_map(move |module| {
            module
                .objects
                .iter()
                .filter(move |o| &o.environment == environment)
                .map(move |o| (module, o))
        })
    }

    /// Whether a change follows from the release's own list of modules and versions: the image of a
    /// container going to the version, and the version label.
    pub fn declares_itself(&self, object: &ObjectDiff, field: &FieldChange) -> bool {
        let Some(module) = self.module(&object.module) else {
            return false;
        };
        let Some(after) = field.after.as_deref().map(|v| v.trim_matches('"')) else {
            return false;
        };
        let image = field.path.ends_with(".image")
            && ImageRef::of(after).tag == Some(module.version.as_str());
        let label = VERSION_KEYS
            .iter()
            .any(|key| field.path.ends_with(&format!(".{key}")))
            && after == module.version;
        image || label
    }
}
