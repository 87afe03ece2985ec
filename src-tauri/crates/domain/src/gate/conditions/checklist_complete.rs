//! The checklist items due before the gate hold.

use super::Condition;
use crate::gate::{ItemVerdict, Look, Unit, Verdict, item_verdict, items_due};
use crate::{ConditionKind, ItemKind};

pub(super) const CONDITION: Condition = Condition {
    kind: ConditionKind::ChecklistComplete,
    waivable: true,
    judge,
};

fn judge(look: &Look<'_>) -> Option<Verdict> {
    let (mut done, mut total, mut person) = (0, 0, None);
    for (stage, item) in items_due(look.release, &look.stage.id) {
        total += 1;
        if item_verdict(look.release, stage, item) == ItemVerdict::Passed {
            done += 1;
        } else if person.is_none() && item.kind == ItemKind::Manual {
            person = Some(look.release.plan.holder(item.role).clone());
        }
    }
    let count = (done, total, Unit::Items);
    Some(Verdict {
        person,
        ..Verdict::new(CONDITION.kind, look.stage, done == total, count)
    })
}
