//! A keychain that dies at the n-th change: whatever n is, the old value or the new one is there,
//! whole, and the next write leaves no rubbish.

use std::collections::BTreeMap;
use std::time::Instant;

use engine::ports::VaultFailure;
use zeroize::Zeroizing;

use super::{everything, large, token};
use crate::contexts::Contexts;
use crate::items::{Items, Place};

#[derive(Default)]
struct Dying {
    items: BTreeMap<String, Vec<u8>>,
    /// Changes until it dies; none for a healthy one.
    changes_left: Option<usize>,
    changes: usize,
}

impl Dying {
    fn change(&mut self) -> Result<(), VaultFailure> {
        if let Some(left) = &mut self.changes_left {
            *left = left
                .checked_sub(1)
                .ok_or(VaultFailure::Broken("killed".to_owned()))?;
        }
        self.changes += 1;
        Ok(())
    }
}

impl Items for Dying {
    fn until(&mut self, _deadline: Instant) {}

    fn get(&mut self, place: &Place) -> Result<Option<Zeroizing<Vec<u8>>>, VaultFailure> {
        Ok(self.items.get(&place.user).cloned().map(Zeroizing::new))
    }

    fn set(&mut self, place: &Place, text: &[u8]) -> Result<(), VaultFailure> {
        self.change()?;
        self.items.insert(place.user.clone(), text.to_owned());
        Ok(())
    }

    fn delete(&mut self, place: &Place) -> Result<(), VaultFailure> {
        self.change()?;
        self.items.remove(&place.user);
        Ok(())
    }
}

fn contexts() -> Contexts {
    Contexts::new("demo", 2000)
}

/// What is there when only this has ever been stored.
fn clean(context: &engine::ports::Context) -> usize {
    let mut items = Dying::default();
    contexts().store(&mut items, context).unwrap();
    items.items.len()
}

#[test]
fn a_kill_while_replacing_leaves_the_old_or_the_new() {
    let contexts = contexts();
    for (old, new) in [
        (large("beijing", "A"), large("beijing", "B")),
        (large("beijing", "A"), token("beijing", "short")),
        (token("beijing", "short"), large("beijing", "B")),
    ] {
        let mut healthy = Dying::default();
        contexts.store(&mut healthy, &old).unwrap();
        let before = healthy.changes;
        contexts.store(&mut healthy, &new).unwrap();
        let all = healthy.changes - before;
        assert!(all >= 3, "there is something to interrupt: {all}");

        let (mut olds, mut news) = (0, 0);
        for changes in 0..all {
            let mut items = Dying::default();
            contexts.store(&mut items, &old).unwrap();
            items.changes_left = Some(changes);
            contexts.store(&mut items, &new).expect_err("it is killed");
            items.changes_left = None;

            let found = everything(&contexts.read(&mut items, "beijing").unwrap());
            olds += u32::from(found == everything(&old));
            news += u32::from(found == everything(&new));
            assert_eq!(contexts.list(&mut items).unwrap().len(), 1);

            contexts.store(&mut items, &new).unwrap();
            assert_eq!(
                everything(&contexts.read(&mut items, "beijing").unwrap()),
                everything(&new)
            );
            assert_eq!(
                items.items.len(),
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
    let mut healthy = Dying::default();
    contexts.store(&mut healthy, &context).unwrap();
    let storing = healthy.changes;
    contexts.forget(&mut healthy, "beijing").unwrap();
    let forgetting = healthy.changes - storing;
    assert_eq!(healthy.items.len(), 0);

    for changes in 0..storing {
        let mut items = Dying {
            changes_left: Some(changes),
            ..Dying::default()
        };
        contexts
            .store(&mut items, &context)
            .expect_err("it is killed");
        items.changes_left = None;
        contexts.list(&mut items).unwrap();
        contexts.store(&mut items, &context).unwrap();
        assert_eq!(
            items.items.len(),
            clean(&context),
            "after {changes} of {storing} changes"
        );
        assert_eq!(contexts.list(&mut items).unwrap().len(), 1);
    }
    for changes in 0..forgetting {
        let mut items = Dying::default();
        contexts.store(&mut items, &context).unwrap();
        items.changes_left = Some(changes);
        contexts
            .forget(&mut items, "beijing")
            .expect_err("it is killed");
        items.changes_left = None;
        contexts.list(&mut items).unwrap();
        match contexts.forget(&mut items, "beijing") {
            // All that was left was the index's own rubbish.
            Ok(()) | Err(VaultFailure::NoEntry(_)) => {}
            Err(other) => panic!("after {changes} of {forgetting} changes: {other}"),
        }
        assert!(
            items.items.keys().all(|key| !key.contains("context/")),
            "{changes}: {:?}",
            items.items.keys()
        );
    }
}
