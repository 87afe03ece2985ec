//! What a rollback would do, asked of the cluster by dry runs. Changes nothing there.

use std::sync::Arc;

use domain::{
    Backup, BackupObject, Command, EnvironmentId, EnvironmentState, FactSource, FactSubject,
    FactValue, FieldChange, KeptField, ModuleId, ObjectRef, PersonId, RefusedRollback, Release,
    ReleaseId, RollbackProof, Stays, Written, may_remove, written,
};
use futures::{StreamExt, TryStreamExt, stream};

use crate::handles::bounded;
use crate::ports::{Cluster, FoundObject, RollbackPreview};
use crate::steps::{RollbackStart, created_here};
use crate::{Engine, EngineFailure};

/// What a rollback would do to one object now.
#[derive(Clone, Debug, PartialEq)]
pub struct ObjectRollback {
    /// The object.
    pub object: ObjectRef,
    /// The module it belongs to.
    pub module: ModuleId,
    /// What would happen to it.
    pub effect: RollbackEffect,
    /// Fields that would change, masked.
    pub fields: Vec<FieldChange>,
    /// Fields that would stay, because somebody changed them after the release, masked.
    pub theirs: Vec<KeptField>,
}

/// What a rollback would do to an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RollbackEffect {
    /// Its fields go back.
    Restore,
    /// Somebody deleted it: it is created again from the backup.
    Create,
    /// The release created it: it is deleted.
    Delete,
    /// Nothing: the release has not written it, or it is as it was.
    Nothing,
    /// The release created it, and it stays.
    Stays(Stays),
    /// Somebody deleted it and created it again: it is left as it is.
    Another,
    /// The cluster refuses it; what it said, printable.
    Refused(String),
}

/// The objects of a backup with their modules, in the order in which the release writes them.
fn kept_by<'a>(
    release: &'a Release,
    environment: &'a EnvironmentId,
    backup: &'a Backup,
) -> impl Iterator<Item = (&'a ModuleId, &'a BackupObject)> {
    let planned = release.plan.objects(environment);
    planned.filter_map(|(module, planned)| {
        let mut kept = backup.objects.iter();
        let kept = kept.find(|kept| kept.object == planned.object)?;
        Some((&module.id, kept))
    })
}

impl Engine {
    /// Asks the cluster for every object of the backup whether it can be put back, and writes down what
    /// it said. Means something only before the release has written: then it is asked for exactly what
    /// the backup holds. Nothing is written down when the cluster does not answer.
    pub(crate) async fn prove_rollback(
        &self,
        id: &ReleaseId,
        actor: &PersonId,
        environment: &EnvironmentId,
    ) -> Result<(), EngineFailure> {
        let (release, state) = self.environment(id, environment)?;
        let Some(backup) = &state.backup else {
            return Err(domain::Refusal::NoBackup.into());
        };
        let at = self.now();
        let cluster = self.cluster(environment).await?;
        let questions: Vec<_> = kept_by(&release, environment, backup)
            .map(|(module, kept)| self.ask_rollback(&cluster, id, &state, module, kept))
            .collect();
        let answers: Vec<_> = stream::iter(questions)
            .buffered(self.limits().questions_at_once.max(1))
            .try_collect()
            .await?;
        let refused = answers.into_iter().filter_map(|(object, preview)| {
            let preview = preview?;
            let is_another = preview.found == FoundObject::Another;
            (is_another || preview.rejected.is_some()).then_some(RefusedRollback {
                object,
                said: preview.rejected,
            })
        });
        let proof = RollbackProof {
            backup: backup.digest.clone(),
            refused: refused.collect(),
        };
        let command = Command::RecordFact {
            source: FactSource::RollbackDryRun,
            subject: FactSubject::Environment {
                environment: environment.clone(),
            },
            at,
            // Asked again right before the gate opens.
            expires: None,
            value: FactValue::RollbackProof(proof),
        };
        self.command(id, actor, command).await
    }

    /// What a rollback of an environment would do now, one entry an object of the backup. Can be asked at
    /// any time, and nothing is written down.
    pub async fn preview_rollback(
        &self,
        id: &ReleaseId,
        environment: &EnvironmentId,
    ) -> Result<Vec<ObjectRollback>, EngineFailure> {
        let (release, state) = self.environment(id, environment)?;
        let Some(backup) = &state.backup else {
            return Err(domain::Refusal::NoBackup.into());
        };
        let cluster = self.cluster(environment).await?;
        let questions: Vec<_> = kept_by(&release, environment, backup)
            .map(|(module, kept)| self.preview_object(&cluster, id, &state, module, kept))
            .collect();
        stream::iter(questions)
            .buffered(self.limits().questions_at_once.max(1))
            .try_collect()
            .await
    }

    async fn preview_object(
        &self,
        cluster: &Arc<dyn Cluster>,
        id: &ReleaseId,
        state: &EnvironmentState,
        module: &ModuleId,
        kept: &BackupObject,
    ) -> Result<ObjectRollback, EngineFailure> {
        let object = &kept.object;
        let of = |effect, fields, theirs| ObjectRollback {
            object: object.clone(),
            module: module.clone(),
            effect,
            fields,
            theirs,
        };
        if written(state, module, object) == Written::No {
            return Ok(of(RollbackEffect::Nothing, Vec::new(), Vec::new()));
        }
        let (_, preview) = self.ask_rollback(cluster, id, state, module, kept).await?;
        let Some(preview) = preview else {
            let live = bounded(self.limits().question, cluster.read(object)).await?;
            let effect = match (live, may_remove(object, created_here())) {
                (None, _) => RollbackEffect::Nothing,
                (Some(_), Ok(())) => RollbackEffect::Delete,
                (Some(_), Err(stays)) => RollbackEffect::Stays(stays),
            };
            return Ok(of(effect, Vec::new(), Vec::new()));
        };
        let effect = match (preview.found, preview.rejected) {
            (FoundObject::Another, _) => RollbackEffect::Another,
            (_, Some(said)) => RollbackEffect::Refused(said),
            (FoundObject::Gone, None) => RollbackEffect::Create,
            (FoundObject::Same, None) if preview.fields.is_empty() => RollbackEffect::Nothing,
            (FoundObject::Same, None) => RollbackEffect::Restore,
        };
        Ok(of(effect, preview.fields, preview.theirs))
    }

    /// The dry run of one object's rollback; none for an object that did not exist before.
    async fn ask_rollback(
        &self,
        cluster: &Arc<dyn Cluster>,
        id: &ReleaseId,
        state: &EnvironmentState,
        module: &ModuleId,
        kept: &BackupObject,
    ) -> Result<(ObjectRef, Option<RollbackPreview>), EngineFailure> {
        let object = &kept.object;
        let Some(kept) = &kept.live else {
            return Ok((object.clone(), None));
        };
        let before = self.body(object, &kept.blob).await?;
        let start = RollbackStart {
            object,
            module,
            kept,
            before: &before,
        };
        let rollback = self.rollback_of(id, state, start).await?;
        let asking = cluster.preview_rollback(&rollback);
        let preview = bounded(self.limits().question, asking).await?;
        Ok((object.clone(), Some(preview)))
    }
}
