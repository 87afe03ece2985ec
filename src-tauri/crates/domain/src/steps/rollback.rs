//! How a rollback takes back what the steps of a release have done.

use super::{Action, Step, numbered};
use crate::{
    Backup, BackupObject, EnvironmentState, ModuleId, MutationIntent, MutationOutcome,
    MutationVerb, ObjectRef,
};

/// Whether this release has written an object since its backup, as far as the ledger knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Written {
    /// Nothing was sent, or it is certain that nothing arrived.
    No,
    /// A request for it got lost, or has no outcome yet: it may be carried out at any time.
    Maybe,
    /// The cluster has it.
    Yes,
}

/// The steps that take back what was written in these modules since the backup. Modules go back in the order
/// given (the last changed first). Within a module what existed is put back before what is new is removed, and
/// configuration before the workloads that read it: a pod that starts in between must neither find the new
/// configuration nor miss one that it still refers to.
pub fn rollback(state: &EnvironmentState, modules: &[ModuleId]) -> Vec<Step> {
    let Some(backup) = &state.backup else {
        return Vec::new();
    };
    let mut actions = Vec::new();
    let mut healthy = Vec::new();
    for module in modules {
        let mut restore = Vec::new();
        let mut remove = Vec::new();
        for object in attempted(state, backup, module) {
            match kept(backup, object) {
                Some(kept) if kept.live.is_some() => restore.push(object.clone()),
                Some(_) => remove.push(object.clone()),
                None => {}
            }
        }
        restore.sort_by_key(ObjectRef::is_workload);
        remove.reverse();
        remove.sort_by_key(|object| !object.is_workload());
        healthy.extend(restore.iter().cloned());
        let restore = restore.into_iter().map(|object| Action::Restore { object });
        let remove = remove.into_iter().map(|object| Action::Remove { object });
        actions.extend(restore.chain(remove).map(|action| (module.clone(), action)));
    }
    // The wait is for all modules at once; it is the last one's.
    if let Some(module) = modules.last() {
        let objects = healthy;
        actions.push((module.clone(), Action::AwaitRestored { objects }));
    }
    numbered(actions)
}

/// Whether a module's object was written since the backup.
pub fn written(state: &EnvironmentState, module: &ModuleId, object: &ObjectRef) -> Written {
    let Some(backup) = &state.backup else {
        return Written::No;
    };
    let of_object =
        |intent: &MutationIntent| intent.verb == MutationVerb::Apply && &intent.object == object;
    let settled = state.settled.iter().filter(|settled| {
        &settled.module == module && settled.intended_at >= backup.at && of_object(&settled.intent)
    });
    let settled = settled.map(|settled| match settled.outcome {
        MutationOutcome::Applied { .. } => Written::Yes,
        _ if settled.was_unknown => Written::Maybe,
        _ => Written::No,
    });
    let pending = state.pending.iter();
    let pending = pending.filter(|pending| &pending.module == module && of_object(&pending.intent));
    let pending = pending.map(|_| Written::Maybe);
    settled.chain(pending).max().unwrap_or(Written::No)
}

/// Objects of a module that were written since the backup, or may have been, in the order of the first try.
fn attempted<'a>(
    state: &'a EnvironmentState,
    backup: &Backup,
    module: &ModuleId,
) -> Vec<&'a ObjectRef> {
    let settled = state.settled.iter();
    let settled =
        settled.filter(|settled| &settled.module == module && settled.intended_at >= backup.at);
    let pending = state
        .pending
        .iter()
        .filter(|pending| &pending.module == module);
    let intents = settled
        .map(|settled| &settled.intent)
        .chain(pending.map(|pending| &pending.intent));
    let mut objects = Vec::new();
    for intent in intents.filter(|intent| intent.verb == MutationVerb::Apply) {
        let object = &intent.object;
        if !objects.contains(&object) && written(state, module, object) != Written::No {
            objects.push(object);
        }
    }
    objects
}

fn kept<'a>(backup: &'a Backup, object: &ObjectRef) -> Option<&'a BackupObject> {
    backup.objects.iter().find(|kept| &kept.object == object)
}
