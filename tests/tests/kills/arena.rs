//! Where the program is killed: a release prepared once, and put back before every cycle.

use std::path::{Path, PathBuf};
use std::time::Duration;

use acceptance::killable::{Job, Orders, Process, Stop};
use acceptance::world::{Given, World};
use domain::{Instant, ModuleId, ObjectRef, Role};
use rehearsal::{Cluster, Objects};
use serde_json::{Value, json};
use tempfile::TempDir;

const STAGE: &str = "bj-offline";
const ENVIRONMENT: &str = "bj-dev";
/// The modules that a cycle rolls out, in the order of the release.
const MODULES: [&str; 2] = ["fission-executor", "fission-router"];

/// The other environments of the stage, moved to a cluster where nothing happens: pods that nobody
/// looks at cost as much as those that somebody does.
const OTHERS: [(&str, &str); 2] = [
    (
        "cluster: bj-dev-01\n        namespace: fission-test",
        "cluster: sz-prod-01\n        namespace: fission-test",
    ),
    (
        "cluster: bj-dev-01\n        namespace: fission-ontest",
        "cluster: sz-prod-01\n        namespace: fission-ontest",
    ),
];

/// Where a cycle begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beginning {
    /// The gate is open, nothing is changed.
    Open,
    /// Both modules are rolled out.
    RolledOut,
}

/// A release at one moment: the ledger's file, the cluster's objects, the time.
struct Moment {
    ledger: PathBuf,
    objects: Objects,
    now: Instant,
}

/// One cluster and one keychain profile; cycles in it come one after the other.
pub struct Arena {
    world: World,
    folder: TempDir,
    open: Moment,
    rolled_out: Moment,
    objects: Vec<(ObjectRef, Value, Value)>,
    cycles: u32,
}

impl Arena {
    /// Prepares the release. None, loudly, where there is no keychain to test with.
    pub async fn prepare() -> Option<Arena> {
        let folder = TempDir::with_prefix("pilothouse-kills-").expect("a folder");
        let mut given = Given::default();
        given.edits.extend(OTHERS);
        let mut world = given.rehearsed().await?;
        world.given_release().await;
        world.declare_the_timeout().await;
        world.when_stage_is_ready(STAGE).await;
        let open = moment(&mut world, &folder.path().join("open.sqlite")).await;
        let seen = |world: &World| -> Vec<(ObjectRef, Value)> {
            let objects = objects(world).into_iter();
            objects
                .map(|object| {
                    let live = wanted(cluster(world), &object);
                    (object, live)
                })
                .collect()
        };
        let before = seen(&world);
        world.restart().await;
        for module in MODULES {
            let status = world.roll_out(ENVIRONMENT, module).await;
            assert_eq!(status, domain::ModuleStatus::Passed);
        }
        let rolled_out = moment(&mut world, &folder.path().join("rolled-out.sqlite")).await;
        let after = seen(&world);
        let objects = before
            .into_iter()
            .zip(after)
            .map(|((object, before), (_, after))| (object, before, after))
            .collect();
        Some(Arena {
            world,
            folder,
            open,
            rolled_out,
            objects,
            cycles: 0,
        })
    }

    /// Puts everything back; the folder of the next cycle's ledger.
    pub async fn begin(&mut self, beginning: Beginning) -> PathBuf {
        self.cycles += 1;
        let data = self.folder.path().join(format!("data-{}", self.cycles));
        std::fs::create_dir(&data).expect("a folder");
        let moment = self.moment(beginning);
        std::fs::copy(&moment.ledger, data.join("ledger.sqlite")).expect("a copy of the ledger");
        self.cluster().put_back(&moment.objects);
        let settled = tokio::time::timeout(Duration::from_secs(60), self.cluster().settle());
        settled.await.expect("a cluster at rest");
        data
    }

    /// What a process is told.
    pub fn orders(&self, beginning: Beginning, data: &Path, job: Job) -> Orders {
        let (bus, profile) = self.world.keychain();
        Orders {
            data: data.to_owned(),
            bus: bus.to_owned(),
            profile: profile.to_owned(),
            release: self.world.release.clone(),
            environment: ENVIRONMENT.into(),
            actor: self.world.holder(Role::Operator),
            now: self.moment(beginning).now,
            job,
            stop: None,
            full: None,
            sabotage: None,
        }
    }

    fn moment(&self, beginning: Beginning) -> &Moment {
        match beginning {
            Beginning::Open => &self.open,
            Beginning::RolledOut => &self.rolled_out,
        }
    }

    /// The cluster of the environment.
    pub fn cluster(&self) -> &Cluster {
        cluster(&self.world)
    }

    /// The namespace of the environment.
    pub fn namespace(&self) -> String {
        self.world.place(ENVIRONMENT).1
    }

    /// What the release writes, with what it was before and what it is to be.
    pub fn objects(&self) -> &[(ObjectRef, Value, Value)] {
        &self.objects
    }

    /// Ends the clusters.
    pub async fn end(self) {
        self.world.end().await;
    }
}

/// The modules that go forward, in order.
pub fn modules() -> Vec<ModuleId> {
    MODULES.map(ModuleId::from).to_vec()
}

/// Starts the program.
pub fn start(orders: &Orders) -> Process {
    Process::start(Path::new(env!("CARGO_BIN_EXE_program")), orders)
}

/// To be killed the `nth` time that a point is passed.
pub fn stop(point: &str, nth: u32) -> Stop {
    Stop {
        point: point.to_owned(),
        nth,
    }
}

async fn moment(world: &mut World, file: &Path) -> Moment {
    world.leave().await;
    std::fs::copy(world.data().join("ledger.sqlite"), file).expect("a copy of the ledger");
    cluster(world).settle().await;
    Moment {
        ledger: file.to_owned(),
        objects: cluster(world).objects(),
        now: engine::ports::Clock::now(&world.clock),
    }
}

fn cluster(world: &World) -> &Cluster {
    world.place(ENVIRONMENT).0.rehearsed()
}

fn objects(world: &World) -> Vec<ObjectRef> {
    let environment = ENVIRONMENT.into();
    let planned = world.plan().objects(&environment);
    let ours = planned.filter(|(module, _)| MODULES.contains(&module.id.as_str()));
    ours.map(|(_, planned)| planned.object.clone()).collect()
}

/// What people and tools want of an object now; null when it is not there.
pub fn wanted(cluster: &Cluster, object: &ObjectRef) -> Value {
    let ObjectRef {
        api_version,
        kind,
        namespace,
        name,
    } = object;
    match cluster.object(api_version, kind, namespace, name) {
        None => Value::Null,
        Some(live) => json!({
            "data": live["data"],
            "template": live["spec"]["template"],
            "replicas": live["spec"]["replicas"],
            "paused": live["spec"]["paused"].as_bool().unwrap_or(false),
        }),
    }
}

/// Whether fields belong to an update of ours: a rollback's, not yet given back to their owners.
pub fn updated_by_us(cluster: &Cluster, object: &ObjectRef) -> bool {
    let ObjectRef {
        api_version,
        kind,
        namespace,
        name,
    } = object;
    let live = cluster.object(api_version, kind, namespace, name);
    let live = live.map_or(Value::Null, |live| {
        live["metadata"]["managedFields"].clone()
    });
    live.as_array()
        .into_iter()
        .flatten()
        .any(|entry| entry["manager"] == ::cluster::FIELD_MANAGER && entry["operation"] == "Update")
}
