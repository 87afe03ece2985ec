use domain::{EnvironmentId, ModuleId, ObjectRef, ReleaseId};
use tokio::sync::mpsc;

use crate::handles::bounded;
use crate::ports::LogLine;
use crate::{Engine, EngineFailure};

impl Engine {
    /// Log lines of a module's newest pods, of all its workloads, until the receiver is dropped.
    /// Lines are as they came: hostile.
    pub async fn log_lines(
        &self,
        id: &ReleaseId,
        environment: &EnvironmentId,
        module: &ModuleId,
    ) -> Result<mpsc::Receiver<LogLine>, EngineFailure> {
        let (release, _) = self.environment(id, environment)?;
        let workloads: Vec<ObjectRef> = release
            .plan
            .objects(environment)
            .filter(|(of, planned)| &of.id == module && planned.object.is_workload())
            .map(|(_, planned)| planned.object.clone())
            .collect();
        let cluster = self.cluster(environment).await?;
        let opening = cluster.watch(&workloads);
        let watching = bounded(self.limits().question, opening).await?;
        let (lines, reader) = mpsc::channel(self.limits().log_kept);
        let tail = self.limits().log_tail;
        let sources: Vec<_> = workloads.iter().map(|w| watching.logs(w, tail)).collect();
        tokio::spawn(async move {
            let copies = sources
                .into_iter()
                .map(|source| copy(source, lines.clone()));
            tokio::select! {
                _ = futures::future::join_all(copies) => {}
                () = lines.closed() => {}
            }
            // The watch lives as long as its lines are read.
            drop(watching);
        });
        Ok(reader)
    }
}

async fn copy(mut source: mpsc::Receiver<LogLine>, lines: mpsc::Sender<LogLine>) {
    while let Some(line) = source.recv().await {
        if lines.send(line).await.is_err() {
            return;
        }
    }
}
