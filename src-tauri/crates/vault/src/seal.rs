use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chacha20poly1305::aead::{Aead as _, Payload};
use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305, XNonce};
use engine::ports::VaultFailure;
use rand::RngCore as _;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::items::{Items, Place};

/// Format: this byte, 8 bytes that tell which key, 24 bytes of nonce, ciphertext and tag of
/// XChaCha20-Poly1305. Version and key are authenticated too.
const VERSION: u8 = 1;
const HEADER: usize = 1 + 8;
const NONCE: usize = 24;

/// How failures name the key.
const NAME: &str = "sealing key";

pub(crate) type Key = Zeroizing<[u8; 32]>;

fn place(profile: &str) -> Place {
    Place {
        user: format!("{profile}/sealing-key"),
        label: "Pilothouse: opens the backups of Secrets; do not delete".to_owned(),
    }
}

/// The key; none when nothing was ever sealed. A garbled one is `Broken`, never replaced: the
/// ledger's sealed backups need it.
pub(crate) fn key(items: &mut Items, profile: &str) -> Result<Option<Key>, VaultFailure> {
    let Some(text) = items.get(&place(profile))? else {
        return Ok(None);
    };
    let broken = || VaultFailure::Broken(format!("{NAME}: it cannot be read"));
    let bytes = Zeroizing::new(STANDARD.decode(text.as_slice()).map_err(|_| broken())?);
    Ok(Some(Zeroizing::new(
        bytes.as_slice().try_into().map_err(|_| broken())?,
    )))
}

/// The key, made if there is none.
pub(crate) fn key_or_new(items: &mut Items, profile: &str) -> Result<Key, VaultFailure> {
    if let Some(key) = key(items, profile)? {
        return Ok(key);
    }
    let mut fresh: Key = Zeroizing::new([0; 32]);
    rand::rng().fill_bytes(fresh.as_mut());
    let text = Zeroizing::new(STANDARD.encode(fresh.as_slice()));
    items.set(&place(profile), text.as_bytes())?;
    // What is sealed by a key that was not kept is lost.
    match key(items, profile)? {
        Some(kept) if kept == fresh => Ok(kept),
        _ => Err(VaultFailure::Broken(format!(
            "{NAME}: it came back as something else"
        ))),
    }
}

/// A key that unsealing needs.
pub(crate) fn needed(key: Option<Key>) -> Result<Key, VaultFailure> {
    key.ok_or_else(|| VaultFailure::NoEntry(NAME.to_owned()))
}

pub(crate) fn seal(key: &Key, bytes: &[u8]) -> Result<Vec<u8>, VaultFailure> {
    let mut nonce = [0; NONCE];
    rand::rng().fill_bytes(&mut nonce);
    let header = header(key);
    let payload = Payload {
        msg: bytes,
        aad: &header,
    };
    let sealed = cipher(key)?
        .encrypt(&XNonce::from(nonce), payload)
        .map_err(|_| failed("sealing failed"))?;
    Ok([header.as_slice(), &nonce, &sealed].concat())
}

pub(crate) fn unseal(key: &Key, sealed: &[u8]) -> Result<Vec<u8>, VaultFailure> {
    let too_short = || failed("what was sealed is cut off");
    let (found, rest) = sealed.split_first_chunk::<HEADER>().ok_or_else(too_short)?;
    let (nonce, sealed) = rest.split_first_chunk::<NONCE>().ok_or_else(too_short)?;
    if found[0] != VERSION {
        return Err(failed("it was sealed by another version"));
    }
    if found != &header(key) {
        return Err(failed("it was sealed by another key"));
    }
    let payload = Payload {
        msg: sealed,
        aad: found,
    };
    cipher(key)?
        .decrypt(&XNonce::from(*nonce), payload)
        .map_err(|_| failed("what was sealed has been changed"))
}

fn header(key: &Key) -> [u8; HEADER] {
    let mut header = [VERSION; HEADER];
    header[1..].copy_from_slice(&Sha256::digest(key.as_slice())[..8]);
    header
}

fn cipher(key: &Key) -> Result<XChaCha20Poly1305, VaultFailure> {
    XChaCha20Poly1305::new_from_slice(key.as_slice()).map_err(|_| failed("it cannot be used"))
}

fn failed(why: &str) -> VaultFailure {
    VaultFailure::Broken(format!("{NAME}: {why}"))
}
