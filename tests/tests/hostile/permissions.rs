//! What the window may call: this list, and nothing else. Whoever adds something has to add it here.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

/// The program's own commands.
pub const COMMANDS: [&str; 75] = [
    "start",
    "preferences_view",
    "preferences_set",
    "workspace_open",
    "workspace_open_example",
    "workspace_view",
    "work_cancel",
    "help_ask",
    "data_back_up",
    "data_restore",
    "path_choose",
    "seat_take",
    "seat_leave",
    "seat_touch",
    "key_register",
    "key_unlock",
    "key_lock",
    "kubeconfig_offers",
    "kubeconfig_preview",
    "contexts_import",
    "contexts_list",
    "context_forget",
    "plugin_allow",
    "certificate_presented",
    "certificate_pin",
    "environment_probe",
    "environment_bind",
    "permissions_check",
    "environment_select",
    "banner_view",
    "identity_verify",
    "release_draft",
    "release_create",
    "release_view",
    "release_cancel",
    "release_finish",
    "document_open",
    "checklist_view",
    "tick",
    "item_probe",
    "waive",
    "waiver_ask",
    "vote",
    "gate_open",
    "changes_run",
    "changes_view",
    "changes_review",
    "change_declare",
    "backup_take",
    "arm",
    "disarm",
    "rollout_start",
    "rollout_pause",
    "rollout_resume",
    "rollout_lift_pause",
    "rollout_confirm_seen",
    "rollout_stop",
    "rollout_view",
    "way_back",
    "rollback_preview",
    "interrupted_view",
    "interrupted_continue",
    "logs_open",
    "logs_acknowledge",
    "logs_close",
    "ledger_page",
    "ledger_detail",
    "chain_view",
    "ledger_verify",
    "ledger_export",
    "upgrade_record",
    "notifications_list",
    "notifications_read",
    "closing_view",
    "closing_answer",
];

/// The content policy, word by word.
pub const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
    font-src 'self'; connect-src ipc: http://ipc.localhost; base-uri 'none'; form-action 'none'; \
    frame-ancestors 'none'";

fn shell(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../src-tauri")
        .join(path)
}

fn read(path: &str) -> String {
    std::fs::read_to_string(shell(path)).unwrap()
}

fn json_of(path: &str) -> Value {
    serde_json::from_str(&read(path)).unwrap()
}

#[test]
fn the_window_may_listen_to_events_and_call_nothing_of_any_plugin() {
    let files: Vec<_> = std::fs::read_dir(shell("capabilities"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(files, ["main.json"]);
    let permissions = json!(["core:event:allow-listen", "core:event:allow-unlisten"]);
    let written = json_of("capabilities/main.json");
    assert_eq!(written["permissions"], permissions);
    assert_eq!(written["windows"], json!(["main"]));
    let known = ["identifier", "description", "windows", "permissions"];
    assert!(
        written
            .as_object()
            .unwrap()
            .keys()
            .all(|key| known.contains(&key.as_str()))
    );
    // What the build made of it: no other capability, nothing for pages from elsewhere.
    let built = json_of("gen/schemas/capabilities.json");
    let built = built.as_object().unwrap();
    assert_eq!(built.keys().collect::<Vec<_>>(), ["main"]);
    assert_eq!(built["main"]["permissions"], permissions);
    assert_eq!(built["main"]["local"], json!(true));
    assert!(built["main"].get("remote").is_none());
    // No permission of our own widens it, and the build declares none.
    assert!(!shell("permissions").exists());
    assert!(read("build.rs").contains("tauri_build::build()"));
}

#[test]
fn the_configuration_is_as_strict_as_it_was_written() {
    let app = &json_of("tauri.conf.json")["app"];
    let security = json!({
        "csp": POLICY,
        "freezePrototype": true,
        "capabilities": ["main"],
    });
    assert_eq!(app["security"], security);
    assert!(app.get("withGlobalTauri").is_none());
    let windows = app["windows"].as_array().unwrap();
    assert_eq!(windows.len(), 1);
    assert_eq!(windows[0]["label"], "main");
    // The shell makes it, with its refusal of other pages.
    assert_eq!(windows[0]["create"], json!(false));
    assert!(windows[0].get("url").is_none());
    assert!(json_of("tauri.conf.json")["build"].get("devUrl").is_none());
    for word in ["unsafe-", "https:", "http://*", "data:", "blob:", "*"] {
        assert!(!POLICY.contains(word), "{word}");
    }
}

#[test]
fn plugins_are_those_that_are_known() {
    let manifest = read("Cargo.toml");
    let plugins: Vec<_> = manifest
        .lines()
        .filter(|line| line.starts_with("tauri-plugin"))
        .collect();
    assert_eq!(
        plugins,
        [
            "tauri-plugin-notification.workspace = true",
            "tauri-plugin-single-instance.workspace = true",
        ]
    );
    let tauri = manifest.lines().find(|line| line.starts_with("tauri."));
    assert_eq!(tauri, Some("tauri.workspace = true"));
}

#[test]
fn the_list_of_commands_is_the_programs() {
    let text = read("src/ipc.rs");
    let list = text.split_once("collect_commands![").unwrap().1;
    let list = list.split_once(']').unwrap().0;
    let listed: Vec<_> = list
        .lines()
        .map(|line| line.trim().trim_end_matches(','))
        .filter(|line| !line.is_empty() && !line.starts_with("//"))
        .map(|path| path.rsplit("::").next().unwrap())
        .collect();
    assert_eq!(listed, COMMANDS);
    // No command besides those: each is written once, with the attribute that the list asks for.
    let mut written = BTreeSet::new();
    for entry in std::fs::read_dir(shell("src/commands")).unwrap() {
        let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        for part in text.split("#[tauri::command]").skip(1) {
            let name = part.split_once("fn ").unwrap().1;
            written.insert(name.split(['(', '<']).next().unwrap().to_owned());
        }
    }
    let expected: BTreeSet<_> = COMMANDS.iter().map(|name| (*name).to_owned()).collect();
    assert_eq!(written, expected);
}
