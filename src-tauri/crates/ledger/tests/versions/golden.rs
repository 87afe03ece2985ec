//! A ledger of every version so far, as that version wrote it, opened by this program.

use std::path::Path;
use std::sync::Arc;

use chrono::SecondsFormat;
use domain::{
    Command, Event, Instant, MutationOutcome, NotAppliedCause, PersonId, Status, Verdict,
};
use engine::ports::{Clock as _, Ledger, Record, Stream, SystemClock};
use engine::{Engine, Limits, Ports};
use ledger::SqliteLedger;
use rusqlite::Connection;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use sqlx::ConnectOptions as _;
use sqlx::sqlite::SqliteConnectOptions;

use crate::common::{
    MANAGER, OPERATOR, Story, VERIFIER, head, identity, object, plan, public, restore_intent,
};
use crate::fakes::{FakeCluster, FakeClusters, FakeNotifier, FakeProbe, FakeVault, MemoryLedger};
use crate::{bless, kept, version};

/// Cancelled after it was rolled back.
const ENDED: &str = "REL-20260914-01";

type Entry = (Value, Instant, Option<String>, Value);

/// A release that fails in its first environment and is rolled back.
fn story() -> Story {
    let mut story = Story::created();
    story.open("bj", &["dev", "test"]);
    story.roll_out("dev", "executor");
    let intent = story.begin("dev", "router");
    let unknown = MutationOutcome::Unknown {
        reason: "no answer".into(),
    };
    story.settle("dev", &intent.id, unknown);
    let live = Some(head("router", "dev", "2"));
    story.settle("dev", &intent.id, MutationOutcome::Applied { live });
    story.wait(60);
    let environment = || "dev".into();
    story.must(
        OPERATOR,
        Command::Conclude {
            environment: environment(),
            module: "router".into(),
            verdict: Verdict::Failed("Deployment/router: no progress for 60 s".into()),
        },
    );
    story.must(
        OPERATOR,
        Command::StartWayBack {
            environment: environment(),
        },
    );
    for module in ["router", "executor"] {
        let intent = restore_intent(&format!("back {module}"), module, "dev");
        let command = story.intend("dev", module, intent.clone());
        story.must(OPERATOR, command);
        let live = Some(head(module, "dev", "3"));
        story.settle("dev", &intent.id, MutationOutcome::Applied { live });
    }
    story.wait(7);
    let done = Command::ConcludeWayBack {
        environment: environment(),
        failure: None,
    };
    story.must(OPERATOR, done);
    story
}

/// What a version wrote down of it.
fn entries(version: i64) -> Vec<Entry> {
    let story = story();
    let mut entries = Vec::new();
    let at = story.events[0].0;
    for person in [OPERATOR, VERIFIER, MANAGER] {
        let event = json!({"type": "keyRegistered", "person": person, "key": public(person)});
        entries.push((
            json!("register"),
            at,
            Some(person.to_owned()),
            json!({"register": event}),
        ));
    }
    let bound = json!({"type": "environmentBound", "environment": "dev", "context": "dev", "identity": identity("dev")});
    entries.push((
        json!("register"),
        at,
        Some(OPERATOR.to_owned()),
        json!({"register": bound}),
    ));
    for id in [ENDED, plan().id.as_str()] {
        let mut events = story.events.clone();
        let (last, actor) = (story.now, Some(PersonId::from(OPERATOR)));
        let extra = MutationOutcome::NotApplied {
            cause: NotAppliedCause::Outdated,
            reason: "changed".into(),
        };
        events.push((
            last,
            None,
            Event::MutationSettled {
                environment: "dev".into(),
                module: "router".into(),
                mutation: "of nobody".into(),
                outcome: extra,
                written: None,
            },
        ));
        events.push((
            last,
            actor.clone(),
            Event::EditKept {
                environment: "dev".into(),
                object: object("router", "dev"),
                blob: domain::Digest::of(b"theirs"),
            },
        ));
        events.push((last, None, Event::HelpAsked));
        if id == ENDED {
            events.push((
                last,
                actor,
                Event::ReleaseCancelled {
                    reason: "another day".into(),
                },
            ));
        }
        for (at, actor, event) in events {
            let mut event = serde_json::to_value(event).unwrap();
            let verb = event["type"].as_str().unwrap();
            if verb == "editKept" && version < 2 || verb == "stepEnded" && version < 4 {
                continue;
            }
            if event["type"] == "releaseCreated" {
                event["plan"]["id"] = json!(id);
            }
            as_written_by(version, &mut event);
            let actor = actor.map(|actor| actor.to_string());
            entries.push((json!({"release": id}), at, actor, json!({"release": event})));
        }
    }
    entries
}

/// Turns an event into the form of a version: what the fields were then.
fn as_written_by(version: i64, event: &mut Value) {
    if version < 4 {
        let fields = event.as_object_mut().unwrap();
        for later in ["steps", "written", "remarks"] {
            fields.remove(later);
        }
    }
    if version < 3 && event["reason"].is_array() {
        let reasons: domain::Reasons = serde_json::from_value(event["reason"].take()).unwrap();
        event["reason"] = json!(reasons.to_string());
    }
    if version < 2 {
        if event["outcome"]["is"] == "notApplied" {
            event["outcome"].as_object_mut().unwrap().remove("cause");
        }
        for object in event["diff"]["objects"]
            .as_array_mut()
            .into_iter()
            .flatten()
        {
            object.as_object_mut().unwrap().remove("content");
        }
    }
}

/// Writes the ledger of a version: its migrations, its entries.
async fn write(version: i64, file: &Path) {
    let migrations = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/migrations")).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        if name[..4].parse::<i64>().unwrap() <= version {
            std::fs::copy(entry.path(), migrations.path().join(name)).unwrap();
        }
    }
    let options = SqliteConnectOptions::new()
        .filename(file)
        .create_if_missing(true);
    let mut connection = options.connect().await.unwrap();
    let migrator = sqlx::migrate::Migrator::new(migrations.path())
        .await
        .unwrap();
    migrator
        .run_direct(None, &mut connection, false)
        .await
        .unwrap();
    sqlx::Connection::close(connection).await.unwrap();

    let connection = Connection::open(file).unwrap();
    let (mut previous, mut positions) = ("0".repeat(64), std::collections::BTreeMap::new());
    for (sequence, (stream, at, actor, record)) in (1..).zip(entries(version)) {
        let stream = stream.to_string();
        let position = positions.entry(stream.clone()).or_insert(0);
        *position += 1;
        let at = at.to_rfc3339_opts(SecondsFormat::Nanos, true);
        let inner = record.get("release").or(record.get("register")).unwrap();
        let text = format!(
            r#"{{"sequence":{sequence},"at":{},"stream":{stream},"position":{position},"actor":{},"record":{record},"previous":"{previous}"}}"#,
            json!(at),
            json!(actor),
        );
        let hash = data_encoding::HEXLOWER.encode(&Sha256::digest(text.as_bytes()));
        connection
            .execute(
                "INSERT INTO entries (sequence, at, stream, position, actor, environment, verb, record, previous, hash)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
                rusqlite::params![
                    sequence, at, stream, *position, actor, inner["environment"].as_str(),
                    inner["type"].as_str(), record.to_string(), previous, hash
                ],
            )
            .unwrap();
        previous = hash;
    }
    connection.execute_batch("VACUUM").unwrap();
}

#[tokio::test]
async fn a_ledger_of_every_version_is_opened_verified_folded_and_shown() {
    for then in 1..=version() {
        let golden = kept(&format!("ledger-{then}.sqlite"));
        if bless() && !golden.exists() {
            write(then, &golden).await;
        }
        assert!(
            golden.exists(),
            "no ledger of version {then} is kept: write it once by \
             PILOTHOUSE_BLESS=1 cargo test -p ledger --test versions, and never change it"
        );
        let folder = tempfile::tempdir().unwrap();
        std::fs::copy(&golden, folder.path().join("ledger.sqlite")).unwrap();
        let ledger = Arc::new(SqliteLedger::open(folder.path()).await.unwrap());
        let whole = ledger.verify().await.unwrap();
        assert_eq!(
            (whole.broken_at, whole.verified),
            (None, whole.entries),
            "version {then}"
        );
        assert!(whole.entries > 60, "version {then}");
        for stream in [
            Stream::Register,
            Stream::Release(ENDED.into()),
            Stream::Release(plan().id),
        ] {
            for entry in ledger.read(&stream, 0).await.unwrap() {
                assert!(
                    !matches!(entry.record, Record::Unknown(_)),
                    "version {then}: {entry:?}"
                );
            }
        }
        // Once by reading every stream, once more by what the first start kept of them.
        for round in ["first", "second"] {
            shown(then, round, &start(&ledger).await).await;
        }
    }
}

async fn start(ledger: &Arc<SqliteLedger>) -> Engine {
    let cluster = Arc::new(FakeCluster::new(Arc::new(MemoryLedger::new())));
    let ports = Ports {
        ledger: Arc::clone(ledger) as Arc<dyn Ledger>,
        clusters: Arc::new(FakeClusters(cluster)),
        vault: Arc::new(FakeVault::new()),
        notifier: Arc::new(FakeNotifier::default()),
        probe: Arc::new(FakeProbe::default()),
        clock: Arc::new(SystemClock),
    };
    Engine::start(ports, Limits::default()).await.unwrap()
}

async fn shown(then: i64, round: &str, engine: &Engine) {
    let what = format!("version {then}, {round} start");
    let releases = engine.releases();
    assert_eq!(releases.len(), 2, "{what}");
    let ended = releases
        .iter()
        .find(|release| release.id.as_str() == ENDED)
        .unwrap();
    assert!(ended.rests && ended.rolled_back, "{what}");
    assert!(matches!(ended.status, Status::Cancelled { .. }), "{what}");
    assert_eq!(engine.measured_rollbacks().len(), 2, "{what}");
    for summary in &releases {
        assert_eq!(summary.unreadable, None, "{what}");
        assert_eq!(summary.measured[0].took_ms, 7000.0, "{what}");
        let snapshot = engine.release(&summary.id).unwrap();
        let register = engine.register();
        assert_eq!(register.keys.len(), 3, "{what}");
        let view = contract::views::release_view(&contract::views::ViewInput {
            release: &snapshot.release,
            entries: &snapshot.entries,
            register: &register,
            me: None,
            now: SystemClock.now(),
            pictures: &Default::default(),
            pods: &Default::default(),
            interrupted: None,
            measured: &engine.measured_rollbacks(),
        });
        assert_eq!(view.read_only, None, "{what}");
        assert_eq!(view.stages.len(), 2, "{what}");
        let failed = view
            .timeline
            .iter()
            .find(|line| line.verb == "moduleFailed")
            .unwrap();
        assert!(!failed.reasons.is_empty(), "{what}");
        assert!(
            view.timeline.iter().any(|line| line.verb == "wayBackDone"),
            "{what}"
        );
        assert_eq!(
            contract::views::upgrade_record(&snapshot.entries).len(),
            4,
            "{what}"
        );
    }
}
