use engine::ports::LedgerFailure;
use sqlx::migrate::MigrateError;

/// What an error of SQLite means to the person (result codes: sqlite.org/rescode.html).
pub(crate) fn of_sql(error: sqlx::Error) -> LedgerFailure {
    let text = error.to_string();
    match error {
        sqlx::Error::Database(inner) => {
            let code = inner
                .code()
                .and_then(|code| code.parse::<i32>().ok())
                .unwrap_or(0);
            match code & 0xff {
                // CORRUPT, NOTADB
                11 | 26 => LedgerFailure::Damaged(text),
                // PERM, READONLY, IOERR, FULL, CANTOPEN, NOLFS, AUTH
                3 | 8 | 10 | 13 | 14 | 22 | 23 => LedgerFailure::Unwritable(text),
                _ => LedgerFailure::Other(text),
            }
        }
        sqlx::Error::Io(_) => LedgerFailure::Unwritable(text),
        sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => LedgerFailure::Damaged(text),
        _ => LedgerFailure::Other(text),
    }
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
pub(crate) fn of_io(what: &std::path::Path, error: &std::io::Error) -> LedgerFailure {
    LedgerFailure::Unwritable(format!("{}: {error}", what.display()))
}
