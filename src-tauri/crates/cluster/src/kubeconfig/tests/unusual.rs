//! Kubeconfigs as they are: without a CA, through proxies, as somebody else, in several files.

use std::fmt::Write as _;

use engine::ports::Credential;
use secrecy::ExposeSecret;

use super::*;

fn pair(parameters: rcgen::CertificateParams) -> (String, String) {
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = parameters.self_signed(&key).unwrap().pem();
    (
        STANDARD.encode(certificate),
        STANDARD.encode(key.serialize_pem()),
    )
}

fn parameters() -> rcgen::CertificateParams {
    rcgen::CertificateParams::new(vec!["me".to_owned()]).unwrap()
}

fn taken(text: &str, confirmed: &[&str]) -> Result<Context, KubeconfigFailure> {
    let source = Source {
        text: text.to_owned(),
        base: None,
    };
    let confirmed: Vec<String> = confirmed.iter().map(|name| (*name).to_owned()).collect();
    let agreed = Agreed {
        embed_files: false,
        confirmed: &confirmed,
    };
    let names = ["c".to_owned()];
    import_merged(&[source], &names, &agreed).map(|mut contexts| contexts.remove(0))
}

#[test]
fn without_a_ca_the_systems_roots_vouch_for_the_server() {
    for cluster in [
        "{server: 'https://a.example'}",
        "{server: 'https://a.example', certificate-authority-data: ''}",
    ] {
        let text = with_cluster(cluster);
        let shown = only(&text);
        assert_eq!((shown.trust, shown.refused), (TrustPreview::System, None));
        assert!(!shown.is_unusual());
        let context = taken(&text, &[]).unwrap();
        assert!(context.ca_pem.is_empty() && context.route.is_empty());
    }
}

#[test]
fn an_unchecked_server_is_confirmed_and_then_waits_for_its_certificate() {
    let text = with_cluster("{server: 'https://a', insecure-skip-tls-verify: true}");
    let shown = only(&text);
    assert_eq!((shown.trust, shown.refused), (TrustPreview::ToPin, None));
    let refused = taken(&text, &[]).unwrap_err();
    let expected = KubeconfigFailure::NotConfirmed {
        context: "c".to_owned(),
    };
    assert_eq!(refused, expected);
    let context = taken(&text, &["c"]).unwrap();
    assert_eq!(context.route.pinned_pem.as_deref(), Some(""));
    let unusable = crate::trust::Trust::of(&context).unwrap_err();
    assert!(
        unusable.to_string().contains("nobody has compared"),
        "{unusable}"
    );
}

#[test]
fn a_proxy_is_shown_in_parts_and_its_password_never() {
    let proxied = |proxy: &str| {
        let ca = STANDARD.encode(ca_pem());
        with_cluster(&format!(
            "{{server: 'https://a', proxy-url: '{proxy}', certificate-authority-data: {ca}}}"
        ))
    };
    let text = proxied("http://me:s%40cret@proxy.example:3128");
    let shown = only(&text);
    let expected = ProxyPreview {
        scheme: "http".to_owned(),
        host: "proxy.example".to_owned(),
        port: Some(3128),
        user: Some("me".to_owned()),
        has_password: true,
    };
    assert_eq!(shown.proxy, Some(expected));
    let printed = format!("{shown:?}");
    assert!(
        !printed.contains("s@cret") && !printed.contains("s%40"),
        "{printed}"
    );
    assert!(matches!(
        taken(&text, &[]),
        Err(KubeconfigFailure::NotConfirmed { .. })
    ));
    let context = taken(&text, &["c"]).unwrap();
    let printed = format!("{context:?}");
    assert!(
        !printed.contains("s@cret") && !printed.contains("s%40"),
        "{printed}"
    );
    let proxy = context.route.proxy.unwrap();
    assert_eq!(proxy.url, "http://proxy.example:3128");
    let (user, password) = proxy.login.unwrap();
    assert_eq!((user.as_str(), password.expose_secret()), ("me", "s@cret"));
    for (written, url) in [
        ("https://p.example", "https://p.example"),
        ("socks5://p.example:1080/", "socks5://p.example:1080"),
        ("http://[::1]:8080", "http://[::1]:8080"),
    ] {
        let proxy = taken(&proxied(written), &["c"])
            .unwrap()
            .route
            .proxy
            .unwrap();
        assert!(proxy.url == url && proxy.login.is_none(), "{}", proxy.url);
    }
}

#[test]
fn acting_as_somebody_else_is_confirmed() {
    let text = with_user(
        "{token: t, as: deploy, as-uid: '7', as-groups: [release, ops], as-user-extra: {team: [shop, web]}}",
    );
    let shown = only(&text);
    let as_whom = shown.acts_as.clone().unwrap();
    assert_eq!(
        (
            as_whom.user.as_str(),
            as_whom.uid.as_deref(),
            as_whom.groups.len()
        ),
        ("deploy", Some("7"), 2)
    );
    let team = ("team".to_owned(), vec!["shop".to_owned(), "web".to_owned()]);
    assert_eq!(as_whom.extra, [team]);
    assert!(shown.is_unusual() && shown.refused.is_none());
    assert!(matches!(
        taken(&text, &[]),
        Err(KubeconfigFailure::NotConfirmed { .. })
    ));
    assert!(matches!(
        taken(&text, &["other"]),
        Err(KubeconfigFailure::NotConfirmed { .. })
    ));
    assert_eq!(taken(&text, &["c"]).unwrap().route.acts_as, Some(as_whom));
    // Without a user there is nobody to act as; empty values are none.
    let nobody = only(&with_user(
        "{token: t, as: '', as-groups: [], as-user-extra: {}}",
    ));
    assert_eq!((nobody.acts_as, nobody.refused), (None, None));
}

#[test]
fn a_certificate_and_a_token_are_one_credential() {
    let (certificate, key) = pair(parameters());
    let text = with_user(&format!(
        "{{token: ' t ', client-certificate-data: {certificate}, client-key-data: {key}}}"
    ));
    let shown = only(&text);
    assert_eq!(shown.credential, ContextKind::CertificateAndToken);
    match taken(&text, &[]).unwrap().credential {
        Credential::CertificateAndToken { token, .. } => assert_eq!(token.expose_secret(), "t"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_speaks_against_a_credential_is_said() {
    let concerns = |parameters: rcgen::CertificateParams| {
        let (certificate, key) = pair(parameters);
        let user = format!("{{client-certificate-data: {certificate}, client-key-data: {key}}}");
        only(&with_user(&user)).concerns
    };
    assert_eq!(concerns(parameters()), []);
    let mut expired = parameters();
    expired.not_after = rcgen::date_time_ymd(2020, 1, 2);
    let end = "2020-01-02T00:00:00Z".parse().unwrap();
    let of_certificate = |what| CredentialConcern {
        of: ConcernOf::Certificate,
        what,
    };
    assert_eq!(concerns(expired), [of_certificate(Concern::Expired(end))]);
    let mut future = parameters();
    future.not_before = rcgen::date_time_ymd(2100, 1, 2);
    let begin = "2100-01-02T00:00:00Z".parse().unwrap();
    assert_eq!(
        concerns(future),
        [of_certificate(Concern::NotYetValid(begin))]
    );
    let mut server = parameters();
    server.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ServerAuth];
    assert_eq!(concerns(server), [of_certificate(Concern::NotForClients)]);
    let mut both = parameters();
    both.extended_key_usages = vec![
        rcgen::ExtendedKeyUsagePurpose::ServerAuth,
        rcgen::ExtendedKeyUsagePurpose::ClientAuth,
    ];
    assert_eq!(concerns(both), []);
    let mut ca = parameters();
    ca.not_after = rcgen::date_time_ymd(2020, 1, 2);
    let (ca, _) = pair(ca);
    let text = with_cluster(&format!(
        "{{server: 'https://a', certificate-authority-data: {ca}}}"
    ));
    let of_ca = CredentialConcern {
        of: ConcernOf::Ca,
        what: Concern::Expired(end),
    };
    assert_eq!(only(&text).concerns, [of_ca]);
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let token = format!(
        "e30.{}.c2ln",
        URL_SAFE_NO_PAD.encode(r#"{"exp":1577923200}"#)
    );
    let of_token = CredentialConcern {
        of: ConcernOf::Token,
        what: Concern::Expired(end),
    };
    assert_eq!(
        only(&with_user(&format!("{{token: {token}}}"))).concerns,
        [of_token]
    );
}

#[test]
fn a_key_in_a_file_has_to_belong_to_its_certificate() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("c.crt"), ca_pem()).unwrap();
    std::fs::write(folder.path().join("c.key"), key_pem()).unwrap();
    let text = with_user("{client-certificate: c.crt, client-key: c.key}");
    let names = ["c".to_owned()];
    let failure = import(&text, Some(folder.path()), &names, true).unwrap_err();
    let expected = KubeconfigFailure::Refused {
        context: "c".to_owned(),
        refusal: Refusal::KeyMismatch,
    };
    assert_eq!(failure, expected);
}

/// As `kubectl config view` merges them (client-go `ClientConfigLoadingRules`).
#[test]
fn of_a_name_in_several_files_the_first_counts_whole() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for folder in [&one, &two] {
        std::fs::write(folder.path().join("token"), folder.path().to_str().unwrap()).unwrap();
    }
    let source = |text: &str, folder: &tempfile::TempDir| Source {
        text: text.to_owned(),
        base: Some(folder.path().to_owned()),
    };
    let first = "clusters: [{name: k, cluster: {server: 'https://one'}}]\nusers: [{name: red, user: {tokenFile: token}}]";
    // The second `red` has more fields; none of them counts.
    let second = "contexts: [{name: c, context: {cluster: k, user: red}}, {name: d, context: {cluster: k2, user: blue}}]\nclusters: [{name: k, cluster: {server: 'https://two', tls-server-name: evil}}, {name: k2, cluster: {server: 'https://two'}}]\nusers: [{name: red, user: {username: u, password: p}}, {name: blue, user: {tokenFile: token}}]";
    let third = "contexts: [{name: c, context: {cluster: k2, user: blue}}]";
    let sources = [
        source(first, &one),
        source(second, &two),
        source(third, &one),
    ];
    let preview = preview_merged(&sources).unwrap();
    let names: Vec<_> = preview
        .contexts
        .iter()
        .map(|c| (c.name.as_str(), c.server.as_str()))
        .collect();
    assert_eq!(names, [("c", "https://one"), ("d", "https://two")]);
    assert!(
        preview.contexts.iter().all(|c| c.refused.is_none()),
        "{preview:?}"
    );
    assert_eq!(
        preview.warnings,
        [],
        "a name in two files is none that occurs twice"
    );
    let agreed = Agreed {
        embed_files: true,
        confirmed: &[],
    };
    let wanted = ["c".to_owned(), "d".to_owned()];
    let contexts = import_merged(&sources, &wanted, &agreed).unwrap();
    for (context, folder) in contexts.iter().zip([&one, &two]) {
        match &context.credential {
            Credential::Token(token) => {
                assert_eq!(token.expose_secret(), folder.path().to_str().unwrap());
            }
            other => panic!("{other:?}"),
        }
        assert_eq!(context.tls_server_name, None);
    }
    // Twice in one file is still a mistake.
    let twice = format!(
        "{first}\ncontexts: [{{name: c, context: {{cluster: k, user: red}}}}, {{name: c, context: {{cluster: k, user: red}}}}]"
    );
    let preview = preview_merged(&[source(&twice, &one)]).unwrap();
    assert!(
        preview
            .contexts
            .iter()
            .all(|c| c.refused == Some(Refusal::DuplicateName))
    );
    let empty = preview_merged(&[source("kind: Config", &one)]);
    assert_eq!(empty, Err(KubeconfigFailure::NotKubeconfig));
}

/// A thousand contexts that log in with one program are one file to read, not a thousand.
#[cfg(unix)]
#[test]
fn a_program_is_read_once_however_many_contexts_run_it() {
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("login");
    std::fs::write(&program, vec![7u8; 8 << 20]).unwrap();
    let link = folder.path().join("same");
    std::os::unix::fs::symlink(&program, &link).unwrap();
    let mut text = format!(
        "clusters: [{{name: k, cluster: {}}}]\ncontexts:\n",
        good_cluster()
    );
    for n in 0..1_000 {
        writeln!(
            text,
            "- {{name: c{n}, context: {{cluster: k, user: u{n}}}}}"
        )
        .unwrap();
    }
    text.push_str("users:\n");
    for n in 0..1_000 {
        let command = if n % 2 == 0 { &program } else { &link };
        let command = command.display();
        writeln!(text, "- {{name: u{n}, user: {{exec: {{command: {command}, args: ['{n}'], apiVersion: client.authentication.k8s.io/v1}}}}}}").unwrap();
    }
    let began = std::time::Instant::now();
    let preview = preview(&text, None).unwrap();
    eprintln!(
        "1,000 commands of one program of 8 MB: {:?}",
        began.elapsed()
    );
    assert_eq!(
        crate::plugin::read::times(&program.canonicalize().unwrap()),
        1
    );
    let digests: std::collections::BTreeSet<_> = preview
        .contexts
        .iter()
        .map(|c| c.plugin.as_ref().unwrap().sha256.clone().unwrap())
        .collect();
    assert_eq!((preview.contexts.len(), digests.len()), (1_000, 1));
}

/// Certificates, keys and tokens in files are read at import, each once, and never for a preview.
#[test]
fn a_thousand_file_references_are_listed_unread_and_embedded_once_each() {
    let folder = tempfile::tempdir().unwrap();
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = parameters().self_signed(&key).unwrap().pem();
    for (name, text) in [
        ("ca", ca_pem()),
        ("crt", certificate),
        ("key", key.serialize_pem()),
    ] {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let mut text = "clusters: [{name: k, cluster: {server: 'https://a', certificate-authority: ca}}]\nusers: [{name: u, user: {client-certificate: crt, client-key: key}}]\ncontexts:\n".to_owned();
    let names: Vec<String> = (0..1_000).map(|n| format!("c{n}")).collect();
    for name in &names {
        writeln!(text, "- {{name: {name}, context: {{cluster: k, user: u}}}}").unwrap();
    }
    let began = std::time::Instant::now();
    let shown = preview(&text, Some(folder.path())).unwrap();
    eprintln!(
        "1,000 contexts with three files each: {:?}",
        began.elapsed()
    );
    assert!(
        shown
            .contexts
            .iter()
            .all(|c| c.files == ["ca", "crt", "key"])
    );
    let before = embed::files_read();
    let began = std::time::Instant::now();
    let contexts = import(&text, Some(folder.path()), &names, true).unwrap();
    eprintln!("imported: {:?}", began.elapsed());
    assert_eq!((contexts.len(), embed::files_read() - before), (1_000, 3));
}
