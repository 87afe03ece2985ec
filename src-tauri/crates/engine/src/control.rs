//! What the person does to a running rollout: start, pause, resume, stop.

use domain::{
    BackupBody, Command, EnvironmentId, EnvironmentState, ModuleId, ModuleStatus, MutationVerb,
    ObjectRef, PersonId, Precondition, Refusal, Release, ReleaseId, Work,
};

use crate::act::{Act, Acted};
use crate::engine::Errand;
use crate::handles::bounded;
use crate::lanes::Hands;
use crate::live::Running;
use crate::written::{newest_write, paused_by_us};
use crate::{Engine, EngineFailure};

impl Engine {
    /// Begins a module's rollout. Returns when that is durable; the rollout goes on by itself.
    pub async fn start_rollout(
        &self,
        id: &ReleaseId,
        actor: &PersonId,
        environment: &EnvironmentId,
        module: &ModuleId,
    ) -> Result<(), EngineFailure> {
        let lane = self.lane(id, environment);
        let _switch = lane.switch.lock().await;
        self.settle_leftover(id, environment).await?;
        let (release, state) = self.environment(id, environment)?;
        let command = Command::StartRollout {
            environment: environment.clone(),
            module: module.clone(),
            from: version_before(&release, &state, environment, module),
        };
        self.command(id, actor, command).await?;
        self.go_forward(id, actor, environment, module);
        Ok(())
    }

    pub(crate) fn go_forward(
        &self,
        id: &ReleaseId,
        actor: &PersonId,
        environment: &EnvironmentId,
        module: &ModuleId,
    ) {
        let turn = self.lane(id, environment).begin(Running::Forward);
        let errand = Errand {
            release: id.clone(),
            actor: actor.clone(),
            environment: environment.clone(),
        };
        let (engine, module) = (self.clone(), module.clone());
        let watched = errand.clone();
        let forward = tokio::spawn({
            let engine = engine.clone();
            async move { engine.forward(errand, module, turn).await }
        });
        tokio::spawn(async move {
            if let Err(panic) = forward.await {
                engine.broke_off(&watched, EngineFailure::BrokenOff(panic.to_string()));
            }
        });
    }

    /// An earlier rollout may have ended without knowing what came of its last change; nothing new
    /// begins before that is known.
    async fn settle_leftover(
        &self,
        id: &ReleaseId,
        environment: &EnvironmentId,
    ) -> Result<(), EngineFailure> {
        let (_, state) = self.environment(id, environment)?;
        if state.work != Work::Idle {
            return Ok(());
        }
        self.settle_now(id, environment).await
    }

    /// Reads back what is pending, once.
    async fn settle_now(
        &self,
        id: &ReleaseId,
        environment: &EnvironmentId,
    ) -> Result<(), EngineFailure> {
        let Some(pending) = self.pending(id, environment)? else {
            return Ok(());
        };
        let lane = self.lane(id, environment);
        let mutation = &pending.intent.id;
        match self
            .read_back_once(id, environment, &lane, mutation)
            .await?
        {
            Some(_) => Ok(()),
            None => Err(EngineFailure::OutcomeUnknown {
                object: pending.intent.object,
            }),
        }
    }

    /// Holds the rollout still: pauses what was written already, and writes nothing more. A second
    /// call changes nothing. Refused where nothing of the module can be paused.
    pub async fn pause(
        &self,
        id: &ReleaseId,
        actor: &PersonId,
        environment: &EnvironmentId,
    ) -> Result<(), EngineFailure> {
        let module = self.running_module(id, environment)?;
        let (_, state) = self.environment(id, environment)?;
        if status(&state, &module) == Some(ModuleStatus::Paused) {
            return Ok(());
        }
        let record = Command::RecordPaused {
            environment: environment.clone(),
        };
        self.may(id, Some(actor), &record)?;
        self.hold(id, actor, environment, &module, record).await
    }

    /// Lets a paused rollout go on. Changes must be unlocked.
    pub async fn resume(
        &self,
        id: &ReleaseId,
        actor: &PersonId,
        environment: &EnvironmentId,
    ) -> Result<(), EngineFailure> {
        let module = self.running_module(id, environment)?;
        let (_, state) = self.environment(id, environment)?;
        if status(&state, &module) != Some(ModuleStatus::Paused) {
            return Ok(());
        }
        let record = Command::RecordResumed {
            environment: environment.clone(),
        };
        let unpause = MutationVerb::Unpause;
        let due = |state: &EnvironmentState, workload: &ObjectRef| paused_by_us(state, workload);
        self.switch_all(id, actor, environment, &module, unpause, due, record)
            .await
    }

    /// Stops the rollout where it is: pauses what was written and can be paused, and ends the work.
    /// Nothing more is written; the controllers of StatefulSets and DaemonSets go on with what was.
    pub async fn stop(
        &self,
        id: &ReleaseId,
        actor: &PersonId,
        environment: &EnvironmentId,
    ) -> Result<(), EngineFailure> {
        let module = self.running_module(id, environment)?;
        let record = Command::Stop {
            environment: environment.clone(),
        };
        match self.may(id, Some(actor), &record) {
            Ok(()) | Err(EngineFailure::Refused(Refusal::OutcomePending)) => {}
            Err(failure) => return Err(failure),
        }
        self.hold(id, actor, environment, &module, record).await?;
        self.lane(id, environment).dismiss();
        Ok(())
    }

    /// Ends somebody else's pause of an object of the running module. That it is wanted, and why, is
    /// written down before the object is changed.
    pub async fn lift_pause(
        &self,
        id: &ReleaseId,
        actor: &PersonId,
        environment: &EnvironmentId,
        object: &ObjectRef,
        reason: &str,
    ) -> Result<(), EngineFailure> {
        let module = self.running_module(id, environment)?;
        self.settle_now(id, environment).await?;
        let cluster = self.cluster(environment).await?;
        let lane = self.lane(id, environment);
        let hands = lane.hands().await;
        let reading = bounded(self.limits().question, cluster.rollout(object)).await?;
        if !reading.paused {
            let object = object.label();
            return Err(Refusal::NotPaused { object }.into());
        }
        let command = Command::LiftPause {
            environment: environment.clone(),
            object: object.clone(),
            paused_by: reading.paused_by.unwrap_or_default(),
            reason: reason.to_owned(),
        };
        self.command(id, actor, command).await?;
        let errand = Errand {
            release: id.clone(),
            actor: actor.clone(),
            environment: environment.clone(),
        };
        let by = Some(actor.clone());
        let unpause = MutationVerb::Unpause;
        let acted = self
            .switch_pause(hands, &errand, &module, by, object, unpause)
            .await?;
        match acted {
            None | Some(Acted::Applied(_)) => Ok(()),
            Some(Acted::Unknown(_)) => self.settle_now(id, environment).await,
            Some(Acted::NotApplied(cause, reason)) => Err(EngineFailure::NotApplied {
                object: object.clone(),
                cause,
                reason,
            }),
        }
    }

    /// Writes down that a person has seen objects of the running module to be in effect which no status
    /// judges.
    pub async fn confirm_seen(
        &self,
        id: &ReleaseId,
        actor: &PersonId,
        environment: &EnvironmentId,
        objects: Vec<ObjectRef>,
        note: &str,
    ) -> Result<(), EngineFailure> {
        let command = Command::ConfirmSeen {
            environment: environment.clone(),
            objects,
            note: note.to_owned(),
        };
        self.command(id, actor, command).await
    }

    fn running_module(
        &self,
        id: &ReleaseId,
        environment: &EnvironmentId,
    ) -> Result<ModuleId, EngineFailure> {
        match self.environment(id, environment)?.1.work {
            Work::Forward { module } => Ok(module),
            Work::Idle | Work::Back => Err(Refusal::NotRunning.into()),
        }
    }

    async fn hold(
        &self,
        id: &ReleaseId,
        actor: &PersonId,
        environment: &EnvironmentId,
        module: &ModuleId,
        record: Command,
    ) -> Result<(), EngineFailure> {
        // What is not written yet is simply not written: pausing it would change what the diff saw.
        let due = |state: &EnvironmentState, workload: &ObjectRef| {
            let written = newest_write(state, workload);
            written.is_some_and(|write| write.intent.verb == MutationVerb::Apply)
                && !paused_by_us(state, workload)
        };
        let pause = MutationVerb::Pause;
        self.switch_all(id, actor, environment, module, pause, due, record)
            .await
    }

    /// Pauses or unpauses the module's Deployments that are due, one after the other, and records
    /// it while nobody else can get in between.
    #[allow(clippy::too_many_arguments)]
    async fn switch_all(
        &self,
        id: &ReleaseId,
        actor: &PersonId,
        environment: &EnvironmentId,
        module: &ModuleId,
        verb: MutationVerb,
        due: impl Fn(&EnvironmentState, &ObjectRef) -> bool,
        record: Command,
    ) -> Result<(), EngineFailure> {
        let lane = self.lane(id, environment);
        let errand = Errand {
            release: id.clone(),
            actor: actor.clone(),
            environment: environment.clone(),
        };
        let mut seen = Vec::new();
        loop {
            self.settle_now(id, environment).await?;
            let hands = lane.hands().await;
            let (release, state) = self.environment(id, environment)?;
            if state.pending.is_some() {
                continue;
            }
            let planned = release.plan.objects(environment);
            let mut deployments = planned
                .filter(|(of, planned)| &of.id == module && planned.object.can_pause())
                .map(|(_, planned)| planned.object.clone());
            let next = deployments.find(|object| !seen.contains(object) && due(&state, object));
            let Some(next) = next else {
                let recorded = self.command(id, actor, record).await;
                drop(hands);
                return recorded;
            };
            seen.push(next.clone());
            let by = Some(actor.clone());
            match self
                .switch_pause(hands, &errand, module, by, &next, verb)
                .await?
            {
                None | Some(Acted::Applied(_)) => {}
                Some(Acted::NotApplied(cause, reason)) => {
                    return Err(EngineFailure::NotApplied {
                        object: next,
                        cause,
                        reason,
                    });
                }
                // Once more around: the outcome is read back first.
                Some(Acted::Unknown(_)) => seen.retain(|object| object != &next),
            }
        }
    }

    /// Pauses a Deployment's rollout or lets it go on; none if it is so already, or is not there.
    pub(crate) async fn switch_pause(
        &self,
        hands: Hands,
        errand: &Errand,
        module: &ModuleId,
        actor: Option<PersonId>,
        workload: &ObjectRef,
        verb: MutationVerb,
    ) -> Result<Option<Acted>, EngineFailure> {
        let cluster = self.cluster(&errand.environment).await?;
        let question = self.limits().question;
        let Some(live) = bounded(question, cluster.read(workload)).await? else {
            return Ok(None);
        };
        let reading = bounded(question, cluster.rollout(workload)).await?;
        if reading.paused == (verb == MutationVerb::Pause) {
            return Ok(None);
        }
        let act = Act {
            release: errand.release.clone(),
            actor,
            environment: errand.environment.clone(),
            module: module.clone(),
            verb,
            object: workload.clone(),
            body: None,
            precondition: Precondition::Unchanged(live.head),
            take_over: Vec::new(),
            rollback: None,
        };
        self.act(hands, act).await.map(Some)
    }
}

fn status(state: &EnvironmentState, module: &ModuleId) -> Option<ModuleStatus> {
    state.modules.get(module).map(|module| module.status)
}

/// The version that a module had when it was backed up: its workload's, else what another of its
/// objects said.
fn version_before(
    release: &Release,
    state: &EnvironmentState,
    environment: &EnvironmentId,
    module: &ModuleId,
) -> Option<String> {
    let backup = state.backup.as_ref()?;
    let kept = |object: &ObjectRef| {
        let kept = backup.objects.iter().find(|kept| &kept.object == object);
        kept.and_then(|kept| kept.live.as_ref())
    };
    let version = |body: &BackupBody| body.version.clone();
    let planned = release.plan.objects(environment);
    let mine = planned.filter(|(of, _)| &of.id == module);
    let (workloads, others): (Vec<_>, Vec<_>) =
        mine.partition(|(_, planned)| planned.object.is_workload());
    let mut in_turn = workloads.into_iter().chain(others);
    in_turn.find_map(|(_, planned)| kept(&planned.object).and_then(version))
}
