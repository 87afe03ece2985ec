//! Performing the steps of a run, forward or back. The ledger says which step is next; it is performed until
//! it has ended, that is written down, and the next one begins. After a restart the same loop goes on.

use domain::{
    Action, Command, ModuleId, NotificationKind, Reason, Reasons, Refusal, Run, Step, StepEnd,
    Verdict,
};

use crate::act::Acted;
use crate::engine::Errand;
use crate::failure::Obstacle;
use crate::lanes::Turn;
use crate::persist::{End, Performed};
use crate::{Engine, EngineFailure, FailPoint};

impl Engine {
    /// Runs a module forward to its end. Takes up where the ledger says the work is.
    pub(crate) async fn forward(&self, errand: Errand, module: ModuleId, turn: Turn) {
        if let Some(before) = &turn.before {
            before.cancelled().await;
        }
        let ended = match self.perform_forward(&errand, &module, &turn).await {
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

    /// Runs a rollback to its end.
    pub(crate) async fn back(&self, errand: Errand, turn: Turn) {
        if let Some(before) = &turn.before {
            // Its call under way comes to an outcome first, known or unknown.
            before.cancelled().await;
        }
        let ended = match self.perform_back(&errand, &turn).await {
            Ok(failure) => self.conclude_back(&errand, failure).await,
            Err(EngineFailure::Cancelled) => Ok(()),
            Err(EngineFailure::Halted(point)) => Err(EngineFailure::Halted(point)),
            Err(failure) if failure.is_the_ledgers() => Err(failure),
            Err(failure) => {
                self.conclude_back(&errand, Some(failure.reason().into()))
                    .await
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

    async fn perform_forward(
        &self,
        errand: &Errand,
        module: &ModuleId,
        turn: &Turn,
    ) -> Result<End, EngineFailure> {
        let (id, environment) = (&errand.release, &errand.environment);
        // After a restart, or when an earlier task left in the middle.
        if let Some(Acted::NotApplied(_, reason)) =
            self.until_settled(id, environment, &turn.leave).await?
        {
            tracing::info!(release = %id, %environment, reason, "the change under way was not applied");
        }
        loop {
            let (_, state) = self.environment(id, environment)?;
            let run = state.modules.get(module).map(|state| &state.run);
            let Some(step) = run.and_then(Run::next) else {
                return Ok(Verdict::Passed.into());
            };
            let performed = match &step.action {
                Action::Apply { object, body } => {
                    self.apply(errand, module, (object, body), turn).await?
                }
                Action::Await { objects } => {
                    self.await_applied(errand, module, objects, turn).await?
                }
                Action::Restore { .. } | Action::Remove { .. } | Action::AwaitRestored { .. } => {
                    return Err(Refusal::NotPlanned.into());
                }
            };
            match performed {
                Performed::Step(end) => match self.end_step(errand, step, end).await {
                    // A stop or a rollback was faster.
                    Err(EngineFailure::Refused(Refusal::NotRunning)) => return Ok(End::Left),
                    done => done?,
                },
                Performed::Run(end) => return Ok(end),
            }
        }
    }

    /// Takes everything back; why it did not get to a healthy end, if it did not. Stops for nothing that can
    /// be done later.
    async fn perform_back(
        &self,
        errand: &Errand,
        turn: &Turn,
    ) -> Result<Option<Reasons>, EngineFailure> {
        let (id, environment) = (&errand.release, &errand.environment);
        self.until_settled(id, environment, &turn.leave).await?;
        loop {
            let (_, state) = self.environment(id, environment)?;
            let run = state.way_back.map(|way_back| way_back.run);
            let run = run.unwrap_or_default();
            let Some(step) = run.next() else {
                let failures = run.failures();
                return Ok((!failures.0.is_empty()).then_some(failures));
            };
            let end = match &step.action {
                Action::Restore { object } | Action::Remove { object } => {
                    match self.take_back(errand, step, object, turn).await {
                        Ok(end) => end,
                        Err(
                            failure @ (EngineFailure::Ledger(_)
                            | EngineFailure::OutcomeUnwritten { .. }
                            | EngineFailure::Halted(_)
                            | EngineFailure::Cancelled
                            | EngineFailure::OutcomeUnknown { .. }),
                        ) => return Err(failure),
                        // Nothing else can be reached either.
                        Err(failure @ EngineFailure::Cluster(_))
                            if failure.obstacle() == Some(Obstacle::NoContact) =>
                        {
                            let mut failures = run.failures();
                            failures.extend([about(step, &failure)]);
                            return Ok(Some(failures));
                        }
                        // Stop the bleeding first: the others go back all the same.
                        Err(failure) => StepEnd::Failed {
                            reasons: about(step, &failure).into(),
                        },
                    }
                }
                Action::AwaitRestored { objects } => {
                    match self.await_restored(errand, objects, turn).await? {
                        None => StepEnd::Done,
                        Some(reasons) => StepEnd::Failed { reasons },
                    }
                }
                Action::Apply { .. } | Action::Await { .. } => {
                    return Err(Refusal::NotPlanned.into());
                }
            };
            self.end_step(errand, step, end).await?;
        }
    }

    /// Writes down how a step ended.
    async fn end_step(
        &self,
        errand: &Errand,
        step: &Step,
        end: StepEnd,
    ) -> Result<(), EngineFailure> {
        let command = Command::EndStep {
            environment: errand.environment.clone(),
            module: step.module.clone(),
            step: step.number,
            end,
        };
        self.write_at_last(&errand.release, None, command).await
    }

    async fn conclude(
        &self,
        errand: &Errand,
        module: &ModuleId,
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
            // A stop or a rollback was faster: theirs is the last word.
            Err(EngineFailure::Refused(Refusal::NotRunning)) => return Ok(()),
            done => done?,
        }
        self.at(FailPoint::AfterConclusion)?;
        let modules = vec![module.clone()];
        self.tell(&errand.release, &errand.environment, kind, modules)
            .await;
        Ok(())
    }

    async fn conclude_back(
        &self,
        errand: &Errand,
        failure: Option<Reasons>,
    ) -> Result<(), EngineFailure> {
        let (_, state) = self.environment(&errand.release, &errand.environment)?;
        let modules = state.way_back.map(|back| back.modules).unwrap_or_default();
        let kind = match failure {
            None => NotificationKind::RolledBack,
            Some(_) => NotificationKind::NeedsYou,
        };
        self.at(FailPoint::BeforeConclusion)?;
        let command = Command::ConcludeWayBack {
            environment: errand.environment.clone(),
            failure,
        };
        self.write_at_last(&errand.release, None, command).await?;
        self.at(FailPoint::AfterConclusion)?;
        self.tell(&errand.release, &errand.environment, kind, modules)
            .await;
        Ok(())
    }
}

/// A failure to take an object back, as a reason that names the object.
fn about(step: &Step, failure: &EngineFailure) -> Reason {
    let reason = failure.reason();
    let target = step.action.target();
    Reason {
        object: reason
            .object
            .or_else(|| target.map(|object| object.label())),
        ..reason
    }
}
