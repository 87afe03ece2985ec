//! Pods and deadlines.

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

fn pod(name: &str, newest: bool, ready: bool) -> PodPicture {
    PodPicture {
        name: format!("router-{name}"),
        newest,
        reason: "Running".into(),
        ready,
        terminating: false,
        failing: false,
        restarts: 0,
        created_at: Some(start()),
        ready_at: ready.then(|| start() + Duration::seconds(4)),
        node: None,
        taken_up: true,
    }
}

fn picture(pods: Vec<PodPicture>) -> Picture {
    Picture {
        at: Some(start()),
        connected: true,
        workloads: vec![WorkloadPicture {
            workload: object("router", "dev"),
            resource_version: None,
            rollout: Some(RolloutReading {
                phase: RolloutPhase::Progressing,
                wanted: 3,
                updated: 1,
                available: 3,
                surge: Some("1".into()),
                unavailable: Some("1".into()),
                ..RolloutReading::default()
            }),
            pods,
        }],
        events: vec![],
    }
}

/// `old/new` of each column: `a` runs, `a~` ends, `a-` is gone, `a?` starts.
fn columns(grid: &PodGrid) -> Vec<String> {
    let cell = |pod: &Option<PodView>| match pod {
        None => String::new(),
        Some(pod) => {
            let mark = match pod.state {
                PodState::Ready => "",
                PodState::Starting => "?",
                PodState::Failing => "!",
                PodState::Terminating => "~",
                PodState::Gone => "-",
            };
            format!("{}{mark}", pod.short)
        }
    };
    grid.slots
        .iter()
        .map(|slot| format!("{}/{}", cell(&slot.old), cell(&slot.new)))
        .collect()
}

#[test]
fn what_an_old_picture_lacks_is_only_not_seen() {
    let (story, _) = router_runs();
    let mut shell = Shell::of(&story);
    let some = || picture(vec![pod("b", true, true)]);
    let mut cut_off = some();
    cut_off.connected = false;
    let all = picture(vec![pod("a", true, true), pod("b", true, true)]);
    let mut columns_of = |picture| {
        shell.show(&story, "dev", picture);
        shell.see(&story, OPERATOR, |i| {
            columns(&rollout_view(i, &"dev".into()).unwrap().pods)
        })
    };
    assert_eq!(columns_of(all), ["a/", "b/", "/"]);
    assert_eq!(columns_of(cut_off), ["a/", "b/", "/"]);
    assert_eq!(columns_of(some()), ["a-/", "b/", "/"]);
}

/// The ledger has the write at once, the watch a moment later.
#[test]
fn pods_of_before_a_write_are_none_of_its_version() {
    let (mut story, intent) = router_runs();
    let mut outcome = applied("router", "dev");
    if let MutationOutcome::Applied { live: Some(live) } = &mut outcome {
        live.resource_version = "2".to_owned();
    }
    story.settle("dev", &intent.id, outcome);
    let mut shell = Shell::of(&story);
    let mut grid_at = |version: &str, pods| {
        let mut seen = picture(pods);
        seen.workloads[0].resource_version = Some(version.to_owned());
        shell.show(&story, "dev", seen);
        let grid = shell.see(&story, OPERATOR, |i| {
            rollout_view(i, &"dev".into()).unwrap().pods
        });
        (columns(&grid), grid.ready)
    };
    let a = |newest| pod("a", newest, true);
    let text = |columns: &[&str]| columns.iter().map(|one| (*one).to_owned()).collect();
    // Somebody holds a change of their own in a pause: none of the pods is of the newest template.
    assert_eq!(grid_at("1", vec![a(false)]), (text(&["a/", "/", "/"]), 0));
    // 10 comes after 2, whatever the alphabet says.
    assert_eq!(grid_at("1", vec![a(true)]), (text(&["a/", "/", "/"]), 0));
    let after = grid_at("10", vec![a(false), pod("x", true, true)]);
    assert_eq!(after, (text(&["a/x", "/", "/"]), 1));
}

/// Pods are heard of before the Deployment that says which template they are of.
#[test]
fn a_pod_that_was_taken_for_an_old_one_leaves_no_trace_there() {
    let (mut story, intent) = router_runs();
    story.settle("dev", &intent.id, applied("router", "dev"));
    let mut shell = Shell::of(&story);
    let mut columns_of = |x_is_new| {
        let old = ["a", "b", "c"].map(|name| pod(name, false, true));
        let pods = old.into_iter().chain([pod("x", x_is_new, false)]);
        shell.show(&story, "dev", picture(pods.collect()));
        shell.see(&story, OPERATOR, |i| {
            columns(&rollout_view(i, &"dev".into()).unwrap().pods)
        })
    };
    assert_eq!(columns_of(false), ["a/", "b/", "c/", "x?/"]);
    assert_eq!(columns_of(true), ["a/x?", "b/", "c/"]);
}

#[test]
fn pods_keep_their_columns_while_others_come_and_go() {
    let (mut story, intent) = router_runs();
    let mut shell = Shell::of(&story);
    let grid = |shell: &Shell, story: &Story| {
        shell.see(story, OPERATOR, |i| {
            rollout_view(i, &"dev".into()).unwrap().pods
        })
    };
    shell.show(
        &story,
        "dev",
        picture(vec![
            pod("a", true, true),
            pod("b", true, true),
            pod("c", true, true),
        ]),
    );
    let before = grid(&shell, &story);
    assert_eq!(
        columns(&before),
        ["a/", "b/", "c/"],
        "nothing is written yet: the newest template is the old version"
    );
    assert_eq!((before.ready, before.total), (0, 3));

    story.settle("dev", &intent.id, applied("router", "dev"));
    let mut b = pod("b", false, true);
    b.terminating = true;
    shell.show(
        &story,
        "dev",
        picture(vec![
            pod("a", false, true),
            b,
            pod("c", false, true),
            pod("x", true, false),
        ]),
    );
    assert_eq!(
        columns(&grid(&shell, &story)),
        ["a/", "b~/x?", "c/"],
        "the new pod stands under the one that leaves"
    );

    let mut c = pod("c", false, true);
    c.terminating = true;
    shell.show(
        &story,
        "dev",
        picture(vec![
            pod("a", false, true),
            c,
            pod("x", true, true),
            pod("y", true, false),
        ]),
    );
    let seen = grid(&shell, &story);
    assert_eq!(columns(&seen), ["a/", "b-/x", "c~/y?"]);
    assert_eq!((seen.ready, seen.total), (1, 3));
    assert_eq!(
        (seen.mean_start_ms, seen.remaining_ms),
        (Some(4000.0), Some(8000.0))
    );

    let mut y = pod("y", true, false);
    y.failing = true;
    shell.show(
        &story,
        "dev",
        picture(vec![pod("a", false, true), pod("x", true, true), y]),
    );
    assert_eq!(columns(&grid(&shell, &story)), ["a/", "b-/x", "c-/y!"]);

    let cell = shell.see(&story, OPERATOR, release_view).stages[0].rows[1].cells[0].clone();
    assert_eq!(
        (cell.ready, cell.total, cell.from.as_deref()),
        (Some(1), Some(3), Some("1"))
    );
}

/// After a way back, once more: whether the cluster has the new write already, nobody knows yet.
#[test]
fn pods_are_not_called_new_for_a_write_that_may_not_be_there() {
    let (mut story, intent) = router_runs();
    story.settle("dev", &intent.id, applied("router", "dev"));
    back_in(&mut story, "dev", &["router", "executor"], 7);
    for environment in ["dev", "test"] {
        story.evidence_of_environment("bj", environment);
    }
    for person in [OPERATOR, VERIFIER, MANAGER] {
        let vote = story.vote(person, "bj", true);
        // Not everybody has to; who need not is refused.
        let _ = story.ask(person, vote);
    }
    story.must(OPERATOR, Command::OpenGate { stage: "bj".into() });
    story.roll_out("dev", "executor");
    story.begin("dev", "router");
    let mut shell = Shell::of(&story);
    shell.show(&story, "dev", picture(vec![pod("a", false, true)]));
    let grid = shell.see(&story, OPERATOR, |i| {
        rollout_view(i, &"dev".into()).unwrap().pods
    });
    assert_eq!(columns(&grid), ["a/", "/", "/"]);
}

#[test]
fn on_the_way_back_pods_of_the_old_version_are_counted() {
    let (mut story, intent) = router_runs();
    story.settle("dev", &intent.id, applied("router", "dev"));
    story.must(
        OPERATOR,
        Command::StartWayBack {
            environment: "dev".into(),
        },
    );
    let mut shell = Shell::of(&story);
    let mut counted = |story: &Story, pods| {
        shell.show(story, "dev", picture(pods));
        let grid = shell.see(story, OPERATOR, |i| {
            rollout_view(i, &"dev".into()).unwrap().pods
        });
        (grid.ready, grid.total)
    };
    let released = vec![pod("x", true, true), pod("y", true, true)];
    assert_eq!(counted(&story, released), (0, 3));
    let intent = restore_intent("r router", "router", "dev");
    let command = story.intend("dev", "router", intent.clone());
    story.must(OPERATOR, command);
    story.settle("dev", &intent.id, applied("router", "dev"));
    let going = vec![pod("x", false, true), pod("a", true, true)];
    assert_eq!(counted(&story, going), (1, 3));
}

#[test]
fn the_deadline_moves_with_every_sign_of_progress() {
    let (mut story, intent) = router_runs();
    story.settle("dev", &intent.id, applied("router", "dev"));
    let limit = Duration::seconds(i64::from(plan().timings.progress_deadline_s));
    assert_eq!(
        rollout(&story, OPERATOR, "dev").deadline_at,
        Some(at(story.now + limit))
    );
    let ready_at = story.now + Duration::seconds(30);
    let mut fresh = pod("x", true, true);
    fresh.ready_at = Some(ready_at);
    let mut shell = Shell::of(&story);
    shell.show(&story, "dev", picture(vec![fresh]));
    let view = shell.see(&story, OPERATOR, |i| {
        rollout_view(i, &"dev".into()).unwrap()
    });
    assert_eq!(view.deadline_at, Some(at(ready_at + limit)));
    assert_eq!(
        view.watch_age_ms,
        Some((story.now - start()).num_milliseconds() as f64)
    );
}
