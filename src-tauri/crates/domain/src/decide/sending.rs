//! What may be sent to a cluster, and what came of it.

use super::Rules;
use crate::{
    Action, ClusterIdentity, Digest, EnvironmentId, EnvironmentState, Event, LiveHead, ModuleId,
    MutationId, MutationIntent, MutationOutcome, MutationVerb, ObjectRef, Precondition, Refusal,
    Work, evidence,
};

impl Rules<'_> {
    pub(super) fn intend(
        &self,
        environment: &EnvironmentId,
        module: &ModuleId,
        intent: &MutationIntent,
        found: &ClusterIdentity,
    ) -> Result<Vec<Event>, Refusal> {
        self.pinned(environment, found)?;
        let state = self.environment(environment)?;
        if state.pending.is_some() {
            return Err(Refusal::OutcomePending);
        }
        match (&state.work, intent.verb) {
            (Work::Forward { module: running }, verb) if running == module => match verb {
                MutationVerb::Apply => self.may_apply(environment, state, module, intent)?,
                // Holding still is always allowed; going on is not.
                MutationVerb::Pause => self.is_planned(environment, module, &intent.object)?,
                MutationVerb::Unpause => {
                    self.operator()?;
                    self.is_planned(environment, module, &intent.object)?;
                    self.is_armed(state, module)?;
                }
                MutationVerb::Adopt => self.may_adopt(environment, state, module, intent)?,
                MutationVerb::Restore | MutationVerb::Remove => return Err(Refusal::NotPlanned),
            },
            (Work::Back, _) => self.may_take_back(environment, state, module, intent)?,
            (Work::Forward { .. } | Work::Idle, _) => return Err(Refusal::NotRunning),
        }
        Ok(vec![Event::MutationIntended {
            environment: environment.clone(),
            module: module.clone(),
            intent: intent.clone(),
        }])
    }

    /// Moving ownership prepares an apply, so that it needs what an apply needs.
    fn may_adopt(
        &self,
        environment: &EnvironmentId,
        state: &EnvironmentState,
        module: &ModuleId,
        intent: &MutationIntent,
    ) -> Result<(), Refusal> {
        self.running()?;
        self.operator()?;
        self.gate_is_open(environment)?;
        self.is_armed(state, module)?;
        let next = self.module(environment, module)?.run.next();
        let target = next.and_then(|step| step.action.target());
        match (&intent.body, &intent.precondition) {
            (None, Precondition::Unchanged(_)) if target == Some(&intent.object) => Ok(()),
            _ => Err(Refusal::NotPlanned),
        }
    }

    fn may_apply(
        &self,
        environment: &EnvironmentId,
        state: &EnvironmentState,
        module: &ModuleId,
        intent: &MutationIntent,
    ) -> Result<(), Refusal> {
        self.running()?;
        self.operator()?;
        self.gate_is_open(environment)?;
        self.is_armed(state, module)?;
        // Only what the run is at: neither ahead of its steps nor behind them.
        let next = self.module(environment, module)?.run.next();
        match next.map(|step| &step.action) {
            Some(Action::Apply { object, body })
                if object == &intent.object && Some(body) == intent.body.as_ref() => {}
            _ => return Err(Refusal::NotPlanned),
        }
        if !evidence::diff_is_reviewed(self.release, state) {
            return Err(Refusal::DiffNotReviewed);
        }
        let diff = state
            .diff
            .as_ref()
            .and_then(|(_, d)| d.objects.iter().find(|o| o.object == intent.object));
        let reviewed = diff.is_some_and(|diff| same(diff.live.as_ref(), &intent.precondition));
        if !reviewed {
            return Err(Refusal::DiffNotReviewed);
        }
        // The diff was found to be of what is overwritten now.
        if state.keeps(&intent.object) {
            Ok(())
        } else {
            Err(Refusal::NoBackup)
        }
    }

    pub(super) fn is_planned(
        &self,
        environment: &EnvironmentId,
        module: &ModuleId,
        object: &ObjectRef,
    ) -> Result<(), Refusal> {
        let mut planned = self.release.plan.objects(environment);
        let is = planned.any(|(of, planned)| &of.id == module && &planned.object == object);
        if is { Ok(()) } else { Err(Refusal::NotPlanned) }
    }

    pub(super) fn settle(
        &self,
        environment: &EnvironmentId,
        mutation: &MutationId,
        outcome: &MutationOutcome,
        written: Option<&Digest>,
    ) -> Result<Vec<Event>, Refusal> {
        let state = self.environment(environment)?;
        let pending = state
            .pending
            .as_ref()
            .filter(|pending| &pending.intent.id == mutation);
        let pending = pending.ok_or(Refusal::NotRunning)?;
        // Unknown is written down once; asking again changes nothing until there is an answer.
        if pending.unknown && matches!(outcome, MutationOutcome::Unknown { .. }) {
            return Ok(Vec::new());
        }
        Ok(vec![Event::MutationSettled {
            environment: environment.clone(),
            module: pending.module.clone(),
            mutation: mutation.clone(),
            outcome: outcome.clone(),
            written: written.cloned(),
        }])
    }
}

/// Whether a precondition is about the object as it was seen. Resource versions move with every
/// status update; UID and content are what people decide on.
fn same(seen: Option<&LiveHead>, precondition: &Precondition) -> bool {
    let expected = match precondition {
        Precondition::Absent => None,
        Precondition::Unchanged(head) => Some(head),
    };
    evidence::is_same(seen, expected)
}
