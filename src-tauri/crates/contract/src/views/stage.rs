use domain::{
    Environment, EnvironmentState, Instant, ModuleId, ModuleStatus as Module, ObjectRef,
    PlannedModule, Stage, Work,
};

use super::ViewInput;
use super::checklist::done_of;
use super::common::{at, look, text};
use super::pods::{ready_of_new, workloads_of};
use crate::{
    BannerLook, EnvironmentHead, ModuleStatus, SoakView, StageCell, StageRow, StageStatus,
    StageView,
};

/// One stop of the pipeline.
pub fn stage_view(input: &ViewInput<'_>, stage: &Stage) -> StageView {
    let release = input.release;
    let rolled_out = release.rolled_out_at(&stage.id);
    let (checklist_done, checklist_total) = done_of(release, &stage.id);
    StageView {
        id: stage.id.to_string(),
        name: text(&stage.name),
        look: stage
            .environments
            .last()
            .map_or(BannerLook::Unselected, |e| look(&release.plan.stages, e)),
        status: stage_status(input, stage),
        environments: stage.environments.iter().map(environment_head).collect(),
        rows: release
            .plan
            .modules
            .iter()
            .map(|module| row(input, stage, module))
            .collect(),
        started_at: started_at(input, stage).map(at),
        passed_at: rolled_out.map(at),
        soak: rolled_out
            .zip(release.soaked_at(&stage.id))
            .filter(|_| stage.soak_s > 0)
            .map(|(from, until)| SoakView {
                seconds: stage.soak_s,
                from: at(from),
                until: at(until),
                over: until <= input.now,
            }),
        checklist_done,
        checklist_total,
    }
}

/// Where a stage stands.
pub fn stage_status(input: &ViewInput<'_>, stage: &Stage) -> StageStatus {
    let release = input.release;
    let states: Vec<&EnvironmentState> = stage
        .environments
        .iter()
        .filter_map(|e| release.environments.get(&e.id))
        .collect();
    let any = |is: &dyn Fn(Module) -> bool| {
        states
            .iter()
            .any(|e| e.modules.values().any(|m| is(m.status)))
    };
    if states.iter().any(|e| e.work != Work::Idle) {
        return StageStatus::Running;
    }
    if any(&|status| matches!(status, Module::Failed | Module::Errored)) {
        return StageStatus::Failed;
    }
    if let Some(until) = release.soaked_at(&stage.id) {
        return if until <= input.now {
            StageStatus::Passed
        } else {
            StageStatus::Soaking
        };
    }
    let opened = release
        .stages
        .get(&stage.id)
        .is_some_and(|s| s.opened.is_some());
    // Taken back until someone goes forward again, which needs the gate to be opened anew.
    if any(&|status| matches!(status, Module::TakenBack | Module::GoingBack)) && !opened {
        return StageStatus::TakenBack;
    }
    if any(&|status| !matches!(status, Module::Waiting | Module::TakenBack)) {
        return StageStatus::Running;
    }
    if opened {
        StageStatus::Open
    } else {
        StageStatus::NotStarted
    }
}

pub(super) fn environment_head(environment: &Environment) -> EnvironmentHead {
    EnvironmentHead {
        id: environment.id.to_string(),
        name: text(&environment.name),
        short: environment.short.clone(),
        cluster: environment.cluster.clone(),
    }
}

/// When the first change of a stage was intended.
fn started_at(input: &ViewInput<'_>, stage: &Stage) -> Option<Instant> {
    let states = stage
        .environments
        .iter()
        .filter_map(|e| input.release.environments.get(&e.id));
    states
        .flat_map(|e| e.modules.values().filter_map(|m| m.started_at))
        .min()
}

fn row(input: &ViewInput<'_>, stage: &Stage, module: &PlannedModule) -> StageRow {
    StageRow {
        module: module.id.to_string(),
        cells: stage
            .environments
            .iter()
            .map(|e| cell(input, e, module))
            .collect(),
    }
}

fn cell(input: &ViewInput<'_>, environment: &Environment, module: &PlannedModule) -> StageCell {
    let environment_state = input.release.environments.get(&environment.id);
    let state = environment_state.and_then(|e| e.modules.get(&module.id));
    let workloads: Vec<&ObjectRef> = workloads_of(input.release, &environment.id, &module.id);
    let seen: Vec<_> = input
        .pictures
        .get(&environment.id)
        .map(|picture| {
            picture
                .workloads
                .iter()
                .filter(|w| workloads.contains(&&w.workload))
                .collect()
        })
        .unwrap_or_default();
    let known = !seen.is_empty();
    let ready: u32 = environment_state
        .map(|state| seen.iter().map(|w| ready_of_new(state, w)).sum())
        .unwrap_or_default();
    let wanted: u32 = seen
        .iter()
        .filter_map(|w| w.rollout.as_ref())
        .map(|r| r.wanted)
        .sum();
    StageCell {
        environment: environment.id.to_string(),
        status: state.map_or(ModuleStatus::Waiting, |s| status_view(s.status)),
        from: from_version(input, environment_state, &module.id),
        to: module.version.clone(),
        ready: known.then_some(ready),
        total: known.then_some(wanted),
    }
}

/// The version that a module comes from: seen when its rollout began, else what the backup holds.
pub(super) fn from_version(
    input: &ViewInput<'_>,
    environment: Option<&EnvironmentState>,
    module: &ModuleId,
) -> Option<String> {
    let environment = environment?;
    let seen = environment.modules.get(module).and_then(|m| m.from.clone());
    let planned = input.release.plan.module(module)?;
    let kept = || {
        let backup = environment.backup.as_ref()?;
        let mine = backup
            .objects
            .iter()
            .filter(|o| planned.objects.iter().any(|p| p.object == o.object));
        mine.filter_map(|o| o.live.as_ref())
            .find_map(|live| live.version.clone())
    };
    seen.or_else(kept)
}

/// A module's status.
pub(super) fn status_view(status: Module) -> ModuleStatus {
    match status {
        Module::Waiting => ModuleStatus::Waiting,
        Module::Running => ModuleStatus::Running,
        Module::Paused => ModuleStatus::Paused,
        Module::Stopped => ModuleStatus::Stopped,
        Module::Passed => ModuleStatus::Passed,
        Module::Failed => ModuleStatus::Failed,
        Module::Errored => ModuleStatus::Errored,
        Module::GoingBack => ModuleStatus::GoingBack,
        Module::TakenBack => ModuleStatus::TakenBack,
    }
}
