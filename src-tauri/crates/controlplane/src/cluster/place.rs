//! The place of one cluster on the machine: an index of its own, the addresses
//! that follow from it, and what an earlier, killed run left there.

use std::fs::{self, File};
use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::cgroups;
use super::error::{StartError, setup};
use crate::binaries;
use crate::programs::{self, Process};

/// Only root can write here, and it is gone with the next boot, as clusters are.
const REGISTRY: &str = "/run/pilothouse-clusters";

const INDICES: std::ops::RangeInclusive<u8> = 1..=50;

/// An index that is ours as long as the lock lives. The kernel gives the lock
/// back when the process ends, however it ends.
pub(super) struct Place {
    pub(super) index: u8,
    _lock: File,
}

impl Place {
    /// Takes an index, the given one or the first that is free, and removes
    /// what a killed run left at it.
    pub(super) fn take(wanted: Option<u8>) -> Result<Place, StartError> {
        fs::create_dir_all(REGISTRY).map_err(setup(REGISTRY))?;
        let candidates = match wanted {
            Some(index) => index..=index,
            None => INDICES,
        };
        for index in candidates.filter(|index| INDICES.contains(index)) {
            let lock = File::create(registry_path(index, "lock")).map_err(setup("index lock"))?;
            if lock.try_lock().is_err() {
                continue;
            }
            let place = Place { index, _lock: lock };
            place
                .remove_leftovers()
                .map_err(setup(format!("leftovers at index {index}")))?;
            if place.is_free() {
                return Ok(place);
            }
        }
        Err(StartError::NoFreeIndex)
    }

    /// Where a cluster at this place keeps its files.
    pub(super) fn state(&self, name: &str) -> PathBuf {
        binaries::target_folder()
            .join("clusters")
            .join(format!("{name}-{}", self.index))
    }

    fn is_state(&self, path: &Path) -> bool {
        let named = |path: &Path| {
            path.file_name()
                .and_then(|name| name.to_str())
                .map(str::to_owned)
        };
        named(path).is_some_and(|name| name.ends_with(&format!("-{}", self.index)))
            && path.parent().and_then(named).as_deref() == Some("clusters")
    }

    /// Notes what would have to be removed if this process were killed now.
    pub(super) fn record(&self, root: Process, state: &Path) -> io::Result<()> {
        let record = json!({ "pid": root.pid, "started": root.started, "state": state });
        fs::write(registry_path(self.index, "json"), record.to_string())
    }

    pub(super) fn forget(&self) -> io::Result<()> {
        match fs::remove_file(registry_path(self.index, "json")) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// The veth's name on the host. Its pair inside is `eth0`.
    pub(super) fn link(&self) -> String {
        format!("phcp{}", self.index)
    }

    pub(super) fn host(&self) -> Ipv4Addr {
        Ipv4Addr::new(10, 99, self.index, 1)
    }

    pub(super) fn node(&self) -> Ipv4Addr {
        Ipv4Addr::new(10, 99, self.index, 2)
    }

    pub(super) fn pods(&self) -> String {
        format!("10.98.{}.0/24", self.index)
    }

    pub(super) fn services(&self) -> String {
        format!("10.97.{}.0/24", self.index)
    }

    /// All addresses by which somebody may reach the API server.
    pub(super) fn api_addresses(&self) -> Vec<IpAddr> {
        let first_service = Ipv4Addr::new(10, 97, self.index, 1);
        [self.node(), first_service, Ipv4Addr::LOCALHOST]
            .map(IpAddr::V4)
            .to_vec()
    }

    /// Deleting one end of a veth deletes the other and all routes over it.
    pub(super) fn remove_link(&self) -> io::Result<()> {
        let is_there = || Path::new("/sys/class/net").join(self.link()).exists();
        if !is_there() {
            return Ok(());
        }
        let deleted = programs::run(Command::new("ip").args(["link", "delete", &self.link()]));
        // It goes by itself with the namespace of its other end, which may be ending just now.
        deleted.map(|_| ()).or_else(|error| match is_there() {
            true => Err(error),
            false => Ok(()),
        })
    }

    fn remove_leftovers(&self) -> io::Result<()> {
        let path = registry_path(self.index, "json");
        if let Ok(text) = fs::read_to_string(&path) {
            let record: Value = serde_json::from_str(&text).unwrap_or_default();
            if let (Some(pid), Some(started)) = (record["pid"].as_u64(), record["started"].as_u64())
            {
                end(Process {
                    pid: u32::try_from(pid).unwrap_or(0),
                    started,
                })?;
            }
            if let Some(state) = record["state"].as_str().map(Path::new)
                && self.is_state(state)
            {
                remove_state(state)?;
            }
        }
        self.remove_link()?;
        self.forget()
    }

    /// Somebody else's network may use the same addresses.
    fn is_free(&self) -> bool {
        let Ok(routes) = programs::run(Command::new("ip").args(["-4", "route"])) else {
            return false;
        };
        let routes = String::from_utf8_lossy(&routes.stdout).into_owned();
        let ours = [99, 98, 97].map(|part| format!("10.{part}.{}.", self.index));
        !routes
            .lines()
            .any(|line| ours.iter().any(|prefix| line.starts_with(prefix)))
    }
}

/// Kills the process over the namespaces and waits until it is gone.
pub(super) fn end(process: Process) -> io::Result<()> {
    if !process.alive() {
        return Ok(());
    }
    process.signal("KILL")?;
    let deadline = Instant::now() + Duration::from_secs(10);
    while process.alive() {
        if Instant::now() > deadline {
            return Err(io::Error::other(format!(
                "process {} does not end",
                process.pid
            )));
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    Ok(())
}

/// Removes a cluster's folder, and the control groups it tells of. Processes
/// that were just killed may hold mounts for some milliseconds more, so it is
/// tried again until a deadline.
pub(super) fn remove_state(state: &Path) -> io::Result<()> {
    cgroups::remove(&cgroups::of_containers(&state.join("containerd")));
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        match fs::remove_dir_all(state) {
            Ok(()) => return Ok(()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) if Instant::now() > deadline => return Err(error),
            Err(_) => std::thread::sleep(Duration::from_millis(50)),
        }
    }
}

fn registry_path(index: u8, extension: &str) -> PathBuf {
    Path::new(REGISTRY).join(format!("{index}.{extension}"))
}
