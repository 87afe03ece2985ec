//! The real kubectl against a rehearsal cluster. The binary is `$PILOTHOUSE_KUBECTL`, or the one
//! that `cargo xtask clusters build` leaves in the target folder; without either this is skipped.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used)]

mod common;

use common::{deployment, soon, spec};
use rehearsal::Cluster;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use tempfile::TempDir;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

fn binary() -> Option<PathBuf> {
    if let Some(given) = std::env::var_os("PILOTHOUSE_KUBECTL") {
        return Some(PathBuf::from(given));
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(3)?;
    let built = root.join("target/clusterbin/kubectl");
    built.exists().then_some(built)
}

struct Kubectl {
    binary: PathBuf,
    home: TempDir,
    cluster: Cluster,
}

struct Output {
    code: i32,
    stdout: String,
    stderr: String,
}

impl Kubectl {
    async fn start() -> Option<Kubectl> {
        let Some(binary) = binary() else {
            println!(
                "1 skipped: no kubectl 1.36 (set PILOTHOUSE_KUBECTL or run cargo xtask clusters build)"
            );
            return None;
        };
        let cluster = Cluster::start(spec()).await.unwrap();
        let home = tempfile::tempdir().unwrap();
        std::fs::write(home.path().join("config"), cluster.kubeconfig("admin")).unwrap();
        Some(Kubectl {
            binary,
            home,
            cluster,
        })
    }

    async fn run(&self, arguments: &str, input: &str) -> Output {
        let mut child = Command::new(&self.binary)
            .args(["--namespace", "app", "--kubeconfig"])
            .arg(self.home.path().join("config"))
            .args(arguments.split(' '))
            .env("HOME", self.home.path())
            .env("TERM", "dumb")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        child
            .stdin
            .take()
            .unwrap()
            .write_all(input.as_bytes())
            .await
            .unwrap();
        let output = soon(arguments, child.wait_with_output()).await.unwrap();
        Output {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Must succeed; gives standard output.
    async fn ok(&self, arguments: &str) -> String {
        self.ok_with(arguments, "").await
    }

    async fn ok_with(&self, arguments: &str, input: &str) -> String {
        let output = self.run(arguments, input).await;
        assert_eq!(
            output.code, 0,
            "kubectl {arguments}: {}{}",
            output.stdout, output.stderr
        );
        output.stdout
    }
}

fn assert_has(text: &str, part: &str) {
    assert!(text.contains(part), "{part:?} is not in:\n{text}");
}

#[tokio::test]
async fn a_release_by_hand() {
    let Some(kubectl) = Kubectl::start().await else {
        return;
    };
    let (one, two) = (
        deployment("web", 2, "r.example/web:1"),
        deployment("web", 2, "r.example/web:2"),
    );
    assert_has(
        &kubectl.ok_with("apply --server-side -f -", &one).await,
        "deployment.apps/web serverside-applied",
    );
    assert_has(
        &kubectl.ok("rollout status deployment/web").await,
        "successfully rolled out",
    );
    let wide = kubectl.ok("get deployment web -o wide").await;
    assert_has(&wide, "2/2");
    assert_has(&wide, "r.example/web:1");
    assert_has(&kubectl.ok("get pods").await, "Running");
    assert_has(
        &kubectl.ok("get deployment web -o yaml").await,
        "terminationMessagePath: /dev/termination-log",
    );
    let described = kubectl.ok("describe deployment web").await;
    assert_has(&described, "NewReplicaSetAvailable");
    assert_has(&described, "ScalingReplicaSet");
    let pods = kubectl.ok("get pods -o name").await;
    let pod = pods.lines().next().unwrap();
    let described = kubectl.ok(&format!("describe {pod}")).await;
    assert_has(&described, "Successfully assigned app/web-");
    assert_has(&described, "Started container main");

    let diff = kubectl.run("diff --server-side -f -", &two).await;
    assert_eq!(diff.code, 1, "{}", diff.stderr);
    let changes: Vec<&str> = diff
        .stdout
        .lines()
        .filter(|l| {
            (l.starts_with('+') || l.starts_with('-'))
                && !l.starts_with("+++")
                && !l.starts_with("---")
        })
        .map(str::trim_end)
        .collect();
    assert_eq!(
        changes,
        [
            "-  generation: 1",
            "+  generation: 2",
            "-      - image: r.example/web:1",
            "+      - image: r.example/web:2"
        ]
    );
    kubectl.ok_with("apply --server-side -f -", &two).await;
    kubectl.ok("rollout status deployment/web").await;
    assert_has(
        &kubectl.ok("rollout undo deployment/web").await,
        "rolled back",
    );
    kubectl.ok("rollout status deployment/web").await;
    assert_has(
        &kubectl.ok("get deployment web -o wide").await,
        "r.example/web:1",
    );
    let history = kubectl.ok("rollout history deployment/web").await;
    assert_has(&history, "\n2 ");
    assert_has(&history, "\n3 ");
    assert!(!history.contains("\n1 "), "revision 1 became 3:\n{history}");
    let refused = kubectl
        .run("apply --server-side --field-manager=other -f -", &two)
        .await;
    assert_ne!(refused.code, 0);
    assert_has(&refused.stderr, "Apply failed with 1 conflict");
}

#[tokio::test]
async fn everyday_commands() {
    let Some(kubectl) = Kubectl::start().await else {
        return;
    };
    kubectl
        .ok_with(
            "apply --server-side -f -",
            &deployment("web", 1, "r.example/web:1"),
        )
        .await;
    kubectl
        .ok("wait --for=condition=Available deployment/web --timeout=15s")
        .await;
    assert_has(&kubectl.ok("logs deployment/web --tail=3").await, "web:1");
    kubectl.ok("scale deployment/web --replicas=3").await;
    kubectl.ok("rollout status deployment/web").await;
    kubectl.cluster.settle().await;
    assert_has(&kubectl.ok("get deployment web").await, "3/3");
    kubectl
        .ok("annotate deployment/web kubernetes.io/change-cause=second")
        .await;
    assert_has(&kubectl.ok("rollout pause deployment/web").await, "paused");
    kubectl
        .ok("set image deployment/web main=r.example/web:2")
        .await;
    kubectl.cluster.settle().await;
    let sets = kubectl.ok("get replicasets --no-headers").await;
    assert_eq!(
        sets.lines().count(),
        1,
        "a paused deployment starts nothing:\n{sets}"
    );
    kubectl.ok("rollout resume deployment/web").await;
    assert_has(
        &kubectl.ok("rollout status deployment/web").await,
        "successfully rolled out",
    );
    assert_has(
        &kubectl.ok("rollout history deployment/web").await,
        "second",
    );
    assert_has(
        &kubectl.ok("rollout restart deployment/web").await,
        "restarted",
    );
    kubectl.ok("rollout status deployment/web").await;
    assert_has(&kubectl.ok("get crd").await, "environments.fission.io");
    assert_has(
        &kubectl.ok("api-resources --api-group=apps").await,
        "deploy",
    );
    assert_has(&kubectl.ok("get events").await, "ScalingReplicaSet");
    kubectl.ok("delete deployment web").await;
    kubectl
        .ok("wait --for=delete pods --all --timeout=15s")
        .await;
    assert_eq!(kubectl.ok("get all --no-headers").await, "");
}
