//! A file system that cannot lock files, or not share memory: two programs could write at once.

use std::time::Duration;

use engine::ports::{Ledger as _, LedgerFailure};
use ledger::{Limits, SqliteLedger};
use libsqlite3_sys::{
    SQLITE_BUSY, SQLITE_IOERR_LOCK, SQLITE_IOERR_SHMLOCK, SQLITE_IOERR_SHMMAP,
    SQLITE_IOERR_SHMOPEN, SQLITE_PROTOCOL,
};

use crate::given::{cancelled, filled, release};
use crate::shim::{Lack, Watched};
use crate::{ONE, folder};

#[tokio::test]
async fn without_locks_no_ledger_is_made_and_none_is_opened() {
    let _one = ONE.lock().await;
    let limits = Limits {
        busy: Duration::from_millis(20),
        ..Limits::default()
    };
    for lack in [
        // EOPNOTSUPP and ENOSYS; ENOLCK looks as if somebody else had the lock.
        Lack::Locks(SQLITE_IOERR_LOCK),
        Lack::Locks(SQLITE_BUSY),
        Lack::SharedMemory(SQLITE_IOERR_SHMOPEN),
        Lack::SharedMemory(SQLITE_IOERR_SHMMAP),
        Lack::SharedMemory(SQLITE_IOERR_SHMLOCK),
        Lack::SharedMemory(SQLITE_PROTOCOL),
    ] {
        for entries in [0, 3] {
            let folder = folder();
            let watched = Watched::folder(folder.path());
            if entries > 0 {
                filled(folder.path(), entries).await;
            }
            let file = folder.path().join("ledger.sqlite");
            let before = std::fs::read(&file).unwrap_or_default();
            watched.lacks(Some(lack));
            let opened = SqliteLedger::open_within(folder.path(), limits).await;
            assert!(
                matches!(opened, Err(LedgerFailure::NoLocks(_))),
                "{lack:?}: {opened:?}"
            );
            let after = std::fs::read(&file).unwrap_or_default();
            assert!(entries == 0 || after == before, "{lack:?} wrote");

            watched.lacks(None);
            let ledger = SqliteLedger::open(folder.path()).await.unwrap();
            let entry = vec![cancelled("on a disk with locks")];
            let appended = ledger.append(&release("REL-1"), entries, entry).await;
            assert_eq!(appended.unwrap()[0].sequence, entries + 1);
            assert_eq!(ledger.verify().await.unwrap().broken_at, None);
            ledger.close().await;
        }
    }
}
