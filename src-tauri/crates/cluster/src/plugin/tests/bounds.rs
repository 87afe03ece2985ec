//! A command that does not behave.

use std::time::Instant;

use super::*;

#[tokio::test]
async fn one_that_hangs_is_ended_with_all_that_it_started() {
    let bench = Bench::new();
    let pids = bench.path("pids");
    // The shell waits for a grandchild that holds its output open.
    let script = format!("sleep 600 &\necho $$ $! > {}\nwait", pids.display());
    let begun = Instant::now();
    assert_eq!(
        bench.problem(&script).await,
        PluginProblem::Late { seconds: 1 }
    );
    assert!(begun.elapsed() < Duration::from_secs(20));
    let pids = std::fs::read_to_string(pids).unwrap();
    for pid in pids.split_whitespace() {
        ended(pid).await;
    }
}

/// Waits until a process is gone, or a zombie that only waits to be buried.
async fn ended(pid: &str) {
    let stat = format!("/proc/{pid}/stat");
    for _ in 0..500 {
        match std::fs::read_to_string(&stat) {
            Err(_) => return,
            Ok(text) if text.contains(") Z ") => return,
            Ok(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }
    panic!("{pid} runs on");
}

#[tokio::test]
async fn one_whose_run_is_given_up_is_ended() {
    let bench = Bench::new();
    let pid = bench.path("pid");
    let plugin = bench.script(&format!(
        "echo $$ > {}.tmp; mv {0}.tmp {0}; sleep 600",
        pid.display()
    ));
    let allowed = [as_shown(&plugin)];
    let context = context(&plugin);
    let limits = Limits {
        plugin: Duration::from_secs(600),
        ..bench.limits.clone()
    };
    let running = run(&plugin, &context, &allowed, &limits);
    let started = async {
        while !pid.exists() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::select! {
        _ = running => panic!("it sleeps"),
        () = started => {}
    }
    ended(std::fs::read_to_string(&pid).unwrap().trim()).await;
}

#[tokio::test]
async fn one_that_writes_without_end_is_ended() {
    let bench = Bench::new();
    let limit = 4096;
    assert_eq!(
        bench.problem("yes hunter2").await,
        PluginProblem::TooLong { limit }
    );
    // All of it is well-formed, only too much of it.
    let padded = credential(V1, &format!("{{\"token\":\"{}\"}}", "x".repeat(5000)));
    assert_eq!(
        bench.problem(&padded).await,
        PluginProblem::TooLong { limit }
    );
    let fifty_megabytes = "head -c 52428800 /dev/zero";
    assert_eq!(
        bench.problem(fifty_megabytes).await,
        PluginProblem::TooLong { limit }
    );
}

#[tokio::test]
async fn one_that_ends_badly_says_only_how() {
    let bench = Bench::new();
    let both = "echo hunter2; echo hunter2 >&2; ";
    for (script, expected) in [
        (format!("{both}exit 7"), PluginProblem::Exited { code: 7 }),
        (
            format!("{both}kill -9 $$"),
            PluginProblem::Killed { signal: 9 },
        ),
        // A good credential of a command that failed afterwards is no credential.
        (
            format!("{}\nexit 1", credential(V1, r#"{"token":"hunter2"}"#)),
            PluginProblem::Exited { code: 1 },
        ),
    ] {
        assert_eq!(bench.problem(&script).await, expected);
    }
}

#[tokio::test]
async fn what_it_says_on_stderr_goes_nowhere() {
    let bench = Bench::new();
    let seen = bench.path("stderr");
    let script = format!(
        "readlink /proc/self/fd/2 > {}\necho hunter2 >&2\n{}",
        seen.display(),
        credential(V1, r#"{"token":"t"}"#)
    );
    bench.run(&script).await.unwrap();
    let stderr = std::fs::read_to_string(seen).unwrap();
    // The shell's redirection of its own child's output leaves fd 2 as the plugin got it.
    assert_eq!(stderr.trim(), "/dev/null");
}

#[tokio::test]
async fn one_that_cannot_be_started_says_so() {
    let bench = Bench::new();
    let path = bench.path("login");
    install(&path, b"#!/no/such/interpreter\n");
    let failure = run_allowed(&plugin(&path), &bench.limits).await.err();
    assert!(matches!(
        failure,
        Some(ClusterFailure::PluginFailed {
            problem: PluginProblem::NotStarted(_),
            ..
        })
    ));
}
