//! Another cluster answers where the pinned one was.

use acceptance::play::{Play, example};
use acceptance::window::LIMITS;
use rehearsal::Cluster;

use crate::desk::{Desk, Said};
use crate::site::{self, port, spec};

#[tokio::test]
async fn another_cluster_with_the_same_certificate_authority_is_refused() {
    let Some(desk) = Desk::set_up("identity-uid").await else {
        return;
    };
    let storage = desk.desktop.folder().join("cluster");
    let first = Cluster::start(spec(1, Some(storage.clone()), None))
        .await
        .unwrap();
    let port = port(&first);
    let play = bound(&desk, &first).await;
    first.shutdown().await;

    // The authority stays, the cluster behind it does not.
    let other = desk.desktop.folder().join("other");
    std::fs::create_dir(&other).unwrap();
    for file in ["ca.pem", "ca.key"] {
        std::fs::copy(storage.join(file), other.join(file)).unwrap();
    }
    let second = Cluster::start(spec(2, Some(other), Some(port)))
        .await
        .unwrap();
    refused(&play).await;
    let wrote = second.requests().into_iter().find(|one| {
        !["get", "list", "watch"].contains(&one.verb.as_str())
            && !one.path.contains("authorization.k8s.io")
            && !one.path.contains("authentication.k8s.io")
    });
    assert_eq!(wrote.map(|one| one.path), None);
    second.shutdown().await;
}

#[tokio::test]
async fn another_cluster_with_another_certificate_authority_is_refused() {
    let Some(desk) = Desk::set_up("identity-ca").await else {
        return;
    };
    let first = Cluster::start(spec(1, None, None)).await.unwrap();
    let port = port(&first);
    let play = bound(&desk, &first).await;
    first.shutdown().await;
    let second = Cluster::start(spec(2, None, Some(port))).await.unwrap();

    play.window().key(&['\u{e009}', 'i']).await.said();
    let state = play
        .window()
        .wait_attribute("banner", "data-identity", LIMITS.work, |state| {
            state != "verified" && state != "stale"
        })
        .await
        .said();
    assert!(state == "mismatch" || state == "unreachable", "{state}");
    assert_eq!(
        play.window()
            .attribute("banner", "data-arming")
            .await
            .said()
            .as_deref(),
        Some("readOnly")
    );
    // Its certificate is not trusted: not one request of ours got through.
    assert_eq!(second.requests().len(), 0);
    second.shutdown().await;
}

/// The banner says what was found, and there is no way on.
async fn refused(play: &Play) {
    let window = play.window();
    window.key(&['\u{e009}', 'i']).await.said();
    window
        .wait_attribute("banner", "data-identity", LIMITS.work, |state| {
            state == "mismatch"
        })
        .await
        .said();
    assert_eq!(
        window
            .attribute("banner", "data-arming")
            .await
            .said()
            .as_deref(),
        Some("readOnly")
    );
    // The box that arms is no button any more.
    assert_eq!(
        window.attribute("arm-button", "aria-pressed").await.said(),
        None
    );
    window.press("nav-changes").await.said();
    window.press("diff-run").await.said();
    let code = window
        .wait_attribute("failure", "data-code", LIMITS.work, |code| !code.is_empty())
        .await
        .said();
    assert_eq!(code, "identityMismatch");
    window.press("nav-environments").await.said();
    window.press("environment-bj-dev").await.said();
    window.press("pin-verify").await.said();
    window
        .wait_attribute("environment-bj-dev", "data-state", LIMITS.work, |state| {
            state == "mismatch"
        })
        .await
        .said();
}

/// Imports the cluster's kubeconfig, pins `bj-dev` to it, creates a release and looks at bj-dev.
async fn bound(desk: &Desk, cluster: &Cluster) -> Play {
    let folder = desk.desktop.folder();
    let workspace = site::workspace(folder);
    let kubeconfig = folder.join("kubeconfig");
    std::fs::write(&kubeconfig, cluster.kubeconfig("zhangsan")).unwrap();

    let mut play = Play::new(desk.window().await);
    play.open_workspace(&workspace).await.said();
    play.create_keys().await.said();
    play.bind(&kubeconfig, "bj-dev-01", "bj-dev").await.said();
    play.create_release().await.said();
    play.select(&example::STOPS[0].environments[0]).await.said();
    let verified = |state: &str| state == "verified";
    play.window()
        .wait_attribute("banner", "data-identity", LIMITS.work, verified)
        .await
        .said();
    play
}
