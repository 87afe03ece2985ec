//! What the person prefers. Not part of the ledger: nothing of a release depends on it.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use contract::{Language, Preferences, Theme, Zoom};
use serde_json::Value;

/// The preferences with their file.
pub struct PreferencesFile {
    path: PathBuf,
    current: Mutex<Preferences>,
}

impl PreferencesFile {
    /// Reads the file; a missing or unreadable one means the defaults.
    pub fn open(path: PathBuf) -> Self {
        let read = std::fs::read(&path).ok().and_then(|bytes| read(&bytes));
        PreferencesFile {
            path,
            current: Mutex::new(read.unwrap_or_else(defaults)),
        }
    }

    /// Takes over what the file says by now.
    pub fn read_again(&self) {
        if let Some(kept) = std::fs::read(&self.path)
            .ok()
            .and_then(|bytes| read(&bytes))
        {
            *self.current.lock().unwrap_or_else(PoisonError::into_inner) = kept;
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

const LOCK_AFTER: &str = "lock_after_minutes";

/// What a file says. One that has no zoom yet, or none that there is, keeps its language and theme.
fn read(bytes: &[u8]) -> Option<Preferences> {
    let mut kept: Value = serde_json::from_slice(bytes).ok()?;
    let fields = kept.as_object_mut()?;
    let zoom = fields.remove("zoom").unwrap_or_default();
    let zoom: Zoom = serde_json::from_value(zoom).unwrap_or_default();
    fields.insert("zoom".to_owned(), zoom.percent().into());
    let minutes = fields.remove(LOCK_AFTER).unwrap_or_default();
    let minutes = serde_json::from_value(minutes).unwrap_or(Preferences::LOCK_AFTER_MINUTES);
    fields.insert(LOCK_AFTER.to_owned(), minutes.into());
    serde_json::from_value(kept).ok()
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
        zoom: Zoom::default(),
        lock_after_minutes: Preferences::LOCK_AFTER_MINUTES,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn read_back(text: &str) -> Preferences {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("preferences.json");
        std::fs::write(&path, text).unwrap();
        PreferencesFile::open(path).get()
    }

    #[test]
    fn a_file_from_before_there_was_a_zoom_keeps_what_it_says() {
        let old = read_back(r#"{ "language": "en", "theme": "dark" }"#);
        assert_eq!((old.language, old.theme), (Language::En, Theme::Dark));
        assert_eq!(old.zoom.percent(), 100);
    }

    #[test]
    fn a_zoom_that_there_is_none_of_becomes_the_usual_one_and_nothing_else_is_lost() {
        for zoom in ["117", "0", "-80", "1e300", "100.5", "\"200\"", "null", "[]"] {
            let text = format!(r#"{{ "language": "en", "theme": "dark", "zoom": {zoom} }}"#);
            let kept = read_back(&text);
            assert_eq!((kept.language, kept.theme), (Language::En, Theme::Dark));
            assert_eq!(kept.zoom.percent(), 100, "{zoom}");
        }
    }

    #[test]
    fn a_file_without_a_usable_idle_time_gets_the_usual_one() {
        for minutes in ["null", "-1", "\"5\"", "70000", "1.5"] {
            let text = format!(
                r#"{{ "language": "en", "theme": "dark", "lock_after_minutes": {minutes} }}"#
            );
            assert_eq!(read_back(&text).lock_after_minutes, 15, "{minutes}");
        }
        let never = read_back(r#"{ "language": "en", "theme": "dark", "lock_after_minutes": 0 }"#);
        assert_eq!(
            (never.lock_after_minutes, never.language),
            (0, Language::En)
        );
    }

    #[test]
    fn every_step_is_kept_through_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("preferences.json");
        for step in Zoom::STEPS {
            let file = PreferencesFile::open(path.clone());
            let zoom = serde_json::from_value(step.into()).unwrap();
            file.set(Preferences { zoom, ..file.get() }).unwrap();
            let again = PreferencesFile::open(path.clone()).get();
            assert_eq!(again.zoom.percent(), step);
        }
    }

    #[test]
    fn the_window_cannot_send_what_is_no_step() {
        for zoom in [
            serde_json::json!(117),
            0.into(),
            (-1).into(),
            "150".into(),
            Value::Null,
        ] {
            let sent = serde_json::json!({
                "language": "en", "theme": "dark", "zoom": zoom, "lock_after_minutes": 15,
            });
            assert!(
                serde_json::from_value::<Preferences>(sent).is_err(),
                "{zoom}"
            );
        }
    }
}
