use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature as DalekSignature, VerifyingKey};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::{Instant, PersonId, ReleaseId, StageId};

/// A person's public Ed25519 key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PublicKey(String);

impl PublicKey {
    /// From the 32 bytes of the key.
    pub fn from_bytes(bytes: &[u8; 32]) -> Self {
        PublicKey(STANDARD.encode(bytes))
    }

    /// `SHA256:` and unpadded base64 of the key's digest, as OpenSSH writes it.
    pub fn fingerprint(&self) -> String {
        let bytes = STANDARD.decode(&self.0).unwrap_or_default();
        let digest = STANDARD.encode(Sha256::digest(bytes));
        format!("SHA256:{}", digest.trim_end_matches('='))
    }

    fn verifying(&self) -> Option<VerifyingKey> {
        let bytes: [u8; 32] = STANDARD.decode(&self.0).ok()?.try_into().ok()?;
        VerifyingKey::from_bytes(&bytes).ok()
    }
}

/// What a person says by signing. The bytes that are signed are its JSON, so that anyone with the
/// export and the public key can check it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statement {
    /// Always `pilothouse/1`, so that a signature cannot be used elsewhere.
    pub domain: String,
    /// What is said.
    pub says: Said,
    /// Of which release.
    pub release: ReleaseId,
    /// In which stage.
    pub stage: StageId,
    /// By whom.
    pub person: PersonId,
    /// When.
    pub at: Instant,
}

/// What is said by a signature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "kind")]
pub enum Said {
    /// A checklist item holds, or does not.
    Tick {
        /// The item.
        item: String,
        /// Whether it holds.
        passed: bool,
        /// The remark.
        note: Option<String>,
    },
    /// A condition is waived.
    Waive {
        /// The condition.
        condition: String,
        /// Why.
        reason: String,
        /// Until when it has to be made up for.
        make_up_by: Instant,
    },
    /// Go or No-Go.
    Vote {
        /// Which.
        go: bool,
        /// With which words.
        reason: String,
    },
    /// A diff has been read.
    Review {
        /// The environment.
        environment: String,
        /// The diff's digest.
        digest: String,
    },
}

impl Statement {
    /// A statement of this program.
    pub fn new(
        says: Said,
        release: ReleaseId,
        stage: StageId,
        person: PersonId,
        at: Instant,
    ) -> Self {
        Statement {
            domain: "pilothouse/1".to_owned(),
            says,
            release,
            stage,
            person,
            at,
        }
    }

    /// The bytes that are signed.
    pub fn bytes(&self) -> Result<Vec<u8>, serde_json::Error> {
        serde_json::to_vec(self)
    }
}

/// What a witness says of another person's new key. The bytes that are signed are its JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyStatement {
    /// Always `pilothouse/key/1`, so that it cannot be taken for a [`Statement`].
    pub domain: String,
    /// Whose key it is.
    pub person: PersonId,
    /// The new key.
    pub key: PublicKey,
    /// The key that it replaces; none for the person's first.
    pub replaces: Option<PublicKey>,
    /// Who saw the person choose it.
    pub witness: PersonId,
    /// When.
    pub at: Instant,
}

impl KeyStatement {
    /// A statement of this program.
    pub fn new(
        person: PersonId,
        key: PublicKey,
        replaces: Option<PublicKey>,
        witness: PersonId,
        at: Instant,
    ) -> Self {
        KeyStatement {
            domain: "pilothouse/key/1".to_owned(),
            person,
            key,
            replaces,
            witness,
            at,
        }
    }
}

/// A statement with its signature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signed<T = Statement> {
    /// What is said.
    pub statement: T,
    /// The key that signed.
    pub key: PublicKey,
    /// Ed25519 signature over the statement's bytes, base64.
    pub value: String,
}

impl<T: Serialize> Signed<T> {
    /// Puts a statement together with its signature.
    pub fn new(statement: T, key: PublicKey, signature: &[u8; 64]) -> Self {
        Signed {
            statement,
            key,
            value: STANDARD.encode(signature),
        }
    }

    /// Whether the signature is of this key over this statement.
    pub fn verifies(&self) -> bool {
        let Some(key) = self.key.verifying() else {
            return false;
        };
        let Some(bytes) = STANDARD
            .decode(&self.value)
            .ok()
            .and_then(|v| <[u8; 64]>::try_from(v).ok())
        else {
            return false;
        };
        let Ok(message) = serde_json::to_vec(&self.statement) else {
            return false;
        };
        key.verify_strict(&message, &DalekSignature::from_bytes(&bytes))
            .is_ok()
    }
}
