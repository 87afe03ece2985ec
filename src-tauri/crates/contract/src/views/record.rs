use domain::{ConditionKind, EnvironmentId, Event, ModuleId, Release, condition_name, evolve};
use engine::ports::{Entry, Record};

use super::common::{at, ms_between, person_head, text};
use crate::{ModuleStatus, UpgradeRecordRow};

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
        match event {
            Event::ModulePassed {
                environment,
                module,
            } => {
                rows.extend(row(
                    release,
                    entry,
                    environment,
                    module,
                    ModuleStatus::Passed,
                    None,
                ));
            }
            Event::ModuleFailed {
                environment,
                module,
                reason,
            } => {
                rows.extend(row(
                    release,
                    entry,
                    environment,
                    module,
                    ModuleStatus::Failed,
                    Some(reason.clone()),
                ));
            }
            Event::ModuleErrored {
                environment,
                module,
                reason,
            } => {
                rows.extend(row(
                    release,
                    entry,
                    environment,
                    module,
                    ModuleStatus::Errored,
                    Some(reason.clone()),
                ));
            }
            Event::RolloutStopped {
                environment,
                module,
            } => {
                rows.extend(row(
                    release,
                    entry,
                    environment,
                    module,
                    ModuleStatus::Stopped,
                    None,
                ));
            }
            Event::WayBackDone { environment } => {
                let state = release.environments.get(environment);
                let span = state.and_then(|state| state.ended(true, entry.at));
                let Some(way_back) = span else { continue };
                let took = format!(
                    "{:.1} s",
                    ms_between(way_back.started_at, entry.at) / 1000.0
                );
                for module in &way_back.modules {
                    let remark = Some(took.clone());
                    rows.extend(row(
                        release,
                        entry,
                        environment,
                        module,
                        ModuleStatus::TakenBack,
                        remark,
                    ));
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
    remark: Option<String>,
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
    let waivers = waived.map(|(kind, waiver)| waiver_remark(*kind, &waiver.reason));
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
        remarks: remark.into_iter().chain(waivers).collect(),
    })
}

fn waiver_remark(kind: ConditionKind, reason: &str) -> String {
    format!("{}: {reason}", condition_name(kind))
}
