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
