//! Texts that are no kubeconfig.

use super::*;

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
