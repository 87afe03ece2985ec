//! How much the window may send. What it sends may end in the ledger, which forgets nothing: a
//! text that nobody can have typed is refused before any command sees it.

use contract::{Expected, Failure, FailureCode};
use serde_json::Value;
use tauri::ipc::InvokeBody;

/// Bytes of a text that a person types or chooses.
const TEXT_MOST: usize = 64 * 1024;
/// Bytes of a pasted kubeconfig.
const KUBECONFIG_MOST: usize = 1024 * 1024;
/// Commands that take a kubeconfig as text.
const WITH_KUBECONFIG: [&str; 2] = ["kubeconfig_preview", "contexts_import"];
/// Bytes of a field's name.
const NAME_MOST: usize = 128;
/// Values in one message; the longest form has a few thousand.
const VALUES_MOST: usize = 20_000;

/// Why a message is not passed on.
pub fn refused(command: &str, payload: &InvokeBody) -> Option<Failure> {
    let wrong = |field: &str, expected, most: usize| {
        Failure::new(FailureCode::FormInvalid)
            .with("field", field)
            .expected(expected)
            .with("most", most.to_string())
    };
    let InvokeBody::Json(message) = payload else {
        return Some(wrong("message", Expected::Json, 0));
    };
    let most = if WITH_KUBECONFIG.contains(&command) {
        KUBECONFIG_MOST
    } else {
        TEXT_MOST
    };
    let mut values = 0;
    let mut waiting = vec![("message", message)];
    while let Some((field, value)) = waiting.pop() {
        values += 1;
        match value {
            Value::String(text) if text.len() > most => {
                return Some(wrong(field, Expected::Bytes, most));
            }
            Value::Array(all) => waiting.extend(all.iter().map(|one| (field, one))),
            Value::Object(all) => {
                if all.keys().any(|name| name.len() > NAME_MOST) {
                    return Some(wrong(field, Expected::Characters, NAME_MOST));
                }
                waiting.extend(all.iter().map(|(name, one)| (name.as_str(), one)));
            }
            _ => {}
        }
        if values + waiting.len() > VALUES_MOST {
            return Some(wrong(field, Expected::Values, VALUES_MOST));
        }
    }
    None
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_what_somebody_can_have_typed_is_passed_on() {
        let field = |command: &str, message: Value| {
            refused(command, &InvokeBody::Json(message))
                .map(|failure| failure.params["field"].clone())
        };
        let long = "x".repeat(TEXT_MOST + 1);
        assert_eq!(field("vote", json!({"reason": "ok", "go": true})), None);
        assert_eq!(
            field("vote", json!({"reason": long})).as_deref(),
            Some("reason")
        );
        let deep = json!({"form": {"declarations": [{"text": long}]}});
        assert_eq!(field("release_create", deep).as_deref(), Some("text"));
        let text = json!({"source": {"text": long}});
        assert_eq!(field("kubeconfig_preview", text), None);
        let many = json!({"form": vec![0; VALUES_MOST]});
        assert_eq!(field("tick", many).as_deref(), Some("form"));
        assert!(refused("vote", &InvokeBody::Raw(Vec::new())).is_some());
    }
}
