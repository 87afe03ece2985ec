//! Which fields a dry run would change, and who writes them.

use std::collections::BTreeSet;

use domain::{FieldAuthor, FieldChange, Masked};
use serde_json::Value;

use crate::content;
use crate::owners::Fields;
use crate::quantity::same;

/// Keys by which Kubernetes tells list elements apart, the most telling first.
const MERGE_KEYS: [&str; 9] = [
    "name",
    "containerPort",
    "port",
    "mountPath",
    "devicePath",
    "ip",
    "topologyKey",
    "uid",
    "type",
];

/// Every leaf that differs between two stripped objects, in the order of the newer one. Values are
/// compact JSON.
///
/// A field that the manifest sets is the manifest's. So is one that goes, and one that changes although
/// the manifest does not name it, if it was `ours`: apply takes away what we applied before and the
/// manifest no longer has, and a default may take its place (`replicas: 3` becomes 1). Whatever else comes
/// or changes was written by defaulting or admission, and our own annotations by us.
pub(crate) fn changes(
    live: Option<&Masked>,
    after: &Masked,
    manifest: &Masked,
    ours: &Fields,
) -> Vec<FieldChange> {
    let mut walk = Walk { found: Vec::new() };
    let (live, after) = (live.map(Masked::value), after.value());
    let wanted = Wanted {
        manifest: Some(manifest.value()),
        ours: Some(ours),
    };
    walk.compare(&Path::root(), live, Some(after), wanted);
    walk.found
}

/// What we want of a field, and whether we wanted anything of it before.
#[derive(Clone, Copy)]
struct Wanted<'a> {
    manifest: Option<&'a Value>,
    ours: Option<&'a Fields>,
}

/// Stands in the manifest's place where it sets all of something that cannot be matched up.
const SET: &Value = &Value::Null;

struct Walk {
    found: Vec<FieldChange>,
}

impl Walk {
    fn compare(
        &mut self,
        path: &Path,
        old: Option<&Value>,
        new: Option<&Value>,
        wanted: Wanted<'_>,
    ) {
        if old == new {
            return;
        }
        if let (Some(old), Some(new)) = (old, new)
            && same(&path.text, old, new)
        {
            return;
        }
        match new.or(old) {
            Some(Value::Object(map)) if maps(old) && maps(new) && !map.is_empty() => {
                self.maps(path, old, new, wanted)
            }
            Some(Value::Array(list)) if lists(old) && lists(new) && !list.is_empty() => {
                self.lists(path, old, new, wanted)
            }
            _ => self.leaf(path, old, new, wanted),
        }
    }

    fn maps(&mut self, path: &Path, old: Option<&Value>, new: Option<&Value>, wanted: Wanted<'_>) {
        for key in keys(new, old) {
            let of = |value: Option<&Value>| value.and_then(|value| value.get(key)).cloned();
            let below = Wanted {
                manifest: inherited(wanted.manifest, |manifest| manifest.get(key)),
                ours: wanted.ours.and_then(|ours| ours.key(key)),
            };
            self.compare(&path.key(key), of(old).as_ref(), of(new).as_ref(), below);
        }
    }

    fn lists(&mut self, path: &Path, old: Option<&Value>, new: Option<&Value>, wanted: Wanted<'_>) {
        let olds = old
            .and_then(Value::as_array)
            .map(Vec::as_slice)
            .unwrap_or_default();
        let news = new
            .and_then(Value::as_array)
            .map(Vec::as_slice)
            .unwrap_or_default();
        let Some(key) = merge_key(&[olds, news]) else {
            for index in 0..olds.len().max(news.len()) {
                // A list whose elements cannot be told apart is owned as a whole.
                let below = Wanted {
                    manifest: inherited(wanted.manifest, |manifest| manifest.get(index)),
                    ours: wanted.ours,
                };
                self.compare(&path.index(index), olds.get(index), news.get(index), below);
            }
            return;
        };
        let before = self.found.len();
        let mut seen = BTreeSet::new();
        for name in news.iter().chain(olds).map(|element| label(element, key)) {
            if !seen.insert(name.clone()) {
                continue;
            }
            let manifest = inherited(wanted.manifest, |manifest| {
                let elements = manifest.as_array()?;
                let keyless = elements.iter().any(|element| element.get(key).is_none());
                find(elements, key, &name).or(keyless.then_some(SET))
            });
            let (old, new) = (find(olds, key, &name), find(news, key, &name));
            let ours = wanted
                .ours
                .zip(old)
                .and_then(|(ours, old)| ours.element(old));
            let path = path.element(key, &name);
            self.compare(&path, old, new, Wanted { manifest, ours });
        }
        let order = |list: &[Value]| -> Vec<String> {
            list.iter().map(|element| label(element, key)).collect()
        };
        if self.found.len() == before && order(olds) != order(news) {
            // The same elements in another order, which can matter (env, init containers).
            self.leaf(path, old, new, wanted);
        }
    }

    fn leaf(&mut self, path: &Path, old: Option<&Value>, new: Option<&Value>, wanted: Wanted<'_>) {
        let annotation = path
            .text
            .strip_prefix("metadata.annotations.")
            .unwrap_or_default();
        let ours = annotation.starts_with(content::OURS);
        let named = wanted.manifest.is_some();
        let kept_by_cluster = annotation.starts_with(content::KEPT_BY_CLUSTER) && !named;
        let was_ours = old.is_some() && wanted.ours.is_some_and(|ours| !ours.is_empty());
        let manifests = new.is_none() || named || was_ours;
        let author = if !ours && !kept_by_cluster && manifests {
            FieldAuthor::Manifest
        } else {
            FieldAuthor::Automatic
        };
        let (before, after) = (old.map(Value::to_string), new.map(Value::to_string));
        self.found.push(FieldChange {
            path: path.text.clone(),
            before,
            after,
            author,
        });
    }
}

fn find<'a>(list: &'a [Value], key: &str, name: &str) -> Option<&'a Value> {
    list.iter()
        .find(|element| element.get(key).is_some() && label(element, key) == name)
}

/// What the manifest has below; where it has a plain value, that stands for everything below it.
fn inherited<'a>(
    manifest: Option<&'a Value>,
    below: impl FnOnce(&'a Value) -> Option<&'a Value>,
) -> Option<&'a Value> {
    match manifest? {
        container @ (Value::Object(_) | Value::Array(_)) => below(container),
        value => Some(value),
    }
}

fn maps(value: Option<&Value>) -> bool {
    value.is_none_or(Value::is_object)
}

fn lists(value: Option<&Value>) -> bool {
    value.is_none_or(Value::is_array)
}

fn keys<'a>(new: Option<&'a Value>, old: Option<&'a Value>) -> Vec<&'a String> {
    let mut keys: Vec<&String> = Vec::new();
    for key in [new, old]
        .into_iter()
        .flatten()
        .filter_map(Value::as_object)
        .flat_map(|map| map.keys())
    {
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    keys
}

/// The key that every element of all lists has and that is unique within each list.
pub(crate) fn merge_key(lists: &[&[Value]]) -> Option<&'static str> {
    if lists.iter().all(|list| list.is_empty()) {
        return None;
    }
    MERGE_KEYS.into_iter().find(|key| {
        lists.iter().all(|list| {
            let labels: BTreeSet<String> = list.iter().map(|element| label(element, key)).collect();
            labels.len() == list.len()
                && list.iter().all(|element| {
                    element
                        .get(key)
                        .is_some_and(|v| v.is_string() || v.is_number())
                })
        })
    })
}

pub(crate) fn label(element: &Value, key: &str) -> String {
    match element.get(key) {
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
        None => String::new(),
    }
}

/// A dotted path: `spec.containers[name=router].image`, `data.LOG_LEVEL`. Dots within a key stay as
/// they are (`metadata.labels.app.kubernetes.io/version`), as the domain's declarations have them.
#[derive(Clone)]
pub(crate) struct Path {
    pub text: String,
}

impl Path {
    pub fn root() -> Path {
        Path {
            text: String::new(),
        }
    }

    pub fn key(&self, key: &str) -> Path {
        let text = if self.text.is_empty() {
            key.to_owned()
        } else {
            format!("{}.{key}", self.text)
        };
        Path { text }
    }

    pub fn index(&self, index: usize) -> Path {
        Path {
            text: format!("{}[{index}]", self.text),
        }
    }

    /// The path of an element that ownership tells apart by the keys in `step`.
    pub fn element_of(&self, step: &str, element: &Value) -> Path {
        let named = MERGE_KEYS
            .into_iter()
            .find(|key| step.contains(&format!("{key:?}:")) && element.get(key).is_some());
        match named {
            Some(key) => self.element(key, &label(element, key)),
            None => self.clone(),
        }
    }

    pub fn element(&self, key: &str, label: &str) -> Path {
        Path {
            text: format!("{}[{key}={label}]", self.text),
        }
    }
}

#[cfg(test)]
#[path = "fields_tests.rs"]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests;
