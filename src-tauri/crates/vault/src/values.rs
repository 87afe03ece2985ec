use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use engine::ports::VaultFailure;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::items::{Items, Place};

/// A value of any length in items of bounded size: numbered parts and a head that tells how many,
/// how long and with which digest. There are two sets of parts; a new value goes into the set that
/// the head does not name, then the head is switched in one write, then the old set is deleted. A
/// kill at any point leaves the old value or the new one, whole.
pub(crate) struct Value<'a> {
    /// Where the head is; the parts' places are made from it.
    place: &'a Place,
    /// How failures name it.
    name: &'a str,
    /// Most bytes of an item.
    item: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Set {
    A,
    B,
}

#[derive(Debug, Serialize, Deserialize)]
struct Head {
    version: u8,
    set: Set,
    parts: usize,
    length: usize,
    sha256: String,
}

impl<'a> Value<'a> {
    pub(crate) fn new(place: &'a Place, name: &'a str, item: usize) -> Self {
        Value { place, name, item }
    }

    /// The value, or none when there is no head. A lost part is `NoEntry`, a garbled one `Broken`.
    pub(crate) fn read(
        &self,
        items: &mut Items,
    ) -> Result<Option<Zeroizing<Vec<u8>>>, VaultFailure> {
        let Some(head) = self.head(items)? else {
            return Ok(None);
        };
        let mut value = Zeroizing::new(Vec::with_capacity(head.length));
        for number in 0..head.parts {
            let place = self.part(head.set, number, head.parts);
            let lost = || {
                VaultFailure::NoEntry(format!(
                    "{} (part {} of {})",
                    self.name,
                    number + 1,
                    head.parts
                ))
            };
            let text = items.get(&place)?.ok_or_else(lost)?;
            let bytes = STANDARD.decode(text.as_slice()).map(Zeroizing::new);
            let bytes = bytes
                .map_err(|_| self.broken(&format!("part {} of {}", number + 1, head.parts)))?;
            if value.len() + bytes.len() > head.length {
                return Err(self.broken("longer than it says"));
            }
            value.extend_from_slice(&bytes);
        }
        if value.len() != head.length || digest(&value) != head.sha256 {
            return Err(self.broken("its digest differs"));
        }
        Ok(Some(value))
    }

    /// Replaces the value as a whole. When it returns, the new value has been read back.
    pub(crate) fn write(&self, items: &mut Items, value: &[u8]) -> Result<(), VaultFailure> {
        // A head that cannot be read names nothing worth keeping; either set will do.
        let old = match self.head(items) {
            Ok(head) => head,
            Err(VaultFailure::Broken(_)) => None,
            Err(failure) => return Err(failure),
        };
        let set = match &old {
            Some(Head { set: Set::A, .. }) => Set::B,
            _ => Set::A,
        };
        self.clear(items, set, 0)?;
        // Four bytes of base64 for three of the value.
        let parts: Vec<&[u8]> = value.chunks(self.item / 4 * 3).collect();
        for (number, part) in parts.iter().enumerate() {
            let text = Zeroizing::new(STANDARD.encode(part));
            items.set(&self.part(set, number, parts.len()), text.as_bytes())?;
        }
        let head = Head {
            version: 1,
            set,
            parts: parts.len(),
            length: value.len(),
            sha256: digest(value),
        };
        let text = serde_json::to_vec(&head).map_err(|error| self.broken(&error.to_string()))?;
        items.set(self.place, &text)?;
        if self
            .read(items)?
            .is_none_or(|kept| kept.as_slice() != value)
        {
            return Err(self.broken("it came back as something else"));
        }
        let other = if set == Set::A { Set::B } else { Set::A };
        self.clear(items, other, old.map_or(0, |head| head.parts))
    }

    /// Deletes head and parts, also those that an interrupted write left.
    pub(crate) fn delete(&self, items: &mut Items) -> Result<(), VaultFailure> {
        let (set, parts) = match self.head(items) {
            Ok(Some(head)) => (Some(head.set), head.parts),
            Ok(None) | Err(VaultFailure::Broken(_)) => (None, 0),
            Err(failure) => return Err(failure),
        };
        // Without a head the value is gone, and what is left of it can be found without the head.
        items.delete(self.place)?;
        for each in [Set::A, Set::B] {
            self.clear(items, each, if set == Some(each) { parts } else { 0 })?;
        }
        Ok(())
    }

    /// Deletes a set from its last part down, so that a kill leaves no gap and the rest is found
    /// again by counting up. `least` parts are known to have been there.
    fn clear(&self, items: &mut Items, set: Set, least: usize) -> Result<(), VaultFailure> {
        let mut parts = least;
        while items.get(&self.part(set, parts, 0))?.is_some() {
            parts += 1;
        }
        for number in (0..parts).rev() {
            items.delete(&self.part(set, number, 0))?;
        }
        Ok(())
    }

    fn head(&self, items: &mut Items) -> Result<Option<Head>, VaultFailure> {
        let Some(text) = items.get(self.place)? else {
            return Ok(None);
        };
        let head: Head =
            serde_json::from_slice(&text).map_err(|_| self.broken("its head cannot be read"))?;
        // A forged head must not make us reserve or ask for more than any value has.
        if head.version != 1 || head.length > MOST || head.parts > MOST / 1024 {
            return Err(self.broken("its head says something impossible"));
        }
        Ok(Some(head))
    }

    fn part(&self, set: Set, number: usize, of: usize) -> Place {
        let letter = match set {
            Set::A => 'a',
            Set::B => 'b',
        };
        Place {
            user: format!("{}/{letter}/{number}", self.place.user),
            label: format!("{} ({} of {of})", self.place.label, number + 1),
        }
    }

    fn broken(&self, why: &str) -> VaultFailure {
        VaultFailure::Broken(format!("{}: {why}", self.name))
    }
}

/// Most bytes of a value.
const MOST: usize = 4 * 1024 * 1024;

fn digest(value: &[u8]) -> String {
    hex::encode(Sha256::digest(value))
}
