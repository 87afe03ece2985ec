use std::collections::BTreeSet;

use domain::{Command, Environment, EnvironmentId, EnvironmentState, ModuleId, Work};
use engine::MeasuredRollback;

use super::common::{ms_between, text};
use super::place::current_environment;
use super::stage::from_version;
use super::{ViewInput, refusal_view};
use crate::{WayBackModule, WayBackState, WayBackView};

/// The way back of the current environment, or of the last one that has one.
pub fn way_back_view(input: &ViewInput<'_>) -> WayBackView {
    let Some(environment) = concerned(input) else {
        return nothing();
    };
    let release = input.release;
    let Some(state) = release.environments.get(&environment.id) else {
        return nothing();
    };
    let view = state_view(input, state, &environment.id);
    let modules: Vec<ModuleId> = match (view, &state.way_back) {
        (WayBackState::Running | WayBackState::Done, Some(way_back)) => way_back.modules.clone(),
        _ => state.touched.iter().rev().cloned().collect(),
    };
    let refused = input
        .allows(&Command::StartWayBack {
            environment: environment.id.clone(),
        })
        .err();
    let measured = longest(input, environment, &modules);
    let took = state.way_back.as_ref().filter(|w| w.failure.is_none());
    WayBackView {
        state: view,
        environment: Some(environment.id.to_string()),
        environment_name: Some(text(&environment.name)),
        modules: modules
            .iter()
            .map(|module| WayBackModule {
                module: module.to_string(),
                to: from_version(input, Some(state), module),
            })
            .collect(),
        measured_ms: measured.map(|m| m.took_ms),
        measured_in: measured.map(|m| text(&m.name)),
        took_ms: took.and_then(|w| Some(ms_between(w.started_at, w.ended_at?))),
        may: refused.is_none(),
        why_not: refused.as_ref().map(refusal_view),
    }
}

/// The current environment, unless nothing was changed there and another one still could go back.
fn concerned<'a>(input: &ViewInput<'a>) -> Option<&'a Environment> {
    let release = input.release;
    let current = current_environment(input);
    let concerns = |e: &Environment| {
        release.has_way_back(&e.id)
            || release
                .environments
                .get(&e.id)
                .is_some_and(|s| s.way_back.is_some())
    };
    let environments: Vec<&Environment> = release.plan.environments().collect();
    current
        .filter(|e| concerns(e))
        .or_else(|| {
            environments
                .iter()
                .rev()
                .copied()
                .find(|e| release.has_way_back(&e.id))
        })
        .or(current)
}

fn state_view(
    input: &ViewInput<'_>,
    state: &EnvironmentState,
    environment: &EnvironmentId,
) -> WayBackState {
    let ended = state.way_back.as_ref().filter(|w| w.ended_at.is_some());
    let can = input.release.has_way_back(environment);
    if state.work == Work::Back {
        WayBackState::Running
    } else if can && ended.is_some_and(|w| w.failure.is_some()) {
        WayBackState::Failed
    } else if can {
        WayBackState::Ready
    } else if ended.is_some() {
        WayBackState::Done
    } else {
        WayBackState::Nothing
    }
}

/// The longest measured way back of at least these modules; of production where production is
/// concerned, if there is one. A number from elsewhere always says where it is from.
fn longest<'a>(
    input: &ViewInput<'a>,
    environment: &Environment,
    modules: &[ModuleId],
) -> Option<&'a MeasuredRollback> {
    let wanted: BTreeSet<&ModuleId> = modules.iter().collect();
    if wanted.is_empty() {
        return None;
    }
    let mut found: Vec<&MeasuredRollback> = input.measured.iter().collect();
    found.retain(|m| wanted.iter().all(|module| m.modules.contains(module)));
    let alike = |m: &&MeasuredRollback| m.tier == environment.tier;
    if found.iter().any(alike) {
        found.retain(alike);
    }
    found
        .into_iter()
        .max_by(|a, b| a.took_ms.total_cmp(&b.took_ms))
}

fn nothing() -> WayBackView {
    WayBackView {
        state: WayBackState::Nothing,
        environment: None,
        environment_name: None,
        modules: Vec::new(),
        measured_ms: None,
        measured_in: None,
        took_ms: None,
        may: false,
        why_not: None,
    }
}
