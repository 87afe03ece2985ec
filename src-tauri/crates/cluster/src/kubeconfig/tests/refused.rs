//! Contexts that must not be imported.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::*;

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
    let proxy = |proxy: &str| {
        with_cluster(&format!(
            "{{server: 'https://a', proxy-url: \"{proxy}\", certificate-authority-data: {ca}}}"
        ))
    };
    let exec = |exec: &str| with_user(&format!("{{exec: {{{exec}}}}}"));
    let v1 = "apiVersion: client.authentication.k8s.io/v1";
    let table = [
        ("insecure in spite of a CA", with_cluster(&format!("{{server: 'https://a', insecure-skip-tls-verify: true, certificate-authority-data: {ca}}}")), InsecureWithCa),
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
        ("proxy of another kind", proxy("ftp://p:21"), BadProxy),
        ("proxy without a scheme", proxy("p.example"), BadProxy),
        ("proxy with a path", proxy("http://p/x"), BadProxy),
        ("proxy with a query", proxy("http://p/?x"), BadProxy),
        ("bidi in the proxy", proxy("http://p\\u202e"), Unprintable),
        ("control in the proxy's password", proxy("http://u:%0a@p"), Unprintable),
        ("line end in the other user", with_user("{token: t, as: \"a\\nX-Evil: b\"}"), Unprintable),
        ("a claim that is no header", with_user("{token: t, as: a, as-user-extra: {k: ['\u{e9}']}}"), Unprintable),
        ("key of another certificate", with_user(&format!("{{client-certificate-data: {cert}, client-key-data: {key}}}")), KeyMismatch),
        ("certificate and password", with_user(&format!("{{username: u, password: p, client-certificate-data: {cert}, client-key-data: {key}}}")), SeveralCredentials),
        ("bidi in the TLS name", with_cluster(&format!("{{server: 'https://a', tls-server-name: \"x\\u202e\", certificate-authority-data: {ca}}}")), Unprintable),
        ("CA no base64", with_cluster("{server: 'https://a', certificate-authority-data: '***'}"), BadCertificate),
        ("CA no PEM", with_cluster("{server: 'https://a', certificate-authority-data: aGVsbG8=}"), BadCertificate),
        ("CA is a key", with_cluster(&format!("{{server: 'https://a', certificate-authority-data: {key}}}")), BadCertificate),
        ("CA path with an escape", with_cluster("{server: 'https://a', certificate-authority: \"/a\\x1b\"}"), Unprintable),
        ("impersonated uid", with_user("{token: t, as-uid: '1'}"), HalfImpersonation),
        ("impersonated groups", with_user("{token: t, as-groups: ['system:masters']}"), HalfImpersonation),
        ("impersonated extra", with_user("{token: t, as-user-extra: {a: [b]}}"), HalfImpersonation),
        ("token and password", with_user("{token: t, username: u, password: p}"), SeveralCredentials),
        ("token and command", with_user(&format!("{{token: t, exec: {{command: x, {v1}}}}}")), SeveralCredentials),
        ("password without a name", with_user("{password: p}"), HalfCredential),
        ("name without a password", with_user("{username: u}"), HalfCredential),
        ("token with a line end inside", with_user("{token: \"a\\nb\"}"), Unprintable),
        ("token with a blank", with_user("{token: 'a b'}"), Unprintable),
        ("token file with an escape", with_user("{tokenFile: \"/a\\x07\"}"), Unprintable),
        ("certificate without a key", with_user(&format!("{{client-certificate-data: {cert}}}")), BadCertificate),
        ("key without a certificate", with_user(&format!("{{client-key-data: {key}}}")), BadCertificate),
        ("certificate no PEM", with_user(&format!("{{client-certificate-data: aGVsbG8=, client-key-data: {key}}}")), BadCertificate),
        ("key no PEM", with_user(&format!("{{client-certificate-data: {cert}, client-key-data: aGVsbG8=}}")), BadCertificate),
        ("key is a certificate", with_user(&format!("{{client-certificate-data: {cert}, client-key-data: {cert}}}")), BadCertificate),
        ("legacy auth-provider", with_user("{auth-provider: {name: gcp, config: {cmd-path: /bin/sh, cmd-args: '-c id'}}}"), AuthProvider),
        ("command without a version", exec("command: x"), PluginVersion),
        ("command of v1alpha1", exec("command: x, apiVersion: client.authentication.k8s.io/v1alpha1"), PluginVersion),
        ("command that asks", exec(&format!("command: x, {v1}, interactiveMode: Always")), PluginInteractive),
        ("command in an unknown mode", exec(&format!("command: x, {v1}, interactiveMode: Sometimes")), PluginEntry),
        ("no command", exec(v1), Unprintable),
        ("bidi in an argument", exec(&format!("command: x, {v1}, args: [\"a\\u202eb\"]")), Unprintable),
        ("control in a variable", exec(&format!("command: x, {v1}, env: [{{name: \"A\\x01\", value: v}}]")), Unprintable),
        ("variable with an equals sign", exec(&format!("command: x, {v1}, env: [{{name: 'A=B', value: v}}]")), PluginEntry),
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
fn a_context_twice_is_refused_both_times_and_said() {
    let text = with_user("{token: t}") + "- name: c\n  context: {cluster: k, user: u}\n";
    let found = preview(&text, None).unwrap();
    assert!(
        found
            .contexts
            .iter()
            .all(|c| c.refused == Some(Refusal::DuplicateName))
    );
    let twice = Repeated {
        entry: Entry::Context,
        name: "c".to_owned(),
        times: 2,
    };
    assert_eq!(found.warnings, [twice]);
}
