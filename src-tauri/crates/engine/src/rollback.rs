//! Beginning a rollback. Asks for no gate and no unlocking.

use domain::{Command, EnvironmentId, PersonId, ReleaseId, Work};

use crate::engine::Errand;
use crate::live::Running;
use crate::ports::ClusterFailure;
use crate::{Engine, EngineFailure};

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
}
