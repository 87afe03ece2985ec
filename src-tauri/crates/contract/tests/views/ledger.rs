//! Verbs, rows, failures.

use super::support::*;
use std::collections::BTreeMap;

use crate::common::*;
use chrono::Duration;
use contract::views::*;
use contract::*;
use domain::{
    Command, Declaration, EnvironmentId, Event, Instant, MutationOutcome, PersonId, Refusal,
    RegisterEvent, StageId, Verdict,
};
use engine::ports::{
    ClusterFailure, Entry, LedgerFailure, Picture, PodPicture, Record, RolloutPhase,
    RolloutReading, Stream, VaultFailure, WorkloadPicture,
};
use rstest::rstest;

#[test]
fn a_passed_module_says_how_long_it_took() {
    let (story, _) = router_runs();
    let find = |_: &domain::ReleaseId| Some(story.release());
    let names = Names {
        release: &find,
        stages: &[],
        people: &[],
        register: &story.register,
    };
    let rows = Shell::of(&story)
        .entries
        .iter()
        .map(|e| ledger_row(e, &names))
        .collect::<Vec<_>>();
    let passed = rows.iter().find(|r| r.verb == "modulePassed").unwrap();
    assert_eq!(
        (
            passed.params["seconds"].as_str(),
            passed.params["to"].as_str()
        ),
        ("5", "2")
    );
}

#[test]
fn every_event_of_a_story_has_the_verb_that_the_ledger_stores() {
    let (mut story, intent) = router_runs();
    story.settle("dev", &intent.id, applied("router", "dev"));
    story.must(
        OPERATOR,
        Command::Stop {
            environment: "dev".into(),
        },
    );
    back_in(&mut story, "dev", &["router", "executor"], 3);
    story.must(OPERATOR, Command::AskHelp);
    let shell = Shell::of(&story);
    let release = story.release();
    let find = |_: &domain::ReleaseId| Some(release);
    let names = Names {
        release: &find,
        stages: &[],
        people: &[],
        register: &story.register,
    };
    let rows: Vec<LedgerRow> = shell
        .entries
        .iter()
        .map(|e| ledger_row(e, &names))
        .collect();
    for (row, (_, _, event)) in rows.iter().zip(&story.events) {
        assert_eq!(
            serde_json::to_value(event).unwrap()["type"],
            row.verb.as_str()
        );
        assert!(
            row.params.values().all(|value| !value.contains('{')),
            "{row:?}"
        );
    }
    let of = |verb: &str| rows.iter().rfind(|r| r.verb == verb).unwrap();
    assert_eq!(of("rolloutStarted").params["to"], "2");
    let took = of("modulePassed").params.get("seconds");
    assert!(
        took.is_some(),
        "what came after does not take away how long it was"
    );
    assert_eq!(of("mutationSettled").params["verb"], "restore");
    assert_eq!(of("mutationSettled").params["outcome"], "applied");
    assert_eq!(of("wayBackDone").params["seconds"], "3");
    assert_eq!(of("wayBackStarted").params["modules"], "router, executor");
    assert_eq!(of("armed").params["minutes"], "10");
    assert_eq!(of("identityVerified").params["cluster"], "dev-01");
    assert_eq!(of("itemTicked").params["title.zh"], "tested");
    assert_eq!(
        (
            of("gateOpened").params["met"].as_str(),
            of("gateOpened").params["total"].as_str()
        ),
        ("6", "6")
    );
    assert_eq!(of("gateOpened").person_name.as_deref(), Some(OPERATOR));

    let signed = shell
        .entries
        .iter()
        .find(|e| matches!(&e.record, Record::Release(Event::VoteCast { .. })))
        .unwrap();
    let detail = ledger_detail(signed, &names, true).unwrap();
    assert_eq!(detail.signature_valid, Some(true));
    assert!(detail.json.contains("\"statement\""));
}

#[test]
fn entries_outside_of_releases_are_named_from_the_workspace() {
    let stages = plan().stages;
    let none = |_: &domain::ReleaseId| None;
    let people = plan().people;
    let names = Names {
        release: &none,
        stages: &stages,
        people: &people,
        register: &domain::Register::default(),
    };
    let event = RegisterEvent::EnvironmentBound {
        environment: "prod".into(),
        context: "ctx".into(),
        identity: identity("prod"),
        issuer_before: None,
    };
    let entry = Entry {
        sequence: 1,
        at: start(),
        stream: Stream::Register,
        position: 1,
        actor: Some(MANAGER.into()),
        record: Record::Register(event),
        previous: String::new(),
        hash: String::new(),
    };
    let row = ledger_row(&entry, &names);
    assert_eq!(
        (row.verb.as_str(), row.params["cluster"].as_str()),
        ("environmentBound", "prod-01")
    );
    assert_eq!(
        (row.look, row.person_name.as_deref()),
        (Some(BannerLook::LastProduction), Some(MANAGER))
    );
}

#[rstest]
#[case(Refusal::NotArmed, "notArmed", &[])]
#[case(Refusal::DependencyFirst { module: "executor".into() }, "dependencyFirst", &[("module", "executor")])]
#[case(Refusal::VoteMissing { role: domain::Role::Manager }, "voteMissing", &[("role", "manager")])]
#[case(Refusal::ConditionUnmet { condition: domain::ConditionKind::SoakPassed }, "conditionUnmet", &[("condition", "soakPassed")])]
#[case(Refusal::ReasonTooShort { least: 20 }, "reasonTooShort", &[("least", "20")])]
fn a_refusal_is_a_failure_with_its_rule(
    #[case] refusal: Refusal,
    #[case] code: &str,
    #[case] params: &[(&str, &str)],
) {
    let failure = Failure::from(&refusal);
    assert_eq!(failure.code, FailureCode::Refused);
    assert_eq!(failure.params["refusal"], code);
    for (name, value) in params {
        assert_eq!(failure.params[*name], *value);
    }
}

#[test]
fn failures_of_the_ports_have_codes_of_their_own() {
    let of = |f: &ClusterFailure| cluster_failure(f, "c-1", "h:6443");
    let unreachable = of(&ClusterFailure::Unreachable("timed out".into()));
    assert_eq!(unreachable.code, FailureCode::ClusterUnreachable);
    assert_eq!(
        (
            unreachable.params["cluster"].as_str(),
            unreachable.params["host"].as_str()
        ),
        ("c-1", "h:6443")
    );
    let forbidden = of(&ClusterFailure::Forbidden(missing_permission()));
    assert_eq!(
        (forbidden.code, forbidden.params["verb"].as_str()),
        (FailureCode::PermissionMissing, "patch")
    );
    let rejected = of(&ClusterFailure::Answered {
        status: 422,
        message: "no".into(),
    });
    assert_eq!(rejected.code, FailureCode::ObjectRejected);
    let moved = Failure::from(LedgerFailure::Moved {
        expected: 1,
        found: 2,
    });
    assert_eq!(moved.code, FailureCode::LedgerMoved);
    let locked = Failure::from(VaultFailure::KeyLocked("zhangsan".into()));
    assert_eq!(
        (locked.code, locked.params["person"].as_str()),
        (FailureCode::KeyLocked, "zhangsan")
    );
}

#[test]
fn instants_carry_milliseconds_in_utc() {
    let instant: Instant = start() + Duration::milliseconds(7);
    assert_eq!(at(instant), "2026-09-15T02:00:00.007Z");
    assert_eq!(hex_with_colons("3f9ad207"), "3F:9A:D2:07");
    assert_eq!(
        host_of("https://api.sz.example:6443/x"),
        "api.sz.example:6443/x",
        "two clusters may be behind one host"
    );
}
