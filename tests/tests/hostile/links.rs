//! A document's address leads outside only after all of it was shown.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use acceptance::desktop::{LIMITS, until};
use acceptance::folders;
use acceptance::play::Play;
use acceptance::window::{Window, WindowFailure};
use serde_json::json;

use crate::desk::{Desk, Said};
use crate::site;

/// A desktop's opener that only writes down what it was asked to open.
struct Opener {
    folder: PathBuf,
}

impl Opener {
    fn new(folder: &Path) -> Opener {
        let folder = folder.join("opener");
        std::fs::create_dir(&folder).unwrap();
        for name in ["xdg-open", "gio", "gnome-open", "kde-open"] {
            let file = folder.join(name);
            let asked = folder.join("asked");
            let script = format!(
                "#!/bin/sh\nprintf '%s\\n' \"$#\" \"$@\" >> '{}'\n",
                asked.display()
            );
            std::fs::write(&file, script).unwrap();
            std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).unwrap();
        }
        Opener { folder }
    }

    fn path(&self) -> (String, String) {
        let path = std::env::var("PATH").unwrap_or_default();
        (
            "PATH".to_owned(),
            format!("{}:{path}", self.folder.display()),
        )
    }

    fn asked(&self) -> String {
        std::fs::read_to_string(self.folder.join("asked")).unwrap_or_default()
    }
}

#[tokio::test]
async fn a_document_opens_outside_only_as_it_was_shown() {
    let Some(desk) = Desk::set_up("links").await else {
        return;
    };
    let folder = desk.desktop.folder();
    let opener = Opener::new(folder);
    let documents = json!([
        { "title": "plain", "url": "https://docs.example/releases/26Q3-05?a=1&b=2#top" },
        { "title": "looks like another", "url": "https://аррӏе.example/\u{202e}gpj.exe" },
        { "title": "two hosts", "url": "https://docs.example@evil.example/" },
        { "title": "shell", "url": "https://docs.example/$(touch pwned);`id`'\"|x" },
    ]);
    let workspace = folder.join("workspace");
    site::copy_example(&workspace, |yaml| yaml["draft"]["documents"] = documents);

    let (data, evidence, path) = (
        desk.data_folder(),
        folders::evidence("links"),
        [opener.path()],
    );
    let opened = Window::open_with(&desk.desktop, &data, &evidence, &path).await;
    let mut play = Play::new(opened.said());
    play.open_workspace(&workspace).await.said();
    play.create_keys().await.said();
    play.create_release().await.said();
    let window = play.window();

    let plain = "https://docs.example/releases/26Q3-05?a=1&b=2#top";
    assert_eq!(
        look(window, 0).await,
        ("docs.example".to_owned(), plain.to_owned())
    );
    window
        .screenshot(&folders::evidence("links-seen").join("plain.png"))
        .await
        .said();
    window.press("document-keep").await.said();
    gone(window).await;
    assert_eq!(opener.asked(), "", "looking at an address opened it");
    look(window, 0).await;
    window.press("document-open").await.said();
    gone(window).await;
    assert_eq!(asked(&opener, 1).await, format!("1\n{plain}\n"));

    // Letters that look like Latin ones are seen to be none, and nothing turns the address around.
    let (host, address) = look(window, 1).await;
    assert_eq!(host, "xn--80ak6aa92e.example");
    assert_eq!(address, "https://xn--80ak6aa92e.example/%E2%80%AEgpj.exe");
    window.press("document-open").await.said();
    gone(window).await;
    assert!(
        asked(&opener, 2)
            .await
            .ends_with(&format!("1\n{address}\n"))
    );

    // What looks like a host and is a user name is shown, and refused.
    let (host, _) = look(window, 2).await;
    assert_eq!(host, "evil.example");
    window.press("document-open").await.said();
    let refused = |code: &str| !code.is_empty();
    let code = window
        .wait_attribute(
            "failure",
            "data-code",
            acceptance::window::LIMITS.step,
            refused,
        )
        .await
        .said();
    assert_eq!(code, "formInvalid");
    window.press("document-keep").await.said();
    gone(window).await;

    // An address is an argument, never a line for a shell.
    let (_, address) = look(window, 3).await;
    window.press("document-open").await.said();
    gone(window).await;
    assert!(
        asked(&opener, 3)
            .await
            .ends_with(&format!("1\n{address}\n"))
    );

    // Whoever calls the command without having shown it gets nowhere.
    let release = window.read("release-id").await.said();
    for (document, address) in [
        (0, "https://evil.example/"),
        (0, "https://docs.example/"),
        (9, plain),
        (2, "https://docs.example@evil.example/"),
    ] {
        let call = "const [release, document, address, done] = arguments; \
            window.__TAURI_INTERNALS__.invoke('document_open', { release, document, address }) \
              .then(() => done('opened'), (failure) => done(failure.code))";
        let came = window
            .script_until(call, vec![json!(release), json!(document), json!(address)])
            .await
            .said();
        assert_eq!(came, json!("formInvalid"), "{address}");
    }
    assert_eq!(opener.asked().lines().count(), 6);
}

async fn look(window: &Window, index: usize) -> (String, String) {
    window.press(&format!("document-{index}")).await.said();
    window.wait_for("document-dialog").await.said();
    let host = window.read("document-host").await.said();
    let address = window.read("document-address").await.said();
    (host, address)
}

async fn gone(window: &Window) {
    window
        .wait_gone("document-dialog", acceptance::window::LIMITS.step)
        .await
        .said();
}

/// What the opener was asked to open, once it was asked so many times.
async fn asked(opener: &Opener, times: usize) -> String {
    let asked = until(LIMITS.ready, async || {
        let asked = opener.asked();
        Ok::<_, WindowFailure>((asked.lines().count() >= 2 * times).then_some(asked))
    });
    asked.await.said().expect("nothing was opened")
}
