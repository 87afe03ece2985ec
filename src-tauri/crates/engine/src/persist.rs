//! One act of a way forward, brought to its end.

use domain::{
    Cause, EnvironmentState, ModuleStatus, NotAppliedCause, NotificationKind, ObjectRef, Refusal,
    Release, StepEnd, Verdict, Work,
};

use crate::act::Acted;
use crate::awaiting::Standing;
use crate::engine::Errand;
use crate::failure::not_changed;
use crate::lanes::{Hands, Turn};
use crate::limits::BackOff;
use crate::live::Waiting;
use crate::trouble::Trouble;
use crate::{Engine, EngineFailure};

/// How a forward task ends for itself.
pub(crate) enum End {
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

/// What performing a step came to.
pub(crate) enum Performed {
    /// The step ended.
    Step(StepEnd),
    /// The whole run ends with it.
    Run(End),
}

impl Engine {
    /// Brings one act to its end: waits while the person holds the work or has to arm again, asks
    /// again while there is no contact, reads back what is unknown. The act is never made twice: it
    /// is tried again, as a new intent, only when the API server said that it did not look at it.
    pub(crate) async fn persist<F, R>(
        &self,
        errand: &Errand,
        module: &domain::ModuleId,
        turn: &Turn,
        object: &ObjectRef,
        act: F,
    ) -> Result<Performed, EngineFailure>
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
                Standing::Gone => return Ok(Performed::Run(End::Left)),
                _ if turn.leave.is_cancelled() => return Ok(Performed::Run(End::Left)),
                Standing::Held => {
                    drop(hands);
                    trouble.is_over();
                    self.wait(errand, Waiting::Paused, &mut moves, turn).await;
                    continue;
                }
                Standing::Goes => {}
            }
            self.show(id, environment, |live| live.waiting = None);
            let failure = match act(hands, state).await {
                Ok(Acted::Applied(_)) => return Ok(Performed::Step(StepEnd::Done)),
                Ok(Acted::NotApplied(cause, reason)) => {
                    let failure = EngineFailure::NotApplied {
                        object: object.clone(),
                        cause,
                        reason: reason.clone(),
                    };
                    if failure.obstacle().is_none() {
                        return Ok(not_applied(object, cause, &reason));
                    }
                    // Not judged at all, in so many words: intended anew.
                    failure
                }
                Ok(Acted::Unknown(mutation)) => {
                    self.until_settled(id, environment, &turn.leave).await?;
                    match self.settled(id, environment, &mutation)? {
                        Some(Acted::Applied(_)) => return Ok(Performed::Step(StepEnd::Done)),
                        // A request that got lost is for the person to look into, not to send again.
                        Some(Acted::NotApplied(NotAppliedCause::Unheard, message)) => {
                            let lost = Cause::Lost { message }.of(object.label());
                            return Ok(Performed::Run(Verdict::Errored(lost.into()).into()));
                        }
                        Some(Acted::NotApplied(cause, reason)) => {
                            return Ok(not_applied(object, cause, &reason));
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
                return Ok(Performed::Run(verdict.into()));
            }
            tokio::select! {
                () = turn.leave.cancelled() => return Ok(Performed::Run(End::Left)),
                () = tokio::time::sleep(pause.next()) => {}
            }
        }
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
}

/// The verdict when nothing was changed: only a refusal speaks about the change.
fn not_applied(object: &ObjectRef, cause: NotAppliedCause, reason: &str) -> Performed {
    let reasons = not_changed(object, cause, reason).into();
    let verdict = match cause {
        NotAppliedCause::Refused => Verdict::Failed(reasons),
        NotAppliedCause::Outdated | NotAppliedCause::Unheard | NotAppliedCause::TurnedAway => {
            Verdict::Errored(reasons)
        }
    };
    Performed::Run(verdict.into())
}

/// Where a module's way forward stands by the ledger.
pub(crate) fn standing(release: &Release, errand: &Errand, module: &domain::ModuleId) -> Standing {
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
