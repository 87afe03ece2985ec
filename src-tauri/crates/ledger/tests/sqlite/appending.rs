use std::sync::Arc;

use domain::{Digest, Event, ReleaseId};
use engine::ports::{Ledger as _, LedgerFailure, Record, Stream};
use ledger::SqliteLedger;

use crate::given::{cancelled, entry, imported, release, vote};

#[tokio::test]
async fn entries_are_numbered_in_the_chain_and_in_their_stream() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = SqliteLedger::open(folder.path()).await.unwrap();
    let mut moves = ledger.moves();
    assert_eq!(*moves.borrow(), 0);
    assert_eq!(ledger.chain().head, None);

    let first = ledger
        .append(&release("REL-2"), 0, vec![vote("好"), cancelled("b")])
        .await
        .unwrap();
    ledger
        .append(&Stream::Register, 0, vec![imported("beijing")])
        .await
        .unwrap();
    let third = ledger
        .append(&release("REL-1"), 0, vec![cancelled("c")])
        .await
        .unwrap();
    let last = ledger
        .append(&release("REL-2"), 2, vec![cancelled("d")])
        .await
        .unwrap();

    let places: Vec<_> = first.iter().map(|e| (e.sequence, e.position)).collect();
    assert_eq!(places, [(1, 1), (2, 2)]);
    assert_eq!((third[0].sequence, third[0].position), (4, 1));
    assert_eq!((last[0].sequence, last[0].position), (5, 3));
    assert_eq!(first[0].previous, "0".repeat(64));
    assert_eq!(first[1].previous, first[0].hash);
    assert_eq!(last[0].previous, third[0].hash);
    assert_eq!(ledger.chain().head.as_ref(), Some(&last[0].hash));
    assert_eq!(*moves.borrow_and_update(), 5);

    assert_eq!(
        ledger.read(&release("REL-2"), 0).await.unwrap(),
        [first.clone(), last.clone()].concat()
    );
    assert_eq!(ledger.read(&release("REL-2"), 2).await.unwrap(), last);
    assert_eq!(ledger.read(&release("REL-3"), 0).await.unwrap(), []);
    assert_eq!(ledger.entry(1).await.unwrap(), first[0]);
    assert!(matches!(
        ledger.entry(6).await,
        Err(LedgerFailure::Missing(_))
    ));
    assert_eq!(
        ledger.releases().await.unwrap(),
        [ReleaseId::from("REL-2"), ReleaseId::from("REL-1")]
    );

    let report = ledger.verify().await.unwrap();
    assert_eq!(
        (report.entries, report.verified, report.broken_at),
        (5, 5, None)
    );
    assert_eq!(report.head.as_ref(), Some(&last[0].hash));
}

#[tokio::test]
async fn what_was_written_is_there_after_opening_again() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = SqliteLedger::open(folder.path()).await.unwrap();
    let written = ledger
        .append(&release("REL-1"), 0, vec![vote("a"), cancelled("b")])
        .await
        .unwrap();
    ledger.close().await;

    let ledger = SqliteLedger::open(folder.path()).await.unwrap();
    assert_eq!(ledger.read(&release("REL-1"), 0).await.unwrap(), written);
    let chain = ledger.chain();
    assert_eq!(
        (chain.entries, chain.verified, chain.broken_at),
        (2, 2, None)
    );
    assert_eq!(*ledger.moves().borrow(), 2);
    ledger
        .append(&release("REL-1"), 2, vec![cancelled("c")])
        .await
        .unwrap();
    assert_eq!(ledger.verify().await.unwrap().verified, 3);
}

#[tokio::test]
async fn a_stream_that_moved_takes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = SqliteLedger::open(folder.path()).await.unwrap();
    ledger
        .append(&release("REL-1"), 0, vec![cancelled("a")])
        .await
        .unwrap();
    for (expected, found) in [(0, 1), (2, 1)] {
        let refused = ledger
            .append(&release("REL-1"), expected, vec![cancelled("b")])
            .await;
        assert!(
            matches!(refused, Err(LedgerFailure::Moved { expected: e, found: f }) if (e, f) == (expected, found)),
            "{refused:?}"
        );
    }
    assert_eq!(ledger.verify().await.unwrap().entries, 1);
}

#[tokio::test]
async fn all_entries_of_an_append_or_none() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = SqliteLedger::open(folder.path()).await.unwrap();
    let mixed = vec![cancelled("a"), imported("beijing")];
    let refused = ledger.append(&release("REL-1"), 0, mixed).await;
    assert!(
        matches!(refused, Err(LedgerFailure::Other(_))),
        "{refused:?}"
    );
    assert_eq!(ledger.verify().await.unwrap().entries, 0);
    assert_eq!(
        ledger.append(&release("REL-1"), 0, vec![]).await.unwrap(),
        []
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_who_append_at_once_each_position_goes_to_one() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = Arc::new(SqliteLedger::open(folder.path()).await.unwrap());
    let tasks = ["chen", "li"].map(|person| {
        let ledger = Arc::clone(&ledger);
        tokio::spawn(async move {
            let mut position = 0;
            let (mut won, mut lost) = (0, 0);
            while won < 50 {
                let event = Event::ReleaseCancelled {
                    reason: format!("{person} {won}"),
                };
                match ledger
                    .append(&release("REL-1"), position, vec![entry(person, event)])
                    .await
                {
                    Ok(_) => {
                        won += 1;
                        position += 1;
                    }
                    Err(LedgerFailure::Moved { found, .. }) => {
                        lost += 1;
                        position = found;
                    }
                    Err(other) => panic!("{other}"),
                }
            }
            lost
        })
    });
    let mut lost = 0;
    for task in tasks {
        lost += task.await.unwrap();
    }
    assert!(lost > 0, "they never met, so that this proves nothing");
    let entries = ledger.read(&release("REL-1"), 0).await.unwrap();
    assert_eq!(entries.len(), 100);
    let report = ledger.verify().await.unwrap();
    assert_eq!((report.verified, report.broken_at), (100, None));
}

#[tokio::test]
async fn a_commit_goes_on_when_its_caller_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = SqliteLedger::open(folder.path()).await.unwrap();
    let mut moves = ledger.moves();
    let stream = release("REL-1");
    {
        let mut append = ledger.append(&stream, 0, vec![cancelled("a")]);
        // Polled once: the work is handed over. Then the caller goes.
        let waker = std::task::Waker::noop();
        let polled = append
            .as_mut()
            .poll(&mut std::task::Context::from_waker(waker));
        assert!(polled.is_pending());
    }
    moves.wait_for(|newest| *newest == 1).await.unwrap();
    assert_eq!(ledger.read(&stream, 0).await.unwrap().len(), 1);
}

#[tokio::test]
async fn bytes_are_kept_once_under_their_digest() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = SqliteLedger::open(folder.path()).await.unwrap();
    let digest = ledger.keep(b"apiVersion: v1").await.unwrap();
    assert_eq!(digest, Digest::of(b"apiVersion: v1"));
    assert_eq!(ledger.keep(b"apiVersion: v1").await.unwrap(), digest);
    assert_eq!(ledger.kept(&digest).await.unwrap(), b"apiVersion: v1");
    let empty = ledger.keep(b"").await.unwrap();
    assert_eq!(ledger.kept(&empty).await.unwrap(), b"");
    assert!(matches!(
        ledger.kept(&Digest::of(b"other")).await,
        Err(LedgerFailure::Missing(_))
    ));
}

#[test]
fn a_record_is_named_by_its_event_and_environment() {
    let event = Event::Disarmed {
        environment: "suzhou-prod".into(),
    };
    let names = ledger::names(&Record::Release(event)).unwrap();
    assert_eq!(names.verb, "disarmed");
    assert_eq!(names.environment, Some("suzhou-prod".into()));
    let names = ledger::names(&imported("beijing").record).unwrap();
    assert_eq!(
        (names.verb.as_str(), names.environment),
        ("contextImported", None)
    );
    let names = ledger::names(&Record::Release(Event::HelpAsked)).unwrap();
    assert_eq!(names.verb, "helpAsked");
}

/// FTS5 remembers its index per connection; a check of a ledger that has grown since the last one
/// was once taken for damage.
#[tokio::test]
async fn a_ledger_that_grew_since_it_was_verified_verifies_again() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = SqliteLedger::open(folder.path()).await.unwrap();
    for round in 0..20 {
        let more = (0..5)
            .map(|n| vote(&format!("第 {round} 轮 {n}")))
            .collect();
        ledger
            .append(&release("REL-1"), round * 5, more)
            .await
            .unwrap();
        let report = ledger.verify().await.unwrap();
        assert_eq!((report.verified, report.broken_at), ((round + 1) * 5, None));
    }
}
