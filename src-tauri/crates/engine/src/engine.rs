use std::sync::Arc;

use domain::{EnvironmentId, EnvironmentState, Instant, Register, Release, ReleaseId};
use tokio::sync::broadcast;

use crate::book::{Book, Snapshot};
use crate::changes::{Changed, Changes, Topic};
use crate::failpoint::FailPoints;
use crate::handles::Handles;
use crate::lanes::{Lane, Lanes};
use crate::live::Live;
use crate::ports::{Clock, Cluster, Clusters, Ledger, Notifier, Probe, Vault};
use crate::summary::{MeasuredRollback, Summary};
use crate::{EngineFailure, FailHook, FailPoint, Limits};

/// What the engine needs of the world.
#[derive(Clone)]
pub struct Ports {
    /// The program's memory.
    pub ledger: Arc<dyn Ledger>,
    /// Makes handles to clusters.
    pub clusters: Arc<dyn Clusters>,
    /// The keychain.
    pub vault: Arc<dyn Vault>,
    /// Tells the person.
    pub notifier: Arc<dyn Notifier>,
    /// Asks addresses beside the clusters.
    pub probe: Arc<dyn Probe>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
}

/// Runs releases over the ports. Cheap to clone; all clones are the same engine.
#[derive(Clone)]
pub struct Engine(Arc<Inner>);

struct Inner {
    ports: Ports,
    limits: Limits,
    changes: Arc<Changes>,
    book: Arc<Book>,
    handles: Handles,
    lanes: Lanes,
    fail_points: Arc<FailPoints>,
}

impl Engine {
    /// Folds what the ledger has. Asks nothing of any cluster and sends nothing: work that was cut
    /// off stays as it is until a person decides ([`Engine::resume_work`], [`Engine::way_back`]).
    pub async fn start(ports: Ports, limits: Limits) -> Result<Engine, EngineFailure> {
        let changes = Changes::new(limits.changes_gap, limits.changes_kept);
        let fail_points = Arc::<FailPoints>::default();
        let book = Book::open(
            Arc::clone(&ports.ledger),
            Arc::clone(&ports.clock),
            Arc::clone(&changes),
            Arc::clone(&fail_points),
            limits.append_tries,
        )
        .await?;
        let handles = Handles::new(
            Arc::clone(&ports.clusters),
            Arc::clone(&ports.vault),
            limits.question,
        );
        let mut moves = ports.ledger.moves();
        let telling = Arc::clone(&changes);
        tokio::spawn(async move {
            while moves.changed().await.is_ok() {
                telling.tell(Topic::Ledger);
            }
        });
        Ok(Engine(Arc::new(Inner {
            ports,
            limits,
            changes,
            book,
            handles,
            lanes: Lanes::default(),
            fail_points,
        })))
    }

    /// Lets a test stop the engine at named points; can be set once.
    pub fn set_fail_hook(&self, hook: FailHook) {
        self.0.fail_points.set(hook);
    }

    /// Keys, bindings and what else holds across releases, now.
    pub fn register(&self) -> Register {
        self.0.book.register()
    }

    /// All releases, newest first.
    pub fn releases(&self) -> Vec<Arc<Summary>> {
        let mut all = self.0.book.summaries();
        all.sort_by(|a, b| (b.created_at, &b.id).cmp(&(a.created_at, &a.id)));
        all
    }

    /// Rollbacks of all releases that came to a healthy end.
    pub fn measured_rollbacks(&self) -> Arc<Vec<MeasuredRollback>> {
        self.0.book.measured()
    }

    /// A release with its events. Of one that has ended they are read on the caller's thread, unless
    /// somebody looked at it lately; [`Engine::releases`] is enough for a list.
    pub fn release(&self, id: &ReleaseId) -> Result<Snapshot, EngineFailure> {
        self.0.book.snapshot(id)
    }

    /// What is known now beyond the ledger.
    pub fn live(&self, id: &ReleaseId, environment: &EnvironmentId) -> Live {
        let mut live = self.lane(id, environment).live();
        if live.overview.is_some() {
            live.picture = live.overview.clone();
        }
        let newest = live.picture.as_ref().and_then(|picture| picture.at);
        live.watch_age_s = newest.map(|at| {
            let age = (self.now() - at).num_milliseconds().max(0);
            std::time::Duration::from_millis(age.unsigned_abs()).as_secs_f64()
        });
        live
    }

    /// Tells what changes from now on. A listener that lags loses the oldest messages and should
    /// read everything again.
    pub fn changes(&self) -> broadcast::Receiver<Changed> {
        self.0.changes.listen()
    }

    /// The ledger, for pages, verification and export.
    pub fn ledger(&self) -> &Arc<dyn Ledger> {
        &self.0.ports.ledger
    }

    pub(crate) fn ports(&self) -> &Ports {
        &self.0.ports
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.0.limits
    }

    pub(crate) fn book(&self) -> &Arc<Book> {
        &self.0.book
    }

    pub(crate) fn handles(&self) -> &Handles {
        &self.0.handles
    }

    pub(crate) fn now(&self) -> Instant {
        self.0.ports.clock.now()
    }

    pub(crate) fn lanes(&self) -> &Lanes {
        &self.0.lanes
    }

    pub(crate) fn lane(&self, release: &ReleaseId, environment: &EnvironmentId) -> Arc<Lane> {
        self.0.lanes.of(release, environment)
    }

    /// Changes what is shown of a lane, and says so.
    pub(crate) fn show(
        &self,
        release: &ReleaseId,
        environment: &EnvironmentId,
        change: impl FnOnce(&mut Live),
    ) {
        self.lane(release, environment).show(change);
        let topic = Topic::Rollout(release.clone(), environment.clone());
        self.0.changes.tell(topic);
    }

    /// The handle to the cluster that an environment is pinned to.
    pub(crate) async fn cluster(
        &self,
        environment: &EnvironmentId,
    ) -> Result<Arc<dyn Cluster>, EngineFailure> {
        self.0.handles.of(environment, &self.register()).await
    }

    /// A test may stop the engine here.
    pub(crate) fn at(&self, point: FailPoint) -> Result<(), EngineFailure> {
        self.0.fail_points.at(point)
    }

    /// An environment of a release with the release.
    pub(crate) fn environment(
        &self,
        id: &ReleaseId,
        environment: &EnvironmentId,
    ) -> Result<(Arc<Release>, EnvironmentState), EngineFailure> {
        let release = self.release(id)?.release;
        let state = release.environments.get(environment).cloned();
        let missing = || EngineFailure::NotInRelease {
            what: environment.to_string(),
        };
        let state = state.ok_or_else(missing)?;
        Ok((release, state))
    }
}

/// Work in one environment of a release, on behalf of one person.
#[derive(Clone, Debug)]
pub(crate) struct Errand {
    pub(crate) release: ReleaseId,
    pub(crate) actor: domain::PersonId,
    pub(crate) environment: EnvironmentId,
}
