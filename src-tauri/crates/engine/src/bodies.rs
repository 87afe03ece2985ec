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
