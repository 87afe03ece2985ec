use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chacha20poly1305::aead::{Aead as _, Payload};
use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305, XNonce};
use domain::{PersonId, PublicKey};
use ed25519_dalek::SigningKey;
use engine::ports::VaultFailure;
use rand::RngCore as _;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::contexts::short;
use crate::items::{Items, Place};
use crate::limits::Stretch;

/// A person's key as the keychain keeps it: the seed is sealed by the passphrase, so that an
/// unlocked keychain alone signs nothing.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SealedKey {
    version: u8,
    person: PersonId,
    /// Base64, as are all below.
    public: String,
    salt: String,
    memory: u32,
    passes: u32,
    lanes: u32,
    nonce: String,
    seed: String,
}

/// Where a person's key is.
pub(crate) fn place(profile: &str, person: &PersonId) -> Place {
    Place {
        user: format!("{profile}/key/{}", short(person.as_str())),
        label: format!("Pilothouse: signing key of {person}"),
    }
}

/// Where a person's new key waits for its registration.
pub(crate) fn prepared_place(profile: &str, person: &PersonId) -> Place {
    let place = place(profile, person);
    Place {
        user: format!("{}/new", place.user),
        label: format!("{} (not registered yet)", place.label),
    }
}

/// Writes a sealed key and reads it back: what a lost key has signed nobody can go on from.
pub(crate) fn put(items: &mut Items, place: &Place, text: &[u8]) -> Result<(), VaultFailure> {
    items.set(place, text)?;
    if items.get(place)?.is_some_and(|kept| *kept == text) {
        Ok(())
    } else {
        let broken = "a key came back as something else".to_owned();
        Err(VaultFailure::Broken(broken))
    }
}

/// Puts the prepared key in the place of the person's key, and says whether that changed anything. A kill
/// in between leaves both, and the next call finishes it.
pub(crate) fn adopt(
    items: &mut Items,
    place: &Place,
    prepared: &Place,
    person: &PersonId,
    key: &PublicKey,
) -> Result<bool, VaultFailure> {
    if holding(items, place, person, key)?.is_some() {
        items.delete(prepared)?;
        return Ok(false);
    }
    let text = holding(items, prepared, person, key)?
        .ok_or_else(|| VaultFailure::NoKey(person.to_string()))?;
    put(items, place, &text)?;
    items.delete(prepared)?;
    Ok(true)
}

/// The text of an item if it holds this key of the person.
fn holding(
    items: &mut Items,
    place: &Place,
    person: &PersonId,
    key: &PublicKey,
) -> Result<Option<Zeroizing<Vec<u8>>>, VaultFailure> {
    let Some(text) = items.get(place)? else {
        return Ok(None);
    };
    let public = SealedKey::from_text(person, &text).and_then(|sealed| sealed.public());
    // What cannot be read is not this key.
    Ok(public.is_ok_and(|public| &public == key).then_some(text))
}

impl SealedKey {
    /// Makes a new key. Takes as long as the stretching does: not for an async thread.
    pub(crate) fn make(
        person: &PersonId,
        passphrase: &SecretString,
        stretch: Stretch,
    ) -> Result<(SealedKey, Box<SigningKey>), VaultFailure> {
        let mut seed = Zeroizing::new([0; 32]);
        let (mut salt, mut nonce) = ([0; 16], [0; 24]);
        let mut random = rand::rng();
        random.fill_bytes(seed.as_mut());
        random.fill_bytes(&mut salt);
        random.fill_bytes(&mut nonce);
        let key = Box::new(SigningKey::from_bytes(&seed));
        let mut sealed = SealedKey {
            version: 1,
            person: person.clone(),
            public: STANDARD.encode(key.verifying_key().as_bytes()),
            salt: STANDARD.encode(salt),
            memory: stretch.memory,
            passes: stretch.passes,
            lanes: stretch.lanes,
            nonce: STANDARD.encode(nonce),
            seed: String::new(),
        };
        let payload = Payload {
            msg: seed.as_slice(),
            aad: &sealed.bound(),
        };
        let seed = sealed
            .cipher(passphrase)?
            .encrypt(&XNonce::from(nonce), payload);
        sealed.seed = STANDARD.encode(seed.map_err(|_| sealed.broken())?);
        Ok((sealed, key))
    }

    /// The key, if the passphrase is right. As slow as [`SealedKey::make`].
    pub(crate) fn open(&self, passphrase: &SecretString) -> Result<Box<SigningKey>, VaultFailure> {
        let nonce: [u8; 24] = self
            .bytes(&self.nonce)?
            .try_into()
            .map_err(|_| self.broken())?;
        let seed = self.bytes(&self.seed)?;
        let payload = Payload {
            msg: &seed,
            aad: &self.bound(),
        };
        let seed = self
            .cipher(passphrase)?
            .decrypt(&XNonce::from(nonce), payload);
        let seed = Zeroizing::new(seed.map_err(|_| VaultFailure::WrongPassphrase)?);
        let seed = <&[u8; 32]>::try_from(seed.as_slice()).map_err(|_| self.broken())?;
        let key = Box::new(SigningKey::from_bytes(seed));
        if key.verifying_key().as_bytes() == &self.public_bytes()? {
            Ok(key)
        } else {
            Err(self.broken())
        }
    }

    /// The public key; needs no passphrase.
    pub(crate) fn public(&self) -> Result<PublicKey, VaultFailure> {
        Ok(PublicKey::from_bytes(&self.public_bytes()?))
    }

    /// The item's text.
    pub(crate) fn text(&self) -> Result<Vec<u8>, VaultFailure> {
        serde_json::to_vec(self).map_err(|_| self.broken())
    }

    /// Reads an item.
    pub(crate) fn from_text(person: &PersonId, text: &[u8]) -> Result<SealedKey, VaultFailure> {
        let broken = || VaultFailure::Broken(format!("the key of {person} cannot be read"));
        let key: SealedKey = serde_json::from_slice(text).map_err(|_| broken())?;
        if key.version == 1 && &key.person == person {
            Ok(key)
        } else {
            Err(broken())
        }
    }

    /// What the seal also covers: another person's sealed seed cannot be put in its place.
    fn bound(&self) -> Vec<u8> {
        format!("pilothouse/key/1\n{}\n{}", self.public, self.person).into_bytes()
    }

    fn cipher(&self, passphrase: &SecretString) -> Result<XChaCha20Poly1305, VaultFailure> {
        let most = Stretch::MOST;
        if self.memory > most.memory || self.passes > most.passes || self.lanes > most.lanes {
            return Err(self.broken());
        }
        let params = Params::new(self.memory, self.passes, self.lanes, Some(32))
            .map_err(|_| self.broken())?;
        let mut key = Zeroizing::new([0; 32]);
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into(
                passphrase.expose_secret().as_bytes(),
                &self.bytes(&self.salt)?,
                key.as_mut(),
            )
            .map_err(|_| self.broken())?;
        XChaCha20Poly1305::new_from_slice(key.as_slice()).map_err(|_| self.broken())
    }

    fn public_bytes(&self) -> Result<[u8; 32], VaultFailure> {
        self.bytes(&self.public)?
            .try_into()
            .map_err(|_| self.broken())
    }

    fn bytes(&self, text: &str) -> Result<Vec<u8>, VaultFailure> {
        STANDARD.decode(text).map_err(|_| self.broken())
    }

    fn broken(&self) -> VaultFailure {
        VaultFailure::Broken(format!("the key of {} cannot be used", self.person))
    }
}
