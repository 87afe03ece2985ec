//! Where a context leads: below a path, by the system's roots, to one pinned certificate, through
//! proxies, as somebody else. TLS servers and proxies are real; behind them are rehearsal clusters.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod front;
mod proxies;

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use cluster::kubeconfig::{Agreed, Source, import_merged};
use cluster::{KubeClusters, Limits, presented};
use domain::{
    ModuleId, MutationId, MutationIntent, MutationOutcome, MutationVerb, ObjectRef, Precondition,
    ReleaseId,
};
use engine::ports::{Cluster, ClusterFailure, Clusters, Context, Outgoing};
use rehearsal::{Cluster as Rehearsal, ClusterSpec, Pace, User};
use secrecy::ExposeSecret;
use serde_json::json;

use front::{Authority, Front, self_signed};
use proxies::{Asked, Kind, PASSWORD, Proxy, USER};

/// A token that every cluster here knows.
const SHARED: &str = "shared-by-all";

async fn rehearsal(name: &str, seed: u64) -> Rehearsal {
    let mut spec = ClusterSpec::new(name, seed);
    spec.namespaces = vec!["fission".to_owned()];
    spec.pace = Pace::instant();
    // The same everywhere, so that a cluster that took another's place lets people in.
    spec.users.push(User::admin("release", SHARED));
    Rehearsal::start(spec).await.unwrap()
}

fn token(rehearsal: &Rehearsal) -> String {
    let text = rehearsal.kubeconfig("admin");
    let context = cluster::kubeconfig::preview(&text, None)
        .unwrap()
        .contexts
        .remove(0);
    let context = cluster::kubeconfig::import(&text, None, &[context.name], false)
        .unwrap()
        .remove(0);
    match context.credential {
        engine::ports::Credential::Token(token) => token.expose_secret().to_owned(),
        other => panic!("{other:?}"),
    }
}

/// A context as a kubeconfig with these lines makes it.
fn context(cluster: &str, user: &str) -> Context {
    let text = format!(
        "clusters: [{{name: k, cluster: {cluster}}}]\nusers: [{{name: u, user: {user}}}]\ncontexts: [{{name: c, context: {{cluster: k, user: u}}}}]"
    );
    let names = ["c".to_owned()];
    let agreed = Agreed {
        embed_files: false,
        confirmed: &names,
    };
    import_merged(&[Source { text, base: None }], &names, &agreed)
        .unwrap()
        .remove(0)
}

async fn connect(
    context: &Context,
    pinned: Option<domain::ClusterIdentity>,
) -> Result<Arc<dyn Cluster>, ClusterFailure> {
    KubeClusters::new(Limits::default())
        .connect(context.clone(), pinned, Vec::new())
        .await
}

fn config_map(name: &str) -> Outgoing {
    Outgoing {
        object: ObjectRef {
            api_version: "v1".into(),
            kind: "ConfigMap".into(),
            namespace: "fission".into(),
            name: name.into(),
        },
        body: json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "fission"}, "data": {"a": "1"}}),
        release: ReleaseId::new("REL-1"),
        module: ModuleId::new("router"),
    }
}

async fn write(cluster: &Arc<dyn Cluster>, name: &str) -> MutationOutcome {
    let outgoing = config_map(name);
    let intent = MutationIntent {
        id: MutationId::new(format!("m-{name}")),
        verb: MutationVerb::Apply,
        object: outgoing.object.clone(),
        body: None,
        precondition: Precondition::Absent,
    };
    cluster.send(&intent, Some(&outgoing), &[]).await.outcome
}

#[tokio::test]
async fn two_clusters_behind_one_host_are_two_and_a_swap_trips_the_pin_before_any_write() {
    let (a, b) = (rehearsal("c-a", 1).await, rehearsal("c-b", 2).await);
    let ca = Authority::root("rancher");
    let front = Front::start(ca.server(&["127.0.0.1"]), &[a.ca_pem(), b.ca_pem()]).await;
    front.route("/k8s/clusters/c-a", &a.url());
    front.route("/k8s/clusters/c-b", &b.url());
    let of = |path: &str| {
        let data = STANDARD.encode(&ca.pem);
        let server = front.url("127.0.0.1", path);
        context(
            &format!("{{server: '{server}', certificate-authority-data: {data}}}"),
            &format!("{{token: {SHARED}}}"),
        )
    };
    // A slash at the end and dots are the same path.
    let to_a = of("/k8s/clusters/x/../c-a/");
    let to_b = of("/k8s/clusters/c-b");
    let identity_a = connect(&to_a, None)
        .await
        .unwrap()
        .identity()
        .await
        .unwrap();
    let identity_b = connect(&to_b, None)
        .await
        .unwrap()
        .identity()
        .await
        .unwrap();
    assert!(
        identity_a.url.ends_with("/k8s/clusters/c-a"),
        "{}",
        identity_a.url
    );
    assert_ne!(identity_a.url, identity_b.url);
    assert_ne!(identity_a.uid, identity_b.uid);
    assert_eq!(
        identity_a.ca_sha256, identity_b.ca_sha256,
        "one certificate"
    );
    assert!(!identity_a.is_kept_by(&identity_b));
    let pinned = connect(&to_a, Some(identity_a.clone())).await.unwrap();
    assert!(matches!(
        write(&pinned, "one").await,
        MutationOutcome::Applied { .. }
    ));
    assert!(
        front
            .seen()
            .iter()
            .all(|one| one.path.starts_with("/k8s/clusters/c-"))
    );
    let written = front.writes();
    assert_eq!(written.len(), 1, "{written:?}");
    // Somebody exchanges what is behind the paths. Both know the token, so that only the pin tells.
    front.route("/k8s/clusters/c-a", &b.url());
    front.route("/k8s/clusters/c-b", &a.url());
    let outcome = write(&pinned, "two").await;
    assert!(
        matches!(outcome, MutationOutcome::NotApplied { .. }),
        "{outcome:?}"
    );
    assert_eq!(
        front.writes(),
        written,
        "nothing was written to the other cluster"
    );
    let failure = connect(&to_a, Some(identity_a.clone()))
        .await
        .err()
        .unwrap();
    let expected = ClusterFailure::AnotherCluster {
        expected: Box::new(identity_a.clone()),
        found: Box::new(domain::ClusterIdentity {
            uid: identity_b.uid.clone(),
            ..identity_a
        }),
    };
    assert_eq!(failure, expected);
}

/// What the system trusts is read from the environment of the process: a process of its own.
#[test]
fn the_systems_roots_vouch_for_a_server_without_a_ca() {
    let folder = tempfile::tempdir().unwrap();
    let mut own = std::process::Command::new(std::env::current_exe().unwrap());
    own.args([
        "--exact",
        "by_the_systems_roots",
        "--ignored",
        "--nocapture",
    ])
    .env("SSL_CERT_FILE", folder.path().join("roots.pem"))
    .env("SSL_CERT_DIR", folder.path().join("none"));
    let output = own.output().unwrap();
    assert!(
        output.status.success() && String::from_utf8_lossy(&output.stdout).contains("1 passed"),
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

#[tokio::test]
#[ignore = "run by the test above, in an environment of its own"]
async fn by_the_systems_roots() {
    let root = Authority::root("a public root");
    let roots = std::env::var("SSL_CERT_FILE").unwrap();
    std::fs::write(&roots, &root.pem).unwrap();
    let (one, other) = (root.intermediate("R10"), root.intermediate("R11"));
    let a = rehearsal("public", 3).await;
    let front = Front::start(one.server(&["localhost"]), &[a.ca_pem()]).await;
    front.route("", &a.url());
    let user = format!("{{token: {SHARED}}}");
    let public = context(
        &format!("{{server: '{}'}}", front.url("localhost", "")),
        &user,
    );
    let identity = connect(&public, None)
        .await
        .unwrap()
        .identity()
        .await
        .unwrap();
    assert_eq!(identity.ca_sha256, "");
    assert_eq!(
        identity.issuer_sha256.as_deref(),
        Some(one.key_sha256.as_str())
    );
    let pinned = connect(&public, Some(identity.clone())).await.unwrap();
    // A renewed certificate of the same issuer is the same identity.
    front.present(one.server(&["localhost"]));
    let renewed = connect(&public, Some(identity.clone())).await.unwrap();
    assert_eq!(renewed.identity().await.unwrap(), identity);
    // Another issuer is found and passes by the UID: nothing is cut off.
    front.present(other.server(&["localhost"]));
    let moved = connect(&public, Some(identity.clone())).await.unwrap();
    let found = moved.identity().await.unwrap();
    assert_eq!(
        found.issuer_sha256.as_deref(),
        Some(other.key_sha256.as_str())
    );
    assert!(found != identity && identity.is_kept_by(&found));
    assert!(matches!(
        write(&moved, "moved").await,
        MutationOutcome::Applied { .. }
    ));
    assert!(matches!(
        write(&pinned, "held").await,
        MutationOutcome::Applied { .. }
    ));
    // Another cluster with a certificate that is as good.
    let b = rehearsal("other", 4).await;
    let elsewhere = Front::start(other.server(&["localhost"]), &[b.ca_pem()]).await;
    elsewhere.route("", &b.url());
    let swapped = Context {
        server: elsewhere.url("localhost", ""),
        ..public.clone()
    };
    let failure = connect(&swapped, Some(identity.clone()))
        .await
        .err()
        .unwrap();
    assert!(
        matches!(failure, ClusterFailure::AnotherCluster { .. }),
        "{failure:?}"
    );
    // Signed by a root of the system without anything in between: found in its store.
    front.present(root.server(&["localhost"]));
    let direct = connect(&public, Some(identity.clone())).await.unwrap();
    let found = direct.identity().await.unwrap().issuer_sha256;
    assert_eq!(found.as_deref(), Some(root.key_sha256.as_str()));
    let before = front.seen().len();
    for (what, tls) in [
        ("another name", one.server(&["elsewhere"])),
        (
            "an unknown root",
            Authority::root("mallory").server(&["localhost"]),
        ),
        ("itself", self_signed()),
    ] {
        front.present(tls);
        let failure = connect(&public, Some(identity.clone()))
            .await
            .err()
            .unwrap();
        assert!(
            matches!(failure, ClusterFailure::Untrusted(_)),
            "{what}: {failure:?}"
        );
    }
    assert_eq!(
        front.seen().len(),
        before,
        "no request reached a server that nobody vouches for"
    );
    // A CA that is named vouches alone.
    front.present(one.server(&["localhost"]));
    let data = STANDARD.encode(Authority::root("own").pem);
    let server = front.url("localhost", "");
    let own = context(
        &format!("{{server: '{server}', certificate-authority-data: {data}}}"),
        &user,
    );
    let failure = connect(&own, None)
        .await
        .unwrap()
        .identity()
        .await
        .unwrap_err();
    assert!(
        matches!(failure, ClusterFailure::Untrusted(_)),
        "{failure:?}"
    );
}

#[tokio::test]
async fn an_unchecked_server_is_looked_at_without_a_credential_and_then_pinned() {
    let a = rehearsal("k3s", 5).await;
    let tls = self_signed();
    let front = Front::start(tls.clone(), &[a.ca_pem()]).await;
    front.route("", &a.url());
    let server = front.url("127.0.0.1", "");
    let mut unchecked = context(
        &format!("{{server: '{server}', insecure-skip-tls-verify: true}}"),
        &format!("{{token: '{}'}}", token(&a)),
    );
    let failure = connect(&unchecked, None).await.err().unwrap();
    assert!(
        matches!(failure, ClusterFailure::Untrusted(_)),
        "{failure:?}"
    );
    let shown = presented(&unchecked, &Limits::default()).await.unwrap();
    assert_eq!(shown.sha256.len(), 64);
    assert_eq!(front.seen().len(), 0, "nothing was sent");
    unchecked.route.pinned_pem = Some(shown.pem.clone());
    let identity = connect(&unchecked, None)
        .await
        .unwrap()
        .identity()
        .await
        .unwrap();
    assert_eq!(
        (identity.ca_sha256, identity.issuer_sha256),
        (shown.sha256, None)
    );
    // Another certificate of the same name is not it.
    front.present(self_signed());
    let before = front.seen().len();
    let failure = connect(&unchecked, None)
        .await
        .unwrap()
        .identity()
        .await
        .unwrap_err();
    assert!(
        matches!(failure, ClusterFailure::Untrusted(_)),
        "{failure:?}"
    );
    assert_eq!(front.seen().len(), before);
    let nobody = Context {
        server: "https://127.0.0.1:1".into(),
        ..unchecked
    };
    let failure = presented(&nobody, &Limits::default()).await.unwrap_err();
    assert!(
        matches!(failure, ClusterFailure::Unreachable(_)),
        "{failure:?}"
    );
}

#[tokio::test]
async fn a_cluster_is_reached_through_each_kind_of_proxy() {
    let a = rehearsal("behind", 6).await;
    let ca = Authority::root("site");
    let front = Front::start(ca.server(&["127.0.0.1"]), &[a.ca_pem()]).await;
    front.route("", &a.url());
    let data = STANDARD.encode(&ca.pem);
    let user = format!("{{token: '{}'}}", token(&a));
    let through = |proxy: &str| {
        let server = front.url("127.0.0.1", "");
        let cluster = format!(
            "{{server: '{server}', certificate-authority-data: {data}, proxy-url: '{proxy}'}}"
        );
        context(&cluster, &user)
    };
    let login = "jump%20user:p%40ss%3Aword";
    let wrong = "jump%20user:wrong";
    let over_tls = Kind::ConnectOverTls(ca.server(&["127.0.0.1"]));
    for (scheme, kind) in [
        ("http", Kind::Connect),
        ("https", over_tls),
        ("socks5", Kind::Socks5),
    ] {
        let open = Proxy::start(kind.clone(), false).await;
        let identity = connect(&through(&format!("{scheme}://{}", open.address)), None)
            .await
            .unwrap()
            .identity()
            .await
            .unwrap();
        assert_eq!(identity.uid, a.uid().to_string(), "{scheme}");
        let to = front.address.to_string();
        let let_through = Asked {
            to,
            let_through: true,
        };
        assert_eq!(open.asked(), std::slice::from_ref(&let_through), "{scheme}");
        let closed = Proxy::start(kind, true).await;
        let address = closed.address;
        let known = through(&format!("{scheme}://{login}@{address}"));
        assert_eq!(
            known
                .route
                .proxy
                .as_ref()
                .unwrap()
                .login
                .as_ref()
                .unwrap()
                .0,
            USER
        );
        let cluster = connect(&known, Some(identity)).await.unwrap();
        assert!(matches!(
            write(&cluster, &format!("by-{scheme}")).await,
            MutationOutcome::Applied { .. }
        ));
        assert_eq!(closed.asked(), [let_through], "{scheme}");
        for refused in [
            format!("{scheme}://{address}"),
            format!("{scheme}://{wrong}@{address}"),
        ] {
            let failure = connect(&through(&refused), None)
                .await
                .unwrap()
                .identity()
                .await
                .unwrap_err();
            assert!(
                matches!(failure, ClusterFailure::Unreachable(_)),
                "{scheme}: {failure:?}"
            );
            let said = failure.to_string();
            assert!(
                !said.contains(PASSWORD) && !said.contains("wrong"),
                "{said}"
            );
        }
    }
    // A proxy that nobody vouches for is none.
    let stranger = Kind::ConnectOverTls(Authority::root("mallory").server(&["127.0.0.1"]));
    let stranger = Proxy::start(stranger, false).await;
    let context = through(&format!("https://{}", stranger.address));
    let failure = connect(&context, None)
        .await
        .unwrap()
        .identity()
        .await
        .unwrap_err();
    assert!(
        matches!(failure, ClusterFailure::Untrusted(_)),
        "{failure:?}"
    );
    assert_eq!(stranger.asked(), []);
}

#[tokio::test]
async fn acting_as_somebody_else_is_asked_for_with_every_request() {
    let a = rehearsal("imp", 7).await;
    let ca = Authority::root("site");
    let front = Front::start(ca.server(&["127.0.0.1"]), &[a.ca_pem()]).await;
    front.route("", &a.url());
    let data = STANDARD.encode(&ca.pem);
    let server = front.url("127.0.0.1", "");
    let user = format!(
        "{{token: '{}', as: deploy, as-uid: '7', as-groups: [release, ops], as-user-extra: {{team.io/name: [shop]}}}}",
        token(&a)
    );
    let context = context(
        &format!("{{server: '{server}', certificate-authority-data: {data}}}"),
        &user,
    );
    let cluster = connect(&context, None).await.unwrap();
    assert_eq!(cluster.acts_as().as_deref(), Some("deploy"));
    cluster.identity().await.unwrap();
    assert!(matches!(
        write(&cluster, "as").await,
        MutationOutcome::Applied { .. }
    ));
    assert!(front.writes().len() == 1 && front.seen().len() > 2);
    for seen in front.seen() {
        let all = |name: &str| -> Vec<&str> {
            seen.headers
                .get_all(name)
                .iter()
                .map(|value| value.to_str().unwrap())
                .collect()
        };
        assert_eq!(all("impersonate-user"), ["deploy"], "{seen:?}");
        assert_eq!(all("impersonate-uid"), ["7"]);
        assert_eq!(all("impersonate-group"), ["release", "ops"]);
        assert_eq!(all("impersonate-extra-team.io%2fname"), ["shop"]);
    }
}

#[tokio::test]
async fn a_refused_credential_that_has_ended_is_said_to_have_ended() {
    let a = rehearsal("ends", 8).await;
    let ca = STANDARD.encode(a.ca_pem());
    let cluster = format!(
        "{{server: '{}', certificate-authority-data: {ca}}}",
        a.url()
    );
    let jwt = |end: i64| {
        let claims = URL_SAFE_NO_PAD.encode(json!({"exp": end}).to_string());
        context(&cluster, &format!("{{token: e30.{claims}.c2ln}}"))
    };
    let now = chrono::Utc::now().timestamp();
    let ended = connect(&jwt(now - 60), None).await.unwrap();
    let end = chrono::DateTime::from_timestamp(now - 60, 0).unwrap();
    assert_eq!(ended.credential_ends(), Some(end));
    assert_eq!(
        ended.identity().await.unwrap_err(),
        ClusterFailure::CredentialExpired(end)
    );
    // One that has not ended is refused for another reason: an API server that starts, for example.
    let young = connect(&jwt(now + 3600), None).await.unwrap();
    assert_eq!(
        young.identity().await.unwrap_err(),
        ClusterFailure::CredentialRefused
    );
}
