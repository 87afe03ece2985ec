use domain::PersonId;
use engine::ports::{Context, Credential, Plugin, Vault as _};
use secrecy::SecretString;

use super::{limits, service, token, vault};
use crate::seal;
use crate::stored;

const SECRET: &str = "hunter2-hunter2-hunter2";

fn contexts() -> Vec<Context> {
    let secret = || SecretString::from(SECRET);
    let plugin = Plugin {
        command: "aws".to_owned(),
        arguments: vec![],
        environment: vec![("KEY".to_owned(), secret())],
        api_version: "v1".to_owned(),
        wants_cluster: false,
        cluster_config: None,
    };
    let with = |credential| Context {
        credential,
        ..token("dev", SECRET)
    };
    vec![
        with(Credential::Token(secret())),
        with(Credential::Basic {
            user: "u".to_owned(),
            password: secret(),
        }),
        with(Credential::Certificate {
            certificate_pem: "c".to_owned(),
            key_pem: secret(),
        }),
        with(Credential::Plugin(plugin)),
    ]
}

/// Everything printable that the vault gives out, in one text.
#[tokio::test]
async fn nothing_printable_holds_a_secret() {
    let Some(service) = service().await else {
        return;
    };
    let vault = vault(&service, "demo", limits());
    let mut printed = format!("{vault:?} {:?}", limits());
    for context in contexts() {
        printed += &format!("{context:?} {:?}", vault.store(context.clone()).await);
        printed += &format!(
            "{:?} {:?}",
            vault.context("dev").await,
            vault.contexts().await
        );
        // A text cut off in the middle of a secret: the parser would quote it.
        let text = stored::to_text(&context).unwrap();
        assert!(
            text.windows(SECRET.len())
                .any(|window| window == SECRET.as_bytes()),
            "it was there to leak"
        );
        for broken in [&text[..text.len() - 4], &[text.as_slice(), b"x"].concat()] {
            let failure = stored::from_text("dev", broken).unwrap_err();
            printed += &format!("{failure:?} {failure}");
        }
        let renamed = stored::from_text("other", &text).unwrap_err();
        printed += &format!("{renamed:?} {renamed}");
    }
    let chen = PersonId::from("chen");
    printed += &format!(
        "{:?}",
        vault.create_key(&chen, SecretString::from(SECRET)).await
    );
    printed += &format!(
        "{:?}",
        vault.create_key(&chen, SecretString::from(SECRET)).await
    );
    printed += &format!(
        "{:?}",
        vault.unlock(&chen, SecretString::from(SECRET)).await
    );
    printed += &format!(
        "{:?}",
        vault
            .unlock(&chen, SecretString::from(format!("{SECRET}!")))
            .await
    );
    printed += &format!(
        "{:?}",
        vault
            .seal(SECRET.as_bytes())
            .await
            .map(|sealed| String::from_utf8_lossy(&sealed).into_owned())
    );
    let key = zeroize::Zeroizing::new([7; 32]);
    printed += &format!("{:?}", seal::unseal(&key, SECRET.repeat(5).as_bytes()));
    // Labels are what the keychain's own window shows.
    printed += &format!("{:?}", service.labels().await.unwrap());
    assert!(printed.len() > 2000, "something was printed");
    assert!(!printed.contains("hunter2"), "{printed}");
}
