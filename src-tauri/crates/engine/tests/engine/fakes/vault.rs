//! A keychain in memory.

use std::sync::Mutex;

use async_trait::async_trait;
use domain::{KeyStatement, PersonId, PublicKey, Signed, Statement};
use ed25519_dalek::{Signer, SigningKey};
use engine::ports::*;
use secrecy::SecretString;

/// A keychain with one key for everybody; sealing turns the bytes round.
pub struct FakeVault {
    key: SigningKey,
    /// Why no context can be read.
    pub trouble: Mutex<Option<VaultFailure>>,
}

impl FakeVault {
    pub fn new() -> Self {
        FakeVault {
            key: SigningKey::from_bytes(&[7; 32]),
            trouble: Mutex::default(),
        }
    }

    pub fn public(&self) -> PublicKey {
        PublicKey::from_bytes(&self.key.verifying_key().to_bytes())
    }
}

#[async_trait]
impl Vault for FakeVault {
    async fn ready(&self) -> Result<(), VaultFailure> {
        Ok(())
    }
    async fn store(&self, _: Context) -> Result<ContextHead, VaultFailure> {
        Err(VaultFailure::Locked)
    }
    async fn contexts(&self) -> Result<Vec<ContextHead>, VaultFailure> {
        Ok(Vec::new())
    }
    async fn context(&self, name: &str) -> Result<Context, VaultFailure> {
        if let Some(trouble) = self.trouble.lock().unwrap().clone() {
            return Err(trouble);
        }
        Ok(Context {
            name: name.to_owned(),
            server: "https://beijing:6443".into(),
            ca_pem: String::new(),
            tls_server_name: None,
            credential: Credential::Anonymous,
            route: Route::default(),
        })
    }
    async fn forget(&self, _: &str) -> Result<(), VaultFailure> {
        Ok(())
    }
    async fn prepare_key(&self, _: &PersonId, _: SecretString) -> Result<PublicKey, VaultFailure> {
        Ok(self.public())
    }
    async fn adopt_key(&self, _: &PersonId, _: &PublicKey) -> Result<(), VaultFailure> {
        Ok(())
    }
    async fn witness(
        &self,
        statement: KeyStatement,
        _: SecretString,
    ) -> Result<Signed<KeyStatement>, VaultFailure> {
        let bytes = serde_json::to_vec(&statement).unwrap();
        let signature = self.key.sign(&bytes).to_bytes();
        Ok(Signed::new(statement, self.public(), &signature))
    }
    async fn key(&self, _: &PersonId) -> Result<Option<(PublicKey, bool)>, VaultFailure> {
        Ok(Some((self.public(), true)))
    }
    async fn unlock(&self, _: &PersonId, _: SecretString) -> Result<PublicKey, VaultFailure> {
        Ok(self.public())
    }
    async fn lock(&self, _: &PersonId) {}
    async fn lock_others(&self, _: &PersonId) -> bool {
        false
    }
    async fn sign(&self, statement: Statement) -> Result<Signed, VaultFailure> {
        let signature = self.key.sign(&statement.bytes().unwrap()).to_bytes();
        Ok(Signed::new(statement, self.public(), &signature))
    }
    async fn seal(&self, bytes: &[u8]) -> Result<Vec<u8>, VaultFailure> {
        Ok(bytes.iter().rev().map(|b| !b).collect())
    }
    async fn unseal(&self, sealed: &[u8]) -> Result<Vec<u8>, VaultFailure> {
        self.seal(sealed).await
    }
}
