//! Manifests and backups as blobs of the ledger. Those of Secrets are sealed before the ledger
//! sees them.

use domain::{Digest, ObjectRef};
use serde_json::Value;

use crate::{Engine, EngineFailure};

impl Engine {
    /// Keeps an object's bytes; durable when it returns.
    pub(crate) async fn keep(
        &self,
        object: &ObjectRef,
        bytes: &[u8],
    ) -> Result<Digest, EngineFailure> {
        let ports = self.ports();
        if !object.is_secret() {
            return Ok(ports.ledger.keep(bytes).await?);
        }
        let sealed = ports.vault.seal(bytes).await?;
        Ok(ports.ledger.keep(&sealed).await?)
    }

    /// A kept object.
    pub(crate) async fn body(
        &self,
        object: &ObjectRef,
        digest: &Digest,
    ) -> Result<Value, EngineFailure> {
        let ports = self.ports();
        let mut bytes = ports.ledger.kept(digest).await?;
        if object.is_secret() {
            bytes = ports.vault.unseal(&bytes).await?;
        }
        // The parser's message may quote a value.
        serde_json::from_slice(&bytes)
            .map_err(|_| EngineFailure::Unreadable(format!("the kept body of {object}")))
    }
}

/// What stands for a value of a Secret.
const MASK: &str = "••••••";
/// What stands for a value that is another than before.
const MASK_CHANGED: &str = "•••••• (changed)";

/// The object with the values of a Secret masked; `other` is what it is compared with, so that a
/// change can still be seen.
pub(crate) fn masked(object: &ObjectRef, body: Value, other: Option<&Value>) -> Value {
    if !object.is_secret() {
        return body;
    }
    let mut body = body;
    for field in ["data", "stringData"] {
        let Some(Value::Object(values)) = body.get_mut(field) else {
            continue;
        };
        for (key, value) in values.iter_mut() {
            let before = other.and_then(|o| o.get(field)).and_then(|o| o.get(key));
            let same = before.is_none_or(|before| before == value);
            *value = Value::from(if same { MASK } else { MASK_CHANGED });
        }
    }
    // `kubectl apply` leaves a copy of the whole object here.
    let annotations = body
        .get_mut("metadata")
        .and_then(|m| m.get_mut("annotations"));
    if let Some(Value::Object(annotations)) = annotations
        && let Some(copy) = annotations.get_mut("kubectl.kubernetes.io/last-applied-configuration")
    {
        *copy = Value::from(MASK);
    }
    body
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use serde_json::json;

    use super::*;

    fn secret() -> ObjectRef {
        ObjectRef {
            api_version: "v1".into(),
            kind: "Secret".into(),
            namespace: "shop".into(),
            name: "db".into(),
        }
    }

    #[test]
    fn values_of_a_secret_are_masked_everywhere_and_a_change_still_shows() {
        let before = json!({"data": {"a": "b2xk", "b": "c2FtZQ=="}});
        let after = json!({
            "metadata": {"annotations": {
                "kubectl.kubernetes.io/last-applied-configuration": "{\"data\":{\"a\":\"bmV3\"}}",
            }},
            "data": {"a": "bmV3", "b": "c2FtZQ=="},
            "stringData": {"c": "plain"},
        });
        let shown = masked(&secret(), after, Some(&before));
        let text = shown.to_string();
        for value in ["bmV3", "c2FtZQ==", "plain"] {
            assert!(!text.contains(value), "{value} is shown");
        }
        assert_eq!(shown["data"]["a"], MASK_CHANGED);
        assert_eq!(shown["data"]["b"], MASK);
    }

    #[test]
    fn other_objects_stay_as_they_are() {
        let object = ObjectRef {
            kind: "ConfigMap".into(),
            ..secret()
        };
        let body = json!({"data": {"LOG_LEVEL": "info"}});
        assert_eq!(masked(&object, body.clone(), None), body);
    }
}
