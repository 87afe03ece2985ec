use serde::{Deserialize, Serialize};

use crate::{Digest, LiveHead, ModuleId, ObjectRef, ReleasePlan, path_within};

/// Something the release says it changes (【变更内容】, sop O5).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Declaration {
    /// In words.
    #[serde(default)]
    pub text: String,
    /// `Kind/name`, `Kind/*` or `*`.
    pub object: String,
    /// Field path that it covers with everything below; empty for the whole object.
    pub path: String,
}

impl Declaration {
    /// Whether it covers this field of this object.
    pub fn covers(&self, object: &ObjectRef, path: &str) -> bool {
        let object_matches = self.object == "*"
            || self.object == object.label()
            || self.object == format!("{}/*", object.kind);
        object_matches && path_within(path, &self.path)
    }
}

/// A field that a dry run would change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldChange {
    /// `spec.template.spec.containers[name=router].image`.
    pub path: String,
    /// Live value as compact JSON, masked if secret; none when it is new.
    pub before: Option<String>,
    /// Value to come; none when it goes.
    pub after: Option<String>,
    /// Who writes it.
    pub author: FieldAuthor,
}

/// Who writes a changed field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum FieldAuthor {
    /// The manifest.
    Manifest,
    /// Admission, defaulting, or Pilothouse itself.
    Automatic,
}

/// A field that a rollback leaves alone, because somebody changed its value after the release wrote it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct KeptField {
    /// As in [`FieldChange::path`].
    pub path: String,
    /// What the rollback would have put back, as compact JSON, masked if secret; none when it would have
    /// removed the field.
    #[serde(default)]
    pub ours: Option<String>,
    /// What is live and stays; none when somebody removed the field.
    #[serde(default)]
    pub theirs: Option<String>,
}

/// A field that another manager owns.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct FieldConflict {
    /// The owner.
    pub manager: String,
    /// The field's path as the cluster words it.
    pub path: String,
}

/// What a dry run would do to one object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObjectDiff {
    /// The object.
    pub object: ObjectRef,
    /// The module it belongs to.
    pub module: ModuleId,
    /// The live object it was compared with; none when it would be created.
    pub live: Option<LiveHead>,
    /// Changed fields.
    pub fields: Vec<FieldChange>,
    /// Fields that other managers own.
    #[serde(default)]
    pub conflicts: Vec<FieldConflict>,
    /// The cluster's refusal, printable.
    pub rejected: Option<String>,
    /// Whether ownership of fields has to be moved to us before the write ([`crate::MutationVerb::Adopt`]).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub adopts: bool,
    /// SHA-256 of the object as it would be, like [`LiveHead::content`]: what the cluster makes of the
    /// write has to be this. None in ledgers of before, and when the cluster refuses it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<Digest>,
}

/// A dry run over one environment. Its digest is what a review signs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diff {
    /// SHA-256 over the objects below in canonical JSON.
    pub digest: Digest,
    /// Objects in the order they will be written.
    pub objects: Vec<ObjectDiff>,
}

impl Diff {
    /// Puts the objects together with the digest over them.
    pub fn new(objects: Vec<ObjectDiff>) -> Result<Diff, serde_json::Error> {
        // Resource versions move with every status update; a review is of content.
        let mut stable = objects.clone();
        for object in &mut stable {
            if let Some(live) = &mut object.live {
                live.resource_version.clear();
            }
        }
        let digest = Digest::of(&serde_json::to_vec(&stable)?);
        Ok(Diff { digest, objects })
    }

    /// Fields that a manifest changes and nobody declared.
    pub fn undeclared<'a>(
        &'a self,
        plan: &'a ReleasePlan,
        declarations: &'a [Declaration],
    ) -> Vec<(&'a ObjectDiff, &'a FieldChange)> {
        self.objects
            .iter()
            .flat_map(|object| object.fields.iter().map(move |field| (object, field)))
            .filter(|(object, field)| {
                field.author == FieldAuthor::Manifest
                    && !plan.declares_itself(object, field)
                    && !declarations
                        .iter()
                        .any(|d| d.covers(&object.object, &field.path))
            })
            .collect()
    }
}
