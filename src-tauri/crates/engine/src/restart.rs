//! After a restart, or when a task broke off: what was cut off, and going on from what the cluster
//! shows.

use domain::{
    Command, EnvironmentId, ModuleId, MutationOutcome, PendingMutation, PersonId, Refusal, Release,
    ReleaseId, Work,
};

use crate::{Engine, EngineFailure};

/// Work that was cut off.
#[derive(Clone, Debug, PartialEq)]
pub struct Interrupted {
    /// In which environment.
    pub environment: EnvironmentId,
    /// Which module went forward; none for a way back.
    pub module: Option<ModuleId>,
    /// Whether it was going back.
    pub back: bool,
    /// The intent that has no outcome.
    pub pending: Option<PendingMutation>,
    /// What the cluster shows of it.
    pub found: Finding,
}

/// What the cluster shows of an intent without an outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finding {
    /// The change is there.
    Applied,
    /// It is not.
    NotApplied,
    /// Every intent has its outcome; the work simply has not ended.
    Settled,
    /// The cluster could not be asked.
    Unreachable,
}

impl Engine {
    /// Work of a release that nobody does in this process though the ledger says it is going on.
    /// Asks the cluster what is so; changes nothing there, and writes nothing down.
    pub async fn interrupted(&self, id: &ReleaseId) -> Result<Option<Interrupted>, EngineFailure> {
        let release = self.release(id)?.release;
        let Some((environment, work)) = self.cut_off(&release).into_iter().next() else {
            return Ok(None);
        };
        let pending = self.pending(id, &environment)?;
        let found = match &pending {
            None => Finding::Settled,
            Some(pending) => match self
                .reading(&environment, pending)
                .await
                .map(|sent| sent.outcome)
            {
                Ok(MutationOutcome::Applied { .. }) => Finding::Applied,
                Ok(MutationOutcome::NotApplied { .. }) => Finding::NotApplied,
                Ok(MutationOutcome::Unknown { .. }) | Err(_) => Finding::Unreachable,
            },
        };
        let (module, back) = match work {
            Work::Forward { module } => (Some(module), false),
            Work::Back | Work::Idle => (None, true),
        };
        Ok(Some(Interrupted {
            environment,
            module,
            back,
            pending,
            found,
        }))
    }

    /// Environments with work that no task of this process does, in pipeline order.
    fn cut_off(&self, release: &Release) -> Vec<(EnvironmentId, Work)> {
        let environments = release.plan.environments();
        environments
            .filter_map(|environment| {
                let work = &release.environments.get(&environment.id)?.work;
                let lane = self.lane(&release.plan.id, &environment.id);
                let idle = *work == Work::Idle || lane.running().is_some();
                (!idle).then(|| (environment.id.clone(), work.clone()))
            })
            .collect()
    }

    /// Goes on with everything of a release that was cut off: first what the last intent came to is
    /// read back and written down, then the work goes on in its direction from there.
    pub async fn resume_work(&self, id: &ReleaseId, actor: &PersonId) -> Result<(), EngineFailure> {
        let release = self.release(id)?.release;
        let cut_off = self.cut_off(&release);
        if cut_off.is_empty() && !release.is_working() {
            return Err(Refusal::NotRunning.into());
        }
        for (environment, _) in cut_off {
            let lane = self.lane(id, &environment);
            let _switch = lane.switch.lock().await;
            if lane.running().is_some() {
                continue;
            }
            let command = Command::Resume {
                environment: environment.clone(),
            };
            self.command(id, actor, command).await?;
            match self.environment(id, &environment)?.1.work {
                Work::Forward { module } => self.go_forward(id, actor, &environment, &module),
                Work::Back => self.go_back(id, actor, &environment),
                Work::Idle => {}
            }
        }
        Ok(())
    }
}
