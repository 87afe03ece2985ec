//! Waiting until objects are healthy.

use domain::{
    EnvironmentState, ModuleId, MutationVerb, ObjectRef, Reasons, Release, StepEnd, Verdict, Work,
};

use crate::act::Acted;
use crate::awaiting::{Awaited, Standing};
use crate::engine::Errand;
use crate::judge::Judge;
use crate::lanes::Turn;
use crate::persist::{End, Performed, standing};
use crate::written::paused_by_us;
use crate::{Engine, EngineFailure};

impl Engine {
    /// Waits until what a module wrote is healthy, after ending a pause of ours that is left over.
    pub(crate) async fn await_applied(
        &self,
        errand: &Errand,
        module: &ModuleId,
        objects: &[ObjectRef],
        turn: &Turn,
    ) -> Result<Performed, EngineFailure> {
        let objects: Vec<ObjectRef> = objects.iter().filter(|o| o.is_judged()).cloned().collect();
        for workload in objects.iter().filter(|object| object.is_workload()) {
            match self.let_go_on(errand, module, workload, turn).await? {
                Performed::Step(_) => {}
                ended => return Ok(ended),
            }
        }
        if objects.is_empty() {
            return Ok(Performed::Step(StepEnd::Unneeded));
        }
        let release = self.release(&errand.release)?.release;
        let planned = release.plan.objects(&errand.environment);
        let planned: Vec<_> = planned
            .filter(|(of, _)| &of.id == module)
            .map(|(_, planned)| planned.clone())
            .collect();
        let partitions = self.partitions(&planned).await?;
        let timings = &release.plan.timings;
        let seconds = |s: u32| std::time::Duration::from_secs(u64::from(s));
        let judge = Judge::new(
            seconds(timings.stable_s),
            seconds(timings.progress_deadline_s),
            self.limits(),
        )
        .with_partitions(partitions);
        let stands = |release: &Release| standing(release, errand, module);
        let awaited = self
            .await_rollout(errand, &objects, judge, &turn.leave, stands)
            .await?;
        let bad = match awaited {
            Awaited::Healthy => None,
            Awaited::Bad(reason) => Some(reason),
            Awaited::Unjudged(reason) => return Ok(errored(reason)),
            Awaited::LostContact => {
                return Ok(errored(self.lost_contact_for().into()));
            }
            Awaited::Left => return Ok(Performed::Run(End::Left)),
        };
        // What became of somebody else's change says nothing about ours.
        let altered = self
            .ask_at_last(errand, &turn.leave, || self.altered(errand, module))
            .await?;
        Ok(match (altered, bad) {
            (Some(altered), bad) => {
                let mut reasons = Reasons::from(altered);
                reasons.extend(bad.into_iter().flatten());
                errored(reasons)
            }
            (None, Some(bad)) => Performed::Run(Verdict::Failed(bad).into()),
            (None, None) => {
                let asking = || self.remarks(errand, &objects);
                let remarks = self.ask_at_last(errand, &turn.leave, asking).await?;
                match remarks.is_empty() {
                    true => Performed::Step(StepEnd::Done),
                    false => Performed::Run(Verdict::PassedWith(remarks).into()),
                }
            }
        })
    }

    /// Ends a pause that is left over from a stop: the module goes forward again.
    async fn let_go_on(
        &self,
        errand: &Errand,
        module: &ModuleId,
        workload: &ObjectRef,
        turn: &Turn,
    ) -> Result<Performed, EngineFailure> {
        let act = |hands, state: EnvironmentState| async move {
            if !paused_by_us(&state, workload) {
                return Ok(Acted::Applied(None));
            }
            let unpause = MutationVerb::Unpause;
            let actor = Some(errand.actor.clone());
            match self
                .switch_pause(hands, errand, module, actor, workload, unpause)
                .await?
            {
                Some(acted) => Ok(acted),
                None => Ok(Acted::Applied(None)),
            }
        };
        self.persist(errand, module, turn, workload, act).await
    }

    /// Waits until what was put back is healthy; why it did not get there, if it did not.
    pub(crate) async fn await_restored(
        &self,
        errand: &Errand,
        objects: &[ObjectRef],
        turn: &Turn,
    ) -> Result<Option<Reasons>, EngineFailure> {
        let workloads = workloads(objects);
        if workloads.is_empty() {
            return Ok(None);
        }
        let release = self.release(&errand.release)?.release;
        let progress = u64::from(release.plan.timings.progress_deadline_s);
        let progress = std::time::Duration::from_secs(progress);
        let judge = Judge::new(std::time::Duration::ZERO, progress, self.limits());
        let standing = |release: &Release| {
            let state = release.environments.get(&errand.environment);
            match state.map(|state| &state.work) {
                Some(Work::Back) => Standing::Goes,
                _ => Standing::Gone,
            }
        };
        let awaited = self
            .await_rollout(errand, &workloads, judge, &turn.leave, standing)
            .await?;
        match awaited {
            Awaited::Healthy => Ok(None),
            Awaited::Bad(reason) | Awaited::Unjudged(reason) => Ok(Some(reason)),
            Awaited::LostContact => Ok(Some(self.lost_contact_for().into())),
            Awaited::Left => Err(EngineFailure::Cancelled),
        }
    }
}

/// Those of the objects that have a rollout to wait for.
fn workloads(objects: &[ObjectRef]) -> Vec<ObjectRef> {
    let workloads = objects.iter().filter(|object| object.is_workload());
    workloads.cloned().collect()
}

fn errored(reasons: Reasons) -> Performed {
    Performed::Run(Verdict::Errored(reasons).into())
}
