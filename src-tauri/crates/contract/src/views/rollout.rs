use std::sync::Arc;

use domain::{
    Command, EnvironmentId, EnvironmentState, ModuleId, ModuleState, ModuleStatus as Module,
    ObjectRef, Refusal, Work,
};
use engine::ports::{Picture, RolloutPhase, RolloutReading, WorkloadPicture};

use super::common::{at, ms_between};
use super::pods::{PodMemory, grid, last_progress, workloads_of};
use super::reasons::reason_views;
use super::rollout_failure::failure;
use super::stage::{from_version, status_view};
use super::{ViewInput, reasons, steps};
use crate::{
    ClusterEventView, ModuleProgress, ModuleStatus, ObjectStand, ObjectStandView, PausedView,
    PodGrid, ReasonView, RolloutControls, RolloutView,
};

/// Events shown at most.
const EVENTS: usize = 200;

/// What goes on in an environment; none for one that the release does not have.
pub fn rollout_view(input: &ViewInput<'_>, environment: &EnvironmentId) -> Option<RolloutView> {
    let release = input.release;
    let state = release.environments.get(environment)?;
    let module = shown(input, state);
    let stands = module.and_then(|m| state.modules.get(m));
    let going_back = state.work == Work::Back;
    let picture = input.pictures.get(environment).map(Arc::as_ref);
    let workloads: Vec<&ObjectRef> = module
        .map(|m| workloads_of(release, environment, m))
        .unwrap_or_default();
    let back = state.way_back.as_ref().filter(|_| {
        going_back
            || stands.is_some_and(|s| matches!(s.status, Module::GoingBack | Module::TakenBack))
    });
    let armed = armed_for(input, state);
    Some(RolloutView {
        release: release.plan.id.to_string(),
        environment: environment.to_string(),
        module: module.map(ToString::to_string),
        from: module.and_then(|m| from_version(input, Some(state), m)),
        to: module
            .and_then(|m| release.plan.module(m))
            .map(|m| m.version.clone()),
        status: stands.map_or(ModuleStatus::Waiting, |s| status_view(s.status)),
        going_back,
        started_at: back
            .map(|b| b.started_at)
            .or_else(|| stands.and_then(|s| s.started_at))
            .map(at),
        ended_at: match back {
            Some(back) => back.ended_at.map(at),
            None => stands.and_then(|s| s.ended_at).map(at),
        },
        deadline_at: stands
            .and_then(|s| deadline(input, state, s, picture, &workloads))
            .map(at),
        failure: failure(input, environment, state, module),
        steps: match (back, module) {
            (Some(_), _) => steps::back(release, environment),
            (None, Some(module)) => steps::forward(release, environment, module),
            (None, None) => Vec::new(),
        },
        modules: release
            .plan
            .modules
            .iter()
            .map(|planned| ModuleProgress {
                module: planned.id.to_string(),
                from: from_version(input, Some(state), &planned.id),
                to: planned.version.clone(),
                status: state
                    .modules
                    .get(&planned.id)
                    .map_or(ModuleStatus::Waiting, |m| status_view(m.status)),
                armed: armed == Some(&planned.id),
            })
            .collect(),
        paused: module
            .filter(|m| is_running(state, m))
            .map(|_| paused(state, picture, &workloads))
            .unwrap_or_default(),
        objects: Vec::new(),
        remarks: module
            .map(|m| remarks(state, m, picture, &workloads))
            .unwrap_or_default(),
        goes_on: workloads
            .iter()
            .filter(|object| !object.can_pause())
            .map(|object| object.label())
            .collect(),
        pods: pods(
            input,
            environment,
            state,
            picture,
            &workloads,
            back.is_some(),
        ),
        events: events(picture),
        watch_age_ms: picture
            .filter(|p| p.connected)
            .and_then(|p| p.at)
            .map(|seen| ms_between(seen, input.now)),
        may: controls(input, environment, state, module),
    })
}

/// The module shown: the running one, else the one that waits for a decision, else the next one,
/// else the last one.
fn shown<'a>(input: &ViewInput<'a>, state: &'a EnvironmentState) -> Option<&'a ModuleId> {
    let status = |id: &ModuleId| state.modules.get(id).map(|m| m.status);
    let ids = || input.release.plan.modules.iter().map(|m| &m.id);
    match &state.work {
        Work::Forward { module } => return ids().find(|id| *id == module),
        Work::Back => {
            let modules = state
                .way_back
                .as_ref()
                .map(|w| w.modules.as_slice())
                .unwrap_or_default();
            return modules
                .first()
                .and_then(|first| ids().find(|id| *id == first));
        }
        Work::Idle => {}
    }
    let armed = armed_for(input, state);
    let decide = |id: &&ModuleId| {
        matches!(
            status(id),
            Some(Module::Failed | Module::Errored | Module::Stopped | Module::GoingBack)
        )
    };
    ids()
        .find(|id| Some(*id) == armed)
        .or_else(|| ids().find(decide))
        .or_else(|| {
            ids().find(|id| matches!(status(id), Some(Module::Waiting | Module::TakenBack)))
        })
        .or_else(|| ids().next_back())
}

/// The module that changes are unlocked for now.
pub(super) fn armed_for<'a>(
    input: &ViewInput<'_>,
    state: &'a EnvironmentState,
) -> Option<&'a ModuleId> {
    state
        .armed
        .as_ref()
        .filter(|(_, until)| input.now <= *until)
        .map(|(module, _)| module)
}

/// When a running module will have made no progress for too long.
fn deadline(
    input: &ViewInput<'_>,
    state: &EnvironmentState,
    module: &ModuleState,
    picture: Option<&Picture>,
    workloads: &[&ObjectRef],
) -> Option<domain::Instant> {
    if module.status != Module::Running {
        return None;
    }
    let started = module.started_at?;
    let wrote = state.settled.last().map(|s| s.settled_at);
    let moved = last_progress(picture, workloads).filter(|seen| *seen > started);
    let newest = [Some(started), wrote, moved].into_iter().flatten().max()?;
    Some(
        newest
            + chrono::Duration::seconds(i64::from(input.release.plan.timings.progress_deadline_s)),
    )
}

fn pods(
    input: &ViewInput<'_>,
    environment: &EnvironmentId,
    state: &EnvironmentState,
    picture: Option<&Picture>,
    workloads: &[&ObjectRef],
    back: bool,
) -> PodGrid {
    // Without a memory, the picture alone tells what is there now.
    let fresh;
    let memory = match (input.pods.get(environment), picture) {
        (Some(memory), _) => memory.as_ref(),
        (None, picture) => {
            let mut made = PodMemory::default();
            if let Some(picture) = picture {
                made.observe(input.release, environment, picture);
            }
            fresh = made;
            &fresh
        }
    };
    grid(state, memory, picture, workloads, back)
}

fn events(picture: Option<&Picture>) -> Vec<ClusterEventView> {
    let events = picture.map(|p| p.events.as_slice()).unwrap_or_default();
    events
        .iter()
        .take(EVENTS)
        .map(|event| ClusterEventView {
            at: at(event.at),
            warning: event.warning,
            reason: event.reason.clone(),
            object: event.object.clone(),
            message: event.message.clone(),
            count: event.count,
        })
        .collect()
}

fn is_running(state: &EnvironmentState, module: &ModuleId) -> bool {
    matches!(&state.work, Work::Forward { module: running } if running == module)
        && state.modules.get(module).map(|m| m.status) == Some(Module::Running)
}

/// Readings of the module's workloads.
fn readings<'a>(
    picture: Option<&'a Picture>,
    workloads: &'a [&ObjectRef],
) -> impl Iterator<Item = (&'a ObjectRef, &'a RolloutReading)> {
    let seen = picture.into_iter().flat_map(|p| &p.workloads);
    let mine = seen.filter(|w| workloads.contains(&&w.workload));
    mine.filter_map(|w| Some((&w.workload, w.rollout.as_ref()?)))
}

/// Workloads that stand still because somebody else paused them.
fn paused(
    state: &EnvironmentState,
    picture: Option<&Picture>,
    workloads: &[&ObjectRef],
) -> Vec<PausedView> {
    let still =
        |reading: &RolloutReading| reading.paused && reading.phase != RolloutPhase::Complete;
    readings(picture, workloads)
        .filter(|(object, reading)| still(reading) && !state.paused_by_us(object))
        .map(|(object, reading)| PausedView {
            object: object.label(),
            by: reading.paused_by.clone(),
        })
        .collect()
}

/// While a module runs, what its workloads' readings add; once it has passed, what was written down.
fn remarks(
    state: &EnvironmentState,
    module: &ModuleId,
    picture: Option<&Picture>,
    workloads: &[&ObjectRef],
) -> Vec<ReasonView> {
    let Some(stands) = state.modules.get(module) else {
        return Vec::new();
    };
    match stands.status {
        Module::Passed => stands.reason.as_ref().map(reason_views).unwrap_or_default(),
        Module::Running | Module::Paused => readings(picture, workloads)
            .filter_map(|(object, reading)| Some(reading.note.clone()?.of(object.label())))
            .map(|reason| reasons::view(&reason))
            .collect(),
        _ => Vec::new(),
    }
}

/// How the objects stand that the running task asks for one by one. They are known to the engine only,
/// as long as it waits for them.
pub fn objects_view(
    input: &ViewInput<'_>,
    environment: &EnvironmentId,
    found: &[WorkloadPicture],
) -> Vec<ObjectStandView> {
    let Some(state) = input.release.environments.get(environment) else {
        return Vec::new();
    };
    found.iter().map(|one| object_stand(state, one)).collect()
}

fn object_stand(state: &EnvironmentState, one: &WorkloadPicture) -> ObjectStandView {
    let phase = one.rollout.as_ref().map(|r| r.phase);
    let seen = state.seen(&one.workload);
    let stand = match phase {
        Some(RolloutPhase::Complete) => ObjectStand::Done,
        Some(RolloutPhase::Failed) => ObjectStand::Failed,
        Some(RolloutPhase::NotJudged) if seen.is_some() => ObjectStand::Seen,
        Some(RolloutPhase::NotJudged) => ObjectStand::NotJudged,
        _ => ObjectStand::Waiting,
    };
    let note = match (stand, seen) {
        (ObjectStand::Seen, Some(note)) => Some(domain::Cause::Seen { note: note.into() }),
        _ => one.rollout.as_ref().and_then(|r| r.note.clone()),
    };
    let message = one.rollout.as_ref().map(|r| r.message.clone());
    ObjectStandView {
        object: one.workload.label(),
        stand,
        said: message.filter(|message| !message.is_empty()),
        note: note.map(|cause| reasons::view(&cause.into())),
    }
}

/// Which buttons work. Pausing and resuming have rules only where the mutation is intended; what
/// those ask of the person and the state is asked here.
fn controls(
    input: &ViewInput<'_>,
    environment: &EnvironmentId,
    state: &EnvironmentState,
    module: Option<&ModuleId>,
) -> RolloutControls {
    let Some(module) = module else {
        return RolloutControls::default();
    };
    let start = Command::StartRollout {
        environment: environment.clone(),
        module: module.clone(),
        from: None,
    };
    let stop = Command::Stop {
        environment: environment.clone(),
    };
    let pause = Command::RecordPaused {
        environment: environment.clone(),
    };
    let status = state.modules.get(module).map(|m| m.status);
    let forward = matches!(&state.work, Work::Forward { module: running } if running == module);
    let mine = input.me == Some(&input.release.plan.operator);
    let settled = state.pending.is_none();
    RolloutControls {
        start: input.allows(&start).is_ok(),
        pause: forward
            && mine
            && settled
            && status == Some(Module::Running)
            && input.allows(&pause).is_ok(),
        cannot_pause: forward && matches!(input.allows(&pause), Err(Refusal::CannotPause { .. })),
        resume: forward
            && mine
            && settled
            && status == Some(Module::Paused)
            && armed_for(input, state) == Some(module),
        stop: input.allows(&stop).is_ok(),
        lock: armed_for(input, state).is_some(),
        lift_pause: forward
            && mine
            && settled
            && status == Some(Module::Running)
            && armed_for(input, state) == Some(module),
        confirm_seen: forward && mine,
    }
}
