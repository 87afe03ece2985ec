use std::fs::{self, File};
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use domain::Digest;

use crate::{Expectation, Limits, Place, WorkspaceFailure};

/// A file that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkspaceFile {
    /// Where, relative to the workspace, with slashes.
    pub path: String,
    /// How many bytes.
    pub bytes: u64,
    /// SHA-256 of them.
    pub digest: Digest,
}

/// The folder of a workspace. Reads only what lies in it: a link is followed as long as it stays
/// inside, and a pipe or device is never opened.
pub(crate) struct Folder<'a> {
    root: PathBuf,
    limits: &'a Limits,
    files: Vec<WorkspaceFile>,
}

/// An entry of a folder.
pub(crate) struct FolderEntry {
    pub name: String,
    pub is_folder: bool,
}

impl<'a> Folder<'a> {
    pub fn open(root: &Path, limits: &'a Limits) -> Result<Self, WorkspaceFailure> {
        let root =
            fs::canonicalize(root).map_err(|why| unreadable(&root.display().to_string(), &why))?;
        if !root.is_dir() {
            return Err(WorkspaceFailure::Unreadable {
                path: root.display().to_string(),
                why: "it is not a folder".to_owned(),
            });
        }
        Ok(Folder {
            root,
            limits,
            files: Vec::new(),
        })
    }

    /// What was read so far.
    pub fn into_files(self) -> Vec<WorkspaceFile> {
        self.files
    }

    /// The text of a file.
    pub fn text(&mut self, path: &str) -> Result<String, WorkspaceFailure> {
        let start = Place::start_of(path);
        if self.files.len() >= self.limits.files {
            return Err(start.expects(Expectation::Files {
                most: self.limits.files,
            }));
        }
        let real = self.inside(path)?;
        let kind = fs::metadata(&real).map_err(|why| unreadable(path, &why))?;
        if !kind.is_file() {
            return Err(start.expects(Expectation::File));
        }
        let too_large = || {
            start.expects(Expectation::Bytes {
                most: self.limits.file_bytes,
            })
        };
        if kind.len() > self.limits.file_bytes {
            return Err(too_large());
        }
        let mut bytes = Vec::new();
        // One byte more than allowed tells a file that grew since it was asked.
        File::open(&real)
            .and_then(|file| {
                file.take(self.limits.file_bytes + 1)
                    .read_to_end(&mut bytes)
            })
            .map_err(|why| unreadable(path, &why))?;
        let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        if length > self.limits.file_bytes {
            return Err(too_large());
        }
        if self.files.iter().map(|f| f.bytes).sum::<u64>() + length > self.limits.total_bytes {
            return Err(start.expects(Expectation::BytesInAll {
                most: self.limits.total_bytes,
            }));
        }
        let digest = Digest::of(&bytes);
        let text = String::from_utf8(bytes).map_err(|_| start.expects(Expectation::Utf8))?;
        self.files.push(WorkspaceFile {
            path: path.to_owned(),
            bytes: length,
            digest,
        });
        Ok(text)
    }

    /// Entries of a folder by name, without hidden ones; none when there is no such folder.
    pub fn entries(&self, path: &str) -> Result<Option<Vec<FolderEntry>>, WorkspaceFailure> {
        let real = match self.inside(path) {
            Ok(real) => real,
            Err(WorkspaceFailure::Unreadable { .. }) if !self.root.join(path).exists() => {
                return Ok(None);
            }
            Err(failure) => return Err(failure),
        };
        if !real.is_dir() {
            return Err(Place::start_of(path).expects(Expectation::Folder));
        }
        let mut found = Vec::new();
        for entry in fs::read_dir(&real).map_err(|why| unreadable(path, &why))? {
            let entry = entry.map_err(|why| unreadable(path, &why))?;
            let Ok(name) = entry.file_name().into_string() else {
                return Err(Place::start_of(path).expects(Expectation::Utf8Names));
            };
            if name.starts_with('.') {
                continue;
            }
            let is_folder = self.inside(&format!("{path}/{name}"))?.is_dir();
            found.push(FolderEntry { name, is_folder });
        }
        found.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(Some(found))
    }

    /// The real path behind a relative one, which has to be inside of the workspace.
    fn inside(&self, path: &str) -> Result<PathBuf, WorkspaceFailure> {
        let real = fs::canonicalize(self.root.join(path)).map_err(|why| unreadable(path, &why))?;
        if real.starts_with(&self.root) {
            Ok(real)
        } else {
            Err(Place::start_of(path).expects(Expectation::Inside))
        }
    }
}

fn unreadable(path: &str, why: &std::io::Error) -> WorkspaceFailure {
    let why = match why.kind() {
        ErrorKind::NotFound => "there is no such file or folder".to_owned(),
        ErrorKind::PermissionDenied => "access is denied".to_owned(),
        _ => why.to_string(),
    };
    WorkspaceFailure::Unreadable {
        path: path.to_owned(),
        why,
    }
}
