//! What a gate asks for, and whether it holds. Verdicts are computed anew whenever they are asked
//! for: a condition that held a minute ago may not hold now.

use crate::evidence::{diff_is_reviewed, is_fresh, newest_check};
use crate::{
    ChecklistItem, ConditionKind, EnvironmentId, EnvironmentState, IdentityCheck, Instant,
    ItemKind, ModuleStatus, MutationOutcome, MutationVerb, PersonId, Phase, ProbeVerdict, Register,
    Release, Stage, StageId,
};

/// Verdict on one condition of a gate.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// What it asks for.
    pub kind: ConditionKind,
    /// Whether it holds.
    pub state: VerdictState,
    /// How many parts of it hold; of the soak, how many seconds have passed.
    pub done: u32,
    /// How many there are.
    pub total: u32,
    /// Short evidence: digests, an instant, names.
    pub evidence: Option<String>,
    /// Who has to act, if a person has to.
    pub person: Option<PersonId>,
    /// Whether the stage's rules let a manager waive it.
    pub waivable: bool,
}

/// Whether a condition holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VerdictState {
    /// It holds.
    Met,
    /// It does not; someone has to act.
    Unmet,
    /// It will hold by itself at this instant.
    Waiting {
        /// When.
        until: Instant,
    },
    /// It could not be told.
    Unknown,
    /// A manager waived it.
    Waived,
}

impl Verdict {
    /// Whether the gate may open as far as this condition goes.
    pub fn lets_pass(&self) -> bool {
        matches!(self.state, VerdictState::Met | VerdictState::Waived)
    }
}

/// A checklist item with its verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ItemVerdict {
    /// Nobody signed, or the probe has nothing to look at yet.
    Open,
    /// It holds.
    Passed,
    /// It does not.
    Failed,
    /// It was asked, and no answer came that could be judged.
    Unknown,
}

/// Verdicts on all conditions of the gate before a stage, in the order they are listed. A condition
/// that makes no sense there (what came before the first stage?) is left out.
pub fn verdicts(
    release: &Release,
    stage: &StageId,
    now: Instant,
    register: &Register,
) -> Vec<Verdict> {
    let Some(rules) = release.plan.stage(stage) else {
        return Vec::new();
    };
    let before = release.plan.stage_before(stage);
    let look = Look {
        release,
        stage: rules,
        before,
        now,
        register,
    };
    ConditionKind::ALL
        .into_iter()
        .filter_map(|kind| look.verdict(kind))
        .map(|mut verdict| {
            verdict.waivable =
                verdict.kind.may_be_waivable() && rules.gate.waivable.contains(&verdict.kind);
            let waived = release
                .stages
                .get(stage)
                .is_some_and(|s| s.waivers.contains_key(&verdict.kind));
            if waived && verdict.waivable && verdict.state != VerdictState::Met {
                verdict.state = VerdictState::Waived;
            }
            verdict
        })
        .collect()
}

/// Checklist items that keep the gate before a stage closed: its own `pre` items, and what was to
/// be seen during and after the stage before it.
pub fn items_due<'a>(
    release: &'a Release,
    stage: &'a StageId,
) -> impl Iterator<Item = (&'a StageId, &'a ChecklistItem)> {
    let before = release.plan.stage_before(stage).map(|s| &s.id);
    let own = release
        .plan
        .items(stage, Phase::Pre)
        .map(move |item| (stage, item));
    let earlier = before.into_iter().flat_map(move |before| {
        [Phase::During, Phase::Post]
            .into_iter()
            .flat_map(move |phase| {
                release
                    .plan
                    .items(before, phase)
                    .map(move |item| (before, item))
            })
    });
    earlier.chain(own)
}

/// Whether a checklist item of a stage holds.
pub fn item_verdict(release: &Release, stage: &StageId, item: &ChecklistItem) -> ItemVerdict {
    let pass = |holds: bool| {
        if holds {
            ItemVerdict::Passed
        } else {
            ItemVerdict::Open
        }
    };
    match item.kind {
        ItemKind::Manual => match release
            .stages
            .get(stage)
            .and_then(|s| s.ticks.get(&item.id))
        {
            None => ItemVerdict::Open,
            Some(tick) if tick.passed => ItemVerdict::Passed,
            Some(_) => ItemVerdict::Failed,
        },
        ItemKind::RolloutsHealthy if any_module(release, stage, is_bad) => ItemVerdict::Failed,
        ItemKind::RolloutsHealthy => pass(release.rolled_out_at(stage).is_some()),
        ItemKind::ContentApplied => {
            pass(release.rolled_out_at(stage).is_some() && all_applied(release, stage))
        }
        ItemKind::Http => match (&item.probe, release.probed(stage, item)) {
            (Some(probe), Some(fact)) => match probe.judge(&fact.value) {
                ProbeVerdict::Held => ItemVerdict::Passed,
                ProbeVerdict::NotHeld => ItemVerdict::Failed,
                ProbeVerdict::NotReachable => ItemVerdict::Unknown,
            },
            (Some(_), None) | (None, _) => ItemVerdict::Open,
        },
    }
}

fn is_bad(status: ModuleStatus) -> bool {
    matches!(status, ModuleStatus::Failed | ModuleStatus::Errored)
}

fn any_module(release: &Release, stage: &StageId, is: fn(ModuleStatus) -> bool) -> bool {
    environments(release, stage).any(|(_, e)| e.modules.values().any(|m| is(m.status)))
}

fn environments<'a>(
    release: &'a Release,
    stage: &StageId,
) -> impl Iterator<Item = (&'a EnvironmentId, &'a EnvironmentState)> {
    let environments = release
        .plan
        .stage(stage)
        .map(|s| s.environments.as_slice())
        .unwrap_or_default();
    // The plan's own order, not the map's.
    let of: Vec<_> = environments.iter().map(|e| e.id.clone()).collect();
    of.into_iter()
        .filter_map(|id| release.environments.get_key_value(&id))
}

/// Whether the newest write to every object of the stage was applied.
fn all_applied(release: &Release, stage: &StageId) -> bool {
    environments(release, stage).all(|(_, environment)| {
        environment.pending.is_none()
            && environment.settled.iter().enumerate().all(|(at, settled)| {
                let later = environment.settled.get(at + 1..).unwrap_or_default();
                settled.intent.verb != MutationVerb::Apply
                    || matches!(settled.outcome, MutationOutcome::Applied { .. })
                    || later
                        .iter()
                        .any(|l| l.intent.object == settled.intent.object)
            })
    })
}

struct Look<'a> {
    release: &'a Release,
    stage: &'a Stage,
    before: Option<&'a Stage>,
    now: Instant,
    register: &'a Register,
}

impl Look<'_> {
    fn verdict(&self, kind: ConditionKind) -> Option<Verdict> {
        match kind {
            ConditionKind::PreviousStagePassed => self.previous(),
            ConditionKind::SoakPassed => self.soak(),
            ConditionKind::ChecklistComplete => Some(self.checklist()),
            ConditionKind::DiffReviewed => Some(self.diffs()),
            ConditionKind::BackupTaken => Some(self.backups()),
            ConditionKind::IdentityVerified => Some(self.identities()),
            ConditionKind::PermissionsPresent => Some(self.permissions()),
        }
    }

    fn previous(&self) -> Option<Verdict> {
        let before = self.before?;
        let modules = self.release.plan.modules.len() * before.environments.len();
        let passed = environments(self.release, &before.id)
            .flat_map(|(_, e)| e.modules.values())
            .filter(|m| m.status == ModuleStatus::Passed)
            .count();
        let at = self.release.rolled_out_at(&before.id);
        Some(
            verdict(
                ConditionKind::PreviousStagePassed,
                at.is_some(),
                passed,
                modules,
            )
            .evidence(at.map(|at| at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true))),
        )
    }

    fn soak(&self) -> Option<Verdict> {
        let before = self.before.filter(|b| b.soak_s > 0)?;
        let until = self.release.soaked_at(&before.id);
        let waited = match (self.release.rolled_out_at(&before.id), until) {
            (Some(from), Some(until)) => (self.now.min(until) - from).num_seconds().max(0),
            _ => 0,
        };
        let mut verdict = verdict(
            ConditionKind::SoakPassed,
            until.is_some_and(|until| until <= self.now),
            usize::try_from(waited).unwrap_or(0),
            before.soak_s as usize,
        );
        if let Some(until) = until.filter(|until| *until > self.now) {
            verdict.state = VerdictState::Waiting { until };
        }
        Some(verdict)
    }

    fn checklist(&self) -> Verdict {
        let mut done = 0;
        let mut total = 0;
        let mut person = None;
        for (stage, item) in items_due(self.release, &self.stage.id) {
            total += 1;
            if item_verdict(self.release, stage, item) == ItemVerdict::Passed {
                done += 1;
            } else if person.is_none() && item.kind == ItemKind::Manual {
                person = Some(self.release.plan.holder(item.role).clone());
            }
        }
        Verdict {
            person,
            ..verdict(ConditionKind::ChecklistComplete, done == total, done, total)
        }
    }

    fn diffs(&self) -> Verdict {
        let reviewed: Vec<_> = environments(self.release, &self.stage.id)
            .filter(|(_, e)| diff_is_reviewed(self.release, e))
            .filter_map(|(_, e)| e.diff.as_ref().map(|(_, diff)| short(diff.digest.as_str())))
            .collect();
        let total = self.stage.environments.len();
        let met = reviewed.len() == total;
        let mut verdict = verdict(ConditionKind::DiffReviewed, met, reviewed.len(), total);
        verdict.person = (!met).then(|| self.release.plan.operator.clone());
        verdict.evidence(Some(reviewed.join(" ")).filter(|_| met))
    }

    fn backups(&self) -> Verdict {
        let kept: Vec<_> = environments(self.release, &self.stage.id)
            .filter(|(id, _)| self.release.is_backed_up(id))
            .filter_map(|(_, e)| {
                e.backup
                    .as_ref()
                    .map(|backup| short(backup.digest.as_str()))
            })
            .collect();
        let total = self.stage.environments.len();
        let met = kept.len() == total;
        verdict(ConditionKind::BackupTaken, met, kept.len(), total)
            .evidence(Some(kept.join(" ")).filter(|_| met))
    }

    fn identities(&self) -> Verdict {
        let limit = self.release.plan.timings.identity_limit_s;
        let checks: Vec<_> = environments(self.release, &self.stage.id)
            .map(|(id, e)| newest_check(e, id, self.register))
            .collect();
        let fresh =
            |check: &&Option<&IdentityCheck>| check.is_some_and(|c| is_fresh(c, self.now, limit));
        let done = checks.iter().filter(fresh).count();
        let oldest = checks.iter().flatten().map(|c| c.at).min();
        verdict(
            ConditionKind::IdentityVerified,
            done == checks.len(),
            done,
            checks.len(),
        )
        .evidence(oldest.map(|at| at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)))
    }

    fn permissions(&self) -> Verdict {
        let answers: Vec<_> = environments(self.release, &self.stage.id)
            .map(|(_, e)| e.permissions.as_ref())
            .collect();
        let done = answers
            .iter()
            .flatten()
            .filter(|(_, missing)| missing.is_empty())
            .count();
        let mut verdict = verdict(
            ConditionKind::PermissionsPresent,
            done == answers.len(),
            done,
            answers.len(),
        );
        let missing = answers
            .iter()
            .flatten()
            .flat_map(|(_, missing)| missing)
            .next();
        if answers.iter().any(|answer| answer.is_none()) && missing.is_none() {
            verdict.state = VerdictState::Unknown;
        }
        verdict.evidence(missing.map(|m| format!("{} {}", m.verb, m.resource)))
    }
}

fn verdict(kind: ConditionKind, met: bool, done: usize, total: usize) -> Verdict {
    let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    Verdict {
        kind,
        state: if met {
            VerdictState::Met
        } else {
            VerdictState::Unmet
        },
        done: count(done),
        total: count(total),
        evidence: None,
        person: None,
        waivable: false,
    }
}

impl Verdict {
    fn evidence(self, evidence: Option<String>) -> Verdict {
        Verdict { evidence, ..self }
    }
}

/// Enough of a digest to recognise it.
fn short(digest: &str) -> String {
    let (head, tail) = (
        digest.get(..4).unwrap_or_default(),
        digest.get(60..).unwrap_or_default(),
    );
    format!("{head}…{tail}")
}
