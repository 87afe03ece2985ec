//! An object as lines that read like YAML. For the eye only: nothing parses them again.

use serde_json::Value;

use crate::fields::{Path, label, merge_key};

/// Top-level keys that come first, in this order.
const FIRST: [&str; 5] = ["apiVersion", "kind", "metadata", "data", "spec"];

/// A line with the field that it belongs to. Lines are the same only where both are, so that a diff
/// never matches up two equal lines of different fields.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Rendered {
    pub text: String,
    pub path: String,
    /// A top-level key with something below it.
    pub heading: bool,
}

pub(super) fn object(object: &Value) -> Vec<Rendered> {
    let mut lines = Vec::new();
    let Some(map) = object.as_object() else {
        return lines;
    };
    let rest = map
        .keys()
        .map(String::as_str)
        .filter(|key| !FIRST.contains(key));
    for key in FIRST
        .into_iter()
        .filter(|key| map.contains_key(*key))
        .chain(rest)
    {
        entry(&mut lines, 0, "", key, &map[key], &Path::root().key(key));
    }
    lines
}

fn entry(
    lines: &mut Vec<Rendered>,
    indent: usize,
    lead: &str,
    key: &str,
    value: &Value,
    path: &Path,
) {
    let start = format!("{}{lead}{}:", " ".repeat(indent), plain(key));
    // What follows a list's dash is as deep as its other keys.
    let indent = indent + lead.len();
    let mut push = |text: String, heading: bool| {
        lines.push(Rendered {
            text,
            path: path.text.clone(),
            heading,
        })
    };
    match value {
        Value::Object(map) if map.is_empty() => push(format!("{start} {{}}"), false),
        Value::Array(list) if list.is_empty() => push(format!("{start} []"), false),
        Value::Object(_) | Value::Array(_) => {
            push(start, indent == 0);
            below(lines, indent + 2, value, path);
        }
        Value::String(text) if is_block(text) => {
            push(format!("{start} {}", block_sign(text)), false);
            block(lines, indent + 2, text, path);
        }
        scalar => push(format!("{start} {}", scalar_text(scalar)), false),
    }
}

fn below(lines: &mut Vec<Rendered>, indent: usize, value: &Value, path: &Path) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                entry(lines, indent, "", key, value, &path.key(key));
            }
        }
        Value::Array(list) => {
            let key = merge_key(&[list]);
            for (index, element) in list.iter().enumerate() {
                let path = match key {
                    Some(key) => path.element(key, &label(element, key)),
                    None => path.index(index),
                };
                item(lines, indent, element, &path);
            }
        }
        _ => {}
    }
}

fn item(lines: &mut Vec<Rendered>, indent: usize, element: &Value, path: &Path) {
    let pad = " ".repeat(indent);
    let mut push = |text: String| {
        lines.push(Rendered {
            text,
            path: path.text.clone(),
            heading: false,
        })
    };
    match element {
        Value::Object(map) if !map.is_empty() => {
            for (i, (key, value)) in map.iter().enumerate() {
                let (indent, lead) = if i == 0 {
                    (indent, "- ")
                } else {
                    (indent + 2, "")
                };
                entry(lines, indent, lead, key, value, &path.key(key));
            }
        }
        Value::Array(list) if !list.is_empty() => {
            push(format!("{pad}-"));
            below(lines, indent + 2, element, path);
        }
        Value::String(text) if is_block(text) => {
            push(format!("{pad}- {}", block_sign(text)));
            block(lines, indent + 2, text, path);
        }
        scalar => push(format!("{pad}- {}", scalar_text(scalar))),
    }
}

fn block(lines: &mut Vec<Rendered>, indent: usize, text: &str, path: &Path) {
    for line in text.lines() {
        let text = if line.is_empty() {
            String::new()
        } else {
            format!("{}{line}", " ".repeat(indent))
        };
        lines.push(Rendered {
            text,
            path: path.text.clone(),
            heading: false,
        });
    }
}

fn is_block(text: &str) -> bool {
    text.trim_end_matches('\n').contains('\n') && !text.chars().any(|c| c.is_control() && c != '\n')
}

/// Says how many line ends there are at the end, which a reader could not see otherwise.
fn block_sign(text: &str) -> &'static str {
    match text.len() - text.trim_end_matches('\n').len() {
        0 => "|-",
        1 => "|",
        _ => "|+",
    }
}

fn scalar_text(value: &Value) -> String {
    match value {
        Value::String(text) => plain(text),
        Value::Object(_) => "{}".to_owned(),
        Value::Array(_) => "[]".to_owned(),
        other => other.to_string(),
    }
}

/// Text without quotes where YAML would read it as the same text, else as a JSON string.
fn plain(text: &str) -> String {
    let reserved = [
        "", "~", "null", "true", "false", "yes", "no", "on", "off", "y", "n",
    ];
    let quoted = reserved.contains(&text.to_ascii_lowercase().as_str())
        || text.parse::<f64>().is_ok()
        || text.starts_with(|c: char| c.is_whitespace() || "-?:,[]{}#&*!|>'\"%@`".contains(c))
        || text.ends_with(|c: char| c.is_whitespace() || c == ':')
        || text.contains(": ")
        || text.contains(" #")
        || text.chars().any(char::is_control);
    if quoted {
        escaped(text)
    } else {
        text.to_owned()
    }
}

/// A JSON string; JSON leaves DEL and the upper control characters as they are, this does not.
fn escaped(text: &str) -> String {
    let json = Value::String(text.to_owned()).to_string();
    json.chars()
        .flat_map(|c| match c {
            '\u{7f}'..='\u{9f}' => format!("\\u{:04x}", u32::from(c))
                .chars()
                .collect::<Vec<_>>(),
            c => vec![c],
        })
        .collect()
}
