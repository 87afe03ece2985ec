//! What survives a restart: CA, port, revision, objects. One folder, whole files, renamed into place.

use crate::certs::{self, Authority};
use crate::cluster::StartError;
use crate::plane::Plane;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Changes are written at most this often; the last ones at shutdown.
const EVERY: Duration = Duration::from_millis(500);

/// The objects file.
#[derive(Serialize, Deserialize)]
pub(crate) struct Snapshot {
    pub revision: u64,
    pub objects: Vec<(String, Value)>,
}

/// The CA of the folder, made on first use.
pub(crate) fn authority(folder: &Path, cluster: &str) -> Result<Authority, StartError> {
    fs::create_dir_all(folder)?;
    let (certificate, key) = (folder.join("ca.pem"), folder.join("ca.key"));
    if certificate.exists() && key.exists() {
        return Ok(Authority {
            certificate: fs::read_to_string(certificate)?,
            key: fs::read_to_string(key)?,
        });
    }
    let authority = certs::new_authority(cluster)?;
    replace(&key, authority.key.as_bytes())?;
    replace(&certificate, authority.certificate.as_bytes())?;
    Ok(authority)
}

/// The port used last time. The URL belongs to a cluster's identity, so it should stay.
pub(crate) fn port(folder: &Path) -> Option<u16> {
    fs::read_to_string(folder.join("port"))
        .ok()?
        .trim()
        .parse()
        .ok()
}

pub(crate) fn save_port(folder: &Path, port: u16) -> io::Result<()> {
    replace(&folder.join("port"), port.to_string().as_bytes())
}

/// The objects of last time, if any.
pub(crate) fn load(folder: &Path) -> Result<Option<Snapshot>, StartError> {
    match fs::read(folder.join("objects.json")) {
        Ok(bytes) => Ok(Some(
            serde_json::from_slice(&bytes).map_err(StartError::Corrupt)?,
        )),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Writes all objects.
pub(crate) fn save(folder: &Path, plane: &Plane) -> io::Result<()> {
    let snapshot = {
        let store = plane.store();
        Snapshot {
            revision: store.revision(),
            objects: store
                .everything()
                .map(|(storage, object)| (storage.clone(), (**object).clone()))
                .collect(),
        }
    };
    let bytes = serde_json::to_vec(&snapshot)?;
    replace(&folder.join("objects.json"), &bytes)
}

/// Saves changes until the cluster stops.
pub(crate) async fn keep_saving(folder: PathBuf, plane: Arc<Plane>) {
    let mut changed = plane.store().subscribe();
    loop {
        tokio::select! {
            result = changed.changed() => if result.is_err() { break },
            () = plane.stop.cancelled() => break,
        }
        if let Err(error) = save(&folder, &plane) {
            tracing::warn!(%error, "rehearsal cluster not saved");
        }
        tokio::select! {
            () = tokio::time::sleep(EVERY) => {}
            () = plane.stop.cancelled() => break,
        }
    }
    if let Err(error) = save(&folder, &plane) {
        tracing::warn!(%error, "rehearsal cluster not saved");
    }
}

fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let draft = path.with_extension("new");
    fs::write(&draft, bytes)?;
    fs::rename(draft, path)
}
