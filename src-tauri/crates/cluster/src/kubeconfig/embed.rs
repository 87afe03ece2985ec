//! Reads the files that a context refers to, once it was allowed to.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::{FileProblem, KubeconfigFailure};
use crate::printable::scrub;

/// Bytes of a certificate, key or token file.
const LARGEST: u64 = 64 << 10;

/// The text of a file, which starts from the kubeconfig's folder when it is relative.
pub(super) fn read(written: &str, base: Option<&Path>) -> Result<String, KubeconfigFailure> {
    load(written, base).map_err(|problem| KubeconfigFailure::File {
        path: scrub(written),
        problem,
    })
}

fn load(written: &str, base: Option<&Path>) -> Result<String, FileProblem> {
    let path = match (Path::new(written), base) {
        (path, _) if path.is_absolute() => path.to_owned(),
        (path, Some(base)) => base.join(path),
        (_, None) => return Err(FileProblem::NoBase),
    };
    let mut bytes = Vec::new();
    // Judged before it is opened: opening a pipe would wait for a writer.
    regular(&path)?;
    let file = File::open(&path).map_err(|_| FileProblem::Unreadable)?;
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
