use serde::{Deserialize, Serialize};
use specta::Type;

use crate::At;

/// What a person is in a release.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum RoleView {
    /// Carries the release out.
    Operator,
    /// Verifies it; never the operator of the same release.
    Verifier,
    /// Decides on waivers and Go/No-Go.
    Manager,
}

/// A person of the workspace.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct PersonView {
    /// The identifier in `pilothouse.yaml`.
    pub id: String,
    /// The name to show.
    pub name: String,
    /// What this person may be in a release.
    pub roles: Vec<RoleView>,
    /// The key of the person on this workstation.
    pub key: KeyView,
}

/// A person's signing key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct KeyView {
    /// Where the key is.
    pub state: KeyState,
    /// `SHA256:` and base64 of the public key's digest.
    pub fingerprint: Option<String>,
    /// When the key was made known to the ledger.
    pub registered_at: Option<At>,
}

/// Whether a key can sign now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum KeyState {
    /// None on this workstation.
    None,
    /// In the keychain, sealed by its passphrase.
    Locked,
    /// Unlocked until the program ends or the person locks it.
    Unlocked,
}

/// A signature under a tick, a waiver or a vote.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct SignatureView {
    /// Who signed.
    pub person: String,
    /// The signer's name.
    pub name: String,
    /// When.
    pub at: At,
    /// The key's fingerprint.
    pub fingerprint: String,
}
