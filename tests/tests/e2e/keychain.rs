//! Workstations whose keychain is not as it should be.

use std::time::Instant;

use acceptance::desktop::{Drawing, Keychain, Parts};
use acceptance::play::Play;
use acceptance::window::LIMITS;
use rehearsal::Cluster;

use crate::desk::{Desk, Said};
use crate::site::{self, TOKEN, production, spec};

const BEIJING: &str = "bj-dev-01";
const SUZHOU: &str = "sz-prod-01";

#[tokio::test]
async fn without_a_keychain_nothing_is_stored_and_it_says_why() {
    let parts = Parts {
        keychain: false,
        notifications: true,
        drawing: Drawing::Plain,
    };
    let Some(desk) = Desk::with("keychain", parts).await else {
        return;
    };
    let window = desk.window().await;
    window
        .wait_attribute("keychain-state", "data-state", LIMITS.work, |state| {
            state == "bad"
        })
        .await
        .said();
    assert_eq!(
        window.failure_code("keychain-failure").await.said(),
        "keychainMissing"
    );
    // The example's credentials have nowhere to go: it is refused, and no file takes them instead.
    window.press("open-example").await.said();
    assert_eq!(
        window.failure_code("failure").await.said(),
        "keychainMissing"
    );
    assert_eq!(site::file_with(&desk.data_folder(), "token:"), None);
}

#[tokio::test]
async fn a_keychain_that_is_locked_or_hangs_or_loses_an_entry_is_told_and_mended() {
    let Some(desk) = Desk::set_up("keychain-trouble").await else {
        return;
    };
    let keychain = desk.desktop.keychain().expect("a keychain");
    let beijing = Cluster::start(spec(1, None, None)).await.unwrap();
    let suzhou = Cluster::start(production(2)).await.unwrap();
    let mut play = Play::new(desk.window().await);
    let workspace = site::workspace(desk.desktop.folder());
    play.open_workspace(&workspace).await.said();

    locked(&desk, &mut play, keychain, &beijing).await;
    hanging(&desk, &mut play, keychain, &suzhou).await;
    lost(&desk, &mut play, keychain, [&beijing, &suzhou]).await;

    // The same between two starts.
    play.into_window().close().await.said();
    lose(keychain, BEIJING).await;
    let mut play = Play::new(desk.window().await);
    play.window().press("nav-environments").await.said();
    verify(&play, "bj-dev", "unreachable").await;
    let window = play.window();
    assert_eq!(
        window.failure_code("pin-why").await.said(),
        "keychainEntryMissing"
    );
    // Another cluster under the same name: the environment stays pinned to the one that it was.
    let stranger = suzhou.kubeconfig("zhangsan").replace(SUZHOU, BEIJING);
    import_again(&desk, &mut play, &stranger).await;
    verify(&play, "bj-dev", "mismatch").await;
    import_again(&desk, &mut play, &beijing.kubeconfig("zhangsan")).await;
    verify(&play, "bj-dev", "verified").await;
    assert_eq!(site::file_with(&desk.data_folder(), TOKEN), None);
    beijing.shutdown().await;
    suzhou.shutdown().await;
}

/// Nothing is stored in a locked one; unlocked, the same press stores it.
async fn locked(desk: &Desk, play: &mut Play, keychain: &Keychain, cluster: &Cluster) {
    let kubeconfig = written(desk, &cluster.kubeconfig("zhangsan"));
    play.look_into(&kubeconfig, BEIJING).await.said();
    let before = keychain.labels().await.said();
    keychain.lock().await.said();
    play.window().press("import-store").await.said();
    assert_eq!(
        play.window().failure_code("failure").await.said(),
        "keychainLocked"
    );
    assert_eq!(site::file_with(&desk.data_folder(), TOKEN), None);
    keychain.unlock().await.said();
    assert_eq!(keychain.labels().await.said(), before);
    stored_and_pinned(play, BEIJING, "bj-dev").await;
}

/// While it does not answer the window does; after the bound it says so. Then nothing is there twice.
async fn hanging(desk: &Desk, play: &mut Play, keychain: &Keychain, cluster: &Cluster) {
    let kubeconfig = written(desk, &cluster.kubeconfig("zhangsan"));
    play.look_into(&kubeconfig, SUZHOU).await.said();
    let before = keychain.labels().await.said();
    keychain.freeze().said();
    let pressed = Instant::now();
    play.window().press("import-store").await.said();
    play.window().language("en").await.said();
    play.window().language("zh-CN").await.said();
    assert!(!play.window().shows("failure").await.said());
    assert_eq!(
        play.window().failure_code("failure").await.said(),
        "keychainTimeout"
    );
    assert!(pressed.elapsed() < LIMITS.step, "{:?}", pressed.elapsed());
    keychain.thaw().said();
    assert_eq!(keychain.labels().await.said(), before);
    stored_and_pinned(play, SUZHOU, "sz-prod").await;
    let mut labels = keychain.labels().await.said();
    let all = labels.len();
    labels.dedup();
    assert_eq!(labels.len(), all, "{labels:?}");
}

/// Its environment says what is missing and asks nothing more with what was read before; the other
/// one goes on.
async fn lost(desk: &Desk, play: &mut Play, keychain: &Keychain, clusters: [&Cluster; 2]) {
    let [beijing, _] = clusters;
    verify(play, "bj-dev", "verified").await;
    lose(keychain, BEIJING).await;
    verify(play, "bj-dev", "unreachable").await;
    let asked = beijing.requests().len();
    let window = play.window();
    assert_eq!(
        window.failure_code("pin-why").await.said(),
        "keychainEntryMissing"
    );
    let arming = window.attribute("banner", "data-arming").await.said();
    assert_eq!(arming.as_deref(), Some("readOnly"));
    window.press("permissions-check").await.said();
    assert_eq!(
        window.failure_code("failure").await.said(),
        "keychainEntryMissing"
    );
    assert_eq!(beijing.requests().len(), asked);
    verify(play, "sz-prod", "verified").await;

    import_again(desk, play, &beijing.kubeconfig("zhangsan")).await;
    verify(play, "bj-dev", "verified").await;
}

async fn stored_and_pinned(play: &mut Play, context: &str, environment: &str) {
    play.store(context).await.said();
    play.window().press("import-close").await.said();
    play.probe(context, environment).await.said();
    play.pin().await.said();
}

async fn import_again(desk: &Desk, play: &mut Play, kubeconfig: &str) {
    let kubeconfig = written(desk, kubeconfig);
    play.look_into(&kubeconfig, BEIJING).await.said();
    // What is in the keychain is not chosen by itself: it would be replaced.
    if !play.window().offers("import-store").await.said() {
        let choice = format!("context-{BEIJING}");
        play.window().press(&choice).await.said();
    }
    play.store(BEIJING).await.said();
    play.window().press("import-close").await.said();
}

async fn lose(keychain: &Keychain, context: &str) {
    let label = format!("Pilothouse: context {context}");
    let lost = keychain.lose(&label).await.said();
    assert!(lost >= 2, "{lost} entries of {context}");
}

/// Asks an environment's cluster who it is, and waits for what the banner says of it.
async fn verify(play: &Play, environment: &str, wanted: &str) {
    let window = play.window();
    window
        .press(&format!("environment-{environment}"))
        .await
        .said();
    window.press("pin-verify").await.said();
    window
        .wait_attribute(
            "banner-environment",
            "data-environment",
            LIMITS.work,
            |id| id == environment,
        )
        .await
        .said();
    window
        .wait_attribute("banner", "data-identity", LIMITS.work, |state| {
            state == wanted
        })
        .await
        .said();
}

fn written(desk: &Desk, kubeconfig: &str) -> std::path::PathBuf {
    let path = desk.desktop.folder().join("kubeconfig");
    std::fs::write(&path, kubeconfig).unwrap();
    path
}
