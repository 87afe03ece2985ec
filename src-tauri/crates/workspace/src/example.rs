//! The example workspace that ships with the program: three modules of a platform, five
//! environments, one change that nobody declared.

use std::fs;
use std::io;
use std::path::Path;

use include_dir::{Dir, DirEntry, include_dir};

static EXAMPLE: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../example");

/// What marks the example as complete; written last.
const MARK: &str = "pilothouse.yaml";

/// What is on the clusters before the release; not part of the workspace.
const BEFORE: &str = "before";

/// Writes the example into a folder, unless it is there already. A file that exists is never
/// touched: from then on the folder is the user's.
pub fn write_to(folder: &Path) -> io::Result<()> {
    if folder.join(MARK).exists() {
        return Ok(());
    }
    write_below(&EXAMPLE, folder)?;
    match EXAMPLE.get_file(MARK) {
        Some(file) => write_file(folder, MARK, file.contents()),
        None => Ok(()),
    }
}

/// What is on an environment's cluster before the release: its namespace and the objects of the old
/// versions, as multi-document YAML. None for an environment that the example does not have.
pub fn before(environment: &str) -> Option<&'static str> {
    EXAMPLE
        .get_file(format!("{BEFORE}/{environment}.yaml"))?
        .contents_utf8()
}

/// Custom resource definitions that the example's objects need, as YAML.
pub fn definitions() -> Option<&'static str> {
    EXAMPLE
        .get_file(format!("{BEFORE}/definitions.yaml"))?
        .contents_utf8()
}

fn write_below(dir: &Dir<'static>, folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder.join(dir.path()))?;
    for entry in dir.entries() {
        match entry {
            DirEntry::Dir(inner) if inner.path() == Path::new(BEFORE) => {}
            DirEntry::Dir(inner) => write_below(inner, folder)?,
            DirEntry::File(file) if file.path() == Path::new(MARK) => {}
            DirEntry::File(file) => {
                write_file(folder, &file.path().to_string_lossy(), file.contents())?
            }
        }
    }
    Ok(())
}

/// Whole or not at all, so that a crash leaves no half file that later counts as the user's.
fn write_file(folder: &Path, path: &str, contents: &[u8]) -> io::Result<()> {
    let target = folder.join(path);
    if target.exists() {
        return Ok(());
    }
    let mut unfinished = target.clone().into_os_string();
    unfinished.push(".part");
    fs::write(&unfinished, contents)?;
    fs::rename(&unfinished, &target)
}
