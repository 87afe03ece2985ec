use domain::gate::{ItemVerdict, VerdictState, item_verdict, items_due, verdicts};
use domain::{
    Command, ConditionKind, Environment, EnvironmentState, ItemKind, ModuleStatus as Module,
    PersonId, RollbackProof, Stage, StageId, Status, Work,
};

use super::common::at;
use super::place::has_passed;
use super::rollout::armed_for;
use super::{ViewInput, current_stage};
use crate::{NextStep, NextStepKind, StageStatus};

/// What to do next, most urgent first.
pub fn next_steps(input: &ViewInput<'_>) -> Vec<NextStep> {
    if let Some(interrupted) = input.interrupted {
        let environment = interrupted.environment.as_str().into();
        let stage = input
            .release
            .plan
            .stage_of(&environment)
            .map(|s| s.id.clone());
        let mut step = step(
            NextStepKind::Resume,
            &stage.unwrap_or_else(|| StageId::new("")),
        );
        step.environment = Some(interrupted.environment.clone());
        step.module = interrupted.module.clone();
        step.person = Some(input.release.plan.operator.to_string());
        return vec![step];
    }
    if input.release.status != Status::Running {
        return Vec::new();
    }
    let Some(stage) = current_stage(input) else {
        return Vec::new();
    };
    let opened = input
        .release
        .stages
        .get(&stage.id)
        .is_some_and(|s| s.opened.is_some());
    let mut steps = if opened {
        inside(input, stage)
    } else {
        before_gate(input, stage)
    };
    let last = input.release.plan.stages.last().map(|s| &s.id) == Some(&stage.id);
    if last && steps.is_empty() && super::stage_status(input, stage) == StageStatus::Passed {
        steps.extend(after_last(input, stage));
    }
    steps
}

fn step(kind: NextStepKind, stage: &StageId) -> NextStep {
    NextStep {
        kind,
        stage: stage.to_string(),
        environment: None,
        module: None,
        person: None,
        done: None,
        total: None,
        expected_at: None,
    }
}

/// What keeps the gate closed, in the order in which it is settled best.
fn before_gate(input: &ViewInput<'_>, stage: &Stage) -> Vec<NextStep> {
    let plan = &input.release.plan;
    let operator = |mut step: NextStep| {
        step.person = Some(plan.operator.to_string());
        step
    };
    let mut steps = Vec::new();
    for environment in &stage.environments {
        let Some(state) = input.release.environments.get(&environment.id) else {
            continue;
        };
        if let Some(kind) = of_environment(input, environment, state) {
            let mut step = operator(step(kind, &stage.id));
            step.environment = Some(environment.id.to_string());
            steps.push(step);
        }
    }
    let verdicts = verdicts(input.release, &stage.id, input.now, input.register);
    for verdict in verdicts.iter().filter(|v| !v.lets_pass()) {
        match verdict.kind {
            ConditionKind::ChecklistComplete => steps.extend(unsigned(input, stage)),
            ConditionKind::SoakPassed => {
                let mut step = step(NextStepKind::Soak, &stage.id);
                if let VerdictState::Waiting { until } = verdict.state {
                    step.expected_at = Some(at(until));
                }
                steps.push(step);
            }
            _ => {}
        }
    }
    let state = input.release.stages.get(&stage.id);
    let asked = |kind| state.is_some_and(|s| s.asked.contains_key(&kind));
    let mut unanswered = verdicts.iter().filter(|v| !v.lets_pass() && v.waivable);
    if unanswered.any(|v| asked(v.kind)) {
        let mut step = step(NextStepKind::DecideWaiver, &stage.id);
        step.person = Some(plan.manager.to_string());
        steps.push(step);
    }
    let passing = verdicts.iter().all(|v| v.lets_pass());
    let votes = input.release.stages.get(&stage.id).map(|s| &s.votes);
    let missing: Vec<_> = stage
        .gate
        .votes
        .iter()
        .filter(|role| !votes.is_some_and(|v| v.get(role).is_some_and(|v| v.go)))
        .collect();
    let mut seen: Vec<&PersonId> = Vec::new();
    for person in missing.iter().map(|role| plan.holder(**role)) {
        if !seen.contains(&person) {
            seen.push(person);
            let mut step = step(NextStepKind::Vote, &stage.id);
            step.person = Some(person.to_string());
            steps.push(step);
        }
    }
    if passing && missing.is_empty() {
        steps.push(operator(step(NextStepKind::OpenGate, &stage.id)));
    }
    steps
}

/// What an environment needs before its gate opens. The identity comes first: everything else is
/// about the cluster that answers.
fn of_environment(
    input: &ViewInput<'_>,
    environment: &Environment,
    state: &EnvironmentState,
) -> Option<NextStepKind> {
    let release = input.release;
    if !input.register.bindings.contains_key(&environment.id) {
        return Some(NextStepKind::Bind);
    }
    let checked = input
        .register
        .checks
        .get(&environment.id)
        .or(state.identity.as_ref());
    if !checked.is_some_and(|check| check.verified) {
        return Some(NextStepKind::VerifyIdentity);
    }
    if !state
        .permissions
        .as_ref()
        .is_some_and(|(_, missing)| missing.is_empty())
    {
        return Some(NextStepKind::CheckPermissions);
    }
    // Taking the backup again asks the cluster again whether it can be put back.
    let proof = release.rollback_proof(&environment.id);
    let kept = release.is_backed_up(&environment.id) && proof.is_some_and(RollbackProof::holds);
    match (release.is_reviewed(&environment.id), kept) {
        (false, _) => Some(NextStepKind::ReviewDiff),
        (true, false) => Some(NextStepKind::TakeBackup),
        (true, true) => None,
    }
}

/// Unsigned items that keep the gate closed: a step each person who has to sign some.
fn unsigned(input: &ViewInput<'_>, stage: &Stage) -> Vec<NextStep> {
    let mut steps: Vec<NextStep> = Vec::new();
    for (of, item) in
        items_due(input.release, &stage.id).filter(|(_, item)| item.kind == ItemKind::Manual)
    {
        let holds = item_verdict(input.release, of, item) == ItemVerdict::Passed;
        count_item(&mut steps, of, input.release.plan.holder(item.role), holds);
    }
    steps.retain(|step| step.done != step.total);
    steps
}

fn count_item(steps: &mut Vec<NextStep>, stage: &StageId, person: &PersonId, holds: bool) {
    let same = |s: &&mut NextStep| {
        s.stage == stage.as_str() && s.person.as_deref() == Some(person.as_str())
    };
    if let Some(found) = steps.iter_mut().find(same) {
        found.total = found.total.map(|n| n + 1);
        found.done = found.done.map(|n| n + u32::from(holds));
        return;
    }
    let mut new = step(NextStepKind::SignChecklist, stage);
    new.person = Some(person.to_string());
    (new.done, new.total) = (Some(u32::from(holds)), Some(1));
    steps.push(new);
}

/// What to do behind an open gate.
fn inside(input: &ViewInput<'_>, stage: &Stage) -> Vec<NextStep> {
    let release = input.release;
    let operator = release.plan.operator.to_string();
    let Some(environment) = stage.environments.iter().find(|e| !has_passed(release, e)) else {
        // Rolled out everywhere: the soak comes by itself, the items do not.
        let mut steps = Vec::new();
        if let Some(until) = release
            .soaked_at(&stage.id)
            .filter(|until| *until > input.now)
        {
            let mut soak = step(NextStepKind::Soak, &stage.id);
            soak.expected_at = Some(at(until));
            steps.push(soak);
        }
        let mut items: Vec<NextStep> = Vec::new();
        for item in release
            .plan
            .items(&stage.id, domain::Phase::Post)
            .filter(|i| i.kind == ItemKind::Manual)
        {
            let holds = item_verdict(release, &stage.id, item) == ItemVerdict::Passed;
            count_item(&mut items, &stage.id, release.plan.holder(item.role), holds);
        }
        steps.extend(items.into_iter().filter(|s| s.done != s.total));
        return steps;
    };
    let Some(state) = release.environments.get(&environment.id) else {
        return Vec::new();
    };
    let (kind, module) = what_next(input, state);
    let mut next = step(kind, &stage.id);
    next.environment = Some(environment.id.to_string());
    next.module = module;
    next.person = Some(operator).filter(|_| kind != NextStepKind::Watch);
    let done = state
        .modules
        .values()
        .filter(|m| m.status == Module::Passed)
        .count();
    next.done = Some(super::common::count(done));
    next.total = Some(super::common::count(state.modules.len()));
    vec![next]
}

fn what_next(input: &ViewInput<'_>, state: &EnvironmentState) -> (NextStepKind, Option<String>) {
    let status = |id: &domain::ModuleId| state.modules.get(id).map(|m| m.status);
    let ids = || input.release.plan.modules.iter().map(|m| &m.id);
    match &state.work {
        Work::Forward { module } => return (NextStepKind::Watch, Some(module.to_string())),
        Work::Back => return (NextStepKind::Watch, None),
        Work::Idle => {}
    }
    let undecided = ids().find(|id| {
        matches!(
            status(id),
            Some(Module::Failed | Module::Errored | Module::Stopped | Module::GoingBack)
        )
    });
    if let Some(module) = undecided {
        return (NextStepKind::Decide, Some(module.to_string()));
    }
    if let Some(module) = armed_for(input, state) {
        return (NextStepKind::RollOut, Some(module.to_string()));
    }
    let next = ids().find(|id| matches!(status(id), Some(Module::Waiting | Module::TakenBack)));
    (NextStepKind::Arm, next.map(ToString::to_string))
}

/// After the last stage: closing the release, as soon as the rules let its operator do so.
fn after_last(input: &ViewInput<'_>, stage: &Stage) -> Option<NextStep> {
    let operator = &input.release.plan.operator;
    let as_operator = ViewInput {
        me: Some(operator),
        ..*input
    };
    as_operator.allows(&Command::Finish).ok()?;
    let mut finish = step(NextStepKind::Finish, &stage.id);
    finish.person = Some(operator.to_string());
    Some(finish)
}
