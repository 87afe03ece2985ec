//! What a command is told and what it may answer.

use secrecy::ExposeSecret;

use super::*;

fn pair() -> (String, String) {
    let key = rcgen::KeyPair::generate().unwrap();
    let params = rcgen::CertificateParams::new(vec!["me".to_owned()]).unwrap();
    let certificate = params.self_signed(&key).unwrap().pem();
    (certificate, key.serialize_pem())
}

fn status(certificate: &str, key: &str) -> String {
    serde_json::json!({"clientCertificateData": certificate, "clientKeyData": key}).to_string()
}

#[tokio::test]
async fn a_token_is_taken_with_its_end() {
    let answer = r#"{"token":"t0ken","expirationTimestamp":"2130-01-01T00:00:00Z"}"#;
    let run = Bench::new().run(&credential(V1, answer)).await.unwrap();
    assert_eq!(run.issued.token.unwrap().expose_secret(), "t0ken");
    assert_eq!(
        run.issued.expires_at.unwrap().to_rfc3339(),
        "2130-01-01T00:00:00+00:00"
    );
}

#[tokio::test]
async fn a_certificate_is_taken_with_its_key() {
    let (certificate, key) = pair();
    let answer = credential(V1, &status(&certificate, &key));
    let issued = Bench::new().run(&answer).await.unwrap().issued;
    let (found, found_key) = issued.certificate.unwrap();
    assert_eq!((found, found_key.expose_secret()), (certificate, &*key));
    assert!(issued.token.is_none() && issued.expires_at.is_none());
}

#[tokio::test]
async fn the_earlier_version_is_spoken_as_well() {
    let bench = Bench::new();
    let mut plugin = bench.script(&format!(
        "case \"$KUBERNETES_EXEC_INFO\" in *'\"{V1BETA1}\"'*) ;; *) exit 3;; esac\n{}",
        credential(V1BETA1, r#"{"token":"t"}"#)
    ));
    plugin.api_version = V1BETA1.to_owned();
    run_allowed(&plugin, &bench.limits).await.unwrap();
}

#[tokio::test]
async fn it_gets_its_own_variables_and_nothing_of_ours() {
    // CARGO_PKG_NAME is set for every test; a plugin must not see it.
    assert!(std::env::var_os("CARGO_PKG_NAME").is_some());
    let bench = Bench::new();
    let seen = bench.path("seen");
    let script = format!(
        "env > {seen}\nprintf '%s\\n' \"$0\" \"$#\" \"$1\" > {seen}.words\npwd > {seen}.pwd\nif read x; then exit 4; fi\n{}",
        credential(V1, r#"{"token":"t"}"#),
        seen = seen.display()
    );
    bench.run(&script).await.unwrap();
    let variables = std::fs::read_to_string(&seen).unwrap();
    let mut names: Vec<_> = variables
        .lines()
        .filter_map(|line| line.split_once('='))
        .map(|(name, _)| name)
        // What the shell sets by itself.
        .filter(|name| !["_", "PWD", "OLDPWD", "SHLVL"].contains(name))
        .collect();
    names.sort_unstable();
    assert_eq!(names, ["GIVEN", "HOME", "KUBERNETES_EXEC_INFO", "PATH"]);
    assert!(variables.contains("GIVEN=hunter2"));
    let info = variables
        .lines()
        .find_map(|line| line.strip_prefix("KUBERNETES_EXEC_INFO="))
        .unwrap();
    let info: serde_json::Value = serde_json::from_str(info).unwrap();
    assert_eq!(
        info,
        serde_json::json!({
            "apiVersion": V1, "kind": "ExecCredential",
            "spec": {"interactive": false, "cluster": {
                "server": "https://a", "certificate-authority-data": "cGVt",
                "config": {"audience": "bj"}, "tls-server-name": "tls.example",
            }},
        })
    );
    let words = std::fs::read_to_string(bench.path("seen.words")).unwrap();
    let expected = format!(
        "{}\n1\none word; touch evil\n",
        bench.path("login").display()
    );
    assert_eq!(words, expected);
    let folder = std::fs::read_to_string(bench.path("seen.pwd")).unwrap();
    let home = Path::new(&std::env::var_os("HOME").unwrap())
        .canonicalize()
        .unwrap();
    assert_eq!(Path::new(folder.trim()).canonicalize().unwrap(), home);
}

#[tokio::test]
async fn the_cluster_is_told_only_to_who_wants_to_know() {
    let bench = Bench::new();
    let mut plugin = bench.script(&format!(
        "case \"$KUBERNETES_EXEC_INFO\" in *cluster*) exit 3;; esac\n{}",
        credential(V1, r#"{"token":"t"}"#)
    ));
    plugin.wants_cluster = false;
    run_allowed(&plugin, &bench.limits).await.unwrap();
}

#[tokio::test]
async fn what_is_no_credential_is_refused_and_not_repeated() {
    use PluginProblem::*;
    let (certificate, key) = pair();
    let hunter = r#"{"token":"hunter2"}"#;
    for (what, script, expected) in [
        ("rubbish", "echo hunter2".to_owned(), NotCredential),
        ("nothing", "true".to_owned(), NotCredential),
        ("no text", "printf 'hunter2\\377'".to_owned(), NotCredential),
        (
            "another kind",
            credential(V1, hunter).replace("ExecCredential", "Secret"),
            NotCredential,
        ),
        ("another version", credential(V1BETA1, hunter), OtherVersion),
        ("no status", credential(V1, "null"), Empty),
        ("empty status", credential(V1, "{}"), Empty),
        ("empty token", credential(V1, r#"{"token":""}"#), Empty),
        (
            "a token that is no header",
            credential(V1, r#"{"token":"hunter2\nHost: evil"}"#),
            NotCredential,
        ),
        (
            "an end that is no time",
            credential(V1, r#"{"token":"hunter2","expirationTimestamp":"never"}"#),
            NotCredential,
        ),
        (
            "an end that is over",
            credential(
                V1,
                r#"{"token":"hunter2","expirationTimestamp":"2020-01-01T00:00:00Z"}"#,
            ),
            Expired,
        ),
        (
            "a certificate without a key",
            credential(V1, &status(&certificate, "")),
            BadCertificate,
        ),
        (
            "a certificate that is none, beside a token",
            credential(
                V1,
                r#"{"token":"hunter2","clientCertificateData":"x","clientKeyData":"y"}"#,
            ),
            BadCertificate,
        ),
        (
            "a key that is a certificate",
            credential(V1, &status(&certificate, &certificate)),
            BadCertificate,
        ),
        (
            "a certificate that is a key",
            credential(V1, &status(&key, &key)),
            BadCertificate,
        ),
    ] {
        let problem = Bench::new().problem(&script).await;
        assert_eq!(problem, expected, "{what}");
        let printed = format!("{problem} {problem:?}");
        assert!(!printed.contains("hunter2"), "{what}: {printed}");
    }
}
