use super::{Facts, Rules};
use crate::{
    Backup, ClusterIdentity, ConditionKind, Declaration, Diff, Digest, EnvironmentId, Event,
    ItemId, ItemKind, Permission, Phase, Refusal, Release, Said, Signed, StageId, Work,
};

impl Rules<'_> {
    pub(super) fn record_identity(
        &self,
        environment: &EnvironmentId,
        found: &ClusterIdentity,
    ) -> Result<Vec<Event>, Refusal> {
        self.environment(environment)?;
        let Some(binding) = self.facts.register.bindings.get(environment) else {
            return Err(Refusal::IdentityNotVerified);
        };
        let (environment, found) = (environment.clone(), found.clone());
        Ok(vec![if binding.identity.is_kept_by(&found) {
            Event::IdentityVerified {
                environment,
                identity: found,
            }
        } else {
            Event::IdentityMismatch {
                environment,
                expected: binding.identity.clone(),
                found,
            }
        }])
    }

    pub(super) fn record_permissions(
        &self,
        environment: &EnvironmentId,
        missing: &[Permission],
    ) -> Result<Vec<Event>, Refusal> {
        self.running()?;
        self.environment(environment)?;
        Ok(vec![Event::PermissionsChecked {
            environment: environment.clone(),
            missing: missing.to_vec(),
        }])
    }

    pub(super) fn record_diff(
        &self,
        environment: &EnvironmentId,
        diff: &Diff,
    ) -> Result<Vec<Event>, Refusal> {
        self.running()?;
        if self.environment(environment)?.work != Work::Idle {
            return Err(Refusal::AlreadyRunning);
        }
        Ok(vec![Event::DiffComputed {
            environment: environment.clone(),
            diff: diff.clone(),
        }])
    }

    pub(super) fn review_diff(
        &self,
        environment: &EnvironmentId,
        digest: &Digest,
        signed: &Signed,
    ) -> Result<Vec<Event>, Refusal> {
        self.may_review(environment, digest)?;
        let stage = self.stage_of(environment)?;
        let says = Said::Review {
            environment: environment.to_string(),
            digest: digest.to_string(),
        };
        self.signed(signed, says, stage)?;
        Ok(vec![Event::DiffReviewed {
            environment: environment.clone(),
            digest: digest.clone(),
            signed: signed.clone(),
        }])
    }

    /// Everything about a review but the signature.
    fn may_review(&self, environment: &EnvironmentId, digest: &Digest) -> Result<(), Refusal> {
        self.running()?;
        self.operator()?;
        let state = self.environment(environment)?;
        let diff = state
            .diff
            .as_ref()
            .map(|(_, diff)| diff)
            .filter(|diff| &diff.digest == digest);
        let diff = diff.ok_or(Refusal::DiffNotReviewed)?;
        let undeclared = diff
            .undeclared(&self.release.plan, &self.release.declarations)
            .len();
        if undeclared > 0 {
            return Err(Refusal::UndeclaredChange {
                count: u32::try_from(undeclared).unwrap_or(u32::MAX),
            });
        }
        if diff.objects.iter().any(|object| object.rejected.is_some()) {
            return Err(Refusal::ConditionUnmet {
                condition: ConditionKind::DiffReviewed,
            });
        }
        Ok(())
    }

    pub(super) fn declare(&self, declaration: &Declaration) -> Result<Vec<Event>, Refusal> {
        self.running()?;
        self.operator()?;
        for (field, value) in [("text", &declaration.text), ("object", &declaration.object)] {
            if value.trim().is_empty() {
                return Err(Refusal::FieldInvalid {
                    field: field.to_owned(),
                });
            }
        }
        Ok(vec![Event::ChangeDeclared {
            declaration: declaration.clone(),
        }])
    }

    /// A backup counts only if it was taken before the first write: one taken later would keep
    /// what the release itself has written.
    pub(super) fn record_backup(
        &self,
        environment: &EnvironmentId,
        backup: &Backup,
    ) -> Result<Vec<Event>, Refusal> {
        self.may_back_up(environment)?;
        let has = |object| backup.objects.iter().any(|kept| &kept.object == object);
        if !self
            .release
            .plan
            .objects(environment)
            .all(|(_, planned)| has(&planned.object))
        {
            return Err(Refusal::NoBackup);
        }
        Ok(vec![Event::BackupTaken {
            environment: environment.clone(),
            backup: backup.clone(),
        }])
    }

    /// Everything about a backup but what was kept.
    fn may_back_up(&self, environment: &EnvironmentId) -> Result<(), Refusal> {
        self.running()?;
        let state = self.environment(environment)?;
        if state.work != Work::Idle {
            return Err(Refusal::AlreadyRunning);
        }
        if !state.touched.is_empty() {
            return Err(Refusal::BackupStands);
        }
        Ok(())
    }

    pub(super) fn tick(
        &self,
        stage: &StageId,
        item: &ItemId,
        passed: bool,
        note: Option<&str>,
        signed: &Signed,
    ) -> Result<Vec<Event>, Refusal> {
        self.may_tick(stage, item)?;
        let note = note.map(str::to_owned);
        let says = Said::Tick {
            item: item.to_string(),
            passed,
            note: note.clone(),
        };
        self.signed(signed, says, stage)?;
        Ok(vec![Event::ItemTicked {
            stage: stage.clone(),
            item: item.clone(),
            passed,
            note,
            signed: signed.clone(),
        }])
    }

    /// Everything about a tick but the signature.
    pub(super) fn may_tick(&self, stage: &StageId, item: &ItemId) -> Result<(), Refusal> {
        self.running()?;
        let not_here = || Refusal::NotInRelease {
            what: item.to_string(),
        };
        let state = self.release.stages.get(stage).ok_or_else(not_here)?;
        let phases = [
            Phase::Pre,
            Phase::During,
            Phase::Post,
            Phase::Day1,
            Phase::Day2,
        ];
        let item = phases
            .iter()
            .flat_map(|phase| self.release.plan.items(stage, *phase))
            .find(|candidate| &candidate.id == item)
            .ok_or_else(not_here)?;
        if item.kind != ItemKind::Manual {
            return Err(Refusal::ItemAutomatic);
        }
        if self.facts.actor != Some(self.release.plan.holder(item.role)) {
            return Err(Refusal::RoleMissing { role: item.role });
        }
        if state.ticks.get(&item.id).is_some_and(|tick| tick.passed) {
            return Err(Refusal::AlreadySigned);
        }
        match item.phase {
            Phase::Pre => Ok(()),
            Phase::During if state.opened.is_some() => Ok(()),
            Phase::During => Err(Refusal::GateClosed),
            // Nobody can have seen the result of a rollout that has not ended.
            Phase::Post | Phase::Day1 | Phase::Day2
                if self.release.rolled_out_at(stage).is_some() =>
            {
                Ok(())
            }
            Phase::Post | Phase::Day1 | Phase::Day2 => Err(Refusal::NotRunning),
        }
    }

    pub(super) fn stage_of(&self, environment: &EnvironmentId) -> Result<&StageId, Refusal> {
        let missing = || Refusal::NotInRelease {
            what: environment.to_string(),
        };
        self.release
            .plan
            .stage_of(environment)
            .map(|stage| &stage.id)
            .ok_or_else(missing)
    }
}

/// Whether the actor may review this diff now; everything but the signature is checked.
pub fn may_review(
    release: &Release,
    environment: &EnvironmentId,
    digest: &Digest,
    facts: Facts<'_>,
) -> Result<(), Refusal> {
    Rules { release, facts }.may_review(environment, digest)
}

/// Whether a backup may be taken now.
pub fn may_back_up(
    release: &Release,
    environment: &EnvironmentId,
    facts: Facts<'_>,
) -> Result<(), Refusal> {
    Rules { release, facts }.may_back_up(environment)
}
