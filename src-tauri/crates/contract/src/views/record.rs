use domain::{EnvironmentId, Event, ModuleId, Reasons, Release, condition_name, evolve};
use engine::ports::{Entry, Record};

use super::common::{at, ms_between, person_head, text};
use super::reasons::reason_views;
use crate::{ModuleStatus, UpgradeRecordRow, WaivedCondition};

/// The upgrade record of a release (sop A2: date, version, environment, operator, result, remarks),
/// oldest first: a row each time a module's rollout ended, and each time it was taken back.
pub fn upgrade_record(entries: &[Entry]) -> Vec<UpgradeRecordRow> {
    let mut release: Option<Release> = None;
    let mut rows = Vec::new();
    for entry in entries {
        let Record::Release(event) = &entry.record else {
            continue;
        };
        evolve(&mut release, event, entry.at, entry.actor.as_ref());
        let Some(release) = release.as_ref() else {
            continue;
        };
        let row = |environment, module, result| row(release, entry, environment, module, result);
        let because = |row: Option<UpgradeRecordRow>, reasons: &Reasons| {
            let reasons = reason_views(reasons);
            row.map(|row| UpgradeRecordRow { reasons, ..row })
        };
        match event {
            Event::ModulePassed {
                environment,
                module,
                remarks,
            } => rows.extend(because(
                row(environment, module, ModuleStatus::Passed),
                remarks,
            )),
            Event::ModuleFailed {
                environment,
                module,
                reason,
            } => rows.extend(because(
                row(environment, module, ModuleStatus::Failed),
                reason,
            )),
            Event::ModuleErrored {
                environment,
                module,
                reason,
            } => rows.extend(because(
                row(environment, module, ModuleStatus::Errored),
                reason,
            )),
            Event::RolloutStopped {
                environment,
                module,
            } => rows.extend(row(environment, module, ModuleStatus::Stopped)),
            Event::WayBackDone { environment } => {
                let state = release.environments.get(environment);
                let span = state.and_then(|state| state.ended(true, entry.at));
                let Some(way_back) = span else { continue };
                let took_ms = Some(ms_between(way_back.started_at, entry.at));
                for module in &way_back.modules {
                    let taken_back = row(environment, module, ModuleStatus::TakenBack);
                    rows.extend(taken_back.map(|row| UpgradeRecordRow { took_ms, ..row }));
                }
            }
            _ => {}
        }
    }
    rows
}

fn row(
    release: &Release,
    entry: &Entry,
    environment: &EnvironmentId,
    module: &ModuleId,
    result: ModuleStatus,
) -> Option<UpgradeRecordRow> {
    let known = release.plan.environment(environment)?;
    let planned = release.plan.module(module)?;
    let from = release
        .environments
        .get(environment)?
        .modules
        .get(module)?
        .from
        .clone();
    let waived = release
        .plan
        .stage_of(environment)
        .and_then(|s| release.stages.get(&s.id));
    let waived = waived.into_iter().flat_map(|s| &s.waivers);
    let waived = waived.map(|(kind, waiver)| WaivedCondition {
        condition: condition_name(*kind),
        reason: waiver.reason.clone(),
    });
    // Taken back: from the release's version to the one before.
    let (from, to) = match result {
        ModuleStatus::TakenBack => (Some(planned.version.clone()), from.unwrap_or_default()),
        _ => (from, planned.version.clone()),
    };
    Some(UpgradeRecordRow {
        at: at(entry.at),
        release: release.plan.id.to_string(),
        module: module.to_string(),
        from,
        to,
        environment: text(&known.name),
        operator: person_head(&release.plan, &release.plan.operator).name,
        result,
        reasons: Vec::new(),
        took_ms: None,
        waived: waived.collect(),
    })
}
