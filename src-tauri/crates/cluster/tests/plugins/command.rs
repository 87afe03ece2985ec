//! A credential command for tests: a shell script in a folder of its own.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use engine::ports::AllowedCommand;
use kube::config::Kubeconfig;
use serde_json::json;
use sha2::{Digest, Sha256};

/// `$runs` is how often it has been run; `answer TOKEN [END]` answers; `$here` is its folder.
const PRELUDE: &str = r#"#!/bin/sh
here=$(dirname "$0")
echo run >> "$here/runs"
runs=$(wc -l < "$here/runs")
answer() {
    end=${2:+,\"expirationTimestamp\":\"$2\"}
    printf '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"%s"%s}}' "$1" "$end"
}
"#;

pub struct Command {
    folder: tempfile::TempDir,
    path: PathBuf,
}

impl Command {
    /// A command that runs these lines.
    pub fn new(script: &str) -> Command {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().canonicalize().unwrap().join("login");
        let command = Command { folder, path };
        command.install(&format!("{PRELUDE}{script}\n"));
        command
    }

    // Written by another process: a file that this one has open for writing at any moment, in any
    // thread, cannot be started at that moment.
    fn install(&self, content: &str) {
        let mut child = std::process::Command::new("install")
            .args(["-m", "755", "/dev/stdin"])
            .arg(&self.path)
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        let mut input = child.stdin.take().unwrap();
        input.write_all(content.as_bytes()).unwrap();
        drop(input);
        assert!(child.wait().unwrap().success());
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A file beside the command.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// How often it was run.
    pub fn runs(&self) -> usize {
        let runs = std::fs::read_to_string(self.file("runs")).unwrap_or_default();
        runs.lines().count()
    }

    /// Writes the file anew with more at its end.
    pub fn append(&self, more: &str) {
        let text = std::fs::read_to_string(&self.path).unwrap();
        self.install(&format!("{text}{more}"));
    }

    /// What a person allows who looks at it now.
    pub fn allowed(&self) -> AllowedCommand {
        AllowedCommand {
            path: self.path.to_str().unwrap().to_owned(),
            sha256: hex::encode(Sha256::digest(std::fs::read(&self.path).unwrap())),
        }
    }
}

/// A kubeconfig whose users log in with a command instead.
pub fn exec_kubeconfig(text: &str, command: &Path) -> String {
    let mut config = serde_json::to_value(Kubeconfig::from_yaml(text).unwrap()).unwrap();
    for user in config["users"].as_array_mut().unwrap() {
        user["user"] = json!({"exec": {
            "apiVersion": "client.authentication.k8s.io/v1",
            "command": command, "args": ["get-token", "--cluster", "bj dev"],
            "env": [{"name": "LOGIN_PROFILE", "value": "dev"}],
            "interactiveMode": "IfAvailable", "provideClusterInfo": true,
        }});
    }
    config.to_string()
}
