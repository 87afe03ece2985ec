use engine::ports::Ledger as _;
use ledger::SqliteLedger;
use sqlx::AssertSqlSafe;

use crate::given::{filled, raw};

#[tokio::test]
async fn sqlite_itself_refuses_to_change_or_delete() {
    let folder = tempfile::tempdir().unwrap();
    filled(folder.path(), 3).await;
    let ledger = SqliteLedger::open(folder.path()).await.unwrap();
    let digest = ledger.keep(b"backup").await.unwrap();
    let mut raw = raw(folder.path()).await;
    let copy = "sequence, at, stream, position, actor, environment, verb, record, previous, hash";
    for (statement, why) in [
        ("UPDATE entries SET actor = 'nobody' WHERE sequence = 2".to_owned(), "entries are never changed"),
        ("DELETE FROM entries WHERE sequence = 3".to_owned(), "entries are never deleted"),
        ("DELETE FROM entries".to_owned(), "entries are never deleted"),
        (
            format!("INSERT OR REPLACE INTO entries ({copy}) SELECT {copy} FROM entries WHERE sequence = 2"),
            "an entry follows the newest one",
        ),
        (
            format!(
                "INSERT INTO entries ({copy}) SELECT 9, at, stream, 4, actor, environment, verb, record, previous, hash
                 FROM entries WHERE sequence = 3"
            ),
            "an entry follows the newest one",
        ),
        (
            format!(
                "INSERT INTO entries ({copy}) SELECT 4, at, stream, 9, actor, environment, verb, record, previous, hash
                 FROM entries WHERE sequence = 3"
            ),
            "an entry follows the newest one",
        ),
        (format!("UPDATE blobs SET bytes = x'00' WHERE digest = '{digest}'"), "blobs are never changed"),
        ("DELETE FROM blobs".to_owned(), "blobs are never deleted"),
        (format!("INSERT OR REPLACE INTO blobs VALUES ('{digest}', x'00')"), "blobs are never replaced"),
        ("UPDATE tails SET sequence = 2".to_owned(), "a tail only follows its entries"),
        ("UPDATE tails SET hash = 'x'".to_owned(), "a tail only follows its entries"),
        ("DELETE FROM tails".to_owned(), "tails are never deleted"),
        ("INSERT OR REPLACE INTO tails VALUES (1, 1, 2, 'x')".to_owned(), "tails are never replaced"),
    ] {
        let refused = sqlx::query(AssertSqlSafe(statement.clone())).execute(&mut raw).await;
        let error = refused.expect_err(&statement).to_string();
        assert!(error.contains(why), "{statement}: {error}");
    }
    let report = ledger.verify().await.unwrap();
    assert_eq!(
        (report.entries, report.verified, report.broken_at),
        (3, 3, None)
    );
    assert_eq!(ledger.kept(&digest).await.unwrap(), b"backup");
}

#[tokio::test]
async fn the_file_is_written_the_durable_way() {
    let folder = tempfile::tempdir().unwrap();
    filled(folder.path(), 1).await;
    let mut raw = raw(folder.path()).await;
    let (application, version, mode): (i64, i64, String) = sqlx::query_as(
        "SELECT (SELECT application_id FROM pragma_application_id), (SELECT user_version FROM pragma_user_version),
                (SELECT journal_mode FROM pragma_journal_mode)",
    )
    .fetch_one(&mut raw)
    .await
    .unwrap();
    assert_eq!((application, mode.as_str()), (0x504C_4853, "wal"));
    let newest: i64 = sqlx::query_scalar("SELECT max(version) FROM _sqlx_migrations")
        .fetch_one(&mut raw)
        .await
        .unwrap();
    assert_eq!(version, newest, "a migration has to raise user_version");
}
