use domain::{Environment, ModuleStatus, Release, Stage, Work};

use super::{ViewInput, stage_status};
use crate::StageStatus;

/// The stage that matters now: where something goes on, else the first that has not passed, else
/// the last one.
pub fn current_stage<'a>(input: &ViewInput<'a>) -> Option<&'a Stage> {
    let release = input.release;
    let stages = &release.plan.stages;
    let working = |stage: &&Stage| stage.environments.iter().any(|e| is_working(release, e));
    let open = |stage: &&Stage| stage_status(input, stage) != StageStatus::Passed;
    stages
        .iter()
        .find(working)
        .or_else(|| stages.iter().find(open))
        .or_else(|| stages.last())
}

/// The environment that matters now: where something goes on, where changes are unlocked, where
/// something waits for a decision, else the first of the current stage that has not passed.
pub fn current_environment<'a>(input: &ViewInput<'a>) -> Option<&'a Environment> {
    let release = input.release;
    let all = || release.plan.environments();
    let armed = |e: &&Environment| {
        release
            .environments
            .get(&e.id)
            .and_then(|s| s.armed.as_ref())
            .is_some_and(|(_, until)| *until >= input.now)
    };
    let stage = current_stage(input)?;
    all()
        .find(|e| is_working(release, e))
        .or_else(|| all().find(armed))
        .or_else(|| stage.environments.iter().find(|e| !has_passed(release, e)))
        .or_else(|| stage.environments.last())
}

pub(super) fn is_working(release: &Release, environment: &Environment) -> bool {
    release
        .environments
        .get(&environment.id)
        .is_some_and(|e| e.work != Work::Idle)
}

/// Whether every module passed in the environment.
pub(super) fn has_passed(release: &Release, environment: &Environment) -> bool {
    release
        .environments
        .get(&environment.id)
        .is_some_and(|e| e.modules.values().all(|m| m.status == ModuleStatus::Passed))
}
