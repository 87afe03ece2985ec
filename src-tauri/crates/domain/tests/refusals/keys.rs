//! New keys: who has to witness them, and what they may sign.

use chrono::Duration;
use domain::*;
use ed25519_dalek::{Signer as _, SigningKey};

use crate::common::*;

/// A second key of a person.
fn second(person: &str) -> SigningKey {
    key(&format!("{person}, second"))
}

fn public_of(key: &SigningKey) -> PublicKey {
    PublicKey::from_bytes(key.verifying_key().as_bytes())
}

fn able() -> Vec<PersonId> {
    [OPERATOR, VERIFIER, MANAGER].map(PersonId::from).to_vec()
}

fn statement(register: &Register, person: &str, witness: &str, at: Instant) -> KeyStatement {
    let replaces = register.keys.get(&PersonId::from(person)).cloned();
    KeyStatement::new(
        person.into(),
        public_of(&second(person)),
        replaces,
        witness.into(),
        at,
    )
}

fn signed_by(signer: &str, statement: KeyStatement) -> Signed<KeyStatement> {
    let signature = key(signer).sign(&serde_json::to_vec(&statement).unwrap());
    Signed::new(statement, public(signer), &signature.to_bytes())
}

/// Replaces a person's key, witnessed.
fn replace(register: &mut Register, person: &str, witness: &str, at: Instant) {
    let witnessed = signed_by(witness, statement(register, person, witness, at));
    let events = register
        .register_key(
            &able(),
            &person.into(),
            &public_of(&second(person)),
            Some(witnessed),
        )
        .unwrap();
    assert_eq!(events.len(), 2, "{events:?}");
    for event in &events {
        register.evolve(event, at);
    }
}

fn tick_with(story: &Story, person: &str, key: &SigningKey) -> Command {
    let says = Said::Tick {
        item: "tested".into(),
        passed: true,
        note: None,
    };
    let statement = Statement::new(says, plan().id, "bj".into(), person.into(), story.now);
    let signature = key.sign(&statement.bytes().unwrap());
    Command::Tick {
        stage: "bj".into(),
        item: "tested".into(),
        passed: true,
        note: None,
        signed: Signed::new(statement, public_of(key), &signature.to_bytes()),
    }
}

#[test]
fn the_first_key_needs_no_witness_and_every_other_does() {
    let empty = Register::default();
    let first = empty.register_key(&[], &VERIFIER.into(), &public(VERIFIER), None);
    assert_eq!(first.unwrap().len(), 1);

    let register = register();
    let key = public_of(&second(VERIFIER));
    let refused = register.register_key(&able(), &VERIFIER.into(), &key, None);
    assert_eq!(refused, Err(Refusal::WitnessNeeded));
    // Nobody else can sign on this workstation: the person's own old key is no witness.
    let alone = [PersonId::from(VERIFIER)];
    let events = register.register_key(&alone, &VERIFIER.into(), &key, None);
    assert_eq!(events.unwrap().len(), 2);
    let same = register.register_key(&able(), &VERIFIER.into(), &public(VERIFIER), None);
    assert_eq!(same, Ok(vec![]), "it is registered already");
}

#[test]
fn a_witness_signs_as_somebody_else_for_exactly_this_key() {
    let register = register();
    let key = public_of(&second(VERIFIER));
    let good = statement(&register, VERIFIER, MANAGER, start());
    let try_it = |able: &[PersonId], witnessed| {
        register.register_key(able, &VERIFIER.into(), &key, Some(witnessed))
    };
    assert!(try_it(&able(), signed_by(MANAGER, good.clone())).is_ok());

    let self_made = statement(&register, VERIFIER, VERIFIER, start());
    let mut another = good.clone();
    another.key = public(OPERATOR);
    let mut as_first = good.clone();
    as_first.replaces = None;
    let mut of_another = good.clone();
    of_another.person = OPERATOR.into();
    let mut forged = signed_by(MANAGER, good.clone());
    forged.value = signed_by(MANAGER, another.clone()).value;
    for wrong in [
        signed_by(VERIFIER, self_made),
        signed_by(MANAGER, another),
        signed_by(MANAGER, as_first),
        signed_by(MANAGER, of_another),
        signed_by(OPERATOR, good.clone()),
        forged,
    ] {
        assert_eq!(try_it(&able(), wrong), Err(Refusal::SignatureInvalid));
    }
    let without_manager = [OPERATOR, VERIFIER].map(PersonId::from);
    let refused = try_it(&without_manager, signed_by(MANAGER, good));
    assert_eq!(refused, Err(Refusal::SignatureInvalid));
}

#[test]
fn a_replaced_key_signs_nothing_more_and_what_it_signed_stays() {
    let mut story = Story::created();
    let before = tick_with(&story, VERIFIER, &key(VERIFIER));
    story.must(VERIFIER, before);
    story.wait(60);
    let at = story.now;
    replace(&mut story.register, VERIFIER, MANAGER, at);

    let tick = &story.release().stages[&StageId::from("bj")].ticks[&ItemId::from("tested")];
    assert!(tick.passed && tick.signed.verifies());
    let periods = story.register.key_periods.iter();
    let periods: Vec<_> = periods.filter(|p| p.person.as_str() == VERIFIER).collect();
    let [old, new] = periods[..] else {
        panic!("{periods:?}")
    };
    assert_eq!((old.until, &old.key), (Some(at), &public(VERIFIER)));
    assert_eq!((new.from, new.until), (at, None));
    assert_eq!(new.witness, Some(MANAGER.into()));

    let mut later = Story::created();
    later.register = story.register.clone();
    let with_old = tick_with(&later, VERIFIER, &key(VERIFIER));
    assert_eq!(later.refused(VERIFIER, with_old), Refusal::SignatureInvalid);
    let with_new = tick_with(&later, VERIFIER, &second(VERIFIER));
    later.must(VERIFIER, with_new);
}

#[test]
fn the_operator_cannot_witness_a_key_and_sign_as_the_verifier_with_it() {
    let mut story = Story::created();
    let later = story.now + Duration::seconds(1);
    replace(&mut story.register, VERIFIER, OPERATOR, later);
    story.wait(60);
    let tick = tick_with(&story, VERIFIER, &second(VERIFIER));
    let refused = Refusal::WitnessedByOther {
        witness: OPERATOR.into(),
    };
    assert_eq!(story.refused(VERIFIER, tick), refused);

    // What was witnessed before a release was planned was known when it was planned.
    let mut planned_later = Story::created();
    replace(&mut planned_later.register, VERIFIER, OPERATOR, before());
    let tick = tick_with(&planned_later, VERIFIER, &second(VERIFIER));
    planned_later.must(VERIFIER, tick);
}

#[test]
fn an_old_ledger_that_replaced_keys_without_a_word_still_says_whose_was_which() {
    let mut register = register();
    let event: RegisterEvent = serde_json::from_value(serde_json::json!({
        "type": "keyRegistered",
        "person": VERIFIER,
        "key": public_of(&second(VERIFIER)),
    }))
    .unwrap();
    register.evolve(&event, start());
    let of_verifier = register
        .key_periods
        .iter()
        .filter(|p| p.person.as_str() == VERIFIER);
    let ends: Vec<_> = of_verifier.map(|period| period.until).collect();
    assert_eq!(ends, [Some(start()), None]);
}
