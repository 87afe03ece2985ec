//! What the ledger says that this release has written, object by object.

use domain::{
    Digest, EnvironmentState, FieldAuthor, MutationOutcome, MutationVerb, ObjectDiff, ObjectRef,
    SettledMutation,
};

/// What the newest diff says of an object.
pub(crate) fn diff_of<'a>(
    state: &'a EnvironmentState,
    object: &ObjectRef,
) -> Option<&'a ObjectDiff> {
    let (_, diff) = state.diff.as_ref()?;
    diff.objects.iter().find(|diff| &diff.object == object)
}

/// Whether the reviewed diff finds nothing to write. Conflicts count: taking a field over changes
/// who owns it.
pub(crate) fn is_unchanged(diff: &ObjectDiff) -> bool {
    let written = |field: &domain::FieldChange| field.author == FieldAuthor::Manifest;
    diff.live.is_some() && diff.conflicts.is_empty() && !diff.fields.iter().any(written)
}

/// The newest settled mutation that gave an object its content.
pub(crate) fn newest_write<'a>(
    state: &'a EnvironmentState,
    object: &ObjectRef,
) -> Option<&'a SettledMutation> {
    let writes = [
        MutationVerb::Apply,
        MutationVerb::Restore,
        MutationVerb::Remove,
    ];
    state.settled.iter().rev().find(|settled| {
        &settled.intent.object == object
            && writes.contains(&settled.intent.verb)
            && matches!(settled.outcome, MutationOutcome::Applied { .. })
    })
}

/// The head that an object has if this release wrote the planned body and nobody touched it since.
pub(crate) fn written_before<'a>(
    state: &'a EnvironmentState,
    object: &ObjectRef,
    body: &Digest,
) -> Option<&'a domain::LiveHead> {
    let write = newest_write(state, object)?;
    let ours = write.intent.verb == MutationVerb::Apply && write.intent.body.as_ref() == Some(body);
    ours.then(|| newest_head(state, object)).flatten()
}

/// The head after the newest applied mutation of any kind.
pub(crate) fn newest_head<'a>(
    state: &'a EnvironmentState,
    object: &ObjectRef,
) -> Option<&'a domain::LiveHead> {
    let mut settled = state.settled.iter().rev();
    settled.find_map(|settled| match &settled.outcome {
        MutationOutcome::Applied { live } if &settled.intent.object == object => live.as_ref(),
        _ => None,
    })
}

/// Whether this release's newest word on a workload's pause is "paused".
pub(crate) fn paused_by_us(state: &EnvironmentState, workload: &ObjectRef) -> bool {
    state.paused_by_us(workload)
}
