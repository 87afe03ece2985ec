//! The one mask of a Secret's values.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use sha2::{Digest, Sha256};

/// Where `kubectl apply` keeps a copy of the whole object.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// An object that can be shown: the values of a Secret are replaced, everything else is as it was. There is
/// no other way to make one, and no way back, so that nothing is masked twice or not at all.
#[derive(Clone, Debug, PartialEq)]
pub struct Masked(Value);

impl Masked {
    /// Masks an object if it is a Secret. A value becomes `sha256:<8 hex>…(N bytes)`, in `data` that of the
    /// decoded bytes, so that a change shows and the same value looks the same in `stringData`. A short or
    /// guessable value can be recognised by its digest: the mask keeps values off the screen, it does not
    /// encrypt them.
    pub fn of(mut object: Value) -> Masked {
        if object["kind"] != "Secret"
            || object["apiVersion"]
                .as_str()
                .is_some_and(|v| v.contains('/'))
        {
            return Masked(object);
        }
        for field in ["data", "stringData"] {
            if let Some(values) = object.get_mut(field).and_then(Value::as_object_mut) {
                for value in values.values_mut() {
                    *value = Value::String(masked(field, value));
                }
            }
        }
        let annotations = object.pointer_mut("/metadata/annotations");
        if let Some(copy) = annotations.and_then(|annotations| annotations.get_mut(LAST_APPLIED)) {
            *copy = Value::String(masked("", copy));
        }
        Masked(object)
    }

    /// The object as it may be shown.
    pub fn value(&self) -> &Value {
        &self.0
    }
}

fn masked(field: &str, value: &Value) -> String {
    let text = match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let bytes = match field {
        "data" => STANDARD.decode(&text).unwrap_or_else(|_| text.into_bytes()),
        _ => text.into_bytes(),
    };
    let digest = hex::encode(Sha256::digest(&bytes));
    format!("sha256:{}…({} bytes)", &digest[..8], bytes.len())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_secret_shows_digest_and_length_only() {
        let secret = json!({
            "apiVersion": "v1", "kind": "Secret",
            "metadata": {"annotations": {LAST_APPLIED: "{hunter2}", "team": "a"}},
            "data": {"a": "aHVudGVyMg=="}, "stringData": {"b": "hunter2", "c": 7},
        });
        let masked = Masked::of(secret);
        let shown = masked.value();
        let text = shown.to_string();
        assert!(!text.contains("hunter2") && !text.contains("aHVudGVyMg"));
        assert_eq!(shown["data"]["a"], "sha256:f52fbd32…(7 bytes)");
        assert_eq!(shown["data"]["a"], shown["stringData"]["b"]);
        assert_eq!(shown["metadata"]["annotations"]["team"], "a");
    }

    #[test]
    fn other_objects_stay_as_they_are() {
        let map = json!({"apiVersion": "v1", "kind": "ConfigMap", "data": {"a": "aHVudGVyMg=="}});
        assert_eq!(Masked::of(map.clone()).value(), &map);
    }
}
