//! Whether a piece of evidence still counts: for a gate, and once more at the moment of acting.

use crate::{
    EnvironmentId, EnvironmentState, IdentityCheck, Instant, LiveHead, MutationOutcome,
    MutationVerb, ObjectRef, Register, Release,
};

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

impl Release {
    /// Whether the newest diff of an environment is the reviewed one, complete, and declared: what the
    /// gate asks and what the operator is asked to do next.
    pub fn is_reviewed(&self, id: &EnvironmentId) -> bool {
        let state = self.environments.get(id);
        state.is_some_and(|state| diff_is_reviewed(self, state))
    }

    /// Whether the backup of an environment has every object that the release will write there, as it is to
    /// be overwritten.
    pub fn is_backed_up(&self, id: &EnvironmentId) -> bool {
        self.environments.get(id).is_some_and(|environment| {
            let mut planned = self.plan.objects(id);
            environment.backup.is_some()
                && planned.all(|(_, planned)| environment.keeps(&planned.object))
        })
    }
}

impl EnvironmentState {
    /// Whether the backup has an object as the newest diff found it: going back must lead to exactly what
    /// is overwritten. What this release has written since needs no other.
    pub fn keeps(&self, object: &ObjectRef) -> bool {
        let mut kept = self.backup.iter().flat_map(|backup| &backup.objects);
        let Some(kept) = kept.find(|kept| &kept.object == object) else {
            return false;
        };
        let mut found = self.diff.iter().flat_map(|(_, diff)| &diff.objects);
        let Some(found) = found.find(|found| &found.object == object) else {
            return true;
        };
        let kept = kept.live.as_ref().map(|body| &body.head);
        is_same(kept, found.live.as_ref()) || self.wrote(object, found.live.as_ref())
    }

    /// Whether this release's newest word on a workload's pause is "paused".
    pub fn paused_by_us(&self, workload: &ObjectRef) -> bool {
        let mut settled = self.settled.iter().rev();
        let newest = settled.find(|settled| {
            &settled.intent.object == workload
                && matches!(
                    settled.intent.verb,
                    MutationVerb::Pause | MutationVerb::Unpause
                )
                && matches!(settled.outcome, MutationOutcome::Applied { .. })
        });
        newest.is_some_and(|settled| settled.intent.verb == MutationVerb::Pause)
    }

    /// What a person has noted of an object that no status judges; none while nobody has seen it.
    pub fn seen(&self, object: &ObjectRef) -> Option<&str> {
        let mut modules = self.modules.values();
        modules.find_map(|module| module.seen.get(object).map(String::as_str))
    }

    fn wrote(&self, object: &ObjectRef, found: Option<&LiveHead>) -> bool {
        let mut newest = self.settled.iter().rev();
        let ours = newest.find(|settled| &settled.intent.object == object);
        ours.is_some_and(|settled| match &settled.outcome {
            MutationOutcome::Applied { live: Some(live) } => is_same(Some(live), found),
            _ => false,
        })
    }
}

/// Whether two looks at an object saw the same: the cluster's own bookkeeping aside.
pub(crate) fn is_same(one: Option<&LiveHead>, other: Option<&LiveHead>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => one.uid == other.uid && one.content == other.content,
        (None, None) => true,
        (Some(_), None) | (None, Some(_)) => false,
    }
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
