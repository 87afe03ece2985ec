//! The way back: every object that this release changed becomes what the backup says, and the old
//! version is awaited. Stops for nothing that can be done later.

use domain::{
    BackupBody, BackupObject, Command, EnvironmentId, EnvironmentState, ModuleId, MutationOutcome,
    MutationVerb, NotificationKind, ObjectRef, PersonId, Precondition, Refusal, Release, ReleaseId,
    Work,
};
use serde_json::Value;

use crate::act::{Act, Acted};
use crate::awaiting::{Awaited, Standing, is_workload};
use crate::engine::Errand;
use crate::forward::{newest_head, newest_write};
use crate::handles::bounded;
use crate::judge::Judge;
use crate::lanes::Turn;
use crate::limits::{BackOff, Patience};
use crate::live::{Doing, Running};
use crate::ports::{ClusterFailure, LiveObject, Outgoing};
use crate::workstation::same_cluster;
use crate::{Engine, EngineFailure, FailPoint};

/// One object on its way back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Undo {
    pub(crate) module: ModuleId,
    pub(crate) kept: BackupObject,
}

/// Everything to take back, in order: modules as the way back lists them (the last changed first).
/// Within a module what existed is put back before what is new is removed, and configuration
/// before the workloads that read it: a pod that starts in between must neither find the new
/// configuration nor miss one that it still refers to.
pub(crate) fn order(release: &Release, environment: &EnvironmentId) -> Vec<Undo> {
    let Some(state) = release.environments.get(environment) else {
        return Vec::new();
    };
    let (Some(backup), Some(way_back)) = (&state.backup, &state.way_back) else {
        return Vec::new();
    };
    let mut all = Vec::new();
    for module in &way_back.modules {
        let written = written_since(state, backup.at, module);
        let mut restore = Vec::new();
        let mut remove = Vec::new();
        for object in written {
            let Some(kept) = backup.objects.iter().find(|kept| &kept.object == object) else {
                continue;
            };
            let undo = Undo {
                module: module.clone(),
                kept: kept.clone(),
            };
            if kept.live.is_some() {
                restore.push(undo);
            } else {
                remove.push(undo);
            }
        }
        restore.sort_by_key(|undo| is_workload(&undo.kept.object));
        remove.reverse();
        remove.sort_by_key(|undo| !is_workload(&undo.kept.object));
        all.extend(restore);
        all.extend(remove);
    }
    all
}

/// Objects of a module that were written since the backup, in the order of their first write.
fn written_since<'a>(
    state: &'a EnvironmentState,
    backup_at: domain::Instant,
    module: &ModuleId,
) -> Vec<&'a ObjectRef> {
    let mut objects: Vec<&ObjectRef> = Vec::new();
    for settled in &state.settled {
        let applied = settled.intent.verb == MutationVerb::Apply
            && matches!(settled.outcome, MutationOutcome::Applied { .. });
        let ours = &settled.module == module && settled.intended_at >= backup_at;
        if applied && ours && !objects.contains(&&settled.intent.object) {
            objects.push(&settled.intent.object);
        }
    }
    objects
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
        self.show(id, environment, |live| live.overwritten.clear());
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
            Some(written) if !same_cluster(&written, &binding.identity) => {
                Err(ClusterFailure::AnotherCluster {
                    expected: Box::new(written),
                    found: Box::new(binding.identity.clone()),
                }
                .into())
            }
            _ => Ok(()),
        }
    }

    async fn back(&self, errand: Errand, turn: Turn) {
        if let Some(before) = &turn.before {
            // Its call under way comes to an outcome first, known or unknown.
            before.cancelled().await;
        }
        let ended = match self.take_back(&errand, &turn).await {
            Ok(failure) => self.conclude_back(&errand, failure).await,
            Err(EngineFailure::Cancelled) => Ok(()),
            Err(EngineFailure::Halted(point)) => Err(EngineFailure::Halted(point)),
            Err(EngineFailure::Ledger(failure)) => Err(EngineFailure::Ledger(failure)),
            Err(failure) => self.conclude_back(&errand, Some(failure.to_string())).await,
        };
        if let Err(failure) = ended {
            self.broke_off(&errand, failure);
        }
    }

    async fn conclude_back(
        &self,
        errand: &Errand,
        failure: Option<String>,
    ) -> Result<(), EngineFailure> {
        let (_, state) = self.environment(&errand.release, &errand.environment)?;
        let modules = state.way_back.map(|back| back.modules).unwrap_or_default();
        let kind = match failure {
            None => NotificationKind::RolledBack,
            Some(_) => NotificationKind::NeedsYou,
        };
        self.at(FailPoint::BeforeConclusion)?;
        let command = Command::ConcludeWayBack {
            environment: errand.environment.clone(),
            failure,
        };
        self.write_at_last(&errand.release, None, command).await?;
        self.at(FailPoint::AfterConclusion)?;
        self.tell(&errand.release, &errand.environment, kind, modules)
            .await;
        Ok(())
    }

    /// Takes everything back; why it did not get to a healthy end, if it did not.
    async fn take_back(
        &self,
        errand: &Errand,
        turn: &Turn,
    ) -> Result<Option<String>, EngineFailure> {
        let (id, environment) = (&errand.release, &errand.environment);
        self.until_settled(id, environment, &turn.leave).await?;
        let (release, _) = self.environment(id, environment)?;
        let undos = order(&release, environment);
        let mut failures = Vec::new();
        for undo in &undos {
            match self.undo(errand, undo, turn).await {
                Ok(()) => {}
                Err(
                    failure @ (EngineFailure::Ledger(_)
                    | EngineFailure::Halted(_)
                    | EngineFailure::Cancelled
                    | EngineFailure::OutcomeUnknown { .. }),
                ) => return Err(failure),
                // Nothing else can be reached either.
                Err(failure) if failure.is_lost_contact() => {
                    failures.push(format!("{}: {failure}", undo.kept.object.label()));
                    return Ok(Some(failures.join("; ")));
                }
                // Stop the bleeding first: the others go back all the same.
                Err(failure) => {
                    failures.push(format!("{}: {failure}", undo.kept.object.label()));
                }
            }
        }
        let workloads: Vec<ObjectRef> = undos
            .into_iter()
            .map(|undo| undo.kept)
            .filter(|kept| kept.live.is_some() && is_workload(&kept.object))
            .map(|kept| kept.object)
            .collect();
        if let Some(failure) = self.await_back(errand, &release, &workloads, turn).await? {
            failures.push(failure);
        }
        Ok((!failures.is_empty()).then(|| failures.join("; ")))
    }

    async fn await_back(
        &self,
        errand: &Errand,
        release: &Release,
        workloads: &[ObjectRef],
        turn: &Turn,
    ) -> Result<Option<String>, EngineFailure> {
        if workloads.is_empty() {
            return Ok(None);
        }
        self.show_step(errand, Doing::AwaitBack);
        let progress = u64::from(release.plan.timings.progress_deadline_s);
        let progress = std::time::Duration::from_secs(progress);
        let judge = Judge::new(std::time::Duration::ZERO, progress, self.limits());
        let standing = |release: &Release| {
            let state = release.environments.get(&errand.environment);
            match state.map(|state| &state.work) {
                Some(Work::Back) => Standing::Goes,
                _ => Standing::Gone,
            }
        };
        let awaited = self
            .await_rollout(errand, workloads, judge, &turn.leave, standing)
            .await?;
        match awaited {
            Awaited::Healthy => Ok(None),
            Awaited::Bad(reason) => Ok(Some(reason)),
            Awaited::LostContact => Ok(Some(self.lost_contact_for())),
            Awaited::Left => Err(EngineFailure::Cancelled),
        }
    }

    /// Brings one object to what the backup says, as often as it changes under our hands within
    /// bounds, and however long the cluster does not answer within bounds.
    async fn undo(&self, errand: &Errand, undo: &Undo, turn: &Turn) -> Result<(), EngineFailure> {
        let (id, environment) = (&errand.release, &errand.environment);
        let object = &undo.kept.object;
        self.show_step(
            errand,
            match undo.kept.live {
                Some(_) => Doing::Restore(object.clone()),
                None => Doing::Remove(object.clone()),
            },
        );
        let mut pause = BackOff::new(self.limits().retry_first, self.limits().retry_most);
        let mut without_contact = Patience::new(self.limits());
        let mut tries = 0;
        let mut restored = false;
        loop {
            let tried = match restored {
                false => self.undo_once(errand, undo).await,
                true => self.let_go_on_back(errand, undo).await,
            };
            let acted = match tried {
                Ok(Some(Acted::Unknown(mutation))) => {
                    self.until_settled(id, environment, &turn.leave).await?;
                    match self.settled(id, environment, &mutation)? {
                        Some(settled) => Some(settled),
                        None => continue,
                    }
                }
                Ok(acted) => acted,
                Err(EngineFailure::Refused(Refusal::OutcomePending)) => {
                    self.until_settled(id, environment, &turn.leave).await?;
                    continue;
                }
                Err(failure) if failure.is_lost_contact() => {
                    self.show_lost_contact(errand, &failure.to_string());
                    if without_contact.look(true) >= self.limits().lost_contact {
                        return Err(failure);
                    }
                    tokio::select! {
                        () = turn.leave.cancelled() => return Err(EngineFailure::Cancelled),
                        () = tokio::time::sleep(pause.next()) => {}
                    }
                    continue;
                }
                Err(failure) => return Err(failure),
            };
            match acted {
                Some(Acted::NotApplied(reason)) => {
                    tries += 1;
                    if tries >= self.limits().undo_tries {
                        let object = object.clone();
                        return Err(EngineFailure::NotApplied { object, reason });
                    }
                }
                _ if restored => return Ok(()),
                _ => restored = true,
            }
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
        let (verb, body) = match (&undo.kept.live, &live) {
            (Some(kept), Some(live)) if live.head.content == kept.head.content => return Ok(None),
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
        tracing::warn!(%object, %blob, "someone changed it after the release; the way back overwrites that");
        self.show(&errand.release, &errand.environment, |live| {
            let entry = (object.clone(), blob);
            if !live.overwritten.contains(&entry) {
                live.overwritten.push(entry);
            }
        });
        Ok(())
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
