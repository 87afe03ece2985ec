use std::path::Path;

use engine::ports::LedgerFailure;
use sqlx::migrate::MigrateError;

/// What an error of SQLite means to the person (result codes: sqlite.org/rescode.html).
pub(crate) fn of_sql(error: sqlx::Error) -> LedgerFailure {
    let text = error.to_string();
    match error {
        sqlx::Error::Database(inner) => {
            let code = inner.code().and_then(|code| code.parse::<i32>().ok());
            of_code(code.unwrap_or(0), text)
        }
        sqlx::Error::Io(_) => LedgerFailure::Unwritable(text),
        sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => LedgerFailure::Damaged(text),
        _ => LedgerFailure::Other(text),
    }
}

/// The same of a connection that reads.
pub(crate) fn of_read(error: rusqlite::Error) -> LedgerFailure {
    let text = error.to_string();
    match error {
        rusqlite::Error::SqliteFailure(inner, _) => of_code(inner.extended_code, text),
        rusqlite::Error::InvalidColumnType(..)
        | rusqlite::Error::FromSqlConversionFailure(..)
        | rusqlite::Error::IntegralValueOutOfRange(..)
        | rusqlite::Error::Utf8Error(..) => LedgerFailure::Damaged(text),
        _ => LedgerFailure::Other(text),
    }
}

fn of_code(code: i32, text: String) -> LedgerFailure {
    match code & 0xff {
        _ if is_about_locks(code) => LedgerFailure::NoLocks(text),
        // CORRUPT, NOTADB
        11 | 26 => LedgerFailure::Damaged(text),
        // PERM, READONLY, IOERR, FULL, CANTOPEN, NOLFS, AUTH
        3 | 8 | 10 | 13 | 14 | 22 | 23 => LedgerFailure::Unwritable(text),
        _ => LedgerFailure::Other(text),
    }
}

/// Result codes of a file system that gives SQLite no locks, or no memory that processes share.
fn is_about_locks(code: i32) -> bool {
    const IOERR: i32 = 10;
    // PROTOCOL: what is said of the shared memory's locks after a hundred tries
    code == 15
        || [
            8,  // UNLOCK
            9,  // RDLOCK
            14, // CHECKRESERVEDLOCK
            15, // LOCK
            18, // SHMOPEN
            20, // SHMLOCK
            21, // SHMMAP
        ]
        .contains(&(code >> 8))
            && code & 0xff == IOERR
}

/// Whether somebody else has a lock. SQLite says the same of ENOLCK, which old NFS gave at random.
pub(crate) fn is_busy(error: &sqlx::Error) -> bool {
    const BUSY: i32 = 5;
    let code = error.as_database_error().and_then(|inner| inner.code());
    code.and_then(|code| code.parse::<i32>().ok())
        .is_some_and(|code| code & 0xff == BUSY)
}

/// A file that cannot be locked, though nobody else has it.
pub(crate) fn of_lock(what: &Path, error: &std::io::Error) -> LedgerFailure {
    #[cfg(unix)]
    let without = error.raw_os_error() == Some(rustix::io::Errno::NOLCK.raw_os_error());
    #[cfg(not(unix))]
    let without = false;
    if without || error.kind() == std::io::ErrorKind::Unsupported {
        return LedgerFailure::NoLocks(format!("{}: {error}", what.display()));
    }
    of_io(what, error)
}

/// What a failed migration means. A ledger that knows a migration we do not is a newer one; a
/// migration that differs from ours was tampered with.
pub(crate) fn of_migration(error: MigrateError, known: i64) -> LedgerFailure {
    match error {
        MigrateError::VersionMissing(found) | MigrateError::VersionTooNew(found, _) => {
            LedgerFailure::Newer { found, known }
        }
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => of_sql(error),
        other => LedgerFailure::Damaged(other.to_string()),
    }
}

/// A file that cannot be written or read.
pub(crate) fn of_io(what: &Path, error: &std::io::Error) -> LedgerFailure {
    LedgerFailure::Unwritable(format!("{}: {error}", what.display()))
}

#[cfg(all(test, unix))]
mod tests {
    use std::io::Error;

    use rustix::io::Errno;

    use super::*;

    #[test]
    fn a_file_system_without_locks_is_told_from_a_disk_that_fails() {
        let said = |errno: Errno| of_lock(Path::new("lock"), &Error::from(errno));
        for errno in [Errno::NOLCK, Errno::OPNOTSUPP, Errno::NOTSUP, Errno::NOSYS] {
            let failure = said(errno);
            assert!(matches!(failure, LedgerFailure::NoLocks(_)), "{failure:?}");
        }
        for errno in [Errno::IO, Errno::ROFS, Errno::ACCESS, Errno::NOSPC] {
            let failure = said(errno);
            assert!(
                matches!(failure, LedgerFailure::Unwritable(_)),
                "{failure:?}"
            );
        }
    }
}
