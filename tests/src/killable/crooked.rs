//! A cluster adapter that does wrong on purpose, so that the checks can be seen to see it.

use std::sync::Arc;

use async_trait::async_trait;
use cluster::KubeClusters;
use domain::{
    ClusterIdentity, FieldConflict, MutationIntent, MutationOutcome, NotAppliedCause, ObjectRef,
    Permission, Precondition,
};
use engine::ports::{
    About, AllowedCommand, Cluster, ClusterFailure, Clusters, Context, LiveObject, Outgoing,
    Preview, Rollback, RollbackPreview, RolloutReading, Sent, Watching,
};

use super::Sabotage;

/// The real adapter, bent.
pub(super) struct CrookedClusters {
    pub(super) inner: KubeClusters,
    pub(super) sabotage: Sabotage,
}

#[async_trait]
impl Clusters for CrookedClusters {
    async fn connect(
        &self,
        context: Context,
        pinned: Option<ClusterIdentity>,
        allowed: Vec<AllowedCommand>,
    ) -> Result<Arc<dyn Cluster>, ClusterFailure> {
        let inner = self.inner.connect(context, pinned, allowed).await?;
        Ok(Arc::new(Crooked {
            inner,
            sabotage: self.sabotage,
        }))
    }
}

struct Crooked {
    inner: Arc<dyn Cluster>,
    sabotage: Sabotage,
}

#[async_trait]
impl Cluster for Crooked {
    async fn send(
        &self,
        intent: &MutationIntent,
        body: Option<&Outgoing>,
        take_over: &[FieldConflict],
    ) -> Sent {
        let sent = self.inner.send(intent, body, take_over).await;
        if self.sabotage == Sabotage::SendsTwice
            && let Ok(Some(live)) = self.inner.read(&intent.object).await
        {
            // With the precondition of a program that has none.
            let again = MutationIntent {
                precondition: Precondition::Unchanged(live.head),
                ..intent.clone()
            };
            return self.inner.send(&again, body, take_over).await;
        }
        sent
    }

    async fn restore(&self, intent: &MutationIntent, rollback: &Rollback) -> Sent {
        let sent = self.inner.restore(intent, rollback).await;
        if self.sabotage == Sabotage::SendsTwice
            && let Ok(Some(live)) = self.inner.read(&intent.object).await
        {
            let again = MutationIntent {
                precondition: Precondition::Unchanged(live.head),
                ..intent.clone()
            };
            return self.inner.restore(&again, rollback).await;
        }
        sent
    }

    async fn preview_rollback(
        &self,
        rollback: &Rollback,
    ) -> Result<RollbackPreview, ClusterFailure> {
        self.inner.preview_rollback(rollback).await
    }

    async fn read_back(&self, intent: &MutationIntent) -> Result<Sent, ClusterFailure> {
        let sent = self.inner.read_back(intent).await?;
        match sent.outcome {
            MutationOutcome::Applied { .. } if self.sabotage == Sabotage::Misreads => {
                let misread = MutationOutcome::NotApplied {
                    cause: NotAppliedCause::Unheard,
                    reason: "misread".to_owned(),
                };
                Ok(misread.into())
            }
            _ => Ok(sent),
        }
    }

    async fn read(&self, object: &ObjectRef) -> Result<Option<LiveObject>, ClusterFailure> {
        let mut live = self.inner.read(object).await?;
        // It never looks like what is wanted, so that it is written once more.
        if self.sabotage == Sabotage::WritesAgain
            && let Some(live) = &mut live
        {
            live.head.content = domain::Digest::of(live.head.resource_version.as_bytes());
        }
        Ok(live)
    }

    async fn identity(&self) -> Result<ClusterIdentity, ClusterFailure> {
        self.inner.identity().await
    }

    async fn about(&self) -> Result<About, ClusterFailure> {
        self.inner.about().await
    }

    async fn needed(&self, objects: &[ObjectRef]) -> Result<Vec<Permission>, ClusterFailure> {
        self.inner.needed(objects).await
    }

    async fn denied(&self, permissions: &[Permission]) -> Result<Vec<Permission>, ClusterFailure> {
        self.inner.denied(permissions).await
    }

    async fn preview(&self, manifest: &Outgoing) -> Result<Preview, ClusterFailure> {
        self.inner.preview(manifest).await
    }

    async fn rollout(&self, workload: &ObjectRef) -> Result<RolloutReading, ClusterFailure> {
        self.inner.rollout(workload).await
    }

    async fn watch(&self, workloads: &[ObjectRef]) -> Result<Box<dyn Watching>, ClusterFailure> {
        self.inner.watch(workloads).await
    }
}
