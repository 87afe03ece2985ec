//! A disk that lets nobody write.

use std::process::Command;

use engine::ports::{Ledger as _, LedgerFailure};
use ledger::SqliteLedger;

use crate::given::filled;

/// A small disk of one's own, which goes with this.
struct Disk(tempfile::TempDir);

impl Disk {
    /// None, loudly, where none can be made.
    fn mount() -> Option<Disk> {
        let folder = tempfile::TempDir::with_prefix("pilothouse-disk-").unwrap();
        let disk = Disk(folder);
        let mounted = disk.mounts(&["-t", "tmpfs", "-o", "size=8m", "pilothouse-test"]);
        if !mounted {
            eprintln!("1 skipped: no small disk");
        }
        mounted.then_some(disk)
    }

    fn mounts(&self, arguments: &[&str]) -> bool {
        let mounted = Command::new("mount")
            .args(arguments)
            .arg(self.0.path())
            .output();
        mounted.is_ok_and(|output| output.status.success())
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0.path()).output();
    }
}

#[tokio::test]
async fn a_ledger_that_cannot_be_written_is_told_from_damage_and_left_as_it_is() {
    let Some(disk) = Disk::mount() else {
        return;
    };
    let folder = disk.0.path().join("data");
    filled(&folder, 5).await;
    let before = std::fs::read(folder.join("ledger.sqlite")).unwrap();
    assert!(disk.mounts(&["-o", "remount,ro"]), "read-only");
    let opened = SqliteLedger::open(&folder).await;
    assert!(
        matches!(opened, Err(LedgerFailure::Unwritable(_))),
        "{opened:?}"
    );
    assert_eq!(std::fs::read(folder.join("ledger.sqlite")).unwrap(), before);
    assert!(disk.mounts(&["-o", "remount,rw"]), "writable again");
    let ledger = SqliteLedger::open(&folder).await.unwrap();
    assert_eq!(ledger.verify().await.unwrap().verified, 5);
    ledger.close().await;
}

/// The database alone is read-only, and the folder is not: not even the lock's file may be taken for
/// leave to write.
#[tokio::test]
async fn a_read_only_file_in_a_folder_that_can_be_written_is_the_same() {
    let Some(disk) = Disk::mount() else {
        return;
    };
    let other = tempfile::tempdir().unwrap();
    filled(other.path(), 5).await;
    let folder = disk.0.path().join("data");
    std::fs::create_dir(&folder).unwrap();
    let file = folder.join("ledger.sqlite");
    std::fs::write(&file, b"").unwrap();
    let source = other.path().join("ledger.sqlite");
    let bound = Command::new("mount")
        .arg("--bind")
        .args([&source, &file])
        .output();
    let read_only = Command::new("mount")
        .args(["-o", "remount,bind,ro"])
        .arg(&file)
        .output();
    assert!(bound.unwrap().status.success() && read_only.unwrap().status.success());
    let opened = SqliteLedger::open(&folder).await;
    // Lazily: a connection is closed on a thread of its own, a moment later.
    let unmounted = Command::new("umount").arg("-l").arg(&file).output();
    assert!(unmounted.unwrap().status.success());
    assert!(
        matches!(opened, Err(LedgerFailure::Unwritable(_))),
        "{opened:?}"
    );
    let ledger = SqliteLedger::open(other.path()).await.unwrap();
    assert_eq!(ledger.verify().await.unwrap().verified, 5);
    ledger.close().await;
}
