//! The way back.

use domain::*;

use crate::common::*;
use crate::id;

#[test]
fn a_rollout_that_was_cut_off_before_its_first_change_goes_back_with_the_others() {
    for (done, order) in [
        (vec![], vec!["executor"]),
        (vec!["executor"], vec!["router", "executor"]),
    ] {
        let mut story = Story::created();
        story.open("bj", &["dev", "test"]);
        done.iter().for_each(|module| story.roll_out("dev", module));
        let module = order[0];
        story.arm("dev", module).unwrap();
        assert_eq!(story.release().has_way_back(&id("dev")), !done.is_empty());
        let start = Command::StartRollout {
            environment: id("dev"),
            module: id(module),
            from: Some("1".into()),
        };
        story.must(OPERATOR, start);
        assert!(story.release().has_way_back(&id("dev")));
        let back = Command::StartWayBack {
            environment: id("dev"),
        };
        let started = story.must(OPERATOR, back);
        let order_of_modules: Vec<ModuleId> = order.iter().map(|module| id(module)).collect();
        let [Event::WayBackStarted { modules, .. }] = started.as_slice() else {
            panic!("{started:?}");
        };
        assert_eq!(modules, &order_of_modules);
        let conclude = Command::ConcludeWayBack {
            environment: id("dev"),
            failure: None,
        };
        story.must(OPERATOR, conclude);
        let state = story.environment("dev");
        assert_eq!(state.work, Work::Idle);
        for module in order {
            let status = state.modules[&id::<ModuleId>(module)].status;
            assert_eq!(
                status,
                ModuleStatus::TakenBack,
                "{module} is not left running"
            );
        }
    }
}

#[test]
fn going_back_restores_in_reverse_and_closes_the_gate() {
    let mut story = Story::created();
    let back = |environment: &str| Command::StartWayBack {
        environment: id(environment),
    };
    assert_eq!(
        story.refused(OPERATOR, back("dev")),
        Refusal::NothingToRestore
    );
    story.open("bj", &["dev", "test"]);
    story.roll_out("dev", "executor");
    let pending = story.begin("dev", "router");
    // Whoever is in the seat: nobody has to unlock a key for it.
    let mut by_verifier = story.clone();
    by_verifier.must(VERIFIER, back("dev"));
    assert_eq!(by_verifier.environment("dev").work, Work::Back);
    let started = story.must(OPERATOR, back("dev"));
    let order: Vec<ModuleId> = vec![id("router"), id("executor")];
    let [Event::WayBackStarted { modules, steps, .. }] = started.as_slice() else {
        panic!("{started:?}");
    };
    assert_eq!(modules, &order);
    // What has no outcome yet is taken back, too: it may be carried out at any time.
    let modules: Vec<_> = steps.iter().map(|step| &step.module).collect();
    assert_eq!(modules, [&order[0], &order[1], &order[1]], "{steps:?}");
    assert_eq!(
        story.refused(OPERATOR, back("dev")),
        Refusal::AlreadyRunning
    );
    assert!(
        story.release().stages[&StageId::from("bj")]
            .opened
            .is_none()
    );

    let keep = |object: ObjectRef| Command::KeepEdit {
        environment: id("dev"),
        object,
        blob: Digest::of(b"by hand"),
    };
    let router = restore_intent("b1", "router", "dev").object;
    let mut elsewhere = router.clone();
    elsewhere.namespace = "another".into();
    assert_eq!(
        story.refused(OPERATOR, keep(elsewhere)),
        Refusal::NotPlanned
    );
    assert_eq!(story.must(OPERATOR, keep(router.clone())).len(), 1);
    assert!(
        story.must(OPERATOR, keep(router.clone())).is_empty(),
        "the same edit is kept once"
    );

    let restore = story.intend("dev", "router", restore_intent("b1", "router", "dev"));
    assert_eq!(
        story.refused(OPERATOR, restore.clone()),
        Refusal::OutcomePending,
        "read back first"
    );
    story.settle(
        "dev",
        &pending.id,
        MutationOutcome::NotApplied {
            cause: NotAppliedCause::Unheard,
            reason: "never arrived".into(),
        },
    );
    let mut wrong = restore_intent("b1", "router", "dev");
    wrong.body = Some(Digest::of(b"something else"));
    let wrong = story.intend("dev", "router", wrong);
    assert_eq!(story.refused(OPERATOR, wrong), Refusal::NotPlanned);
    let mut remove = restore_intent("b1", "router", "dev");
    (remove.verb, remove.body) = (MutationVerb::Remove, None);
    let remove = story.intend("dev", "router", remove);
    assert_eq!(
        story.refused(OPERATOR, remove),
        Refusal::NotPlanned,
        "it existed before"
    );
    let forward = story.intend("dev", "router", apply_intent("f", "router", "dev"));
    assert_eq!(story.refused(OPERATOR, forward), Refusal::NotPlanned);
    for (mutation, module) in [("b1", "router"), ("b2", "executor")] {
        let command = story.intend("dev", module, restore_intent(mutation, module, "dev"));
        story.must(OPERATOR, command);
        story.settle(
            "dev",
            &id(mutation),
            MutationOutcome::Applied {
                live: Some(head(module, "dev", "1")),
            },
        );
    }
    story.must(
        OPERATOR,
        Command::ConcludeWayBack {
            environment: id("dev"),
            failure: None,
        },
    );
    assert_eq!(
        story.refused(OPERATOR, keep(router.clone())),
        Refusal::NotRunning
    );
    let state = story.environment("dev");
    let kept = state.way_back.as_ref().map(|w| w.overwritten.clone());
    assert_eq!(kept, Some(vec![(router, Digest::of(b"by hand"))]));
    assert!(state.ended(true, story.now).is_some_and(|w| w.back));
    assert!(
        state
            .modules
            .values()
            .all(|module| module.status == ModuleStatus::TakenBack)
    );
    assert!(state.touched.is_empty() && state.backup.is_none() && state.work == Work::Idle);
    assert_eq!(
        story.refused(OPERATOR, back("dev")),
        Refusal::NothingToRestore
    );
    let conclude = Command::ConcludeWayBack {
        environment: id("dev"),
        failure: None,
    };
    assert_eq!(story.refused(OPERATOR, conclude), Refusal::NotRunning);
    assert!(matches!(
        story.arm("dev", "executor"),
        Err(Refusal::GateClosed)
    ));
    assert_eq!(replay(&story.events), story.release);
}

#[test]
fn a_failed_way_back_can_be_tried_again() {
    let mut story = Story::created();
    story.open("bj", &["dev", "test"]);
    story.roll_out("dev", "executor");
    let back = || Command::StartWayBack {
        environment: id("dev"),
    };
    story.must(OPERATOR, back());
    story.must(
        OPERATOR,
        Command::ConcludeWayBack {
            environment: id("dev"),
            failure: Some("not healthy".into()),
        },
    );
    assert!(story.release().has_way_back(&id("dev")));
    story.must(MANAGER, back());
}
