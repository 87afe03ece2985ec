//! Every single write, cut and sync of the ledger fails once, and from then on.

use std::path::Path;

use engine::ports::{Ledger as _, LedgerFailure};
use ledger::SqliteLedger;

use crate::given::{cancelled, release};
use crate::shim::{Fault, Watched};
use crate::{ONE, folder};

const STREAM: &str = "REL-1";
/// Entries that a run appends, one at a time.
const ENTRIES: u64 = 5;

/// What a run was promised.
#[derive(Debug, Default)]
struct Promised {
    entries: u64,
    blobs: Vec<(domain::Digest, Vec<u8>)>,
    /// Whether the newest append failed. Then its entry may come back with the next opening: a commit
    /// whose sync fails can be whole in the log. (The engine takes it as an intent without an outcome,
    /// and reads the cluster.)
    undecided: bool,
    /// Calls that failed.
    refused: u32,
}

impl Promised {
    /// Takes in what an opening has found.
    fn opened(&mut self, ledger: &SqliteLedger) {
        let found = ledger.chain().entries;
        if self.undecided && found == self.entries + 1 {
            self.entries = found;
        }
        assert_eq!(found, self.entries);
        self.undecided = false;
    }
}

fn typed<T>(done: Result<T, LedgerFailure>, promised: &mut Promised) -> Option<T> {
    match done {
        Ok(done) => Some(done),
        Err(LedgerFailure::Unwritable(_)) => {
            promised.refused += 1;
            None
        }
        Err(other) => panic!("a disk that fails is {other:?}"),
    }
}

/// Opens, appends and keeps, twice over; goes on with whatever works.
async fn run(folder: &Path, promised: &mut Promised) {
    for part in 0..2 {
        let Some(ledger) = typed(SqliteLedger::open(folder).await, promised) else {
            continue;
        };
        promised.opened(&ledger);
        for n in 0..ENTRIES {
            let entry = cancelled(&format!("{part}/{n} {}", "x".repeat(3000)));
            let stream = release(STREAM);
            let appended = ledger.append(&stream, promised.entries, vec![entry]);
            let appended = typed(appended.await, promised);
            promised.undecided = appended.is_none();
            if let Some(entries) = appended {
                assert_eq!(entries[0].sequence, promised.entries + 1);
                promised.entries += 1;
            }
            if n % 2 == 0 {
                let bytes = format!("{part}/{n} {}", "y".repeat(9000)).into_bytes();
                if let Some(digest) = typed(ledger.keep(&bytes).await, promised) {
                    promised.blobs.push((digest, bytes));
                }
            }
        }
        ledger.close().await;
    }
}

/// What was promised is there, and nothing else.
async fn check(folder: &Path, promised: &mut Promised) {
    let ledger = SqliteLedger::open(folder).await.unwrap();
    promised.opened(&ledger);
    let report = ledger.verify().await.unwrap();
    assert_eq!(
        (report.entries, report.verified, report.broken_at),
        (promised.entries, promised.entries, None)
    );
    for (digest, bytes) in &promised.blobs {
        assert_eq!(&ledger.kept(digest).await.unwrap(), bytes);
    }
    let entry = vec![cancelled("room again")];
    let position = promised.entries;
    ledger
        .append(&release(STREAM), position, entry)
        .await
        .unwrap();
    assert_eq!(ledger.verify().await.unwrap().broken_at, None);
    ledger.close().await;
}

async fn calls() -> u64 {
    let folder = folder();
    let watched = Watched::folder(folder.path());
    let mut promised = Promised::default();
    run(folder.path(), &mut promised).await;
    assert_eq!((promised.entries, promised.refused), (2 * ENTRIES, 0));
    check(folder.path(), &mut promised).await;
    watched.calls()
}

#[tokio::test]
async fn every_call_that_fails_is_said_and_loses_nothing() {
    let _one = ONE.lock().await;
    let all = calls().await;
    assert!(all > 60, "{all} calls");
    let (mut runs, mut refused) = (0, 0);
    for fault in [Fault::Full, Fault::Broken] {
        for nth in 1..=all {
            // Once, for a while, or until somebody looks after it.
            for times in [1, 7, u64::MAX] {
                if times != 1 && nth % 6 != u64::from(times == 7) {
                    continue;
                }
                let folder = folder();
                let watched = Watched::folder(folder.path());
                watched.fail(nth, times, fault);
                let mut promised = Promised::default();
                run(folder.path(), &mut promised).await;
                watched.mend();
                check(folder.path(), &mut promised).await;
                runs += 1;
                refused += u64::from(promised.refused);
            }
        }
    }
    println!("{all} calls, {runs} runs with one of them failing, {refused} refusals, all typed");
    assert!(refused > runs / 2, "{refused} of {runs}");
}
