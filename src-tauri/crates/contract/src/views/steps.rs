use domain::{
    EnvironmentId, EnvironmentState, Instant, ModuleId, ModuleState, ModuleStatus, MutationOutcome,
    MutationVerb, ObjectRef, Release, Work,
};

use super::common::{at, ms_between};
use crate::{StepKind, StepState, StepView};

/// The steps of a module on its way forward: what is already proven, each object, the wait.
pub(super) fn forward(
    release: &Release,
    environment: &EnvironmentId,
    module: &ModuleId,
) -> Vec<StepView> {
    let Some(state) = release.environments.get(environment) else {
        return Vec::new();
    };
    let Some(stands) = state.modules.get(module) else {
        return Vec::new();
    };
    let begun = stands
        .started_at
        .filter(|_| stands.status != ModuleStatus::Waiting);
    let mut applies: Vec<StepView> = release
        .plan
        .objects(environment)
        .filter(|(of, _)| &of.id == module)
        .map(|(_, planned)| {
            let found = begun
                .and_then(|since| written(state, &planned.object, since, &[MutationVerb::Apply]));
            let id = format!("apply {}", planned.object.label());
            object_step(id, StepKind::Apply, &planned.object, found, rest(stands))
        })
        .collect();
    // Objects are written in order: one that was passed over had nothing to change.
    let reached = applies
        .iter()
        .rposition(|step| step.started_at.is_some())
        .unwrap_or(0);
    for step in applies
        .iter_mut()
        .take(reached)
        .filter(|step| step.started_at.is_none())
    {
        step.state = StepState::Skipped;
    }
    let wrote_all = applies
        .iter()
        .all(|step| matches!(step.state, StepState::Done | StepState::Skipped));
    let mut steps = proven(state);
    steps.append(&mut applies);
    let last = state
        .settled
        .iter()
        .rev()
        .find(|s| &s.module == module)
        .map(|s| s.settled_at);
    let awaiting = match stands.status {
        ModuleStatus::Passed => StepState::Done,
        ModuleStatus::Failed if wrote_all => StepState::Failed,
        ModuleStatus::Errored if wrote_all => StepState::Errored,
        ModuleStatus::Running | ModuleStatus::Paused if wrote_all => StepState::Running,
        ModuleStatus::Running | ModuleStatus::Paused | ModuleStatus::Waiting => StepState::Waiting,
        _ => StepState::Skipped,
    };
    let from = last.filter(|_| !matches!(awaiting, StepState::Waiting | StepState::Skipped));
    steps.push(step(
        "await".to_owned(),
        StepKind::Await,
        None,
        awaiting,
        from,
        stands.ended_at,
    ));
    steps
}

/// The steps of the newest way back: each object that was written, the wait.
pub(super) fn back(release: &Release, environment: &EnvironmentId) -> Vec<StepView> {
    let Some(state) = release.environments.get(environment) else {
        return Vec::new();
    };
    let Some(way_back) = &state.way_back else {
        return Vec::new();
    };
    let verbs = [MutationVerb::Restore, MutationVerb::Remove];
    let is_over = way_back.ended_at.is_some();
    let mut steps = Vec::new();
    for object in to_take_back(
        release,
        environment,
        state,
        way_back.started_at,
        &way_back.modules,
    ) {
        let existed = state
            .backup
            .as_ref()
            .and_then(|b| b.objects.iter().find(|o| o.object == object));
        let found = written(state, &object, way_back.started_at, &verbs);
        let removes = match found {
            Some(Found::Settled { verb, .. } | Found::Pending { verb, .. }) => {
                verb == MutationVerb::Remove
            }
            None => existed.is_some_and(|o| o.live.is_none()),
        };
        let (kind, word) = if removes {
            (StepKind::Remove, "remove")
        } else {
            (StepKind::Restore, "restore")
        };
        let rest = if is_over {
            StepState::Skipped
        } else {
            StepState::Waiting
        };
        steps.push(object_step(
            format!("{word} {}", object.label()),
            kind,
            &object,
            found,
            rest,
        ));
    }
    let wrote_all = steps.iter().all(|step| step.state == StepState::Done);
    let awaiting = match (&way_back.failure, is_over) {
        (None, true) => StepState::Done,
        (Some(_), true) => StepState::Failed,
        (_, false) if wrote_all => StepState::Running,
        (_, false) => StepState::Waiting,
    };
    let last = state
        .settled
        .iter()
        .rev()
        .find(|s| verbs.contains(&s.intent.verb))
        .map(|s| s.settled_at);
    let from = last.filter(|_| awaiting != StepState::Waiting);
    steps.push(step(
        "awaitBack".to_owned(),
        StepKind::AwaitBack,
        None,
        awaiting,
        from,
        way_back.ended_at,
    ));
    steps
}

/// What has to be true before anything is written; each is an event of its own.
fn proven(state: &EnvironmentState) -> Vec<StepView> {
    let done = |when: Option<Instant>| {
        if when.is_some() {
            StepState::Done
        } else {
            StepState::Waiting
        }
    };
    let identity = state
        .identity
        .as_ref()
        .filter(|check| check.verified)
        .map(|check| check.at);
    let backup = state.backup.as_ref();
    let reviewed = state.diff.as_ref().zip(state.review.as_ref());
    let review = reviewed.filter(|((_, diff), (digest, _))| &diff.digest == digest);
    let review = review.map(|(_, (_, signed))| signed.statement.at);
    let kept = backup.map(|b| {
        b.objects
            .iter()
            .filter(|o| o.live.is_some())
            .count()
            .to_string()
    });
    vec![
        step(
            "identity".to_owned(),
            StepKind::Identity,
            None,
            done(identity),
            identity,
            None,
        ),
        step(
            "backup".to_owned(),
            StepKind::Backup,
            kept,
            done(backup.map(|b| b.at)),
            backup.map(|b| b.at),
            None,
        ),
        step(
            "review".to_owned(),
            StepKind::Review,
            None,
            done(review),
            review,
            None,
        ),
    ]
}

/// The newest write to an object since an instant.
#[derive(Clone, Copy)]
enum Found<'a> {
    Pending {
        verb: MutationVerb,
        at: Instant,
        unknown: bool,
    },
    Settled {
        verb: MutationVerb,
        from: Instant,
        to: Instant,
        outcome: &'a MutationOutcome,
    },
}

fn written<'a>(
    state: &'a EnvironmentState,
    object: &ObjectRef,
    since: Instant,
    verbs: &[MutationVerb],
) -> Option<Found<'a>> {
    let pending = state
        .pending
        .as_ref()
        .filter(|p| &p.intent.object == object && p.at >= since);
    if let Some(pending) = pending.filter(|p| verbs.contains(&p.intent.verb)) {
        return Some(Found::Pending {
            verb: pending.intent.verb,
            at: pending.at,
            unknown: pending.unknown,
        });
    }
    let mut newest = state.settled.iter().rev();
    let settled = newest.find(|s| {
        &s.intent.object == object && s.intended_at >= since && verbs.contains(&s.intent.verb)
    })?;
    let (from, to) = (settled.intended_at, settled.settled_at);
    Some(Found::Settled {
        verb: settled.intent.verb,
        from,
        to,
        outcome: &settled.outcome,
    })
}

fn object_step(
    id: String,
    kind: StepKind,
    object: &ObjectRef,
    found: Option<Found<'_>>,
    rest: StepState,
) -> StepView {
    let detail = Some(object.label());
    match found {
        None => step(id, kind, detail, rest, None, None),
        Some(Found::Pending { at, unknown, .. }) => {
            let state = if unknown {
                StepState::Unknown
            } else {
                StepState::Running
            };
            step(id, kind, detail, state, Some(at), None)
        }
        Some(Found::Settled {
            from, to, outcome, ..
        }) => {
            let state = match outcome {
                MutationOutcome::Applied { .. } => StepState::Done,
                MutationOutcome::NotApplied { .. } => StepState::Failed,
                MutationOutcome::Unknown { .. } => StepState::Unknown,
            };
            step(id, kind, detail, state, Some(from), Some(to))
        }
    }
}

/// How an object stands that was not written: to come, or left out.
fn rest(stands: &ModuleState) -> StepState {
    match stands.status {
        ModuleStatus::Waiting | ModuleStatus::Running | ModuleStatus::Paused => StepState::Waiting,
        _ => StepState::Skipped,
    }
}

/// Objects in the order they go back: those already begun in the order they were, then the others
/// that the release has written, module by module.
fn to_take_back(
    release: &Release,
    environment: &EnvironmentId,
    state: &EnvironmentState,
    since: Instant,
    modules: &[ModuleId],
) -> Vec<ObjectRef> {
    let verbs = [MutationVerb::Restore, MutationVerb::Remove];
    let begun = state
        .settled
        .iter()
        .filter(|s| s.intended_at >= since)
        .map(|s| &s.intent);
    let begun = begun
        .chain(state.pending.iter().map(|p| &p.intent))
        .filter(|i| verbs.contains(&i.verb));
    let mut objects: Vec<ObjectRef> = Vec::new();
    for intent in begun {
        if !objects.contains(&intent.object) {
            objects.push(intent.object.clone());
        }
    }
    if state.work != Work::Back {
        return objects;
    }
    let wrote = |object: &ObjectRef| {
        state.settled.iter().any(|s| {
            &s.intent.object == object
                && s.intent.verb == MutationVerb::Apply
                && matches!(s.outcome, MutationOutcome::Applied { .. })
        })
    };
    for module in modules {
        for (_, planned) in release
            .plan
            .objects(environment)
            .filter(|(of, _)| &of.id == module)
        {
            if wrote(&planned.object) && !objects.contains(&planned.object) {
                objects.push(planned.object.clone());
            }
        }
    }
    objects
}

fn step(
    id: String,
    kind: StepKind,
    detail: Option<String>,
    state: StepState,
    from: Option<Instant>,
    to: Option<Instant>,
) -> StepView {
    StepView {
        id,
        kind,
        detail,
        state,
        started_at: from.map(at),
        took_ms: from
            .zip(to)
            .filter(|_| state != StepState::Running)
            .map(|(from, to)| ms_between(from, to)),
    }
}
