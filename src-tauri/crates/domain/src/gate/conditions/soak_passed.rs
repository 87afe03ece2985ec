//! The time after the stage before is over. Counted in seconds.

use super::Condition;
use crate::ConditionKind;
use crate::gate::{Look, Unit, Verdict, VerdictState};

pub(super) const CONDITION: Condition = Condition {
    kind: ConditionKind::SoakPassed,
    waivable: true,
    judge,
};

fn judge(look: &Look<'_>) -> Option<Verdict> {
    let before = look.before.filter(|before| before.soak_s > 0)?;
    let until = look.release.soaked_at(&before.id);
    let waited = match (look.release.rolled_out_at(&before.id), until) {
        (Some(from), Some(until)) => (look.now.min(until) - from).num_seconds().max(0),
        _ => 0,
    };
    let waited = usize::try_from(waited).unwrap_or(0);
    let met = until.is_some_and(|until| until <= look.now);
    let count = (waited, before.soak_s as usize, Unit::Seconds);
    let mut verdict = Verdict::new(CONDITION.kind, before, met, count);
    if let Some(until) = until.filter(|until| *until > look.now) {
        verdict.state = VerdictState::Waiting { until };
    }
    Some(verdict)
}
