//! A session bus of our own.

use std::io::{BufRead, BufReader};
use std::path::Path;

use zbus::names::BusName;

use super::child::{Program, Start};
use super::{DesktopFailure, LIMITS, until};

/// No service folders: nothing of the machine's own desktop is ever started on it.
const CONFIG: &str = r#"<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:tmpdir=/tmp</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"#;

/// The session bus.
pub struct Bus {
    address: String,
    connection: zbus::Connection,
    _daemon: Program,
}

impl Bus {
    /// Starts one.
    ///
    /// # Errors
    /// When dbus-daemon does not start or cannot be reached.
    pub async fn start(folder: &Path) -> Result<Bus, DesktopFailure> {
        let config = folder.join("bus.conf");
        std::fs::write(&config, CONFIG).map_err(|source| DesktopFailure::File {
            what: "writing the bus configuration",
            source,
        })?;
        let (mut daemon, stdout) = Program::start(&Start {
            name: "dbus-daemon",
            program: Path::new("dbus-daemon"),
            arguments: &[
                format!("--config-file={}", config.display()),
                "--nofork".into(),
                "--print-address".into(),
            ],
            environment: &[],
            log: &folder.join("bus.log"),
            reads_stdout: true,
            stdin: None,
        })?;
        let mut address = String::new();
        if let Some(stdout) = stdout {
            let read = BufReader::new(stdout).read_line(&mut address);
            read.map_err(|source| DesktopFailure::File {
                what: "reading from dbus-daemon",
                source,
            })?;
        }
        let address = address.trim().to_owned();
        if address.is_empty() {
            daemon.still_runs()?;
            return Err(DesktopFailure::NotReady("dbus-daemon"));
        }
        let connection = zbus::connection::Builder::address(address.as_str())?
            .build()
            .await?;
        Ok(Bus {
            address,
            connection,
            _daemon: daemon,
        })
    }

    /// What `DBUS_SESSION_BUS_ADDRESS` has to be.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// A connection of ours to it.
    pub fn connection(&self) -> &zbus::Connection {
        &self.connection
    }

    /// Waits until somebody answers for a name.
    ///
    /// # Errors
    /// When nobody does in time.
    pub async fn wait_for(&self, name: &'static str) -> Result<(), DesktopFailure> {
        let proxy = zbus::fdo::DBusProxy::new(&self.connection).await?;
        until(LIMITS.ready, async || {
            let name = BusName::try_from(name).map_err(zbus::Error::from)?;
            let owned = proxy
                .name_has_owner(name)
                .await
                .map_err(zbus::Error::from)?;
            Ok::<_, DesktopFailure>(owned.then_some(()))
        })
        .await?
        .ok_or(DesktopFailure::NotReady(name))
    }
}
