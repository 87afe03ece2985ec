//! Kinds of events belong to a version of the ledger: a program that does not know one must find a
//! newer version instead of a record that it cannot read.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use domain::{Cause, Digest, Event, FactSubject, FactValue, RegisterEvent};
use serde::de::DeserializeOwned;

/// Version and digest of all kinds of events, and of causes in them. When a kind is added or renamed, add a migration that
/// raises `user_version` (an empty one will do), and put the new pair at the end. The pairs before
/// stay: they are what older programs know.
const KNOWN: &[(i64, &str)] = &[
    (
        1,
        "5989488dab4ce9c823d8c08b949e587fe25c857115d47a71336d9a27df80ed1f",
    ),
    // Tails; the same kinds.
    (
        2,
        "5989488dab4ce9c823d8c08b949e587fe25c857115d47a71336d9a27df80ed1f",
    ),
    // Reasons in parts, words of two characters in the index.
    (
        3,
        "83053b01b9733e7f10478736da495bc6aee0cb567ce8eaa54314b49c97ba5897",
    ),
    // Steps of runs, facts, revoked keys, requests for a waiver, decided by a person for what no status judges.
    (4, "TODO"),
];

#[test]
fn a_new_kind_of_event_comes_with_a_new_version() {
    let schema = include_str!("../migrations/0001_ledger.sql");
    let later: Vec<String> = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/migrations"))
        .unwrap()
        .map(|entry| std::fs::read_to_string(entry.unwrap().path()).unwrap())
        .collect();
    assert!(later.iter().any(|text| text == schema));
    let version = later.iter().filter_map(|text| version_of(text)).max();
    let kinds = [
        kinds::<Event>("type"),
        kinds::<RegisterEvent>("type"),
        kinds::<Cause>("is"),
        kinds::<FactSubject>("about"),
        kinds::<FactValue>("is"),
    ]
    .concat()
    .join(" ");
    let digest = Digest::of(kinds.as_bytes()).to_string();
    let (known, expected) = KNOWN.last().unwrap();
    assert_eq!(
        (version, digest.as_str()),
        (Some(*known), *expected),
        "{kinds}"
    );
}

/// The names of all variants, as the library itself tells them.
fn kinds<T: DeserializeOwned>(tag: &str) -> Vec<String> {
    let nonsense = serde_json::json!({tag: "no such kind"});
    let error = match serde_json::from_value::<T>(nonsense) {
        Ok(_) => panic!("there is no such kind"),
        Err(error) => error.to_string(),
    };
    let (_, list) = error.split_once("expected ").expect(&error);
    list.split('`')
        .skip(1)
        .step_by(2)
        .map(str::to_owned)
        .collect()
}

fn version_of(migration: &str) -> Option<i64> {
    let (_, rest) = migration.split_once("PRAGMA user_version = ")?;
    rest.split(';').next()?.trim().parse().ok()
}
