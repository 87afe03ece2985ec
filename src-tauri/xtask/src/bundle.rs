//! What people install: packages of the program for the system this runs on.

use std::process::{Command, ExitCode};

use crate::failure::Failure;
use crate::process::{cargo, run, step};
use crate::{folders, setup};

/// The kinds for this system. An AppImage and an installer for Windows need the net: their tools
/// are loaded while they are made.
const KINDS: &str = if cfg!(target_os = "macos") {
    "app,dmg"
} else if cfg!(windows) {
    "nsis"
} else {
    "deb,rpm,appimage"
};

/// Builds the program optimised and makes its packages below `target/release/bundle`; `kinds` are
/// those of Tauri, by commas.
pub(crate) fn make(kinds: Option<&str>) -> Result<ExitCode, Failure> {
    setup::prepare(setup::For::Window)?;
    step("building Pilothouse, optimised", || {
        run(&mut cargo(&[
            "build",
            "--release",
            "--package",
            "pilothouse",
        ]))
    })?;
    step("making packages", || {
        let script = if cfg!(windows) { "tauri.cmd" } else { "tauri" };
        let tauri = folders::ui().join("node_modules/.bin").join(script);
        let kinds = kinds.unwrap_or(KINDS);
        run(Command::new(tauri)
            .args(["bundle", "--no-sign", "--bundles", kinds])
            .current_dir(folders::root()))
    })?;
    println!(
        "  in {}",
        folders::target().join("release/bundle").display()
    );
    Ok(ExitCode::SUCCESS)
}
