//! A new key beside the old one, and in its place.

use domain::{KeyStatement, PersonId, PublicKey, ReleaseId, Said, StageId, Statement};
use engine::ports::{Vault as _, VaultFailure};
use secrecy::SecretString;

use super::{at, limits, service, vault};

fn passphrase(text: &str) -> SecretString {
    SecretString::from(text)
}

fn vote(person: &PersonId) -> Statement {
    let says = Said::Vote {
        go: true,
        reason: String::new(),
    };
    let (release, stage) = (ReleaseId::from("REL-1"), StageId::from("suzhou"));
    Statement::new(says, release, stage, person.clone(), at())
}

#[tokio::test]
async fn a_prepared_key_changes_nothing_before_it_is_adopted() {
    let Some(service) = service().await else {
        return;
    };
    let vault = vault(&service, "demo", limits());
    let chen = PersonId::from("chen");
    let old = vault
        .create_key(&chen, passphrase("correct horse"))
        .await
        .unwrap();
    let weak = vault.prepare_key(&chen, passphrase("1234567")).await;
    assert_eq!(weak, Err(VaultFailure::WeakPassphrase { least: 8 }));
    let dropped = vault
        .prepare_key(&chen, passphrase("battery staple"))
        .await
        .unwrap();
    let new = vault
        .prepare_key(&chen, passphrase("staple battery"))
        .await
        .unwrap();
    assert_eq!(vault.key(&chen).await.unwrap(), Some((old.clone(), true)));
    assert_eq!(vault.sign(vote(&chen)).await.unwrap().key, old);
    let stranger = PublicKey::from_bytes(&[7; 32]);
    for unknown in [&dropped, &stranger] {
        let refused = vault.adopt_key(&chen, unknown).await;
        assert_eq!(refused, Err(VaultFailure::NoKey("chen".to_owned())));
    }
    assert_eq!(vault.key(&chen).await.unwrap(), Some((old, true)));

    vault.adopt_key(&chen, &new).await.unwrap();
    assert_eq!(vault.key(&chen).await.unwrap(), Some((new.clone(), false)));
    assert_eq!(
        vault.sign(vote(&chen)).await,
        Err(VaultFailure::KeyLocked("chen".to_owned())),
        "the old key signs nothing more"
    );
    let with_old = vault.unlock(&chen, passphrase("correct horse")).await;
    assert_eq!(with_old, Err(VaultFailure::WrongPassphrase));
    vault
        .unlock(&chen, passphrase("staple battery"))
        .await
        .unwrap();
    // Adopted twice, after a program that was ended in between, say: it stays, and unlocked.
    vault.adopt_key(&chen, &new).await.unwrap();
    assert_eq!(vault.key(&chen).await.unwrap(), Some((new, true)));
    let labels = service.labels().await.unwrap();
    let of_chen = labels.iter().filter(|label| label.contains("chen"));
    assert_eq!(of_chen.count(), 1, "nothing is left over: {labels:?}");
}

#[tokio::test]
async fn a_witness_signs_once_and_stays_locked() {
    let Some(service) = service().await else {
        return;
    };
    let (chen, wang) = (PersonId::from("chen"), PersonId::from("wang"));
    let first = vault(&service, "demo", limits());
    let public = first
        .create_key(&wang, passphrase("correct horse"))
        .await
        .unwrap();
    let vault = vault(&service, "demo", limits());
    let new = vault
        .prepare_key(&chen, passphrase("battery staple"))
        .await
        .unwrap();
    let statement = KeyStatement::new(chen, new, None, wang.clone(), at());
    let wrong = vault
        .witness(statement.clone(), passphrase("incorrect horse"))
        .await;
    assert_eq!(wrong, Err(VaultFailure::WrongPassphrase));
    let signed = vault
        .witness(statement.clone(), passphrase("correct horse"))
        .await
        .unwrap();
    assert!(signed.verifies());
    assert_eq!((&signed.key, &signed.statement), (&public, &statement));
    assert_eq!(vault.key(&wang).await.unwrap(), Some((public, false)));
}

#[tokio::test]
async fn only_one_key_stays_unlocked() {
    let Some(service) = service().await else {
        return;
    };
    let vault = vault(&service, "demo", limits());
    let people = ["chen", "wang", "li"].map(PersonId::from);
    for person in &people {
        vault
            .create_key(person, passphrase("correct horse"))
            .await
            .unwrap();
    }
    let [chen, wang, li] = &people;
    assert!(vault.lock_others(wang).await);
    assert!(!vault.lock_others(wang).await, "they are locked already");
    assert!(vault.sign(vote(wang)).await.unwrap().verifies());
    for locked in [chen, li] {
        let refused = vault.sign(vote(locked)).await;
        assert_eq!(refused, Err(VaultFailure::KeyLocked(locked.to_string())));
    }
}
