use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use async_trait::async_trait;
use domain::{KeyStatement, PersonId, PublicKey, Signed, Statement};
use ed25519_dalek::{Signer as _, SigningKey};
use engine::ports::{Context, ContextHead, Vault, VaultFailure};
use secrecy::{ExposeSecret as _, SecretString};

use crate::contexts::Contexts;
use crate::items::{Deadline, Items, Place};
use crate::keychain::Keychain;
use crate::keys::SealedKey;
use crate::{Limits, items, keys, seal};

/// How a vault is opened.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Address of the D-Bus bus with the Secret Service; none for the session's. Linux only.
    pub bus_address: Option<String>,
    /// Bounds.
    pub limits: Limits,
}

/// The OS keychain as the engine's [`Vault`]. Unlocked keys are only in this process's memory and
/// are wiped when they are locked or the vault is dropped.
pub struct KeychainVault {
    profile: String,
    limits: Limits,
    keychain: Keychain,
    contexts: Contexts,
    unlocked: Mutex<HashMap<PersonId, Box<SigningKey>>>,
}

impl fmt::Debug for KeychainVault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeychainVault")
            .field("profile", &self.profile)
            .finish_non_exhaustive()
    }
}

impl KeychainVault {
    /// A vault whose items are kept apart from those of other profiles: lower-case letters, digits
    /// and hyphens, one profile a data folder. Touches no keychain yet: a keychain that comes up
    /// later than the program is found at the next call.
    pub fn open(profile: impl Into<String>, options: Options) -> KeychainVault {
        let profile = profile.into();
        let limits = options.limits;
        let keychain = Keychain::new(limits, move || {
            let deadline = Deadline::new(Instant::now() + limits.call);
            let (address, until) = (options.bus_address.clone(), deadline.clone());
            Items::new(limits.seconds(), deadline, move || {
                items::open(address.clone(), until.clone())
            })
        });
        KeychainVault {
            contexts: Contexts::new(&profile, limits.item),
            profile,
            limits,
            keychain,
            unlocked: Mutex::new(HashMap::new()),
        }
    }

    async fn sealed_key(&self, person: &PersonId) -> Result<Option<SealedKey>, VaultFailure> {
        let place = keys::place(&self.profile, person);
        match self.keychain.with(move |items| items.get(&place)).await? {
            Some(text) => SealedKey::from_text(person, &text).map(Some),
            None => Ok(None),
        }
    }

    /// Makes a key for somebody who has none and unlocks it, without a register to write it into.
    ///
    /// # Errors
    /// `KeyExists` where there is one; it is never replaced by this.
    pub async fn create_key(
        &self,
        person: &PersonId,
        passphrase: SecretString,
    ) -> Result<PublicKey, VaultFailure> {
        let exists = VaultFailure::KeyExists(person.to_string());
        if self.sealed_key(person).await?.is_some() {
            return Err(exists);
        }
        let (sealed, key) = self.make_key(person, passphrase).await?;
        let (place, text, public) = (
            keys::place(&self.profile, person),
            sealed.text()?,
            sealed.public()?,
        );
        self.keychain
            .with(move |items| {
                // Someone may have made one in the meantime, and it may have signed already.
                if items.get(&place)?.is_some() {
                    return Err(exists);
                }
                keys::put(items, &place, &text)
            })
            .await?;
        self.keep_unlocked(person, key);
        Ok(public)
    }

    /// Makes a key; takes as long as the stretching does.
    async fn make_key(
        &self,
        person: &PersonId,
        passphrase: SecretString,
    ) -> Result<(SealedKey, Box<SigningKey>), VaultFailure> {
        let least = self.limits.passphrase;
        if passphrase.expose_secret().chars().count() < least as usize {
            return Err(VaultFailure::WeakPassphrase { least });
        }
        let (owner, stretch) = (person.clone(), self.limits.stretch);
        aside(move || SealedKey::make(&owner, &passphrase, stretch)).await
    }

    /// Opens a person's key with its passphrase.
    async fn open_key(
        &self,
        person: &PersonId,
        passphrase: SecretString,
    ) -> Result<(PublicKey, Box<SigningKey>), VaultFailure> {
        let sealed = self
            .sealed_key(person)
            .await?
            .ok_or_else(|| VaultFailure::NoKey(person.to_string()))?;
        let public = sealed.public()?;
        let key = aside(move || sealed.open(&passphrase)).await?;
        Ok((public, key))
    }

    fn keep_unlocked(&self, person: &PersonId, key: Box<SigningKey>) {
        self.unlocked
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(person.clone(), key);
    }

    fn unlocked(&self, person: &PersonId) -> Option<PublicKey> {
        self.unlocked
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(person)
            .map(|key| PublicKey::from_bytes(key.verifying_key().as_bytes()))
    }
}

/// Stretching a passphrase takes a core for a while.
async fn aside<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, VaultFailure> + Send + 'static,
) -> Result<T, VaultFailure> {
    let ended = |_| VaultFailure::Broken("the work on the key was ended".to_owned());
    tokio::task::spawn_blocking(work).await.map_err(ended)?
}

#[async_trait]
impl Vault for KeychainVault {
    async fn ready(&self) -> Result<(), VaultFailure> {
        let place = Place {
            user: format!("{}/ready", self.profile),
            label: String::new(),
        };
        self.keychain
            .with(move |items| items.get(&place))
            .await
            .map(|_| ())
    }

    async fn store(&self, context: Context) -> Result<ContextHead, VaultFailure> {
        let contexts = self.contexts.clone();
        self.keychain
            .with(move |items| contexts.store(items, &context))
            .await
    }

    async fn contexts(&self) -> Result<Vec<ContextHead>, VaultFailure> {
        let contexts = self.contexts.clone();
        self.keychain.with(move |items| contexts.list(items)).await
    }

    async fn context(&self, name: &str) -> Result<Context, VaultFailure> {
        let (contexts, name) = (self.contexts.clone(), name.to_owned());
        self.keychain
            .with(move |items| contexts.read(items, &name))
            .await
    }

    async fn forget(&self, name: &str) -> Result<(), VaultFailure> {
        let (contexts, name) = (self.contexts.clone(), name.to_owned());
        self.keychain
            .with(move |items| contexts.forget(items, &name))
            .await
    }

    async fn prepare_key(
        &self,
        person: &PersonId,
        passphrase: SecretString,
    ) -> Result<PublicKey, VaultFailure> {
        let (sealed, _) = self.make_key(person, passphrase).await?;
        let place = keys::prepared_place(&self.profile, person);
        let (text, public) = (sealed.text()?, sealed.public()?);
        self.keychain
            .with(move |items| keys::put(items, &place, &text))
            .await?;
        Ok(public)
    }

    async fn adopt_key(&self, person: &PersonId, key: &PublicKey) -> Result<(), VaultFailure> {
        let (place, prepared) = (
            keys::place(&self.profile, person),
            keys::prepared_place(&self.profile, person),
        );
        let (owner, wanted) = (person.clone(), key.clone());
        let replaced = self
            .keychain
            .with(move |items| keys::adopt(items, &place, &prepared, &owner, &wanted))
            .await?;
        if replaced {
            self.lock(person).await;
        }
        Ok(())
    }

    async fn witness(
        &self,
        statement: KeyStatement,
        passphrase: SecretString,
    ) -> Result<Signed<KeyStatement>, VaultFailure> {
        let (public, key) = self.open_key(&statement.witness, passphrase).await?;
        let bytes = serde_json::to_vec(&statement)
            .map_err(|error| VaultFailure::Broken(error.to_string()))?;
        Ok(Signed::new(statement, public, &key.sign(&bytes).to_bytes()))
    }

    async fn key(&self, person: &PersonId) -> Result<Option<(PublicKey, bool)>, VaultFailure> {
        // One that is unlocked signs without the keychain.
        if let Some(public) = self.unlocked(person) {
            return Ok(Some((public, true)));
        }
        let sealed = self.sealed_key(person).await?;
        sealed
            .map(|sealed| Ok((sealed.public()?, false)))
            .transpose()
    }

    async fn unlock(
        &self,
        person: &PersonId,
        passphrase: SecretString,
    ) -> Result<PublicKey, VaultFailure> {
        let (public, key) = self.open_key(person, passphrase).await?;
        self.keep_unlocked(person, key);
        Ok(public)
    }

    async fn lock(&self, person: &PersonId) {
        self.unlocked
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(person);
    }

    async fn lock_others(&self, person: &PersonId) -> bool {
        let mut unlocked = self.unlocked.lock().unwrap_or_else(PoisonError::into_inner);
        let before = unlocked.len();
        unlocked.retain(|owner, _| owner == person);
        unlocked.len() < before
    }

    async fn sign(&self, statement: Statement) -> Result<Signed, VaultFailure> {
        let person = statement.person.clone();
        let bytes = statement
            .bytes()
            .map_err(|error| VaultFailure::Broken(error.to_string()))?;
        let signature = self
            .unlocked
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&person)
            .map(|key| {
                (
                    PublicKey::from_bytes(key.verifying_key().as_bytes()),
                    key.sign(&bytes).to_bytes(),
                )
            });
        if let Some((public, signature)) = signature {
            return Ok(Signed::new(statement, public, &signature));
        }
        match self.sealed_key(&person).await? {
            Some(_) => Err(VaultFailure::KeyLocked(person.to_string())),
            None => Err(VaultFailure::NoKey(person.to_string())),
        }
    }

    async fn seal(&self, bytes: &[u8]) -> Result<Vec<u8>, VaultFailure> {
        let profile = self.profile.clone();
        let key = self
            .keychain
            .with(move |items| seal::key_or_new(items, &profile))
            .await?;
        seal::seal(&key, bytes)
    }

    async fn unseal(&self, sealed: &[u8]) -> Result<Vec<u8>, VaultFailure> {
        let profile = self.profile.clone();
        let key = self
            .keychain
            .with(move |items| seal::key(items, &profile))
            .await?;
        seal::unseal(&seal::needed(key)?, sealed)
    }
}
