//! Secrets are planted wherever the program meets some; afterwards everything that it has written,
//! shown or exported is searched for them, in every spelling.

use std::path::{Path, PathBuf};

use acceptance::play::Play;
use acceptance::play::example::{OPERATOR, PASSPHRASE, Place, Stop};
use acceptance::window::LIMITS;
use base64::Engine as _;
use serde_json::json;

use crate::desk::{Desk, Said};
use crate::site;

const STOP: Stop = Stop {
    id: "bj-offline",
    name: "北京 dev",
    environments: &[Place {
        id: "bj-dev",
        cluster: site::CONTEXT,
    }],
    votes: &[OPERATOR],
};

/// What must be found nowhere.
const PLANTED: [(&str, &str); 9] = [
    ("the token", site::TOKEN),
    ("a password of a kubeconfig", "planted-password-5f1c"),
    ("a password in a proxy's address", "planted-proxy-77aa"),
    ("a password in a server's address", "planted-server-9b02"),
    ("a command's variable", "planted-variable-c4de"),
    ("a Secret of the cluster", "planted-live-secret-18e3"),
    ("a Secret of the workspace", "planted-new-secret-60f9"),
    ("a person's passphrase", PASSPHRASE),
    ("a passphrase that is wrong", "planted-wrong-phrase-2d41"),
];

/// Spellings in which a secret would still be one.
fn spellings(secret: &str) -> Vec<Vec<u8>> {
    let standard = base64::engine::general_purpose::STANDARD;
    let wide = secret.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let mut all = vec![
        secret.as_bytes().to_vec(),
        hex::encode(secret).into_bytes(),
        wide,
    ];
    // Base64 of a longer text that has it in it: three shifts, without the ends that differ.
    for shift in 0..3 {
        let text = format!("{}{secret}", "x".repeat(shift));
        let encoded = standard.encode(&text);
        let from = (shift * 8).div_ceil(6);
        let to = text.len() * 8 / 6;
        all.push(encoded.as_bytes()[from..to].to_vec());
    }
    all
}

fn found_in(bytes: &[u8]) -> Vec<&'static str> {
    let has = |secret: &str| {
        spellings(secret)
            .iter()
            .any(|one| memchr::memmem::find(bytes, one).is_some())
    };
    PLANTED
        .iter()
        .filter(|(_, secret)| has(secret))
        .map(|(what, _)| *what)
        .collect()
}

#[test]
fn every_spelling_is_found() {
    let standard = base64::engine::general_purpose::STANDARD;
    for (what, secret) in PLANTED {
        for shift in 0..3 {
            let text = format!("{}{secret} and more", "-".repeat(shift));
            assert_eq!(found_in(text.as_bytes()), [what]);
            assert_eq!(found_in(standard.encode(&text).as_bytes()), [what]);
        }
        assert_eq!(found_in(hex::encode(secret).as_bytes()), [what]);
    }
    assert!(found_in(b"nothing of that").is_empty());
}

/// The example with a Secret, for one environment.
fn workspace(to: &Path) {
    site::copy_example(to, |yaml| {
        let stages = yaml["pipeline"].as_array_mut().unwrap();
        stages[0]["soakSeconds"] = json!(0);
        let environments = stages[0]["environments"].as_array_mut().unwrap();
        environments.truncate(1);
        yaml["draft"]["declarations"].as_array_mut().unwrap().push(
            json!({ "text": "new credentials", "object": "Secret/fission-router-credentials" }),
        );
    });
    for module in std::fs::read_dir(to.join("modules")).unwrap().flatten() {
        for environment in ["bj-test", "bj-ontest"] {
            std::fs::remove_dir_all(module.path().join(environment)).unwrap();
        }
    }
    let secret = json!({
        "apiVersion": "v1", "kind": "Secret",
        "metadata": {
            "name": "fission-router-credentials", "namespace": "fission-dev",
            "labels": { "app.kubernetes.io/name": "fission-router", "app.kubernetes.io/part-of": "fission" },
        },
        "stringData": { "password": "planted-new-secret-60f9" },
    });
    let folder = to.join("modules/fission-router/bj-dev");
    std::fs::write(folder.join("secret.yaml"), secret.to_string()).unwrap();
}

/// Contexts that cannot be used, each with a secret of its own.
fn kubeconfig(file: &Path, good: &str) {
    let mut config: serde_json::Value = serde_saphyr::from_str(good).unwrap();
    let server = config["clusters"][0]["cluster"]["server"].clone();
    let clusters = [
        (
            "proxied",
            json!({ "server": server, "proxy-url": "http://me:planted-proxy-77aa@127.0.0.1:9/" }),
        ),
        (
            "named",
            json!({ "server": "https://me:planted-server-9b02@127.0.0.1:9/" }),
        ),
    ];
    for (name, cluster) in clusters {
        let entry = json!({ "name": name, "cluster": cluster });
        config["clusters"].as_array_mut().unwrap().push(entry);
    }
    let command = json!({
        "apiVersion": "client.authentication.k8s.io/v1", "interactiveMode": "Never",
        "command": "/bin/true", "env": [{ "name": "TOKEN", "value": "planted-variable-c4de" }],
    });
    let users = [
        (
            "password",
            json!({ "username": "me", "password": "planted-password-5f1c" }),
        ),
        ("command", json!({ "exec": command })),
    ];
    for (name, user) in users {
        let entry = json!({ "name": name, "user": user });
        config["users"].as_array_mut().unwrap().push(entry);
    }
    for (name, cluster, user) in [
        ("with-password", site::CONTEXT, "password"),
        ("with-command", site::CONTEXT, "command"),
        ("with-proxy", "proxied", "password"),
        ("with-name", "named", "password"),
    ] {
        let context = json!({ "name": name, "context": { "cluster": cluster, "user": user } });
        config["contexts"].as_array_mut().unwrap().push(context);
    }
    std::fs::write(file, config.to_string()).unwrap();
}

async fn page(play: &Play, found: &mut Vec<String>, at: &str) {
    // Typed values are not in the page's text; nothing else may keep them either.
    let script = "return document.documentElement.outerHTML + JSON.stringify({ ...localStorage, ...sessionStorage }) + document.title";
    let text = play.window().script(script, vec![]).await.said();
    for what in found_in(text.as_str().unwrap().as_bytes()) {
        found.push(format!("{what} on the page: {at}"));
    }
}

#[tokio::test]
async fn planted_secrets_are_nowhere_afterwards() {
    let Some(desk) = Desk::set_up("secrets").await else {
        return;
    };
    let folder = desk.desktop.folder().to_owned();
    let planted = folder.join("planted");
    std::fs::create_dir(&planted).unwrap();
    workspace(&planted.join("workspace"));
    let cluster = site::cluster(&[]).await;
    let live = json!({
        "apiVersion": "v1", "kind": "Secret",
        "metadata": { "name": "fission-router-credentials", "namespace": "fission-dev" },
        "stringData": { "password": "planted-live-secret-18e3" },
    });
    cluster.apply_manifest(&live.to_string()).await.unwrap();
    let good = cluster.kubeconfig("zhangsan");
    kubeconfig(&planted.join("kubeconfig"), &good);
    std::fs::write(planted.join("good"), good).unwrap();

    let mut found = Vec::new();
    let mut play = Play::new(desk.window().await);
    play.open_workspace(&planted.join("workspace")).await.said();
    play.create_keys().await.said();
    page(&play, &mut found, "people").await;
    play.look_into(&planted.join("kubeconfig"), "with-password")
        .await
        .said();
    page(&play, &mut found, "import").await;
    play.window().press("import-close").await.said();
    play.bind(&planted.join("good"), site::CONTEXT, "bj-dev")
        .await
        .said();
    page(&play, &mut found, "environments").await;
    wrong_passphrase(&play).await;
    page(&play, &mut found, "wrong passphrase").await;
    play.create_release().await.said();
    play.prepare(&STOP).await.said();
    play.window().press("nav-changes").await.said();
    for object in play.window().ids("object-").await.said() {
        play.window().press(&object).await.said();
        page(&play, &mut found, &object).await;
    }
    play.pass_gate(&STOP).await.said();
    for module in ["fission-executor", "fission-router"] {
        play.roll_out(&STOP.environments[0], module).await.said();
        page(&play, &mut found, module).await;
    }
    play.export_audit(&folder.join("program")).await.said();
    page(&play, &mut found, "audit").await;
    play.upgrade_record().await.said();
    play.roll_back(&STOP.environments[0]).await.said();
    let back = cluster
        .object("v1", "Secret", "fission-dev", "fission-router-credentials")
        .expect("the Secret");
    let old = base64::engine::general_purpose::STANDARD.encode("planted-live-secret-18e3");
    assert_eq!(back["data"]["password"], old, "the way back had it");
    // What cannot be reached is told, with what its address hides.
    cluster.shutdown().await;
    play.window().key(&['\u{e009}', 'i']).await.said();
    play.window()
        .wait_attribute("banner", "data-identity", LIMITS.work, |state| {
            state != "verified"
        })
        .await
        .said();
    page(&play, &mut found, "unreachable").await;
    for told in desk.desktop.notifications().unwrap().shown() {
        let text = format!("{} {}", told.summary, told.body);
        for what in found_in(text.as_bytes()) {
            found.push(format!("{what} in a notification: {text}"));
        }
    }
    play.into_window().close().await.said();

    let files = files(&folder);
    let all: Vec<_> = files
        .iter()
        .filter(|file| !file.starts_with(&planted))
        .collect();
    assert!(all.iter().any(|file| file.ends_with("record.jsonl")));
    assert!(all.iter().any(|file| file.ends_with("ledger.sqlite")));
    for file in &all {
        for what in found_in(&std::fs::read(file).unwrap_or_default()) {
            found.push(format!("{what} in {}", file.display()));
        }
    }
    println!("{} secrets, {} files searched", PLANTED.len(), all.len());
    assert!(found.is_empty(), "{found:#?}");
}

/// Locks the operator's key and fails to open it.
async fn wrong_passphrase(play: &Play) {
    let window = play.window();
    window.press("person-chip").await.said();
    window.press("key-lock-zhangsan").await.said();
    window.press("key-unlock-zhangsan").await.said();
    window
        .type_into("passphrase", "planted-wrong-phrase-2d41")
        .await
        .said();
    window.press("key-confirm").await.said();
    window.wait_for("failure").await.said();
    window.type_into("passphrase", PASSPHRASE).await.said();
    window.press("key-confirm").await.said();
    window
        .wait_attribute("key-state-zhangsan", "data-state", LIMITS.work, |state| {
            state == "unlocked"
        })
        .await
        .said();
    window.press("people-close").await.said();
    window.wait_gone("people-dialog", LIMITS.step).await.said();
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .flat_map(|entry| match entry.file_type() {
            Ok(kind) if kind.is_dir() => files(&entry.path()),
            Ok(kind) if kind.is_file() => vec![entry.path()],
            _ => Vec::new(),
        })
        .collect()
}
