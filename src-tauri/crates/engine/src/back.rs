//! The way back: every object that this release changed becomes what the backup says, and the old
//! version is awaited. Stops for nothing that can be done later.

use domain::{
    Command, EnvironmentId, NotificationKind, ObjectRef, PersonId, Reason, Reasons, Release,
    ReleaseId, Work,
};

use crate::awaiting::{Awaited, Standing, is_workload};
use crate::engine::Errand;
use crate::failure::Obstacle;
use crate::judge::Judge;
use crate::lanes::Turn;
use crate::live::{Doing, Running};
use crate::order::{Undo, order};
use crate::ports::ClusterFailure;
use crate::{Engine, EngineFailure, FailPoint};

impl Engine {
    /// Goes back. Returns when that is durable; it goes on by itself. Asks for no arming and no
    /// gate, works in the middle of a rollout, after it, and after a restart; a second call while
    /// it runs changes nothing.
    pub async fn way_back(
        &self,
        id: &ReleaseId,
        actor: &PersonId,
        environment: &EnvironmentId,
    ) -> Result<(), EngineFailure> {
        let lane = self.lane(id, environment);
        let _switch = lane.switch.lock().await;
        let (_, state) = self.environment(id, environment)?;
        let command = match (&state.work, lane.running()) {
            (Work::Back, Some(Running::Back)) => return Ok(()),
            (Work::Back, _) => Command::Resume {
                environment: environment.clone(),
            },
            _ => Command::StartWayBack {
                environment: environment.clone(),
            },
        };
        self.is_where_it_was_written(id, environment)?;
        // From here on the rules refuse every further step forward.
        self.command(id, actor, command).await?;
        self.go_back(id, actor, environment);
        Ok(())
    }

    pub(crate) fn go_back(&self, id: &ReleaseId, actor: &PersonId, environment: &EnvironmentId) {
        let turn = self.lane(id, environment).begin(Running::Back);
        let errand = Errand {
            release: id.clone(),
            actor: actor.clone(),
            environment: environment.clone(),
        };
        let (engine, watched) = (self.clone(), errand.clone());
        let back = tokio::spawn({
            let engine = engine.clone();
            async move { engine.back(errand, turn).await }
        });
        tokio::spawn(async move {
            if let Err(panic) = back.await {
                engine.broke_off(&watched, EngineFailure::BrokenOff(panic.to_string()));
            }
        });
    }

    /// The environment may have been bound to another cluster since: what was written there is not
    /// to be undone here.
    fn is_where_it_was_written(
        &self,
        id: &ReleaseId,
        environment: &EnvironmentId,
    ) -> Result<(), EngineFailure> {
        let register = self.register();
        let Some(binding) = register.bindings.get(environment) else {
            return Err(EngineFailure::NotBound {
                environment: environment.clone(),
            });
        };
        match self.release(id)?.written_to(environment) {
            Some(written) if !written.is_same_cluster(&binding.identity) => {
                Err(ClusterFailure::AnotherCluster {
                    expected: Box::new(written),
                    found: Box::new(binding.identity.clone()),
                }
                .into())
            }
            _ => Ok(()),
        }
    }

    async fn back(&self, errand: Errand, turn: Turn) {
        if let Some(before) = &turn.before {
            // Its call under way comes to an outcome first, known or unknown.
            before.cancelled().await;
        }
        let ended = match self.take_back(&errand, &turn).await {
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

    /// Takes everything back; why it did not get to a healthy end, if it did not.
    async fn take_back(
        &self,
        errand: &Errand,
        turn: &Turn,
    ) -> Result<Option<Reasons>, EngineFailure> {
        let (id, environment) = (&errand.release, &errand.environment);
        self.until_settled(id, environment, &turn.leave).await?;
        let (release, _) = self.environment(id, environment)?;
        let undos = order(&release, environment);
        let mut failures = Reasons::default();
        for undo in &undos {
            match self.undo(errand, undo, turn).await {
                Ok(()) => {}
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
                    failures.extend([about(undo, &failure)]);
                    return Ok(Some(failures));
                }
                // Stop the bleeding first: the others go back all the same.
                Err(failure) => failures.extend([about(undo, &failure)]),
            }
        }
        let workloads: Vec<ObjectRef> = undos
            .into_iter()
            .map(|undo| undo.kept)
            .filter(|kept| kept.live.is_some() && is_workload(&kept.object))
            .map(|kept| kept.object)
            .collect();
        if let Some(failure) = self.await_back(errand, &release, &workloads, turn).await? {
            failures.extend(failure);
        }
        Ok((!failures.0.is_empty()).then_some(failures))
    }

    async fn await_back(
        &self,
        errand: &Errand,
        release: &Release,
        workloads: &[ObjectRef],
        turn: &Turn,
    ) -> Result<Option<Reasons>, EngineFailure> {
        if workloads.is_empty() {
            return Ok(None);
        }
        self.show_step(errand, Doing::AwaitBack);
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
            .await_rollout(errand, workloads, judge, &turn.leave, standing)
            .await?;
        match awaited {
            Awaited::Healthy => Ok(None),
            Awaited::Bad(reason) | Awaited::Unjudged(reason) => Ok(Some(reason)),
            Awaited::LostContact => Ok(Some(self.lost_contact_for().into())),
            Awaited::Left => Err(EngineFailure::Cancelled),
        }
    }
}

/// A failure to take an object back, as a reason that names the object.
fn about(undo: &Undo, failure: &EngineFailure) -> Reason {
    let reason = failure.reason();
    Reason {
        object: reason.object.or_else(|| Some(undo.kept.object.label())),
        ..reason
    }
}
