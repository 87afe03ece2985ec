//! Whose seat it is: nobody signs for somebody else, a forgotten passphrase is replaced before a witness,
//! and harm is taken away from a locked seat.

use std::time::Duration;

use acceptance::play::Play;
use acceptance::play::example::{MANAGER, OPERATOR, PASSPHRASE, Person, STOPS, VERIFIER};
use acceptance::window::{LIMITS, Window};
use serde_json::{Value, json};

use crate::desk::{Desk, Said};

/// What the verifier chooses after having forgotten the first one.
const SECOND: &str = "lighthouse keeper 2026";
/// The shortest idle time, with what a busy machine takes to notice.
const IDLE: Duration = Duration::from_secs(60 + 45);

#[tokio::test]
async fn nobody_signs_as_the_verifier_but_the_verifier() {
    let Some(desk) = Desk::set_up("seats").await else {
        return;
    };
    let mut play = Play::new(desk.window().await);
    play.first_start().await.said();
    play.create_keys().await.said();
    play.create_release().await.said();

    // The verifier signs once, and the operator sits down again.
    play.sit(VERIFIER).await.said();
    tick(play.window(), "tested-offline").await;
    let signed = newest(play.window(), "itemTicked").await;
    play.sit(OPERATOR).await.said();
    key_of(play.window(), VERIFIER, "locked").await;

    // The seat is not to be had with a passphrase that is not the verifier's.
    let window = play.window();
    ask_to_sit(window, VERIFIER, "harbour pilot 2025").await;
    assert_eq!(
        window.failure_code("failure").await.said(),
        "passphraseWrong"
    );
    window.press("key-cancel").await.said();
    window.press("people-close").await.said();
    seated(window, OPERATOR).await;
    // Nor does the program sign for the verifier, whatever the window asks it for.
    let item =
        json!({ "stage": STOPS[0].id, "item": "observation-agreed", "passed": true, "note": null });
    let release = release(window).await;
    let asked = call(window, "tick", json!({ "release": release, "form": item })).await;
    assert_eq!(asked, "refused roleMissing");
    let unlock = json!({ "person": VERIFIER.id, "passphrase": PASSPHRASE });
    assert_eq!(call(window, "key_unlock", unlock).await, "formInvalid");
    key_of(window, VERIFIER, "locked").await;
    let alone = json!({ "form": {
        "person": VERIFIER.id, "passphrase": SECOND, "witness": null, "witness_passphrase": null,
    } });
    let unwitnessed = call(window, "key_register", alone).await;
    assert_eq!(unwitnessed, "refused witnessNeeded");

    // The operator as the witness of the verifier's new key: it is registered, and signs nothing here.
    replace_key(window, VERIFIER, SECOND, OPERATOR).await;
    let asked = call(window, "tick", json!({ "release": release, "form": item })).await;
    assert_eq!(asked, "refused witnessedByOther");

    // The manager as the witness: a wrong passphrase of hers changes nothing, and then it is done.
    window.press("person-chip").await.said();
    new_key_form(window, VERIFIER, PASSPHRASE, MANAGER, "mistyped by her").await;
    window.press("key-confirm").await.said();
    assert_eq!(
        window.failure_code("failure").await.said(),
        "passphraseWrong"
    );
    window
        .type_into("witness-passphrase", PASSPHRASE)
        .await
        .said();
    window.press("key-confirm").await.said();
    window.wait_gone("key-dialog", LIMITS.work).await.said();
    let periods = window.read("key-periods-lisi").await.said();
    assert_eq!(periods.matches("SHA256:").count(), 3, "{periods}");
    window.press("people-close").await.said();
    seated(window, VERIFIER).await;
    tick(window, "observation-agreed").await;

    // The old passphrase opens nothing any more; what the old key signed stays valid.
    play.sit(MANAGER).await.said();
    let window = play.window();
    ask_to_sit(window, VERIFIER, SECOND).await;
    assert_eq!(
        window.failure_code("failure").await.said(),
        "passphraseWrong"
    );
    window.press("key-cancel").await.said();
    window.press("people-close").await.said();
    let signed = entry(window, &signed["row"]["sequence"]).await;
    assert_eq!(signed["signature_valid"], true, "{signed}");
    assert!(signed["signature_key"]["until"].is_string(), "{signed}");
    let registered = newest(window, "keyRegistered").await;
    assert_eq!(
        registered["signature"]["person"], MANAGER.id,
        "{registered}"
    );
    assert_eq!(registered["signature_valid"], true, "{registered}");
    // The same in the window.
    window.press("nav-audit").await.said();
    // A key belongs to no release.
    window.press("audit-release-clear").await.said();
    let sequence = &registered["row"]["sequence"];
    window.press(&format!("audit-row-{sequence}")).await.said();
    let verdict = window.read("audit-detail-verdict").await.said();
    assert!(verdict.contains("签名均有效"), "{verdict}");
    let whose = window.read("audit-signature-key").await.said();
    assert!(whose.contains("登记"), "{whose}");
}

#[tokio::test]
async fn an_idle_seat_is_locked_and_still_rolls_back() {
    let Some(desk) = Desk::set_up("idle").await else {
        return;
    };
    std::fs::create_dir_all(desk.data_folder()).unwrap();
    let preferences = json!({
        "language": "zh-CN", "theme": "light", "zoom": 100, "lock_after_minutes": 1,
    });
    let file = desk.data_folder().join("preferences.json");
    std::fs::write(file, preferences.to_string()).unwrap();
    let mut play = Play::new(desk.window().await);
    let (place, module) = play.first_rollout().await.said();
    play.watch(module, |status| status == "passed").await.said();
    play.window()
        .wait_attribute("person-chip", "data-key", IDLE, |state| state == "locked")
        .await
        .said();
    play.roll_back(place).await.said();
    let window = play.window();
    assert!(!window.shows("passphrase").await.said());
    let key = window.attribute("person-chip", "data-key").await.said();
    assert_eq!(key.as_deref(), Some("locked"));
    let back = newest(window, "wayBackStarted").await;
    assert_eq!(back["row"]["person"], OPERATOR.id, "{back}");
    assert_eq!(back["row"]["from_seat"], true, "{back}");
    assert!(back["signature"].is_null(), "{back}");
    // Forward asks for it again.
    let arm = json!({
        "release": release(window).await, "environment": place.id,
        "module": module, "typedName": null,
    });
    assert_eq!(call(window, "arm", arm).await, "keyLocked");
    // Whoever leaves the seat leaves nothing unlocked behind.
    play.sit(MANAGER).await.said();
    let window = play.window();
    window.press("person-chip").await.said();
    window.press("person-leave").await.said();
    window.press("people-close").await.said();
    let emptied = |id: &str| id.is_empty();
    window
        .wait_attribute("person-chip", "data-person", LIMITS.step, emptied)
        .await
        .said();
    key_of(window, MANAGER, "locked").await;
}

/// Signs an item of the first stop's checklist as who is in the seat.
async fn tick(window: &Window, item: &str) {
    window.press("nav-checklist").await.said();
    window.wait_for("screen-checklist").await.said();
    window.choose("checklist-stage", STOPS[0].id).await.said();
    window.press("phase-pre").await.said();
    window.press(&format!("tick-{item}")).await.said();
    window
        .wait_attribute(
            &format!("item-{item}"),
            "data-state",
            LIMITS.work,
            |state| state == "passed",
        )
        .await
        .said();
}

/// Types a passphrase to sit down as somebody, and leaves the dialogs as they are.
async fn ask_to_sit(window: &Window, person: Person, passphrase: &str) {
    window.press("person-chip").await.said();
    window.press(&format!("person-{}", person.id)).await.said();
    window.type_into("passphrase", passphrase).await.said();
    window.press("key-confirm").await.said();
}

async fn seated(window: &Window, person: Person) {
    window
        .wait_attribute("person-chip", "data-person", LIMITS.step, |id| {
            id == person.id
        })
        .await
        .said();
}

/// Looks at the state of somebody's key among the people.
async fn key_of(window: &Window, person: Person, wanted: &str) {
    window.press("person-chip").await.said();
    window
        .wait_attribute(
            &format!("key-state-{}", person.id),
            "data-state",
            LIMITS.step,
            |state| state == wanted,
        )
        .await
        .said();
    window.press("people-close").await.said();
    window.wait_gone("people-dialog", LIMITS.step).await.said();
}

/// Fills in the form of a new key; the list of people is open.
async fn new_key_form(
    window: &Window,
    person: Person,
    passphrase: &str,
    witness: Person,
    witnessed: &str,
) {
    window
        .press(&format!("key-forgot-{}", person.id))
        .await
        .said();
    window.type_into("passphrase", passphrase).await.said();
    window
        .type_into("passphrase-again", passphrase)
        .await
        .said();
    window.choose("key-witness", witness.id).await.said();
    window
        .type_into("witness-passphrase", witnessed)
        .await
        .said();
}

async fn replace_key(window: &Window, person: Person, passphrase: &str, witness: Person) {
    window.press("person-chip").await.said();
    new_key_form(window, person, passphrase, witness, PASSPHRASE).await;
    if witness == OPERATOR {
        window.wait_for("key-witness-counterpart").await.said();
    }
    window.press("key-confirm").await.said();
    window.wait_gone("key-dialog", LIMITS.work).await.said();
    window.press("people-close").await.said();
    seated(window, person).await;
}

/// The newest entry of a kind in the audit log, with everything.
async fn newest(window: &Window, verb: &str) -> Value {
    let query = json!({ "query": {
        "words": "", "release": null, "environment": null, "person": null, "verb": verb,
        "before": null, "limit": 1,
    } });
    let page = answer(window, "ledger_page", query).await;
    let sequence = page["rows"][0]["sequence"].clone();
    assert!(sequence.is_u64(), "no {verb}: {page}");
    entry(window, &sequence).await
}

async fn entry(window: &Window, sequence: &Value) -> Value {
    answer(window, "ledger_detail", json!({ "sequence": sequence })).await
}

/// The one release of the workspace.
async fn release(window: &Window) -> Value {
    let workspace = answer(window, "workspace_view", json!({})).await;
    workspace["releases"][0]["id"].clone()
}

async fn answer(window: &Window, command: &str, arguments: Value) -> Value {
    const ASK: &str = r"
const done = arguments[2];
window.__TAURI_INTERNALS__.invoke(arguments[0], arguments[1]).then(done, done);
";
    window
        .script_until(ASK, vec![json!(command), arguments])
        .await
        .said()
}

/// Asks the program past the window's buttons; how it refuses.
async fn call(window: &Window, command: &str, arguments: Value) -> String {
    const CALL: &str = r"
const done = arguments[2];
window.__TAURI_INTERNALS__.invoke(arguments[0], arguments[1]).then(
  () => done('done'),
  (failure) => done(failure.code === 'refused' ? `refused ${failure.params.refusal}` : String(failure.code)));
";
    let came = window
        .script_until(CALL, vec![json!(command), arguments])
        .await
        .said();
    came.as_str().unwrap_or_default().to_owned()
}
