//! People's signing keys: a first one, and one in place of another. The keychain has the keys, the
//! register says whose they are; neither counts without the other.

use domain::{KeyStatement, PersonId, PublicKey, Refusal, Signed};
use secrecy::SecretString;

use crate::ports::VaultFailure;
use crate::{Engine, EngineFailure};

impl Engine {
    /// Who of these people can sign on this workstation: the keychain has their registered key.
    pub async fn able_to_sign(&self, people: &[PersonId]) -> Result<Vec<PersonId>, EngineFailure> {
        let mut able = Vec::new();
        for person in people {
            if self.usable_key(person).await?.is_some() {
                able.push(person.clone());
            }
        }
        Ok(able)
    }

    /// The person's registered key and whether it is unlocked; none if the keychain has another one or
    /// none at all. A key whose registration was written down, but which was not put in place before the
    /// program ended, is put in place.
    pub async fn usable_key(
        &self,
        person: &PersonId,
    ) -> Result<Option<(PublicKey, bool)>, EngineFailure> {
        let vault = &self.ports().vault;
        let Some(registered) = self.register().keys.get(person).cloned() else {
            return Ok(None);
        };
        match vault.key(person).await? {
            Some((key, unlocked)) if key == registered => Ok(Some((key, unlocked))),
            _ => match vault.adopt_key(person, &registered).await {
                Ok(()) => Ok(Some((registered, false))),
                Err(VaultFailure::NoKey(_)) => Ok(None),
                Err(failure) => Err(failure.into()),
            },
        }
    }

    /// Makes a key for a person, revoking the registered one if there is any, and leaves it locked.
    /// `people` are the role holders of the workspace. Where one of the others can sign here, one has to
    /// witness it with their own passphrase; nothing is replaced before that is written down.
    pub async fn new_key(
        &self,
        person: &PersonId,
        passphrase: SecretString,
        people: &[PersonId],
        witness: Option<(PersonId, SecretString)>,
    ) -> Result<PublicKey, EngineFailure> {
        let able = self.able_to_sign(people).await?;
        let is_first = able.iter().all(|able| able == person);
        if witness.is_none() && !is_first {
            return Err(Refusal::WitnessNeeded.into());
        }
        let vault = &self.ports().vault;
        let key = vault.prepare_key(person, passphrase).await?;
        let witnessed = match witness {
            Some((witness, passphrase)) => {
                let replaces = self.register().keys.get(person).cloned();
                let (person, key) = (person.clone(), key.clone());
                let statement = KeyStatement::new(person, key, replaces, witness, self.now());
                Some(vault.witness(statement, passphrase).await?)
            }
            None => None,
        };
        self.register_key(person, key.clone(), able, witnessed)
            .await?;
        vault.adopt_key(person, &key).await?;
        Ok(key)
    }

    /// Writes down whose key this is; the rules of the register decide.
    pub async fn register_key(
        &self,
        person: &PersonId,
        key: PublicKey,
        able: Vec<PersonId>,
        witnessed: Option<Signed<KeyStatement>>,
    ) -> Result<(), EngineFailure> {
        let of = person.clone();
        self.book()
            .decide_register(Some(person), move |register| {
                register.register_key(&able, &of, &key, witnessed.clone())
            })
            .await
    }
}
