#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::path::PathBuf;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use engine::ports::{ContextKind, Credential};
use secrecy::ExposeSecret;

use super::*;

fn ca_pem() -> String {
    let key = rcgen::KeyPair::generate().unwrap();
    rcgen::CertificateParams::new(vec!["ca".to_owned()])
        .unwrap()
        .self_signed(&key)
        .unwrap()
        .pem()
}

fn key_pem() -> String {
    rcgen::KeyPair::generate().unwrap().serialize_pem()
}

/// A kubeconfig with one context `c`, made of the given cluster and user lines.
fn config(cluster: &str, user: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Config\nclusters:\n- name: k\n  cluster: {cluster}\nusers:\n- name: u\n  user: {user}\ncontexts:\n- name: c\n  context: {{cluster: k, user: u}}\n"
    )
}

fn good_cluster() -> String {
    format!(
        "{{server: 'https://a.example:6443', certificate-authority-data: {}}}",
        STANDARD.encode(ca_pem())
    )
}

fn with_user(user: &str) -> String {
    config(&good_cluster(), user)
}

fn with_cluster(cluster: &str) -> String {
    config(cluster, "{token: t}")
}

fn only(text: &str) -> ContextPreview {
    let mut preview = preview(text, None).unwrap();
    assert_eq!(preview.contexts.len(), 1);
    preview.contexts.remove(0)
}

#[test]
fn contexts_that_must_not_be_imported_are_refused() {
    use Refusal::*;
    let ca = STANDARD.encode(ca_pem());
    let cert = STANDARD.encode(ca_pem());
    let key = STANDARD.encode(key_pem());
    let server = |server: &str| {
        with_cluster(&format!(
            "{{server: \"{server}\", certificate-authority-data: {ca}}}"
        ))
    };
    let exec = |exec: &str| with_user(&format!("{{exec: {{{exec}}}}}"));
    let v1 = "apiVersion: client.authentication.k8s.io/v1";
    let table = [
        ("insecure", with_cluster("{server: 'https://a', insecure-skip-tls-verify: true}"), InsecureTls),
        ("insecure in spite of a CA", with_cluster(&format!("{{server: 'https://a', insecure-skip-tls-verify: true, certificate-authority-data: {ca}}}")), InsecureTls),
        ("http", server("http://a.example"), NotHttps),
        ("ftp", server("ftp://a.example"), NotHttps),
        ("file", server("file:///etc/passwd"), NotHttps),
        ("no server", with_cluster(&format!("{{certificate-authority-data: {ca}}}")), Unprintable),
        ("empty server", server(""), Unprintable),
        ("no URL", server("not a url"), Unprintable),
        ("no scheme", server("a.example:6443"), NotHttps),
        ("user information", server("https://user:pass@a.example"), Unprintable),
        ("query", server("https://a.example/?x=1"), Unprintable),
        ("fragment", server("https://a.example/#x"), Unprintable),
        ("white space in the server", server("https://a.example/ x"), Unprintable),
        ("escape in the server", server("https://a.example/\\x1b"), Unprintable),
        ("bidi in the server", server("https://a.example/\\u202e"), Unprintable),
        ("proxy", with_cluster(&format!("{{server: 'https://a', proxy-url: 'http://p', certificate-authority-data: {ca}}}")), Unsupported),
        ("bidi in the TLS name", with_cluster(&format!("{{server: 'https://a', tls-server-name: \"x\\u202e\", certificate-authority-data: {ca}}}")), Unprintable),
        ("no CA", with_cluster("{server: 'https://a'}"), NoCa),
        ("empty CA", with_cluster("{server: 'https://a', certificate-authority-data: ''}"), NoCa),
        ("CA no base64", with_cluster("{server: 'https://a', certificate-authority-data: '***'}"), BadCertificate),
        ("CA no PEM", with_cluster("{server: 'https://a', certificate-authority-data: aGVsbG8=}"), BadCertificate),
        ("CA is a key", with_cluster(&format!("{{server: 'https://a', certificate-authority-data: {key}}}")), BadCertificate),
        ("CA path with an escape", with_cluster("{server: 'https://a', certificate-authority: \"/a\\x1b\"}"), Unprintable),
        ("impersonation", with_user("{token: t, as: admin}"), Unsupported),
        ("impersonated uid", with_user("{token: t, as-uid: '1'}"), Unsupported),
        ("impersonated groups", with_user("{token: t, as-groups: ['system:masters']}"), Unsupported),
        ("impersonated extra", with_user("{token: t, as-user-extra: {a: [b]}}"), Unsupported),
        ("token and password", with_user("{token: t, username: u, password: p}"), Unsupported),
        ("token and command", with_user(&format!("{{token: t, exec: {{command: x, {v1}}}}}")), Unsupported),
        ("certificate and token", with_user(&format!("{{token: t, client-certificate-data: {cert}, client-key-data: {key}}}")), Unsupported),
        ("password without a name", with_user("{password: p}"), Unsupported),
        ("name without a password", with_user("{username: u}"), Unsupported),
        ("token with a line end inside", with_user("{token: \"a\\nb\"}"), Unprintable),
        ("token with a blank", with_user("{token: 'a b'}"), Unprintable),
        ("token file with an escape", with_user("{tokenFile: \"/a\\x07\"}"), Unprintable),
        ("certificate without a key", with_user(&format!("{{client-certificate-data: {cert}}}")), BadCertificate),
        ("key without a certificate", with_user(&format!("{{client-key-data: {key}}}")), BadCertificate),
        ("certificate no PEM", with_user(&format!("{{client-certificate-data: aGVsbG8=, client-key-data: {key}}}")), BadCertificate),
        ("key no PEM", with_user(&format!("{{client-certificate-data: {cert}, client-key-data: aGVsbG8=}}")), BadCertificate),
        ("key is a certificate", with_user(&format!("{{client-certificate-data: {cert}, client-key-data: {cert}}}")), BadCertificate),
        ("legacy auth-provider", with_user("{auth-provider: {name: gcp, config: {cmd-path: /bin/sh, cmd-args: '-c id'}}}"), Unsupported),
        ("command without a version", exec("command: x"), Unsupported),
        ("command of v1alpha1", exec("command: x, apiVersion: client.authentication.k8s.io/v1alpha1"), Unsupported),
        ("command that asks", exec(&format!("command: x, {v1}, interactiveMode: Always")), Unsupported),
        ("no command", exec(v1), Unprintable),
        ("bidi in an argument", exec(&format!("command: x, {v1}, args: [\"a\\u202eb\"]")), Unprintable),
        ("control in a variable", exec(&format!("command: x, {v1}, env: [{{name: \"A\\x01\", value: v}}]")), Unprintable),
        ("variable with an equals sign", exec(&format!("command: x, {v1}, env: [{{name: 'A=B', value: v}}]")), Unsupported),
        ("missing cluster", with_user("{token: t}").replace("cluster: k, user", "cluster: other, user"), MissingCluster),
        ("cluster without content", "kind: Config\nclusters: [{name: k}]\nusers: [{name: u}]\ncontexts: [{name: c, context: {cluster: k, user: u}}]".to_owned(), MissingCluster),
        ("missing user", with_user("{token: t}").replace("user: u}", "user: other}"), MissingUser),
        ("bidi in the name", with_user("{token: t}").replace("name: c", "name: \"c\\u202ed\""), Unprintable),
        ("zero width in the name", with_user("{token: t}").replace("name: c", "name: \"c\\u200b\""), Unprintable),
        ("cluster twice", with_user("{token: t}").replace("users:", "- {name: k, cluster: {server: 'https://evil'}}\nusers:"), DuplicateName),
        ("user twice", with_user("{token: t}").replace("contexts:", "- {name: u, user: {token: x}}\ncontexts:"), DuplicateName),
    ];
    assert!(table.len() >= 40);
    for (what, text, expected) in table {
        let found = only(&text);
        assert_eq!(found.refused, Some(expected), "{what}");
        assert!(!found.server.contains("user:pass"), "{what}");
        let imported = import(&text, None, &["c".to_owned()], true);
        assert!(imported.is_err(), "{what}");
    }
}

#[test]
fn files_that_are_no_kubeconfig_are_refused_with_a_position_and_without_content() {
    use Malformation::*;
    let bomb = {
        let mut text = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n".to_owned();
        for i in 1..9 {
            let before = format!("*a{},", i - 1).repeat(9);
            text += &format!("a{i}: &a{i} [{}]\n", before.trim_end_matches(','));
        }
        text + "contexts: [{name: c}]\n"
    };
    let deep = format!(
        "contexts: [{{name: c}}]\npreferences: {}{}\n",
        "[".repeat(200),
        "]".repeat(200)
    );
    let table = [
        (
            "duplicate key",
            "kind: Config\nkind: Config\ncontexts: [{name: hunter2}]\n".to_owned(),
            Some(DuplicateKey),
        ),
        (
            "duplicate token",
            "users:\n- name: u\n  user:\n    token: hunter2\n    token: other\n".to_owned(),
            Some(DuplicateKey),
        ),
        ("tab", "contexts:\n\t- name: hunter2\n".to_owned(), None),
        ("unclosed", "contexts: [{name: hunter2}\n".to_owned(), None),
        ("unclosed quote", "contexts: 'hunter2\n".to_owned(), None),
        ("list", "- hunter2\n".to_owned(), None),
        ("scalar", "hunter2".to_owned(), None),
        (
            "contexts a map",
            "contexts: {hunter2: x}\n".to_owned(),
            None,
        ),
        (
            "name a map",
            "contexts: [{name: {hunter2: x}}]\n".to_owned(),
            None,
        ),
        ("token a list", with_user("{token: [hunter2]}"), None),
        (
            "nameless context",
            "contexts: [{context: {user: hunter2}}]\n".to_owned(),
            None,
        ),
        ("alias bomb", bomb, Some(Excess)),
        ("too deep", deep, Some(Excess)),
        (
            "merge keys",
            "a: &a {kind: Config}\n<<: *a\ncontexts: [{name: c}]\n".to_owned(),
            Some(Excess),
        ),
        (
            "two documents",
            "contexts: [{name: c}]\n---\ncontexts: [{name: d}]\n".to_owned(),
            None,
        ),
    ];
    for (what, text, expected) in table {
        let failure = preview(&text, None).unwrap_err();
        match &failure {
            KubeconfigFailure::Malformed { problem, line, .. } => {
                assert!(
                    expected.is_none_or(|expected| expected == *problem),
                    "{what}: {failure}"
                );
                assert!(line.is_some() || *problem == Excess, "{what}: {failure:?}");
            }
            other => panic!("{what}: {other}"),
        }
        assert!(
            !failure.to_string().contains("hunter2") && !format!("{failure:?}").contains("hunter2"),
            "{what}"
        );
    }
    assert_eq!(
        preview("", None).unwrap_err(),
        KubeconfigFailure::NotKubeconfig
    );
    assert_eq!(
        preview("kind: Deployment\ncontexts: [{name: c}]", None).unwrap_err(),
        KubeconfigFailure::NotKubeconfig
    );
    assert!(matches!(
        preview(&" ".repeat(2 << 20), None).unwrap_err(),
        KubeconfigFailure::TooLarge { .. }
    ));
}

#[test]
fn a_context_twice_is_refused_both_times_and_said() {
    let text = with_user("{token: t}") + "- name: c\n  context: {cluster: k, user: u}\n";
    let found = preview(&text, None).unwrap();
    assert!(
        found
            .contexts
            .iter()
            .all(|c| c.refused == Some(Refusal::DuplicateName))
    );
    assert_eq!(found.warnings, ["the context c occurs 2 times"]);
}

#[test]
fn good_contexts_are_imported_complete() {
    let token = with_user("{token: ' t0ken '}");
    let shown = only(&token);
    assert_eq!(
        (shown.refused, shown.credential, shown.server.as_str()),
        (None, ContextKind::Token, "https://a.example:6443")
    );
    assert_eq!(shown.ca_sha256.unwrap().len(), 64);
    let context = import(&token, None, &["c".to_owned()], false)
        .unwrap()
        .remove(0);
    assert!(matches!(&context.credential, Credential::Token(t) if t.expose_secret() == "t0ken"));
    assert!(context.ca_pem.contains("BEGIN CERTIFICATE"));
    let (cert, key) = (STANDARD.encode(ca_pem()), STANDARD.encode(key_pem()));
    let text = with_user(&format!(
        "{{client-certificate-data: {cert}, client-key-data: {key}}}"
    ));
    assert!(matches!(
        import(&text, None, &["c".to_owned()], false).unwrap()[0].credential,
        Credential::Certificate { .. }
    ));
    let text = with_user("{username: u, password: p}");
    assert!(matches!(
        import(&text, None, &["c".to_owned()], false).unwrap()[0].credential,
        Credential::Basic { .. }
    ));
    assert_eq!(only(&with_user("{}")).credential, ContextKind::Anonymous);
    assert_eq!(
        import(&text, None, &["d".to_owned()], false).unwrap_err(),
        KubeconfigFailure::UnknownContext("d".to_owned())
    );
}

#[test]
fn the_digest_of_a_ca_does_not_depend_on_its_order() {
    let (a, b) = (ca_pem(), ca_pem());
    assert_eq!(
        pem_digest(&format!("{a}{b}")),
        pem_digest(&format!("{b}\n{a}{a}"))
    );
    assert_ne!(pem_digest(&a), pem_digest(&b));
}

fn pem_digest(pem: &str) -> String {
    crate::pem::ca_sha256(pem).unwrap()
}

#[test]
fn files_are_read_only_when_allowed_and_only_regular_small_ones() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("ca.crt"), ca_pem()).unwrap();
    std::fs::write(folder.path().join("token"), "t0ken\n").unwrap();
    std::fs::write(folder.path().join("large"), vec![b'x'; 70_000]).unwrap();
    std::fs::write(folder.path().join("binary"), [0xff, 0xfe]).unwrap();
    let text = |ca: &str, token: &str| {
        config(
            &format!("{{server: 'https://a', certificate-authority: '{ca}'}}"),
            &format!("{{tokenFile: '{token}'}}"),
        )
    };
    let names = ["c".to_owned()];
    let good = text("ca.crt", "token");
    let shown = only(&good);
    assert_eq!(
        (shown.files, shown.ca_sha256, shown.refused),
        (vec!["ca.crt".to_owned(), "token".to_owned()], None, None)
    );
    assert!(matches!(
        import(&good, Some(folder.path()), &names, false).unwrap_err(),
        KubeconfigFailure::FilesNotEmbedded { .. }
    ));
    let context = import(&good, Some(folder.path()), &names, true)
        .unwrap()
        .remove(0);
    assert!(matches!(&context.credential, Credential::Token(t) if t.expose_secret() == "t0ken"));
    let problem = |ca: &str, token: &str, base: Option<&Path>| match import(
        &text(ca, token),
        base,
        &names,
        true,
    )
    .unwrap_err()
    {
        KubeconfigFailure::File { problem, .. } => Some(problem),
        KubeconfigFailure::Refused { .. } => None,
        other => panic!("{other}"),
    };
    assert_eq!(problem("ca.crt", "token", None), Some(FileProblem::NoBase));
    let base = Some(folder.path());
    assert_eq!(
        problem("ca.crt", "missing", base),
        Some(FileProblem::Unreadable)
    );
    assert_eq!(problem("ca.crt", ".", base), Some(FileProblem::NotRegular));
    assert_eq!(
        problem("ca.crt", "large", base),
        Some(FileProblem::TooLarge)
    );
    assert_eq!(
        problem("ca.crt", "binary", base),
        Some(FileProblem::NotText)
    );
    assert_eq!(
        problem("token", "token", base),
        None,
        "a CA that is no certificate"
    );
    #[cfg(target_os = "linux")]
    assert_eq!(
        problem("ca.crt", "/dev/zero", base),
        Some(FileProblem::NotRegular)
    );
}

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
    assert_eq!(shown.path.as_deref(), Some(program.as_path()));
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
