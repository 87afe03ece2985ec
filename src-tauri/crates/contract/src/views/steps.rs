use domain::{
    Action, EnvironmentId, EnvironmentState, Instant, ModuleId, ModuleState, ModuleStatus,
    MutationOutcome, MutationVerb, ObjectRef, Release, Run, Step, StepEnd, compile,
};

use super::common::{at, ms_between};
use crate::{StepKind, StepState, StepView};

/// The steps of a module on its way forward: what is already proven, then those of its run.
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
    let to_come;
    let (run, since) = match stands.started_at {
        Some(since) if stands.status != ModuleStatus::Waiting => (&stands.run, Some(since)),
        _ => {
            to_come = Run::of(compile(&release.plan, environment, module));
            (&to_come, None)
        }
    };
    let progress = Progress {
        run,
        state,
        since,
        current: current(stands),
        ended_at: stands.ended_at,
    };
    let mut steps = proven(state);
    steps.extend(run.steps.iter().map(|step| progress.view(step)));
    steps
}

/// The steps of the newest rollback.
pub(super) fn back(release: &Release, environment: &EnvironmentId) -> Vec<StepView> {
    let state = release.environments.get(environment);
    let Some((state, way_back)) = state.and_then(|state| Some((state, state.way_back.as_ref()?)))
    else {
        return Vec::new();
    };
    let current = match (way_back.ended_at, &way_back.failure) {
        (None, _) => Current::At(StepState::Running),
        (Some(_), None) => Current::Over,
        (Some(_), Some(_)) => Current::At(StepState::Failed),
    };
    let progress = Progress {
        run: &way_back.run,
        state,
        since: Some(way_back.started_at),
        current,
        ended_at: way_back.ended_at,
    };
    let steps = way_back.run.steps.iter();
    steps.map(|step| progress.view(step)).collect()
}

/// What the step is that the run is at.
#[derive(Clone, Copy)]
enum Current {
    /// Nothing has begun.
    ToCome,
    /// It stands like this.
    At(StepState),
    /// The run is over; what has not ended was left out.
    Over,
}

fn current(stands: &ModuleState) -> Current {
    match stands.status {
        ModuleStatus::Waiting => Current::ToCome,
        ModuleStatus::Running | ModuleStatus::Paused => Current::At(StepState::Running),
        ModuleStatus::Failed => Current::At(StepState::Failed),
        ModuleStatus::Errored => Current::At(StepState::Errored),
        ModuleStatus::Passed
        | ModuleStatus::Stopped
        | ModuleStatus::GoingBack
        | ModuleStatus::TakenBack => Current::Over,
    }
}

/// A run as far as it is.
struct Progress<'a> {
    run: &'a Run,
    state: &'a EnvironmentState,
    /// When it began.
    since: Option<Instant>,
    current: Current,
    ended_at: Option<Instant>,
}

impl Progress<'_> {
    fn view(&self, of: &Step) -> StepView {
        let (kind, word) = match &of.action {
            Action::Apply { .. } => (StepKind::Apply, "apply"),
            Action::Await { .. } => (StepKind::Await, "await"),
            Action::Restore { .. } => (StepKind::Restore, "restore"),
            Action::Remove { .. } => (StepKind::Remove, "remove"),
            Action::AwaitRestored { .. } => (StepKind::AwaitBack, "awaitBack"),
        };
        let detail = of.action.target().map(ObjectRef::label);
        let id = match &detail {
            Some(label) => format!("{word} {label}"),
            None => word.to_owned(),
        };
        let attempt = self.attempt(&of.action);
        let started = attempt.as_ref().map(|attempt| attempt.from);
        if let Some((end, ended)) = self.run.ended.get(&of.number) {
            let (state, from, to) = match end {
                StepEnd::Done => (
                    StepState::Done,
                    started.or_else(|| self.ended_before(of.number)),
                    attempt.and_then(|attempt| attempt.to).or(Some(*ended)),
                ),
                StepEnd::Unneeded | StepEnd::Left { .. } => (StepState::Skipped, None, None),
                StepEnd::Failed { .. } => (StepState::Failed, started, Some(*ended)),
            };
            return step(id, kind, detail, state, from, to);
        }
        let is_next = self.run.next().is_some_and(|next| next.number == of.number);
        let state = match (self.current, &attempt) {
            (Current::ToCome, _) => StepState::Waiting,
            (_, Some(attempt)) if attempt.state != StepState::Done => attempt.state,
            (Current::At(state), None) if is_next && of.action.target().is_none() => state,
            // A write is done when its step has ended: what the cluster made of it is looked at first.
            (Current::At(state), Some(_)) if is_next => state,
            (Current::At(StepState::Running), _) => StepState::Waiting,
            (Current::At(_) | Current::Over, _) => StepState::Skipped,
        };
        let (from, to) = match state {
            StepState::Waiting | StepState::Skipped => (None, None),
            _ if of.action.target().is_none() => (self.ended_before(of.number), self.ended_at),
            _ => (started, attempt.and_then(|attempt| attempt.to)),
        };
        step(id, kind, detail, state, from, to)
    }

    /// When the step before ended, or the run began.
    fn ended_before(&self, number: u32) -> Option<Instant> {
        let before = self.run.ended.range(..number).next_back();
        before.map(|(_, (_, at))| *at).or(self.since)
    }

    /// The newest write of a step's kind to its object in this run.
    fn attempt(&self, action: &Action) -> Option<Attempt> {
        use MutationVerb::{Apply, Remove, Restore};
        let (object, verbs): (_, &[MutationVerb]) = match action {
            Action::Apply { object, .. } => (object, &[Apply]),
            Action::Restore { object } | Action::Remove { object } => (object, &[Restore, Remove]),
            Action::Await { .. } | Action::AwaitRestored { .. } => return None,
        };
        let since = self.since?;
        let pending = self.state.pending.as_ref();
        if let Some(pending) = pending.filter(|pending| {
            &pending.intent.object == object
                && pending.at >= since
                && verbs.contains(&pending.intent.verb)
        }) {
            let state = match pending.unknown {
                true => StepState::Unknown,
                false => StepState::Running,
            };
            return Some(Attempt {
                from: pending.at,
                to: None,
                state,
            });
        }
        let mut newest = self.state.settled.iter().rev();
        let settled = newest.find(|settled| {
            &settled.intent.object == object
                && settled.intended_at >= since
                && verbs.contains(&settled.intent.verb)
        })?;
        let state = match settled.outcome {
            MutationOutcome::Applied { .. } => StepState::Done,
            MutationOutcome::NotApplied { .. } => StepState::Failed,
            MutationOutcome::Unknown { .. } => StepState::Unknown,
        };
        Some(Attempt {
            from: settled.intended_at,
            to: Some(settled.settled_at),
            state,
        })
    }
}

/// A write to an object.
struct Attempt {
    from: Instant,
    to: Option<Instant>,
    state: StepState,
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
