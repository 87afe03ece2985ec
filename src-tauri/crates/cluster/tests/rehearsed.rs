//! The adapter on a rehearsal cluster, with scripted faults and every request counted.

#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "rollback/rows.rs"]
#[allow(dead_code)]
mod rows;
mod suite;

/// Where the rows look for it.
mod bench {
    pub use crate::suite::*;
}

use std::time::Duration;

use cluster::Limits;
use domain::{MutationOutcome, MutationVerb, Precondition};
use engine::ports::ClusterFailure;
use rehearsal::{Cluster as Rehearsal, ClusterSpec, Fault, Pace, Rule, User};
use serde_json::json;
use suite::{Bench, NAMESPACE, config_map, deployment, intent, limits, reason};

const READER: &str = "reader";

async fn rehearsal() -> Rehearsal {
    let mut spec = ClusterSpec::new("bj-dev-01", 7);
    spec.namespaces = vec![NAMESPACE.to_owned()];
    spec.pace = Pace::instant();
    let verbs = ["get", "list", "watch"];
    let rules = vec![Rule::new(
        &verbs,
        &["*"],
        &["configmaps", "deployments", "namespaces", "pods"],
        &["*"],
    )];
    spec.users.push(User {
        name: READER.to_owned(),
        groups: Vec::new(),
        token: "reads-only".to_owned(),
        rules,
    });
    Rehearsal::start(spec).await.unwrap()
}

async fn bench(rehearsal: &Rehearsal) -> Bench {
    bench_with(rehearsal, limits()).await
}

async fn bench_with(rehearsal: &Rehearsal, limits: Limits) -> Bench {
    Bench::new(
        &rehearsal.kubeconfig("admin"),
        ["router:1.15.2".to_owned(), "router:1.15.3".to_owned()],
        limits,
    )
    .await
}

#[tokio::test]
async fn a_rollback_takes_back_only_what_the_release_changed() {
    let rehearsal = rehearsal().await;
    rows::on_every_cluster(&bench(&rehearsal).await).await;
}

fn writes(rehearsal: &Rehearsal) -> Vec<(String, u16, bool)> {
    let dry = |query: &str| query.contains("dryRun");
    let of = |verb: &str| ["create", "update", "patch", "delete"].contains(&verb);
    let requests = rehearsal.requests().into_iter();
    requests
        .filter(|r| of(&r.verb) && !dry(&r.query) && !r.path.contains("selfsubject"))
        .map(|r| (r.verb, r.status, r.answered))
        .collect()
}

#[tokio::test]
async fn everything_holds() {
    let rehearsal = rehearsal().await;
    suite::everything(&bench(&rehearsal).await).await;
}

#[tokio::test]
async fn a_lost_answer_is_unknown_and_read_back_as_applied_after_one_request() {
    let rehearsal = rehearsal().await;
    let bench = bench(&rehearsal).await;
    rehearsal.inject(Fault::LoseResponse {
        verb: "patch".into(),
        resource: "configmaps".into(),
        times: 1,
    });
    let outgoing = config_map("lost", json!({"a": "1"}));
    let outcome = bench.apply("m-lost", &outgoing, Precondition::Absent).await;
    assert!(
        matches!(outcome, MutationOutcome::Unknown { .. }),
        "{outcome:?}"
    );
    let sent = intent(
        "m-lost",
        MutationVerb::Apply,
        &outgoing.object,
        Precondition::Absent,
    );
    let found = bench.cluster.read_back(&sent).await.unwrap().outcome;
    assert_eq!(
        found,
        MutationOutcome::Applied {
            live: Some(bench.head(&outgoing.object).await)
        }
    );
    assert_eq!(writes(&rehearsal), [("patch".to_owned(), 201, false)]);
}

#[tokio::test]
async fn a_busy_server_is_asked_to_read_again_and_to_write_once() {
    let rehearsal = rehearsal().await;
    let bench = bench(&rehearsal).await;
    let outgoing = config_map("busy", json!({"a": "1"}));
    let too_many = |verb: &str, times| Fault::TooManyRequests {
        verb: verb.into(),
        resource: "configmaps".into(),
        times,
        retry_after: Duration::ZERO,
    };
    rehearsal.inject(too_many("get", 2));
    assert_eq!(bench.cluster.read(&outgoing.object).await.unwrap(), None);
    rehearsal.inject(too_many("get", 50));
    assert_eq!(
        bench.cluster.read(&outgoing.object).await.unwrap_err(),
        ClusterFailure::Busy
    );
    rehearsal.clear_faults();
    rehearsal.inject(too_many("patch", 1));
    assert!(reason(bench.apply("m-1", &outgoing, Precondition::Absent).await).contains("busy"));
    rehearsal.inject(Fault::Unavailable {
        verb: "patch".into(),
        resource: "configmaps".into(),
        times: 1,
    });
    assert!(reason(bench.apply("m-2", &outgoing, Precondition::Absent).await).contains("busy"));
    assert_eq!(writes(&rehearsal).len(), 2);
    assert_eq!(bench.cluster.read(&outgoing.object).await.unwrap(), None);
}

#[tokio::test]
async fn retry_after_is_honoured_only_up_to_a_bound() {
    let rehearsal = rehearsal().await;
    let bench = bench_with(
        &rehearsal,
        Limits {
            read_pause_most: Duration::from_millis(20),
            ..limits()
        },
    )
    .await;
    let hour = Duration::from_secs(3600);
    rehearsal.inject(Fault::TooManyRequests {
        verb: "get".into(),
        resource: "configmaps".into(),
        times: 1,
        retry_after: hour,
    });
    let asked = config_map("x", json!({}));
    assert!(bench.cluster.read(&asked.object).await.unwrap().is_none());
}

#[tokio::test]
async fn a_race_for_the_resource_version_is_run_again_within_bounds() {
    let rehearsal = rehearsal().await;
    let bench = bench(&rehearsal).await;
    let outgoing = config_map("race", json!({"a": "1"}));
    let conflict = |times| Fault::Conflict {
        verb: "patch".into(),
        resource: "configmaps".into(),
        times,
    };
    rehearsal.inject(conflict(2));
    assert!(matches!(
        bench.apply("m-1", &outgoing, Precondition::Absent).await,
        MutationOutcome::Applied { .. }
    ));
    assert_eq!(
        writes(&rehearsal).iter().map(|w| w.1).collect::<Vec<_>>(),
        [409, 409, 201]
    );
    rehearsal.inject(conflict(100));
    let head = bench.head(&outgoing.object).await;
    assert!(
        reason(
            bench
                .apply("m-2", &outgoing, Precondition::Unchanged(head))
                .await
        )
        .contains("keeps changing")
    );
    assert_eq!(writes(&rehearsal).len(), 3 + 4);
}

#[tokio::test]
async fn a_reader_is_told_what_is_missing_and_cannot_write() {
    let rehearsal = rehearsal().await;
    let bench = Bench::new(
        &rehearsal.kubeconfig(READER),
        [String::new(), String::new()],
        limits(),
    )
    .await;
    let outgoing = config_map("denied", json!({"a": "1"}));
    let needed = bench
        .cluster
        .needed(std::slice::from_ref(&outgoing.object))
        .await
        .unwrap();
    let denied = bench.cluster.denied(&needed).await.unwrap();
    let denied: Vec<_> = denied
        .iter()
        .map(|p| format!("{} {}", p.verb, p.resource))
        .collect();
    for verb in ["patch", "update", "create", "delete"] {
        assert!(denied.contains(&format!("{verb} configmaps")), "{denied:?}");
    }
    assert!(
        !denied.contains(&"get configmaps".to_owned())
            && denied.contains(&"watch events".to_owned()),
        "{denied:?}"
    );
    let failure = bench.cluster.preview(&outgoing).await.unwrap_err();
    assert!(
        matches!(failure, ClusterFailure::Forbidden(ref p) if p.resource == "configmaps"),
        "{failure:?}"
    );
    assert!(matches!(
        bench.apply("m-1", &outgoing, Precondition::Absent).await,
        MutationOutcome::NotApplied { .. }
    ));
}

#[tokio::test]
async fn a_broken_watch_lists_again_and_says_so() {
    let rehearsal = rehearsal().await;
    let bench = bench_with(
        &rehearsal,
        Limits {
            watch_pause: Duration::from_millis(300),
            ..limits()
        },
    )
    .await;
    let outgoing = deployment("kept", "router:1.15.2");
    bench.applied("m-1", &outgoing).await;
    let watching = bench
        .cluster
        .watch(std::slice::from_ref(&outgoing.object))
        .await
        .unwrap();
    let mut pictures = watching.pictures();
    let ready = |p: &engine::ports::Picture| {
        p.connected && p.workloads[0].pods.iter().filter(|p| p.ready).count() == 2
    };
    suite::rollouts::picture(&mut pictures, ready).await;
    rehearsal.inject(Fault::Unavailable {
        verb: "list".into(),
        resource: "pods".into(),
        times: 1,
    });
    rehearsal.inject(Fault::ExpireWatch {
        resource: "pods".into(),
    });
    rehearsal.inject(Fault::DropWatch {
        resource: "pods".into(),
        after_events: 0,
    });
    rehearsal.compact();
    let crash = deployment("kept", "router:bad");
    rehearsal.inject(Fault::CrashLoop {
        image_contains: "router:bad".into(),
    });
    bench.applied("m-2", &crash).await;
    let failing = suite::rollouts::picture(&mut pictures, |p| {
        p.workloads[0].pods.iter().any(|p| p.failing && p.newest)
    })
    .await;
    assert!(
        failing.workloads[0]
            .pods
            .iter()
            .any(|p| !p.newest && p.ready),
        "the old pods serve on"
    );
}

#[tokio::test]
async fn a_late_request_is_fenced_off_once_the_object_moved() {
    let rehearsal = rehearsal().await;
    let hour = Duration::from_secs(3600);
    let quick = Limits {
        settle: hour,
        settle_poll: Duration::from_millis(20),
        ..limits()
    };
    let bench = bench_with(&rehearsal, quick).await;
    let outgoing = config_map("fenced", json!({"a": "1"}));
    let head = bench.applied("m-1", &outgoing).await;
    let next = intent(
        "m-2",
        MutationVerb::Apply,
        &outgoing.object,
        Precondition::Unchanged(head),
    );
    let looks = || {
        rehearsal
            .requests()
            .iter()
            .filter(|r| r.verb == "get" && r.path.ends_with("/fenced"))
            .count()
    };
    let before = looks();
    let somebody_moves_it = async {
        while looks() < before + 2 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        // Bookkeeping: the content stays what it was, so that only the fence can tell.
        let patch =
            json!({"metadata": {"annotations": {"deployment.kubernetes.io/revision": "9"}}});
        bench.edits(&outgoing.object, "controller", patch).await;
    };
    let (found, ()) = tokio::join!(bench.cluster.read_back(&next), somebody_moves_it);
    assert!(reason(found.unwrap().outcome).contains("can no longer be carried out"));
}
