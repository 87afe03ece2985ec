use domain::gate::{ItemVerdict, item_verdict};
use domain::{
    ChecklistItem, EnvironmentState, ItemKind, ModuleStatus, MutationVerb, Phase, Release, StageId,
    may_tick,
};

use super::common::{count, role_view, signature_view, text};
use super::{ViewInput, refusal_view};
use crate::{
    ChecklistGroupView, ChecklistItemState, ChecklistItemView, ChecklistPhase, ChecklistPhaseView,
    ChecklistView,
};

const PHASES: [(Phase, ChecklistPhase); 5] = [
    (Phase::Pre, ChecklistPhase::Pre),
    (Phase::During, ChecklistPhase::During),
    (Phase::Post, ChecklistPhase::Post),
    (Phase::Day1, ChecklistPhase::Day1),
    (Phase::Day2, ChecklistPhase::Day2),
];

/// The checklist of a stage; none for a stage that the release does not have.
pub fn checklist_view(input: &ViewInput<'_>, stage: &StageId) -> Option<ChecklistView> {
    input.release.plan.stage(stage)?;
    let phases: Vec<ChecklistPhaseView> = PHASES
        .into_iter()
        .map(|(phase, view)| phase_view(input, stage, phase, view))
        .filter(|phase| phase.total > 0)
        .collect();
    Some(ChecklistView {
        stage: stage.to_string(),
        done: phases.iter().map(|p| p.done).sum(),
        total: phases.iter().map(|p| p.total).sum(),
        phases,
    })
}

/// Items that hold, out of those that a stage has without the two days after it.
pub(super) fn done_of(release: &Release, stage: &StageId) -> (u32, u32) {
    let items = [Phase::Pre, Phase::During, Phase::Post]
        .into_iter()
        .flat_map(|phase| release.plan.items(stage, phase));
    items.fold((0, 0), |(done, total), item| {
        (
            done + u32::from(item_verdict(release, stage, item) == ItemVerdict::Passed),
            total + 1,
        )
    })
}

fn phase_view(
    input: &ViewInput<'_>,
    stage: &StageId,
    phase: Phase,
    view: ChecklistPhase,
) -> ChecklistPhaseView {
    let mut groups: Vec<ChecklistGroupView> = Vec::new();
    for item in input.release.plan.items(stage, phase) {
        let title = text(&item.group);
        let seen = item_view(input, stage, item);
        match groups.iter_mut().find(|group| group.title == title) {
            Some(group) => group.items.push(seen),
            None => groups.push(ChecklistGroupView {
                title,
                items: vec![seen],
            }),
        }
    }
    let items = || groups.iter().flat_map(|group| &group.items);
    ChecklistPhaseView {
        phase: view,
        done: count(
            items()
                .filter(|item| item.state == ChecklistItemState::Passed)
                .count(),
        ),
        total: count(items().count()),
        groups,
    }
}

fn item_view(input: &ViewInput<'_>, stage: &StageId, item: &ChecklistItem) -> ChecklistItemView {
    let release = input.release;
    let tick = release
        .stages
        .get(stage)
        .and_then(|s| s.ticks.get(&item.id));
    let automatic = item.kind != ItemKind::Manual;
    let refused = may_tick(release, stage, &item.id, input.facts()).err();
    ChecklistItemView {
        id: item.id.to_string(),
        title: text(&item.title),
        detail: text(&item.detail),
        steps: item.steps.iter().map(text).collect(),
        role: role_view(item.role),
        automatic,
        state: match item_verdict(release, stage, item) {
            ItemVerdict::Open => ChecklistItemState::Open,
            ItemVerdict::Passed => ChecklistItemState::Passed,
            ItemVerdict::Failed => ChecklistItemState::Failed,
            ItemVerdict::Unknown => ChecklistItemState::Unknown,
        },
        signature: tick.map(|t| signature_view(&release.plan, &t.signed)),
        note: tick.and_then(|t| t.note.clone()),
        evidence: evidence(release, stage, item.kind),
        probe: super::probe::probe_view(input, stage, item),
        may_sign: refused.is_none(),
        why_not: refused.as_ref().map(refusal_view),
    }
}

/// What the probe counted: `passed/all`.
fn evidence(release: &Release, stage: &StageId, kind: ItemKind) -> Option<String> {
    let stage = release.plan.stage(stage)?;
    let states = || {
        stage
            .environments
            .iter()
            .filter_map(|e| release.environments.get(&e.id))
    };
    match kind {
        ItemKind::Manual | ItemKind::Http => None,
        ItemKind::RolloutsHealthy => {
            let modules = || states().flat_map(|e| e.modules.values());
            let passed = modules()
                .filter(|m| m.status == ModuleStatus::Passed)
                .count();
            Some(format!("{passed}/{}", modules().count()))
        }
        ItemKind::ContentApplied => {
            let planned: usize = stage
                .environments
                .iter()
                .map(|e| release.plan.objects(&e.id).count())
                .sum();
            let written: usize = states().map(objects_written).sum();
            Some(format!("{written}/{planned}"))
        }
    }
}

/// Objects whose newest write was applied.
fn objects_written(environment: &EnvironmentState) -> usize {
    let newest = environment
        .settled
        .iter()
        .enumerate()
        .filter(|(index, settled)| {
            let later = environment.settled.get(index + 1..).unwrap_or_default();
            !later
                .iter()
                .any(|l| l.intent.object == settled.intent.object && is_write(l.intent.verb))
        });
    newest
        .filter(|(_, s)| s.intent.verb == MutationVerb::Apply)
        .filter(|(_, s)| matches!(s.outcome, domain::MutationOutcome::Applied { .. }))
        .count()
}

fn is_write(verb: MutationVerb) -> bool {
    matches!(
        verb,
        MutationVerb::Apply | MutationVerb::Restore | MutationVerb::Remove
    )
}
