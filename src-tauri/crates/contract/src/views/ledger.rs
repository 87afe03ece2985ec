use domain::{
    Environment, EnvironmentId, Event, PersonId, PublicKey, Register, RegisterEvent, Release,
    ReleaseId, Signed, Stage,
};
use engine::ports::{Entry, Record, Stream};

use super::common::{at, look, position, text};
use super::people::key_period_view;
use super::verbs::{register_verb, release_verb, unknown_verb};
use crate::{LedgerDetail, LedgerRow, SignatureView};

/// The names that the ledger's identifiers stand for: of the release an entry belongs to, else of
/// the open workspace.
#[derive(Clone, Copy)]
pub struct Names<'a> {
    /// A release by its identifier, as it is now.
    pub release: &'a dyn Fn(&ReleaseId) -> Option<&'a Release>,
    /// Stages of the open workspace.
    pub stages: &'a [Stage],
    /// People of the open workspace.
    pub people: &'a [domain::Person],
    /// Whose key is which.
    pub register: &'a Register,
}

impl<'a> Names<'a> {
    fn stages(&self, release: Option<&'a Release>) -> &'a [Stage] {
        release.map_or(self.stages, |r| r.plan.stages.as_slice())
    }

    fn environment(
        &self,
        release: Option<&'a Release>,
        id: &EnvironmentId,
    ) -> Option<&'a Environment> {
        self.stages(release)
            .iter()
            .flat_map(|s| &s.environments)
            .find(|e| &e.id == id)
    }

    fn person(&self, release: Option<&'a Release>, id: &PersonId) -> String {
        let people = release.map_or(self.people, |r| r.plan.people.as_slice());
        people
            .iter()
            .find(|p| &p.id == id)
            .map_or_else(|| id.to_string(), |p| p.name.clone())
    }
}

/// One entry of the list.
pub fn ledger_row(entry: &Entry, names: &Names<'_>) -> LedgerRow {
    let id = match &entry.stream {
        Stream::Release(id) => Some(id),
        Stream::Register | Stream::Unknown(_) => None,
    };
    let release = id.and_then(names.release);
    let (verb, environment) = match &entry.record {
        Record::Release(event) => (release_verb(event, entry.at, release), event.environment()),
        Record::Register(event) => {
            let cluster =
                |id: &EnvironmentId| names.environment(None, id).map(|e| e.cluster.clone());
            let name = |id: &PersonId| names.person(None, id);
            (register_verb(event, cluster, name), environment_of(event))
        }
        Record::Unknown(record) => (unknown_verb(record), record.environment.as_ref()),
    };
    let known = environment.and_then(|id| names.environment(release, id));
    LedgerRow {
        sequence: position(entry.sequence),
        at: at(entry.at),
        release: id.map(ToString::to_string),
        environment: environment.map(ToString::to_string),
        environment_name: known.map(|e| text(&e.name)),
        look: known.map(|e| look(names.stages(release), e)),
        person: entry.actor.as_ref().map(ToString::to_string),
        person_name: entry
            .actor
            .as_ref()
            .map(|actor| names.person(release, actor)),
        verb: verb.name.to_owned(),
        params: verb.params,
        reasons: verb.reasons,
        bad: verb.bad,
        from_seat: matches!(&entry.record, Record::Release(event) if event.is_from_seat()),
        hash: entry.hash.clone(),
    }
}

/// One entry with everything. Whether its hash and link are right is for the ledger to say.
pub fn ledger_detail(
    entry: &Entry,
    names: &Names<'_>,
    chain_valid: bool,
) -> Result<LedgerDetail, serde_json::Error> {
    let signature = signature(&entry.record);
    let release = match &entry.stream {
        Stream::Release(id) => (names.release)(id),
        Stream::Register | Stream::Unknown(_) => None,
    };
    Ok(LedgerDetail {
        row: ledger_row(entry, names),
        json: serde_json::to_string_pretty(entry)?,
        previous: entry.previous.clone(),
        chain_valid,
        signature: signature.as_ref().map(|s| SignatureView {
            person: s.person.to_string(),
            name: names.person(release, s.person),
            at: at(s.at),
            fingerprint: s.key.fingerprint(),
        }),
        signature_valid: signature.as_ref().map(|s| s.verifies),
        signature_value: signature.as_ref().map(|s| s.value.to_owned()),
        signature_key: signature.as_ref().and_then(|s| {
            let periods = names.register.key_periods.iter();
            let mut of_signer = periods.filter(|period| &period.person == s.person);
            let period = of_signer.find(|period| &period.key == s.key)?;
            Some(key_period_view(period, |id| names.person(release, id)))
        }),
    })
}

fn environment_of(event: &RegisterEvent) -> Option<&EnvironmentId> {
    match event {
        RegisterEvent::EnvironmentBound { environment, .. } => Some(environment),
        _ => None,
    }
}

/// What is shown of a signature, whatever it is over.
struct Signature<'a> {
    person: &'a PersonId,
    at: domain::Instant,
    key: &'a PublicKey,
    value: &'a str,
    verifies: bool,
}

/// The signature that an entry carries.
fn signature(record: &Record) -> Option<Signature<'_>> {
    match record {
        Record::Release(event) => signed(event).map(|signed| Signature {
            person: &signed.statement.person,
            at: signed.statement.at,
            key: &signed.key,
            value: &signed.value,
            verifies: signed.verifies(),
        }),
        Record::Register(RegisterEvent::KeyRegistered {
            witnessed: Some(signed),
            ..
        }) => Some(Signature {
            person: &signed.statement.witness,
            at: signed.statement.at,
            key: &signed.key,
            value: &signed.value,
            verifies: signed.verifies(),
        }),
        Record::Register(_) | Record::Unknown(_) => None,
    }
}

fn signed(event: &Event) -> Option<&Signed> {
    match event {
        Event::DiffReviewed { signed, .. }
        | Event::ItemTicked { signed, .. }
        | Event::ConditionWaived { signed, .. }
        | Event::VoteCast { signed, .. } => Some(signed),
        _ => None,
    }
}
