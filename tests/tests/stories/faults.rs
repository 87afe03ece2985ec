//! What goes wrong on the way: containers, images, the API server, the connection.

use std::time::Duration;

use acceptance::world::Given;
use domain::{ModuleStatus, MutationOutcome, NotAppliedCause, NotificationKind};
use rehearsal::Fault;

use crate::{DEV, EXECUTOR, ROUTER, at_the_first_stage};

/// Rolls the executor out well, then the router into a fault that keeps it from getting healthy.
async fn the_router_fails(fault: Fault, expected: &str) {
    let Some(world) = at_the_first_stage(Given::default()).await else {
        return;
    };
    assert_eq!(world.roll_out(DEV, EXECUTOR).await, ModuleStatus::Passed);
    world.place(DEV).0.rehearsed().inject(fault);
    assert_eq!(world.roll_out(DEV, ROUTER).await, ModuleStatus::Failed);
    let reason = world.reason(DEV, ROUTER);
    assert!(reason.contains(expected), "{reason}");
    assert!(world.notices.kinds().contains(&NotificationKind::Failed));
    // The old pods still serve: the rolling update never takes the last one away.
    let (site, namespace) = world.place(DEV);
    let live = site.get(&namespace, "deployment", ROUTER).await.unwrap();
    assert!(
        live["status"]["availableReplicas"].as_u64().unwrap_or(0) >= 1,
        "{live}"
    );

    world.go_back(DEV).await;
    world.then_old(DEV).await;
    assert_eq!(world.status(DEV, ROUTER), ModuleStatus::TakenBack);
    assert!(
        world
            .notices
            .kinds()
            .contains(&NotificationKind::RolledBack)
    );
    world.then_the_ledger_holds().await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crash_loop_fails_and_goes_back() {
    the_router_fails(
        Fault::CrashLoop {
            image_contains: "fission-router:1.15.4".into(),
        },
        "CrashLoopBackOff",
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_image_that_cannot_be_pulled_fails_and_goes_back() {
    the_router_fails(
        Fault::ImagePull {
            image_contains: "fission-router:1.15.4".into(),
        },
        "ImagePull",
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_start_passes() {
    let slow = Fault::SlowStart {
        image_contains: "fission-executor:1.15.4".into(),
        extra: Duration::from_secs(2),
    };
    let Some(world) = at_the_first_stage(Given {
        faults: vec![slow],
        ..Given::default()
    })
    .await
    else {
        return;
    };
    assert_eq!(world.roll_out(DEV, EXECUTOR).await, ModuleStatus::Passed);
    let module = world.environment(DEV).modules[&EXECUTOR.into()].clone();
    let took = module.ended_at.unwrap() - module.started_at.unwrap();
    assert!(took >= chrono::Duration::seconds(2), "{took}");
    world.then_the_ledger_holds().await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_standstill_fails_at_the_deadline() {
    let hangs = Fault::SlowStart {
        image_contains: "fission-executor:1.15.4".into(),
        extra: Duration::from_secs(3600),
    };
    let given = Given {
        faults: vec![hangs],
        edits: vec![
            ("stableSeconds: 3", "stableSeconds: 1"),
            (
                "progressDeadlineSeconds: 120",
                "progressDeadlineSeconds: 10",
            ),
        ],
        ..Given::default()
    };
    let Some(world) = at_the_first_stage(given).await else {
        return;
    };
    assert_eq!(world.roll_out(DEV, EXECUTOR).await, ModuleStatus::Failed);
    world.go_back(DEV).await;
    world.then_old(DEV).await;
    world.then_the_ledger_holds().await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_clusters_own_deadline_counts() {
    let hangs = Fault::SlowStart {
        image_contains: "fission-executor:1.15.4".into(),
        extra: Duration::from_secs(3600),
    };
    let Some(mut world) = Given {
        faults: vec![hangs],
        ..Given::default()
    }
    .rehearsed()
    .await
    else {
        return;
    };
    let file = world
        .workspace()
        .join("modules/fission-executor/bj-dev/deployment.yaml");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(
        &file,
        text.replace("progressDeadlineSeconds: 120", "progressDeadlineSeconds: 2"),
    )
    .unwrap();
    world.given_release().await;
    world.declare_the_timeout().await;
    let declaration = domain::Declaration {
        text: "进度期限缩短".to_owned(),
        object: "Deployment/fission-executor".to_owned(),
        path: "spec.progressDeadlineSeconds".to_owned(),
    };
    world.declare(declaration).await.unwrap();
    world.when_stage_is_ready("bj-offline").await;
    assert_eq!(world.roll_out(DEV, EXECUTOR).await, ModuleStatus::Failed);
    let reason = world.reason(DEV, EXECUTOR);
    assert!(
        reason.contains("timed out progressing") || reason.contains("ProgressDeadlineExceeded"),
        "{reason}"
    );
    world.go_back(DEV).await;
    world.then_old(DEV).await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_busy_api_server_is_asked_again() {
    let Some(mut world) = Given::default().rehearsed().await else {
        return;
    };
    world.given_release().await;
    world.declare_the_timeout().await;
    let any = |verb: &str, times| (verb.to_owned(), "*".to_owned(), times);
    let busy = || {
        let cluster = world.place(DEV).0.rehearsed();
        let (verb, resource, times) = any("get", 2);
        cluster.inject(Fault::TooManyRequests {
            verb,
            resource,
            times,
            retry_after: Duration::from_secs(1),
        });
        let (verb, resource, times) = any("list", 2);
        cluster.inject(Fault::Unavailable {
            verb,
            resource,
            times,
        });
    };
    busy();
    world.when_stage_is_ready("bj-offline").await;
    busy();
    assert_eq!(world.roll_out(DEV, EXECUTOR).await, ModuleStatus::Passed);
    let requests = world.place(DEV).0.rehearsed().requests();
    let turned_away = requests
        .iter()
        .filter(|r| r.status == 429 || r.status == 503)
        .count();
    assert!(
        turned_away >= 4,
        "only {turned_away} requests were turned away"
    );
    assert_eq!(world.carried_out(DEV, "/deployments/fission-executor"), 1);
    world.then_the_ledger_holds().await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_that_is_turned_away_is_intended_anew_and_carried_out_once() {
    let Some(world) = at_the_first_stage(Given::default()).await else {
        return;
    };
    let refuse = Fault::TooManyRequests {
        verb: "patch".into(),
        resource: "configmaps".into(),
        times: 1,
        retry_after: Duration::from_secs(1),
    };
    world.place(DEV).0.rehearsed().inject(refuse);
    assert_eq!(world.roll_out(DEV, EXECUTOR).await, ModuleStatus::Passed);
    let outcomes: Vec<_> = world
        .environment(DEV)
        .settled
        .iter()
        .filter(|settled| settled.intent.object.kind == "ConfigMap")
        .map(|settled| (settled.intent.id.clone(), settled.outcome.clone()))
        .collect();
    let [(first, turned_away), (second, applied)] = outcomes.as_slice() else {
        panic!("{outcomes:?}")
    };
    assert_ne!(first, second);
    assert!(
        matches!(
            turned_away,
            MutationOutcome::NotApplied {
                cause: NotAppliedCause::Unheard,
                ..
            }
        ),
        "{turned_away:?}"
    );
    assert!(matches!(applied, MutationOutcome::Applied { .. }));
    assert_eq!(
        world.carried_out(DEV, "/configmaps/fission-executor-config"),
        1
    );
    world.then_the_ledger_holds().await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn broken_and_expired_watches_change_nothing() {
    let Some(world) = at_the_first_stage(crate::slow()).await else {
        return;
    };
    let cluster = world.place(DEV).0.rehearsed();
    for resource in ["deployments", "pods", "replicasets", "events"] {
        for after_events in [0, 1, 2] {
            cluster.inject(Fault::DropWatch {
                resource: resource.into(),
                after_events,
            });
        }
        cluster.inject(Fault::ExpireWatch {
            resource: resource.into(),
        });
    }
    world.begin(DEV, EXECUTOR).await;
    crate::deployment_is_written(&world).await;
    cluster.compact();
    assert_eq!(world.ended(DEV, EXECUTOR).await, ModuleStatus::Passed);
    let watches = cluster
        .requests()
        .iter()
        .filter(|r| r.verb == "watch" && r.path.contains("/deployments"))
        .count();
    assert!(watches >= 3, "the watch was begun again: {watches}");
    assert_eq!(world.carried_out(DEV, "/deployments/fission-executor"), 1);
    world.then_the_ledger_holds().await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_response_is_read_back_and_never_sent_again() {
    // Without a conflict the first request is the one that is carried out.
    let Some(world) = at_the_first_stage(Given {
        ours: true,
        ..Given::default()
    })
    .await
    else {
        return;
    };
    let cluster = world.place(DEV).0.rehearsed();
    for resource in ["configmaps", "deployments"] {
        cluster.inject(Fault::LoseResponse {
            verb: "patch".into(),
            resource: resource.into(),
            times: 1,
        });
    }
    assert_eq!(world.roll_out(DEV, EXECUTOR).await, ModuleStatus::Passed);
    for object in [
        "/configmaps/fission-executor-config",
        "/deployments/fission-executor",
    ] {
        let all: Vec<_> = world
            .writes(DEV)
            .into_iter()
            .filter(|w| w.path.ends_with(object))
            .collect();
        assert_eq!(all.len(), 1, "{all:?}");
        assert!(!all[0].answered, "nobody was told");
    }
    let state = world.environment(DEV);
    assert!(
        state
            .settled
            .iter()
            .all(|s| matches!(s.outcome, MutationOutcome::Applied { .. })),
        "{:?}",
        state.settled
    );
    let names = world.events();
    let settled = names
        .iter()
        .filter(|name| *name == "mutationSettled")
        .count();
    let intended = names
        .iter()
        .filter(|name| *name == "mutationIntended")
        .count();
    assert_eq!(
        (intended, settled),
        (2, 4),
        "each intent was unknown first, then known"
    );
    world.then_the_ledger_holds().await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_that_met_a_race_is_made_once() {
    let Some(world) = at_the_first_stage(Given::default()).await else {
        return;
    };
    let race = Fault::Conflict {
        verb: "patch".into(),
        resource: "configmaps".into(),
        times: 2,
    };
    world.place(DEV).0.rehearsed().inject(race);
    assert_eq!(world.roll_out(DEV, EXECUTOR).await, ModuleStatus::Passed);
    assert_eq!(
        world.carried_out(DEV, "/configmaps/fission-executor-config"),
        1
    );
    world.then_the_ledger_holds().await;
    world.end().await;
}
