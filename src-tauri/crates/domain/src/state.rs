use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::{
    Backup, ClusterIdentity, ConditionKind, Declaration, Diff, Digest, EnvironmentId, Fact,
    FactSource, FactSubject, Instant, ItemId, KeptField, ModuleId, MutationIntent, MutationOutcome,
    ObjectRef, Permission, PersonId, Reasons, ReleasePlan, Role, Run, Signed, StageId,
};

/// A release as its events make it.
#[derive(Clone, Debug, PartialEq)]
pub struct Release {
    /// The plan it was created with.
    pub plan: ReleasePlan,
    /// When.
    pub created_at: Instant,
    /// Whether it is over, and how.
    pub status: Status,
    /// Declarations of the plan and those added since.
    pub declarations: Vec<Declaration>,
    /// Stages by identifier; every stage of the plan has an entry.
    pub stages: BTreeMap<StageId, StageState>,
    /// Environments by identifier; every environment of the plan has an entry.
    pub environments: BTreeMap<EnvironmentId, EnvironmentState>,
    /// The newest fact of each source about each subject.
    pub facts: BTreeMap<(FactSource, FactSubject), Fact>,
    /// The first of its entries that this program cannot decode. What such an entry changed is not
    /// known, so that nothing may be decided about the release any more.
    pub unreadable: Option<UnreadableEntry>,
}

/// An entry that this program cannot decode: written by a newer one, or damaged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UnreadableEntry {
    /// Which entry of the release, from 1.
    pub position: u64,
    /// What the ledger calls it (`gateOpened`).
    pub verb: String,
    /// When it was written.
    pub at: Instant,
}

/// Whether a release is over, and how.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", tag = "is")]
pub enum Status {
    /// Under way.
    Running,
    /// Every stage passed.
    Finished,
    /// Ended early.
    Cancelled {
        /// Why.
        reason: String,
    },
}

/// A stage of a release.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StageState {
    /// When its gate was opened, and by whom.
    pub opened: Option<(Instant, PersonId)>,
    /// Signed items.
    pub ticks: BTreeMap<ItemId, Tick>,
    /// Waived conditions of its gate.
    pub waivers: BTreeMap<ConditionKind, Waiver>,
    /// Conditions that the manager was asked to waive and has not waived.
    pub asked: BTreeMap<ConditionKind, WaiverRequest>,
    /// The newest vote of each role.
    pub votes: BTreeMap<Role, Vote>,
}

/// A signed item.
#[derive(Clone, Debug, PartialEq)]
pub struct Tick {
    /// Whether it holds.
    pub passed: bool,
    /// A remark.
    pub note: Option<String>,
    /// Who and when.
    pub signed: Signed,
}

/// A waived condition.
#[derive(Clone, Debug, PartialEq)]
pub struct Waiver {
    /// Why.
    pub reason: String,
    /// Until when it has to be made up for.
    pub make_up_by: Instant,
    /// Who and when.
    pub signed: Signed,
}

/// The newest request to waive a condition.
#[derive(Clone, Debug, PartialEq)]
pub struct WaiverRequest {
    /// When.
    pub at: Instant,
    /// Who asked; none from an empty seat.
    pub by: Option<PersonId>,
    /// Why.
    pub reason: String,
}

/// A vote.
#[derive(Clone, Debug, PartialEq)]
pub struct Vote {
    /// Go or No-Go.
    pub go: bool,
    /// With which words.
    pub reason: String,
    /// Who and when.
    pub signed: Signed,
}

/// An environment of a release.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EnvironmentState {
    /// The newest check of the identity.
    pub identity: Option<IdentityCheck>,
    /// The newest check of the permissions: when, and which are missing.
    pub permissions: Option<(Instant, Vec<Permission>)>,
    /// The newest diff.
    pub diff: Option<(Instant, Diff)>,
    /// The newest review.
    pub review: Option<(Digest, Signed)>,
    /// The backup that counts for going back: the newest one taken before the first write.
    pub backup: Option<Backup>,
    /// For which module changes are unlocked, and until when.
    pub armed: Option<(ModuleId, Instant)>,
    /// Modules; every module of the plan has an entry.
    pub modules: BTreeMap<ModuleId, ModuleState>,
    /// What goes on now.
    pub work: Work,
    /// The intent that has no final outcome yet.
    pub pending: Option<PendingMutation>,
    /// Every settled mutation of the environment in order.
    pub settled: Vec<SettledMutation>,
    /// Modules that a way back has to take back, in the order they were changed.
    pub touched: Vec<ModuleId>,
    /// The newest way back.
    pub way_back: Option<WayBack>,
    /// Every stretch of work that ended, in order.
    pub history: Vec<WorkSpan>,
}

/// A stretch of work that ended: a module's way forward, or a way back of several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkSpan {
    /// Whether it went back.
    pub back: bool,
    /// Modules, in the order they were worked on.
    pub modules: Vec<ModuleId>,
    /// When it began.
    pub started_at: Instant,
    /// When it ended, however.
    pub ended_at: Instant,
}

impl EnvironmentState {
    /// The stretch of work that ended at an instant.
    pub fn ended(&self, back: bool, at: Instant) -> Option<&WorkSpan> {
        let mut ended = self.history.iter().rev();
        ended.find(|span| span.back == back && span.ended_at == at)
    }
}

/// The newest check of an identity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdentityCheck {
    /// When.
    pub at: Instant,
    /// What was found.
    pub found: ClusterIdentity,
    /// Whether it is the pinned one.
    pub verified: bool,
}

/// What goes on in an environment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Work {
    /// Nothing.
    #[default]
    Idle,
    /// A module goes forward.
    Forward {
        /// Which.
        module: ModuleId,
    },
    /// The environment goes back.
    Back,
}

/// An intent without a final outcome.
#[derive(Clone, Debug, PartialEq)]
pub struct PendingMutation {
    /// When it was written down.
    pub at: Instant,
    /// The module.
    pub module: ModuleId,
    /// What was intended.
    pub intent: MutationIntent,
    /// `Unknown` once that was written down.
    pub unknown: bool,
    /// Whether it is the first to change its module since the backup.
    pub touches: bool,
}

/// A mutation with its outcome.
#[derive(Clone, Debug, PartialEq)]
pub struct SettledMutation {
    /// When it was intended.
    pub intended_at: Instant,
    /// When the outcome was written down.
    pub settled_at: Instant,
    /// The module.
    pub module: ModuleId,
    /// What was intended.
    pub intent: MutationIntent,
    /// What came of it.
    pub outcome: MutationOutcome,
    /// The blob that holds the object right after the write, where that is known.
    pub written: Option<Digest>,
    /// Whether nobody knew for a while. The request may have been on its way then, and one that was
    /// read back as not applied may still be.
    pub was_unknown: bool,
}

/// A module in an environment.
#[derive(Clone, Debug, PartialEq)]
pub struct ModuleState {
    /// Where it stands.
    pub status: ModuleStatus,
    /// The version it came from.
    pub from: Option<String>,
    /// When its rollout began.
    pub started_at: Option<Instant>,
    /// When it ended.
    pub ended_at: Option<Instant>,
    /// Why it failed or could not be told; once it has passed, what has to be known about it.
    pub reason: Option<Reasons>,
    /// The steps of its newest rollout; empty when none was begun.
    pub run: Run,
    /// Objects that no status judges and a person has seen to be in effect in this run, with the note.
    pub seen: BTreeMap<ObjectRef, String>,
}

/// Where a module stands in an environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ModuleStatus {
    /// Not begun.
    Waiting,
    /// Being changed.
    Running,
    /// Paused by the person.
    Paused,
    /// Stopped by the person.
    Stopped,
    /// Healthy on the new version.
    Passed,
    /// The change is bad.
    Failed,
    /// We could not tell.
    Errored,
    /// Going back.
    GoingBack,
    /// Back on the old version.
    TakenBack,
}

/// A way back.
#[derive(Clone, Debug, PartialEq)]
pub struct WayBack {
    /// When the button was held.
    pub started_at: Instant,
    /// When the old version was healthy again, or it was given up.
    pub ended_at: Option<Instant>,
    /// Why it was given up.
    pub failure: Option<Reasons>,
    /// Modules in the order they go back.
    pub modules: Vec<ModuleId>,
    /// What others had changed after us and it has overwritten, with the blob that keeps it.
    pub overwritten: Vec<(ObjectRef, Digest)>,
    /// Its steps.
    pub run: Run,
    /// Fields that it leaves alone, because somebody changed them after the release wrote them.
    pub kept: BTreeMap<ObjectRef, Vec<KeptField>>,
}

/// Everything of a stage that is derived.
impl Release {
    /// When every module passed in every environment of the stage; none while one has not.
    pub fn rolled_out_at(&self, stage: &StageId) -> Option<Instant> {
        let stage = self.plan.stage(stage)?;
        let mut last = None;
        for environment in &stage.environments {
            let state = self.environments.get(&environment.id)?;
            for module in &self.plan.modules {
                let module = state.modules.get(&module.id)?;
                if module.status != ModuleStatus::Passed {
                    return None;
                }
                last = last.max(module.ended_at);
            }
        }
        last
    }

    /// When the soak after the stage is over; none while something has not passed.
    pub fn soaked_at(&self, stage: &StageId) -> Option<Instant> {
        let soak = self.plan.stage(stage)?.soak_s;
        Some(self.rolled_out_at(stage)? + chrono::Duration::seconds(i64::from(soak)))
    }

    /// Whether anything of the environment was changed and not yet taken back, or is about to be: a
    /// rollout that has not written anything yet has a way back, too.
    pub fn has_way_back(&self, environment: &EnvironmentId) -> bool {
        self.environments.get(environment).is_some_and(|e| {
            let forward = matches!(e.work, Work::Forward { .. });
            (forward || !e.touched.is_empty()) && e.backup.is_some()
        })
    }

    /// Whether it is over and nothing of it goes on: a rollback after the end is work, too.
    pub fn rests(&self) -> bool {
        self.status != Status::Running
            && self
                .environments
                .values()
                .all(|e| e.work == Work::Idle && e.pending.is_none())
    }

    /// Whether something goes on in any environment.
    pub fn is_working(&self) -> bool {
        self.environments.values().any(|e| e.work != Work::Idle)
    }

    /// Environments that were ever changed.
    pub fn changed_environments(&self) -> BTreeSet<&EnvironmentId> {
        self.environments
            .iter()
            .filter(|(_, e)| !e.settled.is_empty())
            .map(|(id, _)| id)
            .collect()
    }
}
