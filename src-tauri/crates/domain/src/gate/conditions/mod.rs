//! The conditions that a gate may ask for, one file each.

mod backup_taken;
mod checklist_complete;
mod diff_reviewed;
mod identity_verified;
mod permissions_present;
mod previous_stage_passed;
mod rollback_proven;
mod soak_passed;

use super::{Look, Verdict};
use crate::ConditionKind;

/// One condition.
pub(super) struct Condition {
    /// Its name.
    pub(super) kind: ConditionKind,
    /// Whether a workspace may let a manager waive it.
    pub(super) waivable: bool,
    /// Judges it; none where it makes no sense.
    pub(super) judge: fn(&Look<'_>) -> Option<Verdict>,
}

/// In the order in which a gate lists them.
pub(super) const CONDITIONS: [Condition; ConditionKind::ALL.len()] = [
    previous_stage_passed::CONDITION,
    soak_passed::CONDITION,
    checklist_complete::CONDITION,
    diff_reviewed::CONDITION,
    backup_taken::CONDITION,
    rollback_proven::CONDITION,
    identity_verified::CONDITION,
    permissions_present::CONDITION,
];
