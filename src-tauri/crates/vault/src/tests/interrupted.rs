//! A keychain that dies at the n-th change: whatever n is, the old value or the new one is there,
//! whole, and the next write leaves no rubbish.

use std::any::Any;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use engine::ports::VaultFailure;
use keyring_core::api::{CredentialApi, CredentialStoreApi};
use keyring_core::{Credential, CredentialStore, Entry};

use super::{everything, large, token};
use crate::contexts::Contexts;
use crate::items::{Deadline, Items};

/// A store in memory; what is in it outlives the handles to it.
#[derive(Clone, Default)]
struct Store(Arc<Mutex<Stored>>);

#[derive(Default)]
struct Stored {
    items: BTreeMap<String, Vec<u8>>,
    /// Changes until it dies; none for a healthy one.
    changes_left: Option<usize>,
    changes: usize,
}

impl Stored {
    fn change(&mut self) -> keyring::Result<()> {
        if let Some(left) = &mut self.changes_left {
            *left = left
                .checked_sub(1)
                .ok_or(keyring::Error::PlatformFailure("killed".into()))?;
        }
        self.changes += 1;
        Ok(())
    }
}

struct StoredItem {
    store: Store,
    user: String,
}

impl CredentialStoreApi for Store {
    fn vendor(&self) -> String {
        "test".to_owned()
    }

    fn id(&self) -> String {
        "in memory".to_owned()
    }

    fn build(
        &self,
        _: &str,
        user: &str,
        _: Option<&HashMap<&str, &str>>,
    ) -> keyring::Result<Entry> {
        let item = StoredItem {
            store: self.clone(),
            user: user.to_owned(),
        };
        Ok(Entry::new_with_credential(Arc::new(item)))
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl CredentialApi for StoredItem {
    fn get_secret(&self) -> keyring::Result<Vec<u8>> {
        let stored = self.store.0.lock().unwrap();
        let found = stored.items.get(&self.user).cloned();
        found.ok_or(keyring::Error::NoEntry)
    }

    fn set_secret(&self, text: &[u8]) -> keyring::Result<()> {
        let mut stored = self.store.0.lock().unwrap();
        stored.change()?;
        stored.items.insert(self.user.clone(), text.to_owned());
        Ok(())
    }

    fn delete_credential(&self) -> keyring::Result<()> {
        let mut stored = self.store.0.lock().unwrap();
        stored.change()?;
        let gone = stored.items.remove(&self.user);
        gone.map(|_| ()).ok_or(keyring::Error::NoEntry)
    }

    fn get_credential(&self) -> keyring::Result<Option<Arc<Credential>>> {
        self.get_secret().map(|_| None)
    }

    fn get_specifiers(&self) -> Option<(String, String)> {
        Some(("test".to_owned(), self.user.clone()))
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// The vault's own items over such a store.
struct Dying {
    items: Items,
    store: Store,
}

impl Dying {
    fn after(changes_left: Option<usize>) -> Dying {
        let store = Store::default();
        store.0.lock().unwrap().changes_left = changes_left;
        let opened = store.clone();
        let open = move || Ok::<Arc<CredentialStore>, _>(Arc::new(opened.clone()));
        Dying {
            items: Items::new(5, Deadline::new(Instant::now()), open),
            store,
        }
    }

    fn healthy() -> Dying {
        Dying::after(None)
    }

    fn dies_after(&self, changes_left: Option<usize>) {
        self.store.0.lock().unwrap().changes_left = changes_left;
    }

    fn changes(&self) -> usize {
        self.store.0.lock().unwrap().changes
    }

    fn users(&self) -> Vec<String> {
        self.store.0.lock().unwrap().items.keys().cloned().collect()
    }
}

fn contexts() -> Contexts {
    Contexts::new("demo", 2000)
}

/// What is there when only this has ever been stored.
fn clean(context: &engine::ports::Context) -> usize {
    let mut dying = Dying::healthy();
    contexts().store(&mut dying.items, context).unwrap();
    dying.users().len()
}

#[test]
fn a_kill_while_replacing_leaves_the_old_or_the_new() {
    let contexts = contexts();
    for (old, new) in [
        (large("beijing", "A"), large("beijing", "B")),
        (large("beijing", "A"), token("beijing", "short")),
        (token("beijing", "short"), large("beijing", "B")),
    ] {
        let mut healthy = Dying::healthy();
        contexts.store(&mut healthy.items, &old).unwrap();
        let before = healthy.changes();
        contexts.store(&mut healthy.items, &new).unwrap();
        let all = healthy.changes() - before;
        assert!(all >= 3, "there is something to interrupt: {all}");

        let (mut olds, mut news) = (0, 0);
        for changes in 0..all {
            let mut items = Dying::healthy();
            contexts.store(&mut items.items, &old).unwrap();
            items.dies_after(Some(changes));
            contexts
                .store(&mut items.items, &new)
                .expect_err("it is killed");
            items.dies_after(None);

            let found = everything(&contexts.read(&mut items.items, "beijing").unwrap());
            olds += u32::from(found == everything(&old));
            news += u32::from(found == everything(&new));
            assert_eq!(contexts.list(&mut items.items).unwrap().len(), 1);

            contexts.store(&mut items.items, &new).unwrap();
            assert_eq!(
                everything(&contexts.read(&mut items.items, "beijing").unwrap()),
                everything(&new)
            );
            assert_eq!(
                items.users().len(),
                clean(&new),
                "after {changes} of {all} changes"
            );
        }
        assert_eq!(olds + news, u32::try_from(all).unwrap());
        assert!(olds > 0 && news > 0, "both happened: {olds}, {news}");
    }
}

#[test]
fn a_kill_while_storing_or_forgetting_can_be_done_again() {
    let contexts = contexts();
    let context = large("beijing", "A");
    let mut healthy = Dying::healthy();
    contexts.store(&mut healthy.items, &context).unwrap();
    let storing = healthy.changes();
    contexts.forget(&mut healthy.items, "beijing").unwrap();
    let forgetting = healthy.changes() - storing;
    assert_eq!(healthy.users().len(), 0);

    for changes in 0..storing {
        let mut items = Dying::after(Some(changes));
        contexts
            .store(&mut items.items, &context)
            .expect_err("it is killed");
        items.dies_after(None);
        contexts.list(&mut items.items).unwrap();
        contexts.store(&mut items.items, &context).unwrap();
        assert_eq!(
            items.users().len(),
            clean(&context),
            "after {changes} of {storing} changes"
        );
        assert_eq!(contexts.list(&mut items.items).unwrap().len(), 1);
    }
    for changes in 0..forgetting {
        let mut items = Dying::healthy();
        contexts.store(&mut items.items, &context).unwrap();
        items.dies_after(Some(changes));
        contexts
            .forget(&mut items.items, "beijing")
            .expect_err("it is killed");
        items.dies_after(None);
        contexts.list(&mut items.items).unwrap();
        match contexts.forget(&mut items.items, "beijing") {
            // All that was left was the index's own rubbish.
            Ok(()) | Err(VaultFailure::NoEntry(_)) => {}
            Err(other) => panic!("after {changes} of {forgetting} changes: {other}"),
        }
        assert!(
            items.users().iter().all(|key| !key.contains("context/")),
            "{changes}: {:?}",
            items.users()
        );
    }
}
