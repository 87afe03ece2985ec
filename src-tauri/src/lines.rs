//! The lines of an object's diff, as the cluster adapter draws them.

use cluster::LineKind;
use contract::{DiffKind, DiffLine};
use domain::ObjectRef;
use engine::FullDiff;

/// The lines of one object of a dry run; empty when it is not part of it.
pub fn lines_of(full: &FullDiff, object: &ObjectRef) -> Vec<DiffLine> {
    let bodies = full.bodies.iter().find(|bodies| &bodies.object == object);
    let fields = full.diff.objects.iter().find(|diff| &diff.object == object);
    let (Some(bodies), Some(diff)) = (bodies, fields) else {
        return Vec::new();
    };
    let lines = cluster::diff_lines(bodies.before.as_ref(), bodies.after.as_ref(), &diff.fields);
    lines.into_iter().map(line).collect()
}

fn line(line: cluster::Line) -> DiffLine {
    DiffLine {
        old: line.old,
        new: line.new,
        kind: match line.kind {
            LineKind::Same => DiffKind::Same,
            LineKind::Section => DiffKind::Section,
            LineKind::Add => DiffKind::Add,
            LineKind::Delete => DiffKind::Delete,
            LineKind::AutoAdd => DiffKind::AutoAdd,
            LineKind::AutoDelete => DiffKind::AutoDelete,
            LineKind::Gap => DiffKind::Gap,
        },
        text: line.text,
        path: line.path,
        undeclared: false,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use domain::{Diff, FieldAuthor, FieldChange, Masked, ObjectDiff};
    use engine::DiffBodies;
    use serde_json::json;

    use super::*;

    /// A value was once masked again where it was already masked, and every Secret of every release showed
    /// the same two digests: those of the masks.
    #[test]
    fn a_secrets_lines_show_the_digests_of_its_values() {
        let object = ObjectRef {
            api_version: "v1".into(),
            kind: "Secret".into(),
            namespace: "fission".into(),
            name: "db".into(),
        };
        let secret = |value: &str| {
            let body = json!({"apiVersion": "v1", "kind": "Secret", "data": {"password": value}});
            Masked::of(body)
        };
        let (before, after) = (secret("b2xk"), secret("bmV3"));
        let shown = |masked: &Masked| {
            masked.value()["data"]["password"]
                .as_str()
                .unwrap()
                .to_owned()
        };
        let texts = [shown(&before), shown(&after)];
        let full = FullDiff {
            at: chrono::Utc::now(),
            diff: Diff::new(vec![ObjectDiff {
                object: object.clone(),
                module: "faasapi".into(),
                live: None,
                fields: vec![FieldChange {
                    path: "data.password".into(),
                    before: Some(texts[0].clone()),
                    after: Some(texts[1].clone()),
                    author: FieldAuthor::Manifest,
                }],
                conflicts: Vec::new(),
                rejected: None,
                adopts: false,
                content: None,
            }])
            .unwrap(),
            bodies: vec![DiffBodies {
                object: object.clone(),
                before: Some(before),
                after: Some(after),
            }],
        };
        let lines = lines_of(&full, &object);
        for (kind, text) in [(DiffKind::Delete, &texts[0]), (DiffKind::Add, &texts[1])] {
            let line = lines.iter().find(|line| line.kind == kind).unwrap();
            assert!(
                line.text.contains(text.as_str()),
                "{:?} lacks {text}",
                line.text
            );
        }
    }
}
