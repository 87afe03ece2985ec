//! The newest diff of every environment is reviewed, and nothing in it is undeclared.

use super::Condition;
use crate::ConditionKind;
use crate::evidence::diff_is_reviewed;
use crate::gate::items::environments;
use crate::gate::{Evidence, Look, Unit, Verdict};

pub(super) const CONDITION: Condition = Condition {
    kind: ConditionKind::DiffReviewed,
    waivable: false,
    judge,
};

fn judge(look: &Look<'_>) -> Option<Verdict> {
    let reviewed: Vec<_> = environments(look.release, &look.stage.id)
        .filter(|(_, e)| diff_is_reviewed(look.release, e))
        .filter_map(|(_, e)| e.diff.as_ref().map(|(_, diff)| diff.digest.clone()))
        .collect();
    let total = look.stage.environments.len();
    let met = reviewed.len() == total;
    let count = (reviewed.len(), total, Unit::Environments);
    let mut verdict = Verdict::new(CONDITION.kind, look.stage, met, count);
    verdict.person = (!met).then(|| look.release.plan.operator.clone());
    Some(verdict.with(met.then_some(Evidence::Digests(reviewed))))
}
