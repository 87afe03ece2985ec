//! The rollback on a real API server. Skipped loudly where clusters cannot run.

#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "../suite/bench.rs"]
#[allow(dead_code)]
mod bench;
mod one_way;
mod random;
mod rows;

use std::time::Duration;

use bench::{Bench, NAMESPACE, limits};
use cluster::Limits;
use controlplane::{ControlPlane, Options, User, runnable};

#[test]
fn a_rollback_can_be_trusted() {
    if !runnable(1) {
        return;
    }
    let plane = ControlPlane::start(Options::named("bj-prod-09")).unwrap();
    let created = plane.kubectl(&["create", "namespace", NAMESPACE]).unwrap();
    assert!(created.status.success());
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let none = [String::new(), String::new()];
        let admin = plane.kubeconfig(User::Admin);
        // Nothing is lost on its way here; a busy machine must not look like it.
        let limits = Limits {
            server_deadline: Duration::from_secs(20),
            settle: Duration::from_secs(21),
            ..limits()
        };
        let bench = Bench::new(&admin, none, limits).await;
        rows::every_row(&bench).await;
        one_way::every_row_is_refused_on_the_way_back(&bench).await;
        random::only_our_delta_is_gone(&bench).await;
    });
    plane.shutdown().unwrap();
}
