//! The data folder as one folder that can be kept and moved: the ledger with everything that it keeps,
//! who sits here, and preferences. Not in it: the keychain (contexts, people's keys, and the key that
//! opens sealed Secrets), logs, and the example with its rehearsal clusters.

use std::path::{Path, PathBuf};

use contract::{Failure, FailureCode};
use engine::ports::{ChainReport, Ledger};
use serde::{Deserialize, Serialize};

use crate::seat::Seat;

/// The ledger in a backup.
const LEDGER: &str = "ledger.sqlite";
/// What a backup says of itself.
const ABOUT: &str = "backup.json";
/// Small files that go along as they are.
const FILES: [&str; 2] = ["preferences.json", Seat::FILE];
/// Where a verified backup waits for the next start, below the data folder.
const WAITING: &str = "restore";
/// The form that backups are written in.
const FORMAT: u32 = 1;
/// Bytes of a small file.
const SMALL: u64 = 64 << 10;

/// What a backup says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct About {
    format: u32,
    /// The program that wrote it.
    program: String,
    /// Entries of the ledger.
    pub entries: u64,
    /// SHA-256 of the ledger's file, hex.
    pub sha256: String,
}

/// Writes a backup into a new folder below `parent`; `name` is the new folder's.
///
/// # Errors
/// When it cannot be written there; a folder that was begun is removed.
pub async fn back_up(
    ledger: &dyn Ledger,
    data: &Path,
    parent: &Path,
    name: &str,
) -> Result<(PathBuf, About), Failure> {
    let target = parent.join(name);
    std::fs::create_dir(&target).map_err(|error| unwritable(&target, &error))?;
    match written(ledger, data, &target).await {
        Ok(about) => Ok((target, about)),
        Err(failure) => {
            let _ = std::fs::remove_dir_all(&target);
            Err(failure)
        }
    }
}

async fn written(ledger: &dyn Ledger, data: &Path, target: &Path) -> Result<About, Failure> {
    let exported = ledger.backup(&target.join(LEDGER)).await?;
    for file in FILES {
        take_along(data, target, file).map_err(|error| unwritable(target, &error))?;
    }
    let about = About {
        format: FORMAT,
        program: env!("CARGO_PKG_VERSION").to_owned(),
        entries: exported.entries,
        sha256: exported.sha256,
    };
    // Last: a folder without it is no backup.
    let text = serde_json::to_vec_pretty(&about).map_err(crate::failures::defect)?;
    std::fs::write(target.join(ABOUT), text).map_err(|error| unwritable(target, &error))?;
    Ok(about)
}

/// Verifies a backup and leaves it for the next start, which puts it in place before the ledger is
/// opened. The data folder's own ledger is not touched.
///
/// # Errors
/// When the ledger here has entries, or the backup is none, is damaged or of a newer program.
pub async fn prepare(
    here: &ChainReport,
    data: &Path,
    backup: &Path,
) -> Result<ChainReport, Failure> {
    if here.entries > 0 {
        let entries = here.entries;
        return Err(engine::ports::LedgerFailure::NotEmpty { entries }.into());
    }
    let unusable = |why: &str| {
        Failure::new(FailureCode::BackupUnusable)
            .with("path", backup.to_string_lossy())
            .detail(why.to_owned())
    };
    let text = small(&backup.join(ABOUT)).map_err(|error| unusable(&error.to_string()))?;
    let about: About = serde_json::from_slice(&text).map_err(|_| unusable("backup.json"))?;
    if about.format != FORMAT {
        return Err(unusable("the backup is of a newer program"));
    }
    let waiting = data.join(WAITING);
    // One that was left half-way.
    let _ = std::fs::remove_dir_all(&waiting);
    let report = match ledger::restore(&backup.join(LEDGER), &waiting).await {
        Ok(report) if report.entries == about.entries => report,
        Ok(report) => {
            let _ = std::fs::remove_dir_all(&waiting);
            let (found, said) = (report.entries, about.entries);
            return Err(unusable(&format!("{found} entries instead of {said}")));
        }
        Err(failure) => {
            let _ = std::fs::remove_dir_all(&waiting);
            return Err(Failure::from(failure).with("path", backup.to_string_lossy()));
        }
    };
    for file in FILES {
        take_along(backup, &waiting, file).map_err(|error| unwritable(&waiting, &error))?;
    }
    std::fs::write(waiting.join(ABOUT), text).map_err(|error| unwritable(&waiting, &error))?;
    Ok(report)
}

/// Puts a backup that waits into place. Says whether there was one.
///
/// # Errors
/// When it cannot be put there; it waits on, and nothing else has changed.
pub async fn finish(data: &Path) -> Result<bool, Failure> {
    let waiting = data.join(WAITING);
    // Its last file: without it the preparation was cut off.
    if !waiting.join(ABOUT).is_file() {
        return Ok(false);
    }
    match ledger::restore(&waiting.join(LEDGER), data).await {
        Ok(_) => {
            for file in FILES {
                take_along(&waiting, data, file).map_err(|error| unwritable(data, &error))?;
            }
        }
        // Cut off after the ledger was in place, or there is one by now: that one counts.
        Err(engine::ports::LedgerFailure::NotEmpty { entries }) => {
            tracing::warn!(entries, "a backup that waited was not put over a ledger");
        }
        Err(failure) => return Err(failure.into()),
    }
    std::fs::remove_dir_all(&waiting).map_err(|error| unwritable(&waiting, &error))?;
    Ok(true)
}

fn take_along(from: &Path, to: &Path, file: &str) -> std::io::Result<()> {
    match small(&from.join(file)) {
        Ok(bytes) => std::fs::write(to.join(file), bytes),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

fn small(file: &Path) -> std::io::Result<Vec<u8>> {
    let about = std::fs::metadata(file)?;
    if !about.is_file() || about.len() > SMALL {
        return Err(std::io::ErrorKind::InvalidData.into());
    }
    std::fs::read(file)
}

fn unwritable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(FailureCode::ExportUnwritable)
        .with("path", path.to_string_lossy())
        .detail(error.to_string())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use domain::RegisterEvent;
    use engine::ports::{NewEntry, Record, Stream};
    use ledger::SqliteLedger;

    use super::*;

    async fn filled(folder: &Path, entries: u64) -> SqliteLedger {
        let ledger = SqliteLedger::open(folder).await.unwrap();
        for n in 0..entries {
            let event = RegisterEvent::ContextImported {
                context: format!("c{n}"),
            };
            let entry = NewEntry {
                at: chrono::Utc::now(),
                actor: None,
                record: Record::Register(event),
            };
            ledger
                .append(&Stream::Register, n, vec![entry])
                .await
                .unwrap();
        }
        ledger.keep(b"a blob").await.unwrap();
        ledger
    }

    #[tokio::test]
    async fn a_data_folder_moves_to_another_machine_whole() {
        let (here, there, out) = (
            tempfile::tempdir().unwrap(),
            tempfile::tempdir().unwrap(),
            tempfile::tempdir().unwrap(),
        );
        let ledger = filled(here.path(), 3).await;
        std::fs::write(
            here.path().join("preferences.json"),
            "{\"language\":\"en\"}",
        )
        .unwrap();
        let (path, about) = back_up(&ledger, here.path(), out.path(), "b")
            .await
            .unwrap();
        assert_eq!(about.entries, 3);
        // The folder is there: nothing is overwritten.
        let again = back_up(&ledger, here.path(), out.path(), "b")
            .await
            .unwrap_err();
        assert_eq!(again.code, FailureCode::ExportUnwritable);
        assert!(path.join(ABOUT).is_file());
        let head = ledger.chain().head;
        ledger.close().await;

        // The program over there has begun a ledger of its own, without entries.
        let empty = SqliteLedger::open(there.path()).await.unwrap();
        let report = prepare(&empty.chain(), there.path(), &path).await.unwrap();
        assert_eq!((report.entries, report.broken_at), (3, None));
        empty.close().await;
        assert!(finish(there.path()).await.unwrap());
        assert!(!finish(there.path()).await.unwrap());
        assert!(!there.path().join(WAITING).exists());
        let moved = SqliteLedger::open(there.path()).await.unwrap();
        assert_eq!(moved.chain().head, head);
        assert_eq!(
            moved.kept(&domain::Digest::of(b"a blob")).await.unwrap(),
            b"a blob"
        );
        let preferences = std::fs::read_to_string(there.path().join("preferences.json")).unwrap();
        assert!(preferences.contains("en"));

        // A ledger with entries is never replaced.
        let refused = prepare(&moved.chain(), there.path(), &path)
            .await
            .unwrap_err();
        assert_eq!(refused.code, FailureCode::LedgerNotEmpty);
    }

    #[tokio::test]
    async fn a_backup_that_does_not_hold_is_refused_and_nothing_waits() {
        let (here, there, out) = (
            tempfile::tempdir().unwrap(),
            tempfile::tempdir().unwrap(),
            tempfile::tempdir().unwrap(),
        );
        let ledger = filled(here.path(), 3).await;
        let (path, _) = back_up(&ledger, here.path(), out.path(), "b")
            .await
            .unwrap();
        let nothing = ChainReport::default();
        let damage = |change: &dyn Fn(&mut Vec<u8>)| {
            let mut bytes = std::fs::read(path.join(LEDGER)).unwrap();
            change(&mut bytes);
            std::fs::write(path.join(LEDGER), bytes).unwrap();
        };
        let whole = std::fs::read(path.join(LEDGER)).unwrap();
        let place = whole.windows(2).rposition(|two| two == b"c1").unwrap();
        for (what, change) in [
            (
                "one letter",
                &(|bytes: &mut Vec<u8>| bytes[place + 1] = b'9') as &dyn Fn(&mut Vec<u8>),
            ),
            ("cut off", &|bytes: &mut Vec<u8>| bytes.truncate(5_000)),
            ("another file", &|bytes: &mut Vec<u8>| {
                *bytes = b"nothing".to_vec()
            }),
        ] {
            std::fs::write(path.join(LEDGER), &whole).unwrap();
            damage(change);
            let refused = prepare(&nothing, there.path(), &path).await.unwrap_err();
            assert!(
                matches!(
                    refused.code,
                    FailureCode::LedgerDamaged | FailureCode::BackupUnusable
                ),
                "{what}: {refused:?}"
            );
            assert!(!finish(there.path()).await.unwrap(), "{what}");
        }
        let no_backup = prepare(&nothing, there.path(), out.path())
            .await
            .unwrap_err();
        assert_eq!(no_backup.code, FailureCode::BackupUnusable);
    }
}
