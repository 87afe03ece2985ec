//! What became of a mutation that nobody knows the outcome of.

use std::sync::Arc;

use domain::{
    EnvironmentId, MutationId, MutationOutcome, NotificationKind, PendingMutation, ReleaseId,
};
use tokio_util::sync::CancellationToken;

use crate::act::Acted;
use crate::handles::bounded;
use crate::lanes::Lane;
use crate::limits::{BackOff, Patience};
use crate::ports::Sent;
use crate::{Engine, EngineFailure, FailPoint};

impl Engine {
    /// The intent without an outcome, if there is one.
    pub(crate) fn pending(
        &self,
        release: &ReleaseId,
        environment: &EnvironmentId,
    ) -> Result<Option<PendingMutation>, EngineFailure> {
        Ok(self.environment(release, environment)?.1.pending)
    }

    /// What came of a mutation by the ledger; none while that is not known.
    pub(crate) fn settled(
        &self,
        release: &ReleaseId,
        environment: &EnvironmentId,
        mutation: &MutationId,
    ) -> Result<Option<Acted>, EngineFailure> {
        let (_, state) = self.environment(release, environment)?;
        let mut settled = state.settled.iter().rev();
        let same = settled.find(|settled| &settled.intent.id == mutation);
        Ok(same.map(|settled| Acted::of(mutation, &settled.outcome)))
    }

    /// Reads a pending mutation back until its outcome is known, writes that down and tells it.
    /// None if nothing is pending. Gives up with `Cancelled` when told to leave, and with
    /// `OutcomeUnknown` after [`crate::Limits::lost_contact`]; it is pending then as before.
    pub(crate) async fn until_settled(
        &self,
        release: &ReleaseId,
        environment: &EnvironmentId,
        leave: &CancellationToken,
    ) -> Result<Option<Acted>, EngineFailure> {
        let lane = self.lane(release, environment);
        let Some(first) = self.pending(release, environment)? else {
            return Ok(None);
        };
        let limits = self.limits();
        let mut pause = BackOff::new(limits.read_back_first, limits.read_back_most);
        let mut waited = Patience::new(limits);
        let mut told = false;
        loop {
            if let Some(settled) = self
                .read_back_once(release, environment, &lane, &first.intent.id)
                .await?
            {
                self.show(release, environment, |live| live.waiting = None);
                return Ok(Some(settled));
            }
            let spent = waited.look(true);
            if spent >= limits.needs_you_after && !told {
                told = true;
                let modules = vec![first.module.clone()];
                self.tell(release, environment, NotificationKind::NeedsYou, modules)
                    .await;
            }
            if spent >= limits.lost_contact {
                let object = first.intent.object.clone();
                return Err(EngineFailure::OutcomeUnknown { object });
            }
            tokio::select! {
                () = leave.cancelled() => return Err(EngineFailure::Cancelled),
                () = tokio::time::sleep(pause.next()) => {}
            }
        }
    }

    /// One try: the outcome if it is known now, written down; whoever else settled it meanwhile.
    pub(crate) async fn read_back_once(
        &self,
        release: &ReleaseId,
        environment: &EnvironmentId,
        lane: &Arc<Lane>,
        mutation: &MutationId,
    ) -> Result<Option<Acted>, EngineFailure> {
        let _hands = lane.hands().await;
        let (_, state) = self.environment(release, environment)?;
        let Some(pending) = state.pending.filter(|p| &p.intent.id == mutation) else {
            return self.settled(release, environment, mutation);
        };
        self.at(FailPoint::BeforeReadBack)?;
        let sent = match self.reading(environment, &pending).await {
            Err(failure) if failure.obstacle().is_some() => {
                // Without a task nobody waits: the person is told by the answer.
                if lane.running().is_some() {
                    self.show_lost_contact(release, environment, &failure);
                }
                MutationOutcome::Unknown {
                    reason: failure.to_string(),
                }
                .into()
            }
            reading => reading?,
        };
        self.at(FailPoint::AfterReadBack)?;
        let outcome = sent.outcome.clone();
        self.settle(release, environment, &pending.intent, sent)
            .await?;
        self.at(FailPoint::AfterOutcome)?;
        Ok(match Acted::of(mutation, &outcome) {
            Acted::Unknown(_) => None,
            settled => Some(settled),
        })
    }

    /// What the cluster shows of a mutation. That it was not applied is believed when it is read
    /// twice: the request may still be on its way at the first reading.
    pub(crate) async fn reading(
        &self,
        environment: &EnvironmentId,
        pending: &PendingMutation,
    ) -> Result<Sent, EngineFailure> {
        // Another cluster has nothing to say about what this one was sent.
        self.ask_identity(environment).await?;
        let cluster = self.cluster(environment).await?;
        let question = self.limits().question;
        let first = bounded(question, cluster.read_back(&pending.intent)).await?;
        if !matches!(first.outcome, MutationOutcome::NotApplied { .. }) {
            return Ok(first);
        }
        tokio::time::sleep(self.limits().not_applied_gap).await;
        Ok(bounded(question, cluster.read_back(&pending.intent)).await?)
    }
}
