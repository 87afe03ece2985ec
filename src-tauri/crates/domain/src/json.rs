//! JSON that two programs write alike.

use serde_json::{Map, Value};

/// The value with the keys of every mapping in order, so that equal content has equal bytes and one digest
/// however it was laid out.
pub fn canonical(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let mut entries: Vec<(&String, &Value)> = map.iter().collect();
            entries.sort_by_key(|(key, _)| key.as_str());
            let sorted = entries
                .into_iter()
                .map(|(key, value)| (key.clone(), canonical(value)));
            Value::Object(sorted.collect::<Map<_, _>>())
        }
        Value::Array(list) => Value::Array(list.iter().map(canonical).collect()),
        other => other.clone(),
    }
}

/// Whether a field path is another one or below it. Paths are dotted; list elements are `[name=x]` or `[0]`.
/// The empty path is the whole object.
pub fn path_within(path: &str, above: &str) -> bool {
    path.strip_prefix(above)
        .is_some_and(|rest| above.is_empty() || rest.is_empty() || rest.starts_with(['.', '[']))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn equal_content_has_equal_bytes() {
        let one = json!({"b": [{"y": 1, "x": 2}], "a": null});
        let other = json!({"a": null, "b": [{"x": 2, "y": 1}]});
        assert_ne!(one.to_string(), other.to_string());
        assert_eq!(canonical(&one).to_string(), canonical(&other).to_string());
    }

    #[test]
    fn a_path_is_within_itself_its_parents_and_the_whole() {
        for above in [
            "spec.containers[name=a].image",
            "spec.containers",
            "spec",
            "",
        ] {
            assert!(
                path_within("spec.containers[name=a].image", above),
                "{above}"
            );
        }
        for above in ["spec.container", "specs", "spec.containers[name=a].imageX"] {
            assert!(
                !path_within("spec.containers[name=a].image", above),
                "{above}"
            );
        }
    }
}
