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
    /// Whether the ledger has a key of the person, here or elsewhere: a new one revokes it.
    pub registered: bool,
    /// Who can witness a new key of the person on this workstation. None means that nobody has to: it is
    /// the first one here.
    pub witnesses: Vec<WitnessView>,
    /// Every key that the person ever had, oldest first.
    pub periods: Vec<KeyPeriodView>,
}

/// Somebody who can witness a new key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct WitnessView {
    /// Who.
    pub person: String,
    /// The name to show.
    pub name: String,
    /// A release under way has the two as operator and verifier: with this witness the new key cannot
    /// sign there.
    pub counterpart: bool,
}

/// A key with the time in which it signs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct KeyPeriodView {
    /// `SHA256:` and base64 of the public key's digest.
    pub fingerprint: String,
    /// When it was registered.
    pub from: At,
    /// When it was revoked; none while it signs.
    pub until: Option<At>,
    /// The name of who witnessed it.
    pub witness: Option<String>,
}

/// A new key, as the person and the witness typed it.
#[derive(Clone, Deserialize, Type)]
pub struct NewKeyForm {
    /// Whose key.
    pub person: String,
    /// The new passphrase.
    pub passphrase: String,
    /// Who witnesses it; none for the first key here.
    pub witness: Option<String>,
    /// The witness's own passphrase.
    pub witness_passphrase: Option<String>,
}

/// Whether a key can sign now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum KeyState {
    /// None on this workstation that the ledger knows.
    None,
    /// In the keychain, sealed by its passphrase.
    Locked,
    /// Unlocked until the person leaves the seat, is away for too long or locks it.
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
