use domain::{PersonId, ReleaseId, Said, StageId, Statement};
use engine::ports::{Vault as _, VaultFailure};
use secrecy::SecretString;

use super::{at, limits, service, vault};
use crate::{KeychainVault, Limits, Stretch};

fn passphrase(text: &str) -> SecretString {
    SecretString::from(text)
}

fn vote(person: &PersonId) -> Statement {
    let says = Said::Vote {
        go: true,
        reason: "苏州正常".to_owned(),
    };
    Statement::new(
        says,
        ReleaseId::from("REL-1"),
        StageId::from("suzhou"),
        person.clone(),
        at(),
    )
}

#[tokio::test]
async fn a_person_signs_only_with_an_unlocked_key() {
    let Some(service) = service().await else {
        return;
    };
    let first = vault(&service, "demo", limits());
    let chen = PersonId::from("chen");
    assert_eq!(first.key(&chen).await.unwrap(), None);
    assert_eq!(
        first.sign(vote(&chen)).await,
        Err(VaultFailure::NoKey("chen".to_owned()))
    );
    assert_eq!(
        first.unlock(&chen, passphrase("whatever")).await,
        Err(VaultFailure::NoKey("chen".to_owned()))
    );

    let public = first
        .create_key(&chen, passphrase("correct horse"))
        .await
        .unwrap();
    assert_eq!(
        first.key(&chen).await.unwrap(),
        Some((public.clone(), true))
    );
    let signed = first.sign(vote(&chen)).await.unwrap();
    assert!(signed.verifies());
    assert_eq!(signed.key, public);
    let mut changed = signed.clone();
    changed.statement.release = ReleaseId::from("REL-2");
    assert!(!changed.verifies());

    // A new start of the program: the key is there, and locked.
    let second = vault(&service, "demo", limits());
    assert_eq!(
        second.key(&chen).await.unwrap(),
        Some((public.clone(), false))
    );
    assert_eq!(
        second.sign(vote(&chen)).await,
        Err(VaultFailure::KeyLocked("chen".to_owned()))
    );
    for wrong in ["correct horsf", "Correct horse", "correct horse ", ""] {
        assert_eq!(
            second.unlock(&chen, passphrase(wrong)).await,
            Err(VaultFailure::WrongPassphrase),
            "{wrong}"
        );
    }
    assert_eq!(
        second.key(&chen).await.unwrap(),
        Some((public.clone(), false))
    );
    assert_eq!(
        second
            .unlock(&chen, passphrase("correct horse"))
            .await
            .unwrap(),
        public
    );
    assert!(second.sign(vote(&chen)).await.unwrap().verifies());
    second.lock(&chen).await;
    assert_eq!(
        second.sign(vote(&chen)).await,
        Err(VaultFailure::KeyLocked("chen".to_owned()))
    );
}

#[tokio::test]
async fn a_key_is_never_replaced_and_a_weak_passphrase_never_taken() {
    let Some(service) = service().await else {
        return;
    };
    let vault = vault(&service, "demo", limits());
    let chen = PersonId::from("chen");
    for weak in ["", "1234567", "七个字七个字七"] {
        let refused = vault.create_key(&chen, passphrase(weak)).await;
        assert_eq!(
            refused,
            Err(VaultFailure::WeakPassphrase { least: 8 }),
            "{weak}"
        );
    }
    assert_eq!(vault.key(&chen).await.unwrap(), None);
    // Eight characters are enough in any script.
    let public = vault
        .create_key(&chen, passphrase("八个汉字做密码用"))
        .await
        .unwrap();
    let again = vault
        .create_key(&chen, passphrase("another passphrase"))
        .await;
    assert_eq!(again, Err(VaultFailure::KeyExists("chen".to_owned())));
    assert_eq!(
        vault
            .unlock(&chen, passphrase("八个汉字做密码用"))
            .await
            .unwrap(),
        public
    );
    // Two at once: one wins, and its key is the one that is kept.
    let li = PersonId::from("li");
    let (one, two) = tokio::join!(
        vault.create_key(&li, passphrase("first one")),
        vault.create_key(&li, passphrase("second one"))
    );
    let made: Vec<_> = [&one, &two]
        .into_iter()
        .filter_map(|made| made.as_ref().ok())
        .collect();
    assert_eq!(made.len(), 1, "{one:?} {two:?}");
    assert_eq!(vault.key(&li).await.unwrap(), Some((made[0].clone(), true)));
    assert_eq!(&vault.sign(vote(&li)).await.unwrap().key, made[0]);
}

#[tokio::test]
async fn a_key_in_anothers_place_or_with_greedy_parameters_is_refused() {
    let Some(service) = service().await else {
        return;
    };
    let vault = vault(&service, "demo", limits());
    let (chen, li) = (PersonId::from("chen"), PersonId::from("li"));
    vault
        .create_key(&chen, passphrase("the same words"))
        .await
        .unwrap();
    let client = service.client().await.unwrap();
    let collection = client.get_default_collection().await.unwrap();
    let place = |person: &PersonId| crate::keys::place("demo", person).user;

    let items = collection
        .search_items(attributes(place(&chen).as_str()))
        .await
        .unwrap();
    let text = String::from_utf8(items[0].get_secret().await.unwrap()).unwrap();

    let put = async |person: &PersonId, text: &str| {
        let user = place(person);
        collection
            .create_item(
                "x",
                attributes(user.as_str()),
                text.as_bytes(),
                true,
                "text/plain",
            )
            .await
            .unwrap();
    };
    put(&li, &text).await;
    assert!(matches!(vault.key(&li).await, Err(VaultFailure::Broken(_))));
    put(&li, &text.replace("\"chen\"", "\"li\"")).await;
    assert_eq!(
        vault.unlock(&li, passphrase("the same words")).await,
        Err(VaultFailure::WrongPassphrase)
    );
    let greedy = text.replace("\"memory\":64", "\"memory\":4000000000");
    assert_ne!(greedy, text);
    put(&chen, &greedy).await;
    assert!(matches!(
        vault.unlock(&chen, passphrase("the same words")).await,
        Err(VaultFailure::Broken(_))
    ));
}

fn attributes(user: &str) -> std::collections::HashMap<&str, &str> {
    std::collections::HashMap::from([("service", "pilothouse"), ("username", user)])
}

#[tokio::test]
async fn the_shipped_stretch_is_worth_its_time() {
    let Some(service) = service().await else {
        return;
    };
    let vault: KeychainVault = vault(&service, "demo", Limits::default());
    let least = Stretch {
        memory: 19 * 1024,
        passes: 2,
        lanes: 1,
    };
    let shipped = Limits::default().stretch;
    assert!(
        shipped.memory >= least.memory && shipped.passes >= least.passes,
        "below OWASP's least"
    );
    let chen = PersonId::from("chen");
    vault
        .create_key(&chen, passphrase("correct horse"))
        .await
        .unwrap();
    let started = std::time::Instant::now();
    vault
        .unlock(&chen, passphrase("correct horse"))
        .await
        .unwrap();
    println!("unlocked in {:?}", started.elapsed());
}
