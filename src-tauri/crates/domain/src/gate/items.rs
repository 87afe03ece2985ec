//! Checklist items: which of them a gate waits for, and whether each holds.

use crate::{
    ChecklistItem, EnvironmentId, EnvironmentState, ItemKind, ModuleStatus, MutationOutcome,
    MutationVerb, Phase, ProbeVerdict, Release, StageId,
};

/// A checklist item with its verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ItemVerdict {
    /// Nobody signed, or the probe has nothing to look at yet.
    Open,
    /// It holds.
    Passed,
    /// It does not.
    Failed,
    /// It was asked, and no answer came that could be judged.
    Unknown,
}

/// Checklist items that keep the gate before a stage closed: its own `pre` items, and what was to
/// be seen during and after the stage before it.
pub fn items_due<'a>(
    release: &'a Release,
    stage: &'a StageId,
) -> impl Iterator<Item = (&'a StageId, &'a ChecklistItem)> {
    let before = release.plan.stage_before(stage).map(|s| &s.id);
    let own = release
        .plan
        .items(stage, Phase::Pre)
        .map(move |item| (stage, item));
    let earlier = before.into_iter().flat_map(move |before| {
        [Phase::During, Phase::Post]
            .into_iter()
            .flat_map(move |phase| {
                release
                    .plan
                    .items(before, phase)
                    .map(move |item| (before, item))
            })
    });
    earlier.chain(own)
}

/// Whether a checklist item of a stage holds.
pub fn item_verdict(release: &Release, stage: &StageId, item: &ChecklistItem) -> ItemVerdict {
    let pass = |holds: bool| {
        if holds {
            ItemVerdict::Passed
        } else {
            ItemVerdict::Open
        }
    };
    match item.kind {
        ItemKind::Manual => match release
            .stages
            .get(stage)
            .and_then(|s| s.ticks.get(&item.id))
        {
            None => ItemVerdict::Open,
            Some(tick) if tick.passed => ItemVerdict::Passed,
            Some(_) => ItemVerdict::Failed,
        },
        ItemKind::RolloutsHealthy if any_module(release, stage, is_bad) => ItemVerdict::Failed,
        ItemKind::RolloutsHealthy => pass(release.rolled_out_at(stage).is_some()),
        ItemKind::ContentApplied => {
            pass(release.rolled_out_at(stage).is_some() && all_applied(release, stage))
        }
        ItemKind::Http => match (&item.probe, release.probed(stage, item)) {
            (Some(probe), Some(fact)) => match probe.judge(&fact.value) {
                ProbeVerdict::Held => ItemVerdict::Passed,
                ProbeVerdict::NotHeld => ItemVerdict::Failed,
                ProbeVerdict::NotReachable => ItemVerdict::Unknown,
            },
            (Some(_), None) | (None, _) => ItemVerdict::Open,
        },
    }
}

fn is_bad(status: ModuleStatus) -> bool {
    matches!(status, ModuleStatus::Failed | ModuleStatus::Errored)
}

fn any_module(release: &Release, stage: &StageId, is: fn(ModuleStatus) -> bool) -> bool {
    environments(release, stage).any(|(_, e)| e.modules.values().any(|m| is(m.status)))
}

pub(super) fn environments<'a>(
    release: &'a Release,
    stage: &StageId,
) -> impl Iterator<Item = (&'a EnvironmentId, &'a EnvironmentState)> {
    let environments = release
        .plan
        .stage(stage)
        .map(|s| s.environments.as_slice())
        .unwrap_or_default();
    // The plan's own order, not the map's.
    let of: Vec<_> = environments.iter().map(|e| e.id.clone()).collect();
    of.into_iter()
        .filter_map(|id| release.environments.get_key_value(&id))
}

/// Whether the newest write to every object of the stage was applied.
fn all_applied(release: &Release, stage: &StageId) -> bool {
    environments(release, stage).all(|(_, environment)| {
        environment.pending.is_none()
            && environment.settled.iter().enumerate().all(|(at, settled)| {
                let later = environment.settled.get(at + 1..).unwrap_or_default();
                settled.intent.verb != MutationVerb::Apply
                    || matches!(settled.outcome, MutationOutcome::Applied { .. })
                    || later
                        .iter()
                        .any(|l| l.intent.object == settled.intent.object)
            })
    })
}
