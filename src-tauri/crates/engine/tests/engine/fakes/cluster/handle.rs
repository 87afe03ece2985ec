//! How the engine gets to the cluster in memory, and what a watch on it shows.

use std::sync::Arc;

use async_trait::async_trait;
use domain::{ClusterIdentity, FieldConflict, MutationIntent, ObjectRef, Permission};
use engine::ports::*;
use tokio::sync::{mpsc, watch};

use super::FakeCluster;

/// The handle that the engine gets; it can be shared with the test.
pub struct Handle(pub Arc<FakeCluster>);

#[async_trait]
impl Cluster for Handle {
    async fn identity(&self) -> Result<ClusterIdentity, ClusterFailure> {
        self.0.identity().await
    }
    async fn about(&self) -> Result<About, ClusterFailure> {
        self.0.about().await
    }
    async fn needed(&self, objects: &[ObjectRef]) -> Result<Vec<Permission>, ClusterFailure> {
        self.0.needed(objects).await
    }
    async fn denied(&self, p: &[Permission]) -> Result<Vec<Permission>, ClusterFailure> {
        self.0.denied(p).await
    }
    async fn read(&self, object: &ObjectRef) -> Result<Option<LiveObject>, ClusterFailure> {
        self.0.read(object).await
    }
    async fn preview(&self, manifest: &Outgoing) -> Result<Preview, ClusterFailure> {
        self.0.preview(manifest).await
    }
    async fn send(
        &self,
        intent: &MutationIntent,
        body: Option<&Outgoing>,
        take_over: &[FieldConflict],
    ) -> Sent {
        self.0.send(intent, body, take_over).await
    }
    async fn preview_rollback(&self, back: &Rollback) -> Result<RollbackPreview, ClusterFailure> {
        self.0.preview_rollback(back).await
    }
    async fn restore(&self, intent: &MutationIntent, back: &Rollback) -> Sent {
        self.0.restore(intent, back).await
    }
    async fn read_back(&self, intent: &MutationIntent) -> Result<Sent, ClusterFailure> {
        self.0.read_back(intent).await
    }
    async fn rollout(&self, workload: &ObjectRef) -> Result<RolloutReading, ClusterFailure> {
        self.0.rollout(workload).await
    }
    async fn watch(&self, workloads: &[ObjectRef]) -> Result<Box<dyn Watching>, ClusterFailure> {
        self.0.answers()?;
        let (sender, pictures) = watch::channel(Some(Arc::new(self.0.picture(workloads))));
        let mut turned = self.0.turned.subscribe();
        let (cluster, workloads) = (Arc::clone(&self.0), workloads.to_vec());
        tokio::spawn(async move {
            loop {
                tokio::select! {
                    () = sender.closed() => return,
                    turned = turned.changed() => if turned.is_err() { return },
                }
                sender.send_replace(Some(Arc::new(cluster.picture(&workloads))));
            }
        });
        Ok(Box::new(FakeWatching(pictures)))
    }
}

struct FakeWatching(watch::Receiver<Option<Arc<Picture>>>);

impl Watching for FakeWatching {
    fn pictures(&self) -> watch::Receiver<Option<Arc<Picture>>> {
        self.0.clone()
    }

    fn logs(&self, _: &ObjectRef, _: u32) -> mpsc::Receiver<LogLine> {
        mpsc::channel(1).1
    }
}

pub struct FakeClusters(pub Arc<FakeCluster>);

#[async_trait]
impl Clusters for FakeClusters {
    async fn connect(
        &self,
        _: Context,
        _: Option<ClusterIdentity>,
        _: Vec<AllowedCommand>,
    ) -> Result<Arc<dyn Cluster>, ClusterFailure> {
        Ok(Arc::new(Handle(Arc::clone(&self.0))))
    }
}
