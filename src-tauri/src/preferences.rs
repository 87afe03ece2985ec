//! What the person prefers. Not part of the ledger: nothing of a release depends on it.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use contract::{Language, Preferences, Theme};

/// The preferences with their file.
pub struct PreferencesFile {
    path: PathBuf,
    current: Mutex<Preferences>,
}

impl PreferencesFile {
    /// Reads the file; a missing or unreadable one means the defaults.
    pub fn open(path: PathBuf) -> Self {
        let read = std::fs::read(&path)
            .ok()
            .and_then(|bytes| serde_json::from_slice(&bytes).ok());
        PreferencesFile {
            path,
            current: Mutex::new(read.unwrap_or_else(defaults)),
        }
    }

    /// The preferences now.
    pub fn get(&self) -> Preferences {
        self.current
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Takes new preferences over, and writes them down.
    ///
    /// # Errors
    /// When the file cannot be written; they hold until the program ends all the same.
    pub fn set(&self, preferences: Preferences) -> std::io::Result<()> {
        let text = serde_json::to_vec_pretty(&preferences)?;
        *self.current.lock().unwrap_or_else(PoisonError::into_inner) = preferences;
        let fresh = self.path.with_extension("new");
        std::fs::write(&fresh, text)?;
        std::fs::rename(&fresh, &self.path)
    }
}

/// Chinese first, unless the desktop speaks another language.
fn defaults() -> Preferences {
    let spoken = ["LC_ALL", "LC_MESSAGES", "LANG"]
        .iter()
        .find_map(|name| std::env::var(name).ok());
    let english = spoken.is_some_and(|locale| locale.starts_with("en"));
    let language = if english {
        Language::En
    } else {
        Language::ZhCn
    };
    Preferences {
        language,
        theme: Theme::System,
    }
}
