//! Why a rollout or a way back did not come to a good end, in parts that can be said in any language.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::NotAppliedCause;

/// Everything that kept it from a good end, the first cause first. Printed in English, for the log.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Stored")]
pub struct Reasons(pub Vec<Reason>);

impl Reasons {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Old entries have one English text.
#[derive(Deserialize)]
#[serde(untagged)]
enum Stored {
    Text(String),
    Parts(Vec<Reason>),
}

impl From<Stored> for Reasons {
    fn from(stored: Stored) -> Self {
        match stored {
            Stored::Text(text) => text.into(),
            Stored::Parts(parts) => Reasons(parts),
        }
    }
}

/// One of them. Texts are printable and free of secrets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Reason {
    /// The object it is about (`Deployment/faasapi`), if it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object: Option<String>,
    /// What is the matter.
    #[serde(flatten)]
    pub cause: Cause,
}

/// What is the matter. A `message` is what the cluster said, in its own words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "is")]
pub enum Cause {
    /// A new pod is not ready.
    PodNotReady {
        /// Its name.
        pod: String,
        /// `CrashLoopBackOff`.
        why: String,
    },
    /// New pods cannot be made.
    PodsNotMade {
        /// `FailedCreate: exceeded quota: …`.
        message: String,
    },
    /// The node of a new pod does not take it up.
    NodeDead {
        /// Its name.
        node: String,
    },
    /// The cluster gave the rollout up.
    GivenUp {
        /// Why.
        message: String,
    },
    /// Nothing has moved for longer than the progress deadline.
    NoProgress {
        /// The deadline.
        seconds: u64,
        /// Pods that are on the new version.
        updated: u32,
        /// Pods that there should be.
        wanted: u32,
        /// Pods of the new version that serve.
        available: u32,
    },
    /// The object has not been there for as long.
    NotThere {
        /// The deadline.
        seconds: u64,
    },
    /// Somebody deleted it after it was written.
    Deleted,
    /// The release created it for the whole cluster, where others may use it by now: it stays.
    MayBeUsed,
    /// Somebody changed it after it was written.
    ChangedAfter {
        /// The first few paths, with who owns them where that is known.
        fields: Vec<String>,
    },
    /// It is not as it was written, and cannot be compared.
    NotAsWritten {
        /// Why not.
        message: String,
    },
    /// The cluster made something else of the write than the dry run had shown.
    BeyondReview {
        /// The first few paths.
        fields: Vec<String>,
    },
    /// A change to it was not made.
    NotChanged {
        /// What kept it from being made.
        by: NotAppliedCause,
        /// The details.
        message: String,
    },
    /// A change to it got no answer, and was not there when it was read back.
    Lost {
        /// How it was found out.
        message: String,
    },
    /// The cluster did not do what it was asked.
    NoContact {
        /// For how long.
        seconds: u64,
    },
    /// The API server cannot be reached.
    Unreachable {
        /// Why.
        message: String,
    },
    /// The API server's certificate does not come from the pinned CA.
    Untrusted {
        /// Why.
        message: String,
    },
    /// The API server does not know the credential (any more).
    CredentialRefused,
    /// A permission is missing.
    Forbidden {
        /// `patch deployments`.
        permission: String,
    },
    /// The API server is busy.
    Busy,
    /// Another cluster answers.
    AnotherCluster,
    /// The cluster does not know the kind.
    KindUnknown {
        /// The kind.
        kind: String,
    },
    /// Its own status says that it failed (a Job: `BackoffLimitExceeded`).
    ObjectFailed {
        /// The condition's reason.
        reason: String,
        /// The condition's message.
        message: String,
    },
    /// Its own status has not said that it is in effect for longer than the progress deadline.
    NotReady {
        /// The deadline.
        seconds: u64,
        /// What it says instead.
        message: String,
    },
    /// Somebody else paused it: its pods do not change.
    PausedBy {
        /// The field manager that owns `spec.paused`; empty when nobody does.
        manager: String,
    },
    /// `updateStrategy: OnDelete`: a person has to delete the old pods.
    ChangesOnDelete {
        /// Pods that still run the old version.
        old: u32,
    },
    /// It is updated up to the partition of its update strategy, and no further.
    HeldByPartition {
        /// The partition.
        partition: u32,
        /// Pods that keep the old version.
        old: u32,
    },
    /// A claim that is bound when the first pod uses it (`WaitForFirstConsumer`).
    WaitsForFirstPod,
    /// Its kind says neither which generation was observed nor any condition: nobody can tell by it
    /// whether the change is in effect.
    NotJudged,
    /// Not judged by its status; a person has seen that it is in effect.
    Seen {
        /// What the person has seen.
        note: String,
    },
    /// Anything else, as it was said.
    Said {
        /// Its words.
        message: String,
    },
}

impl Cause {
    /// The reason that is about an object (`Deployment/faasapi`).
    pub fn of(self, object: impl Into<String>) -> Reason {
        Reason {
            object: Some(object.into()),
            cause: self,
        }
    }
}

impl From<Cause> for Reason {
    fn from(cause: Cause) -> Self {
        Reason {
            object: None,
            cause,
        }
    }
}

impl<R: Into<Reason>> From<R> for Reasons {
    fn from(reason: R) -> Self {
        Reasons(vec![reason.into()])
    }
}

impl From<String> for Reason {
    fn from(message: String) -> Self {
        Cause::Said { message }.into()
    }
}

impl From<&str> for Reason {
    fn from(message: &str) -> Self {
        message.to_owned().into()
    }
}

impl Extend<Reason> for Reasons {
    fn extend<T: IntoIterator<Item = Reason>>(&mut self, reasons: T) {
        self.0.extend(reasons);
    }
}

impl IntoIterator for Reasons {
    type Item = Reason;
    type IntoIter = std::vec::IntoIter<Reason>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl fmt::Display for Reasons {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, reason) in self.0.iter().enumerate() {
            let between = if index == 0 { "" } else { "; " };
            write!(f, "{between}{reason}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.object {
            Some(object) => write!(f, "{object}: {}", self.cause),
            None => self.cause.fmt(f),
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Cause::PodNotReady { pod, why } => write!(f, "pod {pod}: {why}"),
            Cause::NodeDead { node } => write!(f, "{node} does not take up pods"),
            Cause::NoProgress {
                seconds,
                updated,
                wanted,
                available,
            } => write!(
                f,
                "no progress for {seconds} s, {updated} of {wanted} updated, {available} available"
            ),
            Cause::NotThere { seconds } => {
                write!(f, "no progress for {seconds} s, it does not exist")
            }
            Cause::Deleted => f.write_str("it was deleted"),
            Cause::MayBeUsed => {
                f.write_str("it belongs to the whole cluster and others may use it: it stays")
            }
            Cause::ChangedAfter { fields } => {
                f.write_str("somebody changed it after it was written")?;
                listed(f, fields)
            }
            Cause::NotAsWritten { message } => write!(f, "it is not as it was written: {message}"),
            Cause::BeyondReview { fields } => {
                f.write_str(
                    "it was written, and the cluster made something else of it than the dry run had shown",
                )?;
                listed(f, fields)
            }
            Cause::NotChanged { message, .. } | Cause::Lost { message } => {
                write!(f, "it was not changed: {message}")
            }
            Cause::NoContact { seconds } => {
                write!(f, "no contact with the cluster for {seconds} s")
            }
            Cause::Unreachable { message } => {
                write!(f, "the API server cannot be reached: {message}")
            }
            Cause::Untrusted { message } => {
                write!(f, "the API server's certificate is not trusted: {message}")
            }
            Cause::CredentialRefused => f.write_str("the credential was refused"),
            Cause::Forbidden { permission } => write!(f, "not allowed: {permission}"),
            Cause::Busy => f.write_str("the API server is busy"),
            Cause::AnotherCluster => f.write_str("another cluster answers"),
            Cause::KindUnknown { kind } => write!(f, "the cluster does not know {kind}"),
            Cause::ObjectFailed { reason, message } => write!(f, "it failed: {reason}: {message}"),
            Cause::NotReady { seconds, message } => {
                write!(f, "not ready for {seconds} s: {message}")
            }
            Cause::PausedBy { manager } if manager.is_empty() => {
                f.write_str("it is paused; its pods do not change")
            }
            Cause::PausedBy { manager } => {
                write!(f, "paused by {manager}; its pods do not change")
            }
            Cause::ChangesOnDelete { old } => write!(
                f,
                "{old} pods run the old version: pods change when they are deleted (OnDelete)"
            ),
            Cause::HeldByPartition { partition, old } => write!(
                f,
                "complete up to the partition {partition}: {old} pods keep the old version"
            ),
            Cause::WaitsForFirstPod => f.write_str("it is bound when the first pod uses it"),
            Cause::NotJudged => f.write_str("its status says nothing about the change"),
            Cause::Seen { note } => write!(f, "not judged by its status; seen: {note}"),
            Cause::PodsNotMade { message }
            | Cause::GivenUp { message }
            | Cause::Said { message } => f.write_str(message),
        }
    }
}

/// `: a, b`; nothing of nothing.
fn listed(f: &mut fmt::Formatter<'_>, fields: &[String]) -> fmt::Result {
    match fields.is_empty() {
        true => Ok(()),
        false => write!(f, ": {}", fields.join(", ")),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_text_of_an_old_entry_is_read() {
        let old: Reasons = serde_json::from_str(r#""Deployment/x: no progress""#).unwrap();
        assert_eq!(old, "Deployment/x: no progress".into());
        assert_eq!(old.to_string(), "Deployment/x: no progress");
    }

    #[test]
    fn what_is_written_is_read_again_and_named_by_its_parts() {
        let stands = Cause::NoProgress {
            seconds: 60,
            updated: 1,
            wanted: 2,
            available: 0,
        };
        let pod = Cause::PodNotReady {
            pod: "x-1".into(),
            why: "CrashLoopBackOff".into(),
        };
        let reasons = Reasons(vec![stands.of("Deployment/x"), pod.into()]);
        let written = serde_json::to_value(&reasons).unwrap();
        assert_eq!(
            written,
            serde_json::json!([
                {"object": "Deployment/x", "is": "noProgress", "seconds": 60, "updated": 1,
                 "wanted": 2, "available": 0},
                {"is": "podNotReady", "pod": "x-1", "why": "CrashLoopBackOff"},
            ])
        );
        assert_eq!(serde_json::from_value::<Reasons>(written).unwrap(), reasons);
        assert_eq!(
            reasons.to_string(),
            "Deployment/x: no progress for 60 s, 1 of 2 updated, 0 available; \
             pod x-1: CrashLoopBackOff"
        );
    }
}
