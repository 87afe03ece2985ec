//! What clusters said of themselves in this session: shown, never relied on.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use contract::Failure;
use domain::EnvironmentId;
use engine::Engine;
use engine::ports::About;

use crate::failures;

/// What an environment's cluster said last.
#[derive(Clone, Debug, Default)]
pub struct Session {
    /// The user's name there.
    pub user: Option<String>,
    /// The API server's version.
    pub version: Option<String>,
    /// Seconds its clock is ahead (negative: behind) of the workstation's.
    pub clock_skew_s: Option<f64>,
    /// Why the newest try got no answer, if it got none.
    pub failure: Option<Failure>,
}

/// Every environment asked in this session.
#[derive(Default)]
pub struct Sessions(Mutex<BTreeMap<EnvironmentId, Session>>);

impl Sessions {
    /// What an environment's cluster said last.
    pub fn of(&self, environment: &EnvironmentId) -> Session {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(environment)
            .cloned()
            .unwrap_or_default()
    }

    /// Asks an environment's cluster who it is, and, the first time, what else it says of itself.
    /// Another cluster than the pinned one, or none, is no failure of the question: the banner says so.
    pub async fn check(
        &self,
        engine: &Engine,
        release: Option<&domain::ReleaseId>,
        environment: &EnvironmentId,
    ) {
        if !engine.register().bindings.contains_key(environment) {
            return;
        }
        let checked = engine.verify_identity(release, environment).await;
        let verified = checked.as_ref().is_ok_and(|check| check.verified);
        let unasked = self.of(environment).user.is_none();
        let about = if verified && unasked {
            engine.about(environment).await.ok()
        } else {
            None
        };
        if let Err(failure) = &checked {
            tracing::info!(%environment, %failure, "the identity could not be checked");
        }
        let failure = checked.err().map(failures::of);
        self.note(environment, failure, about);
    }

    fn note(&self, environment: &EnvironmentId, failure: Option<Failure>, about: Option<About>) {
        let mut sessions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let session = sessions.entry(environment.clone()).or_default();
        session.failure = failure;
        if let Some(about) = about {
            session.user = Some(about.user);
            session.version = Some(about.version);
            session.clock_skew_s = Some(about.clock_skew_s);
        }
    }
}
