//! Why a rollout or a way back stands still, for the person who has to decide.

use std::collections::HashMap;

use domain::{
    EnvironmentId, EnvironmentState, ModuleId, ModuleState, ModuleStatus as Module,
    MutationOutcome, MutationVerb, NotAppliedCause, ObjectRef, SettledMutation, Work,
};

use super::ViewInput;
use super::reasons::reason_views;
use crate::{Failure, FailureCode};

pub(super) fn failure(
    input: &ViewInput<'_>,
    environment: &EnvironmentId,
    state: &EnvironmentState,
    module: Option<&ModuleId>,
) -> Option<Failure> {
    let cluster = input
        .release
        .plan
        .environment(environment)
        .map(|e| e.cluster.clone())
        .unwrap_or_default();
    let of = |code| Failure::new(code).with("cluster", cluster.clone());
    if let Some(pending) = state.pending.as_ref().filter(|p| p.unknown) {
        let unknown = of(FailureCode::OutcomeUnknown).with("object", pending.intent.object.label());
        return Some(unknown.with("retried", "yes"));
    }
    if let Some(reason) = state
        .way_back
        .as_ref()
        .and_then(|w| w.failure.as_ref())
        .filter(|_| state.work == Work::Idle)
    {
        let again = state
            .modules
            .values()
            .any(|m| m.status == Module::GoingBack);
        return again.then(|| of(FailureCode::WayBackFailed).because(reason));
    }
    let module = module?;
    let stands = state.modules.get(module)?;
    let reasons = stands.reason.clone().unwrap_or_default();
    let code = match stands.status {
        Module::Failed => FailureCode::RolloutFailed,
        Module::Errored => FailureCode::RolloutErrored,
        _ => return None,
    };
    let planned = input.release.plan.module(module);
    let version = planned.map(|m| m.version.clone()).unwrap_or_default();
    let failure = match not_made(state, module, stands) {
        Some((code, object, said)) => {
            let objects = input.release.plan.objects(environment);
            let planned = objects.filter(|(of, _)| of.id == *module).count();
            let not_made = of(code)
                .with("object", object.label())
                .with("written", written(state, module).to_string())
                .with("planned", planned.to_string());
            // The sentence names the object and says what happened to it; the cluster's words are left.
            Failure {
                reasons: reason_views(&said.into()),
                ..not_made.detail(reasons.to_string())
            }
        }
        None => of(code).because(&reasons),
    };
    Some(
        failure
            .with("module", module.as_str())
            .with("version", version),
    )
}

/// The change on which a rollout ended, if it was not made, with what was said of it.
fn not_made<'a>(
    state: &'a EnvironmentState,
    module: &ModuleId,
    stands: &ModuleState,
) -> Option<(FailureCode, &'a ObjectRef, &'a str)> {
    let last =
        applies(state, module).rfind(|settled| Some(settled.intended_at) >= stands.started_at)?;
    let MutationOutcome::NotApplied { cause, reason } = &last.outcome else {
        return None;
    };
    let code = match cause {
        // A request that nobody answered may still be on its way, whatever the read-back found.
        _ if last.was_unknown => FailureCode::ChangeLost,
        NotAppliedCause::Refused => FailureCode::ChangeRefused,
        NotAppliedCause::Outdated => FailureCode::ChangeOutdated,
        NotAppliedCause::Unheard => FailureCode::ChangeUnheard,
        NotAppliedCause::TurnedAway => FailureCode::ChangeTurnedAway,
    };
    Some((code, &last.intent.object, reason.as_str()))
}

fn applies<'a>(
    state: &'a EnvironmentState,
    module: &ModuleId,
) -> impl DoubleEndedIterator<Item = &'a SettledMutation> {
    state
        .settled
        .iter()
        .filter(move |s| s.module == *module && s.intent.verb == MutationVerb::Apply)
}

/// How many objects of a module stand as this release wrote them.
fn written(state: &EnvironmentState, module: &ModuleId) -> usize {
    let mut last: HashMap<&ObjectRef, MutationVerb> = HashMap::new();
    for settled in state.settled.iter().filter(|s| s.module == *module) {
        let verb = settled.intent.verb;
        let writes = matches!(
            verb,
            MutationVerb::Apply | MutationVerb::Restore | MutationVerb::Remove
        );
        if writes && matches!(settled.outcome, MutationOutcome::Applied { .. }) {
            last.insert(&settled.intent.object, verb);
        }
    }
    last.values()
        .filter(|verb| **verb == MutationVerb::Apply)
        .count()
}
