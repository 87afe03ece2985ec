//! What the window is told about items that an address answers.

use super::support::*;
use crate::common::*;
use contract::views::checklist_view;
use contract::*;
use domain::{
    Command, FactSource, FactSubject, FactValue, HttpProbe, ItemKind, Phase, ProbeTrouble,
};

fn story() -> Story {
    let mut plan = plan();
    let mut item = plan.checklist[0].clone();
    item.id = "web".into();
    item.phase = Phase::Post;
    item.kind = ItemKind::Http;
    item.probe = Some(HttpProbe {
        url: "https://shop.example/".into(),
        status: 200,
        contains: None,
    });
    item.stages = vec!["bj".into()];
    plan.checklist.push(item);
    let mut story = Story::new();
    story.must(OPERATOR, Command::Create(Box::new(plan)));
    story.open("bj", &["dev", "test"]);
    story
}

fn roll_out(story: &mut Story) {
    for environment in ["dev", "test"] {
        for module in ["executor", "router"] {
            story.roll_out(environment, module);
        }
    }
}

fn item(story: &Story) -> ChecklistItemView {
    let shell = Shell::of(story);
    let view = shell.see(story, VERIFIER, |input| {
        checklist_view(input, &"bj".into()).unwrap()
    });
    let mut items = view
        .phases
        .into_iter()
        .flat_map(|phase| phase.groups)
        .flat_map(|group| group.items);
    items.find(|item| item.id == "web").unwrap()
}

fn record(story: &mut Story, value: FactValue) {
    story.wait(1);
    let command = Command::RecordFact {
        source: FactSource::HttpProbe,
        subject: FactSubject::Item {
            stage: "bj".into(),
            item: "web".into(),
        },
        at: story.now,
        expires: None,
        value,
    };
    story.must(VERIFIER, command);
}

#[test]
fn an_address_is_offered_to_be_asked_only_after_the_rollout() {
    let mut story = story();
    let before = item(&story);
    let probe = before.probe.unwrap();
    assert!(before.automatic && !before.may_sign);
    assert!(!probe.may_ask && probe.finding.is_none());
    assert_eq!(probe.why_not.unwrap().code, RefusalCode::NotRunning);
    roll_out(&mut story);
    let after = item(&story);
    assert_eq!(after.state, ChecklistItemState::Open);
    assert!(after.probe.unwrap().may_ask);
}

#[test]
fn what_came_is_shown_with_who_asked_and_silence_is_neither_passed_nor_failed() {
    let mut story = story();
    roll_out(&mut story);
    record(
        &mut story,
        FactValue::HttpAnswer {
            status: 503,
            contains: None,
            text: "<h1>maintenance".into(),
            more: true,
        },
    );
    let failed = item(&story);
    assert_eq!(failed.state, ChecklistItemState::Failed);
    let finding = failed.probe.unwrap().finding.unwrap();
    assert_eq!(finding.verdict, ProbeVerdictView::NotHeld);
    assert_eq!(finding.status, Some(503));
    assert_eq!(finding.by.unwrap().id, VERIFIER);
    assert_eq!(
        (finding.text.as_str(), finding.more),
        ("<h1>maintenance", true)
    );

    record(
        &mut story,
        FactValue::HttpSilence {
            trouble: ProbeTrouble::NotTrusted,
            said: "unknown issuer".into(),
        },
    );
    let silent = item(&story);
    assert_eq!(silent.state, ChecklistItemState::Unknown);
    let finding = silent.probe.unwrap().finding.unwrap();
    assert_eq!(finding.verdict, ProbeVerdictView::NotReachable);
    assert_eq!(finding.trouble, Some(ProbeTroubleView::NotTrusted));
}

#[test]
fn the_timeline_says_what_a_probe_found_and_leads_to_its_checklist() {
    let mut story = story();
    roll_out(&mut story);
    record(
        &mut story,
        FactValue::HttpAnswer {
            status: 200,
            contains: None,
            text: String::new(),
            more: false,
        },
    );
    let shell = Shell::of(&story);
    let lines = shell.see(&story, VERIFIER, contract::views::timeline);
    let line = lines
        .iter()
        .find(|line| line.verb == "factRecorded")
        .unwrap();
    assert_eq!(line.stage.as_deref(), Some("bj"));
    assert_eq!(line.params["verdict"], "held");
    assert_eq!(line.mark, TimelineMark::Good);
    let passed = lines
        .iter()
        .find(|line| line.verb == "modulePassed")
        .unwrap();
    assert_eq!(passed.environment_id.as_deref(), Some("test"));
    assert_eq!(passed.stage.as_deref(), Some("bj"));
}
