//! Checklist items that an address answers (sop G3).

use domain::{
    Command, FactSource, FactSubject, FactValue, ItemId, PersonId, ProbeTrouble, ReleaseId,
    StageId, may_probe,
};

use crate::{Engine, EngineFailure};

impl Engine {
    /// Asks what an item asks, and writes down what came, whatever it is. Refused before the stage is
    /// rolled out: an answer of the old version would say nothing.
    pub async fn probe_item(
        &self,
        id: &ReleaseId,
        actor: &PersonId,
        stage: &StageId,
        item: &ItemId,
    ) -> Result<(), EngineFailure> {
        let release = self.release(id)?.release;
        let may = |facts: domain::Facts<'_>| may_probe(&release, stage, item, facts).cloned();
        let probe = self.with_facts(actor, may)?;
        // When it was asked, not when it was answered: what is rolled out or taken back meanwhile makes
        // the answer one about the past.
        let at = self.now();
        let bound = self.limits().probe;
        let asked = tokio::time::timeout(bound, self.ports().probe.http(&probe));
        let value = asked.await.unwrap_or_else(|_| FactValue::HttpSilence {
            trouble: ProbeTrouble::Late,
            said: format!("{} s", bound.as_secs()),
        });
        let subject = FactSubject::Item {
            stage: stage.clone(),
            item: item.clone(),
        };
        let command = Command::RecordFact {
            source: FactSource::HttpProbe,
            subject,
            at,
            // A rollout or rollback of the stage outdates it, time does not: it is signed for like any
            // other item, once after the rollout.
            expires: None,
            value,
        };
        self.command(id, actor, command).await
    }
}
