use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use engine::ports::VaultFailure;
use keyring_core::api::CredentialStoreApi;
use keyring_core::{Entry, Error};
use zeroize::Zeroizing;

use crate::items::{Items, Place, SERVICE};

/// The keychain of macOS or Windows. The store is made when it is needed, and asked for again
/// until it could be made. It blocks and cannot be interrupted: whoever waits has the bound.
#[derive(Default)]
pub(crate) struct NativeItems {
    store: Option<Arc<dyn CredentialStoreApi + Send + Sync>>,
}

impl NativeItems {
    fn entry(&mut self, place: &Place) -> Result<Entry, VaultFailure> {
        let store = match &self.store {
            Some(store) => store,
            None => self
                .store
                .insert(open().map_err(|error| VaultFailure::Missing(error.to_string()))?),
        };
        store
            .build(SERVICE, &place.user, modifiers().as_ref())
            .map_err(|error| of_store(&error))
    }
}

#[cfg(target_os = "macos")]
fn open() -> keyring_core::Result<Arc<dyn CredentialStoreApi + Send + Sync>> {
    Ok(apple_native_keyring_store::keychain::Store::new()?)
}

#[cfg(target_os = "windows")]
fn open() -> keyring_core::Result<Arc<dyn CredentialStoreApi + Send + Sync>> {
    Ok(windows_native_keyring_store::Store::new()?)
}

/// Windows roams credentials over the domain unless told otherwise.
fn modifiers() -> Option<HashMap<&'static str, &'static str>> {
    cfg!(target_os = "windows").then(|| HashMap::from([("persistence", "Local")]))
}

impl Items for NativeItems {
    fn until(&mut self, _deadline: Instant) {}

    fn get(&mut self, place: &Place) -> Result<Option<Zeroizing<Vec<u8>>>, VaultFailure> {
        match self.entry(place)?.get_secret() {
            Ok(text) => Ok(Some(Zeroizing::new(text))),
            Err(Error::NoEntry) => Ok(None),
            Err(error) => Err(of_store(&error)),
        }
    }

    fn set(&mut self, place: &Place, text: &[u8]) -> Result<(), VaultFailure> {
        self.entry(place)?
            .set_secret(text)
            .map_err(|error| of_store(&error))
    }

    fn delete(&mut self, place: &Place) -> Result<(), VaultFailure> {
        match self.entry(place)?.delete_credential() {
            Ok(()) | Err(Error::NoEntry) => Ok(()),
            Err(error) => Err(of_store(&error)),
        }
    }
}

/// Two of the library's errors carry the secret: those are never formatted.
fn of_store(error: &Error) -> VaultFailure {
    match error {
        Error::NoStorageAccess(_) => VaultFailure::Locked,
        Error::BadEncoding(_) | Error::BadDataFormat(..) => {
            VaultFailure::Broken("an item is malformed".to_owned())
        }
        other => VaultFailure::Broken(other.to_string()),
    }
}
