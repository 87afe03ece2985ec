//! Label and field selectors (apimachinery `labels.Parse`, `fields.ParseSelector`).

use crate::status::ApiError;
use crate::tree;
use serde_json::Value;

#[derive(Debug, Clone, PartialEq)]
enum Requirement {
    In(String, Vec<String>),
    NotIn(String, Vec<String>),
    Exists(String),
    Absent(String),
}

/// A parsed `labelSelector`.
#[derive(Debug, Clone, Default)]
pub(crate) struct Labels(Vec<Requirement>);

impl Labels {
    pub(crate) fn parse(selector: &str) -> Result<Self, ApiError> {
        let mut requirements = Vec::new();
        for term in split_outside_parentheses(selector) {
            let term = term.trim();
            if term.is_empty() {
                continue;
            }
            requirements.push(requirement(term).ok_or_else(|| {
                ApiError::bad_request(format!("unable to parse requirement: {term:?}"))
            })?);
        }
        Ok(Labels(requirements))
    }

    /// The selector of a workload: `matchLabels` and `matchExpressions`.
    pub(crate) fn of_workload(selector: &Value) -> Self {
        let mut requirements = Vec::new();
        if let Some(labels) = selector.get("matchLabels").and_then(Value::as_object) {
            for (key, value) in labels {
                let value = value.as_str().unwrap_or_default().to_owned();
                requirements.push(Requirement::In(key.clone(), vec![value]));
            }
        }
        for expression in tree::items(selector, "/matchExpressions") {
            let key = tree::text(expression, "/key").to_owned();
            let values = tree::items(expression, "/values")
                .iter()
                .filter_map(Value::as_str)
                .map(str::to_owned)
                .collect();
            requirements.push(match tree::text(expression, "/operator") {
                "In" => Requirement::In(key, values),
                "NotIn" => Requirement::NotIn(key, values),
                "Exists" => Requirement::Exists(key),
                _ => Requirement::Absent(key),
            });
        }
        Labels(requirements)
    }

    /// The selector of a Service: plain equality, and nothing when empty.
    pub(crate) fn of_service(selector: &Value) -> Option<Self> {
        let map = selector.as_object().filter(|map| !map.is_empty())?;
        Some(Labels(
            map.iter()
                .map(|(k, v)| {
                    Requirement::In(k.clone(), vec![v.as_str().unwrap_or_default().to_owned()])
                })
                .collect(),
        ))
    }

    pub(crate) fn matches(&self, object: &Value) -> bool {
        self.0.iter().all(|requirement| match requirement {
            Requirement::In(key, values) => {
                tree::label(object, key).is_some_and(|v| values.iter().any(|w| w == v))
            }
            Requirement::NotIn(key, values) => {
                tree::label(object, key).is_none_or(|v| !values.iter().any(|w| w == v))
            }
            Requirement::Exists(key) => tree::label(object, key).is_some(),
            Requirement::Absent(key) => tree::label(object, key).is_none(),
        })
    }
}

fn split_outside_parentheses(selector: &str) -> Vec<&str> {
    let mut terms = Vec::new();
    let (mut depth, mut start) = (0_i32, 0);
    for (at, c) in selector.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            ',' if depth == 0 => {
                terms.push(&selector[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    terms.push(&selector[start..]);
    terms
}

fn requirement(term: &str) -> Option<Requirement> {
    if let Some((key, values)) = term.split_once(" notin ") {
        return Some(Requirement::NotIn(key.trim().to_owned(), set_of(values)?));
    }
    if let Some((key, values)) = term.split_once(" in ") {
        return Some(Requirement::In(key.trim().to_owned(), set_of(values)?));
    }
    if let Some((key, value)) = term.split_once("!=") {
        let value = value.trim().to_owned();
        return Some(Requirement::NotIn(key.trim().to_owned(), vec![value]));
    }
    if let Some((key, value)) = term.split_once("==").or_else(|| term.split_once('=')) {
        if key.trim().is_empty() {
            return None;
        }
        let value = value.trim().to_owned();
        return Some(Requirement::In(key.trim().to_owned(), vec![value]));
    }
    match term.strip_prefix('!') {
        Some(key) => Some(Requirement::Absent(key.trim().to_owned())),
        None if term.contains(char::is_whitespace) => None,
        None => Some(Requirement::Exists(term.to_owned())),
    }
}

fn set_of(values: &str) -> Option<Vec<String>> {
    let inner = values.trim().strip_prefix('(')?.strip_suffix(')')?;
    Some(inner.split(',').map(|v| v.trim().to_owned()).collect())
}

/// A parsed `fieldSelector`: path, expected value, whether equal or not.
#[derive(Debug, Clone, Default)]
pub(crate) struct Fields(Vec<(String, String, bool)>);

impl Fields {
    pub(crate) fn parse(selector: &str) -> Result<Self, ApiError> {
        let mut terms = Vec::new();
        for term in selector.split(',').filter(|t| !t.is_empty()) {
            let (path, value, equal) = if let Some((p, v)) = term.split_once("!=") {
                (p, v, false)
            } else if let Some((p, v)) = term.split_once("==").or_else(|| term.split_once('=')) {
                (p, v, true)
            } else {
                return Err(ApiError::bad_request(format!(
                    "invalid selector: '{selector}'; can't understand '{term}'"
                )));
            };
            terms.push((path.trim().to_owned(), value.trim().to_owned(), equal));
        }
        Ok(Fields(terms))
    }

    pub(crate) fn matches(&self, object: &Value) -> bool {
        self.0.iter().all(|(path, expected, equal)| {
            let pointer = format!("/{}", path.replace('.', "/"));
            let actual = match object.pointer(&pointer) {
                Some(Value::String(text)) => text.clone(),
                None | Some(Value::Null) => String::new(),
                Some(other) => other.to_string(),
            };
            (actual == *expected) == *equal
        })
    }
}
