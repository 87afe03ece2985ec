//! Credential commands.

use std::path::PathBuf;

use engine::ports::Credential;

use super::*;

#[test]
fn a_command_is_shown_word_by_word_with_what_speaks_against_it() {
    use PluginConcern::*;
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("login");
    std::fs::write(&program, "x").unwrap();
    let v1 = "apiVersion: client.authentication.k8s.io/v1";
    let plugin = |exec: &str| {
        only(&with_user(&format!("{{exec: {{{exec}, {v1}}}}}")))
            .plugin
            .unwrap()
    };
    let shown = plugin(&format!(
        "command: '{}', args: [get-token, --x y], env: [{{name: A, value: hunter2}}]",
        program.display()
    ));
    assert_eq!(shown.words[1..], ["get-token", "--x y"]);
    assert_eq!(
        (shown.environment.as_slice(), shown.concerns.as_slice()),
        (["A".to_owned()].as_slice(), [].as_slice())
    );
    assert_eq!(shown.path, Some(program.canonicalize().unwrap()));
    assert_eq!(
        shown.sha256.as_deref(),
        Some("2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881")
    );
    assert!(!format!("{shown:?}").contains("hunter2"));
    assert_eq!(
        plugin("command: /bin/sh, args: [-c, 'curl http://evil']").concerns,
        [Shell, PlainHttp]
    );
    assert_eq!(plugin("command: /no/such/program").concerns, [NotFound]);
    assert_eq!(
        plugin("command: ./login").concerns,
        [RelativePath, NotFound]
    );
    assert_eq!(
        plugin("command: no-such-program-anywhere").concerns,
        [RelativePath, NotFound]
    );
    assert_eq!(
        plugin("command: /no/python3.11, args: [login.py]").concerns,
        [Interpreter, NotFound]
    );
    let preloads = format!(
        "command: '{}', env: [{{name: LD_PRELOAD, value: /evil.so}}]",
        program.display()
    );
    assert_eq!(plugin(&preloads).concerns, [LoaderVariable]);
    let bare = plugin("command: env");
    assert!(bare.concerns.contains(&Shell) && bare.concerns.contains(&RelativePath));
    #[cfg(unix)]
    assert!(bare.path.unwrap().is_absolute() && bare.sha256.is_some());
    let legacy = only(&with_user(
        "{auth-provider: {name: gcp, config: {cmd-path: /no/gcloud, cmd-args: config helper}}}",
    ));
    assert_eq!(legacy.credential, ContextKind::Plugin);
    assert_eq!(
        legacy.plugin.unwrap().concerns,
        [NotFound, LegacyAuthProvider]
    );
}

#[test]
fn a_relative_command_starts_from_the_kubeconfigs_folder() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("bin")).unwrap();
    std::fs::write(folder.path().join("bin/login"), "x").unwrap();
    let text =
        with_user("{exec: {command: bin/login, apiVersion: client.authentication.k8s.io/v1}}");
    let context = import(&text, Some(folder.path()), &["c".to_owned()], false)
        .unwrap()
        .remove(0);
    let expected: PathBuf = folder.path().join("bin/login");
    assert!(
        matches!(&context.credential, Credential::Plugin(p) if p.command == expected.to_str().unwrap())
    );
}

#[cfg(unix)]
#[test]
fn a_command_that_others_may_exchange_is_shown_as_such() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("login");
    std::fs::write(&program, "x").unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o757)).unwrap();
    let words = [program.to_str().unwrap().to_owned()];
    let shown = command_preview(&words, &[]);
    assert_eq!(shown.concerns, [PluginConcern::Exposed]);
}

#[test]
fn what_the_cluster_says_to_commands_is_kept_for_those_that_want_to_know() {
    let extensions = "extensions: [{name: other, extension: {a: 1}}, {name: client.authentication.k8s.io/exec, extension: {audience: 北京, list: [1, true]}}]";
    let cluster = good_cluster().replace("server:", &format!("{extensions}, server:"));
    let exec = |more: &str| {
        format!("{{exec: {{command: /x, apiVersion: client.authentication.k8s.io/v1{more}}}}}")
    };
    let config_of = |user: &str| {
        let text = config(&cluster, user);
        let context = import(&text, None, &["c".to_owned()], false)
            .unwrap()
            .remove(0);
        match context.credential {
            Credential::Plugin(plugin) => (plugin.wants_cluster, plugin.cluster_config),
            other => panic!("{other:?}"),
        }
    };
    let said = serde_json::json!({"audience": "北京", "list": [1, true]});
    assert_eq!(
        config_of(&exec(", provideClusterInfo: true")),
        (true, Some(said))
    );
    assert_eq!(config_of(&exec("")), (false, None));
}
