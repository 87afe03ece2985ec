use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use engine::ports::Credential;

use super::*;

const V1: &str = "client.authentication.k8s.io/v1";

struct Bench {
    folder: tempfile::TempDir,
    limits: Limits,
}

impl Bench {
    fn new() -> Bench {
        let limits = Limits {
            plugin: Duration::from_millis(1500),
            plugin_bytes: 4096,
            ..Limits::default()
        };
        Bench {
            folder: tempfile::tempdir().unwrap(),
            limits,
        }
    }

    /// A plugin that is a script, and the digest to allow.
    fn plugin(&self, script: &str) -> (Plugin, String) {
        let path = self.folder.path().join("login");
        std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        let plugin = Plugin {
            command: path.to_str().unwrap().to_owned(),
            arguments: vec!["one word; touch evil".to_owned()],
            environment: vec![("GIVEN".to_owned(), SecretString::from("hunter2"))],
            api_version: V1.to_owned(),
            wants_cluster: true,
        };
        (plugin, sha256_of(&path).unwrap())
    }

    async fn run(&self, script: &str) -> Result<Issued, ClusterFailure> {
        let (plugin, allowed) = self.plugin(script);
        run(&plugin, &context(&plugin), Some(&allowed), &self.limits).await
    }
}

fn context(plugin: &Plugin) -> Context {
    Context {
        name: "c".into(),
        server: "https://a".into(),
        ca_pem: "pem".into(),
        tls_server_name: None,
        credential: Credential::Plugin(plugin.clone()),
    }
}

fn credential(status: &str) -> String {
    format!("echo '{{\"apiVersion\":\"{V1}\",\"kind\":\"ExecCredential\",\"status\":{status}}}'")
}

#[tokio::test]
async fn a_token_is_taken_with_its_end() {
    let issued = Bench::new()
        .run(&credential(
            r#"{"token":"t0ken","expirationTimestamp":"2030-01-01T00:00:00Z"}"#,
        ))
        .await
        .unwrap();
    assert_eq!(issued.token.unwrap().expose_secret(), "t0ken");
    assert_eq!(
        issued.expires_at.unwrap().to_rfc3339(),
        "2030-01-01T00:00:00+00:00"
    );
}

#[tokio::test]
async fn it_gets_its_own_variables_and_nothing_of_ours() {
    // CARGO_PKG_NAME is set for every test; a plugin must not see it.
    let script = format!(
        "[ -z \"$CARGO_PKG_NAME\" ] && [ \"$GIVEN\" = hunter2 ] && [ -n \"$PATH\" ] && [ \"$1\" = 'one word; touch evil' ] && case \"$KUBERNETES_EXEC_INFO\" in *https://a*) ;; *) exit 3;; esac && ! read x && {}",
        credential(r#"{"token":"t"}"#)
    );
    assert!(std::env::var_os("CARGO_PKG_NAME").is_some());
    Bench::new().run(&script).await.unwrap();
}

#[tokio::test]
async fn what_was_not_allowed_does_not_run() {
    let bench = Bench::new();
    let mark = bench.folder.path().join("ran");
    let (plugin, allowed) = bench.plugin(&format!("touch {}", mark.display()));
    let context = context(&plugin);
    let refused = run(&plugin, &context, None, &bench.limits)
        .await
        .err()
        .unwrap();
    assert_eq!(
        refused,
        ClusterFailure::PluginNotAllowed {
            path: plugin.command.clone(),
            sha256: Some(allowed.clone())
        }
    );
    bench.plugin(&format!("touch {}; true", mark.display()));
    let changed = run(&plugin, &context, Some(&allowed), &bench.limits)
        .await
        .err()
        .unwrap();
    assert!(matches!(changed, ClusterFailure::PluginNotAllowed { .. }));
    assert!(!mark.exists());
}

#[tokio::test]
async fn it_is_bounded_in_time_and_output_and_its_words_stay_secret() {
    let bench = Bench::new();
    for (script, expected) in [
        ("sleep 60", "no answer within"),
        ("yes hunter2", "too long"),
        ("echo hunter2; exit 1", "exit status: 1"),
        ("echo hunter2", "no ExecCredential"),
        (
            "echo '{\"apiVersion\":\"client.authentication.k8s.io/v1beta1\",\"kind\":\"ExecCredential\",\"status\":{\"token\":\"hunter2\"}}'",
            "another version",
        ),
        (&credential("{}"), "no credential"),
        (&credential("{\"token\":\"\"}"), "no credential"),
        (
            &credential("{\"token\":\"hunter2\",\"expirationTimestamp\":\"never\"}"),
            "no ExecCredential",
        ),
    ] {
        let failure = bench.run(script).await.err().unwrap().to_string();
        assert!(
            failure.contains(expected) && !failure.contains("hunter2"),
            "{script}: {failure}"
        );
    }
}
