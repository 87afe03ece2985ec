use std::any::Any;
use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

use keyring::Error as KeyringError;
use keyring_core::api::{CredentialApi, CredentialStoreApi};
use keyring_core::attributes::parse_attributes;
use keyring_core::{Credential, Entry};
use secret_service::{Collection, EncryptionType, Error, Item, SecretService};
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;

use crate::items::{Deadline, Trouble};

type Session = Arc<SecretService<'static>>;

/// The Secret Service of a bus (GNOME Keyring, KWallet, KeePassXC) as a store for keyring. Connection
/// and session are made when they are needed and made again when they fail: the service may start,
/// stop or be replaced while the program runs. Every call is over by the deadline.
pub(crate) struct SecretServiceStore(Arc<Service>);

struct Service {
    /// The bus; none for the session's.
    address: Option<String>,
    deadline: Deadline,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    runtime: Option<Runtime>,
    session: Option<Session>,
    /// The prompt that is open. It stays open when a call gives up, so that a person who is slower
    /// than the bound still unlocks the keychain for the next call, and sees one prompt, not many.
    unlocking: Option<JoinHandle<Result<(), Error>>>,
}

/// Why an attempt did not come to its end.
enum Ended {
    /// There is no bus.
    NoBus(zbus::Error),
    Failed(Error),
    Locked,
    Late,
}

impl From<Error> for Ended {
    fn from(error: Error) -> Self {
        Ended::Failed(error)
    }
}

impl SecretServiceStore {
    /// On the bus of this address, or of the session. Touches neither bus nor service yet.
    pub(crate) fn new(address: Option<String>, deadline: Deadline) -> Self {
        SecretServiceStore(Arc::new(Service {
            address,
            deadline,
            state: Mutex::default(),
        }))
    }
}

impl CredentialStoreApi for SecretServiceStore {
    fn vendor(&self) -> String {
        "Pilothouse, Secret Service".to_owned()
    }

    fn id(&self) -> String {
        let bus = self.0.address.as_deref().unwrap_or("session");
        format!("{} on {bus}", env!("CARGO_PKG_VERSION"))
    }

    /// Takes one modifier: `label`, what a person sees of the item in the keychain's own window.
    fn build(
        &self,
        service: &str,
        user: &str,
        modifiers: Option<&HashMap<&str, &str>>,
    ) -> keyring::Result<Entry> {
        let mut modifiers = parse_attributes(&["label"], modifiers)?;
        let item = ServiceItem {
            store: Arc::clone(&self.0),
            service: service.to_owned(),
            user: user.to_owned(),
            label: modifiers.remove("label").unwrap_or_default(),
        };
        Ok(Entry::new_with_credential(Arc::new(item)))
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl Service {
    /// Does something in the unlocked default collection. A failure on a session made earlier is
    /// tried once more on a new one: everything that is done here can be done twice.
    fn with<T, F>(&self, work: impl Fn(Session) -> F) -> keyring::Result<T>
    where
        F: Future<Output = Result<T, Error>>,
    {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.runtime.is_none() {
            // A worker of its own keeps a prompt's answer coming in between calls.
            let runtime = Builder::new_multi_thread()
                .worker_threads(1)
                .enable_all()
                .build();
            state.runtime =
                Some(runtime.map_err(|error| KeyringError::PlatformFailure(Box::new(error)))?);
        }
        let is_new = state.session.is_none();
        let mut result = self.attempt(&mut state, &work);
        if matches!(&result, Err(Ended::Failed(error)) if !is_locked(error)) && !is_new {
            state.session = None;
            result = self.attempt(&mut state, &work);
        }
        result.map_err(|ended| {
            if !matches!(ended, Ended::Locked) {
                state.session = None;
            }
            let no_access = |trouble| KeyringError::NoStorageAccess(Box::new(trouble));
            match ended {
                Ended::Locked => no_access(Trouble::Locked),
                Ended::Late => no_access(Trouble::Late),
                Ended::NoBus(error) => no_access(Trouble::Missing(error.to_string())),
                Ended::Failed(error) => of_service(error),
            }
        })
    }

    fn attempt<T, F>(&self, state: &mut State, work: &impl Fn(Session) -> F) -> Result<T, Ended>
    where
        F: Future<Output = Result<T, Error>>,
    {
        let Some(runtime) = &state.runtime else {
            return Err(Ended::Late);
        };
        let deadline = tokio::time::Instant::from_std(self.deadline.get());
        let (session, unlocking) = (&mut state.session, &mut state.unlocking);
        let address = self.address.as_deref();
        runtime.block_on(async {
            let opened = tokio::time::timeout_at(deadline, async {
                let opened = match session {
                    Some(opened) => Arc::clone(opened),
                    None => Arc::clone(session.insert(Arc::new(connect(address).await?))),
                };
                let is_open = is_open(&opened).await?;
                Ok::<_, Ended>((opened, is_open))
            });
            let (opened, is_open) = opened.await.map_err(|_| Ended::Late)??;
            if !is_open {
                unlock(&opened, unlocking, deadline).await?;
            }
            *unlocking = None;
            Ok(tokio::time::timeout_at(deadline, work(opened))
                .await
                .map_err(|_| Ended::Late)??)
        })
    }
}

async fn connect(address: Option<&str>) -> Result<SecretService<'static>, Ended> {
    let builder = match address {
        Some(address) => zbus::connection::Builder::address(address),
        None => zbus::connection::Builder::session(),
    };
    let connection = builder
        .map_err(Ended::NoBus)?
        .build()
        .await
        .map_err(Ended::NoBus)?;
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
) -> Result<(), Ended> {
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
        _ => Err(Ended::Locked),
    }
}

/// One item, known by service and user name.
struct ServiceItem {
    store: Arc<Service>,
    service: String,
    user: String,
    label: String,
}

impl ServiceItem {
    fn attributes(&self) -> HashMap<&str, &str> {
        HashMap::from([
            ("service", self.service.as_str()),
            ("username", self.user.as_str()),
        ])
    }

    async fn find<'a>(&self, collection: &'a Collection<'a>) -> Result<Vec<Item<'a>>, Error> {
        collection.search_items(self.attributes()).await
    }
}

impl CredentialApi for ServiceItem {
    fn get_secret(&self) -> keyring::Result<Vec<u8>> {
        let found = self.store.with(|session| async move {
            let collection = session.get_default_collection().await?;
            match self.find(&collection).await?.first() {
                Some(item) => Ok(Some(item.get_secret().await?)),
                None => Ok(None),
            }
        })?;
        found.ok_or(KeyringError::NoEntry)
    }

    fn set_secret(&self, text: &[u8]) -> keyring::Result<()> {
        self.store.with(|session| async move {
            let collection = session.get_default_collection().await?;
            let replace = true;
            collection
                .create_item(&self.label, self.attributes(), text, replace, "text/plain")
                .await?;
            Ok(())
        })
    }

    fn delete_credential(&self) -> keyring::Result<()> {
        let deleted = self.store.with(|session| async move {
            let collection = session.get_default_collection().await?;
            let found = self.find(&collection).await?;
            for item in &found {
                item.delete().await?;
            }
            Ok(found.len())
        })?;
        match deleted {
            0 => Err(KeyringError::NoEntry),
            _ => Ok(()),
        }
    }

    /// The item itself: it is known by what it was made with.
    fn get_credential(&self) -> keyring::Result<Option<Arc<Credential>>> {
        let found = self.store.with(|session| async move {
            let collection = session.get_default_collection().await?;
            Ok(self.find(&collection).await?.len())
        })?;
        match found {
            0 => Err(KeyringError::NoEntry),
            _ => Ok(None),
        }
    }

    fn get_specifiers(&self) -> Option<(String, String)> {
        Some((self.service.clone(), self.user.clone()))
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // Waiting for an open prompt would hold up the end of the program.
        let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Some(runtime) = state.runtime.take() {
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

fn of_service(error: Error) -> KeyringError {
    if is_locked(&error) {
        return KeyringError::NoStorageAccess(Box::new(Trouble::Locked));
    }
    let absent = match &error {
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
        KeyringError::NoStorageAccess(Box::new(Trouble::Missing(error.to_string())))
    } else {
        KeyringError::PlatformFailure(Box::new(error))
    }
}
