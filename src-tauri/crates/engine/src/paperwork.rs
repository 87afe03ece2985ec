//! What people say about a release: everything but the changes of clusters.

use std::collections::BTreeMap;

use domain::{
    Command, ConditionKind, Declaration, Digest, EnvironmentId, Instant, ItemId, ModuleId,
    PersonId, Refusal, ReleaseId, ReleasePlan, Said, Signed, StageId, Statement, decide, gate,
    may_tick, may_vote, may_waive,
};

use crate::{Engine, EngineFailure};

impl Engine {
    /// Creates a release. `bodies` are the manifests by the digests that the plan names; those of
    /// Secrets are sealed by the keychain first, and the plan then names the sealed ones.
    pub async fn create(
        &self,
        actor: &PersonId,
        plan: ReleasePlan,
        bodies: BTreeMap<Digest, Vec<u8>>,
    ) -> Result<(), EngineFailure> {
        let id = plan.id.clone();
        let asking = Command::Create(Box::new(plan.clone()));
        if self.book().ask(&id, Some(actor), &asking).is_err() {
            // Refuses again, and leaves on record what has to be.
            return self.book().commit(&id, Some(actor), asking).await;
        }
        let mut plan = plan;
        for module in &mut plan.modules {
            for planned in &mut module.objects {
                let missing =
                    || EngineFailure::Unreadable(format!("no manifest of {}", planned.object));
                let bytes = bodies.get(&planned.body).ok_or_else(missing)?;
                if Digest::of(bytes) != planned.body {
                    return Err(EngineFailure::Unreadable(format!(
                        "the manifest of {} has another digest",
                        planned.object
                    )));
                }
                planned.body = self.keep(&planned.object, bytes).await?;
            }
        }
        self.command(&id, actor, Command::Create(Box::new(plan)))
            .await
    }

    /// Declares a change (sop O5).
    pub async fn declare(
        &self,
        id: &ReleaseId,
        actor: &PersonId,
        declaration: Declaration,
    ) -> Result<(), EngineFailure> {
        self.command(id, actor, Command::Declare(declaration)).await
    }

    /// Signs for having read the diff with this digest.
    pub async fn review_diff(
        &self,
        id: &ReleaseId,
        actor: &PersonId,
        environment: &EnvironmentId,
        digest: &Digest,
    ) -> Result<(), EngineFailure> {
        let (release, _) = self.environment(id, environment)?;
        let missing = || EngineFailure::NotInRelease {
            what: environment.to_string(),
        };
        let stage = release.plan.stage_of(environment).ok_or_else(missing)?;
        let says = Said::Review {
            environment: environment.to_string(),
            digest: digest.to_string(),
        };
        let signed = self.sign(id, actor, &stage.id, says).await?;
        let command = Command::ReviewDiff {
            environment: environment.clone(),
            digest: digest.clone(),
            signed,
        };
        self.command(id, actor, command).await
    }

    /// Signs a checklist item.
    pub async fn tick(
        &self,
        id: &ReleaseId,
        actor: &PersonId,
        stage: &StageId,
        item: &ItemId,
        passed: bool,
        note: Option<String>,
    ) -> Result<(), EngineFailure> {
        let release = self.release(id)?.release;
        // Asked before the key is used: nobody signs what would be refused.
        self.with_facts(actor, |facts| may_tick(&release, stage, item, facts))?;
        let says = Said::Tick {
            item: item.to_string(),
            passed,
            note: note.clone(),
        };
        let signed = self.sign(id, actor, stage, says).await?;
        let command = Command::Tick {
            stage: stage.clone(),
            item: item.clone(),
            passed,
            note,
            signed,
        };
        self.command(id, actor, command).await
    }

    /// Waives a condition of a gate.
    pub async fn waive(
        &self,
        id: &ReleaseId,
        actor: &PersonId,
        stage: &StageId,
        condition: ConditionKind,
        reason: String,
        make_up_by: Instant,
    ) -> Result<(), EngineFailure> {
        let release = self.release(id)?.release;
        self.with_facts(actor, |facts| may_waive(&release, stage, condition, facts))?;
        let says = Said::Waive {
            condition: domain::condition_name(condition),
            reason: reason.clone(),
            make_up_by,
        };
        let signed = self.sign(id, actor, stage, says).await?;
        let command = Command::Waive {
            stage: stage.clone(),
            condition,
            reason,
            make_up_by,
            signed,
        };
        self.command(id, actor, command).await
    }

    /// Asks the manager to waive a condition. Not signed: it changes nothing about the gate.
    pub async fn ask_waiver(
        &self,
        id: &ReleaseId,
        actor: &PersonId,
        stage: &StageId,
        condition: ConditionKind,
        reason: String,
    ) -> Result<(), EngineFailure> {
        let command = Command::AskWaiver {
            stage: stage.clone(),
            condition,
            reason,
        };
        self.command(id, actor, command).await
    }

    /// Votes Go or No-Go.
    pub async fn vote(
        &self,
        id: &ReleaseId,
        actor: &PersonId,
        stage: &StageId,
        go: bool,
        reason: String,
    ) -> Result<(), EngineFailure> {
        let release = self.release(id)?.release;
        self.with_facts(actor, |facts| may_vote(&release, stage, facts))?;
        let says = Said::Vote {
            go,
            reason: reason.clone(),
        };
        let signed = self.sign(id, actor, stage, says).await?;
        let command = Command::Vote {
            stage: stage.clone(),
            go,
            reason,
            signed,
        };
        self.command(id, actor, command).await
    }

    /// Opens a gate. The identities that its verdict rests on are written down with it, and the cluster is
    /// asked once more whether the backups can be put back.
    pub async fn open_gate(
        &self,
        id: &ReleaseId,
        actor: &PersonId,
        stage: &StageId,
    ) -> Result<(), EngineFailure> {
        let release = self.release(id)?.release;
        let environments = release.plan.stage(stage).map(|s| s.environments.as_slice());
        for environment in environments.unwrap_or_default() {
            self.write_down_identity(id, &environment.id).await?;
        }
        let command = Command::OpenGate {
            stage: stage.clone(),
        };
        let release = self.release(id)?.release;
        let unproven = Refusal::ConditionUnmet {
            condition: ConditionKind::RollbackProven,
        };
        match self.with_facts(actor, |facts| decide(Some(&release), &command, facts)) {
            Err(refusal) if refusal != unproven => {}
            _ => {
                for environment in environments.unwrap_or_default() {
                    self.prove_rollback(id, actor, &environment.id).await?;
                }
            }
        }
        self.command(id, actor, command).await
    }

    /// Unlocks changes for one module; `typed` is the cluster's name as the person typed it. Not with
    /// a credential that the keychain has lost.
    pub async fn arm(
        &self,
        id: &ReleaseId,
        actor: &PersonId,
        environment: &EnvironmentId,
        module: &ModuleId,
        typed: Option<String>,
    ) -> Result<(), EngineFailure> {
        self.recall(environment).await?;
        self.write_down_identity(id, environment).await?;
        let command = Command::Arm {
            environment: environment.clone(),
            module: module.clone(),
            typed_name: typed,
        };
        self.command(id, actor, command).await
    }

    /// Locks changes.
    pub async fn disarm(
        &self,
        id: &ReleaseId,
        actor: &PersonId,
        environment: &EnvironmentId,
    ) -> Result<(), EngineFailure> {
        let environment = environment.clone();
        self.command(id, actor, Command::Disarm { environment })
            .await
    }

    /// Ends the release early.
    pub async fn cancel(
        &self,
        id: &ReleaseId,
        actor: &PersonId,
        reason: String,
    ) -> Result<(), EngineFailure> {
        self.command(id, actor, Command::Cancel { reason }).await
    }

    /// Closes the release after its last stage.
    pub async fn finish(&self, id: &ReleaseId, actor: &PersonId) -> Result<(), EngineFailure> {
        self.command(id, actor, Command::Finish).await
    }

    /// Asks for help; on record (sop O4).
    pub async fn ask_help(&self, id: &ReleaseId, actor: &PersonId) -> Result<(), EngineFailure> {
        self.command(id, actor, Command::AskHelp).await
    }

    pub(crate) async fn command(
        &self,
        id: &ReleaseId,
        actor: &PersonId,
        command: Command,
    ) -> Result<(), EngineFailure> {
        if !matches!(command, Command::Create(_)) {
            self.release(id)?;
        }
        self.book().commit(id, Some(actor), command).await
    }

    /// A check of this session lets a gate open, but the ledger has to show one as well: where it
    /// has none that counts, the cluster is asked again. A check that is too old stays so, and the
    /// rules refuse.
    async fn write_down_identity(
        &self,
        id: &ReleaseId,
        environment: &EnvironmentId,
    ) -> Result<(), EngineFailure> {
        let (release, state) = self.environment(id, environment)?;
        let limit = i64::from(release.plan.timings.identity_limit_s);
        let now = self.now();
        let counts = |check: Option<&domain::IdentityCheck>| {
            check.is_some_and(|c| c.verified && (0..=limit).contains(&(now - c.at).num_seconds()))
        };
        let register = self.register();
        if !counts(state.identity.as_ref()) && counts(register.checks.get(environment)) {
            self.verify_identity(Some(id), environment).await?;
        }
        Ok(())
    }

    async fn sign(
        &self,
        id: &ReleaseId,
        actor: &PersonId,
        stage: &StageId,
        says: Said,
    ) -> Result<Signed, EngineFailure> {
        let statement = Statement::new(says, id.clone(), stage.clone(), actor.clone(), self.now());
        Ok(self.ports().vault.sign(statement).await?)
    }

    pub(crate) fn with_facts<T>(
        &self,
        actor: &PersonId,
        ask: impl FnOnce(domain::Facts<'_>) -> T,
    ) -> T {
        let register = self.register();
        ask(domain::Facts {
            now: self.now(),
            actor: Some(actor),
            register: &register,
        })
    }

    /// What still keeps a gate closed, now.
    pub fn gate(
        &self,
        id: &ReleaseId,
        stage: &StageId,
    ) -> Result<Vec<gate::Verdict>, EngineFailure> {
        let release = self.release(id)?.release;
        Ok(gate::verdicts(
            &release,
            stage,
            self.now(),
            &self.register(),
        ))
    }

    /// What would be refused if this were asked now; nothing is written. For buttons.
    pub fn may(
        &self,
        id: &ReleaseId,
        actor: Option<&PersonId>,
        command: &Command,
    ) -> Result<(), EngineFailure> {
        self.book().ask(id, actor, command).map(|_| ())
    }
}
