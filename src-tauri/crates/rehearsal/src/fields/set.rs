//! Sets of field paths and their FieldsV1 form.

use super::shape::{self, Shape};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Structs (and one list) that the Go zero value serializes: a write never adds them.
const ALWAYS_THERE: &[&str] = &[
    "f:metadata",
    "f:spec",
    "f:status",
    "f:strategy",
    "f:updateStrategy",
    "f:template",
    "f:containers",
];

/// A set of fields as a tree; path elements are spelled as in FieldsV1 (`f:spec`, `k:{…}`, `v:…`).
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct FieldSet {
    /// Whether the field at this node is itself a member.
    pub member: bool,
    /// Deeper fields.
    pub children: BTreeMap<String, FieldSet>,
}

impl FieldSet {
    pub(crate) fn is_empty(&self) -> bool {
        !self.member && self.children.values().all(FieldSet::is_empty)
    }

    /// Reads FieldsV1.
    pub(crate) fn parse(value: &Value) -> Self {
        let mut set = FieldSet::default();
        let Some(map) = value.as_object() else {
            return set;
        };
        set.member = map.is_empty() || map.contains_key(".");
        for (key, inner) in map.iter().filter(|(key, _)| *key != ".") {
            set.children.insert(key.clone(), FieldSet::parse(inner));
        }
        set
    }

    /// Writes FieldsV1.
    pub(crate) fn render(&self) -> Value {
        let mut map = Map::new();
        let children: Vec<_> = self
            .children
            .iter()
            .filter(|(_, c)| !c.is_empty())
            .collect();
        if self.member && !children.is_empty() {
            map.insert(".".into(), Value::Object(Map::new()));
        }
        for (key, child) in children {
            map.insert(key.clone(), child.render());
        }
        Value::Object(map)
    }

    /// All fields a configuration mentions (`typed.ToFieldSet`).
    pub(crate) fn of(value: &Value, shape: &Shape) -> Self {
        let mut set = FieldSet::default();
        match (value, shape) {
            (_, Shape::Atomic) => set.member = true,
            (Value::Object(map), _) => {
                // A key of a free map is a field itself, besides what is below it.
                let free = matches!(shape, Shape::Map);
                for (key, inner) in map {
                    let mut child = FieldSet::of(inner, shape.field(key));
                    child.member |= free || is_hollow(inner);
                    set.children.insert(format!("f:{key}"), child);
                }
            }
            (Value::Array(list), Shape::ListMap(keys, item_shape)) => {
                for item in list {
                    if let Some(key) = shape::item_key(keys, item) {
                        let mut child = FieldSet::of(item, item_shape);
                        child.member = true;
                        set.children.insert(key, child);
                    }
                }
            }
            (Value::Array(list), Shape::Set) => {
                for item in list {
                    set.insert_member(shape::set_key(item));
                }
            }
            _ => set.member = true,
        }
        set
    }

    /// As [`FieldSet::of`] for what a plain write adds: there the new maps and lists are members
    /// themselves (the `.` in FieldsV1), but for the structs that the zero value has already.
    fn added(value: &Value, shape: &Shape) -> Self {
        let mut set = FieldSet::of(value, shape);
        set.mark_containers();
        set
    }

    fn mark_containers(&mut self) {
        for (key, child) in &mut self.children {
            let there = ALWAYS_THERE.contains(&key.as_str());
            child.member |= !child.children.is_empty() && !there;
            child.mark_containers();
        }
    }

    fn insert_member(&mut self, key: String) {
        self.children.entry(key).or_default().member = true;
    }

    pub(crate) fn union(&mut self, other: &FieldSet) {
        self.member |= other.member;
        for (key, child) in &other.children {
            self.children.entry(key.clone()).or_default().union(child);
        }
    }

    /// Removes the members of `other`.
    pub(crate) fn subtract(&mut self, other: &FieldSet) {
        if other.member {
            self.member = false;
        }
        for (key, theirs) in &other.children {
            if let Some(mine) = self.children.get_mut(key) {
                mine.subtract(theirs);
            }
        }
        self.children.retain(|_, child| !child.is_empty());
    }

    /// Removes the members of `other` and everything below them: for fields that are gone.
    pub(crate) fn subtract_recursively(&mut self, other: &FieldSet) {
        for (key, theirs) in &other.children {
            if theirs.member {
                self.children.remove(key);
            } else if let Some(mine) = self.children.get_mut(key) {
                mine.subtract_recursively(theirs);
            }
        }
        self.children.retain(|_, child| !child.is_empty());
    }

    pub(crate) fn intersect(&self, other: &FieldSet) -> FieldSet {
        let mut both = FieldSet {
            member: self.member && other.member,
            children: BTreeMap::new(),
        };
        for (key, mine) in &self.children {
            if let Some(theirs) = other.children.get(key) {
                let child = mine.intersect(theirs);
                if !child.is_empty() {
                    both.children.insert(key.clone(), child);
                }
            }
        }
        both
    }

    /// Drops one path, given as FieldsV1 elements, with everything below.
    pub(crate) fn remove_path(&mut self, path: &[&str]) {
        match path {
            [] => *self = FieldSet::default(),
            [last] => {
                self.children.remove(*last);
            }
            [first, rest @ ..] => {
                if let Some(child) = self.children.get_mut(*first) {
                    child.remove_path(rest);
                    if child.is_empty() {
                        self.children.remove(*first);
                    }
                }
            }
        }
    }

    /// Whether the set has this path or anything below it.
    pub(crate) fn touches(&self, path: &[String]) -> bool {
        match path {
            [] => !self.is_empty(),
            [first, rest @ ..] => self.children.get(first).is_some_and(|c| c.touches(rest)),
        }
    }

    /// Every member's path.
    pub(crate) fn paths(&self) -> Vec<Vec<String>> {
        let mut found = Vec::new();
        self.collect(&mut Vec::new(), &mut found);
        found
    }

    fn collect(&self, here: &mut Vec<String>, found: &mut Vec<Vec<String>>) {
        if self.member && !here.is_empty() {
            found.push(here.clone());
        }
        for (key, child) in &self.children {
            here.push(key.clone());
            child.collect(here, found);
            here.pop();
        }
    }
}

fn is_hollow(value: &Value) -> bool {
    value.is_null() || value.as_object().is_some_and(Map::is_empty)
}

/// A path as conflicts print it: `.spec.template.spec.containers[name="app"].image`.
pub(crate) fn display(path: &[String]) -> String {
    let mut text = String::new();
    for element in path {
        if let Some(field) = element.strip_prefix("f:") {
            text.push('.');
            text.push_str(field);
        } else if let Some(member) = element.strip_prefix("v:") {
            text.push_str(&format!("[={member}]"));
        } else if let Some(key) = element.strip_prefix("k:") {
            let keys: Map<String, Value> = serde_json::from_str(key).unwrap_or_default();
            let parts: Vec<String> = keys.iter().map(|(k, v)| format!("{k}={v}")).collect();
            text.push_str(&format!("[{}]", parts.join(",")));
        }
    }
    text
}

/// What differs between two objects.
#[derive(Debug, Default)]
pub(crate) struct Comparison {
    /// Fields that are new or have another value.
    pub changed: FieldSet,
    /// Fields that are gone.
    pub removed: FieldSet,
}

/// Compares field by field (`typed.Compare`, with added and modified in one set).
pub(crate) fn compare(old: &Value, new: &Value, shape: &Shape) -> Comparison {
    let mut found = Comparison::default();
    walk(
        Some(old),
        Some(new),
        shape,
        &mut found.changed,
        &mut found.removed,
    );
    found
}

fn walk(
    old: Option<&Value>,
    new: Option<&Value>,
    shape: &Shape,
    changed: &mut FieldSet,
    removed: &mut FieldSet,
) {
    let children =
        |value: Option<&Value>| -> Option<Vec<(String, Value)>> { keyed_children(value?, shape) };
    match (old, new) {
        (None, None) => {}
        (Some(old), None) => {
            removed.union(&FieldSet::of(old, shape));
            removed.member = true;
        }
        (None, Some(new)) => {
            changed.union(&FieldSet::added(new, shape));
            changed.member = true;
        }
        (Some(old_value), Some(new_value)) => match (children(old), children(new)) {
            (Some(before), Some(after)) => {
                for (key, value) in &after {
                    let earlier = before.iter().find(|(k, _)| k == key).map(|(_, v)| v);
                    let mut c = FieldSet::default();
                    let mut r = FieldSet::default();
                    walk(
                        earlier,
                        Some(value),
                        child_shape(shape, key),
                        &mut c,
                        &mut r,
                    );
                    if earlier.is_none() && ALWAYS_THERE.contains(&key.as_str()) {
                        // Only what is in it is new.
                        c.member = c.children.is_empty() && !key.starts_with("f:m");
                    }
                    if !c.is_empty() {
                        changed.children.insert(key.clone(), c);
                    }
                    if !r.is_empty() {
                        removed.children.insert(key.clone(), r);
                    }
                }
                for (key, value) in &before {
                    if !after.iter().any(|(k, _)| k == key) {
                        let mut r = FieldSet::of(value, child_shape(shape, key));
                        r.member = true;
                        removed.children.insert(key.clone(), r);
                    }
                }
            }
            _ if old_value != new_value => changed.member = true,
            _ => {}
        },
    }
}

/// The shape below a path element.
pub(crate) fn child_shape<'a>(shape: &'a Shape, element: &str) -> &'a Shape {
    match (shape, element.strip_prefix("f:")) {
        (Shape::ListMap(_, item), _) => item,
        (_, Some(field)) => shape.field(field),
        _ => &Shape::Atomic,
    }
}

/// The separately owned children of a value, or `None` when it is owned as a whole.
fn keyed_children(value: &Value, shape: &Shape) -> Option<Vec<(String, Value)>> {
    match (value, shape) {
        (_, Shape::Atomic) => None,
        (Value::Object(map), _) => Some(
            map.iter()
                .map(|(k, v)| (format!("f:{k}"), v.clone()))
                .collect(),
        ),
        (Value::Array(list), Shape::ListMap(keys, _)) => list
            .iter()
            .map(|item| shape::item_key(keys, item).map(|key| (key, item.clone())))
            .collect(),
        (Value::Array(list), Shape::Set) => Some(
            list.iter()
                .map(|item| (shape::set_key(item), item.clone()))
                .collect(),
        ),
        _ => None,
    }
}
