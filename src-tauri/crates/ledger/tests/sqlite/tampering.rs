use std::time::Instant;

use domain::{Backup, BackupBody, BackupObject, Digest, Event, LiveHead, ObjectRef};
use engine::ports::{Ledger as _, LedgerFailure, Stream};
use ledger::SqliteLedger;
use sqlx::AssertSqlSafe;

use crate::given::{
    at, cancelled, entry, filled, raw, release, vote, without_triggers, witnessed_key,
};

/// Runs SQL without the triggers that refuse it.
async fn tamper(folder: &std::path::Path, sql: &str) {
    let mut raw = raw(folder).await;
    without_triggers(&mut raw).await;
    let done = sqlx::query(AssertSqlSafe(sql.to_owned()))
        .execute(&mut raw)
        .await
        .unwrap();
    assert!(done.rows_affected() > 0, "{sql}");
}

#[tokio::test]
async fn an_edit_is_found_where_it_was_made() {
    for (sql, broken_at) in [
        (
            "UPDATE entries SET record = replace(record, 'reason 4', 'reason 5') WHERE sequence = 4",
            4,
        ),
        ("UPDATE entries SET actor = 'nobody' WHERE sequence = 4", 4),
        ("UPDATE entries SET actor = NULL WHERE sequence = 4", 4),
        (
            "UPDATE entries SET at = '2020-01-01T00:00:00.000000000Z' WHERE sequence = 4",
            4,
        ),
        (
            "UPDATE entries SET stream = '\"register\"' WHERE sequence = 4",
            4,
        ),
        ("UPDATE entries SET position = 77 WHERE sequence = 4", 4),
        (
            "UPDATE entries SET verb = 'gateOpened' WHERE sequence = 4",
            4,
        ),
        (
            "UPDATE entries SET environment = 'suzhou-prod' WHERE sequence = 4",
            4,
        ),
        ("UPDATE entries SET previous = hash WHERE sequence = 4", 4),
        ("UPDATE entries SET hash = previous WHERE sequence = 4", 4),
        (
            "UPDATE entries SET record = 'no json' WHERE sequence = 4",
            4,
        ),
        ("UPDATE entries SET sequence = 40 WHERE sequence = 10", 10),
        ("DELETE FROM entries WHERE sequence = 1", 1),
        ("DELETE FROM entries WHERE sequence = 4", 4),
        ("DELETE FROM entries WHERE sequence BETWEEN 4 AND 6", 4),
    ] {
        let folder = tempfile::tempdir().unwrap();
        filled(folder.path(), 10).await;
        tamper(folder.path(), sql).await;
        let ledger = SqliteLedger::open(folder.path()).await.unwrap();
        let at_open = ledger.chain();
        assert_eq!(
            (at_open.broken_at, at_open.verified),
            (Some(broken_at), broken_at - 1),
            "{sql}"
        );
        let report = ledger.verify().await.unwrap();
        assert_eq!(
            (report.broken_at, report.verified),
            (Some(broken_at), broken_at - 1),
            "{sql}"
        );
        // The audit goes on, and what is added does not hide the break.
        let stream = release("REL-2");
        ledger
            .append(&stream, 0, vec![cancelled("after")])
            .await
            .unwrap();
        assert_eq!(
            ledger.verify().await.unwrap().broken_at,
            Some(broken_at),
            "{sql}"
        );
    }
}

#[tokio::test]
async fn a_signature_that_does_not_verify_breaks_the_chain_that_fits_it() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = SqliteLedger::open(folder.path()).await.unwrap();
    let mut forged = vote("looks good");
    if let engine::ports::Record::Release(Event::VoteCast { signed, .. }) = &mut forged.record {
        signed.statement.person = "zhang".into();
    }
    ledger
        .append(
            &release("REL-1"),
            0,
            vec![vote("good"), forged, cancelled("a")],
        )
        .await
        .unwrap();
    let report = ledger.verify().await.unwrap();
    assert_eq!(
        (report.entries, report.verified, report.broken_at),
        (3, 1, Some(2))
    );
}

#[tokio::test]
async fn a_witness_who_signed_for_somebody_else_breaks_the_chain_that_fits_it() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = SqliteLedger::open(folder.path()).await.unwrap();
    let entries = vec![witnessed_key("li"), witnessed_key("zhang")];
    ledger.append(&Stream::Register, 0, entries).await.unwrap();
    let report = ledger.verify().await.unwrap();
    assert_eq!(
        (report.entries, report.verified, report.broken_at),
        (2, 1, Some(2))
    );
}

#[tokio::test]
async fn a_damaged_or_missing_backup_is_found_at_its_entry() {
    for sql in ["UPDATE blobs SET bytes = x'00'", "DELETE FROM blobs"] {
        let folder = tempfile::tempdir().unwrap();
        let ledger = SqliteLedger::open(folder.path()).await.unwrap();
        let blob = ledger.keep(b"kind: Service").await.unwrap();
        let head = LiveHead {
            uid: "u".into(),
            resource_version: "7".into(),
            content: Digest::of(b""),
        };
        let object = ObjectRef {
            api_version: "v1".into(),
            kind: "Service".into(),
            namespace: "faas".into(),
            name: "faasapi".into(),
        };
        let live = Some(BackupBody {
            head,
            blob: blob.clone(),
            version: None,
        });
        let backup = Backup {
            at: at(0),
            digest: Digest::of(b"all"),
            objects: vec![BackupObject { object, live }],
        };
        let taken = Event::BackupTaken {
            environment: "suzhou-prod".into(),
            backup,
        };
        ledger
            .append(
                &release("REL-1"),
                0,
                vec![cancelled("a"), entry("chen", taken)],
            )
            .await
            .unwrap();
        assert_eq!(ledger.verify().await.unwrap().broken_at, None);
        tamper(folder.path(), sql).await;
        let report = ledger.verify().await.unwrap();
        assert_eq!((report.broken_at, report.verified), (Some(2), 1), "{sql}");
        let read = ledger.kept(&blob).await;
        assert!(
            matches!(
                read,
                Err(LedgerFailure::Damaged(_) | LedgerFailure::Missing(_))
            ),
            "{read:?}"
        );
    }
}

#[tokio::test]
async fn twenty_thousand_entries_verify_quickly() {
    verifies_quickly(20_000).await;
}

#[tokio::test]
#[ignore = "a measurement: cargo test --release -p ledger -- --ignored --nocapture hundred"]
async fn a_hundred_thousand_entries_verify_quickly() {
    verifies_quickly(100_000).await;
}

async fn verifies_quickly(count: u64) {
    let folder = tempfile::tempdir().unwrap();
    let started = Instant::now();
    filled(folder.path(), count).await;
    let filling = started.elapsed();
    let started = Instant::now();
    let ledger = SqliteLedger::open(folder.path()).await.unwrap();
    let opening = started.elapsed();
    let chain = ledger.chain();
    assert_eq!((chain.verified, chain.broken_at), (count, None));
    let all = ledger.verify().await.unwrap();
    println!(
        "{count} entries: written in {filling:?}, opened in {opening:?} (chain {:.0} ms), all verified in {:.0} ms",
        chain.took_ms, all.took_ms
    );
    assert!(chain.took_ms > 0.0);
    assert!(opening.as_secs() < 10, "{opening:?}");
}
