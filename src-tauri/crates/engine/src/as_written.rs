//! Whether the cluster has what this release wrote. A rollout may get healthy with somebody else's
//! change in it, and then says nothing about ours.

use domain::{FieldAuthor, ModuleId, ObjectRef};

use crate::engine::Errand;
use crate::handles::bounded;
use crate::ports::{Outgoing, Preview};
use crate::written::newest_head;
use crate::{Engine, EngineFailure};

/// The cluster's own controllers: an autoscaler sets replicas, which is none of a release's business.
const CONTROLLERS: &str = "kube-controller-manager";

/// Fields named in a reason at most; the newest diff shows all of them.
const NAMED: usize = 4;

impl Engine {
    /// Which object of a module somebody changed after it was written, and how; none if nobody did.
    /// What the cluster's controllers set is theirs.
    pub(crate) async fn altered(
        &self,
        errand: &Errand,
        module: &ModuleId,
    ) -> Result<Option<String>, EngineFailure> {
        let (release, state) = self.environment(&errand.release, &errand.environment)?;
        let cluster = self.cluster(&errand.environment).await?;
        let question = self.limits().question;
        let of_module = release.plan.objects(&errand.environment);
        for (_, planned) in of_module.filter(|(of, _)| &of.id == module) {
            let object = &planned.object;
            // What the diff found as it should be was not written.
            let Some(written) = newest_head(&state, object) else {
                continue;
            };
            let Some(live) = bounded(question, cluster.read(object)).await? else {
                return Ok(Some(format!("{} was deleted", object.label())));
            };
            if live.head.uid == written.uid && live.head.content == written.content {
                continue;
            }
            let outgoing = Outgoing {
                object: object.clone(),
                body: self.body(object, &planned.body).await?,
                release: errand.release.clone(),
                module: module.clone(),
            };
            let preview = bounded(question, cluster.preview(&outgoing)).await?;
            if let Some(altered) = said(object, &preview) {
                return Ok(Some(altered));
            }
        }
        Ok(None)
    }
}

/// What applying the manifest once more would have to change, in words.
fn said(object: &ObjectRef, preview: &Preview) -> Option<String> {
    let label = object.label();
    if let Some(refusal) = &preview.rejected {
        return Some(format!("{label} is not as it was written: {refusal}"));
    }
    let path = |path: &str| path.trim_start_matches('.').to_owned();
    let (theirs, others): (Vec<_>, Vec<_>) = preview
        .conflicts
        .iter()
        .partition(|conflict| conflict.manager == CONTROLLERS);
    let theirs: Vec<String> = theirs.iter().map(|c| path(&c.path)).collect();
    let mut named: Vec<String> = others
        .iter()
        .map(|conflict| format!("{} ({})", path(&conflict.path), conflict.manager))
        .collect();
    if named.is_empty() {
        let fields = preview.fields.iter();
        named = fields
            .filter(|field| field.author == FieldAuthor::Manifest)
            .map(|field| field.path.clone())
            .filter(|path| !theirs.contains(path))
            .collect();
    }
    (!named.is_empty()).then(|| {
        named.truncate(NAMED);
        let named = named.join(", ");
        format!("somebody changed {label} after it was written: {named}")
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use domain::{FieldChange, FieldConflict};

    use super::*;

    fn object() -> ObjectRef {
        ObjectRef {
            api_version: "apps/v1".into(),
            kind: "Deployment".into(),
            namespace: "n".into(),
            name: "x".into(),
        }
    }

    fn preview(conflicts: &[(&str, &str)], fields: &[(&str, FieldAuthor)]) -> Preview {
        let conflict = |(manager, path): &(&str, &str)| FieldConflict {
            manager: (*manager).into(),
            path: (*path).into(),
        };
        let field = |(path, author): &(&str, FieldAuthor)| FieldChange {
            path: (*path).into(),
            before: None,
            after: None,
            author: *author,
        };
        Preview {
            live: None,
            after: None,
            fields: fields.iter().map(field).collect(),
            conflicts: conflicts.iter().map(conflict).collect(),
            rejected: None,
        }
    }

    #[test]
    fn an_autoscaler_alters_nothing_and_a_person_does() {
        use FieldAuthor::{Automatic, Manifest};
        let replicas = ("spec.replicas", Manifest);
        for (conflicts, fields, expected) in [
            (vec![], vec![], None),
            (vec![], vec![("metadata.annotations.x", Automatic)], None),
            (vec![(CONTROLLERS, ".spec.replicas")], vec![replicas], None),
            (
                vec![("kubectl", ".spec.replicas")],
                vec![replicas],
                Some("spec.replicas (kubectl)"),
            ),
            (
                vec![
                    (CONTROLLERS, ".spec.replicas"),
                    ("kubectl-set", ".spec.template"),
                ],
                vec![replicas],
                Some("spec.template (kubectl-set)"),
            ),
            (vec![], vec![("data.a", Manifest)], Some("data.a")),
            (
                vec![(CONTROLLERS, ".spec.replicas")],
                vec![replicas, ("data.a", Manifest)],
                Some("data.a"),
            ),
        ] {
            let found = said(&object(), &preview(&conflicts, &fields));
            let expected = expected.map(|named| {
                format!("somebody changed Deployment/x after it was written: {named}")
            });
            assert_eq!(found, expected);
        }
    }
}
