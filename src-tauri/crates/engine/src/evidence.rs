//! What is asked of a cluster before anything is changed: dry run, backup. Changes nothing there.

use std::sync::Arc;

use domain::{
    Backup, BackupBody, BackupObject, Command, Diff, Digest, EnvironmentId, Masked, ModuleId,
    ObjectDiff, ObjectRef, PersonId, PlannedObject, ReleaseId,
};
use futures::{StreamExt, TryStreamExt, stream};
use tokio_util::sync::CancellationToken;

use crate::handles::bounded;
use crate::live::{ChangesProgress, DiffBodies, FullDiff};
use crate::ports::{Cluster, LiveObject, Outgoing};
use crate::{Engine, EngineFailure};

impl Engine {
    /// Makes a dry run of everything the release writes in an environment. `cancel` gives it up;
    /// nothing is written down then.
    pub async fn compute_diff(
        &self,
        id: &ReleaseId,
        actor: &PersonId,
        environment: &EnvironmentId,
        cancel: CancellationToken,
    ) -> Result<Arc<FullDiff>, EngineFailure> {
        self.environment(id, environment)?;
        let show = |changes| self.show(id, environment, |live| live.changes = changes);
        let before = self.lane(id, environment).live().changes;
        show(ChangesProgress::Running);
        let made = tokio::select! {
            () = cancel.cancelled() => None,
            made = self.dry_run(id, actor, environment) => Some(made),
        };
        match made {
            Some(Ok(diff)) => {
                show(ChangesProgress::Ready(Arc::clone(&diff)));
                Ok(diff)
            }
            Some(Err(failure)) => {
                show(ChangesProgress::Failed(failure.clone()));
                Err(failure)
            }
            None => {
                show(before);
                Err(EngineFailure::Cancelled)
            }
        }
    }

    async fn dry_run(
        &self,
        id: &ReleaseId,
        actor: &PersonId,
        environment: &EnvironmentId,
    ) -> Result<Arc<FullDiff>, EngineFailure> {
        let (release, _) = self.environment(id, environment)?;
        let cluster = self.cluster(environment).await?;
        let planned = release.plan.objects(environment);
        let questions: Vec<_> = planned
            .map(|(module, planned)| self.preview(&cluster, id, &module.id, planned))
            .collect();
        let previews: Vec<(ObjectDiff, DiffBodies)> = stream::iter(questions)
            .buffered(self.limits().questions_at_once.max(1))
            .try_collect()
            .await?;
        let (objects, bodies): (Vec<_>, Vec<_>) = previews.into_iter().unzip();
        let diff = Diff::new(objects).map_err(|e| EngineFailure::Unreadable(e.to_string()))?;
        let command = Command::RecordDiff {
            environment: environment.clone(),
            diff: diff.clone(),
        };
        self.command(id, actor, command).await?;
        let at = self.now();
        Ok(Arc::new(FullDiff { at, diff, bodies }))
    }

    async fn preview(
        &self,
        cluster: &Arc<dyn Cluster>,
        id: &ReleaseId,
        module: &ModuleId,
        planned: &PlannedObject,
    ) -> Result<(ObjectDiff, DiffBodies), EngineFailure> {
        let object = &planned.object;
        let outgoing = Outgoing {
            object: object.clone(),
            body: self.body(object, &planned.body).await?,
            release: id.clone(),
            module: module.clone(),
        };
        let preview = bounded(self.limits().question, cluster.preview(&outgoing)).await?;
        let diff = ObjectDiff {
            object: object.clone(),
            module: module.clone(),
            live: preview.live.as_ref().map(|live| live.head.clone()),
            fields: preview.fields,
            conflicts: preview.conflicts,
            rejected: preview.rejected,
            adopts: preview.adopts,
            content: preview.content,
        };
        let bodies = DiffBodies {
            object: object.clone(),
            before: preview.live.map(|live| Masked::of(live.body)),
            after: preview.after.map(Masked::of),
        };
        Ok((diff, bodies))
    }

    /// Keeps every live object that the release will write, bodies first, then the event that names
    /// them. Each kept body is read again before it counts. Then the cluster is asked whether each can be
    /// put back; the backup stands whatever it says.
    pub async fn take_backup(
        &self,
        id: &ReleaseId,
        actor: &PersonId,
        environment: &EnvironmentId,
    ) -> Result<Backup, EngineFailure> {
        let (release, _) = self.environment(id, environment)?;
        let cluster = self.cluster(environment).await?;
        let planned = release.plan.objects(environment);
        let questions: Vec<_> = planned
            .map(|(_, planned)| self.back_up(&cluster, &planned.object))
            .collect();
        let objects: Vec<BackupObject> = stream::iter(questions)
            .buffered(self.limits().questions_at_once.max(1))
            .try_collect()
            .await?;
        let bytes =
            serde_json::to_vec(&objects).map_err(|e| EngineFailure::Unreadable(e.to_string()))?;
        let backup = Backup {
            at: self.now(),
            digest: Digest::of(&bytes),
            objects,
        };
        let command = Command::RecordBackup {
            environment: environment.clone(),
            backup: backup.clone(),
        };
        self.command(id, actor, command).await?;
        self.prove_rollback(id, actor, environment).await?;
        Ok(backup)
    }

    async fn back_up(
        &self,
        cluster: &Arc<dyn Cluster>,
        object: &ObjectRef,
    ) -> Result<BackupObject, EngineFailure> {
        let live = bounded(self.limits().question, cluster.read(object)).await?;
        let kept = match live {
            None => None,
            Some(live) => {
                // With who owns which field, so that a rollback can give fields back to their owners.
                let body = live.kept();
                let LiveObject { head, version, .. } = live;
                let bytes = serde_json::to_vec(&body)
                    .map_err(|_| EngineFailure::Unreadable(object.to_string()))?;
                let blob = self.keep(object, &bytes).await?;
                if self.body(object, &blob).await? != body {
                    return Err(EngineFailure::Unreadable(format!("the backup of {object}")));
                }
                Some(BackupBody {
                    head,
                    blob,
                    version,
                })
            }
        };
        Ok(BackupObject {
            object: object.clone(),
            live: kept,
        })
    }
}
