//! Two hundred and more kubeconfigs as they should not be. Whatever a file says, looking at it and
//! importing from it starts no process, opens no file that it names, asks no host, prints nothing
//! that steers a terminal, tells no secret, and ends at once.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod corpus;

use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::mpsc;
use std::time::Duration;

use cluster::kubeconfig::{import, preview};

use corpus::corpus;

/// Stands in every credential; must never come out again.
const SECRET: &str = "hunter2-secret";
/// Longer than any file may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// Everything that a hostile file would like to touch.
struct Bait {
    folder: tempfile::TempDir,
    host: TcpListener,
}

impl Bait {
    fn new() -> Bait {
        let folder = tempfile::tempdir().unwrap();
        let bait = Bait {
            host: TcpListener::bind("127.0.0.1:0").unwrap(),
            folder,
        };
        bait.host.set_nonblocking(true).unwrap();
        let script = format!("#!/bin/sh\ntouch {}\n", bait.ran().display());
        std::fs::write(bait.program(), script).unwrap();
        let run = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(bait.program(), run).unwrap();
        let made = Command::new("mkfifo").arg(bait.pipe()).status().unwrap();
        assert!(made.success());
        bait
    }

    /// Leaves a mark when it is run.
    fn program(&self) -> PathBuf {
        self.folder.path().join("program")
    }

    fn ran(&self) -> PathBuf {
        self.folder.path().join("ran")
    }

    /// Whoever opens it to read hangs.
    fn pipe(&self) -> PathBuf {
        self.folder.path().join("pipe")
    }

    fn url(&self) -> String {
        format!("https://{}", self.host.local_addr().unwrap())
    }

    fn untouched(&self, what: &str) {
        assert!(!self.ran().exists(), "{what}: a process was started");
        assert!(self.host.accept().is_err(), "{what}: a host was asked");
    }
}

#[test]
fn whatever_a_kubeconfig_says_nothing_is_started_opened_asked_or_told() {
    let bait = Bait::new();
    let corpus = corpus(&bait);
    assert!(corpus.len() >= 200, "only {}", corpus.len());
    let mut importable = 0;
    for (what, text) in corpus {
        let (done, waiting) = mpsc::channel();
        let (base, looked) = (bait.folder.path().to_owned(), text.clone());
        std::thread::spawn(move || done.send(look(&looked, &base)));
        let told = waiting
            .recv_timeout(PATIENCE)
            .unwrap_or_else(|_| panic!("{what}: it hangs, or panicked: {text:.400}"));
        bait.untouched(&what);
        importable += told.importable;
        for said in told.said {
            assert!(!said.contains(SECRET), "{what}: {said:.400}");
            let steers = |c: char| c.is_control() && c != '\n';
            assert!(!said.contains(steers), "{what}: {said:.400?}");
        }
    }
    assert!(importable > 0, "not even the good ones can be imported");
}

/// What came of one file.
struct Told {
    said: Vec<String>,
    importable: usize,
}

fn look(text: &str, base: &Path) -> Told {
    let mut said = Vec::new();
    let mut importable = 0;
    let shown = match preview(text, Some(base)) {
        Ok(shown) => shown,
        Err(failure) => {
            said.push(failure.to_string());
            return Told { said, importable };
        }
    };
    said.extend(shown.warnings.into_iter().map(|one| one.name));
    for context in shown.contexts.into_iter().take(3) {
        said.push(context.server.clone());
        said.extend(
            context
                .plugin
                .iter()
                .flat_map(|plugin| plugin.words.clone()),
        );
        match import(text, Some(base), std::slice::from_ref(&context.name), false) {
            Ok(contexts) => {
                importable += contexts.len();
                assert_eq!(context.refused, None, "refused and imported all the same");
                said.extend(contexts.iter().map(|context| format!("{context:?}")));
            }
            Err(failure) => said.push(failure.to_string()),
        }
    }
    Told { said, importable }
}
