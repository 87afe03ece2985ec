use domain::{Level, ModuleStatus, Status};
use engine::Summary;

use super::common::{at, count, person_head};
use super::{
    ViewInput, current_environment, current_stage, gate_view, next_steps, refusal_view, stage_view,
    timeline, way_back_view,
};
use crate::{DocumentView, LevelView, ReleaseHead, ReleaseModuleView, ReleaseStatus, ReleaseView};

/// One release with everything the window shows of it.
pub fn release_view(input: &ViewInput<'_>) -> ReleaseView {
    let release = input.release;
    let plan = &release.plan;
    let environment = current_environment(input);
    let backup = environment
        .and_then(|e| release.environments.get(&e.id))
        .and_then(|e| e.backup.as_ref());
    ReleaseView {
        id: plan.id.to_string(),
        title: plan.title.clone(),
        background: plan.background.clone(),
        level: match plan.level {
            Level::Low => LevelView::Low,
            Level::Medium => LevelView::Medium,
            Level::High => LevelView::High,
        },
        created_at: at(release.created_at),
        status: status(input),
        read_only: release
            .unreadable
            .as_ref()
            .map(|entry| refusal_view(&entry.into())),
        operator: person_head(plan, &plan.operator),
        verifier: person_head(plan, &plan.verifier),
        manager: person_head(plan, &plan.manager),
        documents: plan
            .documents
            .iter()
            .map(|d| DocumentView {
                title: d.title.clone(),
                url: d.url.clone(),
            })
            .collect(),
        modules: plan
            .modules
            .iter()
            .map(|m| ReleaseModuleView {
                id: m.id.to_string(),
                version: m.version.clone(),
                depends_on: m.depends_on.iter().map(ToString::to_string).collect(),
            })
            .collect(),
        stages: plan
            .stages
            .iter()
            .map(|stage| stage_view(input, stage))
            .collect(),
        gates: plan
            .stages
            .iter()
            .filter_map(|stage| gate_view(input, &stage.id))
            .collect(),
        current_stage: current_stage(input).map(|s| s.id.to_string()),
        current_environment: environment.map(|e| e.id.to_string()),
        next: next_steps(input),
        timeline: timeline(input),
        interrupted: input.interrupted.cloned(),
        way_back: way_back_view(input),
        backup_objects: backup
            .map(|b| count(b.objects.iter().filter(|o| o.live.is_some()).count())),
        backup_at: backup.map(|b| at(b.at)),
        backup_holds: environment.is_some_and(|e| release.is_backed_up(&e.id)),
    }
}

/// The release in a list.
pub fn release_head(summary: &Summary) -> ReleaseHead {
    ReleaseHead {
        id: summary.id.to_string(),
        title: summary.title.clone(),
        created_at: at(summary.created_at),
        status: status_of(&summary.status, summary.rolled_back),
        read_only: summary
            .unreadable
            .as_ref()
            .map(|entry| refusal_view(&entry.into())),
    }
}

fn status(input: &ViewInput<'_>) -> ReleaseStatus {
    let environments = input.release.environments.values();
    let mut modules = environments.flat_map(|e| e.modules.values());
    let rolled_back = modules.any(|module| module.status == ModuleStatus::TakenBack);
    status_of(&input.release.status, rolled_back)
}

/// Taken back as long as nothing went forward again where it was.
fn status_of(status: &Status, rolled_back: bool) -> ReleaseStatus {
    match status {
        Status::Finished => ReleaseStatus::Passed,
        _ if rolled_back => ReleaseStatus::TakenBack,
        Status::Cancelled { .. } => ReleaseStatus::Cancelled,
        Status::Running => ReleaseStatus::Running,
    }
}
