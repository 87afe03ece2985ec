//! A story under way: the program on one cluster, and what its people do.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use acceptance::wire::{Proxy, Webhook};
use acceptance::world::{Caller, ENVIRONMENT, Given, MODULE, Site, World};
use domain::{
    Declaration, ModuleStatus, MutationOutcome, MutationVerb, NotificationKind, ObjectRef,
    SettledMutation,
};
use engine::{FailPoint, Waiting};

use controlplane::Heard;

use crate::ground::Ground;

pub const STAGE: &str = "bj-offline";
pub const CONFIG: &str = "fission-executor-config";

/// How requests for the story's Deployment end.
pub const DEPLOYMENT: &str = "/deployments/fission-executor";

pub struct Story {
    pub world: World,
    pub ground: Arc<Ground>,
    /// Kept as long as the program needs it.
    pub proxy: Option<Proxy>,
    /// Whether a request was carried out after the ledger had called it lost.
    pub late: bool,
}

impl Story {
    /// The program, bound to the cluster, with a release and nothing done for it yet.
    pub async fn with_a_release(ground: &Arc<Ground>, given: Given) -> Option<Story> {
        let mut world = given.shared(vec![ground.site.clone()]).await?;
        world.given_release().await;
        // What a story edits in the manifests is not what it is about.
        let declaration = Declaration {
            text: "就绪探针等待".to_owned(),
            object: "*".to_owned(),
            path: String::new(),
        };
        world.declare(declaration).await.unwrap();
        let story = Story {
            world,
            ground: ground.clone(),
            proxy: None,
            late: false,
        };
        story.then_it_is_as_before().await;
        Some(story)
    }

    /// The same with everything prepared and the gate open.
    pub async fn at_the_gate(ground: &Arc<Ground>, given: Given) -> Option<Story> {
        let story = Story::with_a_release(ground, given).await?;
        story.world.when_stage_is_ready(STAGE).await;
        Some(story)
    }

    pub fn site(&self) -> &Arc<Site> {
        &self.ground.site
    }

    pub fn plane(&self) -> &controlplane::ControlPlane {
        self.ground.site.control_plane()
    }

    /// Does something at the `nth` time (from 1) that a point is passed. A program has one hook.
    pub async fn at(&self, point: FailPoint, nth: u32, what: impl Fn() + Send + Sync + 'static) {
        let seen = AtomicU32::new(0);
        let hook = move |passed| {
            if passed == point && seen.fetch_add(1, Ordering::SeqCst) + 1 == nth {
                what();
            }
            false
        };
        self.world
            .on(|engine| async move { engine.set_fail_hook(Arc::new(hook)) })
            .await;
    }

    pub async fn begin(&self) {
        self.world.begin(ENVIRONMENT, MODULE).await;
    }

    pub async fn ended(&self) -> ModuleStatus {
        self.world.ended(ENVIRONMENT, MODULE).await
    }

    pub async fn roll_out(&self) -> ModuleStatus {
        self.begin().await;
        self.ended().await
    }

    /// Waits until the Deployment is written.
    pub async fn deployment_is_written(&self) {
        self.world
            .until(ENVIRONMENT, "the Deployment's write", |state| {
                state.settled.iter().any(|settled| {
                    settled.intent.object.kind == "Deployment"
                        && settled.intent.verb == MutationVerb::Apply
                        && matches!(settled.outcome, MutationOutcome::Applied { .. })
                })
            })
            .await;
    }

    /// Waits until the operator is shown that the cluster does not answer; what is said about it.
    pub async fn waits_for_contact(&self) -> String {
        self.waits_for("a wait for contact", |waiting| match waiting {
            Some(Waiting::Contact { failure, .. }) => Ok(failure.to_string()),
            other => Err(format!("{other:?}")),
        })
        .await
    }

    async fn waits_for<T>(
        &self,
        what: &str,
        met: impl Fn(&Option<Waiting>) -> Result<T, String>,
    ) -> T {
        let look = || met(&self.world.live(ENVIRONMENT).waiting);
        self.world.wait_for(what, || look().map(|_| ())).await;
        look().unwrap_or_else(|now| panic!("{what} was there for a moment only: {now}"))
    }

    /// Waits until the operator is shown these words while the work waits.
    pub async fn says_while_waiting(&self, words: &str) {
        let what = format!("{words:?} on the screen");
        self.waits_for(&what, |waiting| match waiting {
            Some(Waiting::Contact { failure, .. }) if failure.to_string().contains(words) => Ok(()),
            other => Err(format!("{other:?}")),
        })
        .await;
    }

    /// Waits until the desktop was told.
    pub async fn is_told(&self, kind: NotificationKind) {
        self.world
            .wait_for("a notice", || {
                let kinds = self.world.notices.kinds();
                let told = kinds.contains(&kind);
                told.then_some(()).ok_or_else(|| format!("{kinds:?}"))
            })
            .await;
    }

    pub async fn is_told_that_it_is_needed(&self) {
        self.is_told(NotificationKind::NeedsYou).await;
    }

    /// Waits until it is on record that nobody knows what came of a write.
    pub async fn outcome_is_unknown(&self) {
        self.world
            .until(ENVIRONMENT, "an unknown outcome", |state| {
                state
                    .pending
                    .as_ref()
                    .is_some_and(|pending| pending.unknown)
            })
            .await;
    }

    /// Waits until the API server says that it has carried out a write after all.
    pub async fn carried_out_late(&self, resource: &str) {
        self.world
            .wait_for("a late request", || {
                let heard = self.heard_of(resource);
                let done = heard.iter().any(Heard::is_carried_out);
                done.then_some(()).ok_or_else(|| format!("{heard:?}"))
            })
            .await;
    }

    /// Waits until a webhook that was just configured is asked.
    pub async fn webhook_is_asked(&self, webhook: &Webhook) {
        while webhook.asked().is_empty() {
            let touch = [
                "annotate",
                "deployment",
                MODULE,
                "is-asked=",
                "--dry-run=server",
            ];
            self.kubectl(&touch).await;
        }
    }

    /// Waits until a quota is in force.
    pub async fn quota_is_counted(&self, name: &str) {
        while self.object("quota", name).await["status"]["hard"].is_null() {}
    }

    /// Nobody acts on Deployments any more: a rollout stays where it is.
    pub fn hold_the_rollout(&self) {
        self.plane().kill_controller_manager().unwrap();
    }

    pub fn let_the_rollout_go_on(&self) {
        self.plane().start_controller_manager().unwrap();
    }

    /// Why the module ended as it did.
    pub fn reason(&self) -> String {
        self.world.reason(ENVIRONMENT, MODULE)
    }

    /// Outcomes of the writes of a kind, in order, as the ledger has them.
    pub fn outcomes(&self, kind: &str) -> Vec<MutationOutcome> {
        let of_kind = |settled: &&SettledMutation| settled.intent.object.kind == kind;
        let settled = self.world.environment(ENVIRONMENT).settled;
        settled
            .iter()
            .filter(of_kind)
            .map(|settled| settled.outcome.clone())
            .collect()
    }

    /// What kubectl says as an administrator in the story's namespace.
    pub async fn kubectl(&self, arguments: &[&str]) -> String {
        let mut all = vec!["--namespace", self.ground.namespace.as_str()];
        all.extend(arguments);
        let output = self.site().kubectl(Caller::Admin, &all, "").await;
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "kubectl {arguments:?}: {said}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Goes back, and looks at the cluster: everything is as it was before.
    pub async fn goes_back(&self) {
        self.world.go_back(ENVIRONMENT).await;
        self.then_it_is_as_before().await;
    }

    /// Ends the story: what was asked of the API server is counted once more, and the ledger is read
    /// from end to end.
    pub async fn ends(self) {
        self.then_nothing_was_done_twice().await;
        self.world.then_the_ledger_holds().await;
        self.world.end().await;
    }
}

/// Whether a write's outcome says that it was applied.
pub fn is_applied(outcome: &MutationOutcome) -> bool {
    matches!(outcome, MutationOutcome::Applied { .. })
}

/// The plural of an object's kind.
pub fn plural(object: &ObjectRef) -> String {
    format!("{}s", object.kind.to_lowercase())
}
