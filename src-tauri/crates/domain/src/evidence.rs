//! Whether a piece of evidence still counts: for a gate, and once more at the moment of acting.

use crate::{EnvironmentId, EnvironmentState, IdentityCheck, Instant, Register, Release};

/// Whether the newest diff is the reviewed one, complete, and declared.
pub(crate) fn diff_is_reviewed(release: &Release, environment: &EnvironmentState) -> bool {
    let (Some((_, diff)), Some((reviewed, _))) = (&environment.diff, &environment.review) else {
        return false;
    };
    &diff.digest == reviewed
        && diff
            .undeclared(&release.plan, &release.declarations)
            .is_empty()
        && diff.objects.iter().all(|o| o.rejected.is_none())
}

/// Whether the backup has every object that the release will write there.
pub(crate) fn backup_is_complete(
    release: &Release,
    id: &EnvironmentId,
    environment: &EnvironmentState,
) -> bool {
    environment.backup.as_ref().is_some_and(|backup| {
        release.plan.objects(id).all(|(_, planned)| {
            backup
                .objects
                .iter()
                .any(|kept| kept.object == planned.object)
        })
    })
}

/// The newest check of an identity, from the ledger or from this session.
pub(crate) fn newest_check<'a>(
    environment: &'a EnvironmentState,
    id: &EnvironmentId,
    register: &'a Register,
) -> Option<&'a IdentityCheck> {
    environment
        .identity
        .as_ref()
        .into_iter()
        .chain(register.checks.get(id))
        .max_by_key(|check| check.at)
}

/// Whether a check still says something.
pub(crate) fn is_fresh(check: &IdentityCheck, now: Instant, limit_s: u32) -> bool {
    // A check from the future means that the clock was set back: it says nothing.
    let age = (now - check.at).num_seconds();
    check.verified && (0..=i64::from(limit_s)).contains(&age)
}
