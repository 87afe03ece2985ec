//! The program from its start to its end, without a window: a runtime with an engine on it. Ending
//! the runtime is what a kill is: every task stops at its next await, nothing is cleaned up.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use cluster::KubeClusters;
use engine::ports::{LedgerFailure, Vault};
use engine::{Engine, Ports};
use ledger::SqliteLedger;
use tokio::runtime::Runtime;

use super::{Notices, StoryClock};

/// One run of the program.
pub struct Session {
    runtime: Option<Runtime>,
    engine: Engine,
}

/// Bounds that a story waits for, instead of a person.
pub fn quick_engine() -> engine::Limits {
    let ms = Duration::from_millis;
    engine::Limits {
        retry_first: ms(50),
        retry_most: ms(500),
        read_back_first: ms(50),
        read_back_most: ms(300),
        not_applied_gap: ms(50),
        needs_you_after: ms(2000),
        lost_contact: Duration::from_secs(20),
        failing_patience: ms(1500),
        poll: ms(100),
        tick: ms(50),
        ..engine::Limits::default()
    }
}

/// The same for the adapter.
pub fn quick_cluster() -> cluster::Limits {
    let ms = Duration::from_millis;
    cluster::Limits {
        mutation: ms(5000),
        server_deadline: ms(1000),
        settle: ms(1500),
        settle_poll: ms(50),
        read_pause: ms(20),
        read_pause_most: ms(1000),
        watch: Duration::from_secs(5),
        watch_pause: ms(50),
        watch_pause_most: ms(500),
        ..cluster::Limits::default()
    }
}

impl Session {
    /// Starts the program over a data folder.
    pub async fn start(
        data: &Path,
        vault: Arc<dyn Vault>,
        notices: Notices,
        clock: StoryClock,
        limits: (engine::Limits, cluster::Limits),
    ) -> Session {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .expect("a runtime");
        let data = data.to_owned();
        let starting = async move {
            let ports = Ports {
                ledger: Arc::new(open(&data).await),
                clusters: Arc::new(KubeClusters::new(limits.1)),
                vault,
                notifier: Arc::new(notices),
                probe: Arc::new(signals::HttpProbes::default()),
                clock: Arc::new(clock),
            };
            Engine::start(ports, limits.0).await.expect("an engine")
        };
        let engine = runtime.handle().spawn(starting).await.expect("a start");
        Session {
            runtime: Some(runtime),
            engine,
        }
    }

    /// The engine. What it is asked has to run in [`Session::on`], so that it dies with the program.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Runs a question in the program.
    pub async fn on<T, F, R>(&self, question: F) -> T
    where
        T: Send + 'static,
        F: FnOnce(Engine) -> R,
        R: Future<Output = T> + Send + 'static,
    {
        let runtime = self.runtime.as_ref().expect("a program that runs");
        runtime
            .spawn(question(self.engine.clone()))
            .await
            .expect("an answer")
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// The one before lets go of the folder a moment after its end.
pub(super) async fn open(data: &Path) -> SqliteLedger {
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        match SqliteLedger::open(data).await {
            Ok(ledger) => return ledger,
            Err(LedgerFailure::InUse { .. }) if Instant::now() < deadline => {}
            Err(failure) => panic!("no ledger: {failure}"),
        }
    }
}
