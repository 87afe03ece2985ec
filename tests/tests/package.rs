//! The package that people install: made, installed, started from where it was put, and removed.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::path::{Path, PathBuf};
use std::process::Command;

use acceptance::desktop::{self, Desktop, Parts};
use acceptance::folders;
use acceptance::window::Window;

/// Where the package puts the program.
const INSTALLED: &str = "/usr/bin/pilothouse";

/// Takes the package away again, however the test ends.
struct Installed;

impl Installed {
    fn of(package: &Path) -> Installed {
        let package = package.display().to_string();
        run(Command::new("dpkg").args(["--install", &package]));
        Installed
    }
}

impl Drop for Installed {
    fn drop(&mut self) {
        // Removed already where the test got that far.
        let _ = Command::new("dpkg")
            .args(["--purge", "pilothouse"])
            .output();
    }
}

#[tokio::test]
async fn the_package_installs_starts_and_leaves_nothing_but_the_data() {
    if desktop::or_skip(1).is_none() {
        return;
    }
    if let Some(why) = cannot_install() {
        // Somebody's own installation must not be replaced by a test.
        assert!(
            std::env::var(desktop::REQUIRE).is_ok_and(|value| value != "1")
                || std::env::var(desktop::REQUIRE).is_err(),
            "{}=1, and the package cannot be tried: {why}",
            desktop::REQUIRE
        );
        eprintln!("1 skipped: the package cannot be tried ({why})");
        return;
    }
    let package = make();
    let listed = run(Command::new("dpkg-deb").arg("--contents").arg(&package));
    for file in [
        "./usr/bin/pilothouse",
        "Pilothouse.desktop",
        "pilothouse.png",
    ] {
        let file = file.trim_start_matches("./");
        assert!(
            listed.contains(file),
            "{file} is not in the package:\n{listed}"
        );
    }

    let installed = Installed::of(&package);
    let desktop = Desktop::with(Parts::ALL).await.expect("the desktop");
    let data = desktop.folder().join("program");
    let evidence = folders::evidence("package");
    let window = Window::open_program(Path::new(INSTALLED), &desktop, &data, &evidence, &[])
        .await
        .unwrap_or_else(|failure| panic!("{failure}"));
    window
        .wait_for("open-example")
        .await
        .unwrap_or_else(|failure| panic!("{failure}"));
    window
        .close()
        .await
        .unwrap_or_else(|failure| panic!("{failure}"));

    run(Command::new("dpkg").args(["--purge", "pilothouse"]));
    drop(installed);
    for line in listed.lines() {
        // mode, owner, size, date, time, path
        let Some(path) = line.split_whitespace().nth(5) else {
            continue;
        };
        let path = Path::new("/").join(path.trim_start_matches("./"));
        assert!(
            path.ends_with("/") || path.is_dir() || !path.exists(),
            "left behind: {}",
            path.display()
        );
    }
    assert!(
        std::fs::read_dir(&data).unwrap().next().is_some(),
        "what the program wrote down is the person's, and stays"
    );
}

/// Makes the package of the program as the tests have built it.
fn make() -> PathBuf {
    // In a folder of its own: the bundler writes its kind into the program.
    let target = folders::target().join("package");
    let program = target.join("debug/pilothouse");
    std::fs::create_dir_all(program.parent().unwrap()).unwrap();
    std::fs::copy(folders::program(), &program).unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    run(Command::new(root.join("ui/node_modules/.bin/tauri"))
        .args(["bundle", "--debug", "--no-sign", "--bundles", "deb"])
        .env("CARGO_TARGET_DIR", &target)
        .current_dir(root));
    let made: Vec<PathBuf> = std::fs::read_dir(target.join("debug/bundle/deb"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ext| ext == "deb"))
        .collect();
    assert_eq!(made.len(), 1, "{made:?}");
    made.into_iter().next().unwrap()
}

fn cannot_install() -> Option<String> {
    if !rustix::process::geteuid().is_root() {
        return Some("not root".to_owned());
    }
    if !Path::new("/usr/bin/dpkg").is_file() {
        return Some("no dpkg".to_owned());
    }
    Path::new(INSTALLED)
        .exists()
        .then(|| "it is installed already".to_owned())
}

fn run(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(
        output.status.success(),
        "{command:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).into_owned()
}
