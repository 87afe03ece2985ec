//! A Secret Service of one's own for tests: a private bus and a GNOME Keyring on it, in a folder
//! that goes away with it. Nothing of the person's session is touched.

use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use secret_service::{EncryptionType, SecretService as Client};
use tempfile::TempDir;

/// Why there is no Secret Service to test with.
#[derive(Debug)]
pub struct Absent(String);

impl std::fmt::Display for Absent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Absent {}

/// How long the daemons may take to come up.
const START: Duration = Duration::from_secs(20);

/// File of what the keyring complained of.
const SAID: &str = "keyring.log";

/// `<policy>`: everyone may do everything; no service folder, so that nothing is started by name.
const BUS: &str = r#"<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path=PATH</listen>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"#;

/// A running bus, and usually a keyring on it. Both end with it.
pub struct SecretService {
    home: TempDir,
    address: String,
    bus: Child,
    keyring: Option<Child>,
}

impl SecretService {
    /// A bus with an unlocked keyring.
    pub async fn start(password: &str) -> Result<SecretService, Absent> {
        let mut service = SecretService::bus()?;
        service.start_keyring(password).await?;
        Ok(service)
    }

    /// A bus without anything on it.
    pub fn bus() -> Result<SecretService, Absent> {
        let home = TempDir::with_prefix("pilothouse-keyring-")
            .map_err(|error| Absent(error.to_string()))?;
        let config = home.path().join("bus.conf");
        let socket = home.path().join("bus").display().to_string();
        std::fs::write(&config, BUS.replace("PATH", &socket))
            .map_err(|error| Absent(error.to_string()))?;
        let mut bus = Command::new(program("dbus-daemon")?)
            .arg(format!("--config-file={}", config.display()))
            .args(["--nofork", "--print-address=1"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| Absent(format!("dbus-daemon: {error}")))?;
        let mut address = String::new();
        if let Some(out) = bus.stdout.take() {
            // The address is printed once the bus listens.
            let _ = BufReader::new(out).read_line(&mut address);
        }
        let service = SecretService {
            home,
            address: address.trim().to_owned(),
            bus,
            keyring: None,
        };
        if service.address.is_empty() {
            Err(Absent("dbus-daemon did not start".to_owned()))
        } else {
            Ok(service)
        }
    }

    /// Starts a keyring on the bus and waits until it can be called. The same password opens the
    /// keyring of an earlier one.
    pub async fn start_keyring(&mut self, password: &str) -> Result<(), Absent> {
        let home = self.home.path();
        let said =
            std::fs::File::create(home.join(SAID)).map_err(|error| Absent(error.to_string()))?;
        let mut keyring = Command::new(program("gnome-keyring-daemon")?)
            .args(["--foreground", "--unlock", "--components=secrets"])
            .arg(format!(
                "--control-directory={}",
                home.join("control").display()
            ))
            .env("DBUS_SESSION_BUS_ADDRESS", &self.address)
            .env("HOME", home)
            .env("XDG_DATA_HOME", home.join("data"))
            .env("XDG_CONFIG_HOME", home.join("config"))
            .env("XDG_CACHE_HOME", home.join("cache"))
            .env("XDG_RUNTIME_DIR", home)
            .env_remove("GNOME_KEYRING_CONTROL")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(said)
            .spawn()
            .map_err(|error| Absent(format!("gnome-keyring-daemon: {error}")))?;
        if let Some(mut pipe) = keyring.stdin.take() {
            pipe.write_all(password.as_bytes())
                .map_err(|error| Absent(error.to_string()))?;
        }
        self.keyring = Some(keyring);
        let up = async {
            let client = self.connect().await?;
            let bus = zbus::fdo::DBusProxy::new(&client).await?;
            let name = "org.freedesktop.secrets"
                .try_into()
                .map_err(zbus::Error::from)?;
            while !bus
                .name_has_owner(zbus::names::BusName::clone(&name))
                .await?
            {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            Ok::<_, zbus::Error>(())
        };
        match tokio::time::timeout(START, up).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(Absent(error.to_string())),
            Err(_) => Err(Absent("gnome-keyring-daemon did not come up".to_owned())),
        }
    }

    /// Ends the keyring; the bus stays.
    pub fn stop_keyring(&mut self) {
        let Some(mut keyring) = self.keyring.take() else {
            return;
        };
        // A keyring that crashed makes a test fail with "there is no keychain", which says nothing.
        if let Ok(Some(status)) = keyring.try_wait() {
            let said = std::fs::read_to_string(self.home.path().join(SAID)).unwrap_or_default();
            let _ = writeln!(
                std::io::stderr(),
                "gnome-keyring-daemon ended by itself ({status}): {said}"
            );
        }
        end(&mut keyring);
    }

    /// Stops the keyring in the middle of whatever it does, so that it answers nothing, or lets it
    /// go on.
    pub fn freeze(&self, frozen: bool) {
        if let Some(keyring) = &self.keyring {
            let signal = if frozen { "-STOP" } else { "-CONT" };
            let _ = Command::new("kill")
                .args([signal, &keyring.id().to_string()])
                .status();
        }
    }

    /// The bus's address, as `DBUS_SESSION_BUS_ADDRESS` would have it.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// A client of this bus.
    pub async fn connect(&self) -> Result<zbus::Connection, zbus::Error> {
        zbus::connection::Builder::address(self.address.as_str())?
            .build()
            .await
    }

    /// A client of the keyring.
    pub async fn client(&self) -> Result<Client<'static>, secret_service::Error> {
        Client::connect_with_existing(EncryptionType::Plain, self.connect().await?).await
    }

    /// Labels of all items of all collections.
    pub async fn labels(&self) -> Result<Vec<String>, secret_service::Error> {
        let client = self.client().await?;
        let mut labels = Vec::new();
        for collection in client.get_all_collections().await? {
            for item in collection.get_all_items().await? {
                labels.push(item.get_label().await?);
            }
        }
        labels.sort();
        Ok(labels)
    }

    /// A prompter whose person has gone for coffee: while this lives, a prompt stays open.
    pub async fn absent_person(&self) -> Result<zbus::Connection, zbus::Error> {
        let connection = self.connect().await?;
        connection
            .request_name("org.gnome.keyring.SystemPrompter")
            .await?;
        Ok(connection)
    }

    /// Locks the default collection. Nobody can unlock it: there is no prompter on this bus.
    pub async fn lock(&self) -> Result<(), secret_service::Error> {
        self.client()
            .await?
            .get_default_collection()
            .await?
            .lock()
            .await
    }
}

impl Drop for SecretService {
    fn drop(&mut self) {
        self.stop_keyring();
        end(&mut self.bus);
    }
}

/// Ends a process that was started here, and only that.
fn end(child: &mut Child) {
    let _ = child.kill();
    let _ = child.wait();
}

fn program(name: &str) -> Result<PathBuf, Absent> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
        .ok_or_else(|| Absent(format!("{name} is not installed")))
}

/// The service, or none with a loud word on how many tests were skipped so far. Fails instead where
/// the environment says that it must be there (`PILOTHOUSE_REQUIRE_DESKTOP=1`).
pub fn or_skip(started: Result<SecretService, Absent>) -> Option<SecretService> {
    static SKIPPED: AtomicU32 = AtomicU32::new(0);
    match started {
        Ok(service) => Some(service),
        Err(why) => {
            let required = std::env::var_os("PILOTHOUSE_REQUIRE_DESKTOP");
            assert!(
                required.as_deref() != Some(OsStr::new("1")),
                "no Secret Service ({why})"
            );
            let skipped = SKIPPED.fetch_add(1, Ordering::Relaxed) + 1;
            // Past the test harness, which swallows what a passing test prints.
            let _ = writeln!(
                std::io::stderr(),
                "{skipped} skipped: no Secret Service ({why})"
            );
            None
        }
    }
}
