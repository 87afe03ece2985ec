use domain::{Person, PersonId, Role};

use super::{FILE, Unique, at_least_one, identifier, line};
use crate::located::Located;
use crate::raw::RawPerson;
use crate::{Expectation, Thing, WorkspaceFailure};

pub(super) fn check(
    raw: &Located<Vec<Located<RawPerson>>>,
) -> Result<Vec<Person>, WorkspaceFailure> {
    let mut seen = Unique::default();
    let mut people = Vec::new();
    for person in raw.value.iter().map(|p| &p.value) {
        identifier(&person.id)?;
        seen.take(
            Thing::Person,
            person.id.value.clone(),
            person.id.place(FILE),
        )?;
        line(&person.name)?;
        if person.roles.value.is_empty() {
            return Err(person.roles.expects(FILE, at_least_one(Thing::Role)));
        }
        let mut roles = Unique::default();
        for role in &person.roles.value {
            roles.take(Thing::Role, format!("{:?}", role.value), role.place(FILE))?;
        }
        people.push(Person {
            id: PersonId::new(&person.id.value),
            name: person.name.value.clone(),
            roles: person.roles.value.iter().map(|r| r.value.into()).collect(),
        });
    }
    for role in [Role::Operator, Role::Verifier, Role::Manager] {
        if !people.iter().any(|p| p.roles.contains(&role)) {
            return Err(raw.expects(FILE, Expectation::SomebodyWho { role }));
        }
    }
    // The verifier is never the operator of the same release (sop C12, O1).
    let two = people.iter().any(|operator| {
        operator.roles.contains(&Role::Operator)
            && people.iter().any(|verifier| {
                verifier.id != operator.id && verifier.roles.contains(&Role::Verifier)
            })
    });
    if two {
        Ok(people)
    } else {
        Err(raw.expects(FILE, Expectation::TwoPeople))
    }
}
