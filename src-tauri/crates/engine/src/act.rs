//! The one way to change a cluster: the intent is written down, the call is made once, what came of
//! it is written down. No answer means unknown, and unknown is read back, never sent again.

use domain::{
    ClusterIdentity, Command, Digest, EnvironmentId, FieldConflict, LiveHead, ModuleId, MutationId,
    MutationIntent, MutationOutcome, MutationVerb, NotAppliedCause, ObjectRef, PersonId,
    Precondition, ReleaseId,
};
use serde_json::Value;

use crate::lanes::Hands;
use crate::ports::{Outgoing, Rollback, Sent};
use crate::{Engine, EngineFailure, FailPoint};

/// A change of a cluster that someone wants made.
#[derive(Clone, Debug)]
pub(crate) struct Act {
    pub(crate) release: ReleaseId,
    /// None for holding still on the program's own account.
    pub(crate) actor: Option<PersonId>,
    pub(crate) environment: EnvironmentId,
    pub(crate) module: ModuleId,
    pub(crate) verb: MutationVerb,
    pub(crate) object: ObjectRef,
    /// The kept body and its digest; none for a removal, a pause or its end.
    pub(crate) body: Option<(Digest, Value)>,
    pub(crate) precondition: Precondition,
    /// Conflicts that the person has seen and signed for.
    pub(crate) take_over: Vec<FieldConflict>,
    /// What a rollback of the object starts from; for [`MutationVerb::Restore`] only.
    pub(crate) rollback: Option<Rollback>,
}

/// What came of an act.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Acted {
    /// The cluster has it.
    Applied(Option<LiveHead>),
    /// It has not, and nothing changed.
    NotApplied(NotAppliedCause, String),
    /// Nobody knows yet; it is pending in the ledger and has to be read back.
    Unknown(MutationId),
}

impl Acted {
    pub(crate) fn of(mutation: &MutationId, outcome: &MutationOutcome) -> Self {
        match outcome {
            MutationOutcome::Applied { live } => Acted::Applied(live.clone()),
            MutationOutcome::NotApplied { cause, reason } => {
                Acted::NotApplied(*cause, reason.clone())
            }
            MutationOutcome::Unknown { .. } => Acted::Unknown(mutation.clone()),
        }
    }
}

impl Engine {
    /// Makes a change. Runs to its outcome even when the caller is gone: nothing may get lost
    /// between the intent and what came of it. `hands` are held until then.
    pub(crate) async fn act(&self, hands: Hands, act: Act) -> Result<Acted, EngineFailure> {
        let engine = self.clone();
        let acting = async move {
            let acted = engine.act_once(act).await;
            drop(hands);
            acted
        };
        tokio::spawn(acting)
            .await
            .map_err(|e| EngineFailure::BrokenOff(e.to_string()))?
    }

    async fn act_once(&self, act: Act) -> Result<Acted, EngineFailure> {
        let found: ClusterIdentity = self.ask_identity(&act.environment).await?;
        let cluster = self.cluster(&act.environment).await?;
        let intent = MutationIntent {
            id: MutationId::new(uuid::Uuid::now_v7().to_string()),
            verb: act.verb,
            object: act.object.clone(),
            body: act.body.as_ref().map(|(digest, _)| digest.clone()),
            precondition: act.precondition,
        };
        let outgoing = act.body.map(|(_, body)| Outgoing {
            object: act.object,
            body,
            release: act.release.clone(),
            module: act.module.clone(),
        });
        self.at(FailPoint::BeforeIntent)?;
        let command = Command::Intend {
            environment: act.environment.clone(),
            module: act.module,
            intent: intent.clone(),
            found,
        };
        // Refused while an earlier one has no outcome: that is what makes "never twice" hold.
        let actor = act.actor.as_ref();
        self.book().commit(&act.release, actor, command).await?;
        self.at(FailPoint::AfterIntent)?;
        let sent = match &act.rollback {
            Some(rollback) => cluster.restore(&intent, rollback).await,
            None => {
                cluster
                    .send(&intent, outgoing.as_ref(), &act.take_over)
                    .await
            }
        };
        self.at(FailPoint::AfterSend)?;
        let outcome = sent.outcome.clone();
        self.settle(&act.release, &act.environment, &intent, sent)
            .await?;
        self.at(FailPoint::AfterOutcome)?;
        Ok(Acted::of(&intent.id, &outcome))
    }

    /// Keeps an object as a write of ours left it. A rollback that lacks it still works, from the manifest:
    /// it does not keep the outcome from being written down.
    async fn keep_written(
        &self,
        intent: &MutationIntent,
        written: Option<Value>,
    ) -> Option<Digest> {
        let written = written.filter(|_| intent.verb == MutationVerb::Apply)?;
        let bytes = serde_json::to_vec(&written).ok()?;
        match self.keep(&intent.object, &bytes).await {
            Ok(blob) => Some(blob),
            Err(failure) => {
                tracing::warn!(object = %intent.object, %failure, "the object as written could not be kept");
                None
            }
        }
    }

    /// Writes an outcome down. A ledger that cannot be written is offered it again for a while; in
    /// the end the intent stays pending, and is read back.
    pub(crate) async fn settle(
        &self,
        release: &ReleaseId,
        environment: &EnvironmentId,
        intent: &MutationIntent,
        sent: Sent,
    ) -> Result<(), EngineFailure> {
        let written = self.keep_written(intent, sent.written).await;
        let command = Command::Settle {
            environment: environment.clone(),
            mutation: intent.id.clone(),
            outcome: sent.outcome,
            written,
        };
        match self.write_at_last(release, None, command).await {
            Err(EngineFailure::Ledger(failure)) => Err(EngineFailure::OutcomeUnwritten {
                object: Box::new(intent.object.clone()),
                failure,
            }),
            done => done,
        }
    }

    /// Commits what has to get into the ledger, trying again while it cannot be written.
    pub(crate) async fn write_at_last(
        &self,
        release: &ReleaseId,
        actor: Option<&PersonId>,
        command: Command,
    ) -> Result<(), EngineFailure> {
        let mut tries = 1;
        loop {
            match self.book().commit(release, actor, command.clone()).await {
                Err(EngineFailure::Ledger(failure)) if tries < self.limits().settle_tries => {
                    tracing::warn!(%release, %failure, tries, "an outcome could not be written down yet");
                    tries += 1;
                    tokio::time::sleep(self.limits().settle_pause).await;
                }
                done => return done,
            }
        }
    }
}
