//! Kubernetes' own rolling update (sop S1): every object in the order of the plan, then the wait.

use super::{Action, Step, numbered};
use crate::{EnvironmentId, PlannedModule, PlannedObject};

pub(super) fn steps(module: &PlannedModule, environment: &EnvironmentId) -> Vec<Step> {
    let here = |planned: &&PlannedObject| &planned.environment == environment;
    let planned: Vec<&PlannedObject> = module.objects.iter().filter(here).collect();
    let objects = planned
        .iter()
        .map(|planned| planned.object.clone())
        .collect();
    let applies = planned.iter().map(|planned| Action::Apply {
        object: planned.object.clone(),
        body: planned.body.clone(),
    });
    let actions = applies.chain([Action::Await { objects }]);
    numbered(actions.map(|action| (module.id.clone(), action)))
}
