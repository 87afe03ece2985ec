//! Every command of the window, called as a page that somebody else controls would call it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use acceptance::window::Window;
use serde_json::{Value, json};

use crate::desk::{Desk, Said};
use crate::permissions::COMMANDS;

/// What a command takes, as the window would send it.
fn arguments(command: &str) -> Value {
    let place = json!({ "release": "REL-20260915-01", "environment": "bj-dev" });
    let stage = json!({ "release": "REL-20260915-01", "stage": "bj-offline" });
    let with = |base: &Value, more: Value| {
        let mut all = base.as_object().unwrap().clone();
        all.extend(more.as_object().unwrap().clone());
        Value::Object(all)
    };
    match command {
        "preferences_set" => {
            json!({ "preferences": { "language": "en", "theme": "light", "zoom": 100 } })
        }
        "workspace_open" => json!({ "path": "/nowhere" }),
        "help_ask"
        | "release_view"
        | "release_finish"
        | "interrupted_view"
        | "interrupted_continue" => json!({ "release": "REL-20260915-01" }),
        // With a purpose that there is it would ask a person, and wait.
        "path_choose" => json!({ "purpose": "x", "title": "x", "near": "/nowhere" }),
        "key_lock" => json!({ "person": "zhangsan" }),
        "seat_take" | "key_unlock" => json!({ "person": "nobody", "passphrase": "x" }),
        "key_register" => json!({ "form": {
            "person": "nobody", "passphrase": "x", "witness": "zhangsan", "witness_passphrase": "x",
        } }),
        "kubeconfig_preview" => json!({ "source": { "text": "x" } }),
        "contexts_import" => {
            json!({ "form": { "source": { "text": "x" }, "contexts": ["x"], "embed_files": false } })
        }
        "context_forget" => json!({ "name": "nobody" }),
        "plugin_allow" => json!({ "context": "x", "path": "/bin/true", "sha256": "00" }),
        "data_back_up" | "data_restore" => json!({ "folder": "/nowhere" }),
        "certificate_presented" => json!({ "environment": "bj-dev", "context": "x" }),
        "certificate_pin" => {
            json!({ "environment": "bj-dev", "context": "x", "sha256": "00" })
        }
        "environment_probe" => json!({ "environment": "bj-dev", "context": "x" }),
        "environment_bind" => json!({ "environment": "bj-dev", "context": "x", "probe": {
            "uid": "x", "url": "https://x", "ca": "00", "version": "v1", "user": "x",
            "clock_skew_s": 0, "rehearsal": false, "shared_with": [],
        } }),
        "permissions_check" | "environment_select" | "identity_verify" => {
            json!({ "environment": "bj-dev" })
        }
        "release_create" => json!({ "form": {
            "title": "x", "background": "x", "level": "low", "operator": "zhangsan",
            "verifier": "lisi", "manager": "wangwu",
            "modules": [{ "module": "x", "version": "1" }],
            "documents": [{ "title": "x", "url": "https://x" }],
            "declarations": [{ "text": "x", "object": "*", "path": "" }],
        } }),
        "release_cancel" => json!({ "release": "REL-20260915-01", "reason": "x" }),
        "document_open" => {
            json!({ "release": "REL-20260915-01", "document": 0, "address": "https://x/" })
        }
        "checklist_view" | "gate_open" => stage,
        "tick" => json!({ "release": "REL-20260915-01", "form": {
            "stage": "bj-offline", "item": "x", "passed": true, "note": "x",
        } }),
        "waive" => json!({ "release": "REL-20260915-01", "form": {
            "stage": "bj-offline", "condition": "soakPassed", "reason": "x",
            "make_up_by": "2026-09-15T00:00:00Z",
        } }),
        "waiver_ask" => with(&stage, json!({ "condition": "soakPassed", "reason": "x" })),
        "item_probe" => with(&stage, json!({ "item": "x" })),
        "vote" => with(&stage, json!({ "go": true, "reason": "x" })),
        "changes_run" | "changes_view" | "backup_take" | "rollout_pause" | "rollout_resume"
        | "rollout_stop" | "rollout_view" | "way_back" | "rollback_preview" => place,
        "rollout_lift_pause" => with(&place, json!({ "object": "x", "reason": "x" })),
        "rollout_confirm_seen" => with(&place, json!({ "objects": ["x"], "note": "x" })),
        "changes_review" => with(&place, json!({ "digest": "00" })),
        "change_declare" => json!({ "release": "REL-20260915-01", "form": {
            "text": "x", "object": "*", "path": "",
        } }),
        "arm" => with(&place, json!({ "module": "x", "typedName": "x" })),
        "rollout_start" => with(&place, json!({ "module": "x" })),
        "logs_open" => with(
            &place,
            json!({ "module": "x", "channel": "__CHANNEL__:4711" }),
        ),
        "logs_acknowledge" => json!({ "stream": 1, "sequence": 1 }),
        "logs_close" => json!({ "stream": 1 }),
        "ledger_page" => json!({ "query": {
            "words": "", "release": null, "environment": null, "person": null, "verb": null,
            "before": null, "limit": 10,
        } }),
        "ledger_detail" => json!({ "sequence": 1 }),
        "ledger_export" => json!({ "format": "jsonLines", "path": "record.jsonl" }),
        "upgrade_record" => json!({ "release": null }),
        // Ending the program is what this test does not want; where nothing goes on it is refused.
        "closing_answer" => json!({ "choice": "stay" }),
        _ => json!({}),
    }
}

/// Every value among the arguments is replaced by each of these, one at a time, or left out.
fn wrong() -> Vec<Value> {
    vec![
        json!(null),
        json!(-1),
        json!(1.5e300),
        json!(true),
        json!([]),
        json!({ "__proto__": { "x": 1 } }),
        json!("../../../../../../etc/passwd"),
        json!("/etc/passwd"),
        json!("/dev/stdin\u{0}"),
        json!("'; DROP TABLE entries; --<img src=x onerror=1>\u{202e}"),
        json!("*\" OR NEAR(a b"),
        json!(["x", { "y": [[[[[[[[1]]]]]]]] }]),
    ]
}

/// Where values are among the arguments.
fn places(value: &Value, at: &str, into: &mut Vec<String>) {
    match value {
        Value::Object(all) => {
            for (name, one) in all {
                let here = format!("{at}/{name}");
                into.push(here.clone());
                places(one, &here, into);
            }
        }
        Value::Array(all) => {
            for (index, one) in all.iter().enumerate() {
                let here = format!("{at}/{index}");
                into.push(here.clone());
                places(one, &here, into);
            }
        }
        _ => {}
    }
}

fn without(value: &Value, place: &str) -> Value {
    let mut value = value.clone();
    let (parent, name) = place.rsplit_once('/').unwrap();
    if let Some(parent) = value.pointer_mut(parent).and_then(Value::as_object_mut) {
        parent.remove(name);
    }
    value
}

fn replaced(value: &Value, place: &str, by: &Value) -> Value {
    let mut value = value.clone();
    *value.pointer_mut(place).unwrap() = by.clone();
    value
}

/// Calls a command with all of these. `HUGE` in the arguments becomes a text of a million letters
/// there, so that it has to cross only once.
const CALL: &str = r#"
const [command, calls, done] = arguments;
const huge = 'x'.repeat(1 << 20);
const filled = (value) => value === 'HUGE' ? huge : Array.isArray(value) ? value.map(filled)
  : value && typeof value === 'object' ? Object.fromEntries(Object.entries(value).map(([name, one]) => [name, filled(one)])) : value;
const late = () => new Promise((next) => setTimeout(() => next('late'), 15000));
(async () => {
  const came = [];
  for (const call of calls) {
    const asked = window.__TAURI_INTERNALS__.invoke(command, filled(call)).then(() => 'answered',
      (failure) => failure && typeof failure.code === 'string' ? `failure ${failure.code}` : `text ${String(failure).slice(0, 200)}`);
    came.push(await Promise.race([asked, late()]));
  }
  return came;
})().then(done, (error) => done([String(error)]));
"#;

async fn call(window: &Window, command: &str, calls: &[Value]) -> Vec<String> {
    let came = window.script_until(CALL, vec![json!(command), json!(calls)]);
    let came = came.await.said();
    let came = came.as_array().unwrap().iter();
    came.map(|one| one.as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn every_command_bears_every_argument() {
    let Some(desk) = Desk::set_up("calls").await else {
        return;
    };
    let window = desk.window().await;
    window.wait_for("open-example").await.said();
    let before = files(desk.desktop.folder(), &desk.data_folder());
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let mut bad = Vec::new();
    for command in COMMANDS {
        // It takes nothing, and starts three clusters.
        if command == "workspace_open_example" {
            continue;
        }
        let good = arguments(command);
        let mut at = Vec::new();
        places(&good, "", &mut at);
        let mut calls = vec![good.clone(), json!({}), json!({ "extra": "HUGE" })];
        for place in &at {
            calls.push(without(&good, place));
            calls.extend(wrong().iter().map(|by| replaced(&good, place, by)));
        }
        let huge: Vec<_> = at
            .iter()
            .map(|place| replaced(&good, place, &json!("HUGE")))
            .collect();
        for part in calls.chunks(40) {
            for (call, came) in part.iter().zip(call(&window, command, part).await) {
                let kind = came.split(' ').take(2).collect::<Vec<_>>().join(" ");
                *counts.entry(kind).or_default() += 1;
                if !known(command, &came) {
                    bad.push(format!("{command} {}: {came}", short(call)));
                }
            }
        }
        for part in huge.chunks(10) {
            for (call, came) in part.iter().zip(call(&window, command, part).await) {
                // A kubeconfig may have a million letters, and is then none.
                if came == "answered" || !known(command, &came) {
                    bad.push(format!("{command} {}: {came}", short(call)));
                }
            }
        }
    }
    println!("{counts:#?}");
    assert!(bad.is_empty(), "{bad:#?}");
    assert!(counts.values().sum::<usize>() > 1000);

    // What is none of ours is refused by name.
    for foreign in [
        "plugin:fs|read_text_file",
        "plugin:shell|execute",
        "plugin:window|set_title",
        "plugin:window|close",
        "plugin:webview|create_webview_window",
        "plugin:app|version",
        "plugin:path|resolve_directory",
        "plugin:event|emit",
        "plugin:event|emit_to",
        "plugin:opener|open_url",
        "plugin:resources|close",
        "plugin:menu|new",
        "plugin:image|from_path",
        "plugin:notification|notify",
        "plugin:notification|is_permission_granted",
        "plugin:notification|request_permission",
        "plugin:notification|register_action_types",
        "plugin:notification|register_listener",
        "plugin:notification|remove_active",
        "not_a_command",
    ] {
        let came = call(&window, foreign, &[json!({})]).await;
        assert!(came[0].starts_with("text "), "{foreign}: {came:?}");
        let said = &came[0];
        let refused = ["not allowed", "not found", "denied"];
        assert!(
            refused.iter().any(|word| said.contains(word)),
            "{foreign}: {came:?}"
        );
    }

    // It is still there, sound, and has written nowhere else.
    assert_eq!(call(&window, "start", &[json!({})]).await, ["answered"]);
    window.press("nav-audit").await.said();
    window.press("audit-verify").await.said();
    window.wait_for("chain-verdict").await.said();
    assert_eq!(window.attribute("chain", "data-broken").await.said(), None);
    assert_eq!(files(desk.desktop.folder(), &desk.data_folder()), before);
    for (file, text) in texts(desk.desktop.folder()) {
        assert!(!text.contains("panicked at"), "{}: {text}", file.display());
    }
}

/// What is no failure of ours is the framework's word on arguments of a wrong form. An entry that
/// the ledger does not have can only be asked for by somebody who makes numbers up.
fn known(command: &str, came: &str) -> bool {
    let made_up = command == "ledger_detail" && came == "failure internal";
    came == "answered"
        || made_up
        || (came.starts_with("failure ") && came != "failure internal")
        || came.starts_with("text invalid args")
        || came.starts_with("text invalid channel")
}

fn short(call: &Value) -> String {
    call.to_string().chars().take(200).collect()
}

/// All files of the desktop but those of the program's data folder, and those that the system's own
/// parts write for themselves: caches, the keychain, logs.
fn files(folder: &Path, data: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let own = ["cache", "run", "data", "config"].map(|part| folder.join(part));
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path == data || own.contains(&path) || path.extension().is_some_and(|end| end == "log") {
            continue;
        }
        if path.is_dir() {
            found.extend(files(&path, data));
        } else {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// What the program and its driver printed.
fn texts(folder: &Path) -> Vec<(PathBuf, String)> {
    let entries = std::fs::read_dir(folder).unwrap().flatten();
    let logs = entries.filter(|entry| entry.path().extension().is_some_and(|end| end == "log"));
    logs.map(|entry| {
        let text = std::fs::read(entry.path()).unwrap_or_default();
        (entry.path(), String::from_utf8_lossy(&text).into_owned())
    })
    .collect()
}
