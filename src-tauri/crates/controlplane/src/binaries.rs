//! Builds the programs of a cluster from their Go modules, once.
//!
//! They go to `target/clusterbin/`. A stamp there says what they were built
//! from, so that a second call costs nothing.
//!
//! `PILOTHOUSE_GO_PARALLEL=1` keeps the Go build to one core, for machines on
//! which something else is being built.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};

use crate::programs;

/// How many packages Go compiles at once; all cores when unset.
pub const PARALLEL: &str = "PILOTHOUSE_GO_PARALLEL";

const KUBERNETES: &str = "v1.36.3";

const MODULE: [(&str, &str); 3] = [
    ("go.mod", include_str!("../go/go.mod")),
    ("go.sum", include_str!("../go/go.sum")),
    ("tools.go", include_str!("../go/tools.go")),
];

/// kubectl first: it is wanted on its own, too.
const PROGRAMS: [(&str, &str); 7] = [
    ("kubectl", "k8s.io/kubernetes/cmd/kubectl"),
    ("etcd", "go.etcd.io/etcd/server/v3"),
    ("kube-apiserver", "k8s.io/kubernetes/cmd/kube-apiserver"),
    (
        "kube-controller-manager",
        "k8s.io/kubernetes/cmd/kube-controller-manager",
    ),
    ("kube-scheduler", "k8s.io/kubernetes/cmd/kube-scheduler"),
    ("kube-proxy", "k8s.io/kubernetes/cmd/kube-proxy"),
    ("kubelet", "k8s.io/kubernetes/cmd/kubelet"),
];

/// Why the programs could not be built.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// There is no Go.
    #[error("Go is missing; it builds the programs of a cluster (https://go.dev/dl)")]
    NoGo,
    /// A file or folder could not be written.
    #[error("{path}: {source}")]
    Io {
        /// Which one.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Go refused.
    #[error("building {program} failed:\n{output}")]
    Go {
        /// What was being built.
        program: String,
        /// What Go said, its last lines.
        output: String,
    },
}

/// What the build is doing, for those who wait for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// Another process is building; waiting for it.
    Waiting,
    /// A program is being built.
    Building {
        /// Its name.
        program: &'static str,
        /// Its place among all, from 1.
        number: usize,
        /// How many there are.
        of: usize,
    },
    /// A program is built.
    Built {
        /// Its name.
        program: &'static str,
        /// How long it took.
        took: Duration,
    },
}

impl std::fmt::Display for Progress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Progress::Waiting => f.write_str("waiting for another build of the cluster programs"),
            Progress::Building {
                program,
                number,
                of,
            } => {
                write!(f, "building {program} from source ({number} of {of})")
            }
            Progress::Built { program, took } => {
                write!(f, "{program} built in {} s", took.as_secs())
            }
        }
    }
}

/// The folder that cargo builds into.
pub fn target_folder() -> PathBuf {
    if let Some(folder) = std::env::var_os("CARGO_TARGET_DIR") {
        let folder = PathBuf::from(folder);
        return std::path::absolute(&folder).unwrap_or(folder);
    }
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../../target")
        .components()
        .fold(PathBuf::new(), |mut path, part| {
            if part == std::path::Component::ParentDir {
                path.pop();
            } else {
                path.push(part);
            }
            path
        })
}

/// The folder with the built programs.
pub fn folder() -> PathBuf {
    target_folder().join("clusterbin")
}

/// Where a built program is or will be.
pub fn path(program: &str) -> PathBuf {
    folder().join(program)
}

/// Whether all programs are built from what this crate pins.
pub fn up_to_date() -> bool {
    let stamp = fs::read_to_string(stamp_path()).unwrap_or_default();
    stamp == fingerprint() && PROGRAMS.iter().all(|(program, _)| path(program).is_file())
}

/// Builds what is not up to date. Safe to call from several processes at once.
pub fn build(mut progress: impl FnMut(Progress)) -> Result<(), BuildError> {
    if up_to_date() {
        return Ok(());
    }
    let go = programs::find("go").ok_or(BuildError::NoGo)?;
    let module = folder().join("module");
    fs::create_dir_all(&module).map_err(at(&module))?;
    let lock_path = folder().join("lock");
    let lock = File::create(&lock_path).map_err(at(&lock_path))?;
    if lock.try_lock().is_err() {
        progress(Progress::Waiting);
        lock.lock().map_err(at(&lock_path))?;
    }
    // The other build may just have done all of it.
    if up_to_date() {
        return Ok(());
    }
    for (name, content) in MODULE {
        let path = module.join(name);
        fs::write(&path, content).map_err(at(&path))?;
    }
    for (index, (program, package)) in PROGRAMS.into_iter().enumerate() {
        progress(Progress::Building {
            program,
            number: index + 1,
            of: PROGRAMS.len(),
        });
        let started = Instant::now();
        build_one(&go, &module, program, package)?;
        progress(Progress::Built {
            program,
            took: started.elapsed(),
        });
    }
    let stamp = stamp_path();
    fs::write(&stamp, fingerprint()).map_err(at(&stamp))
}

fn build_one(go: &Path, module: &Path, program: &str, package: &str) -> Result<(), BuildError> {
    let unfinished = folder().join(format!(".{program}"));
    let mut command = Command::new(go);
    command
        .current_dir(module)
        .args(["build", "-mod=readonly", "-trimpath", "-buildvcs=false"]);
    if let Ok(parallel) = std::env::var(PARALLEL) {
        command.env("GOMAXPROCS", &parallel).args(["-p", &parallel]);
    }
    command
        .env("CGO_ENABLED", "0")
        .env("GOWORK", "off")
        .env_remove("GOOS")
        .env_remove("GOARCH");
    command
        .args(["-ldflags", &linker_flags(), "-o"])
        .arg(&unfinished)
        .arg(package);
    let failed = |output: String| BuildError::Go {
        program: program.to_owned(),
        output,
    };
    let output = command
        .output()
        .map_err(|error| failed(error.to_string()))?;
    if !output.status.success() {
        return Err(failed(last_lines(
            &String::from_utf8_lossy(&output.stderr),
            20,
        )));
    }
    let finished = path(program);
    fs::rename(&unfinished, &finished).map_err(at(&finished))
}

/// Without its version an API server says v0.0.0.
fn linker_flags() -> String {
    let version = "k8s.io/component-base/version";
    let mut parts = KUBERNETES.trim_start_matches('v').split('.');
    let (major, minor) = (
        parts.next().unwrap_or_default(),
        parts.next().unwrap_or_default(),
    );
    format!(
        "-s -w -X {version}.gitVersion={KUBERNETES} -X {version}.gitMajor={major} -X {version}.gitMinor={minor}"
    )
}

fn fingerprint() -> String {
    let mut hash = Sha256::new();
    for (name, content) in MODULE {
        hash.update(name);
        hash.update(content);
    }
    for (program, package) in PROGRAMS {
        hash.update(program);
        hash.update(package);
    }
    hash.update(linker_flags());
    hash.finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

fn stamp_path() -> PathBuf {
    folder().join("stamp")
}

fn at(path: &Path) -> impl Fn(io::Error) -> BuildError + '_ {
    move |source| BuildError::Io {
        path: path.to_owned(),
        source,
    }
}

/// The last lines of a text, for an error message.
pub(crate) fn last_lines(text: &str, count: usize) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(count)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_target_folder_is_cargos() {
        assert!(target_folder().is_absolute());
        assert!(
            target_folder().ends_with("target") || std::env::var_os("CARGO_TARGET_DIR").is_some()
        );
    }

    #[test]
    fn the_module_pins_what_the_linker_flags_say() {
        assert!(
            MODULE[0]
                .1
                .contains(&format!("k8s.io/kubernetes {KUBERNETES}"))
        );
        assert!(linker_flags().contains("gitMinor=36"));
    }

    #[test]
    fn an_error_message_keeps_the_last_lines() {
        assert_eq!(last_lines("a\nb\nc\n", 2), "b\nc");
        assert_eq!(last_lines("a", 2), "a");
    }
}
