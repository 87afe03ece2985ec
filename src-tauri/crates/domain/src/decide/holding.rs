//! Holding a rollout still, letting it go on, and what a person answers for while it goes on.

use super::Rules;
use crate::{EnvironmentId, Event, ModuleId, ObjectRef, Refusal};

/// Fewest characters of a note that says something.
const NOTE_LEAST: u32 = 4;

impl Rules<'_> {
    pub(super) fn record_paused(&self, environment: &EnvironmentId) -> Result<Vec<Event>, Refusal> {
        let module = self.forward(environment)?;
        self.can_pause(environment, module)?;
        let (environment, module) = (environment.clone(), module.clone());
        Ok(vec![Event::RolloutPaused {
            environment,
            module,
        }])
    }

    pub(super) fn record_resumed(
        &self,
        environment: &EnvironmentId,
    ) -> Result<Vec<Event>, Refusal> {
        let (environment, module) = (environment.clone(), self.forward(environment)?.clone());
        Ok(vec![Event::RolloutResumed {
            environment,
            module,
        }])
    }

    /// Whoever is in the seat may stop, as with a rollback.
    pub(super) fn stop(&self, environment: &EnvironmentId) -> Result<Vec<Event>, Refusal> {
        let module = self.forward(environment)?.clone();
        if self.environment(environment)?.pending.is_some() {
            return Err(Refusal::OutcomePending);
        }
        Ok(vec![Event::RolloutStopped {
            environment: environment.clone(),
            module,
        }])
    }

    /// Whether pausing would hold anything: a controller without a pause goes on, and so would the rollout.
    fn can_pause(&self, environment: &EnvironmentId, module: &ModuleId) -> Result<(), Refusal> {
        let objects = || {
            let planned = self.release.plan.objects(environment);
            planned
                .filter(|(of, _)| &of.id == module)
                .map(|(_, planned)| &planned.object)
        };
        if objects().any(ObjectRef::can_pause) {
            return Ok(());
        }
        let workload = objects().find(|object| object.is_workload());
        Err(Refusal::CannotPause {
            kind: workload
                .map(|object| object.kind.clone())
                .unwrap_or_default(),
        })
    }

    /// Ends somebody else's pause. It changes production, so that it asks for what an unpause asks for.
    pub(super) fn lift_pause(
        &self,
        environment: &EnvironmentId,
        object: &ObjectRef,
        paused_by: &str,
        reason: &str,
    ) -> Result<Vec<Event>, Refusal> {
        self.operator()?;
        let module = self.forward(environment)?;
        let state = self.environment(environment)?;
        if state.pending.is_some() {
            return Err(Refusal::OutcomePending);
        }
        self.is_planned(environment, module, object)?;
        if !object.can_pause() || state.paused_by_us(object) {
            return Err(Refusal::NotPaused {
                object: object.label(),
            });
        }
        self.is_armed(state, module)?;
        Ok(vec![Event::PauseLifted {
            environment: environment.clone(),
            module: module.clone(),
            object: object.clone(),
            paused_by: paused_by.to_owned(),
            reason: said(reason)?,
        }])
    }

    pub(super) fn confirm_seen(
        &self,
        environment: &EnvironmentId,
        objects: &[ObjectRef],
        note: &str,
    ) -> Result<Vec<Event>, Refusal> {
        self.operator()?;
        let module = self.forward(environment)?;
        for object in objects {
            self.is_planned(environment, module, object)?;
        }
        if objects.is_empty() {
            return Err(Refusal::NotPlanned);
        }
        Ok(vec![Event::ObjectsSeen {
            environment: environment.clone(),
            module: module.clone(),
            objects: objects.to_vec(),
            note: said(note)?,
        }])
    }
}

/// A text that a person answers for; refused when it says nothing.
fn said(text: &str) -> Result<String, Refusal> {
    let text = text.trim();
    if text.chars().count() < NOTE_LEAST as usize {
        return Err(Refusal::ReasonTooShort { least: NOTE_LEAST });
    }
    Ok(text.to_owned())
}
