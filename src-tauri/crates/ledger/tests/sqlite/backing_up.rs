use engine::ports::{Ledger as _, LedgerFailure, Stream};
use ledger::{SqliteLedger, restore};

use crate::given::{cancelled, imported, release, vote};

async fn three(folder: &std::path::Path) -> SqliteLedger {
    let ledger = SqliteLedger::open(folder).await.unwrap();
    let register = vec![imported("beijing")];
    ledger.append(&Stream::Register, 0, register).await.unwrap();
    let entries = vec![vote("可以上线"), cancelled("done")];
    ledger.append(&release("REL-1"), 0, entries).await.unwrap();
    ledger.keep(b"a blob").await.unwrap();
    ledger
}

#[tokio::test]
async fn a_backup_taken_while_the_ledger_is_written_to_restores_to_the_same_chain() {
    let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let ledger = three(here.path()).await;
    let file = here.path().join("backup.sqlite");
    let taken = ledger.backup(&file).await.unwrap();
    assert_eq!(taken.entries, 3);
    assert_eq!(
        taken.sha256,
        domain::Digest::of(&std::fs::read(&file).unwrap()).as_str()
    );
    let at_backup = ledger.chain().head;
    // The readers still cannot write, and the ledger goes on.
    ledger
        .append(&Stream::Register, 1, vec![imported("later")])
        .await
        .unwrap();
    assert!(ledger.verify().await.unwrap().broken_at.is_none());
    let twice = ledger.backup(&file).await;
    assert!(
        matches!(twice, Err(LedgerFailure::ExportUnwritable(_))),
        "{twice:?}"
    );

    let report = restore(&file, there.path()).await.unwrap();
    assert_eq!(
        (report.entries, report.verified, report.head.clone()),
        (3, 3, at_backup)
    );
    let restored = SqliteLedger::open(there.path()).await.unwrap();
    assert_eq!(
        restored.read(&release("REL-1"), 0).await.unwrap(),
        ledger.read(&release("REL-1"), 0).await.unwrap()
    );
    assert_eq!(
        restored.kept(&domain::Digest::of(b"a blob")).await.unwrap(),
        b"a blob"
    );
    // It is a ledger like any other: it grows, and its rows stay as they are.
    restored
        .append(&Stream::Register, 1, vec![imported("there")])
        .await
        .unwrap();
    assert_eq!(restored.verify().await.unwrap().broken_at, None);
    let held = restore(&file, there.path()).await;
    assert!(matches!(held, Err(LedgerFailure::InUse { .. })), "{held:?}");
    restored.close().await;
    let over = restore(&file, there.path()).await;
    assert_eq!(over, Err(LedgerFailure::NotEmpty { entries: 4 }));
}

#[tokio::test]
async fn what_does_not_hold_is_not_restored() {
    let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let ledger = three(here.path()).await;
    let file = here.path().join("backup.sqlite");
    ledger.backup(&file).await.unwrap();
    let whole = std::fs::read(&file).unwrap();
    let place = whole
        .windows(7)
        .rposition(|bytes| bytes == b"beijing")
        .unwrap();
    for change in [
        &(|bytes: &mut Vec<u8>| bytes[place] = b'x') as &dyn Fn(&mut Vec<u8>),
        &|bytes| bytes.truncate(bytes.len() / 2),
        &|bytes| *bytes = b"no database at all".repeat(100),
    ] {
        let mut bytes = whole.clone();
        change(&mut bytes);
        std::fs::write(&file, bytes).unwrap();
        let refused = restore(&file, there.path()).await;
        assert!(
            matches!(
                refused,
                Err(LedgerFailure::Damaged(_) | LedgerFailure::Unwritable(_))
            ),
            "{refused:?}"
        );
        assert!(!there.path().join("ledger.sqlite").exists());
    }
    let left: Vec<_> = std::fs::read_dir(there.path())
        .unwrap()
        .map(|e| e.unwrap().file_name())
        .collect();
    assert_eq!(left, ["ledger.lock"], "nothing half-way is left");
}
