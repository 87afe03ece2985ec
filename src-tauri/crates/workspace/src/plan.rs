use std::collections::{BTreeMap, BTreeSet};

use domain::{
    Digest, Module, ModuleId, ObjectRef, PlannedModule, PlannedObject, ReleaseId, ReleasePlan,
    canonical,
};
use serde_json::Value;

use crate::{Opened, ReleaseDraft};

/// A release's plan with the bodies that it names.
#[derive(Clone, Debug, PartialEq)]
pub struct Planned {
    /// The plan, with a copy of everything it depends on.
    pub plan: ReleasePlan,
    /// Canonical JSON of every manifest by its digest. Those of Secrets are in the clear: seal them
    /// and [`Planned::replace`] them before anything is kept.
    pub bodies: BTreeMap<Digest, (ObjectRef, Vec<u8>)>,
}

impl Planned {
    /// Bodies that must not be kept in the clear.
    pub fn secrets(&self) -> Vec<Digest> {
        self.bodies
            .iter()
            .filter(|(_, (object, _))| object.is_secret())
            .map(|(digest, _)| digest.clone())
            .collect()
    }

    /// Puts other bytes (the sealed ones) in the place of a body, and their digest into the plan.
    pub fn replace(&mut self, digest: &Digest, bytes: Vec<u8>) {
        let Some((object, _)) = self.bodies.remove(digest) else {
            return;
        };
        let new = Digest::of(&bytes);
        for planned in self.plan.modules.iter_mut().flat_map(|m| &mut m.objects) {
            if &planned.body == digest {
                planned.body = new.clone();
            }
        }
        self.bodies.insert(new, (object, bytes));
    }
}

/// Why no plan can be made of a draft.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanFailure {
    /// No module is chosen.
    #[error("no module is chosen")]
    NoModules,
    /// The workspace does not have the module, or it is named twice.
    #[error("module {0} is not in the workspace, or chosen twice")]
    ModuleUnknown(ModuleId),
    /// The workspace's manifests carry another version.
    #[error("the workspace has {module} {has}, not {asked}")]
    VersionUnknown {
        /// The module.
        module: ModuleId,
        /// The version asked for.
        asked: String,
        /// The version of the manifests.
        has: String,
    },
    /// A manifest cannot be written as JSON; a defect.
    #[error("a manifest cannot be written as JSON: {0}")]
    Unwritable(String),
}

/// Makes the plan of a release out of a draft. Whether the people may do what the draft says is for
/// the domain to judge when the release is created.
pub fn plan(opened: &Opened, draft: &ReleaseDraft, id: ReleaseId) -> Result<Planned, PlanFailure> {
    let workspace = &opened.workspace;
    let chosen = chosen(&workspace.modules, draft)?;
    let ids: BTreeSet<&ModuleId> = chosen.iter().map(|m| &m.id).collect();
    let mut bodies = BTreeMap::new();
    let mut modules = Vec::new();
    for module in &chosen {
        let mut objects = Vec::new();
        for manifest in &module.manifests {
            let bytes = bytes_of(&manifest.body)?;
            let body = Digest::of(&bytes);
            bodies.insert(body.clone(), (manifest.object.clone(), bytes));
            let (environment, object) = (manifest.environment.clone(), manifest.object.clone());
            objects.push(PlannedObject {
                environment,
                object,
                body,
            });
        }
        modules.push(PlannedModule {
            id: module.id.clone(),
            version: module.version.clone(),
            strategy: module.strategy,
            depends_on: before(module, &workspace.modules, &ids),
            objects,
        });
    }
    let plan = ReleasePlan {
        id,
        title: draft.title.clone(),
        background: draft.background.clone(),
        level: draft.level,
        operator: draft.operator.clone(),
        verifier: draft.verifier.clone(),
        manager: draft.manager.clone(),
        documents: draft.documents.clone(),
        declarations: draft.declarations.clone(),
        modules,
        stages: workspace.stages.clone(),
        people: workspace.people.clone(),
        checklist: workspace.checklist.clone(),
        timings: workspace.timings.clone(),
        workspace: opened.digest.clone(),
    };
    Ok(Planned { plan, bodies })
}

/// The chosen modules in the workspace's order, which has dependencies first (sop P3).
fn chosen<'a>(modules: &'a [Module], draft: &ReleaseDraft) -> Result<Vec<&'a Module>, PlanFailure> {
    let mut asked = BTreeMap::new();
    for choice in &draft.modules {
        let module = modules.iter().find(|m| m.id == choice.module);
        let Some(module) = module else {
            return Err(PlanFailure::ModuleUnknown(choice.module.clone()));
        };
        if module.version != choice.version {
            let (asked, has) = (choice.version.clone(), module.version.clone());
            return Err(PlanFailure::VersionUnknown {
                module: module.id.clone(),
                asked,
                has,
            });
        }
        if asked.insert(&choice.module, ()).is_some() {
            return Err(PlanFailure::ModuleUnknown(choice.module.clone()));
        }
    }
    if asked.is_empty() {
        return Err(PlanFailure::NoModules);
    }
    Ok(modules
        .iter()
        .filter(|m| asked.contains_key(&m.id))
        .collect())
}

/// The chosen modules that go before this one. A dependency leads on through modules that are not
/// chosen: what depends on them still waits for what they depend on.
fn before(module: &Module, all: &[Module], chosen: &BTreeSet<&ModuleId>) -> Vec<ModuleId> {
    let mut open: Vec<&ModuleId> = module.depends_on.iter().collect();
    let mut reached = BTreeSet::new();
    while let Some(id) = open.pop() {
        if reached.insert(id) && !chosen.contains(id) {
            open.extend(
                all.iter()
                    .filter(|m| &m.id == id)
                    .flat_map(|m| &m.depends_on),
            );
        }
    }
    all.iter()
        .map(|m| &m.id)
        .filter(|id| reached.contains(id) && chosen.contains(id))
        .cloned()
        .collect()
}

/// JSON with sorted keys and no spaces: the same manifest has the same digest however it is laid out.
fn bytes_of(value: &Value) -> Result<Vec<u8>, PlanFailure> {
    serde_json::to_vec(&canonical(value)).map_err(|why| PlanFailure::Unwritable(why.to_string()))
}
