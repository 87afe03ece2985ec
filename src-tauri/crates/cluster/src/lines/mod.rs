//! The lines of a diff as they are shown: live against dry run, unchanged stretches left out.

mod render;

use domain::{FieldAuthor, FieldChange, Masked, path_within};
use similar::{Algorithm, DiffOp, capture_diff_slices};

use render::Rendered;

/// Unchanged lines kept on either side of a change.
const CONTEXT: usize = 3;

/// One line of a diff.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Line number in the live object, from 1.
    pub old: Option<u32>,
    /// Line number in the object to come, from 1.
    pub new: Option<u32>,
    /// Colour and sign.
    pub kind: LineKind,
    /// The text without its line end; of a [`LineKind::Gap`] how many lines are left out. Control
    /// characters are escaped, everything else is as it came: hostile.
    pub text: String,
    /// Field path that the line belongs to, as in [`FieldChange::path`].
    pub path: Option<String>,
}

/// Colour and sign of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineKind {
    /// Unchanged.
    Same,
    /// Top-level key, drawn as a heading.
    Section,
    /// Comes.
    Add,
    /// Goes.
    Delete,
    /// Comes, written by admission, defaulting or Pilothouse itself.
    AutoAdd,
    /// Goes, likewise.
    AutoDelete,
    /// Lines left out.
    Gap,
}

/// The lines of a diff between two stripped objects; none of either is an object that is not there.
/// `fields` are the changes between them, for who writes what.
pub fn diff_lines(
    live: Option<&Masked>,
    after: Option<&Masked>,
    fields: &[FieldChange],
) -> Vec<Line> {
    let render = |object: Option<&Masked>| {
        object
            .map(|object| render::object(object.value()))
            .unwrap_or_default()
    };
    let (olds, news) = (render(live), render(after));
    let mut lines = Vec::new();
    for op in capture_diff_slices(Algorithm::Patience, &olds, &news) {
        match op {
            DiffOp::Equal {
                old_index,
                new_index,
                len,
            } => {
                for i in 0..len {
                    let rendered = &news[new_index + i];
                    let kind = if rendered.heading {
                        LineKind::Section
                    } else {
                        LineKind::Same
                    };
                    lines.push(line(
                        Some(old_index + i),
                        Some(new_index + i),
                        kind,
                        rendered,
                    ));
                }
            }
            DiffOp::Delete {
                old_index, old_len, ..
            } => deleted(&mut lines, &olds, old_index, old_len, fields),
            DiffOp::Insert {
                new_index, new_len, ..
            } => added(&mut lines, &news, new_index, new_len, fields),
            DiffOp::Replace {
                old_index,
                old_len,
                new_index,
                new_len,
            } => {
                deleted(&mut lines, &olds, old_index, old_len, fields);
                added(&mut lines, &news, new_index, new_len, fields);
            }
        }
    }
    fold(lines)
}

fn deleted(
    lines: &mut Vec<Line>,
    olds: &[Rendered],
    from: usize,
    len: usize,
    fields: &[FieldChange],
) {
    for (i, rendered) in olds.iter().enumerate().skip(from).take(len) {
        let kind = if automatic(&rendered.path, fields) {
            LineKind::AutoDelete
        } else {
            LineKind::Delete
        };
        lines.push(line(Some(i), None, kind, rendered));
    }
}

fn added(
    lines: &mut Vec<Line>,
    news: &[Rendered],
    from: usize,
    len: usize,
    fields: &[FieldChange],
) {
    for (i, rendered) in news.iter().enumerate().skip(from).take(len) {
        let kind = if automatic(&rendered.path, fields) {
            LineKind::AutoAdd
        } else {
            LineKind::Add
        };
        lines.push(line(None, Some(i), kind, rendered));
    }
}

fn line(old: Option<usize>, new: Option<usize>, kind: LineKind, rendered: &Rendered) -> Line {
    let number = |index: usize| u32::try_from(index + 1).unwrap_or(u32::MAX);
    Line {
        old: old.map(number),
        new: new.map(number),
        kind,
        text: rendered.text.clone(),
        path: Some(rendered.path.clone()),
    }
}

/// Whether nobody but the cluster or Pilothouse writes what the line shows. A line that no field
/// accounts for counts as written by a person: rather too much attention than too little.
fn automatic(path: &str, fields: &[FieldChange]) -> bool {
    let mut concerned = fields
        .iter()
        .filter(|field| path_within(&field.path, path) || path_within(path, &field.path))
        .peekable();
    concerned.peek().is_some() && concerned.all(|field| field.author == FieldAuthor::Automatic)
}

fn fold(lines: Vec<Line>) -> Vec<Line> {
    let changed = |line: &Line| !matches!(line.kind, LineKind::Same | LineKind::Section);
    let mut keep = vec![false; lines.len()];
    for (i, _) in lines.iter().enumerate().filter(|(_, line)| changed(line)) {
        let from = i.saturating_sub(CONTEXT);
        let to = (i + CONTEXT + 1).min(lines.len());
        keep[from..to].iter_mut().for_each(|keep| *keep = true);
    }
    let mut folded: Vec<Line> = Vec::new();
    let mut hidden: Vec<Line> = Vec::new();
    for (line, keep) in lines.into_iter().zip(keep) {
        if keep || line.kind == LineKind::Section {
            close(&mut folded, &mut hidden);
            folded.push(line);
        } else {
            hidden.push(line);
        }
    }
    close(&mut folded, &mut hidden);
    folded
}

fn close(folded: &mut Vec<Line>, hidden: &mut Vec<Line>) {
    match hidden.len() {
        // A gap would take as much room as the line.
        0 | 1 => folded.append(hidden),
        many => {
            folded.push(Line {
                old: None,
                new: None,
                kind: LineKind::Gap,
                text: many.to_string(),
                path: None,
            });
            hidden.clear();
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests;
