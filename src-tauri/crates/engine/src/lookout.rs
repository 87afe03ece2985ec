//! Looks at environments all the time a release is open, so that what is on the screen is so now:
//! after a restart, between rollouts, and in stages that passed long ago. Read-only: nothing is
//! concluded from it, since [`crate::awaiting`] has an eye of its own for that.

use domain::{EnvironmentId, ObjectRef, ReleaseId};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::handles::bounded;
use crate::limits::BackOff;
use crate::{Engine, EngineFailure};

/// Looks at an environment of a release until it is dropped.
#[derive(Debug)]
pub struct Lookout(#[expect(dead_code, reason = "ends the task when it is dropped")] DropGuard);

impl Engine {
    /// Looks at an environment of a release from now on; what is seen is in
    /// [`crate::Live::picture`]. While the cluster cannot be looked at it is tried again.
    pub fn look_out(&self, release: &ReleaseId, environment: &EnvironmentId) -> Lookout {
        let (engine, id, environment) = (self.clone(), release.clone(), environment.clone());
        let leave = CancellationToken::new();
        let guard = leave.clone().drop_guard();
        tokio::spawn(async move {
            leave
                .run_until_cancelled(engine.look(&id, &environment))
                .await;
            // What nobody looks at any more must not be taken for what is so now.
            engine.show(&id, &environment, |live| live.overview = None);
        });
        Lookout(guard)
    }

    async fn look(&self, release: &ReleaseId, environment: &EnvironmentId) {
        let mut pause = BackOff::new(self.limits().retry_first, self.limits().retry_most);
        loop {
            if let Err(failure) = self.look_until_cut_off(release, environment).await {
                tracing::debug!(%release, %environment, %failure, "not to be looked at now");
            }
            tokio::time::sleep(pause.next()).await;
        }
    }

    /// Shows every picture until the watch ends.
    async fn look_until_cut_off(
        &self,
        id: &ReleaseId,
        environment: &EnvironmentId,
    ) -> Result<(), EngineFailure> {
        let (release, _) = self.environment(id, environment)?;
        let workloads: Vec<ObjectRef> = release
            .plan
            .objects(environment)
            .map(|(_, planned)| planned.object.clone())
            .filter(ObjectRef::is_workload)
            .collect();
        let cluster = self.cluster(environment).await?;
        let watching = bounded(self.limits().question, cluster.watch(&workloads)).await?;
        let mut pictures = watching.pictures();
        loop {
            let picture = pictures.borrow_and_update().clone();
            if picture.is_some() {
                self.show(id, environment, |live| live.overview = picture);
            }
            if pictures.changed().await.is_err() {
                self.show(id, environment, |live| live.overview = None);
                return Ok(());
            }
        }
    }
}
