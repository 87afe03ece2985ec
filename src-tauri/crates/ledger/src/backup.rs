//! The whole ledger as one file, and back: on this workstation or on another one.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use engine::ports::{ChainReport, Exported, LedgerFailure};
use rusqlite::{Connection, OpenFlags};
use sha2::{Digest as _, Sha256};
use tempfile::TempPath;

use crate::failure::{of_io, of_read};
use crate::folder::Folder;
use crate::verify::{Depth, verify};
use crate::{Limits, open};

/// Writes all entries and blobs of one moment to a new SQLite file: beside it first, verified and
/// durable, then renamed. What a person appends meanwhile is not in it.
pub(crate) fn backup(connection: &mut Connection, path: &Path) -> Result<Exported, LedgerFailure> {
    let refused = |error: std::io::Error| {
        LedgerFailure::ExportUnwritable(format!("{}: {error}", path.display()))
    };
    if path.exists() {
        return Err(refused(std::io::ErrorKind::AlreadyExists.into()));
    }
    let parent = path.parent().unwrap_or(Path::new("."));
    let fresh = vacant(parent).map_err(refused)?;
    // It writes to the new file only; but the readers' own guard forbids that, too.
    connection
        .pragma_update(None, "query_only", false)
        .map_err(of_read)?;
    let copied = connection.execute("VACUUM INTO ?1", [fresh.to_string_lossy()]);
    connection
        .pragma_update(None, "query_only", true)
        .map_err(of_read)?;
    copied.map_err(|error| LedgerFailure::ExportUnwritable(error.to_string()))?;
    private(&fresh).map_err(refused)?;
    File::open(&fresh)
        .and_then(|file| file.sync_all())
        .map_err(refused)?;
    let report = whole(&fresh)?;
    let sha256 = digest(&fresh).map_err(refused)?;
    fresh
        .persist_noclobber(path)
        .map_err(|error| refused(error.error))?;
    synced(parent);
    Ok(Exported {
        entries: report.entries,
        sha256,
    })
}

/// Puts a backup in place of the ledger of a folder that has none, or an empty one. The backup is
/// copied, and every entry, signature and blob of the copy is verified before it counts.
///
/// # Errors
/// `NotEmpty` when the folder's ledger has entries, `Damaged` when the backup does not hold, `Newer`,
/// `InUse` and `Unwritable` as when a ledger is opened. The folder is as it was then.
pub async fn restore(backup: &Path, folder: &Path) -> Result<ChainReport, LedgerFailure> {
    let limits = Limits::default();
    let held = Folder::hold(folder, limits).await?;
    let target = held.database();
    let entries = entries_of(&target)?;
    if entries > 0 {
        return Err(LedgerFailure::NotEmpty { entries });
    }
    // A folder of its own, so that nothing of it is left when it does not hold.
    let room = tempfile::Builder::new()
        .prefix("ledger.restore-")
        .tempdir_in(folder)
        .map_err(|error| of_io(folder, &error))?;
    let fresh = room.path().join("ledger.sqlite");
    copy(backup, &fresh).map_err(|error| of_io(backup, &error))?;
    // Brings it to this program's version, and refuses what is no ledger or a newer one's.
    let connection = open::writer(&fresh, limits).await?;
    sqlx::Connection::close(connection)
        .await
        .map_err(crate::failure::of_sql)?;
    let report = whole(&fresh)?;
    let failed = |error: std::io::Error| of_io(&target, &error);
    File::open(&fresh)
        .and_then(|file| file.sync_all())
        .map_err(failed)?;
    for rest in ["-wal", "-shm"] {
        let mut name = target.clone().into_os_string();
        name.push(rest);
        match std::fs::remove_file(name) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(failed(error));
            }
            _ => {}
        }
    }
    std::fs::rename(&fresh, &target).map_err(failed)?;
    synced(folder);
    Ok(report)
}

/// A name that nobody has; the file is removed unless it is kept.
fn vacant(folder: &Path) -> std::io::Result<TempPath> {
    let path = tempfile::Builder::new()
        .prefix("ledger.backup-")
        .tempfile_in(folder)?
        .into_temp_path();
    // `VACUUM INTO` takes an empty file; its rights are this user's from the beginning.
    Ok(path)
}

fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    if !std::fs::metadata(from)?.is_file() {
        return Err(std::io::ErrorKind::InvalidInput.into());
    }
    std::io::copy(
        &mut File::open(from)?,
        &mut File::options().write(true).create_new(true).open(to)?,
    )?;
    Ok(())
}

/// How many entries the ledger in a file has; none when there is no file.
fn entries_of(file: &Path) -> Result<u64, LedgerFailure> {
    if !file.exists() {
        return Ok(0);
    }
    let connection = read_only(file)?;
    let tables = "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'entries'";
    let has_any: i64 = connection
        .query_row(tables, [], |row| row.get(0))
        .map_err(of_read)?;
    if has_any == 0 {
        return Ok(0);
    }
    let entries: i64 = connection
        .query_row("SELECT count(*) FROM entries", [], |row| row.get(0))
        .map_err(of_read)?;
    Ok(u64::try_from(entries).unwrap_or(u64::MAX))
}

/// Verifies all of a ledger that nobody writes to.
fn whole(file: &Path) -> Result<ChainReport, LedgerFailure> {
    let report = verify(&mut read_only(file)?, Depth::All)?;
    match report.broken_at {
        None => Ok(report),
        Some(sequence) => Err(LedgerFailure::Damaged(format!(
            "the chain breaks at entry {sequence}"
        ))),
    }
}

fn read_only(file: &Path) -> Result<Connection, LedgerFailure> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Connection::open_with_flags(file, flags).map_err(of_read)
}

fn digest(file: &Path) -> std::io::Result<String> {
    let mut file = File::open(file)?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0u8; 1 << 16];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(data_encoding::HEXLOWER.encode(&hash.finalize())),
            read => hash.update(&buffer[..read]),
        }
    }
}

#[cfg(unix)]
fn private(file: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o600))
}

#[cfg(not(unix))]
fn private(_: &Path) -> std::io::Result<()> {
    Ok(())
}

/// Makes a new name durable, where folders can be synced.
fn synced(folder: &Path) {
    if let Ok(folder) = File::open(folder) {
        let _ = folder.sync_all();
    }
}
