//! What was observed of the world outside of the program's own writes. One event for all of it: a new
//! source of facts is a new value here, and no event of its own.

use serde::{Deserialize, Serialize};

use crate::{ChecklistItem, Digest, EnvironmentId, Instant, ItemId, ObjectRef, PersonId, StageId};

/// An observation, as the newest event about its subject and source left it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// When the question was asked, not when the answer came.
    pub at: Instant,
    /// Who asked; none for the program itself.
    pub by: Option<PersonId>,
    /// From when on it says nothing any more; none when only the release itself can outdate it.
    pub expires: Option<Instant>,
    /// What was observed.
    pub value: FactValue,
}

impl Fact {
    /// Whether it says something at an instant, as far as its own time goes.
    pub fn is_current(&self, now: Instant) -> bool {
        self.at <= now && self.expires.is_none_or(|expires| now < expires)
    }
}

/// Who observed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum FactSource {
    /// An HTTP probe of a checklist item (sop G3).
    HttpProbe,
    /// The cluster, by dry runs of the rollback (anchors: a rollback that is refused in the incident).
    RollbackDryRun,
}

/// What a fact is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(
    rename_all = "camelCase",
    rename_all_fields = "camelCase",
    tag = "about"
)]
pub enum FactSubject {
    /// A checklist item of a stage.
    Item {
        /// The stage.
        stage: StageId,
        /// The item.
        item: ItemId,
    },
    /// An environment.
    Environment {
        /// The environment.
        environment: EnvironmentId,
    },
}

/// What was observed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", tag = "is")]
pub enum FactValue {
    /// An HTTP answer came.
    HttpAnswer {
        /// Its status.
        status: u16,
        /// Whether the body has the text that was asked for; none when no text was.
        contains: Option<bool>,
        /// The first characters of the body. Hostile: shown as text only.
        text: String,
        /// Whether the body went on after what was read of it.
        #[serde(default)]
        more: bool,
    },
    /// No HTTP answer came.
    HttpSilence {
        /// Why.
        trouble: ProbeTrouble,
        /// What the system said about it.
        #[serde(default)]
        said: String,
    },
    /// Whether the backup of an environment can be put back.
    RollbackProof(RollbackProof),
}

/// What dry runs of a rollback said, before anything of the release was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RollbackProof {
    /// The backup that would be put back.
    pub backup: Digest,
    /// Objects that cannot be put back; empty if all can.
    #[serde(default)]
    pub refused: Vec<RefusedRollback>,
}

impl RollbackProof {
    /// Whether every object can be put back.
    pub fn holds(&self) -> bool {
        self.refused.is_empty()
    }
}

/// An object that a rollback could not put back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RefusedRollback {
    /// The object.
    pub object: ObjectRef,
    /// What the cluster said, printable; none if another object has taken its place since the backup.
    #[serde(default)]
    pub said: Option<String>,
}

/// Why a probe got no answer that could be judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ProbeTrouble {
    /// Nothing, or not the whole of what was needed, within the bound.
    Late,
    /// No connection: the name is unknown, the port closed, the network away.
    NoConnection,
    /// The certificate is not trusted by the system, or for another name.
    NotTrusted,
    /// The connection broke, or what came is no HTTP.
    Broken,
}

/// What an HTTP probe asks, and what has to come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HttpProbe {
    /// `http` or `https` address without credentials, of a host that the workspace names.
    pub url: String,
    /// Expected status.
    pub status: u16,
    /// Text that the body has to have.
    #[serde(default)]
    pub contains: Option<String>,
}

/// What an observation means for a probe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProbeVerdict {
    /// The right answer.
    Held,
    /// Another answer.
    NotHeld,
    /// None that could be judged.
    NotReachable,
}

impl HttpProbe {
    /// Judges an observation. That a text was asked for and nobody looked for it is no success.
    pub fn judge(&self, value: &FactValue) -> ProbeVerdict {
        match value {
            FactValue::HttpAnswer {
                status, contains, ..
            } => {
                let text = self.contains.is_none() || *contains == Some(true);
                if *status == self.status && text {
                    ProbeVerdict::Held
                } else {
                    ProbeVerdict::NotHeld
                }
            }
            FactValue::HttpSilence { .. } | FactValue::RollbackProof(_) => {
                ProbeVerdict::NotReachable
            }
        }
    }
}

impl crate::Release {
    /// The newest fact about a subject.
    pub fn fact(&self, source: FactSource, subject: &FactSubject) -> Option<&Fact> {
        self.facts.get(&(source, subject.clone()))
    }

    /// The newest probe of an item that counts: asked after everything of the stage was rolled out, and
    /// not outdated at that. One from before says nothing about the new version.
    pub fn probed(&self, stage: &StageId, item: &ChecklistItem) -> Option<&Fact> {
        let since = self.rolled_out_at(stage)?;
        let subject = FactSubject::Item {
            stage: stage.clone(),
            item: item.id.clone(),
        };
        self.fact(FactSource::HttpProbe, &subject)
            .filter(|fact| fact.at >= since)
    }
    /// The newest proof that the backup of an environment can be put back, if it is of that backup.
    pub fn rollback_proof(&self, environment: &EnvironmentId) -> Option<&RollbackProof> {
        let subject = FactSubject::Environment {
            environment: environment.clone(),
        };
        let backup = self.environments.get(environment)?.backup.as_ref()?;
        match &self.fact(FactSource::RollbackDryRun, &subject)?.value {
            FactValue::RollbackProof(proof) if proof.backup == backup.digest => Some(proof),
            _ => None,
        }
    }
}
