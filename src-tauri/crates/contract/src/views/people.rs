use domain::{KeyPeriod, PersonId, Register, Release, Status};

use super::common::at;
use crate::{KeyPeriodView, WitnessView};

/// A key's time; `name` names a person.
pub fn key_period_view(period: &KeyPeriod, name: impl Fn(&PersonId) -> String) -> KeyPeriodView {
    KeyPeriodView {
        fingerprint: period.key.fingerprint(),
        from: at(period.from),
        until: period.until.map(at),
        witness: period.witness.as_ref().map(name),
    }
}

/// Every key that a person ever had, oldest first.
pub fn key_periods(
    register: &Register,
    person: &PersonId,
    name: impl Fn(&PersonId) -> String,
) -> Vec<KeyPeriodView> {
    let periods = register.key_periods.iter();
    let periods = periods.filter(|period| &period.person == person);
    periods
        .map(|period| key_period_view(period, &name))
        .collect()
}

/// Who of those that can sign here can witness a new key of a person: first those whom no release under
/// way makes the other of operator and verifier.
pub fn witnesses<'a>(
    person: &PersonId,
    able: &[PersonId],
    releases: impl Iterator<Item = &'a Release>,
    name: impl Fn(&PersonId) -> String,
) -> Vec<WitnessView> {
    let running: Vec<_> = releases.filter(|r| r.status == Status::Running).collect();
    let counterpart = |other: &PersonId| {
        running.iter().any(|release| {
            let pair = (&release.plan.operator, &release.plan.verifier);
            pair == (person, other) || pair == (other, person)
        })
    };
    let others = able.iter().filter(|able| *able != person);
    let mut witnesses: Vec<_> = others
        .map(|other| WitnessView {
            person: other.to_string(),
            name: name(other),
            counterpart: counterpart(other),
        })
        .collect();
    witnesses.sort_by_key(|witness| witness.counterpart);
    witnesses
}
