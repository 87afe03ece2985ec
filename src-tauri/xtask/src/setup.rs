//! What has to be there before anything of ours can be built or run.

use crate::failure::Failure;
use crate::process::{self, step};
use crate::{folders, npm, packages};

const DRIVER: &str = "tauri-driver@2.1.0";

/// What the set-up is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum For {
    /// Somebody sits in front of a screen.
    Window,
    /// The tests and the demo bring their own screen and drive the window.
    Tests,
}

pub(crate) fn prepare(purpose: For) -> Result<(), Failure> {
    let driven = purpose == For::Tests;
    packages::install(driven)?;
    npm::packages()?;
    npm::build()?;
    // WebDriver for the window exists on Linux and Windows only.
    if driven && !cfg!(target_os = "macos") {
        driver()?;
    }
    Ok(())
}

fn driver() -> Result<(), Failure> {
    let program = format!("tauri-driver{}", std::env::consts::EXE_SUFFIX);
    if folders::tools().join("bin").join(program).is_file() {
        println!("→ tauri-driver: there");
        return Ok(());
    }
    let tools = folders::tools().display().to_string();
    step(&format!("installing {DRIVER}"), || {
        process::run(&mut process::cargo(&[
            "install", DRIVER, "--locked", "--quiet", "--root", &tools,
        ]))
    })
}
