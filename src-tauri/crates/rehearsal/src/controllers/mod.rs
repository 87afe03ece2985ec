//! What moves the cluster: controllers, scheduler and kubelet, in one loop and in a fixed order, so
//! that a seed gives the same run.

mod availability;
mod daemonset;
mod deployment;
mod endpoints;
mod events;
mod garbage;
mod job;
mod owned;
mod pod;
mod podstatus;
mod progress;
mod replicaset;
mod rollout;
mod settle;
mod statefulset;

use crate::plane::Plane;
use crate::status::ApiError;
use rand::SeedableRng;
use rand::rngs::StdRng;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// When to look again, and whether anything is still under way.
#[derive(Debug, Default)]
pub(crate) struct Agenda {
    next: Option<Instant>,
    busy: bool,
}

impl Agenda {
    /// Something that is under way and goes on at this time.
    fn work_at(&mut self, due: Instant) {
        self.busy = true;
        self.look_at(due);
    }

    /// A deadline or back-off: worth a look then, but nobody waits for it to settle.
    fn look_at(&mut self, due: Instant) {
        self.next = Some(self.next.map_or(due, |next| next.min(due)));
    }
}

/// Failed component writes are races with a user's write; the next pass sees the new state.
fn tolerate<T>(what: &str, outcome: Result<T, ApiError>) -> Option<T> {
    match outcome {
        Ok(value) => Some(value),
        Err(error) => {
            tracing::debug!(%error, what, "component write refused");
            None
        }
    }
}

/// A pass that took longer is followed by as long a rest, which is the API's.
const LONG: Duration = Duration::from_millis(5);

/// Runs until the cluster stops.
pub(crate) async fn run(plane: Arc<Plane>) {
    let mut rng = StdRng::seed_from_u64(plane.seed);
    let mut kubelet = pod::Kubelet::new(&plane);
    let mut changed = plane.store().subscribe();
    let mut nudged = plane.nudge.subscribe();
    loop {
        changed.borrow_and_update();
        nudged.borrow_and_update();
        let agenda = settle_changes(&plane, &mut kubelet, &mut rng).await;
        let revision = plane.store().revision();
        plane
            .settled
            .send_replace(if agenda.busy { 0 } else { revision });
        let due = agenda.next;
        tokio::select! {
            result = changed.changed() => if result.is_err() { return },
            _ = nudged.changed() => {}
            () = async { tokio::time::sleep_until(due.unwrap_or_else(Instant::now)).await }, if due.is_some() => {}
            () = plane.stop.cancelled() => return,
        }
    }
}

/// Passes until one changes nothing. The bound keeps a controller that never agrees with itself
/// from blocking the API; the next wake-up continues.
async fn settle_changes(plane: &Plane, kubelet: &mut pod::Kubelet, rng: &mut StdRng) -> Agenda {
    for _ in 0..50 {
        let began = std::time::Instant::now();
        let (agenda, changed) = pass(plane, kubelet, rng);
        if !changed {
            return agenda;
        }
        let took = began.elapsed();
        // A pass has the lock, and hundreds of pods call for one after the other: for seconds nobody
        // else got to it, and clients gave up connecting.
        if took > LONG {
            tokio::time::sleep(took).await;
        }
    }
    let mut again = Agenda::default();
    again.work_at(Instant::now() + Duration::from_millis(5));
    again
}

/// One look of everybody, and whether it changed anything.
fn pass(plane: &Plane, kubelet: &mut pod::Kubelet, rng: &mut StdRng) -> (Agenda, bool) {
    let mut agenda = Agenda::default();
    let mut store = plane.store();
    let before = store.revision();
    garbage::collect(&mut store);
    deployment::run(&mut store, &mut agenda);
    statefulset::run(&mut store);
    daemonset::run(&mut store, rng);
    job::run(&mut store, rng);
    settle::run(&mut store);
    replicaset::run(&mut store, rng, &mut agenda);
    kubelet.run(&mut store, &plane.faults(), rng, &mut agenda);
    endpoints::run(&mut store);
    (agenda, store.revision() != before)
}
