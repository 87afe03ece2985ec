//! The adapter on a real API server with etcd, controllers and a kubelet. Skipped loudly where
//! clusters cannot run.

#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "plugins/command.rs"]
#[allow(dead_code)]
mod command;
mod suite;

use std::time::{Duration, Instant};

use cluster::{KubeClusters, Limits, kubeconfig};
use controlplane::{Behaviour, ControlPlane, Image, Options, User, runnable};
use domain::{MutationOutcome, MutationVerb, Precondition};
use engine::ports::{ClusterFailure, Clusters};
use serde_json::json;
use suite::{Bench, NAMESPACE, config_map, intent, limits};

const OLD: &str = "pilothouse.example/fission-router:1.15.2";
const NEW: &str = "pilothouse.example/fission-router:1.15.3";

#[test]
fn everything_holds_on_a_real_cluster() {
    if !runnable(1) {
        return;
    }
    let serves = |reference: &str, version: &str| {
        Image::new(
            reference,
            Behaviour::Serves {
                version: version.into(),
            },
        )
    };
    let plane = ControlPlane::start(
        Options::named("bj-prod-09").with_images([serves(OLD, "1.15.2"), serves(NEW, "1.15.3")]),
    )
    .unwrap();
    assert!(
        plane
            .kubectl(&["create", "namespace", NAMESPACE])
            .unwrap()
            .status
            .success()
    );
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let limits = Limits {
            server_deadline: Duration::from_secs(2),
            mutation: Duration::from_secs(4),
            settle: Duration::from_secs(3),
            read: Duration::from_secs(3),
            ..limits()
        };
        let images = [OLD.to_owned(), NEW.to_owned()];
        let bench = Bench::new(&plane.kubeconfig(User::Operator), images, limits.clone()).await;
        suite::everything(&bench).await;
        a_verifier_may_look_and_not_write(&plane, &limits).await;
        a_command_logs_in_with_a_token_and_with_a_certificate(&plane).await;
        a_certificate_and_a_token_go_together(&plane).await;
        an_admin_acts_as_somebody_else(&plane).await;
        a_write_that_hangs_is_unknown_and_then_known(&plane, &bench).await;
    });
    plane.shutdown().unwrap();
}

async fn a_verifier_may_look_and_not_write(plane: &ControlPlane, limits: &Limits) {
    let bench = Bench::new(
        &plane.kubeconfig(User::Verifier),
        [String::new(), String::new()],
        limits.clone(),
    )
    .await;
    let outgoing = config_map("verifier", json!({"a": "1"}));
    let needed = bench
        .cluster
        .needed(std::slice::from_ref(&outgoing.object))
        .await
        .unwrap();
    let denied: Vec<String> = bench
        .cluster
        .denied(&needed)
        .await
        .unwrap()
        .into_iter()
        .map(|p| p.verb)
        .collect();
    assert_eq!(denied, ["patch", "update", "create", "delete"]);
    let failure = bench.cluster.preview(&outgoing).await.unwrap_err();
    assert!(
        matches!(failure, ClusterFailure::Forbidden(_)),
        "{failure:?}"
    );
}

fn taken(text: &str) -> engine::ports::Context {
    let source = kubeconfig::Source {
        text: text.to_owned(),
        base: None,
    };
    let name = kubeconfig::preview(text, None)
        .unwrap()
        .contexts
        .remove(0)
        .name;
    let names = [name];
    let agreed = kubeconfig::Agreed {
        embed_files: false,
        confirmed: &names,
    };
    kubeconfig::import_merged(&[source], &names, &agreed)
        .unwrap()
        .remove(0)
}

/// As client-go does: both are sent, and the API server asks its authenticators in its own order.
async fn a_certificate_and_a_token_go_together(plane: &ControlPlane) {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    let (accepted, key) = plane.client_certificate().unwrap();
    let stranger = rcgen::KeyPair::generate().unwrap();
    let unknown = rcgen::CertificateParams::new(vec!["x".to_owned()])
        .unwrap()
        .self_signed(&stranger)
        .unwrap()
        .pem();
    for (certificate, key, user) in [
        (accepted, key, "kube-apiserver-kubelet-client"),
        (unknown, stranger.serialize_pem(), "operator"),
    ] {
        let text = plane.kubeconfig(User::Operator);
        let (certificate, key) = (STANDARD.encode(certificate), STANDARD.encode(key));
        let mut context = taken(&text);
        let both = format!(
            "clusters: [{{name: k, cluster: {{server: 'https://x'}}}}]\nusers: [{{name: u, user: {{token: '{}', client-certificate-data: {certificate}, client-key-data: {key}}}}}]\ncontexts: [{{name: c, context: {{cluster: k, user: u}}}}]",
            plane.token(User::Operator)
        );
        context.credential = taken(&both).credential;
        let cluster = KubeClusters::default()
            .connect(context, None, Vec::new())
            .await
            .unwrap();
        assert_eq!(cluster.about().await.unwrap().user, user);
    }
}

async fn an_admin_acts_as_somebody_else(plane: &ControlPlane) {
    let mut context = taken(&plane.kubeconfig(User::Admin));
    context.route.acts_as = Some(engine::ports::ActsAs {
        user: "somebody".to_owned(),
        groups: vec!["release".to_owned()],
        ..Default::default()
    });
    let cluster = KubeClusters::default()
        .connect(context, None, Vec::new())
        .await
        .unwrap();
    assert_eq!(cluster.about().await.unwrap().user, "somebody");
    // Everybody may ask who they are; somebody may not write.
    let object = config_map("as", json!({})).object;
    let needed = cluster.needed(&[object]).await.unwrap();
    assert!(!cluster.denied(&needed).await.unwrap().is_empty());
}

/// The rehearsal cluster knows no certificates; a real one does.
async fn a_command_logs_in_with_a_token_and_with_a_certificate(plane: &ControlPlane) {
    let command = command::Command::new(r#"cat "$here/answer""#);
    let text = command::exec_kubeconfig(&plane.kubeconfig(User::Operator), command.path());
    let name = kubeconfig::preview(&text, None)
        .unwrap()
        .contexts
        .remove(0)
        .name;
    let context = kubeconfig::import(&text, None, &[name], false)
        .unwrap()
        .remove(0);
    let (certificate, key) = plane.client_certificate().unwrap();
    let token = json!({"token": plane.token(User::Operator)});
    let certificate = json!({"clientCertificateData": certificate, "clientKeyData": key});
    for (status, user) in [
        (token, "operator"),
        (certificate, "kube-apiserver-kubelet-client"),
    ] {
        let answer = json!({
            "apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": status,
        });
        std::fs::write(command.file("answer"), answer.to_string()).unwrap();
        let cluster = KubeClusters::default()
            .connect(context.clone(), None, vec![command.allowed()])
            .await
            .unwrap();
        assert_eq!(cluster.about().await.unwrap().user, user);
    }
    assert_eq!(command.runs(), 2);
}

/// The API server is there and its store stops somewhere between the look and the write. Stopped at
/// different moments until the write itself hangs; at every moment, what is said has to be so. The
/// moments are spread over what a write takes on this machine.
async fn a_write_that_hangs_is_unknown_and_then_known(plane: &ControlPlane, bench: &Bench) {
    const MOMENTS: u32 = 24;
    let (mut unknown, mut undisturbed) = (0, Duration::ZERO);
    for attempt in 0..3 * MOMENTS {
        let value = attempt.to_string();
        let next = config_map("hangs", json!({"a": value}));
        let precondition = match bench.cluster.read(&next.object).await.unwrap() {
            Some(live) => Precondition::Unchanged(live.head),
            None => Precondition::Absent,
        };
        let sent = intent(
            &format!("m-hangs-{attempt}"),
            MutationVerb::Apply,
            &next.object,
            precondition,
        );
        let stop = async {
            if attempt > 0 {
                tokio::time::sleep(undisturbed * (attempt % MOMENTS) / MOMENTS).await;
                plane.pause_etcd().unwrap();
            }
        };
        let began = Instant::now();
        let (answered, ()) = tokio::join!(bench.cluster.send(&sent, Some(&next), &[]), stop);
        let outcome = answered.outcome;
        if attempt == 0 {
            undisturbed = began.elapsed();
        }
        plane.resume_etcd().unwrap();
        let said_applied = match &outcome {
            MutationOutcome::Applied { .. } => true,
            MutationOutcome::NotApplied { .. } => false,
            MutationOutcome::Unknown { .. } => {
                unknown += 1;
                matches!(
                    bench.cluster.read_back(&sent).await.unwrap().outcome,
                    MutationOutcome::Applied { .. }
                )
            }
        };
        let live = bench.cluster.read(&next.object).await.unwrap();
        let is_there = live.is_some_and(|live| live.body["data"]["a"] == value);
        assert_eq!(said_applied, is_there, "attempt {attempt}: {outcome:?}");
        if unknown == 2 {
            return;
        }
    }
    assert!(unknown > 0, "the write never hung");
}
