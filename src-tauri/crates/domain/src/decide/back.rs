use super::Rules;
use crate::{
    EnvironmentId, EnvironmentState, Event, ModuleId, MutationIntent, MutationVerb, Refusal, Work,
};

impl Rules<'_> {
    /// Back is easy: no gate, no arming, no typed name (design principle 4), and it works after the
    /// release has ended. What it may write is bounded by the backup.
    pub(super) fn start_way_back(
        &self,
        environment: &EnvironmentId,
    ) -> Result<Vec<Event>, Refusal> {
        self.operator_or_manager()?;
        let state = self.environment(environment)?;
        if state.work == Work::Back {
            return Err(Refusal::AlreadyRunning);
        }
        if !self.release.has_way_back(environment) {
            return Err(Refusal::NothingToRestore);
        }
        let modules = state.touched.iter().rev().cloned().collect();
        Ok(vec![Event::WayBackStarted {
            environment: environment.clone(),
            modules,
        }])
    }

    pub(super) fn may_take_back(
        &self,
        environment: &EnvironmentId,
        state: &EnvironmentState,
        module: &ModuleId,
        intent: &MutationIntent,
    ) -> Result<(), Refusal> {
        self.operator_or_manager()?;
        self.is_planned(environment, module, &intent.object)?;
        if !state.touched.contains(module) {
            return Err(Refusal::NothingToRestore);
        }
        let kept = state
            .backup
            .as_ref()
            .and_then(|b| b.objects.iter().find(|o| o.object == intent.object));
        let kept = kept.ok_or(Refusal::NoBackup)?;
        let fits = match (intent.verb, &kept.live) {
            (MutationVerb::Restore, Some(body)) => intent.body.as_ref() == Some(&body.blob),
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

    pub(super) fn conclude_way_back(
        &self,
        environment: &EnvironmentId,
        failure: Option<&str>,
    ) -> Result<Vec<Event>, Refusal> {
        let state = self.environment(environment)?;
        if state.work != Work::Back {
            return Err(Refusal::NotRunning);
        }
        let environment = environment.clone();
        match failure {
            Some(reason) => Ok(vec![Event::WayBackFailed {
                environment,
                reason: reason.to_owned(),
            }]),
            None if state.pending.is_some() => Err(Refusal::OutcomePending),
            None => Ok(vec![Event::WayBackDone { environment }]),
        }
    }
}
