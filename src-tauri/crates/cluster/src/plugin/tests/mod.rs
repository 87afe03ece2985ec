mod answers;
mod bounds;
mod permission;

use std::path::{Path, PathBuf};
use std::time::Duration;

use engine::ports::Credential;
use secrecy::SecretString;

use super::*;

const V1: &str = "client.authentication.k8s.io/v1";
const V1BETA1: &str = "client.authentication.k8s.io/v1beta1";

/// A folder with a plugin in it.
struct Bench {
    folder: tempfile::TempDir,
    limits: Limits,
}

impl Bench {
    fn new() -> Bench {
        let limits = Limits {
            plugin: Duration::from_millis(1500),
            plugin_bytes: 4096,
            ..Limits::default()
        };
        Bench {
            folder: tempfile::tempdir().unwrap(),
            limits,
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().canonicalize().unwrap().join(name)
    }

    /// A plugin that is a script.
    fn script(&self, script: &str) -> Plugin {
        let path = self.path("login");
        install(&path, format!("#!/bin/sh\n{script}\n").as_bytes());
        plugin(&path)
    }

    async fn run(&self, script: &str) -> Result<Run, ClusterFailure> {
        run_allowed(&self.script(script), &self.limits).await
    }

    async fn problem(&self, script: &str) -> PluginProblem {
        match self.run(script).await.err().unwrap() {
            ClusterFailure::PluginFailed { path, problem } => {
                assert_eq!(Path::new(&path), self.path("login"));
                problem
            }
            other => panic!("{other}"),
        }
    }
}

/// Written by another process: a file that this one has open for writing at any moment, in any
/// thread, cannot be started at that moment.
fn install(path: &Path, content: &[u8]) {
    use std::io::Write;
    let mut child = std::process::Command::new("install")
        .args(["-m", "755", "/dev/stdin"])
        .arg(path)
        .stdin(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(content).unwrap();
    assert!(child.wait().unwrap().success());
}

fn plugin(path: &Path) -> Plugin {
    Plugin {
        command: path.to_str().unwrap().to_owned(),
        arguments: vec!["one word; touch evil".to_owned()],
        environment: vec![("GIVEN".to_owned(), SecretString::from("hunter2"))],
        api_version: V1.to_owned(),
        wants_cluster: true,
        cluster_config: Some(serde_json::json!({"audience": "bj"})),
    }
}

fn context(plugin: &Plugin) -> Context {
    Context {
        name: "c".into(),
        server: "https://a".into(),
        ca_pem: "pem".into(),
        tls_server_name: Some("tls.example".into()),
        credential: Credential::Plugin(plugin.clone()),
        route: engine::ports::Route::default(),
    }
}

/// What a person allows who looks at the command now.
fn as_shown(plugin: &Plugin) -> AllowedCommand {
    let program = Program::find(&plugin.command, None).unwrap();
    AllowedCommand {
        path: program.path.to_str().unwrap().to_owned(),
        sha256: program.sha256,
    }
}

async fn run_allowed(plugin: &Plugin, limits: &Limits) -> Result<Run, ClusterFailure> {
    run(plugin, &context(plugin), &[as_shown(plugin)], limits).await
}

/// A script line that writes an `ExecCredential`.
fn credential(version: &str, status: &str) -> String {
    let answer =
        format!("{{\"apiVersion\":\"{version}\",\"kind\":\"ExecCredential\",\"status\":{status}}}");
    format!("cat <<'END'\n{answer}\nEND")
}
