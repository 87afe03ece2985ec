use contract::Failure;
use domain::{EnvironmentId, PersonId, ReleaseId};
use engine::{Engine, EngineFailure};

use crate::desk::Desk;

/// Where a release, an environment and the person who acts meet.
pub struct Place<'a> {
    desk: &'a Desk,
    /// The engine that works there.
    pub engine: &'a Engine,
    /// The release.
    pub release: ReleaseId,
    /// The environment.
    pub environment: EnvironmentId,
    /// Who acts.
    pub person: PersonId,
}

impl<'a> Place<'a> {
    /// The place that the window names, and who acts there.
    ///
    /// # Errors
    /// When the ledger cannot be opened.
    pub async fn of(
        desk: &'a Desk,
        release: String,
        environment: String,
        person: PersonId,
    ) -> Result<Self, Failure> {
        Ok(Place {
            desk,
            engine: desk.engine().await?,
            release: ReleaseId::new(release),
            environment: EnvironmentId::new(environment),
            person,
        })
    }

    /// What went wrong here, with the cluster that it is about.
    pub fn failing(&self) -> impl Fn(EngineFailure) -> Failure {
        |failure| self.desk.failure(&self.environment, failure)
    }
}
