//! A workstation without a keychain.

use acceptance::desktop::Parts;
use acceptance::window::LIMITS;

use crate::desk::{Desk, Said};

#[tokio::test]
async fn without_a_keychain_nothing_is_stored_and_it_says_why() {
    let parts = Parts {
        keychain: false,
        notifications: true,
    };
    let Some(desk) = Desk::with("keychain", parts).await else {
        return;
    };
    let window = desk.window().await;
    let code = |testid: &'static str| {
        let window = &window;
        async move {
            window
                .wait_attribute(testid, "data-code", LIMITS.work, |code| !code.is_empty())
                .await
                .said()
        }
    };
    window
        .wait_attribute("keychain-state", "data-state", LIMITS.work, |state| {
            state == "bad"
        })
        .await
        .said();
    assert_eq!(code("keychain-failure").await, "keychainMissing");
    // The example's credentials have nowhere to go: it is refused, and no file takes them instead.
    window.press("open-example").await.said();
    assert_eq!(code("failure").await, "keychainMissing");
    let written = files(&desk.data_folder());
    let leaked = written.iter().find(|path| {
        let bytes = std::fs::read(path).unwrap_or_default();
        String::from_utf8_lossy(&bytes).contains("token:")
    });
    assert_eq!(leaked, None);
}

fn files(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .flat_map(|entry| match entry.file_type() {
            Ok(kind) if kind.is_dir() => files(&entry.path()),
            _ => vec![entry.path()],
        })
        .collect()
}
