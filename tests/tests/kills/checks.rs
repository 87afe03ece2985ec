//! What has to hold after every kill. Each check says what is wrong, so that it can be seen to find
//! what a broken program does.

use std::collections::BTreeMap;

use acceptance::killable::{Told, Word};
use domain::{
    EnvironmentId, ModuleStatus, MutationOutcome, MutationVerb, ObjectRef, SettledMutation, Work,
};
use rehearsal::{Cluster, RequestRecord};
use serde_json::Value;

use crate::arena::{Arena, modules, updated_by_us, wanted};
use crate::books::Books;

/// The annotation that names a change.
const MUTATION: &str = "release.pilothouse/mutation";

/// A change that the cluster carried out, by its own record of requests.
#[derive(Clone, Debug)]
pub struct CarriedOut {
    /// The end of its path: plural and name.
    path: String,
    verb: String,
    /// What was sent names it; an apply does, a pause or a removal cannot.
    mutation: Option<String>,
}

/// All changes that the program asked for and the cluster carried out.
pub fn carried_out(cluster: &Cluster, namespace: &str) -> Vec<CarriedOut> {
    let inside = format!("/namespaces/{namespace}/");
    let ours = |record: &RequestRecord| {
        ["create", "update", "patch", "delete"].contains(&record.verb.as_str())
            && record.user == "operator"
            && record.status < 300
            && !record.query.contains("dryRun")
    };
    let requests = cluster.requests().into_iter().filter(ours);
    let carried_out = requests.filter_map(|record| {
        let (_, path) = record.path.split_once(&inside)?;
        let sent: Value = serde_json::from_slice(&record.body).unwrap_or_default();
        let mutation = sent["metadata"]["annotations"][MUTATION].as_str();
        Some(CarriedOut {
            path: path.to_owned(),
            verb: record.verb,
            mutation: mutation.map(str::to_owned),
        })
    });
    carried_out.collect()
}

impl CarriedOut {
    fn is_of(&self, object: &ObjectRef) -> bool {
        let plural = format!("{}s/{}", object.kind.to_lowercase(), object.name);
        self.path == plural
    }
}

/// Whether the cluster has carried an intent out; none where its request cannot be told.
fn has(carried_out: &[CarriedOut], id: &str) -> usize {
    let named = |c: &&CarriedOut| c.mutation.as_deref() == Some(id);
    carried_out.iter().filter(named).count()
}

fn is_named(verb: MutationVerb) -> bool {
    matches!(verb, MutationVerb::Apply | MutationVerb::Restore)
}

/// Nothing that the process was promised is lost, and nothing is there twice.
pub fn nothing_is_lost(books: &Books, words: &[Word]) -> Result<(), String> {
    for word in words {
        let Word::Acknowledged { sequence, hash } = word else {
            continue;
        };
        match books.entries.get(sequence) {
            None => return Err(format!("entry {sequence} was acknowledged and is gone")),
            Some(entry) if &entry.hash != hash => {
                return Err(format!("entry {sequence} is another than acknowledged"));
            }
            Some(_) => {}
        }
    }
    Ok(())
}

/// Every change was written down before it was made, and was made once.
pub fn nothing_is_twice(books: &Books, carried_out: &[CarriedOut]) -> Result<(), String> {
    let intents = books.intents();
    let mut unnamed: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for change in carried_out {
        let Some(mutation) = &change.mutation else {
            *unnamed.entry((&change.path, &change.verb)).or_default() += 1;
            continue;
        };
        let Some(intent) = intents.iter().find(|i| i.id.as_str() == mutation) else {
            return Err(format!("{mutation} was carried out and never intended"));
        };
        if !change.is_of(&intent.object) {
            return Err(format!("{mutation} was meant for {}", intent.object));
        }
        let times = has(carried_out, mutation);
        if times != 1 {
            return Err(format!("{mutation} was carried out {times} times"));
        }
    }
    for ((path, verb), times) in unnamed {
        let fits = |i: &&&domain::MutationIntent| {
            let removes = i.verb == MutationVerb::Remove;
            let change = CarriedOut {
                path: path.to_owned(),
                verb: verb.to_owned(),
                mutation: None,
            };
            !is_named(i.verb) && change.is_of(&i.object) && removes == (verb == "delete")
        };
        let intended = intents.iter().filter(fits).count();
        if times > intended {
            return Err(format!("{verb} {path}: intended {intended}, made {times}"));
        }
    }
    Ok(())
}

/// What the ledger says came of every change is what the cluster did.
pub fn outcomes_are_true(
    books: &Books,
    environment: &EnvironmentId,
    before: usize,
    carried_out: &[CarriedOut],
) -> Result<(), String> {
    let settled = &books.environment(environment).settled;
    // Those of the preparation were made before the cluster's record began.
    for SettledMutation {
        intent, outcome, ..
    } in settled.iter().skip(before)
    {
        let done = match outcome {
            MutationOutcome::Applied { .. } => 1,
            MutationOutcome::NotApplied { .. } => 0,
            MutationOutcome::Unknown { .. } => return Err(format!("{} is settled", intent.id)),
        };
        let times = has(carried_out, intent.id.as_str());
        if is_named(intent.verb) && times != done {
            return Err(format!(
                "{}: the ledger says {outcome:?}, the cluster carried it out {times} times",
                intent.id
            ));
        }
    }
    Ok(())
}

/// What a person is told at a start is what is so.
pub fn the_start_says_the_truth(
    books: &Books,
    environment: &EnvironmentId,
    told: Option<&Told>,
    arena: &Arena,
) -> Result<(), String> {
    let state = books.environment(environment);
    let Some(told) = told else {
        return match state.work {
            Work::Idle => Ok(()),
            _ => Err(format!("nothing is said of {:?}", state.work)),
        };
    };
    let pending = state.pending.as_ref();
    let module = match &state.work {
        Work::Forward { module } => Some(module),
        Work::Back => None,
        Work::Idle => return Err(format!("nothing was cut off, and it says {told:?}")),
    };
    let expected = (environment, module, state.work == Work::Back);
    if (&told.environment, told.module.as_ref(), told.back) != expected {
        return Err(format!("{expected:?} was cut off, and it says {told:?}"));
    }
    if told.pending.as_ref() != pending.map(|p| &p.intent.id) {
        return Err(format!("{pending:?} is pending, and it says {told:?}"));
    }
    let found = match pending {
        None => "Settled",
        Some(pending) if is_shown(arena, pending) => "Applied",
        Some(_) => "NotApplied",
    };
    if told.found != found {
        return Err(format!("the cluster shows {found}, and it says {told:?}"));
    }
    Ok(())
}

/// Whether the cluster shows a pending change.
fn is_shown(arena: &Arena, pending: &domain::PendingMutation) -> bool {
    let intent = &pending.intent;
    let carried_out = carried_out(arena.cluster(), &arena.namespace());
    let live = wanted(arena.cluster(), &intent.object);
    match intent.verb {
        MutationVerb::Apply | MutationVerb::Restore => has(&carried_out, intent.id.as_str()) > 0,
        MutationVerb::Remove => live.is_null(),
        MutationVerb::Pause => live["paused"] == true,
        MutationVerb::Unpause => live["paused"] == false,
        MutationVerb::Adopt => !updated_by_us(arena.cluster(), &intent.object),
    }
}

/// How often the objects were written in a cycle that ended well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Forward: everything is new, each object was written once.
    RolledOut,
    /// Back: everything is old again; each object was written forth and back, or not at all.
    TakenBack,
    /// Back from a rollout of before: each object was written back once.
    TakenBackFromRolledOut,
}

/// The release came to a good end: in the ledger, on the cluster, and on the way there.
pub fn it_ended_well(
    books: &Books,
    environment: &EnvironmentId,
    ended: Ended,
    arena: &Arena,
    carried_out: &[CarriedOut],
) -> Result<(), String> {
    let state = books.environment(environment);
    if state.work != Work::Idle || state.pending.is_some() {
        return Err(format!("{:?}, {:?}", state.work, state.pending));
    }
    for module in modules() {
        let status = state.modules[&module].status;
        let good = match ended {
            Ended::RolledOut => status == ModuleStatus::Passed,
            _ => matches!(status, ModuleStatus::TakenBack | ModuleStatus::Waiting),
        };
        if !good {
            return Err(format!("{module} is {status:?}"));
        }
    }
    for (object, old, new) in arena.objects() {
        let live = wanted(arena.cluster(), object);
        let expected = match ended {
            Ended::RolledOut => new,
            _ => old,
        };
        if &live != expected {
            return Err(format!("{object} is {live}, not {expected}"));
        }
        let times = carried_out.iter().filter(|c| c.is_of(object));
        let times = times.filter(|c| c.mutation.is_some()).count();
        let good = match (ended, old == new) {
            (_, true) => times == 0,
            (Ended::RolledOut | Ended::TakenBackFromRolledOut, false) => times == 1,
            (Ended::TakenBack, false) => times == 0 || times == 2,
        };
        if !good {
            return Err(format!("{object} was written {times} times ({ended:?})"));
        }
    }
    Ok(())
}
