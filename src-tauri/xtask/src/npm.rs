//! The UI's packages and its build, done again only when something changed.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::failure::{Failure, io};
use crate::folders;
use crate::process::{self, step};

/// An npm command in the UI's folder.
pub(crate) fn npm(arguments: &[&str]) -> Command {
    let program = if cfg!(windows) { "npm.cmd" } else { "npm" };
    let mut command = Command::new(program);
    command.current_dir(folders::ui()).args(arguments);
    command
}

/// `npm ci`, when the lock file is another than last time.
pub(crate) fn packages() -> Result<(), Failure> {
    if process::find("npm").is_none() && !cfg!(windows) {
        return Err(Failure::Missing {
            program: "npm",
            advice: "the UI needs Node.js 20.19 or newer",
        });
    }
    let lock = folders::ui().join("package-lock.json");
    let stamp = folders::ui().join("node_modules/.stamp");
    let wanted = hash_of(&[lock])?;
    if matches(&stamp, &wanted) {
        println!("→ npm packages: up to date");
        return Ok(());
    }
    step("installing npm packages", || {
        install()?;
        fs::write(&stamp, &wanted).map_err(io("writing the stamp of npm packages"))
    })
}

/// Exactly what the lock file says.
fn install() -> Result<(), Failure> {
    let mut clean = npm(&["ci", "--no-audit", "--no-fund"]);
    let output = clean.output().map_err(io("starting npm ci"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    if output.status.success() {
        return Ok(());
    }
    if lacks_only_unknown_optionals(&said) {
        println!(
            "  the registry has not every optional package of other platforms; going on without"
        );
        return process::run(&mut npm(&[
            "install",
            "--no-save",
            "--no-audit",
            "--no-fund",
        ]));
    }
    eprint!("{said}");
    Err(Failure::Command {
        command: process::name(&clean),
        status: output.status,
    })
}

/// `npm ci` refuses a lock file without the optional packages of platforms that
/// its registry does not have. It reports them without a version; a package
/// that was forgotten has one.
fn lacks_only_unknown_optionals(said: &str) -> bool {
    let complaints: Vec<&str> = said
        .lines()
        .filter_map(|line| {
            line.trim_start_matches("npm error")
                .trim()
                .strip_suffix(" from lock file")
        })
        .collect();
    !complaints.is_empty()
        && !said.contains("Invalid: ")
        && complaints.iter().all(|complaint| complaint.ends_with('@'))
}

/// `npm run build`, when a source is another than last time. The stamp is not
/// in `dist`: everything there becomes part of the program.
pub(crate) fn build() -> Result<(), Failure> {
    let stamp = folders::target().join("ui.stamp");
    let wanted = hash_of(&sources(&folders::ui())?)?;
    if matches(&stamp, &wanted) && folders::ui().join("dist/index.html").is_file() {
        println!("→ UI: up to date");
        return Ok(());
    }
    step("building the UI", || {
        process::run(&mut npm(&["run", "build"]))?;
        fs::create_dir_all(folders::target()).map_err(io("target folder"))?;
        fs::write(&stamp, &wanted).map_err(io("writing the stamp of the UI"))
    })
}

fn matches(stamp: &Path, wanted: &str) -> bool {
    fs::read_to_string(stamp).is_ok_and(|found| found == wanted)
}

/// All files below, but not what the build itself writes.
fn sources(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    const GENERATED: [&str; 5] = ["node_modules", "dist", "paraglide", "cache", "tests"];
    let mut files = Vec::new();
    let entries = fs::read_dir(folder).map_err(io(format!("reading {}", folder.display())))?;
    for entry in entries.flatten() {
        let path = entry.path();
        if !path.is_dir() {
            files.push(path);
        } else if !GENERATED.iter().any(|name| entry.file_name() == *name) {
            files.extend(sources(&path)?);
        }
    }
    files.sort();
    Ok(files)
}

fn hash_of(files: &[PathBuf]) -> Result<String, Failure> {
    let mut hasher = DefaultHasher::new();
    for file in files {
        file.hash(&mut hasher);
        fs::read(file)
            .map_err(io(format!("reading {}", file.display())))?
            .hash(&mut hasher);
    }
    Ok(format!("{:016x}", hasher.finish()))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_forgotten_package_is_not_an_unknown_optional_one() {
        let unknown = "npm error Missing: @lix-js/sdk-darwin-arm64@ from lock file\n";
        let forgotten = "npm error Missing: svelte@5.57.0 from lock file\n";
        assert!(lacks_only_unknown_optionals(unknown));
        assert!(!lacks_only_unknown_optionals(&format!(
            "{unknown}{forgotten}"
        )));
        assert!(!lacks_only_unknown_optionals("npm error network"));
    }

    #[test]
    fn the_hash_follows_content_and_ignores_what_the_build_writes() {
        let folder = std::env::temp_dir().join(format!("xtask-npm-{}", std::process::id()));
        fs::create_dir_all(folder.join("src")).unwrap();
        fs::create_dir_all(folder.join("dist")).unwrap();
        let hash = || hash_of(&sources(&folder).unwrap()).unwrap();
        fs::write(folder.join("src/a.ts"), "1").unwrap();
        let first = hash();
        fs::write(folder.join("dist/a.js"), "1").unwrap();
        assert_eq!(hash(), first);
        fs::write(folder.join("src/a.ts"), "2").unwrap();
        assert_ne!(hash(), first);
        fs::remove_dir_all(&folder).unwrap();
    }
}
