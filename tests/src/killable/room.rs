//! Room on the disk, taken away and given back.

use std::path::{Path, PathBuf};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::Full;

/// Keeps files of this process from growing, or fills the ledger's small disk, until it is dropped.
pub(super) struct Tight {
    before: Option<Rlimit>,
    ballast: Option<PathBuf>,
}

impl Tight {
    /// From now on no more than `full.room` bytes fit.
    ///
    /// # Panics
    /// When the limit cannot be set, or the disk does not get full.
    pub(super) fn begin(folder: &Path, full: &Full) -> Tight {
        if let Some(ballast) = &full.ballast {
            fill(ballast, full.room);
            return Tight {
                before: None,
                ballast: Some(ballast.clone()),
            };
        }
        let before = getrlimit(Resource::Fsize);
        // The log is what grows; what is written inside of a file does not count.
        let log = std::fs::metadata(folder.join("ledger.sqlite-wal"));
        let size = log.map(|log| log.len()).unwrap_or_default();
        let tight = Rlimit {
            current: Some(size + full.room),
            maximum: before.maximum,
        };
        setrlimit(Resource::Fsize, tight).expect("a limit on the size of files");
        Tight {
            before: Some(before),
            ballast: None,
        }
    }
}

impl Drop for Tight {
    fn drop(&mut self) {
        if let Some(before) = self.before.take() {
            setrlimit(Resource::Fsize, before).expect("no limit");
        }
        if let Some(ballast) = &self.ballast {
            std::fs::remove_file(ballast).expect("room again");
        }
    }
}

/// Fills a disk up to the last `room` bytes.
fn fill(ballast: &Path, room: u64) {
    use std::io::Write as _;
    let mut file = std::fs::File::create(ballast).expect("ballast");
    let chunk = [0x5a; 4096];
    let error = loop {
        if let Err(error) = file.write_all(&chunk) {
            break error;
        }
    };
    assert_eq!(error.kind(), std::io::ErrorKind::StorageFull, "{error}");
    let full = file.metadata().expect("its size").len();
    file.set_len(full.saturating_sub(room))
        .expect("a bit of room");
}
