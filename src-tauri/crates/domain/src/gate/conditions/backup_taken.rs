//! Every object that the release writes is kept as it is to be overwritten (sop C5).

use super::Condition;
use crate::ConditionKind;
use crate::gate::items::environments;
use crate::gate::{Evidence, Look, Unit, Verdict};

pub(super) const CONDITION: Condition = Condition {
    kind: ConditionKind::BackupTaken,
    waivable: false,
    judge,
};

fn judge(look: &Look<'_>) -> Option<Verdict> {
    let (mut done, mut total, mut met) = (0, 0, true);
    let mut digests = Vec::new();
    for (id, state) in environments(look.release, &look.stage.id) {
        for (_, planned) in look.release.plan.objects(id) {
            total += 1;
            done += usize::from(state.keeps(&planned.object));
        }
        met &= look.release.is_backed_up(id);
        digests.extend(state.backup.as_ref().map(|backup| backup.digest.clone()));
    }
    let count = (done, total, Unit::Objects);
    let verdict = Verdict::new(CONDITION.kind, look.stage, met, count);
    Some(verdict.with(met.then_some(Evidence::Digests(digests))))
}
