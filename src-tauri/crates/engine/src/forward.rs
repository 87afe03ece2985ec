//! A module's way forward: its objects in order, then waiting until it is healthy.

use domain::{
    Command, EnvironmentState, ModuleStatus, MutationVerb, NotAppliedCause, NotificationKind,
    ObjectRef, PlannedObject, Precondition, Refusal, Release, Verdict, Work,
};

use crate::act::{Act, Acted};
use crate::awaiting::{Awaited, Standing, is_workload};
use crate::engine::Errand;
use crate::handles::bounded;
use crate::judge::Judge;
use crate::lanes::{Hands, Turn};
use crate::limits::BackOff;
use crate::live::{Doing, Step, Waiting};
use crate::trouble::Trouble;
use crate::written::{diff_of, is_unchanged, paused_by_us, written_before};
use crate::{Engine, EngineFailure, FailPoint};

/// How a forward task ends for itself.
enum End {
    /// With a verdict on the module.
    Verdict(Verdict),
    /// Someone else took over: a stop, a way back.
    Left,
}

impl From<Verdict> for End {
    fn from(verdict: Verdict) -> Self {
        End::Verdict(verdict)
    }
}

/// What came of one object.
enum Written {
    Done,
    End(End),
}

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
            // The ledger is the memory: without it nothing can be concluded either.
            Err(EngineFailure::Ledger(failure)) => Err(EngineFailure::Ledger(failure)),
            Err(failure) => {
                let verdict = Verdict::Errored(failure.to_string());
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
            Verdict::Passed => NotificationKind::Done,
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
        let workloads: Vec<ObjectRef> = planned
            .into_iter()
            .map(|planned| planned.object)
            .filter(is_workload)
            .collect();
        for workload in &workloads {
            match self.let_go_on(errand, module, workload, turn).await? {
                Written::Done => {}
                Written::End(end) => return Ok(end),
            }
        }
        if workloads.is_empty() {
            return Ok(Verdict::Passed.into());
        }
        self.await_forward(errand, module, &workloads, turn).await
    }

    async fn await_forward(
        &self,
        errand: &Errand,
        module: &domain::ModuleId,
        workloads: &[ObjectRef],
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
        );
        let stands = |release: &Release| standing(release, errand, module);
        let awaited = self
            .await_rollout(errand, workloads, judge, &turn.leave, stands)
            .await?;
        let bad = match awaited {
            Awaited::Healthy => None,
            Awaited::Bad(reason) => Some(reason),
            Awaited::Unjudged(reason) => return Ok(Verdict::Errored(reason).into()),
            Awaited::LostContact => return Ok(Verdict::Errored(self.lost_contact_for()).into()),
            Awaited::Left => return Ok(End::Left),
        };
        // What became of somebody else's change says nothing about ours.
        let altered = self
            .ask_at_last(errand, &turn.leave, || self.altered(errand, module))
            .await?;
        Ok(match (altered, bad) {
            (Some(altered), Some(bad)) => Verdict::Errored(format!("{altered}; {bad}")).into(),
            (Some(altered), None) => Verdict::Errored(altered).into(),
            (None, Some(bad)) => Verdict::Failed(bad).into(),
            (None, None) => Verdict::Passed.into(),
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
            Some(beyond) => Written::End(Verdict::Errored(beyond).into()),
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

    /// Brings one act to its end: waits while the person holds the work or has to arm again, asks
    /// again while there is no contact, reads back what is unknown. The act is never made twice: it
    /// is tried again, as a new intent, only when the API server said that it did not look at it.
    async fn persist<F, R>(
        &self,
        errand: &Errand,
        module: &domain::ModuleId,
        turn: &Turn,
        (object, doing): (&ObjectRef, Doing),
        act: F,
    ) -> Result<Written, EngineFailure>
    where
        F: Fn(Hands, EnvironmentState) -> R,
        R: Future<Output = Result<Acted, EngineFailure>>,
    {
        let (id, environment) = (&errand.release, &errand.environment);
        let lane = self.lane(id, environment);
        let mut pause = BackOff::new(self.limits().retry_first, self.limits().retry_most);
        let mut trouble = Trouble::new(self.limits());
        let mut told = false;
        loop {
            let mut moves = self.book().moves(id);
            let hands = lane.hands().await;
            let (release, state) = self.environment(id, environment)?;
            match standing(&release, errand, module) {
                Standing::Gone => return Ok(Written::End(End::Left)),
                _ if turn.leave.is_cancelled() => return Ok(Written::End(End::Left)),
                Standing::Held => {
                    drop(hands);
                    trouble.is_over();
                    self.wait(errand, Waiting::Paused, &mut moves, turn).await;
                    continue;
                }
                Standing::Goes => {}
            }
            self.show_step(errand, doing.clone());
            let failure = match act(hands, state).await {
                Ok(Acted::Applied(_)) => return Ok(Written::Done),
                Ok(Acted::NotApplied(cause, reason)) => {
                    let object = object.clone();
                    let failure = EngineFailure::NotApplied {
                        object,
                        cause,
                        reason: reason.clone(),
                    };
                    if failure.obstacle().is_none() {
                        return Ok(not_applied(cause, reason));
                    }
                    // Not judged at all, in so many words: intended anew.
                    failure
                }
                Ok(Acted::Unknown(mutation)) => {
                    self.until_settled(id, environment, &turn.leave).await?;
                    match self.settled(id, environment, &mutation)? {
                        Some(Acted::Applied(_)) => return Ok(Written::Done),
                        // A request that got lost is for the person to look into, not to send again.
                        Some(Acted::NotApplied(cause, reason)) => {
                            return Ok(not_applied(cause, reason));
                        }
                        Some(Acted::Unknown(_)) | None => continue,
                    }
                }
                // Somebody else's change, a pause for one, has no outcome yet.
                Err(EngineFailure::Refused(Refusal::OutcomePending)) => {
                    self.until_settled(id, environment, &turn.leave).await?;
                    continue;
                }
                Err(EngineFailure::Refused(Refusal::NotArmed)) => {
                    if !std::mem::replace(&mut told, true) {
                        let (kind, modules) = (NotificationKind::NeedsYou, vec![module.clone()]);
                        self.tell(id, environment, kind, modules).await;
                    }
                    trouble.is_over();
                    self.wait(errand, Waiting::NotArmed, &mut moves, turn).await;
                    continue;
                }
                Err(failure) => failure,
            };
            let Some(obstacle) = failure.obstacle() else {
                return Err(failure);
            };
            if !self.bear(errand, &mut trouble, obstacle, &failure).await {
                let verdict = Verdict::Errored(self.too_long(obstacle, &failure));
                return Ok(Written::End(verdict.into()));
            }
            tokio::select! {
                () = turn.leave.cancelled() => return Ok(Written::End(End::Left)),
                () = tokio::time::sleep(pause.next()) => {}
            }
        }
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

    /// Waits until the release moves or the task has to leave.
    async fn wait(
        &self,
        errand: &Errand,
        waiting: Waiting,
        moves: &mut tokio::sync::watch::Receiver<u64>,
        turn: &Turn,
    ) {
        let show = |waiting| {
            self.show(&errand.release, &errand.environment, |live| {
                live.waiting = waiting;
            });
        };
        show(Some(waiting));
        tokio::select! {
            () = turn.leave.cancelled() => {}
            _ = moves.changed() => {}
        }
        show(None);
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

/// The verdict when nothing was changed: only a refusal speaks about the change.
fn not_applied(cause: NotAppliedCause, reason: String) -> Written {
    let verdict = match cause {
        NotAppliedCause::Refused => Verdict::Failed(reason),
        NotAppliedCause::Outdated | NotAppliedCause::Unheard | NotAppliedCause::TurnedAway => {
            Verdict::Errored(reason)
        }
    };
    Written::End(verdict.into())
}

/// Where a module's way forward stands by the ledger.
fn standing(release: &Release, errand: &Errand, module: &domain::ModuleId) -> Standing {
    let Some(state) = release.environments.get(&errand.environment) else {
        return Standing::Gone;
    };
    if !matches!(&state.work, Work::Forward { module: running } if running == module) {
        return Standing::Gone;
    }
    match state.modules.get(module).map(|module| module.status) {
        Some(ModuleStatus::Paused) => Standing::Held,
        _ => Standing::Goes,
    }
}
