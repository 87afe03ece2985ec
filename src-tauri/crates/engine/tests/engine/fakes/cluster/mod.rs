//! A cluster in memory, what becomes of the calls to it, and what a test does to it behind their back.

mod calls;
mod handle;

use std::collections::{BTreeMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex};

use domain::{
    Cause, ClusterIdentity, Digest, LiveHead, MutationId, MutationIntent, MutationOutcome,
    MutationVerb, NotAppliedCause, ObjectRef, Precondition,
};
use engine::ports::*;
use serde_json::Value;
use tokio::sync::watch;

pub use handle::FakeClusters;

use super::identity;
use super::ledger::MemoryLedger;

/// What becomes of one call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Carried out and answered.
    Works,
    /// Carried out, the answer is lost.
    AnswerLost,
    /// Carried out, and with the answer the cluster is lost from sight.
    Vanishes,
    /// Lost on its way, without an answer.
    RequestLost,
    /// Refused by the cluster.
    Refused(String),
    /// It is turned away unread.
    Unheard(String),
    /// Whoever asks is turned away.
    TurnedAway(String),
    /// Carried out, and admission adds something of its own.
    Embellished,
    /// The program breaks off in the middle of the call, after it was carried out.
    Panics,
    /// Takes so long.
    Slow(std::time::Duration),
}

#[derive(Clone, Debug)]
pub struct Object {
    pub uid: String,
    pub version: u64,
    pub body: Value,
    pub paused: bool,
    pub by: Option<MutationId>,
}

#[derive(Default)]
struct State {
    objects: BTreeMap<ObjectRef, Object>,
    fates: VecDeque<Fate>,
    sent: Vec<MutationIntent>,
    carried_out: HashSet<MutationId>,
    not_durable: Vec<MutationIntent>,
    stuck: HashSet<ObjectRef>,
    /// What the status of an object says, whatever becomes of it.
    says: BTreeMap<ObjectRef, (RolloutPhase, Option<Cause>)>,
    unreachable: bool,
    /// Nothing is answered; watches stay open.
    hangs: bool,
    /// The credential ended then; nobody is let in.
    expired: Option<domain::Instant>,
    read_backs: u32,
    serial: u64,
    /// Requests on their way, each with the version of the object that it is for.
    on_their_way: Vec<(MutationIntent, Outgoing, Option<u64>)>,
}

/// A cluster in memory.
pub struct FakeCluster {
    state: Mutex<State>,
    pub identity: Mutex<ClusterIdentity>,
    ledger: Arc<MemoryLedger>,
    turned: watch::Sender<u64>,
}

impl FakeCluster {
    pub fn new(ledger: Arc<MemoryLedger>) -> Self {
        FakeCluster {
            state: Mutex::default(),
            identity: Mutex::new(identity("beijing")),
            ledger,
            turned: watch::channel(0).0,
        }
    }

    pub fn put(&self, object: &ObjectRef, body: Value) {
        let mut state = self.state.lock().unwrap();
        state.serial += 1;
        let serial = state.serial;
        let entry = state.objects.entry(object.clone()).or_insert(Object {
            uid: format!("uid-{serial}"),
            version: serial,
            body: Value::Null,
            paused: false,
            by: None,
        });
        entry.body = body;
        entry.version = serial;
        drop(state);
        self.turn();
    }

    pub fn remove(&self, object: &ObjectRef) {
        self.state.lock().unwrap().objects.remove(object);
        self.turn();
    }

    pub fn object(&self, object: &ObjectRef) -> Option<Object> {
        self.state.lock().unwrap().objects.get(object).cloned()
    }

    /// What becomes of the next calls, in order; those after work.
    pub fn fates(&self, fates: impl IntoIterator<Item = Fate>) {
        self.state.lock().unwrap().fates = fates.into_iter().collect();
    }

    pub fn sent(&self) -> Vec<(MutationVerb, String)> {
        let state = self.state.lock().unwrap();
        let sent = state.sent.iter();
        sent.map(|i| (i.verb, i.object.label())).collect()
    }

    /// Calls whose intent was not in the ledger when they came.
    pub fn not_durable(&self) -> usize {
        self.state.lock().unwrap().not_durable.len()
    }

    pub fn read_backs(&self) -> u32 {
        self.state.lock().unwrap().read_backs
    }

    /// What was lost on its way arrives after all; how many requests the fence lets through.
    pub fn late_requests_arrive(&self) -> usize {
        let requests = std::mem::take(&mut self.state.lock().unwrap().on_their_way);
        let mut carried_out = 0;
        for (intent, body, version) in requests {
            if self.object(&intent.object).map(|o| o.version) == version {
                self.carry_out(&intent, Some(&body));
                carried_out += 1;
            }
        }
        carried_out
    }

    pub fn stuck(&self, object: &ObjectRef, stuck: bool) {
        let mut state = self.state.lock().unwrap();
        if stuck {
            state.stuck.insert(object.clone());
        } else {
            state.stuck.remove(object);
        }
        drop(state);
        self.turn();
    }

    /// What the status of an object says from now on.
    pub fn says(&self, object: &ObjectRef, phase: RolloutPhase, note: Option<Cause>) {
        let mut state = self.state.lock().unwrap();
        state.says.insert(object.clone(), (phase, note));
        drop(state);
        self.turn();
    }

    /// Somebody else pauses it.
    pub fn pause(&self, object: &ObjectRef) {
        let mut state = self.state.lock().unwrap();
        state.serial += 1;
        let serial = state.serial;
        let found = state.objects.get_mut(object).unwrap();
        (found.paused, found.version) = (true, serial);
        drop(state);
        self.turn();
    }

    pub fn unreachable(&self, unreachable: bool) {
        self.state.lock().unwrap().unreachable = unreachable;
        self.turn();
    }

    pub fn hangs(&self, hangs: bool) {
        self.state.lock().unwrap().hangs = hangs;
    }

    pub fn expired(&self, at: Option<domain::Instant>) {
        self.state.lock().unwrap().expired = at;
        self.turn();
    }

    fn turn(&self) {
        self.turned.send_modify(|n| *n += 1);
    }

    fn answers(&self) -> Result<(), ClusterFailure> {
        let state = self.state.lock().unwrap();
        if state.unreachable {
            return Err(ClusterFailure::Unreachable("connection refused".into()));
        }
        if let Some(at) = state.expired {
            return Err(ClusterFailure::CredentialExpired(at));
        }
        if state.hangs {
            return Err(ClusterFailure::Unreachable("no answer within 3 s".into()));
        }
        Ok(())
    }

    fn carry_out(&self, intent: &MutationIntent, body: Option<&Outgoing>) -> MutationOutcome {
        let mut state = self.state.lock().unwrap();
        let live = state.objects.get(&intent.object).map(live);
        let holds = match (&intent.precondition, &live) {
            (Precondition::Absent, None) => true,
            (Precondition::Unchanged(head), Some(live)) => {
                head.uid == live.head.uid && head.content == live.head.content
            }
            _ => false,
        };
        if !holds {
            return MutationOutcome::NotApplied {
                cause: NotAppliedCause::Outdated,
                reason: "changed since".to_owned(),
            };
        }
        state.carried_out.insert(intent.id.clone());
        state.serial += 1;
        let serial = state.serial;
        if intent.verb == MutationVerb::Remove {
            state.objects.remove(&intent.object);
            drop(state);
            self.turn();
            return MutationOutcome::Applied { live: None };
        }
        let object = state
            .objects
            .entry(intent.object.clone())
            .or_insert(Object {
                uid: format!("uid-{serial}"),
                version: serial,
                body: Value::Null,
                paused: false,
                by: None,
            });
        object.version = serial;
        object.by = Some(intent.id.clone());
        match intent.verb {
            MutationVerb::Pause => object.paused = true,
            MutationVerb::Unpause => object.paused = false,
            _ => object.body = body.unwrap().body.clone(),
        }
        let head = live_head(object);
        drop(state);
        self.turn();
        MutationOutcome::Applied { live: Some(head) }
    }

    fn picture(&self, workloads: &[ObjectRef]) -> Picture {
        let state = self.state.lock().unwrap();
        let workload = |workload: &ObjectRef| {
            let rollout = reading(&state, workload);
            WorkloadPicture {
                workload: workload.clone(),
                resource_version: None,
                rollout: (rollout.phase != RolloutPhase::Missing).then_some(rollout),
                pods: Vec::new(),
            }
        };
        Picture {
            at: None,
            connected: !state.unreachable,
            workloads: workloads.iter().map(workload).collect(),
            events: Vec::new(),
        }
    }
}

fn live_head(object: &Object) -> LiveHead {
    let content = format!("{} {}", object.body, object.paused);
    LiveHead {
        uid: object.uid.clone(),
        resource_version: object.version.to_string(),
        content: Digest::of(content.as_bytes()),
    }
}

fn live(object: &Object) -> LiveObject {
    LiveObject {
        head: live_head(object),
        body: object.body.clone(),
        version: object.body["version"].as_str().map(str::to_owned),
        mutation: object.by.clone(),
        managed: Value::Null,
    }
}

fn reading(state: &State, workload: &ObjectRef) -> RolloutReading {
    let object = state.objects.get(workload);
    let phase = match object {
        None => RolloutPhase::Missing,
        Some(object) if object.paused || state.stuck.contains(workload) => {
            RolloutPhase::Progressing
        }
        Some(_) => RolloutPhase::Complete,
    };
    let said = state.says.get(workload).filter(|_| object.is_some());
    let (phase, note) = said.cloned().unwrap_or((phase, None));
    let done = u32::from(phase == RolloutPhase::Complete);
    RolloutReading {
        phase,
        wanted: 1,
        updated: done,
        available: done,
        paused: object.is_some_and(|object| object.paused),
        paused_by: object.and_then(|o| o.paused.then(|| "kubectl-rollout".to_owned())),
        note,
        ..RolloutReading::default()
    }
}
