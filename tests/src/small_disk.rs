//! A small disk of one's own, which can be filled to the last byte.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// What is mounted at a folder of its own, until it is dropped.
pub struct SmallDisk(TempDir);

impl SmallDisk {
    /// A disk of so many bytes. Only root may mount one.
    ///
    /// # Errors
    /// When it cannot be mounted, in the words of `mount`.
    pub fn mount(bytes: u64) -> io::Result<SmallDisk> {
        let folder = TempDir::with_prefix("pilothouse-disk-")?;
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={bytes}"), "pilothouse"])
            .arg(folder.path())
            .output()?;
        if !mounted.status.success() {
            let why = String::from_utf8_lossy(&mounted.stderr).into_owned();
            return Err(io::Error::other(why));
        }
        Ok(SmallDisk(folder))
    }

    /// Where it is mounted.
    pub fn folder(&self) -> &Path {
        self.0.path()
    }

    /// What [`SmallDisk::fill`] fills it with.
    pub fn ballast(&self) -> PathBuf {
        self.folder().join("ballast")
    }

    /// Fills it.
    ///
    /// # Errors
    /// When it fails otherwise than for want of room.
    pub fn fill(&self) -> io::Result<()> {
        let mut ballast = File::create(self.ballast())?;
        let block = [0; 4096];
        loop {
            match ballast.write_all(&block) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::StorageFull => return Ok(()),
                Err(error) => return Err(error),
            }
        }
    }

    /// Makes room again.
    ///
    /// # Errors
    /// When the ballast cannot be removed.
    pub fn free(&self) -> io::Result<()> {
        std::fs::remove_file(self.ballast())
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.folder()).status();
    }
}
