//! What the person at the workstation has open.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use domain::{EnvironmentId, Instant, PersonId};
use engine::Summary;
use serde::{Deserialize, Serialize};
use workspace::Opened;

/// What the person at the workstation has open. Shown, never acted on: a command names what it acts on.
#[derive(Clone, Default)]
pub struct Seat {
    /// Who sits here.
    pub person: Option<PersonId>,
    /// The environment in the banner.
    pub environment: Option<EnvironmentId>,
    /// The open workspace.
    pub workspace: Option<Arc<OpenWorkspace>>,
    /// Until when notifications were seen.
    pub read_until: Option<Instant>,
}

/// What of a [`Seat`] outlives the program: a convenience, so a file that cannot be read or written
/// changes nothing else.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct KeptSeat {
    person: Option<PersonId>,
    read_until: Option<Instant>,
}

impl Seat {
    pub const FILE: &str = "seat.json";

    /// What the last run left in the data folder.
    pub fn read(folder: &Path) -> Seat {
        let bytes = std::fs::read(folder.join(Seat::FILE)).unwrap_or_default();
        let kept: KeptSeat = serde_json::from_slice(&bytes).unwrap_or_default();
        Seat {
            person: kept.person,
            read_until: kept.read_until,
            ..Seat::default()
        }
    }

    /// Leaves it for the next run.
    pub fn write(&self, folder: &Path) {
        let kept = KeptSeat {
            person: self.person.clone(),
            read_until: self.read_until,
        };
        let written = serde_json::to_vec(&kept)
            .map_err(std::io::Error::from)
            .and_then(|bytes| std::fs::write(folder.join(Seat::FILE), bytes));
        if let Err(error) = written {
            tracing::warn!(%error, "who sits here is not remembered");
        }
    }
}

/// An open workspace.
pub struct OpenWorkspace {
    /// Its folder.
    pub path: PathBuf,
    /// What was read.
    pub opened: Opened,
    /// Whether it is the example.
    pub example: bool,
}

impl OpenWorkspace {
    /// Whether it names every environment of a release: releases of another workspace belong to
    /// that one.
    pub fn has_all_of(&self, release: &Summary) -> bool {
        let stages = &self.opened.workspace.stages;
        let known = |id: &EnvironmentId| {
            let mut environments = stages.iter().flat_map(|stage| &stage.environments);
            environments.any(|environment| &environment.id == id)
        };
        release
            .environments
            .iter()
            .all(|environment| known(&environment.id))
    }
}
