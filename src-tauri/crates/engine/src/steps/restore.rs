//! Taking back what was written to one object.

use domain::{
    BackupBody, BackupObject, Cause, Command, EnvironmentState, ModuleId, MutationOutcome,
    MutationVerb, ObjectRef, Precondition, Refusal, ReleaseId, RemovalFacts, Step, StepEnd,
    Written, may_remove, written,
};
use serde_json::Value;

use crate::act::{Act, Acted};
use crate::engine::Errand;
use crate::handles::bounded;
use crate::lanes::Turn;
use crate::limits::BackOff;
use crate::ports::{LiveObject, Rollback};
use crate::trouble::Trouble;
use crate::written::{newest_head, newest_write};
use crate::{Engine, EngineFailure};

/// What is done to one object, in this order.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Its content goes back.
    Restore,
    /// Ownership of the fields goes back.
    GiveBack,
    /// A pause of ours ends.
    LetGoOn,
}

/// What [`Engine::rollback_of`] is made from.
pub(crate) struct RollbackStart<'a> {
    pub(crate) object: &'a ObjectRef,
    pub(crate) module: &'a ModuleId,
    pub(crate) kept: &'a BackupBody,
    /// The kept body.
    pub(crate) before: &'a Value,
}

/// One object to take back.
struct TakeBack {
    module: ModuleId,
    kept: BackupObject,
    /// Whether the ledger knows that it was written. If not, a request for it got lost, and may be carried out
    /// yet.
    certain: bool,
}

/// Whether an earlier try has put the object back, and nobody touched it since.
fn restored_before(
    state: &EnvironmentState,
    object: &ObjectRef,
    kept: &BackupBody,
    live: &LiveObject,
) -> bool {
    let restored = newest_write(state, object).is_some_and(|write| {
        write.intent.verb == MutationVerb::Restore && write.intent.body.as_ref() == Some(&kept.blob)
    });
    restored && newest_head(state, object).is_some_and(|head| head.content == live.head.content)
}

/// Whether an object that a lost request was for is as that request found it, or as it left it after
/// all. Anything else is somebody else's, and out of the request's reach.
fn may_be_ours(state: &EnvironmentState, undo: &TakeBack, live: Option<&LiveObject>) -> bool {
    let Some(live) = live else {
        return false;
    };
    let kept = undo.kept.live.as_ref();
    let lost = state.settled.iter().any(|settled| {
        settled.was_unknown
            && settled.intent.object == undo.kept.object
            && live.mutation.as_ref() == Some(&settled.intent.id)
    });
    lost || kept.is_some_and(|kept| kept.head.content == live.head.content)
}

/// What is known of an object that the release created. How many others use one of the whole cluster is
/// not asked yet, so that it counts as used.
pub(crate) fn created_here() -> RemovalFacts {
    RemovalFacts {
        absent_before: true,
        is_ours: true,
        users: None,
    }
}

/// What one try to put an object back came to.
enum Tried {
    /// An outcome, or none because nothing was to be done.
    Acted(Option<Acted>),
    /// No contact with the cluster.
    Lost(EngineFailure),
    /// Look once more: the ledger moved meanwhile.
    Again,
}

impl Engine {
    /// Brings one object to what the backup says, as often as it changes under our hands within
    /// bounds, and however long the cluster does not answer within bounds.
    pub(crate) async fn take_back(
        &self,
        errand: &Errand,
        step: &Step,
        object: &ObjectRef,
        turn: &Turn,
    ) -> Result<StepEnd, EngineFailure> {
        let (_, state) = self.environment(&errand.release, &errand.environment)?;
        let certainty = written(&state, &step.module, object);
        let mut kept = state.backup.iter().flat_map(|backup| &backup.objects);
        let kept = kept.rfind(|kept| &kept.object == object);
        let (Some(kept), Written::Maybe | Written::Yes) = (kept, certainty) else {
            return Ok(StepEnd::Unneeded);
        };
        if kept.live.is_none() && may_remove(object, created_here()).is_err() {
            let reasons = Cause::MayBeUsed.of(object.label()).into();
            return Ok(StepEnd::Left { reasons });
        }
        let undo = &TakeBack {
            module: step.module.clone(),
            kept: kept.clone(),
            certain: certainty == Written::Yes,
        };
        self.show(&errand.release, &errand.environment, |live| {
            live.waiting = None
        });
        let mut end = StepEnd::Unneeded;
        let mut pause = BackOff::new(self.limits().retry_first, self.limits().retry_most);
        let mut trouble = Trouble::new(self.limits());
        let mut tries = 0;
        let mut phase = Phase::Restore;
        loop {
            if turn.leave.is_cancelled() {
                return Err(EngineFailure::Cancelled);
            }
            let tried = match phase {
                Phase::Restore => self.undo_once(errand, undo).await,
                Phase::GiveBack => self.give_back(errand, undo).await,
                Phase::LetGoOn => self.let_go_on_back(errand, undo).await,
            };
            let lost = match self.settle_try(errand, turn, tried).await? {
                Tried::Again => continue,
                Tried::Lost(failure) => failure,
                Tried::Acted(Some(Acted::NotApplied(cause, reason))) => {
                    let object = object.clone();
                    let failure = EngineFailure::NotApplied {
                        object,
                        cause,
                        reason,
                    };
                    if failure.obstacle().is_none() && phase == Phase::GiveBack {
                        // The content is back, which is what counts.
                        tracing::warn!(object = %undo.kept.object, %failure, "ownership was not given back");
                        phase = Phase::LetGoOn;
                        continue;
                    }
                    if failure.obstacle().is_none() {
                        tries += 1;
                        if tries >= self.limits().undo_tries {
                            return Err(failure);
                        }
                        continue;
                    }
                    failure
                }
                Tried::Acted(acted) => {
                    if acted.is_some() && phase == Phase::Restore {
                        end = StepEnd::Done;
                    }
                    phase = match phase {
                        Phase::Restore => Phase::GiveBack,
                        Phase::GiveBack => Phase::LetGoOn,
                        Phase::LetGoOn => return Ok(end),
                    };
                    continue;
                }
            };
            let Some(obstacle) = lost.obstacle() else {
                return Err(lost);
            };
            if !self.bear(errand, &mut trouble, obstacle, &lost).await {
                return Err(lost);
            }
            tokio::select! {
                () = turn.leave.cancelled() => return Err(EngineFailure::Cancelled),
                () = tokio::time::sleep(pause.next()) => {}
            }
        }
    }

    /// What one try came to, after an unknown outcome has been read back.
    async fn settle_try(
        &self,
        errand: &Errand,
        turn: &Turn,
        tried: Result<Option<Acted>, EngineFailure>,
    ) -> Result<Tried, EngineFailure> {
        let (id, environment) = (&errand.release, &errand.environment);
        match tried {
            Ok(Some(Acted::Unknown(mutation))) => {
                self.until_settled(id, environment, &turn.leave).await?;
                let settled = self.settled(id, environment, &mutation)?;
                Ok(settled.map_or(Tried::Again, |settled| Tried::Acted(Some(settled))))
            }
            Ok(acted) => Ok(Tried::Acted(acted)),
            Err(EngineFailure::Refused(Refusal::OutcomePending)) => {
                self.until_settled(id, environment, &turn.leave).await?;
                Ok(Tried::Again)
            }
            Err(failure) if failure.obstacle().is_some() => Ok(Tried::Lost(failure)),
            Err(failure) => Err(failure),
        }
    }

    /// One try; none if the object is already what the backup says.
    async fn undo_once(
        &self,
        errand: &Errand,
        undo: &TakeBack,
    ) -> Result<Option<Acted>, EngineFailure> {
        let object = &undo.kept.object;
        let lane = self.lane(&errand.release, &errand.environment);
        let hands = lane.hands().await;
        let (_, state) = self.environment(&errand.release, &errand.environment)?;
        let cluster = self.cluster(&errand.environment).await?;
        let live = bounded(self.limits().question, cluster.read(object)).await?;
        let ours = newest_head(&state, object);
        if !undo.certain && !may_be_ours(&state, undo, live.as_ref()) {
            return Ok(None);
        }
        let (verb, body) = match (&undo.kept.live, &live) {
            // A request that got lost finds the object as it was when it was sent, and may be carried
            // out yet: writing what is there already moves the object on from under it.
            (Some(kept), Some(live)) if undo.certain && live.head.content == kept.head.content => {
                return Ok(None);
            }
            (Some(kept), Some(live)) if restored_before(&state, object, kept, live) => {
                return Ok(None);
            }
            (None, None) => return Ok(None),
            // Deleted and created again by somebody else: it is theirs, and named.
            (Some(kept), Some(live)) if kept.head.uid != live.head.uid => {
                let object = object.clone();
                return Err(EngineFailure::Changed { object });
            }
            (None, Some(live)) if ours.is_some_and(|ours| ours.uid != live.head.uid) => {
                let object = object.clone();
                return Err(EngineFailure::Changed { object });
            }
            (None, Some(_)) => (MutationVerb::Remove, None),
            (Some(kept), _) => {
                let body = self.body(object, &kept.blob).await?;
                (MutationVerb::Restore, Some((kept.blob.clone(), body)))
            }
        };
        let rollback = match (&undo.kept.live, &body) {
            (Some(kept), Some((_, before))) => {
                let start = RollbackStart {
                    object,
                    module: &undo.module,
                    kept,
                    before,
                };
                Some(self.rollback_of(&errand.release, &state, start).await?)
            }
            _ => None,
        };
        // Somebody changed the object since. Their values stay, and are named; a cluster that cannot say
        // which they are does not stand in the way of the rollback.
        let edited = live
            .as_ref()
            .is_some_and(|live| ours.is_none_or(|ours| ours.content != live.head.content));
        if let Some(rollback) = rollback.as_ref().filter(|_| edited) {
            let asking = cluster.preview_rollback(rollback);
            if let Ok(preview) = bounded(self.limits().question, asking).await {
                let command = Command::KeepFields {
                    environment: errand.environment.clone(),
                    object: object.clone(),
                    fields: preview.theirs,
                };
                let actor = Some(&errand.actor);
                self.book().commit(&errand.release, actor, command).await?;
            }
        }
        let act = Act {
            release: errand.release.clone(),
            actor: Some(errand.actor.clone()),
            environment: errand.environment.clone(),
            module: undo.module.clone(),
            verb,
            object: object.clone(),
            body,
            precondition: match live {
                None => Precondition::Absent,
                Some(live) => Precondition::Unchanged(live.head),
            },
            take_over: Vec::new(),
            rollback,
        };
        self.act(hands, act).await.map(Some)
    }

    /// What the rollback of an object starts from: the backup, and the object as the release's newest write
    /// left it, or the manifest where that is not known.
    pub(crate) async fn rollback_of(
        &self,
        release: &ReleaseId,
        state: &EnvironmentState,
        start: RollbackStart<'_>,
    ) -> Result<Rollback, EngineFailure> {
        let RollbackStart {
            object,
            module,
            kept,
            before,
        } = start;
        let mut newest = state.settled.iter().rev();
        let applied = newest.find(|settled| {
            &settled.intent.object == object
                && settled.intent.verb == MutationVerb::Apply
                && !matches!(settled.outcome, MutationOutcome::NotApplied { .. })
        });
        let written = applied.and_then(|settled| settled.written.as_ref());
        let sent = applied.and_then(|settled| settled.intent.body.as_ref());
        let (written, sent) = match (written, sent) {
            (Some(written), _) => (Some(self.body(object, written).await?), None),
            (None, Some(sent)) => (None, Some(self.body(object, sent).await?)),
            (None, None) => (None, None),
        };
        Ok(Rollback {
            object: object.clone(),
            uid: kept.head.uid.clone(),
            before: before.clone(),
            written,
            sent,
            anyway: Vec::new(),
            release: release.clone(),
            module: module.clone(),
        })
    }

    /// Gives fields back to whoever owned them before the release: what was put back is an update of ours
    /// until then. None if there is nothing to give back.
    async fn give_back(
        &self,
        errand: &Errand,
        undo: &TakeBack,
    ) -> Result<Option<Acted>, EngineFailure> {
        let object = &undo.kept.object;
        let Some(kept) = undo.kept.live.as_ref() else {
            return Ok(None);
        };
        let lane = self.lane(&errand.release, &errand.environment);
        let hands = lane.hands().await;
        let (_, state) = self.environment(&errand.release, &errand.environment)?;
        let newest = newest_write(&state, object);
        if !newest.is_some_and(|write| write.intent.verb == MutationVerb::Restore) {
            return Ok(None);
        }
        let cluster = self.cluster(&errand.environment).await?;
        let live = bounded(self.limits().question, cluster.read(object)).await?;
        let live = live.filter(|live| live.head.uid == kept.head.uid && live.has_our_update());
        let Some(live) = live else {
            return Ok(None);
        };
        let body = self.body(object, &kept.blob).await?;
        let act = Act {
            release: errand.release.clone(),
            actor: Some(errand.actor.clone()),
            environment: errand.environment.clone(),
            module: undo.module.clone(),
            verb: MutationVerb::Adopt,
            object: object.clone(),
            body: Some((kept.blob.clone(), body)),
            precondition: Precondition::Unchanged(live.head),
            take_over: Vec::new(),
            rollback: None,
        };
        self.act(hands, act).await.map(Some)
    }

    /// A Deployment that was paused in the middle has to be let go, or the old pods never come. One
    /// that was paused before the release stays so. None if there is nothing to do.
    async fn let_go_on_back(
        &self,
        errand: &Errand,
        undo: &TakeBack,
    ) -> Result<Option<Acted>, EngineFailure> {
        let object = &undo.kept.object;
        let Some(kept) = undo.kept.live.as_ref() else {
            return Ok(None);
        };
        if !object.can_pause() {
            return Ok(None);
        }
        let body = self.body(object, &kept.blob).await?;
        if body.pointer("/spec/paused").and_then(Value::as_bool) == Some(true) {
            return Ok(None);
        }
        let lane = self.lane(&errand.release, &errand.environment);
        let hands = lane.hands().await;
        let actor = Some(errand.actor.clone());
        let unpause = MutationVerb::Unpause;
        self.switch_pause(hands, errand, &undo.module, actor, object, unpause)
            .await
    }
}
