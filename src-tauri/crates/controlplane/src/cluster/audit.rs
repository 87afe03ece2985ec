//! What the API server itself wrote down of the writes it was asked for.

use std::fs;
use std::io;

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::ControlPlane;

/// Writes of people with their bodies, nothing of the components and no reads.
pub(super) const POLICY: &str = r#"apiVersion: audit.k8s.io/v1
kind: Policy
omitManagedFields: true
rules:
  - level: Request
    users: [operator, verifier]
    verbs: [create, update, patch, delete, deletecollection]
  - level: None
"#;

/// One request to write, as the API server saw it. A server that was killed in the middle has noted
/// that it came and not how it ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Heard {
    /// The request's own identifier.
    pub id: String,
    /// `create`, `update`, `patch`, `delete`.
    pub verb: String,
    /// Plural.
    pub resource: String,
    /// Namespace, empty for the whole cluster.
    pub namespace: String,
    /// Name of the object, empty when the body names it.
    pub name: String,
    /// Path and query.
    pub uri: String,
    /// Who asked.
    pub user: String,
    /// The body, if there was one and the server got to reading it.
    pub body: Value,
    /// The status of the answer; none when the server ended before there was one.
    pub code: Option<u16>,
    /// When the server heard of it, by the clock of this machine.
    pub asked_at: Option<DateTime<Utc>>,
    /// When the server was done with it, by the clock of this machine.
    pub answered_at: Option<DateTime<Utc>>,
}

impl Heard {
    /// Whether it was to change nothing.
    pub fn is_dry_run(&self) -> bool {
        self.uri.contains("dryRun=")
    }

    /// Whether the server says that it was carried out.
    pub fn is_carried_out(&self) -> bool {
        self.code.is_some_and(|code| (200..300).contains(&code))
    }
}

impl ControlPlane {
    /// Every write that people asked the API server for, dry runs too, in the order it heard of them.
    pub fn heard(&self) -> io::Result<Vec<Heard>> {
        let text = match fs::read_to_string(self.layout.audit_log()) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            text => text?,
        };
        let mut all: Vec<Heard> = Vec::new();
        // A line that the server was killed in is no JSON; that the request came is on an earlier one.
        for event in text
            .lines()
            .filter_map(|line| serde_json::from_str(line).ok())
        {
            let heard = read(&event);
            match all.iter_mut().find(|known| known.id == heard.id) {
                Some(known) => {
                    known.code = heard.code.or(known.code);
                    known.answered_at = heard.answered_at.or(known.answered_at);
                    if !heard.body.is_null() {
                        known.body = heard.body;
                    }
                }
                None => all.push(heard),
            }
        }
        Ok(all)
    }
}

fn read(event: &Value) -> Heard {
    let text = |path: &str| {
        let found = event.pointer(path).and_then(Value::as_str);
        found.unwrap_or_default().to_owned()
    };
    let instant = |path: &str| {
        let read = DateTime::parse_from_rfc3339(&text(path)).ok()?;
        Some(read.to_utc())
    };
    Heard {
        id: text("/auditID"),
        verb: text("/verb"),
        resource: text("/objectRef/resource"),
        namespace: text("/objectRef/namespace"),
        name: text("/objectRef/name"),
        uri: text("/requestURI"),
        user: text("/user/username"),
        body: event["requestObject"].clone(),
        code: event
            .pointer("/responseStatus/code")
            .and_then(Value::as_u64)
            .and_then(|code| u16::try_from(code).ok()),
        asked_at: instant("/requestReceivedTimestamp"),
        answered_at: (event["stage"] == "ResponseComplete")
            .then(|| instant("/stageTimestamp"))
            .flatten(),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_came_and_what_was_answered_are_one_request() {
        let came = json!({
            "auditID": "a", "stage": "RequestReceived", "verb": "patch",
            "requestURI": "/api/v1/namespaces/n/configmaps/c?dryRun=All",
            "objectRef": { "resource": "configmaps", "namespace": "n", "name": "c" },
            "user": { "username": "operator" },
        });
        let heard = read(&came);
        assert_eq!((heard.code, heard.body.is_null()), (None, true));
        assert!(heard.is_dry_run() && !heard.is_carried_out());
        let mut answered = came;
        answered["responseStatus"] = json!({ "code": 201 });
        assert!(read(&answered).is_carried_out());
    }
}
