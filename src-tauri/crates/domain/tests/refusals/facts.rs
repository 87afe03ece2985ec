//! What is written down of the world outside, and what it means.

use chrono::Duration;
use domain::gate::{ItemVerdict, item_verdict};
use domain::*;

use crate::common::*;
use crate::id;

fn probe() -> HttpProbe {
    HttpProbe {
        url: "https://shop.example/healthz".into(),
        status: 200,
        contains: Some("ok".into()),
    }
}

/// An item of the first stage that an address answers, due right after it.
fn web(plan: &mut ReleasePlan) {
    let mut item = plan.checklist[0].clone();
    item.id = id("web");
    item.phase = Phase::Post;
    item.kind = ItemKind::Http;
    item.probe = Some(probe());
    item.stages = vec![id("bj")];
    plan.checklist.push(item);
}

fn story() -> Story {
    let mut story = Story::new();
    let mut plan = plan();
    web(&mut plan);
    story.must(OPERATOR, Command::Create(Box::new(plan)));
    story
}

/// The first stage with everything rolled out.
fn rolled_out() -> Story {
    let mut story = story();
    story.open("bj", &["dev", "test"]);
    for environment in ["dev", "test"] {
        for module in ["executor", "router"] {
            story.roll_out(environment, module);
        }
    }
    story
}

fn answer(status: u16, contains: Option<bool>) -> FactValue {
    FactValue::HttpAnswer {
        status,
        contains,
        text: "ok".into(),
        more: false,
    }
}

fn silence() -> FactValue {
    FactValue::HttpSilence {
        trouble: ProbeTrouble::NoConnection,
        said: "refused".into(),
    }
}

fn record(at: Instant, value: FactValue) -> Command {
    Command::RecordFact {
        source: FactSource::HttpProbe,
        subject: FactSubject::Item {
            stage: id("bj"),
            item: id("web"),
        },
        at,
        expires: None,
        value,
    }
}

fn verdict(story: &Story) -> ItemVerdict {
    let plan = &story.release().plan;
    let item = plan.checklist.iter().find(|item| item.id == id("web"));
    item_verdict(story.release(), &id("bj"), item.unwrap())
}

#[test]
fn an_item_that_nobody_asked_is_open_and_never_passed() {
    let story = rolled_out();
    assert_eq!(verdict(&story), ItemVerdict::Open);
    let gate = gate::verdicts(story.release(), &id("sz"), story.now, &story.register);
    let checklist = gate
        .iter()
        .find(|v| v.kind == ConditionKind::ChecklistComplete)
        .unwrap();
    assert!(!checklist.lets_pass());
}

#[test]
fn each_answer_has_its_verdict_and_the_newest_counts() {
    let mut story = rolled_out();
    for (value, expected) in [
        (answer(200, Some(true)), ItemVerdict::Passed),
        (answer(500, Some(true)), ItemVerdict::Failed),
        (answer(302, Some(false)), ItemVerdict::Failed),
        (answer(200, Some(false)), ItemVerdict::Failed),
        // A text was asked for, and nobody looked for it.
        (answer(200, None), ItemVerdict::Failed),
        (silence(), ItemVerdict::Unknown),
    ] {
        story.wait(1);
        let command = record(story.now, value.clone());
        story.must(VERIFIER, command);
        assert_eq!(verdict(&story), expected, "{value:?}");
    }
    // An answer to an earlier question that comes late changes nothing.
    let late = record(story.now - Duration::seconds(1), answer(200, Some(true)));
    story.must(OPERATOR, late);
    assert_eq!(verdict(&story), ItemVerdict::Unknown);
    assert_eq!(replay(&story.events), story.release);
}

#[test]
fn what_was_asked_before_the_rollout_or_in_the_future_is_not_written_down() {
    let mut story = story();
    let command = record(story.now, answer(200, Some(true)));
    assert_eq!(story.refused(OPERATOR, command), Refusal::NotRunning);

    let mut story = rolled_out();
    let since = story.release().rolled_out_at(&id("bj")).unwrap();
    let before = record(since - Duration::seconds(1), answer(200, Some(true)));
    assert_eq!(story.refused(OPERATOR, before), Refusal::NotRunning);
    let future = record(story.now + Duration::seconds(1), answer(200, Some(true)));
    assert_eq!(story.refused(OPERATOR, future), Refusal::NotRunning);
    assert_eq!(verdict(&story), ItemVerdict::Open);
}

#[test]
fn only_items_that_ask_an_address_are_probed_and_only_where_they_belong() {
    let mut story = rolled_out();
    for (stage, item) in [
        ("bj", "smoke"),
        ("sz", "web"),
        ("nowhere", "web"),
        ("bj", "x"),
    ] {
        let command = Command::RecordFact {
            source: FactSource::HttpProbe,
            subject: FactSubject::Item {
                stage: id(stage),
                item: id(item),
            },
            at: story.now,
            expires: None,
            value: answer(200, Some(true)),
        };
        let what = item.to_owned();
        assert_eq!(
            story.refused(OPERATOR, command),
            Refusal::NotInRelease { what },
            "{stage} {item}"
        );
    }
    // And nobody signs what an address answers.
    let tick = story.tick(OPERATOR, "bj", "web", true);
    assert_eq!(story.refused(OPERATOR, tick), Refusal::ItemAutomatic);
}

#[test]
fn a_rollback_of_the_stage_makes_the_answer_one_about_the_past() {
    let mut story = rolled_out();
    let command = record(story.now, answer(200, Some(true)));
    story.must(OPERATOR, command);
    assert_eq!(verdict(&story), ItemVerdict::Passed);
    story.wait(1);
    story.must(
        OPERATOR,
        Command::StartWayBack {
            environment: id("test"),
        },
    );
    assert_eq!(verdict(&story), ItemVerdict::Open);
    let mut left = story.release().facts.keys();
    assert!(left.all(|(source, _)| *source == FactSource::RollbackDryRun));
    let command = record(story.now, answer(200, Some(true)));
    assert_eq!(story.refused(OPERATOR, command), Refusal::NotRunning);
}

#[test]
fn a_fact_is_current_from_when_it_was_asked_until_it_expires() {
    let at = start();
    let fact = |expires| Fact {
        at,
        by: None,
        expires,
        value: silence(),
    };
    let later = at + Duration::seconds(10);
    assert!(fact(None).is_current(later));
    assert!(!fact(None).is_current(at - Duration::seconds(1)));
    assert!(fact(Some(later)).is_current(at));
    assert!(!fact(Some(later)).is_current(later));
}

#[test]
fn an_item_of_an_older_ledger_has_no_probe() {
    let item = &plan().checklist[0];
    let mut json = serde_json::to_value(item).unwrap();
    assert!(json.as_object_mut().unwrap().get("probe").is_none());
    let read: ChecklistItem = serde_json::from_value(json).unwrap();
    assert_eq!(&read, item);
}
