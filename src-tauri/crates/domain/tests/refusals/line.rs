//! The whole line, when everything holds.

use domain::*;

use crate::common::*;

#[test]
fn the_whole_line_passes() {
    let mut story = Story::created();
    story.open("bj", &["dev", "test"]);
    for environment in ["dev", "test"] {
        for module in MODULES {
            story.roll_out(environment, module);
        }
    }
    story.wait(61);
    let tick = story.tick(VERIFIER, "bj", "smoke", true);
    story.must(VERIFIER, tick);
    story.open("sz", &["prod"]);
    for module in MODULES {
        story.roll_out("prod", module);
    }
    assert_eq!(
        story.refused(OPERATOR, Command::Finish),
        Refusal::ConditionUnmet {
            condition: ConditionKind::ChecklistComplete
        }
    );
    let tick = story.tick(VERIFIER, "sz", "smoke", true);
    story.must(VERIFIER, tick);
    story.must(OPERATOR, Command::Finish);
    assert_eq!(story.release().status, Status::Finished);
    assert_eq!(
        replay(&story.events),
        story.release,
        "the events alone make the same release"
    );
    assert_eq!(
        story.refused(OPERATOR, Command::Finish),
        Refusal::ReleaseOver
    );
}
