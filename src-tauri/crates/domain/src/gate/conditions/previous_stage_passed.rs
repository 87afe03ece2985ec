//! Every module passed in every environment of the stage before (sop W1).

use super::Condition;
use crate::gate::items::environments;
use crate::gate::{Evidence, Look, Unit, Verdict};
use crate::{ConditionKind, ModuleStatus};

pub(super) const CONDITION: Condition = Condition {
    kind: ConditionKind::PreviousStagePassed,
    waivable: false,
    judge,
};

fn judge(look: &Look<'_>) -> Option<Verdict> {
    let before = look.before?;
    let modules = look.release.plan.modules.len() * before.environments.len();
    let passed = environments(look.release, &before.id)
        .flat_map(|(_, e)| e.modules.values())
        .filter(|m| m.status == ModuleStatus::Passed)
        .count();
    let at = look.release.rolled_out_at(&before.id);
    let count = (passed, modules, Unit::Modules);
    Some(Verdict::new(CONDITION.kind, before, at.is_some(), count).with(at.map(Evidence::At)))
}
