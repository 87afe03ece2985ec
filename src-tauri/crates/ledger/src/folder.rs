use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use engine::ports::LedgerFailure;

use crate::Limits;
use crate::failure::{of_io, of_lock};

/// The data folder, held for as long as this lives. The operating system lets go of it when the
/// process ends in whatever way, so that a crash leaves nothing to clean up.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    _lock: File,
}

impl Folder {
    /// Makes the folder if need be, for this user only, and locks it.
    pub(crate) async fn hold(path: &Path, limits: Limits) -> Result<Folder, LedgerFailure> {
        let mut builder = DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(path).map_err(|error| of_io(path, &error))?;

        let file = path.join("ledger.lock");
        let mut lock = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&file)
            .map_err(|error| of_io(&file, &error))?;
        let deadline = tokio::time::Instant::now() + limits.folder;
        loop {
            match lock.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) if tokio::time::Instant::now() < deadline => {
                    tokio::time::sleep(limits.folder_again).await;
                }
                Err(TryLockError::WouldBlock) => {
                    let process = holder(&mut lock);
                    return Err(LedgerFailure::InUse {
                        path: path.display().to_string(),
                        process,
                    });
                }
                Err(TryLockError::Error(error)) => return Err(of_lock(&file, &error)),
            }
        }
        write_holder(&mut lock).map_err(|error| of_io(&file, &error))?;
        Ok(Folder {
            path: path.to_owned(),
            _lock: lock,
        })
    }

    /// The database in it.
    pub(crate) fn database(&self) -> PathBuf {
        self.path.join("ledger.sqlite")
    }
}

/// Who holds it, if it can be read: Windows keeps others from reading a locked file.
fn holder(lock: &mut File) -> Option<u32> {
    let mut text = String::new();
    lock.read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}

fn write_holder(lock: &mut File) -> std::io::Result<()> {
    lock.set_len(0)?;
    lock.rewind()?;
    writeln!(lock, "{}", std::process::id())?;
    lock.sync_all()
}
