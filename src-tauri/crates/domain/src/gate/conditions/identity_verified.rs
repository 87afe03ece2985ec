//! Every cluster behind the gate has answered as the pinned one, not too long ago.

use super::Condition;
use crate::evidence::{is_fresh, newest_check};
use crate::gate::items::environments;
use crate::gate::{Evidence, Look, Unit, Verdict};
use crate::{ConditionKind, IdentityCheck};

pub(super) const CONDITION: Condition = Condition {
    kind: ConditionKind::IdentityVerified,
    waivable: false,
    judge,
};

fn judge(look: &Look<'_>) -> Option<Verdict> {
    let limit = look.release.plan.timings.identity_limit_s;
    let checks: Vec<_> = environments(look.release, &look.stage.id)
        .map(|(id, e)| newest_check(e, id, look.register))
        .collect();
    let fresh =
        |check: &&Option<&IdentityCheck>| check.is_some_and(|c| is_fresh(c, look.now, limit));
    let done = checks.iter().filter(fresh).count();
    let oldest = checks.iter().flatten().map(|c| c.at).min();
    let count = (done, checks.len(), Unit::Environments);
    let verdict = Verdict::new(CONDITION.kind, look.stage, done == checks.len(), count);
    Some(verdict.with(oldest.map(Evidence::At)))
}
