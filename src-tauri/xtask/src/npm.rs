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
        process::run(&mut npm(&["ci", "--no-audit", "--no-fund"]))?;
        fs::write(&stamp, &wanted).map_err(io("writing the stamp of npm packages"))
    })
}

/// npm versions that people have. The newer one refuses a lock file that lacks the optional packages of
/// other systems, which the older one overlooks.
const NPM_VERSIONS: [&str; 2] = ["npm@10", "npm@11"];

/// Systems that the program is built on, as npm names them. Their optional packages have to be in the lock
/// file, whichever system it was written on.
const PLATFORMS: [&[&str]; 4] = [
    &["--os=darwin", "--cpu=arm64"],
    &["--os=darwin", "--cpu=x64"],
    &["--os=win32", "--cpu=x64"],
    &["--os=linux", "--cpu=x64", "--libc=musl"],
];

/// `node_modules` may grow to this, in MiB.
const SIZE_LIMIT_MIB: u64 = 250;

/// Whether the lock file installs with every npm and on every system, without installing anything, and
/// whether what is installed here stayed small.
pub(crate) fn check_lock_file() -> Result<(), Failure> {
    const DRY: [&str; 4] = ["ci", "--dry-run", "--no-audit", "--no-fund"];
    for version in NPM_VERSIONS {
        step(&format!("npm ci with {version} (dry run)"), || {
            let mut command = npm(&["exec", "--yes", "--package", version, "--", "npm"]);
            process::run_quietly(command.args(DRY))
        })?;
    }
    for platform in PLATFORMS {
        step(&format!("npm ci {} (dry run)", platform.join(" ")), || {
            process::run_quietly(npm(&DRY).args(platform))
        })?;
    }
    let size = size_of(&folders::ui().join("node_modules"))? / (1024 * 1024);
    if size > SIZE_LIMIT_MIB {
        return Err(Failure::NodeModules {
            size,
            limit: SIZE_LIMIT_MIB,
        });
    }
    println!("  node_modules: {size} MiB (limit {SIZE_LIMIT_MIB})");
    Ok(())
}

fn size_of(folder: &Path) -> Result<u64, Failure> {
    let mut size = 0;
    let entries = fs::read_dir(folder).map_err(io(format!("reading {}", folder.display())))?;
    for entry in entries.flatten() {
        let kind = entry.file_type().map_err(io("reading a file's type"))?;
        size += match kind.is_dir() {
            true => size_of(&entry.path())?,
            false => entry.metadata().map_or(0, |metadata| metadata.len()),
        };
    }
    Ok(size)
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
