//! Who owns which field: `metadata.managedFields` and its sets of fields (FieldsV1).

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

/// A set of fields. Steps are spelled as in FieldsV1: `f:spec` a key, `k:{"name":"a"}` an element told
/// apart by its keys, `v:"x"` an element that is its own value.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Fields {
    /// Whether the field itself is in the set, besides what is below it.
    member: bool,
    below: BTreeMap<String, Fields>,
}

pub(crate) type Steps = Vec<String>;

impl Fields {
    pub fn parse(value: &Value) -> Fields {
        let Some(map) = value.as_object() else {
            return Fields::default();
        };
        let below = map.iter().filter(|(step, _)| *step != ".");
        Fields {
            member: map.is_empty() || map.contains_key("."),
            below: below
                .map(|(step, inner)| (step.clone(), Fields::parse(inner)))
                .collect(),
        }
    }

    pub fn render(&self) -> Value {
        let mut map = Map::new();
        let below: Vec<_> = self.below.iter().filter(|(_, f)| !f.is_empty()).collect();
        if self.member && !below.is_empty() {
            map.insert(".".to_owned(), json!({}));
        }
        for (step, inner) in below {
            map.insert(step.clone(), inner.render());
        }
        Value::Object(map)
    }

    pub fn is_empty(&self) -> bool {
        !self.member && self.below.values().all(Fields::is_empty)
    }

    /// Whether the field itself is in the set.
    pub fn is_member(&self) -> bool {
        self.member
    }

    pub fn steps(&self) -> impl Iterator<Item = (&str, &Fields)> {
        self.below
            .iter()
            .map(|(step, below)| (step.as_str(), below))
    }

    pub fn step(&self, step: &str) -> Option<&Fields> {
        self.below.get(step)
    }

    /// Whether the set has something below a path.
    pub fn has_below(&self, path: &[String]) -> bool {
        let mut at = Some(self);
        for step in path {
            at = at.and_then(|at| at.step(step));
        }
        at.is_some_and(|at| at.below.values().any(|below| !below.is_empty()))
    }

    /// The part of a value that is in the set.
    pub fn part_of(&self, value: &Value) -> Value {
        let leaf = self.below.is_empty();
        match value {
            Value::Object(map) if !leaf => {
                let part = map
                    .iter()
                    .filter_map(|(key, value)| Some((key.clone(), self.key(key)?.part_of(value))));
                Value::Object(part.collect())
            }
            Value::Array(list) if !leaf => {
                let part = list
                    .iter()
                    .filter_map(|e| Some(self.element(e)?.part_of(e)));
                Value::Array(part.collect())
            }
            whole => whole.clone(),
        }
    }

    /// What the set has below a key of a map.
    pub fn key(&self, key: &str) -> Option<&Fields> {
        self.below.get(&format!("f:{key}"))
    }

    /// What the set has below an element of a list.
    pub fn element(&self, element: &Value) -> Option<&Fields> {
        let mut below = self.below.iter();
        below
            .find(|(step, _)| is_step_to(step, element))
            .map(|(_, found)| found)
    }

    pub fn union(&mut self, other: &Fields) {
        self.member |= other.member;
        for (step, theirs) in &other.below {
            self.below.entry(step.clone()).or_default().union(theirs);
        }
    }

    /// The way to every member.
    pub fn paths(&self) -> Vec<Steps> {
        let mut found = Vec::new();
        self.collect(&mut Vec::new(), &mut found);
        found
    }

    fn collect(&self, here: &mut Steps, found: &mut Vec<Steps>) {
        if self.member && !here.is_empty() {
            found.push(here.clone());
        }
        for (step, inner) in &self.below {
            here.push(step.clone());
            inner.collect(here, found);
            here.pop();
        }
    }

    pub fn has(&self, path: &[String]) -> bool {
        match path.split_first() {
            None => self.member,
            Some((first, rest)) => self.below.get(first).is_some_and(|f| f.has(rest)),
        }
    }

    /// Whether the field or anything below it is in the set.
    pub fn touches(&self, path: &[String]) -> bool {
        match path.split_first() {
            None => !self.is_empty(),
            Some((first, rest)) => self.below.get(first).is_some_and(|f| f.touches(rest)),
        }
    }

    pub fn insert(&mut self, path: &[String]) {
        match path.split_first() {
            None => self.member = true,
            Some((first, rest)) => self.below.entry(first.clone()).or_default().insert(rest),
        }
    }

    pub fn remove(&mut self, path: &[String]) {
        match path.split_first() {
            None => self.member = false,
            Some((first, rest)) => {
                if let Some(inner) = self.below.get_mut(first) {
                    inner.remove(rest);
                    if inner.is_empty() {
                        self.below.remove(first);
                    }
                }
            }
        }
    }
}

pub(crate) fn is_step_to(step: &str, element: &Value) -> bool {
    if let Some(keys) = step.strip_prefix("k:") {
        let keys: Map<String, Value> = serde_json::from_str(keys).unwrap_or_default();
        return !keys.is_empty()
            && keys.iter().all(|(key, value)| match element.get(key) {
                Some(found) => found == value,
                // The schema's one default for such a key; manifests leave it out.
                None => key == "protocol" && value == "TCP",
            });
    }
    step.strip_prefix("v:")
        .and_then(|text| serde_json::from_str::<Value>(text).ok())
        .is_some_and(|value| value == *element)
}

/// Whether a path ends at a key by which an element of a list is told apart. It goes with the element only.
pub(crate) fn is_key(path: &[String]) -> bool {
    let [.., element, field] = path else {
        return false;
    };
    let keys = element.strip_prefix("k:").unwrap_or_default();
    let keys: Map<String, Value> = serde_json::from_str(keys).unwrap_or_default();
    field
        .strip_prefix("f:")
        .is_some_and(|field| keys.contains_key(field))
}

/// The value at the end of a path.
pub(crate) fn value_at<'a>(value: &'a Value, path: &[String]) -> Option<&'a Value> {
    let Some((first, rest)) = path.split_first() else {
        return Some(value);
    };
    let inner = match value {
        Value::Object(map) => map.get(first.strip_prefix("f:")?),
        Value::Array(list) => list.iter().find(|element| is_step_to(first, element)),
        _ => None,
    };
    value_at(inner?, rest)
}

/// Takes a field away.
pub(crate) fn take_away(value: &mut Value, path: &[String]) {
    let Some((first, rest)) = path.split_first() else {
        return;
    };
    match value {
        Value::Object(map) => {
            let Some(key) = first.strip_prefix("f:") else {
                return;
            };
            match map.get_mut(key) {
                Some(inner) if !rest.is_empty() => take_away(inner, rest),
                _ => {
                    map.remove(key);
                }
            }
        }
        Value::Array(list) => {
            let Some(at) = list.iter().position(|element| is_step_to(first, element)) else {
                return;
            };
            if rest.is_empty() {
                list.remove(at);
            } else {
                take_away(&mut list[at], rest);
            }
        }
        _ => {}
    }
}

/// An entry of `managedFields`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Entry {
    /// Everything but the fields.
    head: Map<String, Value>,
    pub fields: Fields,
}

impl Entry {
    pub fn new(manager: &str, operation: &str, like: &Entry) -> Entry {
        let mut head = like.head.clone();
        head.insert("manager".to_owned(), json!(manager));
        head.insert("operation".to_owned(), json!(operation));
        head.remove("subresource");
        Entry {
            head,
            fields: Fields::default(),
        }
    }

    /// The same entry without a field.
    pub fn bare(&self) -> Entry {
        Entry {
            head: self.head.clone(),
            fields: Fields::default(),
        }
    }

    fn text(&self, key: &str) -> &str {
        self.head
            .get(key)
            .and_then(Value::as_str)
            .unwrap_or_default()
    }

    pub fn manager(&self) -> &str {
        self.text("manager")
    }

    /// RFC 3339, to the second; empty if the API server gave none.
    pub fn time(&self) -> &str {
        self.text("time")
    }

    pub fn subresource(&self) -> &str {
        self.text("subresource")
    }

    pub fn is(&self, manager: &str, operation: &str) -> bool {
        self.manager() == manager
            && self.text("operation") == operation
            && self.subresource().is_empty()
    }

    /// Whether it is an entry of the same owner.
    pub fn is_of(&self, other: &Entry) -> bool {
        ["manager", "operation", "subresource"]
            .iter()
            .all(|key| self.text(key) == other.text(key))
    }
}

/// Reads `managedFields`.
pub(crate) fn entries(managed: &Value) -> Vec<Entry> {
    let list = managed.as_array().map(Vec::as_slice).unwrap_or_default();
    list.iter()
        .filter_map(Value::as_object)
        .map(|entry| {
            let mut head = entry.clone();
            let fields = head.remove("fieldsV1").unwrap_or(Value::Null);
            Entry {
                head,
                fields: match fields {
                    Value::Object(map) if map.is_empty() => Fields::default(),
                    fields => Fields::parse(&fields),
                },
            }
        })
        .collect()
}

/// Writes `managedFields`; owners of nothing are left out.
pub(crate) fn render(entries: &[Entry]) -> Value {
    let entries = entries.iter().filter(|entry| !entry.fields.is_empty());
    entries
        .map(|entry| {
            let mut rendered = entry.head.clone();
            rendered.insert("fieldsType".to_owned(), json!("FieldsV1"));
            rendered.insert("fieldsV1".to_owned(), entry.fields.render());
            Value::Object(rendered)
        })
        .collect()
}

/// Everything that the entries own which satisfy a condition.
pub(crate) fn owned(managed: &Value, of: impl Fn(&Entry) -> bool) -> Fields {
    let mut found = Fields::default();
    for entry in entries(managed).iter().filter(|entry| of(entry)) {
        found.union(&entry.fields);
    }
    found
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::*;

    fn steps(steps: &[&str]) -> Steps {
        steps.iter().map(|s| (*s).to_owned()).collect()
    }

    #[test]
    fn what_is_read_is_written_again() {
        let fields = json!({
            "f:metadata": {"f:labels": {".": {}, "f:app.kubernetes.io/name": {}}},
            "f:spec": {"f:containers": {"k:{\"name\":\"a\"}": {".": {}, "f:image": {}}}, "f:x": {"v:\"1\"": {}}},
        });
        assert_eq!(Fields::parse(&fields).render(), fields);
    }

    #[test]
    fn a_field_is_found_and_taken_away_by_its_path() {
        let mut object = json!({"spec": {"ports": [{"containerPort": 1, "name": "a"}, {"containerPort": 1, "protocol": "UDP"}]}});
        let path = steps(&[
            "f:spec",
            "f:ports",
            "k:{\"containerPort\":1,\"protocol\":\"TCP\"}",
            "f:name",
        ]);
        assert_eq!(value_at(&object, &path), Some(&json!("a")));
        take_away(&mut object, &path);
        assert_eq!(value_at(&object, &path), None);
        take_away(&mut object, &path[..3]);
        assert_eq!(
            object["spec"]["ports"],
            json!([{"containerPort": 1, "protocol": "UDP"}])
        );
    }

    #[test]
    fn the_key_of_an_element_is_told_from_its_other_fields() {
        let element = "k:{\"name\":\"a\"}";
        assert!(is_key(&steps(&["f:env", element, "f:name"])));
        assert!(!is_key(&steps(&["f:env", element, "f:value"])));
        assert!(!is_key(&steps(&["f:env", element])) && !is_key(&steps(&["f:name"])));
    }

    #[test]
    fn a_removed_member_takes_nothing_else_with_it() {
        let mut fields = Fields::parse(&json!({"f:a": {".": {}, "f:b": {}, "f:c": {}}}));
        fields.remove(&steps(&["f:a", "f:b"]));
        assert_eq!(fields.render(), json!({"f:a": {".": {}, "f:c": {}}}));
        assert!(fields.has(&steps(&["f:a"])) && fields.touches(&steps(&["f:a", "f:c"])));
        assert!(!fields.touches(&steps(&["f:a", "f:b"])));
    }
}
