use engine::ports::{Vault as _, VaultFailure};

use super::{limits, service, vault};

#[tokio::test]
async fn what_is_sealed_opens_with_the_keychains_key_alone() {
    let Some(service) = service().await else {
        return;
    };
    let first = vault(&service, "demo", limits());
    // Opening makes no key: a lost one must be noticed.
    assert_eq!(
        first.unseal(&[1; 80]).await,
        Err(VaultFailure::NoEntry("sealing key".to_owned()))
    );
    let (one, two) = tokio::join!(first.seal(b"kind: Secret"), first.seal(b"kind: Secret"));
    let (one, two) = (one.unwrap(), two.unwrap());
    assert_ne!(one, two, "a nonce is never used twice");
    assert!(!one.windows(4).any(|window| window == b"kind"));
    let second = vault(&service, "demo", limits());
    assert_eq!(second.unseal(&one).await.unwrap(), b"kind: Secret");
    assert_eq!(second.unseal(&two).await.unwrap(), b"kind: Secret");
    let empty = second.seal(b"").await.unwrap();
    assert_eq!(first.unseal(&empty).await.unwrap(), b"");

    let other = vault(&service, "other-folder", limits());
    other.seal(b"x").await.unwrap();
    let refused = other.unseal(&one).await.unwrap_err();
    assert!(
        matches!(&refused, VaultFailure::Broken(why) if why.contains("another key")),
        "{refused:?}"
    );
}

#[tokio::test]
async fn any_changed_byte_is_found() {
    let Some(service) = service().await else {
        return;
    };
    let vault = vault(&service, "demo", limits());
    let sealed = vault.seal(b"password: 123").await.unwrap();
    for place in 0..sealed.len() {
        let mut changed = sealed.clone();
        changed[place] ^= 1;
        assert!(
            matches!(vault.unseal(&changed).await, Err(VaultFailure::Broken(_))),
            "byte {place}"
        );
    }
    for length in 0..sealed.len() {
        assert!(
            matches!(
                vault.unseal(&sealed[..length]).await,
                Err(VaultFailure::Broken(_))
            ),
            "{length} bytes"
        );
    }
    assert_eq!(vault.unseal(&sealed).await.unwrap(), b"password: 123");
}

#[tokio::test]
async fn a_garbled_key_is_told_and_never_replaced() {
    let Some(service) = service().await else {
        return;
    };
    let vault = vault(&service, "demo", limits());
    vault.seal(b"x").await.unwrap();
    let client = service.client().await.unwrap();
    let collection = client.get_default_collection().await.unwrap();
    let attributes = std::collections::HashMap::from([
        ("service", "pilothouse"),
        ("username", "demo/sealing-key"),
    ]);
    let item = &collection.search_items(attributes).await.unwrap()[0];
    item.set_secret(b"c2hvcnQ=", "text/plain").await.unwrap();
    assert!(matches!(
        vault.seal(b"y").await,
        Err(VaultFailure::Broken(_))
    ));
    assert_eq!(item.get_secret().await.unwrap(), b"c2hvcnQ=");
}
