//! Refusals without the values of Secrets.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

/// A message about an object without the values of it, if it is a Secret: an API server's refusal
/// may quote what it refuses.
pub(crate) fn redact(message: &str, object: &Value) -> String {
    let mut message = message.to_owned();
    if object["kind"] != "Secret" {
        return message;
    }
    for field in ["data", "stringData"] {
        let values = object[field].as_object().into_iter();
        for value in values.flat_map(|values| values.values()) {
            let written = match value {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            let decoded = STANDARD.decode(&written).ok();
            let decoded = decoded.and_then(|bytes| String::from_utf8(bytes).ok());
            let encoded = STANDARD.encode(&written);
            for form in decoded.into_iter().chain([encoded, written]) {
                if !form.is_empty() {
                    message = message.replace(&form, "‹secret›");
                }
            }
        }
    }
    message
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_refusal_does_not_quote_a_secret() {
        let secret = json!({"kind": "Secret", "data": {"a": "aHVudGVyMg=="}, "stringData": {"b": "pässword"}});
        let message = redact("invalid: \"aHVudGVyMg==\", hunter2, pässword", &secret);
        assert_eq!(message, "invalid: \"‹secret›\", ‹secret›, ‹secret›");
    }
}
