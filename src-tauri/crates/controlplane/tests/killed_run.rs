//! A test run that is killed takes its cluster with it, and the next one
//! removes what only a living process can remove.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use controlplane::{ControlPlane, Options, runnable};

/// In the child run this names the variable that makes it start a cluster and wait.
const VICTIM: &str = "CONTROLPLANE_TEST_VICTIM";
/// High, so that it does not meet the clusters that take the first free one.
const INDEX: u8 = 47;

#[test]
fn a_killed_run_leaves_nothing_that_the_next_does_not_remove() {
    if !runnable(1) {
        return;
    }
    let options = || Options {
        index: Some(INDEX),
        ..Options::named("killed")
    };
    if std::env::var_os(VICTIM).is_some() {
        let cluster = ControlPlane::start(options()).unwrap();
        println!("started {}", cluster.logs().display());
        std::thread::sleep(Duration::from_secs(600));
        return;
    }
    let mut victim = Command::new(std::env::current_exe().unwrap())
        .arg("--nocapture")
        .env(VICTIM, "1")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(victim.stdout.take().unwrap()).lines();
    let logs = lines
        .map_while(Result::ok)
        .find_map(|line| line.split_once("started ").map(|(_, path)| path.to_owned()))
        .expect("the victim starts its cluster");
    victim.kill().unwrap();
    victim.wait().unwrap();
    let deadline = Instant::now() + Duration::from_secs(20);
    while processes_with(&logs.replace("/logs", "")) > 0 {
        assert!(Instant::now() < deadline, "the cluster outlives its run");
        std::thread::sleep(Duration::from_millis(50));
    }
    assert!(Path::new(&logs).exists(), "nobody was there to remove it");

    let next = ControlPlane::start(options()).unwrap();
    assert_eq!(next.logs().display().to_string(), logs);
    assert!(next.kubectl(&["get", "nodes"]).unwrap().status.success());
    next.shutdown().unwrap();
    assert!(!Path::new(&logs).exists());
}

fn processes_with(needle: &str) -> usize {
    std::fs::read_dir("/proc")
        .unwrap()
        .flatten()
        .filter_map(|entry| std::fs::read(entry.path().join("cmdline")).ok())
        .filter(|bytes| String::from_utf8_lossy(bytes).contains(needle))
        .count()
}
