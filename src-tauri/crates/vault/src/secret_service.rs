use std::collections::HashMap;
use std::future::Future;
use std::sync::Arc;
use std::time::Instant;

use engine::ports::VaultFailure;
use secret_service::{Collection, EncryptionType, Error, Item, SecretService};
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;
use zeroize::Zeroizing;

use crate::Limits;
use crate::items::{Items, Place, SERVICE};
use crate::keychain::late;

type Session = Arc<SecretService<'static>>;

/// The Secret Service of the session bus (GNOME Keyring, KWallet, KeePassXC). Connection and
/// session are made when they are needed and made again when they fail: the service may start,
/// stop or be replaced while the program runs.
pub(crate) struct SecretItems {
    address: Option<String>,
    limits: Limits,
    deadline: Instant,
    runtime: Option<Runtime>,
    session: Option<Session>,
    /// The prompt that is open. It stays open when a call gives up, so that a person who is slower
    /// than the bound still unlocks the keychain for the next call, and sees one prompt, not many.
    unlocking: Option<JoinHandle<Result<(), Error>>>,
}

/// Why a call did not come to its end.
enum Trouble {
    /// There is no bus.
    NoBus(zbus::Error),
    Failed(Error),
    Locked,
    Late,
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        Trouble::Failed(error)
    }
}

impl SecretItems {
    /// On the bus of this address, or of the session.
    pub(crate) fn new(address: Option<String>, limits: Limits) -> Self {
        SecretItems {
            address,
            limits,
            deadline: Instant::now() + limits.call,
            runtime: None,
            session: None,
            unlocking: None,
        }
    }

    /// Does something in the unlocked default collection. A failure on a session made earlier is
    /// tried once more on a new one: everything that is done here can be done twice.
    fn with<T, F>(&mut self, work: impl Fn(Session) -> F) -> Result<T, VaultFailure>
    where
        F: Future<Output = Result<T, Error>>,
    {
        if self.runtime.is_none() {
            // A worker of its own keeps a prompt's answer coming in between calls.
            let runtime = Builder::new_multi_thread()
                .worker_threads(1)
                .enable_all()
                .build();
            self.runtime = Some(runtime.map_err(|error| VaultFailure::Broken(error.to_string()))?);
        }
        let is_new = self.session.is_none();
        let mut result = self.attempt(&work);
        if matches!(&result, Err(Trouble::Failed(error)) if !is_locked(error)) && !is_new {
            self.session = None;
            result = self.attempt(&work);
        }
        result.map_err(|trouble| {
            if !matches!(trouble, Trouble::Locked) {
                self.session = None;
            }
            match trouble {
                Trouble::Locked => VaultFailure::Locked,
                Trouble::Late => late(self.limits),
                Trouble::NoBus(error) => VaultFailure::Missing(error.to_string()),
                Trouble::Failed(error) => of_service(&error),
            }
        })
    }

    fn attempt<T, F>(&mut self, work: &impl Fn(Session) -> F) -> Result<T, Trouble>
    where
        F: Future<Output = Result<T, Error>>,
    {
        let Some(runtime) = &self.runtime else {
            return Err(Trouble::Late);
        };
        let deadline = tokio::time::Instant::from_std(self.deadline);
        let (session, unlocking) = (&mut self.session, &mut self.unlocking);
        let address = self.address.as_deref();
        runtime.block_on(async {
            let opened = tokio::time::timeout_at(deadline, async {
                let opened = match session {
                    Some(opened) => Arc::clone(opened),
                    None => Arc::clone(session.insert(Arc::new(connect(address).await?))),
                };
                let is_open = is_open(&opened).await?;
                Ok::<_, Trouble>((opened, is_open))
            });
            let (opened, is_open) = opened.await.map_err(|_| Trouble::Late)??;
            if !is_open {
                unlock(&opened, unlocking, deadline).await?;
            }
            *unlocking = None;
            Ok(tokio::time::timeout_at(deadline, work(opened))
                .await
                .map_err(|_| Trouble::Late)??)
        })
    }
}

async fn connect(address: Option<&str>) -> Result<SecretService<'static>, Trouble> {
    let builder = match address {
        Some(address) => zbus::connection::Builder::address(address),
        None => zbus::connection::Builder::session(),
    };
    let connection = builder
        .map_err(Trouble::NoBus)?
        .build()
        .await
        .map_err(Trouble::NoBus)?;
    Ok(SecretService::connect_with_existing(EncryptionType::Dh, connection).await?)
}

/// Whether there is a default collection and it is unlocked.
async fn is_open(session: &SecretService<'_>) -> Result<bool, Error> {
    match session.get_default_collection().await {
        Ok(collection) => Ok(!collection.is_locked().await?),
        Err(Error::NoResult) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Waits for the prompt that unlocks (or makes) the default collection, opening it if none is open.
async fn unlock(
    session: &Session,
    unlocking: &mut Option<JoinHandle<Result<(), Error>>>,
    deadline: tokio::time::Instant,
) -> Result<(), Trouble> {
    let prompt = match unlocking {
        Some(prompt) if !prompt.is_finished() => prompt,
        _ => {
            let session = Arc::clone(session);
            unlocking.insert(tokio::spawn(async move {
                match session.get_default_collection().await {
                    Ok(collection) => collection.unlock().await,
                    Err(Error::NoResult) => session
                        .create_collection("Default", "default")
                        .await
                        .map(|_| ()),
                    Err(error) => Err(error),
                }
            }))
        }
    };
    match tokio::time::timeout_at(deadline, prompt).await {
        Ok(Ok(Ok(()))) if is_open(session).await? => Ok(()),
        _ => Err(Trouble::Locked),
    }
}

fn attributes(place: &Place) -> HashMap<&str, &str> {
    HashMap::from([("service", SERVICE), ("username", place.user.as_str())])
}

async fn find<'a>(collection: &'a Collection<'a>, place: &Place) -> Result<Vec<Item<'a>>, Error> {
    collection.search_items(attributes(place)).await
}

impl Items for SecretItems {
    fn until(&mut self, deadline: Instant) {
        self.deadline = deadline;
    }

    fn get(&mut self, place: &Place) -> Result<Option<Zeroizing<Vec<u8>>>, VaultFailure> {
        self.with(|session| async move {
            let collection = session.get_default_collection().await?;
            match find(&collection, place).await?.first() {
                Some(item) => Ok(Some(Zeroizing::new(item.get_secret().await?))),
                None => Ok(None),
            }
        })
    }

    fn set(&mut self, place: &Place, text: &[u8]) -> Result<(), VaultFailure> {
        self.with(|session| async move {
            let collection = session.get_default_collection().await?;
            let replace = true;
            collection
                .create_item(&place.label, attributes(place), text, replace, "text/plain")
                .await?;
            Ok(())
        })
    }

    fn delete(&mut self, place: &Place) -> Result<(), VaultFailure> {
        self.with(|session| async move {
            let collection = session.get_default_collection().await?;
            for item in find(&collection, place).await? {
                item.delete().await?;
            }
            Ok(())
        })
    }
}

impl Drop for SecretItems {
    fn drop(&mut self) {
        // Waiting for an open prompt would hold up the end of the program.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// The D-Bus name of an error that the service or the bus answered.
fn error_name(error: &Error) -> Option<&str> {
    match error {
        Error::Zbus(zbus::Error::MethodError(name, _, _)) => Some(name.as_str()),
        _ => None,
    }
}

fn is_locked(error: &Error) -> bool {
    matches!(
        error,
        Error::Locked | Error::Prompt | Error::PromptDisconnected
    ) || error_name(error) == Some("org.freedesktop.Secret.Error.IsLocked")
}

fn of_service(error: &Error) -> VaultFailure {
    if is_locked(error) {
        return VaultFailure::Locked;
    }
    let absent = match error {
        Error::Unavailable => true,
        Error::Zbus(
            zbus::Error::Address(_) | zbus::Error::InputOutput(_) | zbus::Error::Handshake(_),
        ) => true,
        Error::ZbusFdo(
            zbus::fdo::Error::ServiceUnknown(_) | zbus::fdo::Error::NameHasNoOwner(_),
        ) => true,
        other => error_name(other).is_some_and(|name| {
            name.starts_with("org.freedesktop.DBus.Error.Spawn")
                || [
                    "org.freedesktop.DBus.Error.ServiceUnknown",
                    "org.freedesktop.DBus.Error.NameHasNoOwner",
                ]
                .contains(&name)
        }),
    };
    if absent {
        VaultFailure::Missing(error.to_string())
    } else {
        VaultFailure::Broken(error.to_string())
    }
}
