//! The engine's ports, kept by this adapter.

use std::sync::Arc;

use async_trait::async_trait;
use domain::{
    ClusterIdentity, FieldConflict, Instant, MutationIntent, MutationOutcome, MutationVerb,
    ObjectRef, Permission,
};
use engine::ports::{
    About, AllowedCommand, Cluster, ClusterFailure, Clusters, Context, LiveObject, Outgoing,
    Preview, Rollback, RollbackPreview, RolloutPhase, RolloutReading, Sent, Watching,
};

use crate::connection::Connection;
use crate::kinds::{Kind, Kinds};
use crate::limits::Limits;
use crate::{
    identity, mutate, objects, permissions, preview, read_back, rollback, rollback_preview,
    rollout, status, watch,
};

/// Connects to clusters through kube, each handle from one context and nothing else: no environment
/// variable, no file, no proxy of the system.
#[derive(Clone, Debug, Default)]
pub struct KubeClusters {
    limits: Limits,
}

impl KubeClusters {
    /// With these bounds.
    pub fn new(limits: Limits) -> Self {
        KubeClusters { limits }
    }
}

#[async_trait]
impl Clusters for KubeClusters {
    async fn connect(
        &self,
        context: Context,
        pinned: Option<ClusterIdentity>,
        allowed: Vec<AllowedCommand>,
    ) -> Result<Arc<dyn Cluster>, ClusterFailure> {
        let connection = Connection::new(context, allowed, self.limits.clone()).await?;
        identity::check(&connection, pinned.as_ref()).await?;
        Ok(Arc::new(KubeCluster {
            connection: Arc::new(connection),
            pinned,
            kinds: Kinds::default(),
        }))
    }
}

/// A handle to one cluster. It cannot be pointed at another.
struct KubeCluster {
    connection: Arc<Connection>,
    pinned: Option<ClusterIdentity>,
    kinds: Kinds,
}

impl KubeCluster {
    async fn check_identity(&self) -> Result<(), ClusterFailure> {
        identity::check(&self.connection, self.pinned.as_ref()).await
    }

    /// The kind of a mutation's object, with the identity checked. Nothing was sent until here, so that a
    /// failure is none of the mutation.
    async fn ready(&self, intent: &MutationIntent) -> Result<Kind, MutationOutcome> {
        let not_sent = |failure: ClusterFailure| mutate::not_sent(&failure, failure.to_string());
        let kind = self.kinds.of(&self.connection, &intent.object).await;
        let kind = kind.map_err(not_sent)?;
        self.check_identity().await.map_err(not_sent)?;
        Ok(kind)
    }
}

#[async_trait]
impl Cluster for KubeCluster {
    async fn identity(&self) -> Result<ClusterIdentity, ClusterFailure> {
        identity::ask(&self.connection).await
    }

    fn credential_ends(&self) -> Option<Instant> {
        self.connection.credential_ends()
    }

    fn acts_as(&self) -> Option<String> {
        let as_whom = self.connection.context().route.acts_as.as_ref();
        as_whom.map(|as_whom| crate::printable::scrub(&as_whom.user))
    }

    async fn about(&self) -> Result<About, ClusterFailure> {
        identity::about(&self.connection).await
    }

    async fn needed(&self, objects: &[ObjectRef]) -> Result<Vec<Permission>, ClusterFailure> {
        permissions::needed(&self.connection, &self.kinds, objects).await
    }

    async fn denied(&self, permissions: &[Permission]) -> Result<Vec<Permission>, ClusterFailure> {
        permissions::denied(&self.connection, permissions).await
    }

    async fn read(&self, object: &ObjectRef) -> Result<Option<LiveObject>, ClusterFailure> {
        let kind = self.kinds.of(&self.connection, object).await?;
        objects::live(&self.connection, &kind, object).await
    }

    async fn preview(&self, manifest: &Outgoing) -> Result<Preview, ClusterFailure> {
        let kind = self.kinds.of(&self.connection, &manifest.object).await?;
        preview::ask(&self.connection, &kind, manifest).await
    }

    async fn send(
        &self,
        intent: &MutationIntent,
        body: Option<&Outgoing>,
        take_over: &[FieldConflict],
    ) -> Sent {
        let body = match (intent.verb, body) {
            (MutationVerb::Restore, Some(backup)) => match rollback::of_backup(intent, backup) {
                Some(rollback) => return self.restore(intent, &rollback).await,
                None => return mutate::refused("there is no object to put back".to_owned()).into(),
            },
            (_, body) => body,
        };
        match self.ready(intent).await {
            Ok(kind) => mutate::send(&self.connection, &kind, intent, body, take_over).await,
            Err(outcome) => outcome.into(),
        }
    }

    async fn preview_rollback(
        &self,
        rollback: &Rollback,
    ) -> Result<RollbackPreview, ClusterFailure> {
        let kind = self.kinds.of(&self.connection, &rollback.object).await?;
        rollback_preview::preview(&self.connection, &kind, rollback).await
    }

    async fn restore(&self, intent: &MutationIntent, rollback: &Rollback) -> Sent {
        match self.ready(intent).await {
            Ok(kind) => rollback::restore(&self.connection, &kind, intent, rollback).await,
            Err(outcome) => outcome.into(),
        }
    }

    async fn read_back(&self, intent: &MutationIntent) -> Result<Sent, ClusterFailure> {
        self.check_identity().await?;
        let kind = self.kinds.of(&self.connection, &intent.object).await?;
        read_back::read_back(&self.connection, &kind, intent).await
    }

    async fn rollout(&self, workload: &ObjectRef) -> Result<RolloutReading, ClusterFailure> {
        let kind = self.kinds.of(&self.connection, workload).await?;
        let live = objects::raw(&self.connection, &kind, workload).await?;
        let reading = rollout::reading(workload, live.as_ref());
        // A claim does not say itself why it is not bound; its controller does, in an event.
        if workload.is_claim()
            && reading.phase == RolloutPhase::Progressing
            && objects::waits_for_first_pod(&self.connection, workload, live.as_ref()).await?
        {
            return Ok(status::waits_for_first_pod());
        }
        Ok(reading)
    }

    async fn watch(&self, workloads: &[ObjectRef]) -> Result<Box<dyn Watching>, ClusterFailure> {
        let mut found = Vec::new();
        for workload in workloads {
            found.push((
                workload.clone(),
                self.kinds.of(&self.connection, workload).await?,
            ));
        }
        Ok(Box::new(watch::Watch::begin(
            self.connection.clone(),
            found,
        )))
    }
}
