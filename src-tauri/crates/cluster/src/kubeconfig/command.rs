//! The command that a context would run, shown word by word and never run here.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::file::{AuthProvider, Exec, User};
use super::screen::Screened;
use crate::plugin::{Exposure, Program};

/// A credential command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PluginPreview {
    /// The command and each argument, unjoined, as written: hostile.
    pub words: Vec<String>,
    /// Names of the variables that it would get; values may be secrets.
    pub environment: Vec<String>,
    /// Absolute path that it resolves to now, without symbolic links.
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
    /// It is a program that runs another one: the digest says nothing about that one.
    Interpreter,
    /// It sets variables that decide what is loaded besides the file (`LD_PRELOAD`, `PATH` …).
    LoaderVariable,
    /// It names a plain http address.
    PlainHttp,
    /// Its path is not absolute.
    RelativePath,
    /// There is no such file.
    NotFound,
    /// A group on this workstation may exchange the file.
    WritableByGroup,
    /// Everybody on this workstation may exchange the file, or somebody else owns it: it never runs.
    Exposed,
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

/// Programs whose arguments name what is run, without a version at their end (`python3.11`).
const INTERPRETERS: [&str; 25] = [
    "python",
    "pythonw",
    "node",
    "nodejs",
    "deno",
    "bun",
    "perl",
    "ruby",
    "php",
    "lua",
    "java",
    "dotnet",
    "osascript",
    "awk",
    "npx",
    "uvx",
    "pipx",
    "docker",
    "podman",
    "sudo",
    "ssh",
    "timeout",
    "nice",
    "nohup",
    "xargs",
];

/// Variables that make interpreters and loaders take in other code than the file's own.
const LOADER_VARIABLES: [&str; 16] = [
    "PATH",
    "ENV",
    "BASH_ENV",
    "IFS",
    "PYTHONPATH",
    "PYTHONHOME",
    "NODE_OPTIONS",
    "NODE_PATH",
    "PERL5LIB",
    "PERL5OPT",
    "RUBYLIB",
    "RUBYOPT",
    "CLASSPATH",
    "JAVA_TOOL_OPTIONS",
    "JDK_JAVA_OPTIONS",
    "GCONV_PATH",
];

/// The command of a context that is in the keychain already, shown as on import. It runs nothing;
/// the file is opened to take its digest.
pub fn command_preview(words: &[String], variables: &[String]) -> PluginPreview {
    let program = words.first().and_then(|command| Seen::find(command, None));
    shown(words.to_vec(), variables.to_vec(), program.as_ref())
}

/// What was seen of a program.
#[derive(Clone)]
struct Seen {
    path: PathBuf,
    sha256: String,
    exposure: Exposure,
}

impl Seen {
    fn find(command: &str, base: Option<&Path>) -> Option<Seen> {
        let program = Program::find(command, base)?;
        Some(Seen {
            exposure: program.exposure,
            path: program.path,
            sha256: program.sha256,
        })
    }
}

/// The programs of a kubeconfig's commands. Hundreds of contexts name the same one, of a hundred
/// megabytes: each is read once, and several are read beside one another.
pub(super) struct Programs(BTreeMap<String, Option<Seen>>);

impl Programs {
    pub fn of(contexts: &[Screened<'_>], base: Option<&Path>) -> Programs {
        let commands: BTreeSet<&str> = contexts
            .iter()
            .filter_map(|context| context.user.and_then(command_of))
            .collect();
        // Different names of one file are one file.
        let mut files: BTreeMap<PathBuf, Vec<&str>> = BTreeMap::new();
        for command in commands {
            if let Some(file) = Program::resolved(command, base) {
                files.entry(file).or_default().push(command);
            }
        }
        let next = Mutex::new(files.into_iter());
        let found = Mutex::new(BTreeMap::new());
        let look = || {
            loop {
                let one = next.lock().unwrap_or_else(PoisonError::into_inner).next();
                let Some((_, commands)) = one else { return };
                let seen = commands
                    .first()
                    .and_then(|command| Seen::find(command, base));
                let mut found = found.lock().unwrap_or_else(PoisonError::into_inner);
                found.extend(commands.into_iter().map(|c| (c.to_owned(), seen.clone())));
            }
        };
        let at_once = std::thread::available_parallelism()
            .map_or(1, usize::from)
            .min(4);
        std::thread::scope(|scope| {
            for _ in 0..at_once {
                scope.spawn(look);
            }
        });
        Programs(found.into_inner().unwrap_or_else(PoisonError::into_inner))
    }

    fn seen(&self, words: &[String]) -> Option<&Seen> {
        self.0.get(words.first()?)?.as_ref()
    }
}

fn command_of(user: &User) -> Option<&str> {
    if let Some(exec) = &user.exec {
        return exec.command.as_deref();
    }
    let provider = user.auth_provider.as_ref()?;
    let path = provider.config.as_ref().and_then(|c| c.cmd_path.as_deref());
    path.or(provider.name.as_deref())
}

pub(super) fn of_exec(exec: &Exec, programs: &Programs) -> PluginPreview {
    let words: Vec<String> = exec
        .command
        .iter()
        .chain(exec.args.iter().flatten())
        .cloned()
        .collect();
    let environment = exec.env.iter().flatten().map(|v| v.name.clone()).collect();
    let program = programs.seen(&words).cloned();
    shown(words, environment, program.as_ref())
}

pub(super) fn of_auth_provider(provider: &AuthProvider, programs: &Programs) -> PluginPreview {
    let config = provider.config.as_ref();
    let command = config
        .and_then(|c| c.cmd_path.clone())
        .or_else(|| provider.name.clone());
    let arguments = config.and_then(|c| c.cmd_args.clone()).unwrap_or_default();
    let words: Vec<String> = command
        .into_iter()
        .chain(arguments.split_whitespace().map(str::to_owned))
        .collect();
    let program = programs.seen(&words).cloned();
    let mut plugin = shown(words, Vec::new(), program.as_ref());
    plugin.concerns.push(PluginConcern::LegacyAuthProvider);
    plugin
}

fn shown(words: Vec<String>, environment: Vec<String>, program: Option<&Seen>) -> PluginPreview {
    let command = words.first().map(String::as_str).unwrap_or_default();
    let exposure = program.map(|program| program.exposure);
    let plain_http = |word: &String| word.to_ascii_lowercase().contains("http://");
    let found = [
        (
            words.iter().any(|word| is_shell(word)),
            PluginConcern::Shell,
        ),
        (is_interpreter(command), PluginConcern::Interpreter),
        (
            environment.iter().any(|name| decides_what_is_loaded(name)),
            PluginConcern::LoaderVariable,
        ),
        (words.iter().any(plain_http), PluginConcern::PlainHttp),
        (
            !Path::new(command).is_absolute(),
            PluginConcern::RelativePath,
        ),
        (program.is_none(), PluginConcern::NotFound),
        (
            exposure == Some(Exposure::Group),
            PluginConcern::WritableByGroup,
        ),
        (
            exposure == Some(Exposure::Everybody),
            PluginConcern::Exposed,
        ),
    ];
    let concerns = found.into_iter().filter(|(is_so, _)| *is_so);
    PluginPreview {
        concerns: concerns.map(|(_, concern)| concern).collect(),
        path: program.map(|program| program.path.clone()),
        sha256: program.map(|program| program.sha256.clone()),
        words,
        environment,
    }
}

/// The name of a program as it is written in lists: without folders and extension.
fn name_of(word: &str) -> String {
    let name = word.rsplit(['/', '\\']).next().unwrap_or_default();
    let name = name.to_ascii_lowercase();
    name.strip_suffix(".exe").unwrap_or(&name).to_owned()
}

// Any word, not only the first: `env bash -c …` and `timeout 5 sh -c …` run one too.
fn is_shell(word: &str) -> bool {
    SHELLS.contains(&name_of(word).as_str())
}

fn is_interpreter(command: &str) -> bool {
    let name = name_of(command);
    let without_version =
        name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.' || c == '-');
    INTERPRETERS.contains(&without_version)
}

fn decides_what_is_loaded(variable: &str) -> bool {
    let name = variable.to_ascii_uppercase();
    ["LD_", "DYLD_"]
        .iter()
        .any(|prefix| name.starts_with(prefix))
        || LOADER_VARIABLES.contains(&name.as_str())
}
