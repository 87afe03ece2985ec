//! Stopping, pausing, resuming and cancelling.

use domain::*;

use crate::common::*;
use crate::id;

#[test]
fn stopping_pausing_and_resuming() {
    let mut story = Story::created();
    story.open("bj", &["dev", "test"]);
    let environment = EnvironmentId::from("dev");
    assert_eq!(
        story.refused(
            OPERATOR,
            Command::Stop {
                environment: environment.clone()
            }
        ),
        Refusal::NotRunning
    );
    assert_eq!(
        story.refused(
            OPERATOR,
            Command::Resume {
                environment: environment.clone()
            }
        ),
        Refusal::NotRunning
    );
    let intent = story.begin("dev", "executor");
    story.settle(
        "dev",
        &intent.id,
        MutationOutcome::Applied {
            live: Some(head("executor", "dev", "2")),
        },
    );
    story.must(
        OPERATOR,
        Command::RecordPaused {
            environment: environment.clone(),
        },
    );
    let executor = ModuleId::from("executor");
    assert_eq!(
        story.environment("dev").modules[&executor].status,
        ModuleStatus::Paused
    );
    story.must(
        OPERATOR,
        Command::Disarm {
            environment: environment.clone(),
        },
    );
    let mut unpause = apply_intent("u", "executor", "dev");
    (unpause.verb, unpause.body) = (MutationVerb::Unpause, None);
    let unpause = story.intend("dev", "executor", unpause);
    assert_eq!(story.refused(OPERATOR, unpause), Refusal::NotArmed);
    assert_eq!(
        story.refused(
            VERIFIER,
            Command::Resume {
                environment: environment.clone()
            }
        ),
        Refusal::NotOperator
    );
    story.must(
        OPERATOR,
        Command::Resume {
            environment: environment.clone(),
        },
    );
    story.must(
        OPERATOR,
        Command::RecordResumed {
            environment: environment.clone(),
        },
    );
    assert_eq!(
        story.refused(OPERATOR, Command::Cancel { reason: "x".into() }),
        Refusal::AlreadyRunning
    );
    story.must(
        OPERATOR,
        Command::Stop {
            environment: environment.clone(),
        },
    );
    assert_eq!(
        story.environment("dev").modules[&executor].status,
        ModuleStatus::Stopped
    );
    assert_eq!(
        story.refused(OPERATOR, Command::Cancel { reason: " ".into() }),
        Refusal::ReasonTooShort { least: 1 }
    );
    story.must(
        OPERATOR,
        Command::Cancel {
            reason: "moved to next week".into(),
        },
    );
    assert_eq!(
        story.refused(OPERATOR, Command::OpenGate { stage: id("bj") }),
        Refusal::ReleaseOver
    );
    story.must(OPERATOR, Command::StartWayBack { environment });
}
