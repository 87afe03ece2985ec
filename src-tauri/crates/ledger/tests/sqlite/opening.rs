use engine::ports::{Ledger as _, LedgerFailure};
use ledger::SqliteLedger;
use sqlx::AssertSqlSafe;

use crate::given::{cancelled, filled, raw, release};

#[tokio::test]
async fn a_second_opening_in_this_process_is_refused_until_the_first_ends() {
    let folder = tempfile::tempdir().unwrap();
    let first = SqliteLedger::open(folder.path()).await.unwrap();
    let second = SqliteLedger::open(folder.path()).await;
    match second {
        Err(LedgerFailure::InUse { path, process }) => {
            assert_eq!(path, folder.path().display().to_string());
            assert_eq!(process, Some(std::process::id()));
        }
        other => panic!("{other:?}"),
    }
    first
        .append(&release("REL-1"), 0, vec![cancelled("a")])
        .await
        .unwrap();
    drop(first);
    let third = SqliteLedger::open(folder.path()).await.unwrap();
    assert_eq!(third.chain().entries, 1);
}

#[tokio::test]
async fn a_program_that_locks_the_file_without_the_folder_is_told_from_a_disk_without_locks() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("ledger.sqlite"), b"").unwrap();
    let mut other = raw(folder.path()).await;
    sqlx::query("BEGIN EXCLUSIVE")
        .execute(&mut other)
        .await
        .unwrap();
    let limits = ledger::Limits {
        busy: std::time::Duration::from_millis(20),
        ..ledger::Limits::default()
    };
    let opened = SqliteLedger::open_within(folder.path(), limits).await;
    assert!(
        matches!(opened, Err(LedgerFailure::InUse { process: None, .. })),
        "{opened:?}"
    );
    sqlx::query("ROLLBACK").execute(&mut other).await.unwrap();
    SqliteLedger::open_within(folder.path(), limits)
        .await
        .unwrap();
}

#[tokio::test]
async fn what_is_no_ledger_is_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ledger.sqlite");
    for garbage in [
        b"this is no database, however long it may be".repeat(200),
        vec![0; 8192],
        vec![0x53; 40],
    ] {
        std::fs::write(&file, &garbage).unwrap();
        let opened = SqliteLedger::open(folder.path()).await;
        assert!(
            matches!(opened, Err(LedgerFailure::Damaged(_))),
            "{opened:?}"
        );
        assert_eq!(std::fs::read(&file).unwrap(), garbage);
    }
}

#[tokio::test]
async fn another_programs_database_is_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ledger.sqlite");
    for sql in ["CREATE TABLE mine (x)", "PRAGMA application_id = 7"] {
        let _ = std::fs::remove_file(&file);
        let options = sqlx::sqlite::SqliteConnectOptions::new()
            .filename(&file)
            .create_if_missing(true);
        let mut other = sqlx::ConnectOptions::connect(&options).await.unwrap();
        sqlx::raw_sql(sql).execute(&mut other).await.unwrap();
        sqlx::Connection::close(other).await.unwrap();
        let before = std::fs::read(&file).unwrap();
        assert!(!before.is_empty());
        let opened = SqliteLedger::open(folder.path()).await;
        assert!(
            matches!(opened, Err(LedgerFailure::Damaged(_))),
            "{opened:?}"
        );
        assert_eq!(std::fs::read(&file).unwrap(), before);
    }
}

#[tokio::test]
async fn a_page_that_is_destroyed_is_damage() {
    let folder = tempfile::tempdir().unwrap();
    filled(folder.path(), 2000).await;
    let file = folder.path().join("ledger.sqlite");
    let mut bytes = std::fs::read(&file).unwrap();
    let middle = bytes.len() / 2 / 4096 * 4096;
    bytes[middle..middle + 64 * 4096].fill(0xA5);
    std::fs::write(&file, bytes).unwrap();
    let opened = SqliteLedger::open(folder.path()).await;
    let failure = match opened {
        Err(failure) => failure,
        Ok(ledger) => ledger.verify().await.expect_err("64 destroyed pages"),
    };
    assert!(matches!(failure, LedgerFailure::Damaged(_)), "{failure:?}");
}

#[tokio::test]
async fn a_newer_ledger_is_left_alone() {
    for (sql, newer) in [
        ("PRAGMA user_version = 99", 99),
        (
            "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
             VALUES (42, 'from the future', true, x'00', 0)",
            42,
        ),
    ] {
        let folder = tempfile::tempdir().unwrap();
        filled(folder.path(), 1).await;
        sqlx::query(AssertSqlSafe(sql.to_owned()))
            .execute(&mut raw(folder.path()).await)
            .await
            .unwrap();
        let opened = SqliteLedger::open(folder.path()).await;
        assert!(
            matches!(opened, Err(LedgerFailure::Newer { found, known: 4 }) if found == newer),
            "{opened:?}"
        );
    }
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_is_told_from_damage() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a-file");
    std::fs::write(&file, b"").unwrap();
    let opened = SqliteLedger::open(&file).await;
    assert!(
        matches!(opened, Err(LedgerFailure::Unwritable(_))),
        "{opened:?}"
    );
    std::fs::create_dir(folder.path().join("ledger.sqlite")).unwrap();
    let opened = SqliteLedger::open(folder.path()).await;
    assert!(
        matches!(opened, Err(LedgerFailure::Unwritable(_))),
        "{opened:?}"
    );
}

#[cfg(unix)]
#[tokio::test]
async fn the_folder_is_for_this_user_only() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("deep/data");
    let ledger = SqliteLedger::open(&data).await.unwrap();
    assert_eq!(
        std::fs::metadata(&data).unwrap().permissions().mode() & 0o777,
        0o700
    );
    ledger.close().await;
}
