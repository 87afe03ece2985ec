//! The shape of everything that the ledger keeps: a line a field, with its type and whether an entry
//! without it is read.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::samples::{self, Kept};
use crate::{bless, kept, version};

/// Of a field: its type, and whether an entry without it is read.
type Shapes = BTreeMap<String, (String, bool)>;

fn shapes() -> Shapes {
    let mut shapes = Shapes::new();
    for kept in samples::kept() {
        let named: BTreeSet<&String> = kept.values.keys().collect();
        assert_eq!(
            named,
            kept.kinds.iter().collect(),
            "{}: samples.rs needs a value of every variant",
            kept.name
        );
        for (kind, value) in &kept.values {
            let root = format!("{}.{kind}", kept.name);
            shapes.insert(root.clone(), (type_of(value).to_owned(), false));
            let mut path = Vec::new();
            walk(&kept, value, value, &mut path, &root, &mut shapes);
        }
    }
    shapes
}

#[derive(Clone)]
enum Step {
    Key(String),
    First,
}

fn walk(
    kept: &Kept,
    whole: &Value,
    at: &Value,
    path: &mut Vec<Step>,
    name: &str,
    found: &mut Shapes,
) {
    match at {
        Value::Object(fields) => {
            for (key, value) in fields {
                path.push(Step::Key(key.clone()));
                let name = format!("{name} {key}");
                let optional = (kept.reads)(&without(whole, path));
                found.insert(name.clone(), (type_of(value).to_owned(), optional));
                walk(kept, whole, value, path, &name, found);
                path.pop();
            }
        }
        Value::Array(values) => {
            let first = values
                .first()
                .unwrap_or_else(|| panic!("{name} is empty in samples.rs"));
            path.push(Step::First);
            let name = format!("{name} []");
            found.insert(name.clone(), (type_of(first).to_owned(), true));
            walk(kept, whole, first, path, &name, found);
            path.pop();
        }
        Value::Null => panic!("{name} is empty in samples.rs"),
        _ => {}
    }
}

/// The value without the field that a path leads to.
fn without(whole: &Value, path: &[Step]) -> Value {
    let mut value = whole.clone();
    let (last, before) = path.split_last().unwrap();
    let mut at = &mut value;
    for step in before {
        at = match step {
            Step::Key(key) => at.get_mut(key).unwrap(),
            Step::First => at.get_mut(0).unwrap(),
        };
    }
    if let Step::Key(key) = last {
        at.as_object_mut().unwrap().remove(key);
    }
    value
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "text",
        Value::Array(_) => "list",
        Value::Object(_) => "object",
    }
}

fn text_of(shapes: &Shapes) -> String {
    let line = |(name, (kind, optional)): (&String, &(String, bool))| {
        let need = if *optional { "optional" } else { "required" };
        format!("{name}: {kind}, {need}\n")
    };
    shapes.iter().map(line).collect()
}

fn read(version: i64) -> Option<Shapes> {
    let text = std::fs::read_to_string(kept(&format!("shapes-{version}.txt"))).ok()?;
    let line = |line: &str| {
        let (name, rest) = line.split_once(": ").unwrap();
        let (kind, need) = rest.split_once(", ").unwrap();
        (name.to_owned(), (kind.to_owned(), need == "optional"))
    };
    Some(text.lines().map(line).collect())
}

#[test]
fn what_the_ledger_keeps_is_what_its_version_says() {
    let now = shapes();
    let version = version();
    if bless() {
        let file = kept(&format!("shapes-{version}.txt"));
        std::fs::write(file, text_of(&now)).unwrap();
    }
    let known = read(version).unwrap_or_default();
    let lines = |shapes: &Shapes| {
        text_of(shapes)
            .lines()
            .map(str::to_owned)
            .collect::<BTreeSet<_>>()
    };
    let (now, known) = (lines(&now), lines(&known));
    let more: Vec<_> = now
        .difference(&known)
        .map(|line| format!("+ {line}"))
        .collect();
    let less: Vec<_> = known
        .difference(&now)
        .map(|line| format!("- {line}"))
        .collect();
    assert!(
        more.is_empty() && less.is_empty(),
        "what the ledger keeps is not that of version {version}:\n{}\n{}\n\n\
         An older program cannot read a new kind or field, and must find a newer ledger: add a migration \
         that raises user_version (an empty one will do, unless this version is not released yet), and write \
         tests/golden/shapes-<version>.txt by PILOTHOUSE_BLESS=1 cargo test -p ledger --test versions.",
        more.join("\n"),
        less.join("\n"),
    );
}

#[test]
fn what_every_version_wrote_is_still_read() {
    let now = shapes();
    let mut checked = 0;
    for older in 1..version() {
        let Some(then) = read(older) else { continue };
        checked += 1;
        for (name, (kind, optional)) in &then {
            let Some((kind_now, optional_now)) = now.get(name) else {
                panic!(
                    "version {older} wrote “{name}”; it has to be read for good: keep the field or variant"
                );
            };
            assert_eq!(kind_now, kind, "version {older} wrote “{name}” as {kind}");
            assert!(
                *optional_now || !*optional,
                "version {older} wrote entries without “{name}”: keep its serde default"
            );
        }
        // A variant of then, with a field that it did not have.
        for (name, (_, optional)) in &now {
            let (variant, below) = name.split_once(' ').unwrap_or((name, ""));
            let is_new =
                !below.is_empty() && !then.contains_key(name) && then.contains_key(variant);
            let parent = name.rsplit_once(' ').map_or("", |(parent, _)| parent);
            assert!(
                !is_new || *optional || !then.contains_key(parent),
                "version {older} wrote entries without “{name}”: give the field a serde default, the careful one"
            );
        }
    }
    assert!(checked > 0, "no shapes of an older version are kept");
}
