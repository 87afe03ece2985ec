//! Only what was allowed runs.

use std::os::unix::fs::{PermissionsExt, chown, symlink};

use super::*;

fn why(outcome: Result<Run, ClusterFailure>) -> PluginRefusal {
    match outcome.err().unwrap() {
        ClusterFailure::PluginNotAllowed { why, .. } => why,
        other => panic!("{other}"),
    }
}

fn mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

/// A script that leaves a mark, so that a test can tell whether it ran.
fn marking(bench: &Bench, more: &str) -> Plugin {
    bench.script(&format!(
        "touch {}\n{}\n{more}",
        bench.path("ran").display(),
        credential(V1, r#"{"token":"t"}"#)
    ))
}

#[tokio::test]
async fn what_was_not_allowed_does_not_run() {
    let bench = Bench::new();
    let plugin = marking(&bench, "");
    let context = context(&plugin);
    let shown = as_shown(&plugin);
    assert_eq!(
        run(&plugin, &context, &[], &bench.limits)
            .await
            .err()
            .unwrap(),
        ClusterFailure::PluginNotAllowed {
            path: shown.path.clone(),
            sha256: Some(shown.sha256.clone()),
            why: PluginRefusal::NeverAllowed,
        }
    );
    // The same content under another path is another command.
    let elsewhere = AllowedCommand {
        path: bench.path("other").to_str().unwrap().to_owned(),
        ..shown.clone()
    };
    let refused = run(&plugin, &context, &[elsewhere], &bench.limits).await;
    assert_eq!(why(refused), PluginRefusal::Changed);
    assert!(!bench.path("ran").exists());
    run(&plugin, &context, &[shown], &bench.limits)
        .await
        .unwrap();
    assert!(bench.path("ran").exists(), "the mark is left by what runs");
}

#[tokio::test]
async fn one_byte_more_is_another_command() {
    let bench = Bench::new();
    let plugin = marking(&bench, "");
    let allowed = [as_shown(&plugin)];
    let changed = marking(&bench, "# more");
    let refused = run(&changed, &context(&changed), &allowed, &bench.limits).await;
    let Err(ClusterFailure::PluginNotAllowed { sha256, why, .. }) = refused else {
        panic!("it ran")
    };
    assert_eq!(why, PluginRefusal::Changed);
    assert_eq!(sha256, Some(as_shown(&changed).sha256));
    assert!(!bench.path("ran").exists());
}

#[tokio::test]
async fn a_link_counts_as_what_it_leads_to() {
    let bench = Bench::new();
    marking(&bench, "");
    let link = bench.path("link");
    symlink(bench.path("login"), &link).unwrap();
    let linked = plugin(&link);
    let allowed = [as_shown(&linked)];
    assert_eq!(Path::new(&allowed[0].path), bench.path("login"));
    run(&linked, &context(&linked), &allowed, &bench.limits)
        .await
        .unwrap();
    // Led elsewhere, even to the same bytes, it is asked for again.
    std::fs::remove_file(bench.path("ran")).unwrap();
    std::fs::copy(bench.path("login"), bench.path("copy")).unwrap();
    std::fs::remove_file(&link).unwrap();
    symlink(bench.path("copy"), &link).unwrap();
    let refused = run(&linked, &context(&linked), &allowed, &bench.limits).await;
    assert_eq!(why(refused), PluginRefusal::Changed);
    assert!(!bench.path("ran").exists());
}

#[tokio::test]
async fn a_compiled_program_runs_as_the_file_that_was_hashed() {
    let bench = Bench::new();
    let path = bench.path("login");
    // `cat` prints itself when it is told to, so that what it prints says which file ran.
    let cat = std::fs::read("/bin/cat").unwrap();
    install(&path, &cat);
    let mut plugin = plugin(&path);
    let answer = bench.path("answer");
    let text = format!(
        "{{\"apiVersion\":\"{V1}\",\"kind\":\"ExecCredential\",\"status\":{{\"token\":\"t\"}}}}"
    );
    std::fs::write(&answer, text).unwrap();
    plugin.arguments = vec![answer.to_str().unwrap().to_owned()];
    let program = check(&plugin, &[as_shown(&plugin)]).await.unwrap();
    // Exchanged between the check and the start.
    std::fs::rename(&path, bench.path("away")).unwrap();
    install(&path, b"#!/bin/sh\necho evil\n");
    let context = context(&plugin);
    let written = process::output(&program, &plugin, &context, &bench.limits).await;
    #[cfg(target_os = "linux")]
    assert!(written.unwrap().expose_secret().contains("ExecCredential"));
    #[cfg(not(target_os = "linux"))]
    let _ = written;
    assert!(!program.watched().is_same());
}

#[tokio::test]
async fn a_path_that_others_may_write_to_is_not_run() {
    let bench = Bench::new();
    let plugin = marking(&bench, "");
    let allowed = [as_shown(&plugin)];
    let context = context(&plugin);
    let attempt = || run(&plugin, &context, &allowed, &bench.limits);
    let exposed = PluginRefusal::Exposed;
    mode(&bench.path("login"), 0o757);
    assert_eq!(why(attempt().await), exposed);
    mode(&bench.path("login"), 0o755);
    mode(bench.folder.path(), 0o777);
    assert_eq!(why(attempt().await), exposed);
    assert!(!bench.path("ran").exists());
    // As /tmp is: others may add files there, and exchange none.
    mode(bench.folder.path(), 0o1777);
    attempt().await.unwrap();
}

#[test]
fn owners_and_groups_count() {
    if !rustix::process::geteuid().is_root() {
        return eprintln!("1 skipped: only an administrator gives files away");
    }
    const SOMEBODY: u32 = 12_345;
    let bench = Bench::new();
    let plugin = marking(&bench, "");
    let path = bench.path("login");
    let exposure = || Program::find(&plugin.command, None).unwrap().exposure;
    assert_eq!(exposure(), Exposure::Nobody);
    mode(&path, 0o775);
    // The administrators' group may write everywhere anyway.
    assert_eq!(exposure(), Exposure::Nobody);
    chown(&path, None, Some(SOMEBODY)).unwrap();
    assert_eq!(exposure(), Exposure::Group);
    mode(&path, 0o755);
    assert_eq!(exposure(), Exposure::Nobody);
    chown(&path, Some(SOMEBODY), None).unwrap();
    assert_eq!(exposure(), Exposure::Everybody);
    chown(&path, Some(0), None).unwrap();
    chown(bench.folder.path(), Some(SOMEBODY), None).unwrap();
    assert_eq!(exposure(), Exposure::Everybody);
}

#[tokio::test]
async fn what_is_not_there_is_missing() {
    let bench = Bench::new();
    let folder = bench.folder.path().to_owned();
    for command in [
        "",
        "/no/such/program",
        "./login",
        "no-such-program",
        folder.to_str().unwrap(),
    ] {
        let plugin = Plugin {
            command: command.to_owned(),
            ..marking(&bench, "")
        };
        let allowed = [as_shown(&marking(&bench, ""))];
        let refused = run(&plugin, &context(&plugin), &allowed, &bench.limits).await;
        assert_eq!(why(refused), PluginRefusal::Missing, "{command}");
    }
    assert!(!bench.path("ran").exists());
}
