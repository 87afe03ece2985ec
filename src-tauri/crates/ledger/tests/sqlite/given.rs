//! What the tests start from.

use std::path::Path;

use chrono::{DateTime, Duration, Utc};
use domain::{
    Event, KeyStatement, PersonId, PublicKey, RegisterEvent, ReleaseId, Role, Said, Signed,
    StageId, Statement,
};
use ed25519_dalek::{Signer as _, SigningKey};
use engine::ports::{Ledger as _, NewEntry, Record, Stream};
use ledger::SqliteLedger;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, SqliteConnection};

pub fn at(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_789_000_000, 123_000_000).unwrap() + Duration::seconds(second)
}

pub fn release(name: &str) -> Stream {
    Stream::Release(ReleaseId::from(name))
}

pub fn cancelled(reason: &str) -> NewEntry {
    entry(
        "chen",
        Event::ReleaseCancelled {
            reason: reason.to_owned(),
        },
    )
}

pub fn entry(actor: &str, event: Event) -> NewEntry {
    NewEntry {
        at: at(0),
        actor: Some(PersonId::from(actor)),
        record: Record::Release(event),
    }
}

pub fn imported(context: &str) -> NewEntry {
    let event = RegisterEvent::ContextImported {
        context: context.to_owned(),
    };
    NewEntry {
        at: at(0),
        actor: None,
        record: Record::Register(event),
    }
}

/// A Go, signed with a real key.
pub fn vote(reason: &str) -> NewEntry {
    let key = SigningKey::from_bytes(&[7; 32]);
    let statement = Statement::new(
        Said::Vote {
            go: true,
            reason: reason.to_owned(),
        },
        ReleaseId::from("REL-1"),
        StageId::from("suzhou"),
        PersonId::from("li"),
        at(5),
    );
    let signature = key.sign(&statement.bytes().unwrap()).to_bytes();
    let signed = Signed::new(
        statement,
        PublicKey::from_bytes(key.verifying_key().as_bytes()),
        &signature,
    );
    let event = Event::VoteCast {
        stage: StageId::from("suzhou"),
        role: Role::Verifier,
        go: true,
        reason: reason.to_owned(),
        signed,
    };
    entry("li", event)
}

/// A key registered before a witness; `of` is who the witness signed for.
pub fn witnessed_key(of: &str) -> NewEntry {
    let key = SigningKey::from_bytes(&[7; 32]);
    let public = PublicKey::from_bytes(key.verifying_key().as_bytes());
    let statement = KeyStatement::new(
        PersonId::from("li"),
        public.clone(),
        None,
        PersonId::from("wang"),
        at(5),
    );
    let signature = key
        .sign(&serde_json::to_vec(&statement).unwrap())
        .to_bytes();
    let said = KeyStatement {
        person: PersonId::from(of),
        ..statement
    };
    let event = RegisterEvent::KeyRegistered {
        person: PersonId::from(of),
        key: public.clone(),
        witnessed: Some(Box::new(Signed::new(said, public, &signature))),
    };
    NewEntry {
        at: at(0),
        actor: None,
        record: Record::Register(event),
    }
}

/// A ledger of `count` cancellations in one stream, closed again.
pub async fn filled(folder: &Path, count: u64) {
    let ledger = SqliteLedger::open(folder).await.unwrap();
    let stream = release("REL-1");
    let mut expected = 0;
    while expected < count {
        let more = (count - expected).min(1000);
        let entries = (0..more)
            .map(|n| cancelled(&format!("reason {}", expected + n + 1)))
            .collect();
        ledger.append(&stream, expected, entries).await.unwrap();
        expected += more;
    }
    ledger.close().await;
}

/// Takes away the triggers that refuse changes, as somebody would who tampers.
pub async fn without_triggers(raw: &mut SqliteConnection) {
    let triggers: Vec<String> =
        sqlx::query_scalar("SELECT name FROM sqlite_schema WHERE type = 'trigger'")
            .fetch_all(&mut *raw)
            .await
            .unwrap();
    assert!(triggers.len() >= 6, "{triggers:?}");
    for trigger in triggers {
        sqlx::query(AssertSqlSafe(format!("DROP TRIGGER {trigger}")))
            .execute(&mut *raw)
            .await
            .unwrap();
    }
}

/// A connection that knows nothing of the rules.
pub async fn raw(folder: &Path) -> SqliteConnection {
    SqliteConnectOptions::new()
        .filename(folder.join("ledger.sqlite"))
        .connect()
        .await
        .unwrap()
}

/// Appends entries to a closed ledger as a newer program would: whole in the chain, whatever they say. Each
/// is the JSON of its stream and of its record.
pub async fn written_by_a_newer_program(folder: &Path, entries: &[(&str, &str)]) {
    let mut raw = raw(folder).await;
    for (stream, record) in entries {
        let (sequence, previous): (i64, String) =
            sqlx::query_as("SELECT sequence, hash FROM entries ORDER BY sequence DESC LIMIT 1")
                .fetch_one(&mut raw)
                .await
                .unwrap();
        let position: i64 = sqlx::query_scalar(
            "SELECT coalesce(max(position), 0) + 1 FROM entries WHERE stream = ?",
        )
        .bind(*stream)
        .fetch_one(&mut raw)
        .await
        .unwrap();
        let sequence = sequence + 1;
        let at = "2026-09-16T02:00:00.000000000Z";
        let text = format!(
            r#"{{"sequence":{sequence},"at":"{at}","stream":{stream},"position":{position},"actor":null,"record":{record},"previous":"{previous}"}}"#
        );
        let value: serde_json::Value = serde_json::from_str(record).unwrap();
        let inner = value.as_object().unwrap().values().next().unwrap();
        sqlx::query(
            "INSERT INTO entries (sequence, at, stream, position, actor, environment, verb, record, previous, hash)
             VALUES (?, ?, ?, ?, NULL, ?, ?, ?, ?, ?)",
        )
        .bind(sequence)
        .bind(at)
        .bind(*stream)
        .bind(position)
        .bind(inner["environment"].as_str())
        .bind(inner["type"].as_str().unwrap())
        .bind(*record)
        .bind(&previous)
        .bind(domain::Digest::of(text.as_bytes()).as_str())
        .execute(&mut raw)
        .await
        .unwrap();
    }
    sqlx::Connection::close(raw).await.unwrap();
}
