use domain::{EnvironmentId, FieldAuthor, Instant};
use engine::{ObjectRollback, RollbackEffect};

use super::common::at;
use crate::{FieldRollbackView, ObjectRollbackView, RollbackEffectView, RollbackPreviewView};

/// What a rollback would do, as the cluster said at an instant.
pub fn rollback_preview_view(
    environment: &EnvironmentId,
    asked_at: Instant,
    objects: &[ObjectRollback],
) -> RollbackPreviewView {
    RollbackPreviewView {
        environment: environment.to_string(),
        at: at(asked_at),
        objects: objects.iter().map(object_view).collect(),
    }
}

fn object_view(one: &ObjectRollback) -> ObjectRollbackView {
    let (effect, said) = match &one.effect {
        RollbackEffect::Restore => (RollbackEffectView::Restore, None),
        RollbackEffect::Create => (RollbackEffectView::Create, None),
        RollbackEffect::Delete => (RollbackEffectView::Delete, None),
        RollbackEffect::Nothing => (RollbackEffectView::Nothing, None),
        RollbackEffect::Stays(_) => (RollbackEffectView::Stays, None),
        RollbackEffect::Another => (RollbackEffectView::Another, None),
        RollbackEffect::Refused(said) => (RollbackEffectView::Refused, Some(said.clone())),
    };
    let fields = one.fields.iter().map(|field| FieldRollbackView {
        path: field.path.clone(),
        now: field.before.clone(),
        before: field.after.clone(),
        automatic: field.author == FieldAuthor::Automatic,
    });
    let kept = one.theirs.iter().map(|kept| FieldRollbackView {
        path: kept.path.clone(),
        now: kept.theirs.clone(),
        before: kept.ours.clone(),
        automatic: false,
    });
    ObjectRollbackView {
        object: one.object.label(),
        module: one.module.to_string(),
        effect,
        said,
        fields: fields.collect(),
        kept: kept.collect(),
    }
}
