//! Whether the cluster has what was reviewed and written, and nothing else: admission may make more of
//! a write than the dry run has shown, and a rollout may get healthy with somebody else's change in it,
//! which then says nothing about ours.

use std::collections::BTreeSet;

use domain::{Cause, FieldAuthor, Masked, ModuleId, MutationOutcome, ObjectRef, Reason};
use serde_json::{Map, Value};

use crate::engine::Errand;
use crate::handles::bounded;
use crate::live::ChangesProgress;
use crate::ports::{Outgoing, Preview};
use crate::written::{diff_of, newest_head, newest_write};
use crate::{Engine, EngineFailure};

/// The cluster's own controllers: an autoscaler sets replicas, which is none of a release's business.
const CONTROLLERS: &str = "kube-controller-manager";

/// Annotations that differ from one reading to the next; no digest has them either.
const BOOKKEEPING: [&str; 3] = [
    "metadata.annotations.release.pilothouse/",
    "metadata.annotations.deployment.kubernetes.io/",
    "metadata.annotations.kubectl.kubernetes.io/last-applied-configuration",
];

/// Fields named in a reason at most; the newest diff shows all of them.
const NAMED: usize = 4;

impl Engine {
    /// What the cluster made of the newest write of an object beyond what the review has seen; none if
    /// it is as reviewed. What a created object is given (addresses) no dry run can know.
    pub(crate) async fn beyond_review(
        &self,
        errand: &Errand,
        object: &ObjectRef,
    ) -> Result<Option<Reason>, EngineFailure> {
        let (_, state) = self.environment(&errand.release, &errand.environment)?;
        let diff = diff_of(&state, object).filter(|diff| diff.live.is_some());
        let Some(reviewed) = diff.and_then(|diff| diff.content.as_ref()) else {
            return Ok(None);
        };
        let write = newest_write(&state, object);
        let written = match write.map(|write| &write.outcome) {
            Some(MutationOutcome::Applied { live: Some(head) }) => head,
            _ => return Ok(None),
        };
        if written.content == *reviewed {
            return Ok(None);
        }
        let cluster = self.cluster(&errand.environment).await?;
        let live = bounded(self.limits().question, cluster.read(object)).await?;
        let shown = self.shown(errand, object);
        let fields = match (shown, live) {
            (Some(shown), Some(live)) => {
                let live = Masked::of(live.body);
                let mut paths = Vec::new();
                differing("", shown.value(), live.value(), &mut paths);
                paths.retain(|path| !BOOKKEEPING.iter().any(|kept| path.starts_with(kept)));
                first_few(paths)
            }
            // Or the dry run was made before the program was restarted.
            _ => Vec::new(),
        };
        Ok(Some(Cause::BeyondReview { fields }.of(object.label())))
    }

    /// An object as the newest dry run of this session has shown it.
    fn shown(&self, errand: &Errand, object: &ObjectRef) -> Option<Masked> {
        match self
            .lane(&errand.release, &errand.environment)
            .live()
            .changes
        {
            ChangesProgress::Ready(diff) => {
                let mut bodies = diff.bodies.iter();
                bodies
                    .find(|bodies| &bodies.object == object)?
                    .after
                    .clone()
            }
            _ => None,
        }
    }

    /// Which object of a module somebody changed after it was written, and how; none if nobody did.
    /// What the cluster's controllers set is theirs.
    pub(crate) async fn altered(
        &self,
        errand: &Errand,
        module: &ModuleId,
    ) -> Result<Option<Reason>, EngineFailure> {
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
                return Ok(Some(Cause::Deleted.of(object.label())));
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

/// What applying the manifest once more would have to change.
fn said(object: &ObjectRef, preview: &Preview) -> Option<Reason> {
    if let Some(refusal) = &preview.rejected {
        let message = refusal.clone();
        return Some(Cause::NotAsWritten { message }.of(object.label()));
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
        let fields = first_few(named);
        Cause::ChangedAfter { fields }.of(object.label())
    })
}

fn first_few(mut named: Vec<String>) -> Vec<String> {
    named.truncate(NAMED);
    named
}

/// Paths at which two values differ, mapping by mapping; lists are compared as a whole.
fn differing(path: &str, a: &Value, b: &Value, found: &mut Vec<String>) {
    let (Value::Object(one), Value::Object(other)) = (a, b) else {
        if a != b {
            found.push(path.to_owned());
        }
        return;
    };
    let keys: BTreeSet<&String> = one.keys().chain(other.keys()).collect();
    for key in keys {
        let path = match path {
            "" => key.clone(),
            path => format!("{path}.{key}"),
        };
        let of = |map: &Map<String, Value>| map.get(key).cloned().unwrap_or(Value::Null);
        differing(&path, &of(one), &of(other), found);
    }
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
            content: None,
            fields: fields.iter().map(field).collect(),
            conflicts: conflicts.iter().map(conflict).collect(),
            rejected: None,
            adopts: false,
            replicas: Default::default(),
            kept: Vec::new(),
        }
    }

    #[test]
    fn what_differs_is_named_by_its_path() {
        let a = serde_json::json!({"metadata": {"name": "x"}, "spec": {"list": [1], "same": {}}});
        let b = serde_json::json!({
            "metadata": {"name": "x", "labels": {"a": "b"}},
            "spec": {"list": [2], "same": {}},
        });
        let mut found = Vec::new();
        differing("", &a, &b, &mut found);
        assert_eq!(found, ["metadata.labels", "spec.list"]);
        found.clear();
        differing("", &a, &a, &mut found);
        assert_eq!(found, Vec::<String>::new());
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
                let fields = vec![named.to_owned()];
                Cause::ChangedAfter { fields }.of("Deployment/x")
            });
            assert_eq!(found, expected);
        }
    }
}
