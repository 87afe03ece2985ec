//! One object on its way back.

use domain::{
    BackupBody, Command, EnvironmentState, MutationVerb, ObjectRef, Precondition, Refusal,
};
use serde_json::Value;

use crate::act::{Act, Acted};
use crate::engine::Errand;
use crate::handles::bounded;
use crate::lanes::Turn;
use crate::limits::BackOff;
use crate::live::Doing;
use crate::order::Undo;
use crate::ports::{LiveObject, Outgoing};
use crate::trouble::Trouble;
use crate::written::{newest_head, newest_write};
use crate::{Engine, EngineFailure};

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
fn may_be_ours(state: &EnvironmentState, undo: &Undo, live: Option<&LiveObject>) -> bool {
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
    pub(crate) async fn undo(
        &self,
        errand: &Errand,
        undo: &Undo,
        turn: &Turn,
    ) -> Result<(), EngineFailure> {
        let object = &undo.kept.object;
        self.show_step(
            errand,
            match undo.kept.live {
                Some(_) => Doing::Restore(object.clone()),
                None => Doing::Remove(object.clone()),
            },
        );
        let mut pause = BackOff::new(self.limits().retry_first, self.limits().retry_most);
        let mut trouble = Trouble::new(self.limits());
        let mut tries = 0;
        let mut restored = false;
        loop {
            if turn.leave.is_cancelled() {
                return Err(EngineFailure::Cancelled);
            }
            let tried = match restored {
                false => self.undo_once(errand, undo).await,
                true => self.let_go_on_back(errand, undo).await,
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
                    if failure.obstacle().is_none() {
                        tries += 1;
                        if tries >= self.limits().undo_tries {
                            return Err(failure);
                        }
                        continue;
                    }
                    failure
                }
                Tried::Acted(_) if restored => return Ok(()),
                Tried::Acted(_) => {
                    restored = true;
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
        undo: &Undo,
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
            // Deleted and made anew by someone else: removing it would destroy what is theirs.
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
        let edited = live
            .as_ref()
            .filter(|live| ours.is_some_and(|ours| ours.content != live.head.content));
        if let Some(edited) = edited {
            self.keep_edit(errand, object, edited).await?;
        }
        let take_over = match &body {
            None => Vec::new(),
            Some((_, body)) => {
                let outgoing = Outgoing {
                    object: object.clone(),
                    body: body.clone(),
                    release: errand.release.clone(),
                    module: undo.module.clone(),
                };
                let asking = cluster.preview(&outgoing);
                let preview = bounded(self.limits().question, asking).await;
                // A later edit does not stand in the way of going back.
                preview.map(|preview| preview.conflicts).unwrap_or_default()
            }
        };
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
            take_over,
        };
        self.act(hands, act).await.map(Some)
    }

    /// What someone else wrote after us is kept before it is overwritten, and named.
    async fn keep_edit(
        &self,
        errand: &Errand,
        object: &ObjectRef,
        edited: &LiveObject,
    ) -> Result<(), EngineFailure> {
        let bytes = serde_json::to_vec(&edited.body)
            .map_err(|_| EngineFailure::Unreadable(object.to_string()))?;
        let blob = self.keep(object, &bytes).await?;
        let command = Command::KeepEdit {
            environment: errand.environment.clone(),
            object: object.clone(),
            blob,
        };
        let actor = Some(&errand.actor);
        self.book().commit(&errand.release, actor, command).await
    }

    /// A Deployment that was paused in the middle has to be let go, or the old pods never come. One
    /// that was paused before the release stays so. None if there is nothing to do.
    async fn let_go_on_back(
        &self,
        errand: &Errand,
        undo: &Undo,
    ) -> Result<Option<Acted>, EngineFailure> {
        let object = &undo.kept.object;
        let Some(kept) = undo.kept.live.as_ref() else {
            return Ok(None);
        };
        if object.kind != "Deployment" {
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
