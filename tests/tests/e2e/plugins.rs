//! A context that logs in with a command of its own.

use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use acceptance::play::Play;
use acceptance::window::LIMITS;
use rehearsal::Cluster;

use crate::desk::{Desk, Said};
use crate::site::{self, TOKEN, spec};

const CONTEXT: &str = "bj-dev-01";
/// What the command says where nobody may keep it.
const SAID: &str = "s3cret-said-on-stderr";

#[tokio::test]
async fn a_credential_command_is_read_allowed_used_and_asked_for_again_when_it_changes() {
    let Some(desk) = Desk::set_up("plugins").await else {
        return;
    };
    let cluster = Cluster::start(spec(3, None, None)).await.unwrap();
    let folder = desk.desktop.folder();
    let command = Command::new(folder);
    let kubeconfig = folder.join("kubeconfig");
    std::fs::write(&kubeconfig, command.kubeconfig(&cluster)).unwrap();

    let mut play = Play::new(desk.window().await);
    let workspace = site::workspace(folder);
    play.open_workspace(&workspace).await.said();
    play.look_into(&kubeconfig, CONTEXT).await.said();
    // Word by word, the one with a blank in it as one.
    let path = command.path.display().to_string();
    for (index, word) in [path.as_str(), "get-token", "--cluster", "bj dev"]
        .into_iter()
        .enumerate()
    {
        let shown = format!("word-{CONTEXT}-zhangsan-{index}");
        assert_eq!(play.window().read(&shown).await.said(), word);
    }
    play.store(CONTEXT).await.said();
    state(&play, "waiting").await;

    // Not allowed: refused, and not run.
    play.ask(CONTEXT, "bj-dev").await.said();
    let code = play
        .window()
        .wait_attribute("failure", "data-code", LIMITS.work, |code| !code.is_empty())
        .await
        .said();
    assert_eq!(code, "pluginNotAllowed");
    assert_eq!(command.runs(), 0);

    play.window()
        .press(&format!("allow-{CONTEXT}"))
        .await
        .said();
    state(&play, "allowed").await;
    play.window().press("import-close").await.said();
    play.probe(CONTEXT, "bj-dev").await.said();
    let probe = play.window().read("probe").await.said();
    assert!(probe.contains("zhangsan"), "{probe}");
    play.pin().await.said();
    verify(&play, "verified").await;
    assert!(command.runs() > 0);

    // One byte more: the credential that it gave is good, and nothing is asked with it any more.
    let runs = command.runs();
    let asked = cluster.requests().len();
    command.install("# one line more\n");
    verify(&play, "unreachable").await;
    play.window()
        .wait_attribute("pin-why", "data-code", LIMITS.step, |code| {
            code == "pluginChanged"
        })
        .await
        .said();
    assert_eq!((command.runs(), cluster.requests().len()), (runs, asked));
    play.window()
        .press(&format!("review-{CONTEXT}"))
        .await
        .said();
    state(&play, "changed").await;
    play.window()
        .press(&format!("allow-{CONTEXT}"))
        .await
        .said();
    play.window()
        .wait_gone("review-dialog", LIMITS.step)
        .await
        .said();
    verify(&play, "verified").await;
    assert!(command.runs() > runs);

    for secret in [TOKEN, SAID] {
        assert_eq!(
            site::file_with(&desk.data_folder(), secret),
            None,
            "{secret}"
        );
    }
    cluster.shutdown().await;
}

async fn state(play: &Play, wanted: &str) {
    let command = format!("command-{CONTEXT}");
    play.window()
        .wait_attribute(&command, "data-state", LIMITS.work, |state| state == wanted)
        .await
        .said();
}

/// Asks the cluster who it is, and waits for what the banner says of it.
async fn verify(play: &Play, wanted: &str) {
    play.window().press("pin-verify").await.said();
    play.window()
        .wait_attribute("banner", "data-identity", LIMITS.work, |state| {
            state == wanted
        })
        .await
        .said();
}

/// A shell script that knows the token.
struct Command {
    path: PathBuf,
    ran: PathBuf,
}

impl Command {
    fn new(folder: &Path) -> Command {
        let folder = folder.join("bin");
        std::fs::create_dir(&folder).unwrap();
        let command = Command {
            path: folder
                .join("login")
                .canonicalize()
                .unwrap_or(folder.join("login")),
            ran: folder.join("ran"),
        };
        command.install("");
        command
    }

    fn install(&self, more: &str) {
        let script = format!(
            "#!/bin/sh\necho run >> '{}'\necho {SAID} >&2\n\
             echo '{{\"apiVersion\":\"client.authentication.k8s.io/v1\",\"kind\":\"ExecCredential\",\"status\":{{\"token\":\"{TOKEN}\"}}}}'\n{more}",
            self.ran.display()
        );
        let mut file = std::fs::File::create(&self.path).unwrap();
        file.write_all(script.as_bytes()).unwrap();
        file.set_permissions(std::fs::Permissions::from_mode(0o755))
            .unwrap();
    }

    fn runs(&self) -> usize {
        let runs = std::fs::read_to_string(&self.ran).unwrap_or_default();
        runs.lines().count()
    }

    /// The cluster's own kubeconfig, with the command in place of the token.
    fn kubeconfig(&self, cluster: &Cluster) -> String {
        let text = cluster.kubeconfig("zhangsan");
        let mut config: serde_json::Value = serde_saphyr::from_str(&text).unwrap();
        config["users"][0]["user"] = serde_json::json!({"exec": {
            "apiVersion": "client.authentication.k8s.io/v1",
            "command": self.path,
            "args": ["get-token", "--cluster", "bj dev"],
            "interactiveMode": "Never",
        }});
        config.to_string()
    }
}
