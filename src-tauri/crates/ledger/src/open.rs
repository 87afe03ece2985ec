use std::path::Path;

use engine::ports::LedgerFailure;
use sqlx::migrate::Migrator;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions as _, SqliteConnection, SqlitePool};

use crate::Limits;
use crate::failure::{of_migration, of_sql};

static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");

/// `PLHS`, as the first migration writes it.
const APPLICATION: i64 = 0x504C_4853;

/// SQLite 3.7.0 to 3.51.2 can corrupt a WAL database (sqlite.org/wal.html, "WAL-reset bug").
const LEAST_SQLITE: [u32; 3] = [3, 51, 3];

/// The version of the ledger that this program writes: its newest migration.
pub(crate) fn known_version() -> i64 {
    MIGRATIONS
        .iter()
        .map(|migration| migration.version)
        .max()
        .unwrap_or(0)
}

/// Opens the one connection that writes; makes or migrates the ledger. Nothing is written to a
/// file before it is known to be a ledger, or empty.
pub(crate) async fn writer(file: &Path, limits: Limits) -> Result<SqliteConnection, LedgerFailure> {
    let options = SqliteConnectOptions::new()
        .filename(file)
        .create_if_missing(true)
        .busy_timeout(limits.busy)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        // Only macOS has it; elsewhere it does nothing. Without it, a Mac's disk may keep the
        // newest commits in its own cache through a power cut.
        .pragma("fullfsync", "ON")
        .pragma("checkpoint_fullfsync", "ON")
        .disable_statement_logging();
    let mut connection = options.connect().await.map_err(of_sql)?;
    check_sqlite(&mut connection).await?;
    check_owner(&mut connection).await?;
    let mode: String = sqlx::query_scalar("PRAGMA journal_mode = WAL")
        .fetch_one(&mut connection)
        .await
        .map_err(of_sql)?;
    if mode != "wal" {
        return Err(LedgerFailure::Unwritable(format!(
            "the file system allows no WAL (journal mode {mode})"
        )));
    }
    // Directly on the connection: `run` is generic in a way that makes this future not `Send`.
    MIGRATIONS
        .run_direct(None, &mut connection, false)
        .await
        .map_err(|error| of_migration(error, known_version()))?;
    // SQLite opens a file that it may only read without a word; the first write would be the one to
    // find out, in the middle of a release.
    // This one writes nothing, but asks for leave to write.
    sqlx::query("DELETE FROM entries WHERE false")
        .execute(&mut connection)
        .await
        .map_err(of_sql)?;
    Ok(connection)
}

/// Opens the connections that read. They cannot write even by mistake.
pub(crate) async fn readers(file: &Path, limits: Limits) -> Result<SqlitePool, LedgerFailure> {
    let options = SqliteConnectOptions::new()
        .filename(file)
        .read_only(true)
        .busy_timeout(limits.busy)
        .pragma("query_only", "ON")
        .disable_statement_logging();
    SqlitePoolOptions::new()
        .max_connections(limits.readers)
        .connect_with(options)
        .await
        .map_err(of_sql)
}

async fn check_sqlite(connection: &mut SqliteConnection) -> Result<(), LedgerFailure> {
    let version: String = sqlx::query_scalar("SELECT sqlite_version()")
        .fetch_one(connection)
        .await
        .map_err(of_sql)?;
    if is_safe(&version) {
        return Ok(());
    }
    Err(LedgerFailure::Other(format!(
        "SQLite {version} can corrupt the ledger; 3.51.3 or newer is needed"
    )))
}

fn is_safe(version: &str) -> bool {
    let mut parts = version
        .split('.')
        .map(|part| part.parse::<u32>().unwrap_or(0));
    let found = [(); 3].map(|()| parts.next().unwrap_or(0));
    found >= LEAST_SQLITE
}

async fn check_owner(connection: &mut SqliteConnection) -> Result<(), LedgerFailure> {
    let (application, version, tables): (i64, i64, i64) = sqlx::query_as(
        "SELECT (SELECT application_id FROM pragma_application_id),
                (SELECT user_version FROM pragma_user_version),
                (SELECT count(*) FROM sqlite_schema
                 WHERE type = 'table' AND name <> '_sqlx_migrations' AND name NOT LIKE 'sqlite_%')",
    )
    .fetch_one(connection)
    .await
    .map_err(of_sql)?;
    let known = known_version();
    // A crash between making the file and the first migration leaves it without tables.
    let is_new = application == 0 && tables == 0;
    if application != APPLICATION && !is_new {
        return Err(LedgerFailure::Damaged(
            "the file is another program's database".to_owned(),
        ));
    }
    if version > known {
        return Err(LedgerFailure::Newer {
            found: version,
            known,
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sqlite_that_can_corrupt_is_refused() {
        for bad in ["3.51.2", "3.45.1", "3.7.0", "", "nonsense"] {
            assert!(!is_safe(bad), "{bad}");
        }
        for good in ["3.51.3", "3.52.0", "4.0.0"] {
            assert!(is_safe(good), "{good}");
        }
    }
}
