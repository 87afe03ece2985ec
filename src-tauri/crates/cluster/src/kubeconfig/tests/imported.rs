//! What an imported context holds.

use engine::ports::Credential;
use secrecy::ExposeSecret;

use super::*;

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
    let (cert, key) = pair();
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
