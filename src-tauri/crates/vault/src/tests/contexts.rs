use engine::ports::{Context, ContextKind, Credential, Plugin, Vault as _, VaultFailure};
use secrecy::SecretString;

use super::{everything, large, limits, service, token, vault};
use crate::contexts::short;

fn plugin(name: &str) -> Context {
    let plugin = Plugin {
        command: "/usr/local/bin/aws-iam".to_owned(),
        arguments: vec!["token".to_owned(), "-i".to_owned(), "苏州".to_owned()],
        environment: vec![("AWS_SECRET".to_owned(), SecretString::from("s3cr3t"))],
        api_version: "client.authentication.k8s.io/v1".to_owned(),
        wants_cluster: true,
        cluster_config: Some(serde_json::json!({"audience": "北京"})),
    };
    Context {
        credential: Credential::Plugin(plugin),
        ..token(name, "")
    }
}

#[tokio::test]
async fn a_context_of_any_kind_comes_back_as_it_was() {
    let Some(service) = service().await else {
        return;
    };
    let first = vault(&service, "demo", limits());
    assert_eq!(first.contexts().await.unwrap(), []);
    let basic = Credential::Basic {
        user: "admin".into(),
        password: SecretString::from("pässwörd \" \\ \u{1f511}"),
    };
    let contexts = [
        large("北京 prod", "A"),
        plugin("suzhou/../prod"),
        token("dev", "abc.def.ghi"),
        token("DEV", "another one: case counts"),
        Context {
            credential: basic,
            ..token("basic", "")
        },
        Context {
            credential: Credential::Anonymous,
            ..token("anonymous", "")
        },
    ];
    for context in &contexts {
        let head = first.store(context.clone()).await.unwrap();
        assert_eq!(head.name, context.name);
    }
    // Another process sees the same.
    let second = vault(&service, "demo", limits());
    for context in &contexts {
        let read = second.context(&context.name).await.unwrap();
        assert_eq!(everything(&read), everything(context));
    }
    let heads = second.contexts().await.unwrap();
    let mut names: Vec<_> = contexts
        .iter()
        .map(|context| context.name.as_str())
        .collect();
    names.sort_unstable();
    assert_eq!(
        heads
            .iter()
            .map(|head| head.name.as_str())
            .collect::<Vec<_>>(),
        names
    );
    let head = heads
        .iter()
        .find(|head| head.name == "suzhou/../prod")
        .unwrap();
    assert_eq!(head.kind, ContextKind::Plugin);
    assert_eq!(
        head.words,
        ["/usr/local/bin/aws-iam", "token", "-i", "苏州"]
    );
    assert_eq!(head.variables, ["AWS_SECRET"]);

    let other = vault(&service, "other-folder", limits());
    assert_eq!(other.contexts().await.unwrap(), []);
    assert!(
        matches!(other.context("dev").await, Err(VaultFailure::NoEntry(name)) if name == "dev")
    );
}

#[tokio::test]
async fn a_large_context_is_split_and_every_item_fits_windows() {
    let Some(service) = service().await else {
        return;
    };
    let vault = vault(&service, "demo", limits());
    let started = std::time::Instant::now();
    vault.store(large("beijing", "A")).await.unwrap();
    let stored = started.elapsed();
    vault.context("beijing").await.unwrap();
    println!(
        "stored in {stored:?}, read in {:?}",
        started.elapsed() - stored
    );
    let client = service.client().await.unwrap();
    let collection = client.get_default_collection().await.unwrap();
    let mut parts = 0;
    for item in collection.get_all_items().await.unwrap() {
        let secret = item.get_secret().await.unwrap();
        assert!(
            secret.len() <= 2000,
            "{} has {} bytes",
            item.get_label().await.unwrap(),
            secret.len()
        );
        // KWallet takes text only.
        assert!(secret.is_ascii());
        parts += u32::from(item.get_label().await.unwrap().contains(" of "));
    }
    assert!(parts >= 6, "12 KB in {parts} parts");
}

#[tokio::test]
async fn a_replacement_is_whole_and_leaves_nothing_of_the_old() {
    let Some(service) = service().await else {
        return;
    };
    let vault = vault(&service, "demo", limits());
    vault.store(token("beijing", "short")).await.unwrap();
    let few = service.labels().await.unwrap();
    for round in ["A", "B", "C"] {
        vault.store(large("beijing", round)).await.unwrap();
        assert_eq!(
            everything(&vault.context("beijing").await.unwrap()),
            everything(&large("beijing", round))
        );
    }
    assert!(service.labels().await.unwrap().len() > few.len());
    vault.store(token("beijing", "short again")).await.unwrap();
    assert_eq!(service.labels().await.unwrap(), few);
    assert_eq!(vault.contexts().await.unwrap().len(), 1);
}

#[tokio::test]
async fn what_is_forgotten_leaves_nothing() {
    let Some(service) = service().await else {
        return;
    };
    let vault = vault(&service, "demo", limits());
    let empty = service.labels().await.unwrap();
    vault.store(token("dev", "t")).await.unwrap();
    let one = service.labels().await.unwrap();
    vault.store(large("beijing", "A")).await.unwrap();
    vault.forget("beijing").await.unwrap();
    assert_eq!(service.labels().await.unwrap(), one);
    assert!(matches!(
        vault.context("beijing").await,
        Err(VaultFailure::NoEntry(_))
    ));
    assert!(
        matches!(vault.forget("beijing").await, Err(VaultFailure::NoEntry(name)) if name == "beijing")
    );
    vault.forget("dev").await.unwrap();
    assert_eq!(service.labels().await.unwrap(), empty);
}

#[tokio::test]
async fn a_lost_or_garbled_part_is_told_by_name_and_hides_no_other() {
    let Some(service) = service().await else {
        return;
    };
    let vault = vault(&service, "demo", limits());
    vault.store(token("dev", "t")).await.unwrap();
    let client = service.client().await.unwrap();
    let collection = client.get_default_collection().await.unwrap();
    let head = format!("demo/context/{}", short("beijing"));
    for (place, garbled) in [
        (format!("{head}/a/2"), None),
        (format!("{head}/a/0"), Some(b"AAAA".as_slice())),
        (format!("{head}/a/1"), Some(b"not base64!".as_slice())),
        (head.clone(), Some(b"{}".as_slice())),
        (
            head.clone(),
            Some(
                br#"{"version":1,"set":"a","parts":9,"length":99999999999,"sha256":""}"#.as_slice(),
            ),
        ),
    ] {
        vault.store(large("beijing", "A")).await.unwrap();
        let attributes = std::collections::HashMap::from([
            ("service", "pilothouse"),
            ("username", place.as_str()),
        ]);
        let found = collection.search_items(attributes).await.unwrap();
        assert_eq!(found.len(), 1, "{place}");
        match garbled {
            None => found[0].delete().await.unwrap(),
            Some(bytes) => found[0].set_secret(bytes, "text/plain").await.unwrap(),
        }
        let failure = vault.context("beijing").await.unwrap_err();
        let named = match (&failure, garbled) {
            (VaultFailure::NoEntry(text), None) | (VaultFailure::Broken(text), Some(_)) => {
                text.contains("beijing")
            }
            _ => false,
        };
        assert!(named, "{failure:?}");
        let names: Vec<_> = vault
            .contexts()
            .await
            .unwrap()
            .into_iter()
            .map(|head| head.name)
            .collect();
        assert_eq!(names, ["dev"], "the others are still listed");
        vault.forget("beijing").await.unwrap();
        let left = service.labels().await.unwrap();
        assert!(
            left.iter().all(|label| !label.contains("beijing")),
            "{left:?}"
        );
    }
}
