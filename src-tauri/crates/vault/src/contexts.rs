use std::collections::BTreeSet;

use engine::ports::{Context, ContextHead, VaultFailure};
use sha2::{Digest as _, Sha256};

use crate::items::{Items, Place};
use crate::stored;
use crate::values::Value;

/// The contexts of a profile in a keychain, and the index of their names: no keychain lists its
/// items in a way that works on every system.
#[derive(Clone, Debug)]
pub(crate) struct Contexts {
    profile: String,
    /// Most bytes of an item.
    item: usize,
}

impl Contexts {
    pub(crate) fn new(profile: &str, item: usize) -> Self {
        Contexts {
            profile: profile.to_owned(),
            item,
        }
    }

    /// The context first, then its name: a kill in between leaves a context that is not listed
    /// and that the next import of it completes.
    pub(crate) fn store(
        &self,
        items: &mut Items,
        context: &Context,
    ) -> Result<ContextHead, VaultFailure> {
        let place = self.place(&context.name);
        let text = stored::to_text(context)?;
        Value::new(&place, &context.name, self.item).write(items, &text)?;
        let mut names = self.names(items)?;
        if names.insert(context.name.clone()) {
            self.write_names(items, &names)?;
        }
        Ok(stored::head(context))
    }

    /// One context; `NoEntry` names it when there is none.
    pub(crate) fn read(&self, items: &mut Items, name: &str) -> Result<Context, VaultFailure> {
        let place = self.place(name);
        let text = Value::new(&place, name, self.item).read(items)?;
        stored::from_text(
            name,
            &text.ok_or_else(|| VaultFailure::NoEntry(name.to_owned()))?,
        )
    }

    /// All that can be read. One that is lost or garbled must not hide the others; whoever asks
    /// for it by name is told.
    pub(crate) fn list(&self, items: &mut Items) -> Result<Vec<ContextHead>, VaultFailure> {
        let mut heads = Vec::new();
        for name in self.names(items)? {
            match self.read(items, &name) {
                Ok(context) => heads.push(stored::head(&context)),
                Err(failure @ (VaultFailure::NoEntry(_) | VaultFailure::Broken(_))) => {
                    tracing::warn!(context = name, %failure, "a stored context cannot be read");
                }
                Err(failure) => return Err(failure),
            }
        }
        Ok(heads)
    }

    /// The context first, then its name: what is interrupted can be done again by name. `NoEntry`
    /// when there was neither.
    pub(crate) fn forget(&self, items: &mut Items, name: &str) -> Result<(), VaultFailure> {
        let place = self.place(name);
        let was_there = items.get(&place)?.is_some();
        Value::new(&place, name, self.item).delete(items)?;
        let mut names = self.names(items)?;
        let was_listed = names.remove(name);
        let index = self.index();
        let index_value = Value::new(&index, INDEX, self.item);
        if was_listed && names.is_empty() {
            index_value.delete(items)?;
        } else if was_listed {
            self.write_names(items, &names)?;
        }
        if was_there || was_listed {
            Ok(())
        } else {
            Err(VaultFailure::NoEntry(name.to_owned()))
        }
    }

    fn names(&self, items: &mut Items) -> Result<BTreeSet<String>, VaultFailure> {
        match Value::new(&self.index(), INDEX, self.item).read(items)? {
            None => Ok(BTreeSet::new()),
            Some(text) => serde_json::from_slice(&text)
                .map_err(|_| VaultFailure::Broken(format!("{INDEX}: it cannot be read"))),
        }
    }

    fn write_names(&self, items: &mut Items, names: &BTreeSet<String>) -> Result<(), VaultFailure> {
        let text =
            serde_json::to_vec(names).map_err(|error| VaultFailure::Broken(error.to_string()))?;
        Value::new(&self.index(), INDEX, self.item).write(items, &text)
    }

    fn index(&self) -> Place {
        Place {
            user: format!("{}/contexts", self.profile),
            label: "Pilothouse: list of contexts".to_owned(),
        }
    }

    fn place(&self, name: &str) -> Place {
        Place {
            user: format!("{}/context/{}", self.profile, short(name)),
            label: format!("Pilothouse: context {name}"),
        }
    }
}

/// How failures name the index.
const INDEX: &str = "list of contexts";

/// A name of any script and length as part of an item's place. Windows does not tell case in
/// places, and names may contain what separates their parts.
pub(crate) fn short(name: &str) -> String {
    let mut digest = hex::encode(Sha256::digest(name));
    digest.truncate(32);
    digest
}
