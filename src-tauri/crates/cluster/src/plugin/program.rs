//! Which file a credential command means, what is in it, and who could exchange it.

use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use sha2::{Digest, Sha256};
use tokio::process::Command;

/// Bytes of a program; anything larger is something else.
const LARGEST: u64 = 1 << 30;

/// A program that was found, opened and hashed. The file stays open until it has been started: what
/// is started on Linux is what is open here, not whatever has the name by then.
#[derive(Debug)]
pub(crate) struct Program {
    /// As the command names it, absolute. Programs that are many under different names go by it.
    named: PathBuf,
    /// Without symbolic links.
    pub path: PathBuf,
    /// SHA-256 of the file, hex.
    pub sha256: String,
    /// Who else could exchange it.
    pub exposure: Exposure,
    /// To notice that the name leads to something else.
    pub stamp: Stamp,
    file: File,
    is_script: bool,
}

/// Who on this workstation, besides the person and the administrator, could exchange a file, by
/// writing to it or to a folder on its way. Unknown on systems without Unix permissions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Exposure {
    Nobody,
    Group,
    Everybody,
}

impl Program {
    /// The program that a command means: as client-go resolves it, a bare name by `PATH`, a relative
    /// path from the kubeconfig's folder. None if there is no such file, or it cannot be read.
    pub fn find(command: &str, base: Option<&Path>) -> Option<Program> {
        let named = resolve(command, base)?;
        Program::open(named).ok()
    }

    /// The file that a command means, without symbolic links; none if there is no such file.
    pub fn resolved(command: &str, base: Option<&Path>) -> Option<PathBuf> {
        resolve(command, base)?.canonicalize().ok()
    }

    fn open(named: PathBuf) -> io::Result<Program> {
        let path = named.canonicalize()?;
        // Judged before it is opened: opening a pipe would wait for a writer.
        regular(&std::fs::metadata(&path)?)?;
        let mut file = File::open(&path)?;
        let about = file.metadata()?;
        regular(&about)?;
        let (sha256, is_script) = digest(&mut file)?;
        #[cfg(test)]
        read::count(&path);
        Ok(Program {
            exposure: exposure(&path, &about),
            stamp: Stamp::of(&about),
            named,
            path,
            sha256,
            file,
            is_script,
        })
    }

    /// How to start it. A compiled program is started by its open file, so that it is the very one
    /// that was hashed. A script is started by its path: by the open file it would not know its own
    /// folder, and its interpreter would read it by name all the same. (A sealed copy in memory
    /// would take the folder from compiled programs, too.) Who could exchange the script in between
    /// owns it, for others [`Exposure`] keeps out.
    pub fn command(&self) -> Command {
        #[cfg(target_os = "linux")]
        if !self.is_script {
            use std::os::fd::AsRawFd;
            let mut command = Command::new(format!("/proc/self/fd/{}", self.file.as_raw_fd()));
            command.arg0(&self.named);
            return command;
        }
        let _ = (&self.file, self.is_script);
        Command::new(&self.path)
    }

    /// To look again later whether the command still means this file.
    pub fn watched(&self) -> Watched {
        Watched {
            named: self.named.clone(),
            stamp: self.stamp.clone(),
        }
    }
}

fn regular(about: &Metadata) -> io::Result<()> {
    if about.is_file() && about.len() <= LARGEST {
        Ok(())
    } else {
        Err(io::Error::new(io::ErrorKind::InvalidInput, "no program"))
    }
}

/// SHA-256 of what is in the file, and whether it begins like a script.
fn digest(file: &mut File) -> io::Result<(String, bool)> {
    let mut hash = Sha256::new();
    let mut buffer = vec![0u8; 1 << 16];
    let mut begins: Vec<u8> = Vec::new();
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            return Ok((hex::encode(hash.finalize()), begins == b"#!"));
        }
        begins.extend(buffer[..read].iter().take(2 - begins.len()));
        hash.update(&buffer[..read]);
    }
}

/// Where a command leads, and what was there.
#[derive(Clone, Debug)]
pub(crate) struct Watched {
    named: PathBuf,
    stamp: Stamp,
}

impl Watched {
    /// Whether the command leads to the same file, untouched as far as the file system tells.
    pub fn is_same(&self) -> bool {
        std::fs::metadata(&self.named).is_ok_and(|about| Stamp::of(&about) == self.stamp)
    }
}

/// What changes when a file is written to or exchanged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    length: u64,
    modified: Option<SystemTime>,
    /// Device, number, and when it or its permissions changed last.
    unix: Option<(u64, u64, i64, i64)>,
}

impl Stamp {
    fn of(about: &Metadata) -> Stamp {
        #[cfg(unix)]
        let unix = {
            use std::os::unix::fs::MetadataExt;
            Some((about.dev(), about.ino(), about.ctime(), about.ctime_nsec()))
        };
        #[cfg(not(unix))]
        let unix = None;
        Stamp {
            length: about.len(),
            modified: about.modified().ok(),
            unix,
        }
    }
}

/// The absolute path that a command means, if a file is there.
fn resolve(command: &str, base: Option<&Path>) -> Option<PathBuf> {
    let written = Path::new(command);
    if command.is_empty() {
        return None;
    }
    if written.is_absolute() {
        return written.is_file().then(|| written.to_owned());
    }
    if command.contains(['/', '\\']) {
        let path = base.filter(|base| base.is_absolute())?.join(written);
        return path.is_file().then_some(path);
    }
    let folders = std::env::var_os("PATH")?;
    std::env::split_paths(&folders)
        .filter(|folder| folder.is_absolute())
        .flat_map(|folder| {
            extensions()
                .iter()
                .map(move |extension| folder.join(format!("{command}{extension}")))
        })
        .find(|path| is_program(path))
}

#[cfg(windows)]
fn extensions() -> &'static [&'static str] {
    &["", ".exe", ".cmd", ".bat"]
}

#[cfg(not(windows))]
fn extensions() -> &'static [&'static str] {
    &[""]
}

#[cfg(unix)]
fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path)
        .is_ok_and(|data| data.is_file() && data.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_program(path: &Path) -> bool {
    path.is_file()
}

/// The file, and every folder on its way: who may write to a folder may exchange what is in it,
/// unless it is sticky (as `/tmp` is) and what is in it belongs to somebody else.
#[cfg(unix)]
fn exposure(path: &Path, about: &Metadata) -> Exposure {
    use std::os::unix::fs::MetadataExt;
    const STICKY: u32 = 0o1000;
    let me = rustix::process::geteuid().as_raw();
    let of = |about: &Metadata| {
        let sticky = about.is_dir() && about.mode() & STICKY != 0;
        if ![0, me].contains(&about.uid()) || (about.mode() & 0o002 != 0 && !sticky) {
            Exposure::Everybody
        } else if about.mode() & 0o020 != 0 && about.gid() != 0 && !sticky {
            Exposure::Group
        } else {
            Exposure::Nobody
        }
    };
    let folders = path.ancestors().skip(1).map(|folder| {
        // A folder that cannot be looked at cannot be judged.
        std::fs::metadata(folder).map_or(Exposure::Everybody, |about| of(&about))
    });
    folders.fold(of(about), Exposure::max)
}

#[cfg(not(unix))]
fn exposure(_: &Path, _: &Metadata) -> Exposure {
    Exposure::Nobody
}

/// How often each program was read, for tests.
#[cfg(test)]
pub(crate) mod read {
    use std::collections::BTreeMap;
    use std::path::{Path, PathBuf};
    use std::sync::{Mutex, PoisonError};

    static READ: Mutex<BTreeMap<PathBuf, usize>> = Mutex::new(BTreeMap::new());

    pub(super) fn count(path: &Path) {
        let mut read = READ.lock().unwrap_or_else(PoisonError::into_inner);
        *read.entry(path.to_owned()).or_default() += 1;
    }

    pub(crate) fn times(path: &Path) -> usize {
        let read = READ.lock().unwrap_or_else(PoisonError::into_inner);
        read.get(path).copied().unwrap_or_default()
    }
}
