//! What a gate asks for, and whether it holds. Verdicts are computed whenever they are asked for: a
//! condition that held a minute ago may not hold now.
//!
//! A condition is one file in `conditions/` and one row of [`conditions::CONDITIONS`].

mod conditions;
mod items;

pub use items::{ItemVerdict, item_verdict, items_due};

use crate::{
    ConditionKind, Digest, Instant, ObjectRef, Permission, PersonId, Register, Release, Stage,
    StageId,
};

/// Verdict on one condition of a gate.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// What it asks for.
    pub kind: ConditionKind,
    /// Whether it holds.
    pub state: VerdictState,
    /// How many parts of it hold.
    pub done: u32,
    /// How many there are.
    pub total: u32,
    /// What `done` and `total` count.
    pub unit: Unit,
    /// The stage that it is about: the gate's own, or the one before it.
    pub about: StageId,
    /// What the verdict rests on.
    pub evidence: Option<Evidence>,
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
    /// Whether it holds is not known.
    Unknown,
    /// A manager waived it.
    Waived,
}

/// What a verdict counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Modules in the environments of the stage.
    Modules,
    /// Seconds.
    Seconds,
    /// Checklist items.
    Items,
    /// Objects that the release writes.
    Objects,
    /// Environments of the stage.
    Environments,
}

/// What a verdict rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Evidence {
    /// When it was seen to hold.
    At(Instant),
    /// Diffs or backups by their digests, one an environment.
    Digests(Vec<Digest>),
    /// The first permission that is missing.
    Missing(Permission),
    /// The first object that cannot be put back.
    Refused(ObjectRef),
}

impl Verdict {
    /// Whether the gate may open as far as this condition goes.
    pub fn lets_pass(&self) -> bool {
        matches!(self.state, VerdictState::Met | VerdictState::Waived)
    }

    fn new(kind: ConditionKind, about: &Stage, met: bool, (done, total, unit): Count) -> Verdict {
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
            unit,
            about: about.id.clone(),
            evidence: None,
            person: None,
            waivable: false,
        }
    }

    fn with(self, evidence: Option<Evidence>) -> Verdict {
        Verdict { evidence, ..self }
    }
}

/// How many parts hold, of how many, of what.
type Count = (usize, usize, Unit);

/// What a condition is judged by.
struct Look<'a> {
    release: &'a Release,
    stage: &'a Stage,
    before: Option<&'a Stage>,
    now: Instant,
    register: &'a Register,
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
    let look = Look {
        release,
        stage: rules,
        before: release.plan.stage_before(stage),
        now,
        register,
    };
    let state = release.stages.get(stage);
    let waived = |kind| state.is_some_and(|state| state.waivers.contains_key(&kind));
    conditions::CONDITIONS
        .iter()
        .filter_map(|condition| {
            let mut verdict = (condition.judge)(&look)?;
            verdict.waivable = condition.waivable && rules.gate.waivable.contains(&condition.kind);
            if waived(condition.kind) && verdict.waivable && verdict.state != VerdictState::Met {
                verdict.state = VerdictState::Waived;
            }
            Some(verdict)
        })
        .collect()
}

impl ConditionKind {
    /// Whether a workspace may allow waiving it at all. Without a backup there is no rollback, and an
    /// unverified cluster may be the wrong one: those are never waived.
    pub fn may_be_waivable(self) -> bool {
        let mut rows = conditions::CONDITIONS.iter();
        rows.any(|condition| condition.kind == self && condition.waivable)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_one_row() {
        let kinds: Vec<_> = conditions::CONDITIONS.iter().map(|row| row.kind).collect();
        assert_eq!(kinds, ConditionKind::ALL);
    }
}
