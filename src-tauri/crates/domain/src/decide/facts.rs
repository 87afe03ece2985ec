//! What may be asked of the world outside, and written down of it.

use super::Rules;
use crate::{
    ChecklistItem, FactSource, FactSubject, FactValue, Facts, HttpProbe, Instant, ItemId, ItemKind,
    Phase, Refusal, Release, StageId,
};

/// Whether an item may be probed now, and what is asked then. Anybody may: asking changes nothing.
pub fn may_probe<'a>(
    release: &'a Release,
    stage: &StageId,
    item: &ItemId,
    facts: Facts<'a>,
) -> Result<&'a HttpProbe, Refusal> {
    let rules = Rules { release, facts };
    rules.running()?;
    let (probe, since) = rules.probe(stage, item)?;
    // Nobody can have seen the result of a rollout that has not ended.
    match since {
        Some(since) if since <= facts.now => Ok(probe),
        Some(_) | None => Err(Refusal::NotRunning),
    }
}

impl<'a> Rules<'a> {
    /// The probe of an item, and since when its answer says something about the new version.
    fn probe(
        &self,
        stage: &StageId,
        item: &ItemId,
    ) -> Result<(&'a HttpProbe, Option<Instant>), Refusal> {
        let not_here = || Refusal::NotInRelease {
            what: item.to_string(),
        };
        let plan = &self.release.plan;
        plan.stage(stage).ok_or_else(not_here)?;
        let belongs = |candidate: &&ChecklistItem| {
            &candidate.id == item
                && candidate.kind == ItemKind::Http
                && candidate.phase == Phase::Post
                && (candidate.stages.is_empty() || candidate.stages.contains(stage))
        };
        let found = plan.checklist.iter().find(belongs);
        let probe = found.and_then(|item| item.probe.as_ref());
        let since = self.release.rolled_out_at(stage);
        Ok((probe.ok_or_else(not_here)?, since))
    }

    /// A fact is written down only if it can say something: about something of this release, asked when
    /// there was something to see, and not in the future.
    pub(super) fn may_record(
        &self,
        source: FactSource,
        subject: &FactSubject,
        at: Instant,
        value: &FactValue,
    ) -> Result<(), Refusal> {
        self.running()?;
        match (source, subject) {
            (FactSource::HttpProbe, FactSubject::Item { stage, item }) => {
                let (_, since) = self.probe(stage, item)?;
                if at <= self.facts.now && since.is_some_and(|since| since <= at) {
                    Ok(())
                } else {
                    Err(Refusal::NotRunning)
                }
            }
            (FactSource::RollbackDryRun, FactSubject::Environment { environment }) => {
                let state = self.environment(environment)?;
                let backup = state.backup.as_ref().ok_or(Refusal::NoBackup)?;
                match value {
                    FactValue::RollbackProof(proof)
                        if proof.backup == backup.digest
                            && backup.at <= at
                            && at <= self.facts.now =>
                    {
                        Ok(())
                    }
                    _ => Err(Refusal::NoBackup),
                }
            }
            (FactSource::HttpProbe, FactSubject::Environment { .. })
            | (FactSource::RollbackDryRun, FactSubject::Item { .. }) => {
                Err(Refusal::NotInRelease {
                    what: "fact".to_owned(),
                })
            }
        }
    }
}
