//! One real cluster: released to, disturbed, ended without a trace.
//!
//! Skipped loudly where clusters cannot run.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Output;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use controlplane::{Behaviour, ControlPlane, Image, Options, User, runnable};

const GOOD: &str = "pilothouse.example/fission-router:1.15.2";
const BETTER: &str = "pilothouse.example/fission-router:1.15.3";
const BROKEN: &str = "pilothouse.example/fission-router:1.15.4";
const MISSING: &str = "pilothouse.example/fission-router:9.9.9";

#[test]
fn a_cluster_is_started_released_to_disturbed_and_ended() {
    if !runnable(1) {
        return;
    }
    let serves = |reference, version: &str| {
        Image::new(
            reference,
            Behaviour::Serves {
                version: version.into(),
            },
        )
    };
    let began = Instant::now();
    let cluster = ControlPlane::start(Options::named("bj-test-01").with_images([
        serves(GOOD, "1.15.2"),
        serves(BETTER, "1.15.3"),
        Image::new(BROKEN, Behaviour::Exits { code: 1 }),
    ]))
    .unwrap();
    say(&format!("cluster ready after {:?}", began.elapsed()));

    deploy(&cluster);
    let address = cluster
        .service_address("default", "fission-router")
        .unwrap();
    until("the first version", || {
        cluster
            .get(address, "/version")
            .is_ok_and(|v| v == "1.15.2")
    });

    a_rolling_update_loses_no_request(&cluster, address);
    the_operator_may_release_and_the_verifier_may_read(&cluster);
    a_revoked_operator_is_unknown(&cluster);
    logs_and_exec_reach_the_container(&cluster);
    an_exiting_container_is_in_crash_loop_back_off(&cluster);
    a_missing_image_is_err_image_pull(&cluster);
    the_api_server_is_killed_and_comes_back(&cluster, address);
    etcd_hangs_and_goes_on(&cluster);
    the_kubelet_is_killed_and_comes_back(&cluster);

    nothing_is_left(cluster);
}

fn a_rolling_update_loses_no_request(cluster: &ControlPlane, address: SocketAddr) {
    let stop = AtomicBool::new(false);
    let began = Instant::now();
    let (asked, lost) = std::thread::scope(|scope| {
        let asking = scope.spawn(|| {
            let (mut asked, mut lost) = (0, Vec::new());
            while !stop.load(Ordering::Relaxed) {
                asked += 1;
                if let Err(error) = cluster.get(address, "/version") {
                    lost.push(error.to_string());
                }
            }
            (asked, lost)
        });
        set_image(cluster, BETTER);
        rolled_out(cluster);
        say(&format!("rolled out after {:?}", began.elapsed()));
        let old_gone = || {
            let pods = ask(
                cluster,
                &["get", "pods", "-l", "app=fission-router", "-o", "name"],
            );
            pods.lines().count() == 3
        };
        until("the old pods' end", old_gone);
        stop.store(true, Ordering::Relaxed);
        asking.join().unwrap()
    });
    assert_eq!(lost, Vec::<String>::new(), "of {asked} requests");
    assert!(asked > 20, "only {asked} requests");
    say(&format!("{asked} requests during the update, none lost"));
    assert_eq!(cluster.get(address, "/version").unwrap(), "1.15.3");
}

fn the_operator_may_release_and_the_verifier_may_read(cluster: &ControlPlane) {
    let may = |user: User, verb: &str, what: &str| {
        let answer = cluster
            .kubectl(&["auth", "can-i", verb, what, "--as", user.name()])
            .unwrap();
        answer.status.success()
    };
    for verb in [
        "get", "list", "watch", "create", "patch", "update", "delete",
    ] {
        assert!(may(User::Operator, verb, "deployments.apps"), "{verb}");
    }
    assert!(!may(User::Operator, "create", "clusterroles"));
    assert!(!may(User::Operator, "delete", "namespaces"));
    assert!(may(User::Verifier, "get", "deployments.apps"));
    assert!(!may(User::Verifier, "patch", "deployments.apps"));
    assert!(!may(User::Verifier, "get", "secrets"));
}

fn a_revoked_operator_is_unknown(cluster: &ControlPlane) {
    let own = cluster.kubeconfig_path(User::Operator);
    let as_operator = || {
        cluster
            .kubectl(&["--kubeconfig", &own.display().to_string(), "get", "pods"])
            .unwrap()
    };
    assert!(as_operator().status.success());
    cluster.revoke(User::Operator).unwrap();
    assert!(stderr(&as_operator()).contains("Unauthorized"));
    cluster.reinstate(User::Operator).unwrap();
    until("the operator's token", || as_operator().status.success());
}

fn logs_and_exec_reach_the_container(cluster: &ControlPlane) {
    let logs = ask(cluster, &["logs", "deployment/fission-router"]);
    assert!(logs.contains("listening on 8080"), "{logs}");
    let said = ask(
        cluster,
        &[
            "exec",
            "deployment/fission-router",
            "--",
            "cat",
            "/www/version",
        ],
    );
    assert_eq!(said, "1.15.3");
}

fn an_exiting_container_is_in_crash_loop_back_off(cluster: &ControlPlane) {
    set_image(cluster, BROKEN);
    until("CrashLoopBackOff", || {
        waiting_reasons(cluster).contains("CrashLoopBackOff")
    });
}

fn a_missing_image_is_err_image_pull(cluster: &ControlPlane) {
    let began = Instant::now();
    set_image(cluster, MISSING);
    until("ErrImagePull", || {
        let reasons = waiting_reasons(cluster);
        reasons.contains("ErrImagePull") || reasons.contains("ImagePullBackOff")
    });
    say(&format!(
        "a missing image is known after {:?}",
        began.elapsed()
    ));
    ask(
        cluster,
        &[
            "rollout",
            "undo",
            "deployment/fission-router",
            "--to-revision=2",
        ],
    );
    rolled_out(cluster);
}

fn the_api_server_is_killed_and_comes_back(cluster: &ControlPlane, address: SocketAddr) {
    cluster.kill_apiserver().unwrap();
    assert!(!cluster.kubectl(&["get", "nodes"]).unwrap().status.success());
    assert!(cluster.kill_apiserver().is_err(), "it is dead already");
    assert_eq!(
        cluster.get(address, "/version").unwrap(),
        "1.15.3",
        "pods do not need it"
    );
    let began = Instant::now();
    cluster.start_apiserver().unwrap();
    say(&format!("API server back after {:?}", began.elapsed()));
    assert!(ask(cluster, &["get", "nodes"]).contains(cluster.node()));
}

fn etcd_hangs_and_goes_on(cluster: &ControlPlane) {
    let write = [
        "create",
        "configmap",
        "written-while-hanging",
        "--request-timeout=2s",
    ];
    cluster.pause_etcd().unwrap();
    let hanging = cluster.kubectl(&write).unwrap();
    cluster.resume_etcd().unwrap();
    assert!(!hanging.status.success());
    // Whether the first one was done after all is just what nobody can know.
    until("writes", || {
        let again = cluster.kubectl(&write).unwrap();
        again.status.success() || stderr(&again).contains("already exists")
    });
}

fn the_kubelet_is_killed_and_comes_back(cluster: &ControlPlane) {
    cluster.kill_kubelet().unwrap();
    cluster.start_kubelet().unwrap();
    ask(
        cluster,
        &["rollout", "restart", "deployment/fission-router"],
    );
    rolled_out(cluster);
}

fn nothing_is_left(cluster: ControlPlane) {
    let state = cluster.logs().parent().unwrap().to_owned();
    let address = cluster.url().replace("https://", "").replace(":6443", "");
    let needle = state.display().to_string();
    let ids = "jsonpath={.items[*].status.containerStatuses[*].containerID}";
    let ids = ask(&cluster, &["get", "pods", "-o", ids]).replace("containerd://", "");
    let containers: Vec<&str> = ids.split_whitespace().collect();
    assert!(containers.len() >= 3, "{ids}");
    assert!(
        !processes_with(&needle).is_empty(),
        "or the search below finds nothing either"
    );
    let began = Instant::now();
    cluster.shutdown().unwrap();
    say(&format!("ended after {:?}", began.elapsed()));
    assert_eq!(processes_with(&needle), Vec::<String>::new());
    assert!(!state.exists());
    let mounts = fs::read_to_string("/proc/mounts").unwrap();
    assert!(!mounts.contains(&needle), "{mounts}");
    let prefix = address.trim_end_matches('2');
    let routes = fs::read_to_string("/proc/net/fib_trie").unwrap();
    assert!(
        !routes.contains(prefix),
        "an address below {prefix} is left"
    );
    for hierarchy in fs::read_dir("/sys/fs/cgroup").unwrap().flatten() {
        for container in &containers {
            let group = hierarchy.path().join("k8s.io").join(container);
            assert!(!group.exists(), "{}", group.display());
        }
    }
}

fn deploy(cluster: &ControlPlane) {
    let manifest = format!(
        r#"
apiVersion: apps/v1
kind: Deployment
metadata: {{ name: fission-router, labels: {{ app: fission-router }} }}
spec:
  replicas: 3
  selector: {{ matchLabels: {{ app: fission-router }} }}
  template:
    metadata: {{ labels: {{ app: fission-router }} }}
    spec:
      containers:
        - name: fission-router
          image: {GOOD}
          imagePullPolicy: IfNotPresent
          ports: [{{ containerPort: 8080 }}]
          readinessProbe: {{ httpGet: {{ path: /healthz, port: 8080 }}, periodSeconds: 1 }}
---
apiVersion: v1
kind: Service
metadata: {{ name: fission-router }}
spec:
  selector: {{ app: fission-router }}
  ports: [{{ port: 8080 }}]
"#
    );
    let path = std::env::temp_dir().join(format!("one-cluster-{}.yaml", std::process::id()));
    fs::write(&path, manifest).unwrap();
    let began = Instant::now();
    ask(cluster, &["apply", "-f", &path.display().to_string()]);
    fs::remove_file(&path).unwrap();
    rolled_out(cluster);
    say(&format!("three replicas ready after {:?}", began.elapsed()));
}

fn set_image(cluster: &ControlPlane, reference: &str) {
    let image = format!("fission-router={reference}");
    ask(
        cluster,
        &["set", "image", "deployment/fission-router", &image],
    );
}

fn rolled_out(cluster: &ControlPlane) {
    ask(
        cluster,
        &[
            "rollout",
            "status",
            "deployment/fission-router",
            "--timeout=180s",
        ],
    );
}

fn waiting_reasons(cluster: &ControlPlane) -> String {
    let path = "jsonpath={.items[*].status.containerStatuses[*].state.waiting.reason}";
    ask(cluster, &["get", "pods", "-o", path])
}

fn ask(cluster: &ControlPlane, arguments: &[&str]) -> String {
    let output = cluster.kubectl(arguments).unwrap();
    assert!(
        output.status.success(),
        "{arguments:?}: {}",
        stderr(&output)
    );
    String::from_utf8(output.stdout).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn until(what: &str, mut met: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(120);
    while !met() {
        assert!(Instant::now() < deadline, "no {what} after two minutes");
        std::thread::sleep(Duration::from_millis(100));
    }
}

fn processes_with(needle: &str) -> Vec<String> {
    fs::read_dir("/proc")
        .unwrap()
        .flatten()
        .filter(|entry| Path::new(&entry.path()).join("cmdline").exists())
        .filter_map(|entry| fs::read(entry.path().join("cmdline")).ok())
        .map(|bytes| String::from_utf8_lossy(&bytes).replace('\0', " "))
        .filter(|line| line.contains(needle))
        .collect()
}

fn say(text: &str) {
    println!("{text}");
}
