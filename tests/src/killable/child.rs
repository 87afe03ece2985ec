//! The process's side: the program's parts, put together as the shell does it, and the job.

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use cluster::KubeClusters;
use domain::{EnvironmentState, ModuleId, ModuleStatus, ObjectRef, Refusal, Work};
use engine::ports::{Clusters, LedgerFailure, RolloutPhase};
use engine::{Engine, EngineFailure, FailPoint, Live, Ports};
use ledger::SqliteLedger;
use vault::{KeychainVault, Options};

use super::limits;
use super::told::{ToldLedger, say};
use super::{Job, Orders, Stop, Told, Word, crooked};
use crate::world::{Notices, StoryClock};

/// How often broken-off work is taken up again, once there is room.
const TRIES: u32 = 4;

/// For anything that has to come by itself.
const PATIENCE: Duration = Duration::from_secs(60);

/// Runs the program by the orders in its first argument.
pub fn run() -> ExitCode {
    let text = std::env::args().nth(1).expect("orders");
    let orders: Orders = serde_json::from_str(&text).expect("orders that can be read");
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async { Child::start(orders).await.work().await });
    // As abrupt as the end of the window: the next start finds what is there.
    std::process::exit(0)
}

struct Child {
    orders: Orders,
    engine: Engine,
    ledger: Arc<ToldLedger>,
}

impl Child {
    async fn start(orders: Orders) -> Child {
        let ledger = open(&orders).await;
        let ledger = Arc::new(ToldLedger::new(
            ledger,
            &orders.data,
            orders.full.clone(),
            orders.sabotage,
        ));
        let inner = KubeClusters::new(limits::of_cluster());
        let clusters: Arc<dyn Clusters> = match orders.sabotage {
            Some(sabotage) => Arc::new(crooked::CrookedClusters { inner, sabotage }),
            None => Arc::new(inner),
        };
        let options = Options {
            bus_address: Some(orders.bus.clone()),
            ..Options::default()
        };
        let ports = Ports {
            ledger: ledger.clone(),
            clusters,
            vault: Arc::new(KeychainVault::open(orders.profile.clone(), options)),
            notifier: Arc::new(Notices::default()),
            probe: Arc::new(signals::HttpProbes::default()),
            clock: Arc::new(StoryClock::at(orders.now)),
        };
        let engine = Engine::start(ports, limits::of_engine())
            .await
            .expect("an engine");
        let stop = orders.stop.clone();
        let seen = AtomicU32::new(0);
        engine.set_fail_hook(Arc::new(move |point| pass(point, stop.as_ref(), &seen)));
        let entries = engine.ledger().chain().entries;
        say(&Word::Started { entries });
        Child {
            orders,
            engine,
            ledger,
        }
    }

    async fn work(self) {
        // What a person is told first after a start.
        let found = self.engine.interrupted(&self.orders.release).await;
        let found = found.expect("what was cut off").map(|found| Told {
            environment: found.environment,
            module: found.module,
            back: found.back,
            pending: found.pending.map(|pending| pending.intent.id),
            found: format!("{:?}", found.found),
        });
        say(&Word::Interrupted(found));
        for tries in 1..=TRIES {
            let failure = match self.job().await {
                Ok(()) => break,
                Err(failure) => failure,
            };
            say(&Word::BrokeOff(failure.to_string()));
            self.ledger.make_room();
            // A person would press again as well.
            let passes = matches!(
                failure,
                EngineFailure::Cluster(_)
                    | EngineFailure::Ledger(LedgerFailure::Unwritable(_))
                    | EngineFailure::OutcomeUnwritten {
                        failure: LedgerFailure::Unwritable(_),
                        ..
                    }
            );
            assert!(passes, "work broke off: {failure}");
            assert!(tries < TRIES, "it breaks off again and again: {failure}");
        }
        self.ledger.make_room();
        say(&Word::Done(self.ledger.writes()));
    }

    async fn job(&self) -> Result<(), EngineFailure> {
        match &self.orders.job {
            Job::Look => Ok(()),
            Job::Forward(modules) => {
                for module in modules {
                    self.forward(module).await?;
                }
                Ok(())
            }
            Job::Resume => {
                self.resume().await?;
                self.until_over().await
            }
            Job::Back => self.back().await,
        }
    }

    async fn forward(&self, module: &ModuleId) -> Result<(), EngineFailure> {
        let Orders {
            release,
            environment,
            actor,
            ..
        } = &self.orders;
        let state = self.state();
        if state.modules[module].status == ModuleStatus::Passed {
            return Ok(());
        }
        match &state.work {
            Work::Forward { module: running } if running == module => self.resume().await?,
            _ => {
                self.engine
                    .verify_identity(Some(release), environment)
                    .await?;
                self.engine
                    .arm(release, actor, environment, module, None)
                    .await?;
                self.engine
                    .start_rollout(release, actor, environment, module)
                    .await?;
            }
        }
        self.until_over().await?;
        let after = &self.state().modules[module];
        assert_eq!(after.status, ModuleStatus::Passed, "{:?}", after.reason);
        Ok(())
    }

    async fn resume(&self) -> Result<(), EngineFailure> {
        let Orders { release, actor, .. } = &self.orders;
        match self.engine.resume_work(release, actor).await {
            // It had come to its end.
            Err(EngineFailure::Refused(Refusal::NotRunning)) => Ok(()),
            done => done,
        }
    }

    async fn back(&self) -> Result<(), EngineFailure> {
        let Orders {
            release,
            environment,
            actor,
            ..
        } = &self.orders;
        match self.engine.way_back(release, actor, environment).await {
            Err(EngineFailure::Refused(Refusal::NothingToRestore)) => {
                say(&Word::Nothing);
                return Ok(());
            }
            done => done?,
        }
        self.until_over().await?;
        let back = self.state().way_back.expect("a way back");
        assert_eq!(back.failure, None);
        Ok(())
    }

    fn state(&self) -> EnvironmentState {
        let snapshot = self.engine.release(&self.orders.release);
        let release = snapshot.expect("the release").release;
        release.environments[&self.orders.environment].clone()
    }

    /// The operator looks at what no status judges. Fails when that cannot be written down.
    async fn look_at(&self, live: &Live) -> Result<(), EngineFailure> {
        let state = self.state();
        let unseen: Vec<ObjectRef> = live
            .objects
            .iter()
            .filter(|one| {
                let phase = one.rollout.as_ref().map(|reading| reading.phase);
                phase == Some(RolloutPhase::NotJudged) && state.seen(&one.workload).is_none()
            })
            .map(|one| one.workload.clone())
            .collect();
        if unseen.is_empty() {
            return Ok(());
        }
        let Orders {
            release,
            environment,
            actor,
            ..
        } = &self.orders;
        let note = "seen with kubectl get";
        match self
            .engine
            .confirm_seen(release, actor, environment, unseen, note)
            .await
        {
            Err(failure @ EngineFailure::Ledger(_)) => Err(failure),
            _ => Ok(()),
        }
    }

    /// Waits until nobody works in the environment; why work broke off, if it did.
    async fn until_over(&self) -> Result<(), EngineFailure> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let live = self
                .engine
                .live(&self.orders.release, &self.orders.environment);
            if live.running.is_none() {
                let work = self.state().work;
                match live.trouble {
                    Some(trouble) => return Err(trouble),
                    None if work == Work::Idle => return Ok(()),
                    None => {}
                }
            }
            self.look_at(&live).await?;
            assert!(Instant::now() < deadline, "no end: {live:?}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

/// Tells the story that a point is passed; stands still there if it is the one to be killed at.
fn pass(point: FailPoint, stop: Option<&Stop>, seen: &AtomicU32) -> bool {
    let name = format!("{point:?}");
    say(&Word::At(name.clone()));
    if let Some(stop) = stop
        && stop.point == name
        && seen.fetch_add(1, Ordering::SeqCst) + 1 == stop.nth
    {
        say(&Word::Stopped);
        loop {
            std::thread::park();
        }
    }
    false
}

/// The one before was killed; the system lets go of its lock a moment later.
async fn open(orders: &Orders) -> SqliteLedger {
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        match SqliteLedger::open(&orders.data).await {
            Ok(ledger) => return ledger,
            Err(LedgerFailure::InUse { .. }) if Instant::now() < deadline => {}
            Err(failure) => panic!("no ledger: {failure}"),
        }
    }
}
