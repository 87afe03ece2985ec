//! Small scripted ports. They exist for orders of faults that no real part can be made to give.

use std::collections::{BTreeMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use domain::{
    Binding, ClusterIdentity, Digest, Event, FieldAuthor, FieldChange, FieldConflict, Instant,
    LiveHead, MutationId, MutationIntent, MutationOutcome, MutationVerb, NotAppliedCause,
    ObjectRef, Permission, PersonId, Precondition, PublicKey, ReleaseId, Signed, Statement,
};
use ed25519_dalek::{Signer, SigningKey};
use engine::ports::*;
use secrecy::SecretString;
use serde_json::Value;
use tokio::sync::{mpsc, watch};

/// Time that moves with tokio's.
pub struct TokioClock {
    base: Instant,
    from: tokio::time::Instant,
}

impl TokioClock {
    pub fn new() -> Self {
        let base = "2026-09-15T02:00:00Z".parse().unwrap();
        TokioClock {
            base,
            from: tokio::time::Instant::now(),
        }
    }
}

impl Clock for TokioClock {
    fn now(&self) -> Instant {
        self.base + chrono::Duration::from_std(self.from.elapsed()).unwrap()
    }
}

/// Which appends fail.
pub type Full = fn(&Record) -> bool;

/// A ledger in memory whose appends can be made to fail.
pub struct MemoryLedger {
    pub entries: Mutex<Vec<Entry>>,
    blobs: Mutex<BTreeMap<Digest, Vec<u8>>>,
    /// Appends with an event for which this is true fail.
    pub full_for: Mutex<Option<Full>>,
    moves: watch::Sender<u64>,
}

impl MemoryLedger {
    pub fn new() -> Self {
        MemoryLedger {
            entries: Mutex::default(),
            blobs: Mutex::default(),
            full_for: Mutex::default(),
            moves: watch::channel(0).0,
        }
    }

    pub fn events(&self) -> Vec<Event> {
        let entries = self.entries.lock().unwrap();
        let events = entries.iter().filter_map(|entry| match &entry.record {
            Record::Release(event) => Some(event.clone()),
            Record::Register(_) => None,
        });
        events.collect()
    }

    /// Appends behind the engine's back, as another process would.
    pub fn sneak_in(&self, stream: &Stream, event: Event) {
        let mut entries = self.entries.lock().unwrap();
        let position = position(&entries, stream);
        let entry = NewEntry {
            at: "2026-09-15T02:00:00Z".parse().unwrap(),
            actor: None,
            record: Record::Release(event),
        };
        push(&mut entries, stream, position, entry);
    }

    fn intends(&self, mutation: &MutationId) -> bool {
        let is = |event: &Event| matches!(event, Event::MutationIntended { intent, .. } if &intent.id == mutation);
        self.events().iter().any(is)
    }
}

fn position(entries: &[Entry], stream: &Stream) -> u64 {
    entries.iter().filter(|e| &e.stream == stream).count() as u64
}

fn push(entries: &mut Vec<Entry>, stream: &Stream, position: u64, new: NewEntry) -> Entry {
    let entry = Entry {
        sequence: entries.len() as u64 + 1,
        at: new.at,
        stream: stream.clone(),
        position: position + 1,
        actor: new.actor,
        record: new.record,
        previous: String::new(),
        hash: String::new(),
    };
    entries.push(entry.clone());
    entry
}

#[async_trait]
impl Ledger for MemoryLedger {
    async fn append(
        &self,
        stream: &Stream,
        expected: u64,
        new: Vec<NewEntry>,
    ) -> Result<Vec<Entry>, LedgerFailure> {
        if let Some(full) = *self.full_for.lock().unwrap()
            && new.iter().any(|entry| full(&entry.record))
        {
            return Err(LedgerFailure::Unwritable("no space left on device".into()));
        }
        let mut entries = self.entries.lock().unwrap();
        let found = position(&entries, stream);
        if found != expected {
            return Err(LedgerFailure::Moved { expected, found });
        }
        let mut made = Vec::new();
        for (at, entry) in new.into_iter().enumerate() {
            made.push(push(&mut entries, stream, expected + at as u64, entry));
        }
        self.moves.send_replace(entries.len() as u64);
        Ok(made)
    }

    async fn read(&self, stream: &Stream, after: u64) -> Result<Vec<Entry>, LedgerFailure> {
        let entries = self.entries.lock().unwrap();
        let of = entries
            .iter()
            .filter(|e| &e.stream == stream && e.position > after);
        Ok(of.cloned().collect())
    }

    async fn releases(&self) -> Result<Vec<ReleaseId>, LedgerFailure> {
        let mut found = Vec::new();
        for entry in self.entries.lock().unwrap().iter() {
            if let Stream::Release(id) = &entry.stream
                && !found.contains(id)
            {
                found.push(id.clone());
            }
        }
        Ok(found)
    }

    async fn entry(&self, sequence: u64) -> Result<Entry, LedgerFailure> {
        let entries = self.entries.lock().unwrap();
        let entry = entries.iter().find(|e| e.sequence == sequence).cloned();
        entry.ok_or_else(|| LedgerFailure::Missing(sequence.to_string()))
    }

    async fn page(&self, _: &Search) -> Result<Found, LedgerFailure> {
        Ok(Found::default())
    }

    async fn keep(&self, bytes: &[u8]) -> Result<Digest, LedgerFailure> {
        let digest = Digest::of(bytes);
        self.blobs
            .lock()
            .unwrap()
            .insert(digest.clone(), bytes.to_vec());
        Ok(digest)
    }

    async fn kept(&self, digest: &Digest) -> Result<Vec<u8>, LedgerFailure> {
        let kept = self.blobs.lock().unwrap().get(digest).cloned();
        kept.ok_or_else(|| LedgerFailure::Missing(digest.to_string()))
    }

    async fn verify(&self) -> Result<ChainReport, LedgerFailure> {
        Ok(ChainReport::default())
    }

    fn chain(&self) -> ChainReport {
        ChainReport::default()
    }

    async fn export(&self, _: Format, _: &std::path::Path) -> Result<Exported, LedgerFailure> {
        Err(LedgerFailure::Other("not here".into()))
    }

    fn moves(&self) -> watch::Receiver<u64> {
        self.moves.subscribe()
    }
}

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
    unreachable: bool,
    /// Nothing is answered; watches stay open.
    hangs: bool,
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

pub fn identity(name: &str) -> ClusterIdentity {
    ClusterIdentity {
        uid: format!("uid-{name}"),
        url: format!("https://{name}:6443"),
        ca_sha256: format!("ca-{name}"),
    }
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

    pub fn unreachable(&self, unreachable: bool) {
        self.state.lock().unwrap().unreachable = unreachable;
        self.turn();
    }

    pub fn hangs(&self, hangs: bool) {
        self.state.lock().unwrap().hangs = hangs;
    }

    fn turn(&self) {
        self.turned.send_modify(|n| *n += 1);
    }

    fn answers(&self) -> Result<(), ClusterFailure> {
        let state = self.state.lock().unwrap();
        if state.unreachable {
            return Err(ClusterFailure::Unreachable("connection refused".into()));
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
    let done = u32::from(phase == RolloutPhase::Complete);
    RolloutReading {
        phase,
        wanted: 1,
        updated: done,
        available: done,
        paused: object.is_some_and(|object| object.paused),
        surge: None,
        unavailable: None,
        message: String::new(),
        blocked: None,
    }
}

#[async_trait]
impl Cluster for FakeCluster {
    async fn identity(&self) -> Result<ClusterIdentity, ClusterFailure> {
        self.answers()?;
        Ok(self.identity.lock().unwrap().clone())
    }

    async fn about(&self) -> Result<About, ClusterFailure> {
        Ok(About {
            version: "v1.36.3".into(),
            user: "wang".into(),
            clock_skew_s: 0.0,
        })
    }

    async fn needed(&self, _: &[ObjectRef]) -> Result<Vec<Permission>, ClusterFailure> {
        self.answers()?;
        Ok(vec![Permission {
            verb: "patch".into(),
            group: "apps".into(),
            resource: "deployments".into(),
            subresource: String::new(),
            namespace: "shop".into(),
        }])
    }

    async fn denied(&self, _: &[Permission]) -> Result<Vec<Permission>, ClusterFailure> {
        Ok(Vec::new())
    }

    async fn read(&self, object: &ObjectRef) -> Result<Option<LiveObject>, ClusterFailure> {
        self.answers()?;
        Ok(self.object(object).as_ref().map(live))
    }

    async fn preview(&self, manifest: &Outgoing) -> Result<Preview, ClusterFailure> {
        self.answers()?;
        let live = self.object(&manifest.object).as_ref().map(live);
        let before = live.as_ref().map(|live| live.body.clone());
        let mut fields = Vec::new();
        if before.as_ref() != Some(&manifest.body) {
            fields.push(FieldChange {
                path: "body".into(),
                before: before.map(|body| body.to_string()),
                after: Some(manifest.body.to_string()),
                author: FieldAuthor::Manifest,
            });
        }
        Ok(Preview {
            live,
            after: Some(manifest.body.clone()),
            content: Some(Digest::of(format!("{} false", manifest.body).as_bytes())),
            fields,
            conflicts: Vec::new(),
            rejected: None,
        })
    }

    async fn send(
        &self,
        intent: &MutationIntent,
        body: Option<&Outgoing>,
        _: &[FieldConflict],
    ) -> MutationOutcome {
        let fate = {
            let mut state = self.state.lock().unwrap();
            if !self.ledger.intends(&intent.id) {
                state.not_durable.push(intent.clone());
            }
            state.sent.push(intent.clone());
            state.fates.pop_front().unwrap_or(Fate::Works)
        };
        let unknown = || MutationOutcome::Unknown {
            reason: "no answer within 30 s".into(),
        };
        match fate {
            Fate::Works => self.carry_out(intent, body),
            Fate::Refused(reason) => MutationOutcome::NotApplied {
                cause: NotAppliedCause::Refused,
                reason,
            },
            Fate::Unheard(reason) => MutationOutcome::NotApplied {
                cause: NotAppliedCause::Unheard,
                reason,
            },
            Fate::TurnedAway(reason) => MutationOutcome::NotApplied {
                cause: NotAppliedCause::TurnedAway,
                reason,
            },
            Fate::Embellished => {
                let mut body = body.cloned().unwrap();
                body.body["added"] = "by admission".into();
                self.carry_out(intent, Some(&body))
            }
            Fate::RequestLost => {
                let mut state = self.state.lock().unwrap();
                let version = state.objects.get(&intent.object).map(|o| o.version);
                let request = (intent.clone(), body.cloned().unwrap(), version);
                state.on_their_way.push(request);
                unknown()
            }
            Fate::AnswerLost => {
                self.carry_out(intent, body);
                unknown()
            }
            Fate::Vanishes => {
                self.carry_out(intent, body);
                self.unreachable(true);
                unknown()
            }
            Fate::Panics => {
                self.carry_out(intent, body);
                panic!("the call breaks off");
            }
            Fate::Slow(time) => {
                tokio::time::sleep(time).await;
                self.carry_out(intent, body)
            }
        }
    }

    async fn read_back(&self, intent: &MutationIntent) -> Result<MutationOutcome, ClusterFailure> {
        self.answers()?;
        let mut state = self.state.lock().unwrap();
        state.read_backs += 1;
        Ok(if state.carried_out.contains(&intent.id) {
            let live = state.objects.get(&intent.object).map(live_head);
            MutationOutcome::Applied { live }
        } else {
            MutationOutcome::NotApplied {
                cause: NotAppliedCause::Unheard,
                reason: "it is not there".to_owned(),
            }
        })
    }

    async fn rollout(&self, workload: &ObjectRef) -> Result<RolloutReading, ClusterFailure> {
        self.answers()?;
        Ok(reading(&self.state.lock().unwrap(), workload))
    }

    async fn watch(&self, _: &[ObjectRef]) -> Result<Box<dyn Watching>, ClusterFailure> {
        unreachable!("goes through the handle")
    }
}

/// The handle that the engine gets; it can be shared with the test.
pub struct Handle(pub Arc<FakeCluster>);

#[async_trait]
impl Cluster for Handle {
    async fn identity(&self) -> Result<ClusterIdentity, ClusterFailure> {
        self.0.identity().await
    }
    async fn about(&self) -> Result<About, ClusterFailure> {
        self.0.about().await
    }
    async fn needed(&self, objects: &[ObjectRef]) -> Result<Vec<Permission>, ClusterFailure> {
        self.0.needed(objects).await
    }
    async fn denied(&self, p: &[Permission]) -> Result<Vec<Permission>, ClusterFailure> {
        self.0.denied(p).await
    }
    async fn read(&self, object: &ObjectRef) -> Result<Option<LiveObject>, ClusterFailure> {
        self.0.read(object).await
    }
    async fn preview(&self, manifest: &Outgoing) -> Result<Preview, ClusterFailure> {
        self.0.preview(manifest).await
    }
    async fn send(
        &self,
        intent: &MutationIntent,
        body: Option<&Outgoing>,
        take_over: &[FieldConflict],
    ) -> MutationOutcome {
        self.0.send(intent, body, take_over).await
    }
    async fn read_back(&self, intent: &MutationIntent) -> Result<MutationOutcome, ClusterFailure> {
        self.0.read_back(intent).await
    }
    async fn rollout(&self, workload: &ObjectRef) -> Result<RolloutReading, ClusterFailure> {
        self.0.rollout(workload).await
    }
    async fn watch(&self, workloads: &[ObjectRef]) -> Result<Box<dyn Watching>, ClusterFailure> {
        self.0.answers()?;
        let (sender, pictures) = watch::channel(Some(self.0.picture(workloads)));
        let mut turned = self.0.turned.subscribe();
        let (cluster, workloads) = (Arc::clone(&self.0), workloads.to_vec());
        tokio::spawn(async move {
            loop {
                tokio::select! {
                    () = sender.closed() => return,
                    turned = turned.changed() => if turned.is_err() { return },
                }
                sender.send_replace(Some(cluster.picture(&workloads)));
            }
        });
        Ok(Box::new(FakeWatching(pictures)))
    }
}

struct FakeWatching(watch::Receiver<Option<Picture>>);

impl Watching for FakeWatching {
    fn pictures(&self) -> watch::Receiver<Option<Picture>> {
        self.0.clone()
    }

    fn logs(&self, _: &ObjectRef, _: u32) -> mpsc::Receiver<LogLine> {
        mpsc::channel(1).1
    }
}

pub struct FakeClusters(pub Arc<FakeCluster>);

#[async_trait]
impl Clusters for FakeClusters {
    async fn connect(
        &self,
        _: Context,
        _: Option<ClusterIdentity>,
        _: Vec<AllowedCommand>,
    ) -> Result<Arc<dyn Cluster>, ClusterFailure> {
        Ok(Arc::new(Handle(Arc::clone(&self.0))))
    }
}

/// A keychain with one key for everybody; sealing turns the bytes round.
pub struct FakeVault {
    key: SigningKey,
    /// Why no context can be read.
    pub trouble: Mutex<Option<VaultFailure>>,
}

impl FakeVault {
    pub fn new() -> Self {
        FakeVault {
            key: SigningKey::from_bytes(&[7; 32]),
            trouble: Mutex::default(),
        }
    }

    pub fn public(&self) -> PublicKey {
        PublicKey::from_bytes(&self.key.verifying_key().to_bytes())
    }
}

#[async_trait]
impl Vault for FakeVault {
    async fn ready(&self) -> Result<(), VaultFailure> {
        Ok(())
    }
    async fn store(&self, _: Context) -> Result<ContextHead, VaultFailure> {
        Err(VaultFailure::Locked)
    }
    async fn contexts(&self) -> Result<Vec<ContextHead>, VaultFailure> {
        Ok(Vec::new())
    }
    async fn context(&self, name: &str) -> Result<Context, VaultFailure> {
        if let Some(trouble) = self.trouble.lock().unwrap().clone() {
            return Err(trouble);
        }
        Ok(Context {
            name: name.to_owned(),
            server: "https://beijing:6443".into(),
            ca_pem: String::new(),
            tls_server_name: None,
            credential: Credential::Anonymous,
        })
    }
    async fn forget(&self, _: &str) -> Result<(), VaultFailure> {
        Ok(())
    }
    async fn create_key(&self, _: &PersonId, _: SecretString) -> Result<PublicKey, VaultFailure> {
        Ok(self.public())
    }
    async fn key(&self, _: &PersonId) -> Result<Option<(PublicKey, bool)>, VaultFailure> {
        Ok(Some((self.public(), true)))
    }
    async fn unlock(&self, _: &PersonId, _: SecretString) -> Result<PublicKey, VaultFailure> {
        Ok(self.public())
    }
    async fn lock(&self, _: &PersonId) {}
    async fn sign(&self, statement: Statement) -> Result<Signed, VaultFailure> {
        let signature = self.key.sign(&statement.bytes().unwrap()).to_bytes();
        Ok(Signed::new(statement, self.public(), &signature))
    }
    async fn seal(&self, bytes: &[u8]) -> Result<Vec<u8>, VaultFailure> {
        Ok(bytes.iter().rev().map(|b| !b).collect())
    }
    async fn unseal(&self, sealed: &[u8]) -> Result<Vec<u8>, VaultFailure> {
        self.seal(sealed).await
    }
}

/// A desktop that takes everything.
#[derive(Default)]
pub struct FakeNotifier(pub Mutex<Vec<DesktopNotice>>);

#[async_trait]
impl Notifier for FakeNotifier {
    async fn notify(&self, notice: DesktopNotice) -> Result<(), NotifyFailure> {
        self.0.lock().unwrap().push(notice);
        Ok(())
    }
    async fn available(&self) -> bool {
        true
    }
}

pub fn binding() -> Binding {
    Binding {
        context: "beijing".into(),
        identity: identity("beijing"),
    }
}
