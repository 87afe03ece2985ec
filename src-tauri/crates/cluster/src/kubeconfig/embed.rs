//! Reads the files that a context refers to, once it was allowed to.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::{FileProblem, KubeconfigFailure};
use crate::printable::scrub;

/// Bytes of a certificate, key or token file.
const LARGEST: u64 = 64 << 10;

/// What was read so far: contexts of one cluster name the same files, and each is read once.
#[derive(Default)]
pub(super) struct Embedded(RefCell<BTreeMap<PathBuf, Result<Zeroizing<String>, FileProblem>>>);

impl Embedded {
    /// The text of a file, which starts from the kubeconfig's folder when it is relative.
    pub fn read(&self, written: &str, base: Option<&Path>) -> Result<String, KubeconfigFailure> {
        let path = match (Path::new(written), base) {
            (path, _) if path.is_absolute() => Ok(path.to_owned()),
            (path, Some(base)) => Ok(base.join(path)),
            (_, None) => Err(FileProblem::NoBase),
        };
        let text = path.and_then(|path| {
            let mut read = self.0.borrow_mut();
            let known = read
                .entry(path)
                .or_insert_with_key(|path| load(path).map(Zeroizing::new));
            known
                .as_ref()
                .map(|text| String::clone(text))
                .map_err(|problem| *problem)
        });
        text.map_err(|problem| KubeconfigFailure::File {
            path: scrub(written),
            problem,
        })
    }
}

#[cfg(test)]
thread_local! {
    static READ: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

/// How many files this thread has read.
#[cfg(test)]
pub(super) fn files_read() -> usize {
    READ.get()
}

fn load(path: &PathBuf) -> Result<String, FileProblem> {
    #[cfg(test)]
    READ.set(READ.get() + 1);
    let mut bytes = Vec::new();
    // Judged before it is opened: opening a pipe would wait for a writer.
    regular(path)?;
    let file = File::open(path).map_err(|_| FileProblem::Unreadable)?;
    if !file
        .metadata()
        .map_err(|_| FileProblem::Unreadable)?
        .is_file()
    {
        return Err(FileProblem::NotRegular);
    }
    file.take(LARGEST + 1)
        .read_to_end(&mut bytes)
        .map_err(|_| FileProblem::Unreadable)?;
    if bytes.len() as u64 > LARGEST {
        return Err(FileProblem::TooLarge);
    }
    String::from_utf8(bytes).map_err(|_| FileProblem::NotText)
}

fn regular(path: &PathBuf) -> Result<(), FileProblem> {
    match std::fs::metadata(path) {
        Ok(data) if data.is_file() => Ok(()),
        Ok(_) => Err(FileProblem::NotRegular),
        Err(_) => Err(FileProblem::Unreadable),
    }
}
