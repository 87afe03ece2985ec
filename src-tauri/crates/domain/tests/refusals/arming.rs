//! What arming asks for, and what a clock set back takes away from it.

use domain::*;

use crate::common::*;
use crate::id;

#[test]
fn arming_asks_for_everything() {
    let mut story = Story::created();
    let arm = |environment: &str, module: &str, typed: Option<&str>| Command::Arm {
        environment: id(environment),
        module: id(module),
        typed_name: typed.map(str::to_owned),
    };
    assert_eq!(
        story.refused(OPERATOR, arm("dev", "executor", None)),
        Refusal::GateClosed
    );
    story.open("bj", &["dev", "test"]);
    assert_eq!(
        story.refused(VERIFIER, arm("dev", "executor", None)),
        Refusal::NotOperator
    );
    assert_eq!(
        story.refused(OPERATOR, arm("dev", "router", None)),
        Refusal::DependencyFirst {
            module: id("executor")
        }
    );
    assert_eq!(
        story.refused(OPERATOR, arm("test", "executor", None)),
        Refusal::EnvironmentFirst {
            environment: id("dev")
        }
    );
    story.wait(61);
    assert_eq!(
        story.refused(OPERATOR, arm("dev", "executor", None)),
        Refusal::IdentityNotVerified
    );
    story.must(
        OPERATOR,
        Command::RecordIdentity {
            environment: id("dev"),
            found: identity("prod"),
        },
    );
    assert_eq!(
        story.refused(OPERATOR, arm("dev", "executor", None)),
        Refusal::IdentityMismatch
    );
    story.wait(1);
    story.must(
        OPERATOR,
        Command::RecordIdentity {
            environment: id("dev"),
            found: identity("dev"),
        },
    );
    let missing = vec![missing_permission()];
    story.must(
        OPERATOR,
        Command::RecordPermissions {
            environment: id("dev"),
            missing,
        },
    );
    assert!(matches!(
        story.refused(OPERATOR, arm("dev", "executor", None)),
        Refusal::PermissionMissing { .. }
    ));
    story.must(
        OPERATOR,
        Command::RecordPermissions {
            environment: id("dev"),
            missing: vec![],
        },
    );
    story.must(OPERATOR, arm("dev", "executor", None));
}

#[test]
fn production_is_armed_by_typing_its_name() {
    let mut story = in_prod();
    let arm = |typed: Option<&str>| Command::Arm {
        environment: id("prod"),
        module: id("executor"),
        typed_name: typed.map(str::to_owned),
    };
    let wrong = Refusal::WrongClusterName {
        expected: "prod-01".into(),
    };
    for typed in [None, Some("prod-1"), Some("PROD-01"), Some(" prod-01")] {
        assert_eq!(story.refused(OPERATOR, arm(typed)), wrong);
    }
    story.must(OPERATOR, arm(Some("prod-01")));
}

fn in_prod() -> Story {
    let mut story = Story::created();
    story.open("bj", &["dev", "test"]);
    for environment in ["dev", "test"] {
        MODULES
            .iter()
            .for_each(|module| story.roll_out(environment, module));
    }
    story.wait(61);
    let tick = story.tick(VERIFIER, "bj", "smoke", true);
    story.must(VERIFIER, tick);
    story.open("sz", &["prod"]);
    story
}

#[test]
fn a_clock_set_back_makes_an_identity_check_worthless() {
    let mut story = Story::created();
    story.open("bj", &["dev", "test"]);
    story.wait(-3600);
    let arm = Command::Arm {
        environment: id("dev"),
        module: id("executor"),
        typed_name: None,
    };
    assert_eq!(story.refused(OPERATOR, arm), Refusal::IdentityNotVerified);
}

#[test]
fn a_clock_set_back_makes_no_arming_longer() {
    let mut story = Story::created();
    story.open("bj", &["dev", "test"]);
    let environment = id::<EnvironmentId>("dev");
    let module = id::<ModuleId>("executor");
    let arm = Command::Arm {
        environment: environment.clone(),
        module: module.clone(),
        typed_name: None,
    };
    story.must(OPERATOR, arm);
    story.wait(-61);
    let start = Command::StartRollout {
        environment,
        module,
        from: None,
    };
    assert_eq!(story.refused(OPERATOR, start), Refusal::NotArmed);
}
