use std::path::Path;

use engine::ports::LedgerFailure;
use sqlx::migrate::Migrator;
use sqlx::sqlite::{SqliteConnectOptions, SqliteSynchronous};
use sqlx::{ConnectOptions as _, Connection as _, SqliteConnection};

use crate::Limits;
use crate::failure::{is_busy, of_migration, of_sql};

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
    match prepared(file, limits).await {
        Ok(connection) => Ok(connection),
        Err(Unopened::Said(failure)) => Err(failure),
        Err(Unopened::Sql(error)) if is_busy(&error) => Err(in_the_way(file, error).await),
        Err(Unopened::Sql(error)) => Err(of_sql(error)),
    }
}

/// Why there is no connection: SQLite's own word, of which more can be found out, or ours.
enum Unopened {
    Sql(sqlx::Error),
    Said(LedgerFailure),
}

impl From<sqlx::Error> for Unopened {
    fn from(error: sqlx::Error) -> Self {
        Unopened::Sql(error)
    }
}

impl From<LedgerFailure> for Unopened {
    fn from(failure: LedgerFailure) -> Self {
        Unopened::Said(failure)
    }
}

/// The folder is ours, and yet SQLite takes the file for locked. Nobody can hold a file that was made
/// just now: if that cannot be locked either, nothing in this folder can be.
async fn in_the_way(file: &Path, error: sqlx::Error) -> LedgerFailure {
    let folder = file.parent().unwrap_or(file);
    let tried = async {
        let fresh = tempfile::Builder::new()
            .prefix("ledger.locks-")
            .tempfile_in(folder)?;
        let options = SqliteConnectOptions::new()
            .filename(fresh.path())
            .busy_timeout(std::time::Duration::ZERO)
            .disable_statement_logging();
        let mut connection = options.connect().await?;
        sqlx::query("PRAGMA user_version = 1")
            .execute(&mut connection)
            .await?;
        connection.close().await
    };
    match tried.await {
        Ok(()) => LedgerFailure::InUse {
            path: folder.display().to_string(),
            process: None,
        },
        Err(again) if is_busy(&again) => LedgerFailure::NoLocks(error.to_string()),
        Err(other) => of_sql(other),
    }
}

async fn prepared(file: &Path, limits: Limits) -> Result<SqliteConnection, Unopened> {
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
    let mut connection = options.connect().await?;
    check_sqlite(&mut connection).await?;
    check_owner(&mut connection).await?;
    let mode: String = sqlx::query_scalar("PRAGMA journal_mode = WAL")
        .fetch_one(&mut connection)
        .await?;
    if mode != "wal" {
        return Err(LedgerFailure::NoLocks(format!("no WAL but journal mode {mode}")).into());
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
        .await?;
    Ok(connection)
}

async fn check_sqlite(connection: &mut SqliteConnection) -> Result<(), Unopened> {
    let version: String = sqlx::query_scalar("SELECT sqlite_version()")
        .fetch_one(connection)
        .await?;
    if is_safe(&version) {
        return Ok(());
    }
    Err(LedgerFailure::Other(format!(
        "SQLite {version} can corrupt the ledger; 3.51.3 or newer is needed"
    ))
    .into())
}

fn is_safe(version: &str) -> bool {
    let mut parts = version
        .split('.')
        .map(|part| part.parse::<u32>().unwrap_or(0));
    let found = [(); 3].map(|()| parts.next().unwrap_or(0));
    found >= LEAST_SQLITE
}

async fn check_owner(connection: &mut SqliteConnection) -> Result<(), Unopened> {
    let (application, version, tables): (i64, i64, i64) = sqlx::query_as(
        "SELECT (SELECT application_id FROM pragma_application_id),
                (SELECT user_version FROM pragma_user_version),
                (SELECT count(*) FROM sqlite_schema
                 WHERE type = 'table' AND name <> '_sqlx_migrations' AND name NOT LIKE 'sqlite_%')",
    )
    .fetch_one(connection)
    .await?;
    let known = known_version();
    // A crash between making the file and the first migration leaves it without tables.
    let is_new = application == 0 && tables == 0;
    if application != APPLICATION && !is_new {
        return Err(
            LedgerFailure::Damaged("the file is another program's database".to_owned()).into(),
        );
    }
    if version > known {
        return Err(LedgerFailure::Newer {
            found: version,
            known,
        }
        .into());
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
