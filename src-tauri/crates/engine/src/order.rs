//! What a way back has to undo, in which order.

use domain::{
    BackupObject, EnvironmentId, EnvironmentState, ModuleId, MutationOutcome, MutationVerb,
    ObjectRef, Release,
};

/// One object on its way back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Undo {
    pub(crate) module: ModuleId,
    pub(crate) kept: BackupObject,
    /// Whether the ledger knows that it was written. If not, a request for it got lost, and may be
    /// carried out yet.
    pub(crate) certain: bool,
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
        for (object, certain) in written {
            let Some(kept) = backup.objects.iter().find(|kept| &kept.object == object) else {
                continue;
            };
            let undo = Undo {
                module: module.clone(),
                kept: kept.clone(),
                certain,
            };
            if kept.live.is_some() {
                restore.push(undo);
            } else {
                remove.push(undo);
            }
        }
        restore.sort_by_key(|undo| undo.kept.object.is_workload());
        remove.reverse();
        remove.sort_by_key(|undo| !undo.kept.object.is_workload());
        all.extend(restore);
        all.extend(remove);
    }
    all
}

/// Objects of a module that were written since the backup, or may have been, in the order of the
/// first try; each with whether it is certain.
fn written_since<'a>(
    state: &'a EnvironmentState,
    backup_at: domain::Instant,
    module: &ModuleId,
) -> Vec<(&'a ObjectRef, bool)> {
    let mut objects: Vec<(&ObjectRef, bool)> = Vec::new();
    for settled in &state.settled {
        let ours = &settled.module == module && settled.intended_at >= backup_at;
        if !ours || settled.intent.verb != MutationVerb::Apply {
            continue;
        }
        let certain = matches!(settled.outcome, MutationOutcome::Applied { .. });
        if !certain && !settled.was_unknown {
            continue;
        }
        let object = &settled.intent.object;
        match objects.iter_mut().find(|(known, _)| known == &object) {
            Some((_, known)) => *known |= certain,
            None => objects.push((object, certain)),
        }
    }
    objects
}
