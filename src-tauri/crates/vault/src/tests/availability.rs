use std::time::{Duration, Instant};

use engine::ports::{Vault as _, VaultFailure};

use super::{everything, impatient, limits, service, token, vault};
use crate::fixture::{SecretService, or_skip};
use crate::{KeychainVault, Options};

#[tokio::test]
async fn a_keychain_that_comes_up_later_is_found() {
    let Some(mut service) = or_skip(SecretService::bus()) else {
        return;
    };
    let vault = vault(&service, "demo", limits());
    for _ in 0..2 {
        let started = Instant::now();
        let failure = vault.ready().await.unwrap_err();
        assert!(matches!(failure, VaultFailure::Missing(_)), "{failure:?}");
        assert!(started.elapsed() < limits().call, "it is known at once");
        assert!(matches!(
            vault.contexts().await,
            Err(VaultFailure::Missing(_))
        ));
    }
    let Some(()) = or_skip_unit(service.start_keyring("test password").await) else {
        return;
    };
    vault.ready().await.unwrap();
    vault.store(token("dev", "t")).await.unwrap();

    // It goes, and another comes: no session of the old one sticks.
    service.stop_keyring();
    assert!(matches!(
        vault.context("dev").await,
        Err(VaultFailure::Missing(_))
    ));
    service.start_keyring("test password").await.unwrap();
    let read = vault.context("dev").await.unwrap();
    assert_eq!(everything(&read), everything(&token("dev", "t")));
}

fn or_skip_unit(started: Result<(), crate::fixture::Absent>) -> Option<()> {
    match started {
        Ok(()) => Some(()),
        Err(why) => or_skip(Err(why)).map(|_| ()),
    }
}

#[tokio::test]
async fn a_bus_that_is_not_there_is_a_missing_keychain() {
    let folder = tempfile::tempdir().unwrap();
    for address in [
        format!("unix:path={}/none", folder.path().display()),
        "nonsense".to_owned(),
    ] {
        let vault = KeychainVault::open(
            "demo",
            Options {
                bus_address: Some(address.clone()),
                limits: impatient(),
            },
        );
        let failure = vault.ready().await.unwrap_err();
        assert!(
            matches!(failure, VaultFailure::Missing(_)),
            "{address}: {failure:?}"
        );
    }
}

#[tokio::test]
async fn a_locked_keychain_is_told_within_the_bound() {
    let Some(mut service) = service().await else {
        return;
    };
    let vault = vault(&service, "demo", impatient());
    vault.store(token("dev", "t")).await.unwrap();
    service.lock().await.unwrap();
    for _ in 0..2 {
        let started = Instant::now();
        let failure = vault.context("dev").await.unwrap_err();
        assert_eq!(failure, VaultFailure::Locked);
        assert!(
            started.elapsed() < impatient().call + Duration::from_secs(1),
            "{:?}",
            started.elapsed()
        );
    }
    assert!(matches!(
        vault.store(token("other", "t")).await,
        Err(VaultFailure::Locked)
    ));
    // Unlocked again, here by a new keyring with the right password.
    service.stop_keyring();
    service.start_keyring("test password").await.unwrap();
    assert_eq!(
        everything(&vault.context("dev").await.unwrap()),
        everything(&token("dev", "t"))
    );
}

#[tokio::test]
async fn a_prompt_that_nobody_answers_is_a_locked_keychain_within_the_bound() {
    let Some(service) = service().await else {
        return;
    };
    let vault = vault(&service, "demo", impatient());
    vault.store(token("dev", "t")).await.unwrap();
    service.lock().await.unwrap();
    let _prompter = service.absent_person().await.unwrap();
    for _ in 0..2 {
        let started = Instant::now();
        assert_eq!(vault.ready().await, Err(VaultFailure::Locked));
        let took = started.elapsed();
        assert!(
            took >= impatient().call,
            "the person had their time: {took:?}"
        );
        assert!(took < impatient().call + Duration::from_secs(1), "{took:?}");
    }
}

#[tokio::test]
async fn a_keychain_that_hangs_is_told_within_the_bound_and_recovers() {
    let Some(service) = service().await else {
        return;
    };
    let vault = vault(&service, "demo", impatient());
    vault.store(token("dev", "t")).await.unwrap();
    service.freeze(true);
    let started = Instant::now();
    // Several at once: none waits for the bound of those before it.
    let (one, two, three) = tokio::join!(vault.context("dev"), vault.ready(), vault.contexts());
    let bound = impatient().call + impatient().grace + Duration::from_secs(1);
    assert!(started.elapsed() < bound, "{:?}", started.elapsed());
    service.freeze(false);
    for failure in [
        one.map(|_| ()).unwrap_err(),
        two.unwrap_err(),
        three.map(|_| ()).unwrap_err(),
    ] {
        assert_eq!(failure, VaultFailure::Timeout { seconds: 1 });
    }
    assert_eq!(
        everything(&vault.context("dev").await.unwrap()),
        everything(&token("dev", "t"))
    );
}

#[tokio::test]
async fn the_end_of_the_program_waits_for_no_keychain() {
    let Some(service) = service().await else {
        return;
    };
    let vault = vault(&service, "demo", limits());
    vault.ready().await.unwrap();
    service.freeze(true);
    let hanging = tokio::time::timeout(Duration::from_millis(50), vault.ready()).await;
    assert!(hanging.is_err());
    let started = Instant::now();
    drop(vault);
    assert!(
        started.elapsed() < Duration::from_millis(500),
        "{:?}",
        started.elapsed()
    );
    service.freeze(false);
}
