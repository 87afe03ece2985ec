//! The cluster was asked by a dry run whether the backup can be put back, and said yes for every object.
//! Asked when the backup is taken and once more when the gate is opened: that a rollback is refused must
//! not be found out in an incident.

use super::Condition;
use crate::gate::items::environments;
use crate::gate::{Evidence, Look, Unit, Verdict, VerdictState};
use crate::{ConditionKind, RollbackProof};

pub(super) const CONDITION: Condition = Condition {
    kind: ConditionKind::RollbackProven,
    waivable: false,
    judge,
};

fn judge(look: &Look<'_>) -> Option<Verdict> {
    let (mut done, mut total, mut met, mut asked) = (0, 0, true, true);
    let mut refused = None;
    for (id, state) in environments(look.release, &look.stage.id) {
        // What did not exist before is taken back by deleting it: nothing is there to be refused.
        let objects = look.release.plan.objects(id).count();
        let proof = look.release.rollback_proof(id);
        total += objects;
        done += proof.map_or(0, |proof| objects.saturating_sub(proof.refused.len()));
        met &= proof.is_some_and(RollbackProof::holds);
        asked &= proof.is_some() || state.backup.is_none();
        refused = refused.or(proof.and_then(|proof| proof.refused.first()));
    }
    let count = (done, total, Unit::Objects);
    let mut verdict = Verdict::new(CONDITION.kind, look.stage, met, count);
    if !asked && refused.is_none() {
        verdict.state = VerdictState::Unknown;
    }
    Some(verdict.with(refused.map(|refused| Evidence::Refused(refused.object.clone()))))
}
