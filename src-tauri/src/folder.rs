//! Where the program keeps its ledger, preferences and logs.

use std::path::{Path, PathBuf};

use tauri::{AppHandle, Manager};

/// Names another data folder than the user's own, for tests and for keeping two teams apart.
const VARIABLE: &str = "PILOTHOUSE_DATA_FOLDER";

/// Whether this start names a data folder of its own.
pub fn is_named() -> bool {
    std::env::var_os(VARIABLE).is_some()
}

/// The data folder. It need not be there yet.
///
/// # Errors
/// When the system names none.
pub fn data_folder(app: &AppHandle) -> Result<PathBuf, tauri::Error> {
    match std::env::var_os(VARIABLE) {
        Some(named) => Ok(PathBuf::from(named)),
        None => app.path().app_local_data_dir(),
    }
}

/// Makes the data folder if it is not there.
///
/// # Errors
/// When it cannot be made.
pub fn make(folder: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    // Some file systems know no rights, and none that is read-only takes any.
    if let Err(error) = private(folder) {
        tracing::warn!(%error, "other users of this workstation may be able to read the data folder");
    }
    Ok(())
}

/// A path as a person types it: `~` is the home folder.
pub fn typed(path: &str) -> PathBuf {
    let path = path.trim();
    let rest = match path.strip_prefix('~') {
        Some(rest) if rest.is_empty() || rest.starts_with(['/', std::path::MAIN_SEPARATOR]) => rest,
        _ => return PathBuf::from(path),
    };
    match std::env::home_dir() {
        Some(home) => home.join(rest.trim_start_matches(['/', std::path::MAIN_SEPARATOR])),
        None => PathBuf::from(path),
    }
}

/// The ledger names people and clusters; other users of the workstation need not read it.
#[cfg(unix)]
fn private(folder: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o700))
}

#[cfg(not(unix))]
fn private(_: &Path) -> std::io::Result<()> {
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::*;

    #[test]
    fn a_tilde_is_the_home_folder_only_where_a_shell_would_read_it_so() {
        let home = std::env::home_dir().unwrap();
        for (text, path) in [
            ("~", home.clone()),
            (" ~/.kube/config ", home.join(".kube/config")),
            ("~other/x", PathBuf::from("~other/x")),
            ("/a/~/b", PathBuf::from("/a/~/b")),
            ("", PathBuf::new()),
        ] {
            assert_eq!(typed(text), path, "{text}");
        }
    }
}
