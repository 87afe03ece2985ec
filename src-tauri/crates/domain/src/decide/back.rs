use super::Rules;
use crate::{
    Digest, EnvironmentId, EnvironmentState, Event, KeptField, ModuleId, MutationIntent,
    MutationVerb, ObjectRef, Reasons, Refusal, Work, rollback,
};

impl Rules<'_> {
    /// Back is easy: no gate, no arming, no typed name (design principle 4), no role and no signature,
    /// and it works after the release has ended. Who is in the seat may not be able to unlock it, and a
    /// role that nobody proves would only cost time. What it may write is bounded by the backup.
    pub(super) fn start_way_back(
        &self,
        environment: &EnvironmentId,
    ) -> Result<Vec<Event>, Refusal> {
        let state = self.environment(environment)?;
        if state.work == Work::Back {
            return Err(Refusal::AlreadyRunning);
        }
        if !self.release.has_way_back(environment) {
            return Err(Refusal::NothingToRestore);
        }
        let mut modules: Vec<ModuleId> = state.touched.iter().rev().cloned().collect();
        // A module that was cut off before its first change must not be left running.
        if let Work::Forward { module } = &state.work
            && !modules.contains(module)
        {
            modules.insert(0, module.clone());
        }
        let steps = rollback(state, &modules);
        Ok(vec![Event::WayBackStarted {
            environment: environment.clone(),
            modules,
            steps,
        }])
    }

    pub(super) fn may_take_back(
        &self,
        environment: &EnvironmentId,
        state: &EnvironmentState,
        module: &ModuleId,
        intent: &MutationIntent,
    ) -> Result<(), Refusal> {
        self.is_planned(environment, module, &intent.object)?;
        if !state.touched.contains(module) {
            return Err(Refusal::NothingToRestore);
        }
        let run = state.way_back.as_ref().map(|way_back| &way_back.run);
        let next = run.and_then(|run| run.next());
        if next.and_then(|step| step.action.target()) != Some(&intent.object) {
            return Err(Refusal::NotPlanned);
        }
        let kept = state
            .backup
            .as_ref()
            .and_then(|b| b.objects.iter().find(|o| o.object == intent.object));
        let kept = kept.ok_or(Refusal::NoBackup)?;
        let fits = match (intent.verb, &kept.live) {
            (MutationVerb::Restore | MutationVerb::Adopt, Some(body)) => {
                intent.body.as_ref() == Some(&body.blob)
            }
            (MutationVerb::Remove, None) => intent.body.is_none(),
            (MutationVerb::Unpause, Some(_)) => true,
            _ => false,
        };
        if fits {
            Ok(())
        } else {
            Err(Refusal::NotPlanned)
        }
    }

    /// Once for the same fields: a rollback that goes on after a break finds them again.
    pub(super) fn keep_fields(
        &self,
        environment: &EnvironmentId,
        object: &ObjectRef,
        fields: &[KeptField],
    ) -> Result<Vec<Event>, Refusal> {
        let state = self.environment(environment)?;
        let way_back = state.way_back.as_ref();
        let way_back = way_back.filter(|_| state.work == Work::Back);
        let known = way_back.ok_or(Refusal::NotRunning)?.kept.get(object);
        if fields.is_empty() || known.is_some_and(|known| known == fields) {
            return Ok(Vec::new());
        }
        Ok(vec![Event::FieldsKept {
            environment: environment.clone(),
            object: object.clone(),
            fields: fields.to_vec(),
        }])
    }

    /// Once for each edit: going on after a break finds the same one again.
    pub(super) fn keep_edit(
        &self,
        environment: &EnvironmentId,
        object: &ObjectRef,
        blob: &Digest,
    ) -> Result<Vec<Event>, Refusal> {
        let state = self.environment(environment)?;
        let way_back = state.way_back.as_ref();
        let way_back = way_back.filter(|_| state.work == Work::Back);
        let way_back = way_back.ok_or(Refusal::NotRunning)?;
        let planned = state.backup.iter().flat_map(|backup| &backup.objects);
        if !planned.into_iter().any(|kept| &kept.object == object) {
            return Err(Refusal::NotPlanned);
        }
        let mut known = way_back.overwritten.iter();
        if known.any(|(of, kept)| of == object && kept == blob) {
            return Ok(Vec::new());
        }
        Ok(vec![Event::EditKept {
            environment: environment.clone(),
            object: object.clone(),
            blob: blob.clone(),
        }])
    }

    pub(super) fn conclude_way_back(
        &self,
        environment: &EnvironmentId,
        failure: Option<&Reasons>,
    ) -> Result<Vec<Event>, Refusal> {
        let state = self.environment(environment)?;
        if state.work != Work::Back {
            return Err(Refusal::NotRunning);
        }
        let environment = environment.clone();
        match failure {
            Some(reason) => Ok(vec![Event::WayBackFailed {
                environment,
                reason: reason.clone(),
            }]),
            None if state.pending.is_some() => Err(Refusal::OutcomePending),
            None => Ok(vec![Event::WayBackDone { environment }]),
        }
    }
}
