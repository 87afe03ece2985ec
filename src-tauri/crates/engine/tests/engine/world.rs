//! A release that is ready to roll out, on fakes.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use domain::{
    ChecklistItem, Declaration, Digest, Environment, EnvironmentId, EnvironmentState, Event,
    GateRules, HttpProbe, ItemKind, Level, ModuleId, ModuleStatus, MutationOutcome, ObjectRef,
    Person, PersonId, Phase, PlannedModule, PlannedObject, ReleaseId, ReleasePlan, Role, Stage,
    StageId, Strategy, Text, Tier, Timings, Work,
};
use engine::{Engine, EngineFailure, Limits, Ports};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::fakes::{
    FakeCluster, FakeClusters, FakeNotifier, FakeProbe, FakeVault, MemoryLedger, TokioClock,
    binding,
};

pub struct World {
    pub engine: Engine,
    pub ledger: Arc<MemoryLedger>,
    pub cluster: Arc<FakeCluster>,
    pub notifier: Arc<FakeNotifier>,
    pub vault: Arc<FakeVault>,
    pub probe: Arc<FakeProbe>,
    pub ports: Ports,
}

pub fn release() -> ReleaseId {
    "REL-20260915-01".into()
}
pub fn operator() -> PersonId {
    "wang".into()
}
pub fn env() -> EnvironmentId {
    "bj-dev".into()
}
pub fn stage() -> StageId {
    "beijing".into()
}
pub fn faasapi() -> ModuleId {
    "faasapi".into()
}
pub fn router() -> ModuleId {
    "router".into()
}

pub fn object(kind: &str, name: &str) -> ObjectRef {
    let api_version = match kind {
        "Deployment" | "StatefulSet" | "DaemonSet" => "apps/v1",
        "Job" => "batch/v1",
        "Function" => "fission.io/v1",
        _ => "v1",
    };
    ObjectRef {
        api_version: api_version.into(),
        kind: kind.into(),
        namespace: "shop".into(),
        name: name.into(),
    }
}

pub fn config() -> ObjectRef {
    object("ConfigMap", "faasapi")
}
pub fn extra() -> ObjectRef {
    object("ConfigMap", "faasapi-new")
}
pub fn secret() -> ObjectRef {
    object("Secret", "faasapi")
}
pub fn deployment() -> ObjectRef {
    object("Deployment", "faasapi")
}
pub fn router_deployment() -> ObjectRef {
    object("Deployment", "router")
}

pub fn body(object: &ObjectRef, version: &str) -> Value {
    json!({"name": object.name, "kind": object.kind, "version": version})
}

pub fn limits() -> Limits {
    Limits {
        lost_contact: Duration::from_secs(120),
        ..Limits::default()
    }
}

fn person(id: &str, role: Role) -> Person {
    Person {
        id: id.into(),
        name: id.to_owned(),
        roles: vec![role],
    }
}

/// Objects with the bodies that the release wants of them.
pub type Wanted = Vec<(ObjectRef, Value)>;

fn wanted(objects: &[ObjectRef]) -> Wanted {
    let new = |object: &ObjectRef| (object.clone(), body(object, "2.0"));
    objects.iter().map(new).collect()
}

fn planned(objects: &Wanted, bodies: &mut BTreeMap<Digest, Vec<u8>>) -> Vec<PlannedObject> {
    let plan = |(object, body): &(ObjectRef, Value)| {
        let bytes = serde_json::to_vec(body).unwrap();
        let digest = Digest::of(&bytes);
        bodies.insert(digest.clone(), bytes);
        PlannedObject {
            environment: env(),
            object: object.clone(),
            body: digest,
        }
    };
    objects.iter().map(plan).collect()
}

/// The address that answers once everything is rolled out.
pub fn web() -> ChecklistItem {
    ChecklistItem {
        id: "web".into(),
        phase: Phase::Post,
        group: Text::default(),
        title: Text::default(),
        detail: Text::default(),
        steps: vec![],
        role: Role::Verifier,
        kind: ItemKind::Http,
        probe: Some(HttpProbe {
            url: "https://shop.example/".into(),
            status: 200,
            contains: None,
        }),
        stages: vec![],
    }
}

pub fn plan(bodies: &mut BTreeMap<Digest, Vec<u8>>) -> ReleasePlan {
    plan_of(
        &wanted(&[extra(), config(), secret(), deployment()]),
        bodies,
    )
}

fn plan_of(first: &Wanted, bodies: &mut BTreeMap<Digest, Vec<u8>>) -> ReleasePlan {
    let module = |id: ModuleId, depends_on, objects| PlannedModule {
        id,
        version: "2.0".into(),
        strategy: Strategy::Rolling,
        depends_on,
        objects,
    };
    let first = planned(first, bodies);
    let second = planned(&wanted(&[router_deployment()]), bodies);
    ReleasePlan {
        id: release(),
        title: "A release".into(),
        background: "Why not".into(),
        level: Level::Low,
        operator: operator(),
        verifier: "li".into(),
        manager: "zhao".into(),
        documents: vec![],
        declarations: vec![Declaration {
            text: "everything".into(),
            object: "*".into(),
            path: String::new(),
        }],
        modules: vec![
            module(faasapi(), vec![], first),
            module(router(), vec![faasapi()], second),
        ],
        stages: vec![Stage {
            id: stage(),
            name: Text::default(),
            environments: vec![Environment {
                id: env(),
                name: Text::default(),
                short: "dev".into(),
                tier: Tier::Dev,
                cluster: "beijing".into(),
                namespace: "shop".into(),
            }],
            gate: GateRules {
                votes: vec![],
                waivable: vec![],
            },
            soak_s: 0,
        }],
        people: vec![
            person("wang", Role::Operator),
            person("li", Role::Verifier),
            person("zhao", Role::Manager),
        ],
        checklist: vec![web()],
        timings: Timings::default(),
        workspace: Digest::of(b"workspace"),
    }
}

impl World {
    /// The old version is live, apart from one object that is new in this release.
    pub async fn new() -> World {
        let ledger = Arc::new(MemoryLedger::new());
        let cluster = Arc::new(FakeCluster::new(Arc::clone(&ledger)));
        for object in [config(), secret(), deployment(), router_deployment()] {
            cluster.put(&object, body(&object, "1.0"));
        }
        let notifier = Arc::new(FakeNotifier::default());
        let vault = Arc::new(FakeVault::new());
        let probe = Arc::new(FakeProbe::default());
        let key = vault.public();
        let ports = Ports {
            ledger: Arc::clone(&ledger) as _,
            clusters: Arc::new(FakeClusters(Arc::clone(&cluster))),
            vault: Arc::clone(&vault) as _,
            notifier: Arc::clone(&notifier) as _,
            probe: Arc::clone(&probe) as _,
            clock: Arc::new(TokioClock::new()),
        };
        let engine = Engine::start(ports.clone(), limits()).await.unwrap();
        engine
            .register_key(&operator(), key, Vec::new(), None)
            .await
            .unwrap();
        let binding = binding();
        engine
            .bind(None, &env(), &binding.context, &binding.identity)
            .await
            .unwrap();
        World {
            engine,
            ledger,
            cluster,
            notifier,
            vault,
            probe,
            ports,
        }
    }

    /// Everything up to the open gate.
    pub async fn ready() -> World {
        Self::ready_with(wanted(&[extra(), config(), secret(), deployment()])).await
    }

    /// The same with a first module of these objects.
    pub async fn ready_with(first: Wanted) -> World {
        let world = World::new().await;
        let mut bodies = BTreeMap::new();
        let plan = plan_of(&first, &mut bodies);
        let engine = &world.engine;
        let (id, who, env) = (release(), operator(), env());
        engine.create(&who, plan, bodies).await.unwrap();
        engine.check_permissions(&id, &env).await.unwrap();
        world.review().await;
        engine.take_backup(&id, &who, &env).await.unwrap();
        engine.verify_identity(Some(&id), &env).await.unwrap();
        engine.open_gate(&id, &who, &stage()).await.unwrap();
        world
    }

    /// A fresh diff, reviewed.
    pub async fn review(&self) {
        let (id, who, env) = (release(), operator(), env());
        let cancel = CancellationToken::new();
        let diff = self.engine.compute_diff(&id, &who, &env, cancel);
        let diff = diff.await.unwrap();
        let digest = &diff.diff.digest;
        let reviewed = self.engine.review_diff(&id, &who, &env, digest).await;
        reviewed.unwrap();
    }

    /// Armed for the module, and started.
    pub async fn start(&self, module: &ModuleId) {
        self.arm(module).await;
        let (id, who, env) = (release(), operator(), env());
        let started = self.engine.start_rollout(&id, &who, &env, module).await;
        started.unwrap();
    }

    pub async fn arm(&self, module: &ModuleId) {
        let (id, who, env) = (release(), operator(), env());
        self.engine.verify_identity(Some(&id), &env).await.unwrap();
        let armed = self.engine.arm(&id, &who, &env, module, None).await;
        armed.unwrap();
    }

    pub async fn way_back(&self) -> Result<(), EngineFailure> {
        self.engine.way_back(&release(), &operator(), &env()).await
    }

    /// Another process on the same ledger and cluster.
    pub async fn restart(&mut self) {
        self.engine = Engine::start(self.ports.clone(), limits()).await.unwrap();
    }

    pub fn state(&self) -> EnvironmentState {
        let release = self.engine.release(&release()).unwrap().release;
        release.environments[&env()].clone()
    }

    /// Why a module ended badly.
    pub fn reason(&self, module: &ModuleId) -> String {
        let reasons = self.state().modules[module].reason.clone();
        reasons.expect("a module that ended badly").to_string()
    }

    pub fn status(&self, module: &ModuleId) -> ModuleStatus {
        self.state().modules[module].status
    }

    /// Waits until the condition holds; fails after two hours of the paused clock.
    pub async fn until(&self, what: &str, holds: impl Fn(&World) -> bool) {
        for _ in 0..144_000 {
            if holds(self) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("never: {what}; {:#?}", self.ledger.events().last());
    }

    pub async fn until_idle(&self) {
        self.until("idle", |world| {
            let idle = world.state().work == Work::Idle;
            idle && world.engine.live(&release(), &env()).running.is_none()
        })
        .await;
    }

    /// Waits until no task runs, whatever the ledger says.
    pub async fn until_nobody_works(&self) {
        self.until("nobody works", |world| {
            world.engine.live(&release(), &env()).running.is_none()
        })
        .await;
    }

    /// Outcomes in the order they were written down.
    pub fn outcomes(&self) -> Vec<&'static str> {
        let outcome = |event: Event| match event {
            Event::MutationSettled { outcome, .. } => Some(match outcome {
                MutationOutcome::Applied { .. } => "applied",
                MutationOutcome::NotApplied { .. } => "not applied",
                MutationOutcome::Unknown { .. } => "unknown",
            }),
            _ => None,
        };
        self.ledger
            .events()
            .into_iter()
            .filter_map(outcome)
            .collect()
    }
}
