//! A context that logs in with a credential command, from its kubeconfig to the API server.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod command;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use cluster::{KubeClusters, Limits, kubeconfig};
use command::{Command, exec_kubeconfig};
use engine::ports::{
    AllowedCommand, Cluster, ClusterFailure, Clusters, Context, PluginProblem, PluginRefusal,
};
use rehearsal::{Cluster as Rehearsal, ClusterSpec, Pace};

/// Longest wait for a condition; a test that needs it has failed.
const PATIENCE: Duration = Duration::from_secs(30);

/// A cluster and a command that knows the token of its administrator.
struct Bench {
    rehearsal: Rehearsal,
    command: Command,
    context: Context,
    limits: Limits,
}

impl Bench {
    /// With a command whose answer is what these lines of a shell make.
    async fn new(script: &str) -> Bench {
        let mut spec = ClusterSpec::new("bj-dev-01", 11);
        spec.pace = Pace::instant();
        let rehearsal = Rehearsal::start(spec).await.unwrap();
        let command = Command::new(script);
        std::fs::write(command.file("token"), token_of(&rehearsal)).unwrap();
        let text = exec_kubeconfig(&rehearsal.kubeconfig("admin"), command.path());
        let shown = kubeconfig::preview(&text, None).unwrap().contexts.remove(0);
        assert_eq!(shown.refused, None);
        let context = kubeconfig::import(&text, None, &[shown.name], false)
            .unwrap()
            .remove(0);
        assert_eq!(command.runs(), 0, "an import runs nothing");
        Bench {
            rehearsal,
            command,
            context,
            limits: Limits::default(),
        }
    }

    async fn connect(
        &self,
        allowed: Vec<AllowedCommand>,
    ) -> Result<Arc<dyn Cluster>, ClusterFailure> {
        KubeClusters::new(self.limits.clone())
            .connect(self.context.clone(), None, allowed)
            .await
    }

    async fn connected(&self) -> Arc<dyn Cluster> {
        self.connect(vec![self.command.allowed()]).await.unwrap()
    }
}

/// The token that the cluster's own kubeconfig has.
fn token_of(rehearsal: &Rehearsal) -> String {
    let text = rehearsal.kubeconfig("admin");
    let line = text
        .lines()
        .find_map(|line| line.trim().strip_prefix("token:"));
    line.unwrap().trim().trim_matches(['"', '\'']).to_owned()
}

const GOOD: &str = r#"answer "$(cat "$here/token")""#;

#[tokio::test]
async fn it_is_shown_refused_allowed_and_then_used() {
    let bench = Bench::new(GOOD).await;
    let refused = bench.connect(Vec::new()).await.err().unwrap();
    let allowed = bench.command.allowed();
    assert_eq!(
        refused,
        ClusterFailure::PluginNotAllowed {
            path: allowed.path.clone(),
            sha256: Some(allowed.sha256.clone()),
            why: PluginRefusal::NeverAllowed,
        }
    );
    assert_eq!(
        (bench.command.runs(), bench.rehearsal.requests().len()),
        (0, 0)
    );
    let cluster = bench.connect(vec![allowed]).await.unwrap();
    assert_eq!(cluster.about().await.unwrap().user, "admin");
    cluster.identity().await.unwrap();
    assert_eq!(
        bench.command.runs(),
        1,
        "a credential is kept while it is good"
    );
}

#[tokio::test]
async fn it_is_renewed_before_its_end_and_not_sooner() {
    let script =
        r#"answer "$(cat "$here/token")" "$(date -u -d '+6 seconds' +%Y-%m-%dT%H:%M:%SZ)""#;
    let bench = Bench::new(script).await;
    let cluster = bench.connected().await;
    for _ in 0..5 {
        cluster.identity().await.unwrap();
    }
    assert_eq!(bench.command.runs(), 1, "the margin is a quarter at most");
    let begun = tokio::time::Instant::now();
    while bench.command.runs() == 1 {
        assert!(begun.elapsed() < PATIENCE, "it is never renewed");
        cluster.identity().await.unwrap();
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let refused = bench
        .rehearsal
        .requests()
        .into_iter()
        .find(|r| r.status == 401);
    assert_eq!(refused, None, "it was renewed in time");
}

#[tokio::test]
async fn a_refused_credential_is_renewed_once() {
    let script = r#"if [ "$runs" = 1 ]; then answer stale; else answer "$(cat "$here/token")"; fi"#;
    let bench = Bench::new(script).await;
    let cluster = bench.connected().await;
    // Many at once: all are refused, and all wait for the same new credential.
    let questions = (0..8).map(|_| cluster.identity());
    for answer in futures::future::join_all(questions).await {
        answer.unwrap();
    }
    assert_eq!(bench.command.runs(), 2);
}

#[tokio::test]
async fn one_that_is_always_refused_is_not_tried_for_ever() {
    let bench = Bench::new("answer stale").await;
    let cluster = bench.connected().await;
    assert_eq!(
        cluster.identity().await.unwrap_err(),
        ClusterFailure::CredentialRefused
    );
    assert_eq!(bench.command.runs(), 2);
    assert_eq!(bench.rehearsal.requests().len(), 2);
}

#[tokio::test]
async fn a_command_that_changes_is_asked_for_again_although_its_credential_is_good() {
    let bench = Bench::new(GOOD).await;
    let cluster = bench.connected().await;
    cluster.identity().await.unwrap();
    bench.command.append("# one line more");
    let changed = ClusterFailure::PluginNotAllowed {
        path: bench.command.allowed().path,
        sha256: Some(bench.command.allowed().sha256),
        why: PluginRefusal::Changed,
    };
    assert_eq!(cluster.identity().await.unwrap_err(), changed);
    assert_eq!(bench.command.runs(), 1, "the changed one never ran");
    let again = bench.connected().await;
    again.identity().await.unwrap();
    assert_eq!(bench.command.runs(), 2);
}

#[tokio::test]
async fn a_command_that_is_only_touched_runs_again_and_goes_on() {
    let bench = Bench::new(GOOD).await;
    let cluster = bench.connected().await;
    cluster.identity().await.unwrap();
    bench.command.append("");
    cluster.identity().await.unwrap();
    assert_eq!(bench.command.runs(), 2);
}

#[tokio::test]
async fn one_that_fails_is_not_run_again_by_everybody_who_waits() {
    let bench = Bench::new("exit 3").await;
    let cluster = bench.connected().await;
    let questions = (0..8).map(|_| cluster.identity());
    for answer in futures::future::join_all(questions).await {
        let failure = answer.unwrap_err();
        assert!(
            matches!(
                &failure,
                ClusterFailure::PluginFailed {
                    problem: PluginProblem::Exited { code: 3 },
                    ..
                }
            ),
            "{failure:?}"
        );
    }
    assert_eq!(
        (bench.command.runs(), bench.rehearsal.requests().len()),
        (1, 0)
    );
}

#[tokio::test]
async fn one_that_hangs_is_not_taken_for_a_cluster_that_does() {
    let mut bench = Bench::new("sleep 600").await;
    bench.limits.plugin = Duration::from_secs(1);
    let cluster = bench.connected().await;
    let failure = cluster.identity().await.unwrap_err();
    assert!(
        matches!(
            failure,
            ClusterFailure::PluginFailed {
                problem: PluginProblem::Late { seconds: 1 },
                ..
            }
        ),
        "{failure:?}"
    );
    // The engine gives a question fifteen seconds.
    assert!(Limits::default().plugin < Duration::from_secs(15));
}

#[tokio::test]
async fn nothing_that_it_says_is_logged() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || writer.clone())
        .finish();
    let _logging = tracing::subscriber::set_default(subscriber);
    let script = r#"echo s3cret-of-stderr >&2; answer "$(cat "$here/token")""#;
    let bench = Bench::new(script).await;
    let token = token_of(&bench.rehearsal);
    bench.connected().await.identity().await.unwrap();
    let failing = Bench::new("echo s3cret-of-stdout; echo s3cret-of-stderr >&2; exit 1").await;
    failing.connected().await.identity().await.unwrap_err();
    let logged = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(!logged.is_empty(), "something is logged at this level");
    for secret in ["s3cret", &token] {
        assert!(!logged.contains(secret), "{secret} in the log");
    }
}

/// What was logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
