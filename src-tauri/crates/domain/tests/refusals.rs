//! Every rule refuses what it should, and the whole line passes when everything holds.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use common::*;
use domain::*;

fn id<T: for<'a> From<&'a str>>(text: &str) -> T {
    T::from(text)
}

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

#[test]
fn creating_is_refused() {
    let create = |change: fn(&mut ReleasePlan)| {
        let mut plan = plan();
        change(&mut plan);
        Story::new().refused(OPERATOR, Command::Create(Box::new(plan)))
    };
    let field = |field: &str| Refusal::FieldInvalid {
        field: field.into(),
    };
    assert_eq!(create(|p| p.title = " ".into()), field("title"));
    assert_eq!(create(|p| p.title = "长".repeat(81)), field("title"));
    assert_eq!(create(|p| p.modules.clear()), field("modules"));
    assert_eq!(
        create(|p| p.modules.push(p.modules[0].clone())),
        field("modules")
    );
    assert_eq!(create(|p| p.stages.clear()), field("stages"));
    assert_eq!(
        create(|p| p.documents.push(Document {
            title: "x".into(),
            url: "javascript:x".into()
        })),
        field("documents")
    );
    assert_eq!(
        create(|p| p.verifier = p.operator.clone()),
        Refusal::VerifierIsOperator
    );
    assert_eq!(
        create(|p| p.operator = id(MANAGER)),
        Refusal::RoleMissing {
            role: Role::Operator
        }
    );
    assert_eq!(
        create(|p| p.verifier = id(MANAGER)),
        Refusal::RoleMissing {
            role: Role::Verifier
        }
    );
    assert_eq!(
        create(|p| p.manager = id("nobody")),
        Refusal::RoleMissing {
            role: Role::Manager
        }
    );
    assert_eq!(
        create(|p| p.modules.reverse()),
        Refusal::DependencyFirst {
            module: id("executor")
        }
    );
    let mut story = Story::created();
    assert_eq!(
        story.refused(OPERATOR, Command::Create(Box::new(plan()))),
        Refusal::ReleaseExists
    );
    assert_eq!(
        Story::new().refused(OPERATOR, Command::Finish),
        Refusal::ReleaseOver
    );
}

#[test]
fn a_gate_opens_only_when_every_condition_and_vote_is_there() {
    let unmet = |condition| Refusal::ConditionUnmet { condition };
    let open = || Command::OpenGate { stage: id("bj") };

    let mut story = Story::created();
    assert_eq!(
        story.refused(OPERATOR, open()),
        unmet(ConditionKind::ChecklistComplete)
    );
    story.evidence("bj", &["dev", "test"]);
    assert_eq!(
        story.refused(OPERATOR, open()),
        Refusal::VoteMissing {
            role: Role::Operator
        }
    );
    let no_go = story.vote(OPERATOR, "bj", false);
    story.must(OPERATOR, no_go);
    assert_eq!(
        story.refused(OPERATOR, open()),
        Refusal::VoteMissing {
            role: Role::Operator
        }
    );
    let go = story.vote(OPERATOR, "bj", true);
    story.must(OPERATOR, go);
    assert_eq!(story.refused(VERIFIER, open()), Refusal::NotOperator);
    story.wait(61);
    assert_eq!(
        story.refused(OPERATOR, open()),
        unmet(ConditionKind::IdentityVerified)
    );
    for environment in ["dev", "test"] {
        story.must(
            OPERATOR,
            Command::RecordIdentity {
                environment: id(environment),
                found: identity(environment),
            },
        );
    }
    story.must(OPERATOR, open());
    assert_eq!(story.refused(OPERATOR, open()), Refusal::GateAlreadyOpen);
    let again = story.vote(OPERATOR, "bj", true);
    assert_eq!(story.refused(OPERATOR, again), Refusal::GateAlreadyOpen);
    assert_eq!(
        story.refused(OPERATOR, Command::OpenGate { stage: id("sz") }),
        unmet(ConditionKind::PreviousStagePassed)
    );
    assert!(matches!(
        story.refused(OPERATOR, Command::OpenGate { stage: id("mars") }),
        Refusal::NotInRelease { .. }
    ));
}

#[test]
fn soak_is_waited_for_or_waived_by_the_manager_with_a_reason() {
    let mut story = Story::created();
    story.open("bj", &["dev", "test"]);
    for environment in ["dev", "test"] {
        MODULES
            .iter()
            .for_each(|module| story.roll_out(environment, module));
    }
    let tick = story.tick(VERIFIER, "bj", "smoke", true);
    story.must(VERIFIER, tick);
    story.evidence("sz", &["prod"]);
    for person in [OPERATOR, VERIFIER, MANAGER] {
        let vote = story.vote(person, "sz", true);
        story.must(person, vote);
    }
    let open = || Command::OpenGate { stage: id("sz") };
    assert_eq!(
        story.refused(OPERATOR, open()),
        Refusal::ConditionUnmet {
            condition: ConditionKind::SoakPassed
        }
    );
    let reason = "四项指标均在基线内，告警零条，须在午前完成本次上线";
    let by = |person: &str, condition, reason: &str, story: &mut Story| {
        let command = story.waive(person, "sz", condition, reason);
        story.ask(person, command)
    };
    let soak = ConditionKind::SoakPassed;
    assert_eq!(
        by(OPERATOR, soak, reason, &mut story),
        Err(Refusal::RoleMissing {
            role: Role::Manager
        })
    );
    assert_eq!(
        by(MANAGER, soak, "too short", &mut story),
        Err(Refusal::ReasonTooShort { least: 20 })
    );
    let backup = ConditionKind::BackupTaken;
    assert_eq!(
        by(MANAGER, backup, reason, &mut story),
        Err(Refusal::NotWaivable { condition: backup })
    );
    by(MANAGER, soak, reason, &mut story).unwrap();
    let opened = story.must(OPERATOR, open());
    assert!(matches!(&opened[..], [Event::GateOpened { waived, .. }] if waived.contains(&soak)));
}

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

#[test]
fn a_diff_with_an_undeclared_change_is_not_reviewed() {
    let mut story = Story::created();
    let diff = diff("dev", true);
    story.must(
        OPERATOR,
        Command::RecordDiff {
            environment: id("dev"),
            diff: diff.clone(),
        },
    );
    let review = story.review("bj", "dev", &diff.digest);
    assert_eq!(
        story.refused(OPERATOR, review.clone()),
        Refusal::UndeclaredChange { count: 2 }
    );
    let declare = |text: &str, object: &str| {
        Command::Declare(Declaration {
            text: text.into(),
            object: object.into(),
            path: "spec.replicas".into(),
        })
    };
    assert_eq!(
        story.refused(OPERATOR, declare(" ", "*")),
        Refusal::FieldInvalid {
            field: "text".into()
        }
    );
    assert_eq!(
        story.refused(VERIFIER, declare("more replicas", "*")),
        Refusal::NotOperator
    );
    story.must(OPERATOR, declare("more replicas", "Deployment/router"));
    assert_eq!(
        story.refused(OPERATOR, review.clone()),
        Refusal::UndeclaredChange { count: 1 }
    );
    story.must(OPERATOR, declare("more replicas", "Deployment/*"));
    story.must(OPERATOR, review);
    let stale = story.review("bj", "dev", &Digest::of(b"another"));
    assert_eq!(story.refused(OPERATOR, stale), Refusal::DiffNotReviewed);
    let mut rejected = diff;
    rejected.objects[0].rejected = Some("denied by policy".into());
    story.must(
        OPERATOR,
        Command::RecordDiff {
            environment: id("dev"),
            diff: rejected.clone(),
        },
    );
    let review = story.review("bj", "dev", &rejected.digest);
    assert_eq!(
        story.refused(OPERATOR, review),
        Refusal::ConditionUnmet {
            condition: ConditionKind::DiffReviewed
        }
    );
}

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
fn nothing_is_sent_unless_everything_holds_at_that_moment() {
    let mut story = Story::created();
    story.open("bj", &["dev", "test"]);
    let intent = apply_intent("m", "executor", "dev");
    let command = story.intend("dev", "executor", intent.clone());
    assert_eq!(story.refused(OPERATOR, command), Refusal::NotRunning);
    let start = |module: &str| Command::StartRollout {
        environment: id("dev"),
        module: id(module),
        from: None,
    };
    assert_eq!(
        story.refused(OPERATOR, start("executor")),
        Refusal::NotArmed
    );
    story.arm("dev", "executor").unwrap();
    assert_eq!(
        story.refused(OPERATOR, start("router")),
        Refusal::DependencyFirst {
            module: id("executor")
        }
    );
    story.must(OPERATOR, start("executor"));
    assert_eq!(
        story.refused(OPERATOR, start("executor")),
        Refusal::AlreadyRunning
    );

    let send = |change: fn(&mut MutationIntent)| {
        let mut intent = apply_intent("m", "executor", "dev");
        change(&mut intent);
        Command::Intend {
            environment: id("dev"),
            module: id("executor"),
            intent,
            found: identity("dev"),
        }
    };
    assert_eq!(
        story.refused(OPERATOR, send(|i| i.body = Some(Digest::of(b"x")))),
        Refusal::NotPlanned
    );
    assert_eq!(
        story.refused(OPERATOR, send(|i| i.object.name = "other".into())),
        Refusal::NotPlanned
    );
    assert_eq!(
        story.refused(OPERATOR, send(|i| i.verb = MutationVerb::Remove)),
        Refusal::NotPlanned
    );
    assert_eq!(
        story.refused(OPERATOR, send(|i| i.precondition = Precondition::Absent)),
        Refusal::DiffNotReviewed
    );
    assert_eq!(story.refused(VERIFIER, send(|_| {})), Refusal::NotOperator);
    let elsewhere = Command::Intend {
        environment: id("dev"),
        module: id("executor"),
        intent: intent.clone(),
        found: identity("prod"),
    };
    assert_eq!(
        story.refused(OPERATOR, elsewhere),
        Refusal::IdentityMismatch
    );
    story.wait(601);
    assert_eq!(story.refused(OPERATOR, send(|_| {})), Refusal::NotArmed);
    story.arm("dev", "executor").unwrap();
    story.must(OPERATOR, send(|_| {}));
    assert_eq!(
        story.refused(OPERATOR, send(|i| i.id = "n".into())),
        Refusal::OutcomePending
    );
    assert_eq!(
        story.refused(
            OPERATOR,
            Command::Stop {
                environment: id("dev")
            }
        ),
        Refusal::OutcomePending
    );
    let passed = Command::Conclude {
        environment: id("dev"),
        module: id("executor"),
        verdict: Verdict::Passed,
    };
    assert_eq!(
        story.refused(OPERATOR, passed.clone()),
        Refusal::OutcomePending
    );
    story.settle(
        "dev",
        &id("m"),
        MutationOutcome::Unknown {
            reason: "no answer".into(),
        },
    );
    assert!(
        story.environment("dev").pending.is_some(),
        "unknown is not an end"
    );
    story.settle(
        "dev",
        &id("m"),
        MutationOutcome::Applied {
            live: Some(head("executor", "dev", "2")),
        },
    );
    story.must(OPERATOR, passed.clone());
    assert_eq!(story.refused(OPERATOR, passed), Refusal::NotRunning);
    story.arm("dev", "router").unwrap();
    assert_eq!(
        story.refused(OPERATOR, start("executor")),
        Refusal::AlreadyPassed
    );
}

#[test]
fn an_object_that_moved_since_the_backup_is_not_overwritten() {
    let mut story = Story::created();
    story.open("bj", &["dev", "test"]);
    // Someone edited the object after the backup; the operator made and reviewed a new diff.
    let mut fresh = diff("dev", false);
    fresh.objects[0].live = Some(head("executor", "dev", "hand-made"));
    let fresh = Diff::new(fresh.objects).unwrap();
    story.must(
        OPERATOR,
        Command::RecordDiff {
            environment: id("dev"),
            diff: fresh.clone(),
        },
    );
    let review = story.review("bj", "dev", &fresh.digest);
    story.must(OPERATOR, review);
    story.arm("dev", "executor").unwrap();
    story.must(
        OPERATOR,
        Command::StartRollout {
            environment: id("dev"),
            module: id("executor"),
            from: None,
        },
    );
    let mut intent = apply_intent("m", "executor", "dev");
    intent.precondition = Precondition::Unchanged(head("executor", "dev", "hand-made"));
    let command = story.intend("dev", "executor", intent);
    assert_eq!(story.refused(OPERATOR, command), Refusal::NoBackup);
}

#[test]
fn a_backup_counts_only_before_the_first_write_and_when_complete() {
    let mut story = Story::created();
    let mut part = backup("dev", story.now);
    part.objects.pop();
    let record = |backup| Command::RecordBackup {
        environment: id("dev"),
        backup,
    };
    assert_eq!(story.refused(OPERATOR, record(part)), Refusal::NoBackup);
    story.open("bj", &["dev", "test"]);
    story.roll_out("dev", "executor");
    let late = backup("dev", story.now);
    assert_eq!(story.refused(OPERATOR, record(late)), Refusal::BackupStands);
}

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
        assert_eq!(
            started,
            vec![Event::WayBackStarted {
                environment: id("dev"),
                modules: order.iter().map(|module| id(module)).collect(),
            }]
        );
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
    assert_eq!(story.refused(VERIFIER, back("dev")), Refusal::NotOperator);
    let started = story.must(OPERATOR, back("dev"));
    let order: Vec<ModuleId> = vec![id("router"), id("executor")];
    assert_eq!(
        started,
        vec![Event::WayBackStarted {
            environment: id("dev"),
            modules: order
        }]
    );
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
