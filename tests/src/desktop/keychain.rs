//! The desktop's keychain, and what can become of it.

use std::path::Path;

use rustix::process::Signal;
use zbus::zvariant::{OwnedObjectPath, OwnedValue, Value};

use super::DesktopFailure;
use super::bus::Bus;
use super::child::{Program, Start};

const NAME: &str = "org.freedesktop.secrets";
const SERVICE: &str = "org.freedesktop.Secret.Service";
const COLLECTION: &str = "org.freedesktop.Secret.Collection";
const ITEM: &str = "org.freedesktop.Secret.Item";
/// GNOME Keyring's own: the login takes this way, for there is nobody yet who could answer a prompt.
const WITHOUT_PROMPT: &str = "org.gnome.keyring.InternalUnsupportedGuiltRiddenInterface";
const ROOT: &str = "/org/freedesktop/secrets";
const PASSWORD: &str = "pilothouse";

/// A Secret Service whose login keychain is open.
pub struct Keychain {
    connection: zbus::Connection,
    daemon: Program,
}

impl Keychain {
    /// Starts it; the password comes on stdin.
    ///
    /// # Errors
    /// When the daemon does not take its name on the bus.
    pub(super) async fn start(
        folder: &Path,
        bus: &Bus,
        environment: &[(String, String)],
    ) -> Result<Keychain, DesktopFailure> {
        let (daemon, _) = Program::start(&Start {
            name: "gnome-keyring-daemon",
            program: Path::new("gnome-keyring-daemon"),
            arguments: &[
                "--foreground".into(),
                "--unlock".into(),
                "--components=secrets".into(),
            ],
            environment,
            log: &folder.join("keyring.log"),
            reads_stdout: false,
            stdin: Some(PASSWORD.as_bytes()),
        })?;
        bus.wait_for(NAME).await?;
        Ok(Keychain {
            connection: bus.connection().clone(),
            daemon,
        })
    }

    /// Locks it. On this desktop nobody answers the prompt that would unlock it.
    ///
    /// # Errors
    /// When it refuses.
    pub async fn lock(&self) -> Result<(), DesktopFailure> {
        let all = vec![self.collection().await?];
        self.call(ROOT, SERVICE, "Lock", &(all,)).await.map(drop)
    }

    /// Unlocks it, as the person would.
    ///
    /// # Errors
    /// When it refuses.
    pub async fn unlock(&self) -> Result<(), DesktopFailure> {
        let session = self
            .call(ROOT, SERVICE, "OpenSession", &("plain", Value::from("")))
            .await?;
        let (_, session): (OwnedValue, OwnedObjectPath) = session.body().deserialize()?;
        let no_parameters: Vec<u8> = Vec::new();
        let password = (session, no_parameters, PASSWORD.as_bytes(), "text/plain");
        let asked = (self.collection().await?, password);
        self.call(ROOT, WITHOUT_PROMPT, "UnlockWithMasterPassword", &asked)
            .await
            .map(drop)
    }

    /// Stops it in the middle of whatever it does: calls arrive, and none is answered.
    ///
    /// # Errors
    /// When it runs no more.
    pub fn freeze(&self) -> Result<(), DesktopFailure> {
        self.daemon.signal(Signal::STOP)
    }

    /// Lets it go on.
    ///
    /// # Errors
    /// When it runs no more.
    pub fn thaw(&self) -> Result<(), DesktopFailure> {
        self.daemon.signal(Signal::CONT)
    }

    /// What its entries are called, in alphabetical order.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn labels(&self) -> Result<Vec<String>, DesktopFailure> {
        let mut labels: Vec<_> = self.items().await?.into_iter().map(|(_, l)| l).collect();
        labels.sort();
        Ok(labels)
    }

    /// Loses every entry whose label begins so; how many those were.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn lose(&self, label: &str) -> Result<usize, DesktopFailure> {
        let mut lost = 0;
        for (path, of) in self.items().await? {
            if of.starts_with(label) {
                self.call(path.as_str(), ITEM, "Delete", &()).await?;
                lost += 1;
            }
        }
        Ok(lost)
    }

    async fn items(&self) -> Result<Vec<(OwnedObjectPath, String)>, DesktopFailure> {
        let collection = self.collection().await?;
        let paths = self.read(collection.as_str(), COLLECTION, "Items").await?;
        let paths = Vec::<OwnedObjectPath>::try_from(paths).map_err(zbus::Error::from)?;
        let mut items = Vec::new();
        for path in paths {
            let label = self.read(path.as_str(), ITEM, "Label").await?;
            let label = String::try_from(label).map_err(zbus::Error::from)?;
            items.push((path, label));
        }
        Ok(items)
    }

    async fn collection(&self) -> Result<OwnedObjectPath, DesktopFailure> {
        let answer = self.call(ROOT, SERVICE, "ReadAlias", &("default",)).await?;
        Ok(answer.body().deserialize()?)
    }

    async fn read(
        &self,
        path: &str,
        interface: &str,
        property: &str,
    ) -> Result<OwnedValue, DesktopFailure> {
        let of = "org.freedesktop.DBus.Properties";
        let answer = self.call(path, of, "Get", &(interface, property)).await?;
        Ok(answer.body().deserialize()?)
    }

    async fn call<A>(
        &self,
        path: &str,
        interface: &str,
        method: &str,
        arguments: &A,
    ) -> Result<zbus::Message, DesktopFailure>
    where
        A: serde::Serialize + zbus::zvariant::DynamicType,
    {
        let called =
            self.connection
                .call_method(Some(NAME), path, Some(interface), method, arguments);
        Ok(called.await?)
    }
}
