//! Whose key signs, since when, and who saw it: the rules for registering one.

use crate::{Instant, KeyStatement, PersonId, PublicKey, Refusal, Register, RegisterEvent, Signed};

/// A key with the time in which it signs for a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyPeriod {
    /// Whose it is.
    pub person: PersonId,
    /// The key.
    pub key: PublicKey,
    /// When it was registered.
    pub from: Instant,
    /// When it was revoked; none while it signs.
    pub until: Option<Instant>,
    /// Who witnessed it; none for the first key of a workspace, and from before there were witnesses.
    pub witness: Option<PersonId>,
}

impl Register {
    /// The period of the key that a person signs with now.
    pub fn key_of(&self, person: &PersonId) -> Option<&KeyPeriod> {
        let mut newest = self.key_periods.iter().rev();
        newest.find(|period| &period.person == person && period.until.is_none())
    }

    /// What registers a new key for a person, revoking the one before.
    ///
    /// `able` are the role holders of the workspace who can sign on this workstation: their registered
    /// key is in its keychain. If there is anybody but the person, one of them has to have witnessed the
    /// new key; if not, it is the first key here, and nobody could. Nothing is changed by asking.
    ///
    /// # Errors
    /// `WitnessNeeded` without a witness where there can be one; `SignatureInvalid` when the signature is
    /// of somebody else, by another key or over something else.
    pub fn register_key(
        &self,
        able: &[PersonId],
        person: &PersonId,
        key: &PublicKey,
        witnessed: Option<Signed<KeyStatement>>,
    ) -> Result<Vec<RegisterEvent>, Refusal> {
        let before = self.keys.get(person);
        if before == Some(key) {
            return Ok(Vec::new());
        }
        match &witnessed {
            Some(signed) => self.is_witnessed(able, person, key, signed)?,
            None if able.iter().any(|able| able != person) => return Err(Refusal::WitnessNeeded),
            None => {}
        }
        let revoked = before.map(|before| RegisterEvent::KeyRevoked {
            person: person.clone(),
            key: before.clone(),
        });
        let registered = RegisterEvent::KeyRegistered {
            person: person.clone(),
            key: key.clone(),
            witnessed: witnessed.map(Box::new),
        };
        Ok(revoked.into_iter().chain([registered]).collect())
    }

    fn is_witnessed(
        &self,
        able: &[PersonId],
        person: &PersonId,
        key: &PublicKey,
        signed: &Signed<KeyStatement>,
    ) -> Result<(), Refusal> {
        let witness = &signed.statement.witness;
        let expected = KeyStatement::new(
            person.clone(),
            key.clone(),
            self.keys.get(person).cloned(),
            witness.clone(),
            signed.statement.at,
        );
        let fits = signed.statement == expected
            && witness != person
            && able.contains(witness)
            && self.keys.get(witness) == Some(&signed.key)
            && signed.verifies();
        if fits {
            Ok(())
        } else {
            Err(Refusal::SignatureInvalid)
        }
    }

    pub(crate) fn begin_key(
        &mut self,
        person: &PersonId,
        key: &PublicKey,
        witness: Option<&PersonId>,
        at: Instant,
    ) {
        match self.keys.insert(person.clone(), key.clone()) {
            Some(before) if &before == key => return,
            // Ledgers from before keys were revoked replace them without a word.
            Some(before) => self.end_period(person, &before, at),
            None => {}
        }
        self.key_periods.push(KeyPeriod {
            person: person.clone(),
            key: key.clone(),
            from: at,
            until: None,
            witness: witness.cloned(),
        });
    }

    pub(crate) fn end_key(&mut self, person: &PersonId, key: &PublicKey, at: Instant) {
        if self.keys.get(person) == Some(key) {
            self.keys.remove(person);
        }
        self.end_period(person, key, at);
    }

    fn end_period(&mut self, person: &PersonId, key: &PublicKey, at: Instant) {
        for period in &mut self.key_periods {
            if &period.person == person && &period.key == key && period.until.is_none() {
                period.until = Some(at);
            }
        }
    }
}
