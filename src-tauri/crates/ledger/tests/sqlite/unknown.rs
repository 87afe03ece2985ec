//! Entries that this program cannot decode, in a ledger whose chain is whole.

use engine::ports::{Ledger as _, LedgerFailure, NewEntry, Record, Search, Stream, StreamEnd};
use ledger::SqliteLedger;
use sqlx::AssertSqlSafe;

use crate::given::{at, cancelled, filled, raw, release, written_by_a_newer_program};

/// A newer verb, a newer value of a known enum, a field missing of a known verb, a newer stream.
const STRANGE: [(&str, &str); 4] = [
    (
        r#"{"release":"REL-1"}"#,
        r#"{"release":{"type":"gatePostponed","environment":"sz","until":3}}"#,
    ),
    (
        r#"{"release":"REL-1"}"#,
        r#"{"release":{"type":"voteCast","stage":"sz","role":"auditor","go":true,"reason":"x"}}"#,
    ),
    (
        r#"{"release":"REL-1"}"#,
        r#"{"release":{"type":"releaseCancelled","reason":7}}"#,
    ),
    (
        r#"{"calendar":"2027"}"#,
        r#"{"calendar":{"type":"frozen"}}"#,
    ),
];

async fn with_strange_entries() -> (tempfile::TempDir, SqliteLedger) {
    let folder = tempfile::tempdir().unwrap();
    filled(folder.path(), 3).await;
    written_by_a_newer_program(folder.path(), &STRANGE).await;
    let ledger = SqliteLedger::open(folder.path()).await.unwrap();
    (folder, ledger)
}

#[tokio::test]
async fn they_are_read_as_they_are_and_the_chain_is_whole() {
    let (_folder, ledger) = with_strange_entries().await;
    assert_eq!(
        (ledger.chain().broken_at, ledger.chain().verified),
        (None, 7)
    );
    let whole = ledger.verify().await.unwrap();
    assert_eq!((whole.broken_at, whole.verified), (None, 7));

    let entries = ledger.read(&release("REL-1"), 0).await.unwrap();
    let here = ledger.read_here(&release("REL-1")).unwrap();
    assert_eq!(entries, here);
    assert_eq!(entries.len(), 6);
    let records: Vec<_> = entries.iter().map(|entry| &entry.record).collect();
    assert!(
        records[..3]
            .iter()
            .all(|record| matches!(record, Record::Release(_)))
    );
    for (record, (_, text)) in records[3..].iter().zip(STRANGE) {
        let Record::Unknown(unknown) = record else {
            panic!("{record:?}");
        };
        assert_eq!(unknown.json.0, text);
        assert!(!unknown.why.is_empty());
        let shown: serde_json::Value = serde_json::to_value(record).unwrap();
        assert_eq!(
            shown,
            serde_json::from_str::<serde_json::Value>(text).unwrap()
        );
    }
    let Record::Unknown(first) = records[3] else {
        unreachable!()
    };
    assert_eq!(first.verb, "gatePostponed");
    assert_eq!(first.environment, Some("sz".into()));

    let calendar = ledger.entry(7).await.unwrap();
    assert!(
        matches!(calendar.stream, Stream::Unknown(_)),
        "{calendar:?}"
    );
    assert_eq!(ledger.releases().await.unwrap(), ["REL-1".into()]);
    let page = ledger
        .page(&Search {
            limit: 10,
            ..Search::default()
        })
        .await
        .unwrap();
    assert_eq!(page.entries.len(), 7);
    assert!(page.verbs.contains(&"gatePostponed".to_owned()));
}

#[tokio::test]
async fn others_are_written_after_them_and_they_themselves_never() {
    let (_folder, ledger) = with_strange_entries().await;
    let stream = release("REL-1");
    ledger
        .append(&stream, 6, vec![cancelled("after")])
        .await
        .unwrap();
    let strange = ledger.read(&stream, 0).await.unwrap().remove(3);
    let again = NewEntry {
        at: at(0),
        actor: None,
        record: strange.record,
    };
    let refused = ledger.append(&stream, 7, vec![again]).await.unwrap_err();
    assert!(matches!(refused, LedgerFailure::Other(_)), "{refused:?}");
    assert_eq!(ledger.verify().await.unwrap().verified, 8);
}

#[tokio::test]
async fn what_is_kept_of_a_stream_holds_for_its_end_only() {
    let folder = tempfile::tempdir().unwrap();
    filled(folder.path(), 3).await;
    let ledger = SqliteLedger::open(folder.path()).await.unwrap();
    let end = ledger.ends().await.unwrap().remove(0);
    assert_eq!((end.position, &end.summary), (3, &None));
    let kept = StreamEnd {
        summary: Some("kept".to_owned()),
        ..end
    };
    ledger.summarize(kept.clone()).await.unwrap();
    assert_eq!(ledger.ends().await.unwrap(), std::slice::from_ref(&kept));

    // Damaged, it is not there.
    ledger.close().await;
    let sql = "UPDATE summaries SET body = 'another'";
    sqlx::query(AssertSqlSafe(sql))
        .execute(&mut raw(folder.path()).await)
        .await
        .unwrap();
    let ledger = SqliteLedger::open(folder.path()).await.unwrap();
    assert_eq!(ledger.ends().await.unwrap()[0].summary, None);

    ledger.summarize(kept).await.unwrap();
    ledger
        .append(&release("REL-1"), 3, vec![cancelled("more")])
        .await
        .unwrap();
    let end = ledger.ends().await.unwrap().remove(0);
    assert_eq!((end.position, end.summary), (4, None));
    assert_eq!(ledger.verify().await.unwrap().broken_at, None);
}

#[tokio::test]
async fn the_newest_of_one_name_are_found() {
    let (_folder, ledger) = with_strange_entries().await;
    let newest = ledger.newest("releaseCancelled", 2).await.unwrap();
    let sequences: Vec<_> = newest.iter().map(|entry| entry.sequence).collect();
    assert_eq!(sequences, [6, 3]);
}
