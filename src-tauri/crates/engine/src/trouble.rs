//! What keeps a task from its cluster: shown at once, told when it lasts, borne within bounds.

use domain::{Cause, EnvironmentId, ModuleId, NotificationKind, Reason, Reasons, ReleaseId, Work};
use tokio_util::sync::CancellationToken;

use crate::engine::Errand;
use crate::failure::Obstacle;
use crate::limits::{BackOff, Patience};
use crate::live::Waiting;
use crate::{Engine, EngineFailure, Limits};

/// How long a task has been kept from its cluster.
#[derive(Debug)]
pub(crate) struct Trouble {
    without_contact: Patience,
    /// Apart from the other: a cluster that was down for long may take its time to let people in.
    turned_away: Patience,
    told: bool,
    /// Whether somebody else tells the person of it.
    untold: bool,
}

impl Trouble {
    pub(crate) fn new(limits: &Limits) -> Self {
        Trouble {
            without_contact: Patience::new(limits),
            turned_away: Patience::new(limits),
            told: false,
            untold: false,
        }
    }

    /// One that the person is not told of, since another one tells of the same loss.
    pub(crate) fn untold(limits: &Limits) -> Self {
        Trouble {
            untold: true,
            ..Trouble::new(limits)
        }
    }

    /// The cluster does what it is asked.
    pub(crate) fn is_over(&mut self) {
        self.without_contact.restart();
        self.turned_away.restart();
        self.told = false;
    }
}

impl Engine {
    /// Bears with an obstacle once more: shows it, tells the person when it lasts. False when it has
    /// lasted too long.
    pub(crate) async fn bear(
        &self,
        errand: &Errand,
        trouble: &mut Trouble,
        obstacle: Obstacle,
        failure: &EngineFailure,
    ) -> bool {
        let (id, environment) = (&errand.release, &errand.environment);
        self.show_lost_contact(id, environment, failure);
        let limits = self.limits();
        let without_contact = trouble.without_contact.look(true);
        let away = obstacle == Obstacle::TurnedAway;
        let turned_away = trouble.turned_away.look(away);
        if !away {
            trouble.turned_away.restart();
        }
        if without_contact >= limits.lost_contact || turned_away >= limits.turned_away {
            return false;
        }
        let tells = without_contact >= limits.needs_you_after && !trouble.untold;
        if tells && !std::mem::replace(&mut trouble.told, true) {
            let modules = self.modules_at_work(id, environment);
            self.tell(id, environment, NotificationKind::NeedsYou, modules)
                .await;
        }
        true
    }

    /// Shows that the cluster does not do what it is asked, and what it said last.
    pub(crate) fn show_lost_contact(
        &self,
        release: &ReleaseId,
        environment: &EnvironmentId,
        failure: &EngineFailure,
    ) {
        let now = self.now();
        self.show(release, environment, |live| {
            let since = match &live.waiting {
                Some(Waiting::Contact { since, .. }) => *since,
                _ => now,
            };
            let failure = failure.clone();
            live.waiting = Some(Waiting::Contact { since, failure });
        });
    }

    /// Asks until there is an answer, bearing with what stands in the way; nothing is changed by it.
    pub(crate) async fn ask_at_last<T, R>(
        &self,
        errand: &Errand,
        leave: &CancellationToken,
        ask: impl Fn() -> R,
    ) -> Result<T, EngineFailure>
    where
        R: Future<Output = Result<T, EngineFailure>>,
    {
        let mut trouble = Trouble::new(self.limits());
        let mut pause = BackOff::new(self.limits().retry_first, self.limits().retry_most);
        loop {
            let failure = match ask().await {
                Ok(answer) => return Ok(answer),
                Err(failure) => failure,
            };
            let Some(obstacle) = failure.obstacle() else {
                return Err(failure);
            };
            if !self.bear(errand, &mut trouble, obstacle, &failure).await {
                return Err(failure);
            }
            tokio::select! {
                () = leave.cancelled() => return Err(EngineFailure::Cancelled),
                () = tokio::time::sleep(pause.next()) => {}
            }
        }
    }

    /// Why a task was given up when it was kept from its cluster for too long.
    pub(crate) fn too_long(&self, obstacle: Obstacle, failure: &EngineFailure) -> Reasons {
        match obstacle {
            Obstacle::NoContact => Reasons(vec![self.lost_contact_for(), failure.reason()]),
            Obstacle::TurnedAway => failure.reason().into(),
        }
    }

    pub(crate) fn lost_contact_for(&self) -> Reason {
        let seconds = self.limits().lost_contact.as_secs();
        Cause::NoContact { seconds }.into()
    }

    fn modules_at_work(&self, release: &ReleaseId, environment: &EnvironmentId) -> Vec<ModuleId> {
        let Ok((_, state)) = self.environment(release, environment) else {
            return Vec::new();
        };
        match state.work {
            Work::Forward { module } => vec![module],
            Work::Back => state.way_back.map(|back| back.modules).unwrap_or_default(),
            Work::Idle => Vec::new(),
        }
    }
}
