//! A module's way forward: its objects in order, then waiting until it is healthy.

use std::collections::BTreeMap;

use domain::{
    Command, EnvironmentState, MutationVerb, NotificationKind, ObjectRef, PlannedObject,
    Precondition, Reasons, Refusal, Release, Verdict,
};

use crate::act::{Act, Acted};
use crate::awaiting::Awaited;
use crate::engine::Errand;
use crate::handles::bounded;
use crate::judge::Judge;
use crate::lanes::Turn;
use crate::live::{Doing, Step};
use crate::persist::{End, Written, standing};
use crate::written::{diff_of, is_unchanged, paused_by_us, written_before};
use crate::{Engine, EngineFailure, FailPoint};

impl Engine {
    /// Runs a module forward to its end. Takes up where the ledger says the work is.
    pub(crate) async fn forward(&self, errand: Errand, module: domain::ModuleId, turn: Turn) {
        if let Some(before) = &turn.before {
            before.cancelled().await;
        }
        let ended = match self.drive(&errand, &module, &turn).await {
            Ok(End::Left) => Ok(()),
            Ok(End::Verdict(verdict)) => self.conclude(&errand, &module, verdict).await,
            Err(EngineFailure::Cancelled) => Ok(()),
            Err(EngineFailure::Halted(point)) => Err(EngineFailure::Halted(point)),
            Err(failure) if failure.is_the_ledgers() => Err(failure),
            Err(failure) => {
                let verdict = Verdict::Errored(failure.reason().into());
                self.conclude(&errand, &module, verdict).await
            }
        };
        if let Err(failure) = ended {
            self.broke_off(&errand, failure);
        }
    }

    /// A task ends without an end in the ledger: the environment counts as interrupted.
    pub(crate) fn broke_off(&self, errand: &Errand, failure: EngineFailure) {
        tracing::error!(release = %errand.release, environment = %errand.environment, %failure, "work broke off");
        self.show(&errand.release, &errand.environment, |live| {
            live.trouble = Some(failure);
        });
    }

    async fn conclude(
        &self,
        errand: &Errand,
        module: &domain::ModuleId,
        verdict: Verdict,
    ) -> Result<(), EngineFailure> {
        let kind = match verdict {
            Verdict::Passed | Verdict::PassedWith(_) => NotificationKind::Done,
            Verdict::Failed(_) | Verdict::Errored(_) => NotificationKind::Failed,
        };
        self.at(FailPoint::BeforeConclusion)?;
        let command = Command::Conclude {
            environment: errand.environment.clone(),
            module: module.clone(),
            verdict,
        };
        match self.write_at_last(&errand.release, None, command).await {
            // A stop or a way back was faster: theirs is the last word.
            Err(EngineFailure::Refused(Refusal::NotRunning)) => return Ok(()),
            done => done?,
        }
        self.at(FailPoint::AfterConclusion)?;
        let modules = vec![module.clone()];
        self.tell(&errand.release, &errand.environment, kind, modules)
            .await;
        Ok(())
    }

    async fn drive(
        &self,
        errand: &Errand,
        module: &domain::ModuleId,
        turn: &Turn,
    ) -> Result<End, EngineFailure> {
        let (id, environment) = (&errand.release, &errand.environment);
        // After a restart, or when an earlier task left in the middle.
        if let Some(Acted::NotApplied(_, reason)) =
            self.until_settled(id, environment, &turn.leave).await?
        {
            tracing::info!(release = %id, %environment, reason, "the change under way was not applied");
        }
        let (release, _) = self.environment(id, environment)?;
        let planned: Vec<PlannedObject> = release
            .plan
            .objects(environment)
            .filter(|(of, _)| &of.id == module)
            .map(|(_, planned)| planned.clone())
            .collect();
        for object in &planned {
            match self.write(errand, module, object, turn).await? {
                Written::Done => {}
                Written::End(end) => return Ok(end),
            }
        }
        let objects: Vec<ObjectRef> = planned
            .iter()
            .map(|planned| planned.object.clone())
            .filter(ObjectRef::is_judged)
            .collect();
        for workload in objects.iter().filter(|object| object.is_workload()) {
            match self.let_go_on(errand, module, workload, turn).await? {
                Written::Done => {}
                Written::End(end) => return Ok(end),
            }
        }
        if objects.is_empty() {
            return Ok(Verdict::Passed.into());
        }
        let partitions = self.partitions(&planned).await?;
        self.await_forward(errand, module, &objects, partitions, turn)
            .await
    }

    async fn await_forward(
        &self,
        errand: &Errand,
        module: &domain::ModuleId,
        objects: &[ObjectRef],
        partitions: BTreeMap<ObjectRef, u32>,
        turn: &Turn,
    ) -> Result<End, EngineFailure> {
        self.show_step(errand, Doing::Await);
        let release = self.release(&errand.release)?.release;
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
            .await_rollout(errand, objects, judge, &turn.leave, stands)
            .await?;
        let bad = match awaited {
            Awaited::Healthy => None,
            Awaited::Bad(reason) => Some(reason),
            Awaited::Unjudged(reason) => return Ok(Verdict::Errored(reason).into()),
            Awaited::LostContact => {
                return Ok(Verdict::Errored(self.lost_contact_for().into()).into());
            }
            Awaited::Left => return Ok(End::Left),
        };
        // What became of somebody else's change says nothing about ours.
        let altered = self
            .ask_at_last(errand, &turn.leave, || self.altered(errand, module))
            .await?;
        Ok(match (altered, bad) {
            (Some(altered), bad) => {
                let mut reasons = Reasons::from(altered);
                reasons.extend(bad.into_iter().flatten());
                Verdict::Errored(reasons).into()
            }
            (None, Some(bad)) => Verdict::Failed(bad).into(),
            (None, None) => {
                let asking = || self.remarks(errand, objects);
                let remarks = self.ask_at_last(errand, &turn.leave, asking).await?;
                match remarks.is_empty() {
                    true => Verdict::Passed.into(),
                    false => Verdict::PassedWith(remarks).into(),
                }
            }
        })
    }

    /// Writes one planned object, unless it needs no writing.
    async fn write(
        &self,
        errand: &Errand,
        module: &domain::ModuleId,
        planned: &PlannedObject,
        turn: &Turn,
    ) -> Result<Written, EngineFailure> {
        let act = |hands, state: EnvironmentState| async move {
            if self.needs_no_writing(errand, &state, planned).await? {
                return Ok(Acted::Applied(None));
            }
            let diff = diff_of(&state, &planned.object).ok_or(Refusal::DiffNotReviewed)?;
            let precondition = match &diff.live {
                None => Precondition::Absent,
                Some(head) => Precondition::Unchanged(head.clone()),
            };
            let body = self.body(&planned.object, &planned.body).await?;
            let act = Act {
                release: errand.release.clone(),
                actor: Some(errand.actor.clone()),
                environment: errand.environment.clone(),
                module: module.clone(),
                verb: MutationVerb::Apply,
                object: planned.object.clone(),
                body: Some((planned.body.clone(), body)),
                precondition,
                take_over: diff.conflicts.clone(),
            };
            self.act(hands, act).await
        };
        let doing = Doing::Apply(planned.object.clone());
        let what = (&planned.object, doing);
        match self.persist(errand, module, turn, what, act).await? {
            Written::Done => {}
            ended => return Ok(ended),
        }
        let beyond = || self.beyond_review(errand, &planned.object);
        Ok(match self.ask_at_last(errand, &turn.leave, beyond).await? {
            None => Written::Done,
            Some(beyond) => Written::End(Verdict::Errored(beyond.into()).into()),
        })
    }

    /// Ends a pause that is left over from a stop: the module goes forward again.
    async fn let_go_on(
        &self,
        errand: &Errand,
        module: &domain::ModuleId,
        workload: &ObjectRef,
        turn: &Turn,
    ) -> Result<Written, EngineFailure> {
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
        self.persist(errand, module, turn, (workload, Doing::Await), act)
            .await
    }

    /// Whether an object is already what the release wants: the reviewed diff says so, or this
    /// release has written it and nobody touched it since.
    async fn needs_no_writing(
        &self,
        errand: &Errand,
        state: &EnvironmentState,
        planned: &PlannedObject,
    ) -> Result<bool, EngineFailure> {
        let Some(diff) = diff_of(state, &planned.object) else {
            return Ok(false);
        };
        if is_unchanged(diff) {
            return Ok(true);
        }
        let Some(expected) = written_before(state, planned) else {
            return Ok(false);
        };
        let cluster = self.cluster(&errand.environment).await?;
        let reading = cluster.read(&planned.object);
        let live = bounded(self.limits().question, reading).await?;
        Ok(live.is_some_and(|live| {
            live.head.uid == expected.uid && live.head.content == expected.content
        }))
    }

    pub(crate) fn show_step(&self, errand: &Errand, doing: Doing) {
        let now = self.now();
        self.show(&errand.release, &errand.environment, |live| {
            live.waiting = None;
            if live.step.as_ref().is_none_or(|step| step.doing != doing) {
                live.step = Some(Step { doing, since: now });
            }
        });
    }
}
