//! When: what people do, in the order that the rules ask for.

use std::sync::Arc;
use std::time::{Duration, Instant};

use domain::{
    Declaration, EnvironmentId, EnvironmentState, ItemKind, ModuleId, ModuleStatus, ObjectRef,
    Permission, PersonId, Phase, Refusal, Release, ReleasePlan, Role, StageId, Work, gate,
};
use engine::ports::RolloutPhase;
use engine::{EngineFailure, FullDiff};
use tokio_util::sync::CancellationToken;

use super::World;

/// For anything that has to come by itself. A broken story ends then.
const PATIENCE: Duration = Duration::from_secs(120);

impl World {
    /// The release as its events make it.
    pub fn state(&self) -> Arc<Release> {
        let session = self.session.as_ref().expect("a program");
        session
            .engine()
            .release(&self.release)
            .expect("the release")
            .release
    }

    /// An environment of it.
    pub fn environment(&self, environment: &str) -> EnvironmentState {
        self.state().environments[&EnvironmentId::from(environment)].clone()
    }

    /// Why a module ended badly; empty when it did not.
    pub fn reason(&self, environment: &str, module: &str) -> String {
        let state = self.environment(environment);
        let reasons = &state.modules[&ModuleId::from(module)].reason;
        reasons.clone().unwrap_or_default().to_string()
    }

    /// Where a module stands.
    pub fn status(&self, environment: &str, module: &str) -> ModuleStatus {
        self.environment(environment).modules[&ModuleId::from(module)].status
    }

    /// What the program shows of an environment beyond the ledger.
    pub fn live(&self, environment: &str) -> engine::Live {
        let session = self.session.as_ref().expect("a program");
        session.engine().live(&self.release, &environment.into())
    }

    /// The plan of the release.
    pub fn plan(&self) -> &ReleasePlan {
        self.plan.as_ref().expect("a release")
    }

    /// The person with a role in this release.
    pub fn holder(&self, role: Role) -> PersonId {
        let plan = self.plan();
        match role {
            Role::Operator => plan.operator.clone(),
            Role::Verifier => plan.verifier.clone(),
            Role::Manager => plan.manager.clone(),
        }
    }

    /// The engine's answer to something the operator does with an environment.
    pub async fn does<T, F, R>(&self, environment: &str, what: F) -> Result<T, EngineFailure>
    where
        T: Send + 'static,
        F: FnOnce(engine::Engine, domain::ReleaseId, PersonId, EnvironmentId) -> R,
        R: Future<Output = Result<T, EngineFailure>> + Send + 'static,
    {
        let (id, environment) = (self.release.clone(), EnvironmentId::from(environment));
        let operator = self.holder(Role::Operator);
        self.on(|engine| what(engine, id, operator, environment))
            .await
    }

    /// Who the cluster is, what is missing of the permissions.
    pub async fn check(&self, environment: &str) -> Vec<Permission> {
        let answers = self
            .does(environment, |engine, id, _, environment| async move {
                engine.verify_identity(Some(&id), &environment).await?;
                engine.check_permissions(&id, &environment).await
            })
            .await
            .expect("an answer of the cluster");
        answers
            .into_iter()
            .filter(|(_, allowed)| !allowed)
            .map(|(permission, _)| permission)
            .collect()
    }

    /// The dry run.
    pub async fn diff(&self, environment: &str) -> Result<Arc<FullDiff>, EngineFailure> {
        self.does(environment, |engine, id, actor, environment| async move {
            engine
                .compute_diff(&id, &actor, &environment, CancellationToken::new())
                .await
        })
        .await
    }

    /// The operator signs for the newest diff.
    pub async fn review(&self, environment: &str) -> Result<(), EngineFailure> {
        let (_, diff) = self.environment(environment).diff.expect("a diff");
        self.does(environment, |engine, id, actor, environment| async move {
            engine
                .review_diff(&id, &actor, &environment, &diff.digest)
                .await
        })
        .await
    }

    /// Declares the one change of the example that nobody declared.
    pub async fn declare_the_timeout(&self) {
        let declaration = Declaration {
            text: "函数最长执行时间放宽到 900 秒".to_owned(),
            object: "ConfigMap/fission-router-config".to_owned(),
            path: "data.MAX_FUNC_TIMEOUT".to_owned(),
        };
        self.declare(declaration).await.expect("a declaration");
    }

    /// Declares a change.
    pub async fn declare(&self, declaration: Declaration) -> Result<(), EngineFailure> {
        let (id, operator) = (self.release.clone(), self.holder(Role::Operator));
        self.on(|engine| async move { engine.declare(&id, &operator, declaration).await })
            .await
    }

    /// Everything that an environment needs before its gate.
    pub async fn prepare(&self, environment: &str) {
        assert_eq!(
            self.check(environment).await,
            [],
            "{environment}: missing permissions"
        );
        self.diff(environment).await.expect("a diff");
        self.review(environment).await.expect("a review");
        self.does(environment, |engine, id, actor, environment| async move {
            engine.take_backup(&id, &actor, &environment).await
        })
        .await
        .expect("a backup");
    }

    /// Everybody signs what is due before the gate of a stage.
    pub async fn sign(&self, stage: &str) {
        let stage = StageId::from(stage);
        let state = self.state();
        let due: Vec<_> = gate::items_due(&state, &stage)
            .filter(|(of, item)| {
                item.kind == ItemKind::Manual
                    && gate::item_verdict(&state, of, item) == gate::ItemVerdict::Open
            })
            .map(|(of, item)| (of.clone(), item.clone()))
            .collect();
        for (of, item) in due {
            let (id, person) = (self.release.clone(), self.holder(item.role));
            let ticked = self.on(|engine| async move {
                engine.tick(&id, &person, &of, &item.id, true, None).await
            });
            ticked.await.expect("a signature");
        }
    }

    /// Everybody votes Go.
    pub async fn vote(&self, stage: &str) {
        let roles = self
            .plan()
            .stage(&StageId::from(stage))
            .expect("a stage")
            .gate
            .votes
            .clone();
        for role in roles {
            let (id, person, stage) = (
                self.release.clone(),
                self.holder(role),
                StageId::from(stage),
            );
            let voted = self.on(|engine| async move {
                engine
                    .vote(&id, &person, &stage, true, "都准备好了".to_owned())
                    .await
            });
            voted.await.expect("a vote");
        }
    }

    /// The operator opens a gate.
    pub async fn open(&self, stage: &str) -> Result<(), EngineFailure> {
        let (id, operator, stage) = (
            self.release.clone(),
            self.holder(Role::Operator),
            StageId::from(stage),
        );
        self.on(|engine| async move { engine.open_gate(&id, &operator, &stage).await })
            .await
    }

    /// A stage that is ready in every way, with its gate open; the soak before it is skipped by the
    /// clock.
    pub async fn when_stage_is_ready(&self, stage: &str) {
        let stages = &self.plan().stages;
        let at = stages
            .iter()
            .position(|s| s.id.as_str() == stage)
            .expect("a stage");
        if let Some(before) = at.checked_sub(1).and_then(|before| stages.get(before)) {
            self.clock
                .skip(Duration::from_secs(u64::from(before.soak_s) + 1));
        }
        for environment in &stages[at].environments {
            self.prepare(environment.id.as_str()).await;
        }
        self.sign(stage).await;
        self.vote(stage).await;
        self.open(stage).await.expect("an open gate");
    }

    /// Unlocks changes; in production with the cluster's name typed.
    pub async fn arm(&self, environment: &str, module: &str) -> Result<(), EngineFailure> {
        let typed = self.place(environment).0.name().to_owned();
        let module = ModuleId::from(module);
        self.does(environment, |engine, id, actor, environment| async move {
            engine.verify_identity(Some(&id), &environment).await?;
            engine
                .arm(&id, &actor, &environment, &module, Some(typed))
                .await
        })
        .await
    }

    /// Begins a rollout.
    pub async fn start_rollout(
        &self,
        environment: &str,
        module: &str,
    ) -> Result<(), EngineFailure> {
        let module = ModuleId::from(module);
        self.does(environment, |engine, id, actor, environment| async move {
            engine
                .start_rollout(&id, &actor, &environment, &module)
                .await
        })
        .await
    }

    /// Arms and begins.
    pub async fn begin(&self, environment: &str, module: &str) {
        self.arm(environment, module).await.expect("armed");
        self.start_rollout(environment, module)
            .await
            .expect("a start");
    }

    /// Rolls a module out, to its end, good or bad.
    pub async fn roll_out(&self, environment: &str, module: &str) -> ModuleStatus {
        self.begin(environment, module).await;
        self.ended(environment, module).await
    }

    /// The end of a rollout. The operator looks at what no status judges, as soon as asked.
    pub async fn ended(&self, environment: &str, module: &str) -> ModuleStatus {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let state = self.environment(environment);
            if state.work == Work::Idle && !self.is_running(environment) {
                return self.status(environment, module);
            }
            let unseen = self.unseen(environment);
            if !unseen.is_empty() {
                self.sees(environment, unseen).await;
            }
            assert!(
                Instant::now() < deadline,
                "the end of {module} in {environment} did not come: {:?}",
                self.live(environment)
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Objects of the running module that no status judges and nobody has seen.
    pub fn unseen(&self, environment: &str) -> Vec<ObjectRef> {
        let state = self.environment(environment);
        let found = self.live(environment).objects.into_iter();
        found
            .filter(|one| {
                let phase = one.rollout.as_ref().map(|reading| reading.phase);
                phase == Some(RolloutPhase::NotJudged) && state.seen(&one.workload).is_none()
            })
            .map(|one| one.workload)
            .collect()
    }

    /// The operator confirms having seen them. The rollout may come to another end meanwhile.
    async fn sees(&self, environment: &str, objects: Vec<ObjectRef>) {
        let seen = self
            .does(environment, |engine, id, actor, environment| async move {
                let note = "seen with kubectl get";
                engine
                    .confirm_seen(&id, &actor, &environment, objects, note)
                    .await
            })
            .await;
        let ended = matches!(seen, Err(EngineFailure::Refused(Refusal::NotRunning)));
        assert!(seen.is_ok() || ended, "{seen:?}");
    }

    /// Whether a task of this program works on an environment.
    pub fn is_running(&self, environment: &str) -> bool {
        self.live(environment).running.is_some()
    }

    /// Goes back, to the end.
    pub async fn go_back(&self, environment: &str) {
        self.start_way_back(environment).await.expect("a way back");
        self.way_back_ended(environment).await;
    }

    /// Begins the way back.
    pub async fn start_way_back(&self, environment: &str) -> Result<(), EngineFailure> {
        self.does(environment, |engine, id, actor, environment| async move {
            engine.way_back(&id, &actor, &environment).await
        })
        .await
    }

    /// The end of a way back, which has to be a good one.
    pub async fn way_back_ended(&self, environment: &str) {
        let over = |state: &EnvironmentState| {
            state.work == Work::Idle
                && state
                    .way_back
                    .as_ref()
                    .is_some_and(|back| back.ended_at.is_some())
        };
        self.until(environment, "the end of the way back", over)
            .await;
        let back = self.environment(environment).way_back.expect("a way back");
        assert_eq!(back.failure, None, "the way back in {environment}");
    }

    /// Waits until an environment is as it has to be.
    pub async fn until(
        &self,
        environment: &str,
        what: &str,
        met: impl Fn(&EnvironmentState) -> bool,
    ) {
        self.wait_for(what, || {
            let state = self.environment(environment);
            if met(&state) {
                return Ok(());
            }
            let live = self.live(environment);
            Err(format!(
                "{environment}: {:?}, {:?}, {:?}",
                state.work, live.waiting, live.trouble
            ))
        })
        .await;
    }

    /// Waits for a condition; it says what is so instead.
    pub async fn wait_for(&self, what: &str, met: impl Fn() -> Result<(), String>) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match met() {
                Ok(()) => return,
                Err(now) => assert!(Instant::now() < deadline, "{what} did not come: {now}"),
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Items of a phase that are still open in a stage.
    pub fn open_items(&self, stage: &str, phase: Phase) -> usize {
        let (state, stage) = (self.state(), StageId::from(stage));
        let items = state.plan.items(&stage, phase);
        items
            .filter(|item| gate::item_verdict(&state, &stage, item) == gate::ItemVerdict::Open)
            .count()
    }
}
