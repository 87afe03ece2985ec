use super::{Step, rolling};
use crate::{EnvironmentId, ModuleId, ReleasePlan, Strategy};

/// The steps of a module's rollout in an environment, by its strategy; empty when the release has no such
/// module.
pub fn compile(plan: &ReleasePlan, environment: &EnvironmentId, module: &ModuleId) -> Vec<Step> {
    let Some(planned) = plan.module(module) else {
        return Vec::new();
    };
    match planned.strategy {
        Strategy::Rolling => rolling::steps(planned, environment),
    }
}
