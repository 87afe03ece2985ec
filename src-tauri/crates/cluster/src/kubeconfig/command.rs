//! The command that a context would run, shown word by word and never run here.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::file::{AuthProvider, Exec};

/// A credential command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PluginPreview {
    /// The command and each argument, unjoined, as written: hostile.
    pub words: Vec<String>,
    /// Names of the variables that it would get; values may be secrets.
    pub environment: Vec<String>,
    /// Absolute path that it resolves to now.
    pub path: Option<PathBuf>,
    /// SHA-256 of the file at that path, hex.
    pub sha256: Option<String>,
    /// Properties that speak against it.
    pub concerns: Vec<PluginConcern>,
}

/// What speaks against a credential command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PluginConcern {
    /// It runs a shell.
    Shell,
    /// It names a plain http address.
    PlainHttp,
    /// Its path is not absolute.
    RelativePath,
    /// There is no such file.
    NotFound,
    /// It is the legacy `auth-provider` command.
    LegacyAuthProvider,
}

const SHELLS: [&str; 16] = [
    "sh",
    "bash",
    "dash",
    "ash",
    "zsh",
    "ksh",
    "fish",
    "csh",
    "tcsh",
    "busybox",
    "env",
    "cmd",
    "powershell",
    "pwsh",
    "wscript",
    "cscript",
];

/// The command of a context that is in the keychain already, shown as on import. It runs nothing;
/// the file is opened to take its digest.
pub fn command_preview(words: &[String], variables: &[String]) -> PluginPreview {
    shown(words.to_vec(), variables.to_vec(), None)
}

pub(super) fn of_exec(exec: &Exec, base: Option<&Path>) -> PluginPreview {
    let words = exec
        .command
        .iter()
        .chain(exec.args.iter().flatten())
        .cloned()
        .collect();
    let environment = exec.env.iter().flatten().map(|v| v.name.clone()).collect();
    shown(words, environment, base)
}

pub(super) fn of_auth_provider(provider: &AuthProvider, base: Option<&Path>) -> PluginPreview {
    let config = provider.config.as_ref();
    let command = config
        .and_then(|c| c.cmd_path.clone())
        .or_else(|| provider.name.clone());
    let arguments = config.and_then(|c| c.cmd_args.clone()).unwrap_or_default();
    let words = command
        .into_iter()
        .chain(arguments.split_whitespace().map(str::to_owned))
        .collect();
    let mut plugin = shown(words, Vec::new(), base);
    plugin.concerns.push(PluginConcern::LegacyAuthProvider);
    plugin
}

fn shown(words: Vec<String>, environment: Vec<String>, base: Option<&Path>) -> PluginPreview {
    let command = words.first().map(String::as_str).unwrap_or_default();
    let path = resolve(command, base);
    let sha256 = path.as_deref().and_then(|path| sha256_of(path).ok());
    let mut concerns = Vec::new();
    if words.iter().any(|word| is_shell(word)) {
        concerns.push(PluginConcern::Shell);
    }
    if words
        .iter()
        .any(|word| word.to_ascii_lowercase().contains("http://"))
    {
        concerns.push(PluginConcern::PlainHttp);
    }
    if !Path::new(command).is_absolute() {
        concerns.push(PluginConcern::RelativePath);
    }
    if sha256.is_none() {
        concerns.push(PluginConcern::NotFound);
    }
    PluginPreview {
        words,
        environment,
        path,
        sha256,
        concerns,
    }
}

// Any word, not only the first: `env bash -c …` and `timeout 5 sh -c …` run one too.
fn is_shell(word: &str) -> bool {
    let name = word
        .rsplit(['/', '\\'])
        .next()
        .unwrap_or_default()
        .to_ascii_lowercase();
    SHELLS.contains(&name.strip_suffix(".exe").unwrap_or(&name))
}

/// The absolute path that a command means: as client-go resolves it, a bare name by `PATH`, a path
/// relative to the kubeconfig's folder.
pub(crate) fn resolve(command: &str, base: Option<&Path>) -> Option<PathBuf> {
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

/// SHA-256 of a regular file, hex.
pub(crate) fn sha256_of(path: &Path) -> io::Result<String> {
    if !std::fs::metadata(path)?.is_file() {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "no regular file",
        ));
    }
    let mut file = File::open(path)?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0u8; 1 << 16];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(hex::encode(hash.finalize())),
            n => hash.update(&buffer[..n]),
        }
    }
}
