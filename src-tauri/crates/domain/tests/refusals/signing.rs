//! Who may sign what, and what a signature is of.

use domain::*;

use crate::common::*;
use crate::id;

#[test]
fn nobody_ticks_what_is_not_theirs() {
    let mut story = Story::created();
    let by = |story: &mut Story, person: &str, item: &str| {
        let command = story.tick(person, "bj", item, true);
        story.ask(person, command)
    };
    assert_eq!(
        by(&mut story, OPERATOR, "tested"),
        Err(Refusal::RoleMissing {
            role: Role::Verifier
        })
    );
    assert_eq!(
        by(&mut story, MANAGER, "tested"),
        Err(Refusal::RoleMissing {
            role: Role::Verifier
        })
    );
    assert_eq!(
        by(&mut story, VERIFIER, "ready"),
        Err(Refusal::RoleMissing {
            role: Role::Operator
        })
    );
    assert_eq!(
        by(&mut story, VERIFIER, "healthy"),
        Err(Refusal::ItemAutomatic)
    );
    assert_eq!(
        by(&mut story, VERIFIER, "smoke"),
        Err(Refusal::NotRunning),
        "nothing has been rolled out yet"
    );
    assert!(matches!(
        by(&mut story, VERIFIER, "nothing"),
        Err(Refusal::NotInRelease { .. })
    ));
    by(&mut story, VERIFIER, "tested").unwrap();
    assert_eq!(
        by(&mut story, VERIFIER, "tested"),
        Err(Refusal::AlreadySigned)
    );
}

#[test]
fn a_signature_is_of_this_person_over_exactly_this() {
    let mut story = Story::created();
    let says = Said::Tick {
        item: "tested".into(),
        passed: true,
        note: None,
    };
    let tick = |signed, passed| Command::Tick {
        stage: id("bj"),
        item: id("tested"),
        passed,
        note: None,
        signed,
    };
    let now = story.now;
    let good = sign(VERIFIER, "bj", says.clone(), now);
    let mut forged = good.clone();
    forged.value = sign(VERIFIER, "sz", says.clone(), now).value;
    let other_key = sign(OPERATOR, "bj", says.clone(), now);
    let other_stage = sign(VERIFIER, "sz", says.clone(), now);
    for signed in [forged, other_key, other_stage] {
        assert_eq!(
            story.refused(VERIFIER, tick(signed, true)),
            Refusal::SignatureInvalid
        );
    }
    assert_eq!(
        story.refused(VERIFIER, tick(good.clone(), false)),
        Refusal::SignatureInvalid
    );
    story.register.keys.clear();
    assert_eq!(
        story.refused(VERIFIER, tick(good, true)),
        Refusal::NoKeyRegistered
    );
}
