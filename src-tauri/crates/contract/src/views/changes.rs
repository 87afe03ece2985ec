use domain::{
    Diff, EnvironmentId, EnvironmentState, FieldAuthor, ObjectDiff, ObjectRef, Release, one_way,
};

use super::ViewInput;
use super::common::{at, count, signature_view};
use crate::{
    BackupView, ChangeVerb, ChangesState, ChangesView, ConflictView, DeclarationView, DiffLine,
    Failure, ObjectChangeView, OneWayView, RefusedRollbackView, RollbackProofState, UndeclaredView,
};

/// The lines of an object's diff, made by the adapter that has both objects.
pub type ObjectLines<'a> = dyn Fn(&ObjectRef) -> Vec<DiffLine> + 'a;

/// What [`changes_view`] is told besides the release.
pub struct ChangesInput<'a> {
    /// Whether the cluster is being asked now.
    pub running: bool,
    /// Why the newest dry run failed.
    pub failure: Option<Failure>,
    /// The field manager that writes.
    pub field_manager: &'a str,
    /// The lines of an object; empty for one whose objects are no longer in memory.
    pub lines: &'a ObjectLines<'a>,
}

/// What the release would change in an environment; none for one that the release does not have.
pub fn changes_view(
    input: &ViewInput<'_>,
    environment: &EnvironmentId,
    asked: ChangesInput<'_>,
) -> Option<ChangesView> {
    let release = input.release;
    let state = release.environments.get(environment)?;
    let diff = state.diff.as_ref().map(|(_, diff)| diff);
    let objects: Vec<ObjectChangeView> = diff
        .map(|d| {
            d.objects
                .iter()
                .map(|o| object_view(input, d, o, asked.lines))
                .collect()
        })
        .unwrap_or_default();
    let undeclared = objects.iter().map(|o| o.undeclared.len()).sum();
    let may_review =
        |diff: &Diff| domain::may_review(release, environment, &diff.digest, input.facts()).is_ok();
    let reviewed = diff
        .and_then(|d| {
            state
                .review
                .as_ref()
                .filter(|(digest, _)| digest == &d.digest)
        })
        .map(|(_, signed)| signature_view(&release.plan, signed));
    Some(ChangesView {
        environment: environment.to_string(),
        state: match (asked.running, &asked.failure, diff) {
            (true, _, _) => ChangesState::Running,
            (false, Some(_), _) => ChangesState::Failed,
            (false, None, Some(_)) => ChangesState::Ready,
            (false, None, None) => ChangesState::NotRun,
        },
        failure: asked.failure,
        computed_at: state.diff.as_ref().map(|(when, _)| at(*when)),
        digest: diff.map(|d| d.digest.to_string()),
        field_manager: asked.field_manager.to_owned(),
        undeclared: count(undeclared),
        conflicts: count(objects.iter().map(|o| o.conflicts.len()).sum()),
        declarations: declarations(input, diff),
        backup: backup_view(input.release, environment, state),
        may_back_up: domain::may_back_up(release, environment, input.facts()).is_ok(),
        may_review: !asked.running && reviewed.is_none() && diff.is_some_and(may_review),
        reviewed,
        objects,
    })
}

/// The backup of an environment.
pub(super) fn backup_view(
    release: &Release,
    environment: &EnvironmentId,
    state: &EnvironmentState,
) -> Option<BackupView> {
    let backup = state.backup.as_ref()?;
    let kept = backup.objects.iter().filter(|o| o.live.is_some()).count();
    let proof = release.rollback_proof(environment);
    let refused = proof.iter().flat_map(|proof| &proof.refused);
    Some(BackupView {
        objects: count(kept),
        absent: count(backup.objects.len() - kept),
        digest: backup.digest.to_string(),
        at: at(backup.at),
        holds: release.is_backed_up(environment),
        proof: match proof {
            None => RollbackProofState::NotChecked,
            Some(proof) if proof.holds() => RollbackProofState::Proven,
            Some(_) => RollbackProofState::Refused,
        },
        refused: refused
            .map(|refused| RefusedRollbackView {
                object: refused.object.label(),
                said: refused.said.clone(),
            })
            .collect(),
    })
}

/// Changes of an object that a rollback cannot take back.
pub(super) fn one_way_views(object: &ObjectDiff) -> Vec<OneWayView> {
    let fields = object.fields.iter();
    let found = fields.filter_map(|field| Some((field, one_way(&object.object, field)?)));
    found
        .map(|(field, kind)| OneWayView {
            object: object.object.label(),
            path: field.path.clone(),
            kind,
        })
        .collect()
}

fn object_view(
    input: &ViewInput<'_>,
    diff: &Diff,
    object: &ObjectDiff,
    lines: &ObjectLines<'_>,
) -> ObjectChangeView {
    let release = input.release;
    let undeclared: Vec<UndeclaredView> = diff
        .undeclared(&release.plan, &release.declarations)
        .into_iter()
        .filter(|(of, _)| of.object == object.object)
        .map(|(_, field)| UndeclaredView {
            path: field.path.clone(),
            before: field.before.clone(),
            after: field.after.clone(),
        })
        .collect();
    let written = object
        .fields
        .iter()
        .filter(|f| f.author == FieldAuthor::Manifest)
        .count();
    let mut lines = lines(&object.object);
    for line in &mut lines {
        line.undeclared = line
            .path
            .as_ref()
            .is_some_and(|path| undeclared.iter().any(|u| &u.path == path));
    }
    ObjectChangeView {
        id: object.object.label(),
        kind: object.object.kind.clone(),
        name: object.object.name.clone(),
        namespace: object.object.namespace.clone(),
        cluster_scoped: object.object.is_cluster_scoped(),
        module: object.module.to_string(),
        api_version: object.object.api_version.clone(),
        verb: match (&object.live, written) {
            (None, _) => ChangeVerb::Create,
            (Some(_), 0) => ChangeVerb::Unchanged,
            (Some(_), _) => ChangeVerb::Update,
        },
        changes: count(written),
        undeclared,
        conflicts: object
            .conflicts
            .iter()
            .map(|c| ConflictView {
                manager: c.manager.clone(),
                path: c.path.clone(),
            })
            .collect(),
        one_way: one_way_views(object),
        rejected: object.rejected.clone(),
        lines,
        masked: object.object.is_secret(),
    }
}

fn declarations(input: &ViewInput<'_>, diff: Option<&Diff>) -> Vec<DeclarationView> {
    let fields = || {
        diff.into_iter().flat_map(|d| &d.objects).flat_map(|o| {
            o.fields
                .iter()
                .filter(|f| f.author == FieldAuthor::Manifest)
                .map(move |f| (&o.object, f))
        })
    };
    input
        .release
        .declarations
        .iter()
        .map(|d| DeclarationView {
            text: d.text.clone(),
            covers: format!("{} {}", d.object, d.path).trim_end().to_owned(),
            matched: count(
                fields()
                    .filter(|(object, field)| d.covers(object, &field.path))
                    .count(),
            ),
        })
        .collect()
}
