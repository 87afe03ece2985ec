use serde::{Deserialize, Serialize};
use specta::Type;

use crate::{At, LevelView};

/// What a path is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum PathPurpose {
    /// The folder of a workspace.
    Workspace,
    /// The file of a kubeconfig.
    Kubeconfig,
    /// A new file for an export.
    Export,
    /// The folder that a backup is written to, or read from.
    Backup,
}

/// What is filled in to create a release.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct ReleaseForm {
    /// Title, 1 to 80 characters.
    pub title: String,
    /// Background in words.
    pub background: String,
    /// Risk level.
    pub level: LevelView,
    /// Operator, a person's identifier.
    pub operator: String,
    /// Verifier; another person.
    pub verifier: String,
    /// Release manager.
    pub manager: String,
    /// Modules and the versions they go to.
    pub modules: Vec<ModuleChoice>,
    /// Documents.
    pub documents: Vec<DocumentForm>,
    /// What the release changes besides the versions.
    pub declarations: Vec<DeclarationForm>,
}

/// A module and the version it goes to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct ModuleChoice {
    /// The module.
    pub module: String,
    /// The version, one of those the workspace has.
    pub version: String,
}

/// A document of a release.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct DocumentForm {
    /// Title.
    pub title: String,
    /// `https` address.
    pub url: String,
}

/// Something the release declares to change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct DeclarationForm {
    /// In words (【变更内容】).
    pub text: String,
    /// `Kind/name`, or `Kind/*`, or `*`.
    pub object: String,
    /// Field path that it covers with everything below, `data.LOG_LEVEL`; empty for the whole object.
    pub path: String,
}

/// A waiver.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct WaiverForm {
    /// The stage whose gate it is.
    pub stage: String,
    /// The condition.
    pub condition: String,
    /// Why, at least 20 characters.
    pub reason: String,
    /// Until when it has to be made up for.
    pub make_up_by: At,
}

/// A tick under a checklist item.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct TickForm {
    /// The stage.
    pub stage: String,
    /// The item.
    pub item: String,
    /// Whether it holds.
    pub passed: bool,
    /// A remark.
    pub note: Option<String>,
}

/// A context to import out of a kubeconfig.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct ImportForm {
    /// Where the kubeconfig is: a path, or the text itself.
    pub source: KubeconfigSource,
    /// Contexts to import, by name.
    pub contexts: Vec<String>,
    /// The person agreed that the files named by these contexts are read and embedded.
    pub embed_files: bool,
    /// Contexts whose proxy, other user or unchecked certificate the person has seen and confirmed.
    #[serde(default)]
    pub confirmed: Vec<String>,
}

/// Where a kubeconfig comes from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum KubeconfigSource {
    /// A file.
    Path(String),
    /// Pasted text.
    Text(String),
    /// Several files, merged by kubectl's rules: of a name that several have, the first file counts.
    Files(Vec<String>),
}
