use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use engine::ports::VaultFailure;
use keyring::{Entry, Error};
use keyring_core::CredentialStore;
use zeroize::Zeroizing;

/// The service under which all items are kept.
pub(crate) const SERVICE: &str = "pilothouse";

/// Where one item is, and what a person sees of it in the keychain's own window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// Lower-case, ASCII, without spaces: Windows does not tell case.
    pub(crate) user: String,
    /// For people.
    pub(crate) label: String,
}

/// By when a call has to be over. A store that can be interrupted looks here; one that cannot ignores
/// it, and the caller stops waiting.
#[derive(Clone, Debug)]
pub(crate) struct Deadline(Arc<Mutex<Instant>>);

impl Deadline {
    pub(crate) fn new(at: Instant) -> Self {
        Deadline(Arc::new(Mutex::new(at)))
    }

    pub(crate) fn get(&self) -> Instant {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn set(&self, at: Instant) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = at;
    }
}

/// Why a store of ours did not do what it was asked, in the box of keyring's `NoStorageAccess`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// Somebody has to unlock the keychain first.
    Locked,
    /// No answer by the deadline.
    Late,
    /// There is no keychain, and why.
    Missing(String),
}

impl std::fmt::Display for Trouble {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Trouble::Locked => f.write_str("locked"),
            Trouble::Late => f.write_str("no answer in time"),
            Trouble::Missing(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for Trouble {}

type Open = Box<dyn Fn() -> keyring::Result<Arc<CredentialStore>> + Send>;

/// A keychain: small items of text, each replaced as a whole. KWallet takes UTF-8 only, so that
/// every item is text. Entries are made in a store of our own choosing: keyring's process-wide one
/// remembers its first failure for ever.
pub(crate) struct Items {
    open: Open,
    store: Option<Arc<CredentialStore>>,
    deadline: Deadline,
    /// Most seconds of a call, for the failure that names them.
    seconds: u32,
}

impl Items {
    /// Nothing is opened before the first call, and again until it could be.
    pub(crate) fn new(
        seconds: u32,
        deadline: Deadline,
        open: impl Fn() -> keyring::Result<Arc<CredentialStore>> + Send + 'static,
    ) -> Self {
        Items {
            open: Box::new(open),
            store: None,
            deadline,
            seconds,
        }
    }

    /// Calls after this fail with `Timeout` or `Locked` by that moment, if the store can be interrupted.
    pub(crate) fn until(&mut self, deadline: Instant) {
        self.deadline.set(deadline);
    }

    /// An item, or none.
    pub(crate) fn get(
        &mut self,
        place: &Place,
    ) -> Result<Option<Zeroizing<Vec<u8>>>, VaultFailure> {
        match self.entry(place)?.get_secret() {
            Ok(text) => Ok(Some(Zeroizing::new(text))),
            Err(Error::NoEntry) => Ok(None),
            Err(error) => Err(self.failure(&error)),
        }
    }

    /// Makes or replaces an item.
    pub(crate) fn set(&mut self, place: &Place, text: &[u8]) -> Result<(), VaultFailure> {
        self.entry(place)?
            .set_secret(text)
            .map_err(|error| self.failure(&error))
    }

    /// Deletes an item; there may be none.
    pub(crate) fn delete(&mut self, place: &Place) -> Result<(), VaultFailure> {
        match self.entry(place)?.delete_credential() {
            Ok(()) | Err(Error::NoEntry) => Ok(()),
            Err(error) => Err(self.failure(&error)),
        }
    }

    fn entry(&mut self, place: &Place) -> Result<Entry, VaultFailure> {
        let store = match &self.store {
            Some(store) => Arc::clone(store),
            None => {
                let opened =
                    (self.open)().map_err(|error| VaultFailure::Missing(error.to_string()))?;
                Arc::clone(self.store.insert(opened))
            }
        };
        let inner = store
            .build(SERVICE, &place.user, Some(&modifiers(place)))
            .map_err(|error| self.failure(&error))?;
        Ok(Entry { inner })
    }

    /// Two of the library's errors carry the secret: those are never formatted.
    fn failure(&self, error: &Error) -> VaultFailure {
        match error {
            Error::NoStorageAccess(why) => match why.downcast_ref() {
                Some(Trouble::Late) => VaultFailure::Timeout {
                    seconds: self.seconds,
                },
                Some(Trouble::Missing(why)) => VaultFailure::Missing(why.clone()),
                Some(Trouble::Locked) | None => VaultFailure::Locked,
            },
            Error::PlatformFailure(why) => VaultFailure::Broken(why.to_string()),
            Error::BadEncoding(_) | Error::BadDataFormat(..) => {
                VaultFailure::Broken("an item is malformed".to_owned())
            }
            other => VaultFailure::Broken(other.to_string()),
        }
    }
}

/// What each system's store wants to know of a new item. Windows roams credentials over the domain
/// unless told otherwise; the macOS store takes neither a label nor a persistence.
fn modifiers(place: &Place) -> HashMap<&str, &str> {
    if cfg!(target_os = "linux") {
        HashMap::from([("label", place.label.as_str())])
    } else if cfg!(target_os = "windows") {
        HashMap::from([("persistence", "Local")])
    } else {
        HashMap::new()
    }
}

/// The store of this system. On Linux it is ours, on this bus.
#[cfg(target_os = "linux")]
pub(crate) fn open(
    address: Option<String>,
    deadline: Deadline,
) -> keyring::Result<Arc<CredentialStore>> {
    Ok(Arc::new(crate::secret_service::SecretServiceStore::new(
        address, deadline,
    )))
}

/// The store of this system.
#[cfg(target_os = "macos")]
pub(crate) fn open(_: Option<String>, _: Deadline) -> keyring::Result<Arc<CredentialStore>> {
    Ok(apple_native_keyring_store::keychain::Store::new()?)
}

/// The store of this system.
#[cfg(target_os = "windows")]
pub(crate) fn open(_: Option<String>, _: Deadline) -> keyring::Result<Arc<CredentialStore>> {
    Ok(windows_native_keyring_store::Store::new()?)
}
