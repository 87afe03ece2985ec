//! The clusters behind the gate allow every verb that the release needs (sop P5).

use super::Condition;
use crate::ConditionKind;
use crate::gate::items::environments;
use crate::gate::{Evidence, Look, Unit, Verdict, VerdictState};

pub(super) const CONDITION: Condition = Condition {
    kind: ConditionKind::PermissionsPresent,
    waivable: false,
    judge,
};

fn judge(look: &Look<'_>) -> Option<Verdict> {
    let answers: Vec<_> = environments(look.release, &look.stage.id)
        .map(|(_, e)| e.permissions.as_ref())
        .collect();
    let granted = answers.iter().flatten().filter(|(_, m)| m.is_empty());
    let done = granted.count();
    let count = (done, answers.len(), Unit::Environments);
    let mut verdict = Verdict::new(CONDITION.kind, look.stage, done == answers.len(), count);
    let mut missing = answers.iter().flatten().flat_map(|(_, missing)| missing);
    let missing = missing.next();
    if answers.iter().any(Option::is_none) && missing.is_none() {
        verdict.state = VerdictState::Unknown;
    }
    Some(verdict.with(missing.cloned().map(Evidence::Missing)))
}
