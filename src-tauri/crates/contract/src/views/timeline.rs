use domain::{
    EnvironmentId, Event, FactSubject, Instant, ModuleId, Release, StageId, Work, evolve,
};
use engine::ports::{Entry, Record};

use super::ViewInput;
use super::common::{at, position, text};
use super::verbs::{Verb, release_verb, unknown_verb};
use crate::{TimelineEntry, TimelineMark};

/// Lines at most.
const LINES: usize = 200;

/// What happened, newest first, what is to come above it. Single writes and delivered notifications
/// are left to the audit log; that an environment or a stage passed is told although no event says
/// so.
pub fn timeline(input: &ViewInput<'_>) -> Vec<TimelineEntry> {
    let mut lines = Vec::new();
    let mut folded: Option<Release> = None;
    for entry in input.entries {
        let event = match &entry.record {
            Record::Release(event) => event,
            Record::Unknown(record) => {
                let environment = record.environment.as_ref();
                let verb = unknown_verb(record);
                lines.push(line(input, entry, environment, &verb, TimelineMark::Bad));
                continue;
            }
            Record::Register(_) => continue,
        };
        let locked = armed_module(folded.as_ref(), event);
        evolve(&mut folded, event, entry.at, entry.actor.as_ref());
        let Some(release) = folded.as_ref() else {
            continue;
        };
        let mut verb = release_verb(event, entry.at, Some(release));
        if let Some(module) = locked {
            verb = verb.with("module", module);
        }
        if is_shown(event, &verb) {
            lines.push(line(
                input,
                entry,
                event.environment(),
                &verb,
                mark(input, event, entry.at, &verb),
            ));
        }
        if let Event::ModulePassed { environment, .. } = event {
            passed(input, release, entry, environment, &mut lines);
        }
    }
    lines.reverse();
    lines.truncate(LINES);
    let mut all = to_come(input);
    all.append(&mut lines);
    all
}

/// The module that is locked again by an event.
fn armed_module(before: Option<&Release>, event: &Event) -> Option<ModuleId> {
    let Event::Disarmed { environment } = event else {
        return None;
    };
    before?
        .environments
        .get(environment)?
        .armed
        .as_ref()
        .map(|(module, _)| module.clone())
}

fn is_shown(event: &Event, verb: &Verb) -> bool {
    match event {
        Event::MutationIntended { .. } => false,
        Event::MutationSettled { .. }
        | Event::NotificationSent { .. }
        | Event::PermissionsChecked { .. } => verb.bad,
        Event::IdentityVerified { .. } | Event::StepEnded { .. } => false,
        _ => true,
    }
}

/// The environment, and the stage, when the module was the last one.
fn passed(
    input: &ViewInput<'_>,
    release: &Release,
    entry: &Entry,
    environment: &EnvironmentId,
    lines: &mut Vec<TimelineEntry>,
) {
    let Some(known) = release.plan.environment(environment) else {
        return;
    };
    if !super::place::has_passed(release, known) {
        return;
    }
    let whole = Verb {
        name: "environmentPassed",
        ..Verb::default()
    };
    lines.push(line(
        input,
        entry,
        Some(environment),
        &whole,
        TimelineMark::Good,
    ));
    let Some(stage) = release.plan.stage_of(environment) else {
        return;
    };
    if release.rolled_out_at(&stage.id).is_some() {
        let verb = Verb {
            name: "stagePassed",
            ..Verb::default()
        }
        .words("stage", Some(&stage.name));
        lines.push(line(
            input,
            entry,
            Some(environment),
            &verb,
            TimelineMark::Good,
        ));
    }
}

fn line(
    input: &ViewInput<'_>,
    entry: &Entry,
    environment: Option<&EnvironmentId>,
    verb: &Verb,
    mark: TimelineMark,
) -> TimelineEntry {
    let plan = &input.release.plan;
    let environment = environment.and_then(|id| plan.environment(id));
    let of_environment = environment.and_then(|e| plan.stage_of(&e.id));
    let stage = stage_named(entry).or(of_environment.map(|stage| &stage.id));
    TimelineEntry {
        entry: Some(position(entry.position)),
        at: at(entry.at),
        verb: verb.name.to_owned(),
        params: verb.params.clone(),
        reasons: verb.reasons.clone(),
        person: entry.actor.as_ref().map(ToString::to_string),
        environment: environment.map(|e| text(&e.name)),
        environment_id: environment.map(|e| e.id.to_string()),
        stage: stage.map(ToString::to_string),
        mark,
    }
}

/// The stage that an event names itself.
fn stage_named(entry: &Entry) -> Option<&StageId> {
    let Record::Release(event) = &entry.record else {
        return None;
    };
    match event {
        Event::ItemTicked { stage, .. }
        | Event::ConditionWaived { stage, .. }
        | Event::VoteCast { stage, .. }
        | Event::GateOpened { stage, .. }
        | Event::FactRecorded {
            subject: FactSubject::Item { stage, .. },
            ..
        } => Some(stage),
        _ => None,
    }
}

fn mark(input: &ViewInput<'_>, event: &Event, when: Instant, verb: &Verb) -> TimelineMark {
    let state = event
        .environment()
        .and_then(|id| input.release.environments.get(id));
    let goes_on = state.is_some_and(|state| match (event, &state.work) {
        (Event::RolloutStarted { module, .. }, Work::Forward { module: running }) => {
            module == running && state.modules.get(module).and_then(|m| m.started_at) == Some(when)
        }
        (Event::WayBackStarted { .. }, Work::Back) => state
            .way_back
            .as_ref()
            .is_some_and(|w| w.started_at == when),
        _ => false,
    });
    match event {
        _ if goes_on => TimelineMark::Now,
        Event::Refused { .. } | Event::ConditionWaived { .. } | Event::ChangeDeclared { .. } => {
            TimelineMark::Note
        }
        Event::VoteCast { go: false, .. }
        | Event::HelpAsked
        | Event::WaiverAsked { .. }
        | Event::RolloutStopped { .. } => TimelineMark::Note,
        _ if verb.bad => TimelineMark::Bad,
        _ => TimelineMark::Good,
    }
}

/// What comes by itself: the end of a soak.
fn to_come(input: &ViewInput<'_>) -> Vec<TimelineEntry> {
    let stages = input
        .release
        .plan
        .stages
        .iter()
        .filter(|stage| stage.soak_s > 0);
    stages
        .filter_map(|stage| Some((stage, input.release.soaked_at(&stage.id)?)))
        .filter(|(_, until)| *until > input.now)
        .map(|(stage, until)| TimelineEntry {
            entry: None,
            at: at(until),
            verb: "soakOver".to_owned(),
            params: Verb::default().words("stage", Some(&stage.name)).params,
            reasons: Vec::new(),
            person: None,
            environment: None,
            environment_id: None,
            stage: Some(stage.id.to_string()),
            mark: TimelineMark::Future,
        })
        .collect()
}
