//! What a way back has to undo, in which order.

use domain::{
    BackupObject, EnvironmentId, EnvironmentState, ModuleId, MutationOutcome, MutationVerb,
    ObjectRef, Release,
};

use crate::awaiting::is_workload;

/// One object on its way back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Undo {
    pub(crate) module: ModuleId,
    pub(crate) kept: BackupObject,
}

/// Everything to take back, in order: modules as the way back lists them (the last changed first).
/// Within a module what existed is put back before what is new is removed, and configuration
/// before the workloads that read it: a pod that starts in between must neither find the new
/// configuration nor miss one that it still refers to.
pub(crate) fn order(release: &Release, environment: &EnvironmentId) -> Vec<Undo> {
    let Some(state) = release.environments.get(environment) else {
        return Vec::new();
    };
    let (Some(backup), Some(way_back)) = (&state.backup, &state.way_back) else {
        return Vec::new();
    };
    let mut all = Vec::new();
    for module in &way_back.modules {
        let written = written_since(state, backup.at, module);
        let mut restore = Vec::new();
        let mut remove = Vec::new();
        for object in written {
            let Some(kept) = backup.objects.iter().find(|kept| &kept.object == object) else {
                continue;
            };
            let undo = Undo {
                module: module.clone(),
                kept: kept.clone(),
            };
            if kept.live.is_some() {
                restore.push(undo);
            } else {
                remove.push(undo);
            }
        }
        restore.sort_by_key(|undo| is_workload(&undo.kept.object));
        remove.reverse();
        remove.sort_by_key(|undo| !is_workload(&undo.kept.object));
        all.extend(restore);
        all.extend(remove);
    }
    all
}

/// Objects of a module that were written since the backup, in the order of their first write.
fn written_since<'a>(
    state: &'a EnvironmentState,
    backup_at: domain::Instant,
    module: &ModuleId,
) -> Vec<&'a ObjectRef> {
    let mut objects: Vec<&ObjectRef> = Vec::new();
    for settled in &state.settled {
        let applied = settled.intent.verb == MutationVerb::Apply
            && matches!(settled.outcome, MutationOutcome::Applied { .. });
        let ours = &settled.module == module && settled.intended_at >= backup_at;
        if applied && ours && !objects.contains(&&settled.intent.object) {
            objects.push(&settled.intent.object);
        }
    }
    objects
}
