//! Values of Secrets: shown as a short digest and a length, so that a change can be seen.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use sha2::{Digest, Sha256};

/// A Secret with its values masked; any other object as it is. For everything that is displayed:
/// `sha256:<8 hex>…(N bytes)`. A short or guessable value can be recognised by its digest; the mask
/// keeps it off the screen, it is no encryption.
pub fn mask(object: &Value) -> Value {
    let mut object = object.clone();
    if object["kind"] == "Secret" {
        for field in ["data", "stringData"] {
            if let Some(values) = object.get_mut(field).and_then(Value::as_object_mut) {
                values
                    .values_mut()
                    .for_each(|value| *value = Value::String(masked(field, value)));
            }
        }
        // kubectl's copy of what was last applied has the values in the clear.
        if let Some(annotations) = object
            .pointer_mut("/metadata/annotations")
            .and_then(Value::as_object_mut)
        {
            for (key, value) in annotations.iter_mut() {
                if key == "kubectl.kubernetes.io/last-applied-configuration" {
                    *value = Value::String(masked("", value));
                }
            }
        }
    }
    object
}

/// `data` is base64, and the mask is of what it stands for: the same value has the same mask in both.
fn masked(field: &str, value: &Value) -> String {
    let text = value
        .as_str()
        .map(str::to_owned)
        .unwrap_or_else(|| value.to_string());
    let bytes = match field {
        "data" => STANDARD.decode(&text).unwrap_or_else(|_| text.into_bytes()),
        _ => text.into_bytes(),
    };
    let digest = hex::encode(Sha256::digest(&bytes));
    format!("sha256:{}…({} bytes)", &digest[..8], bytes.len())
}

/// A message about an object without the values of it, if it is a Secret: an API server's refusal
/// may quote what it refuses.
pub(crate) fn redact(message: &str, object: &Value) -> String {
    let mut message = message.to_owned();
    if object["kind"] == "Secret" {
        for field in ["data", "stringData"] {
            for value in object[field]
                .as_object()
                .into_iter()
                .flat_map(|values| values.values())
            {
                let written = value
                    .as_str()
                    .map(str::to_owned)
                    .unwrap_or_else(|| value.to_string());
                let decoded = STANDARD
                    .decode(&written)
                    .ok()
                    .and_then(|bytes| String::from_utf8(bytes).ok());
                for form in decoded
                    .into_iter()
                    .chain([STANDARD.encode(&written), written])
                {
                    if !form.is_empty() {
                        message = message.replace(&form, "‹secret›");
                    }
                }
            }
        }
    }
    message
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_secret_shows_digest_and_length_only() {
        let secret = json!({
            "kind": "Secret", "metadata": {"annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{hunter2}"}},
            "data": {"a": "aHVudGVyMg=="}, "stringData": {"b": "hunter2", "c": 7},
        });
        let shown = mask(&secret);
        assert!(
            !shown.to_string().contains("hunter2") && !shown.to_string().contains("aHVudGVyMg")
        );
        assert_eq!(shown["data"]["a"], "sha256:f52fbd32…(7 bytes)");
        assert_eq!(shown["data"]["a"], shown["stringData"]["b"]);
        let map = json!({"kind": "ConfigMap", "data": {"a": "aHVudGVyMg=="}});
        assert_eq!(mask(&map), map);
    }

    #[test]
    fn a_refusal_does_not_quote_a_secret() {
        let secret = json!({"kind": "Secret", "data": {"a": "aHVudGVyMg=="}, "stringData": {"b": "pässword"}});
        let message = redact("invalid: \"aHVudGVyMg==\", hunter2, pässword", &secret);
        assert_eq!(message, "invalid: \"‹secret›\", ‹secret›, ‹secret›");
    }
}
