//! Waiting for workloads to get healthy, with pictures from the watch and a fresh reading before
//! anything is concluded: a picture may be older than the last write.

use std::sync::Arc;

use domain::{ObjectRef, Release};
use tokio_util::sync::CancellationToken;

use crate::engine::Errand;
use crate::handles::bounded;
use crate::judge::{Judge, Look};
use crate::live::Waiting;
use crate::ports::{Cluster, Picture, RolloutPhase, RolloutReading, Watching};
use crate::{Engine, EngineFailure};

/// How waiting ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Awaited {
    /// All workloads are complete and stayed so.
    Healthy,
    /// They will not get there; why.
    Bad(String),
    /// Nobody could look for too long.
    LostContact,
    /// The work was taken over by someone else.
    Left,
}

/// Whether the work still stands, by what the ledger says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It goes on.
    Goes,
    /// The person holds it still.
    Held,
    /// It is not this task's any more.
    Gone,
}

/// Kinds that roll out, and are waited for.
pub(crate) fn is_workload(object: &ObjectRef) -> bool {
    let kinds = ["Deployment", "StatefulSet", "DaemonSet"];
    object.api_version.starts_with("apps/") && kinds.contains(&object.kind.as_str())
}

impl Engine {
    /// Waits until the workloads are healthy in the eyes of the judge.
    pub(crate) async fn await_rollout(
        &self,
        errand: &Errand,
        workloads: &[ObjectRef],
        mut judge: Judge,
        leave: &CancellationToken,
        standing: impl Fn(&Release) -> Standing,
    ) -> Result<Awaited, EngineFailure> {
        let mut eye = Eye::default();
        loop {
            let release = self.release(&errand.release)?.release;
            let standing = standing(&release);
            if leave.is_cancelled() || standing == Standing::Gone {
                return Ok(Awaited::Left);
            }
            if let Err(failure) = eye.open(self, errand, workloads).await {
                if !failure.is_lost_contact() {
                    return Err(failure);
                }
                self.show_lost_contact(errand, &failure.to_string());
            }
            let picture = eye.picture();
            let held = standing == Standing::Held;
            let look = judge.look(picture.as_deref(), held);
            self.show_look(errand, &picture, &judge, held);
            match look {
                Look::GoesOn => {}
                Look::LostContact => return Ok(Awaited::LostContact),
                Look::Healthy => match self.fresh(errand, workloads).await {
                    Ok(fresh) if all_complete(&fresh) => return Ok(Awaited::Healthy),
                    Err(failure) if !failure.is_lost_contact() => return Err(failure),
                    _ => judge.doubt(),
                },
                Look::Bad(reason) => match self.fresh(errand, workloads).await {
                    Ok(fresh) if !all_complete(&fresh) => return Ok(Awaited::Bad(reason)),
                    Err(failure) if !failure.is_lost_contact() => return Err(failure),
                    _ => {}
                },
                Look::GivenUp(reason) => match self.fresh(errand, workloads).await {
                    Ok(fresh) if any_given_up(&fresh) => return Ok(Awaited::Bad(reason)),
                    Err(failure) if !failure.is_lost_contact() => return Err(failure),
                    _ => {}
                },
            }
            tokio::select! {
                () = leave.cancelled() => return Ok(Awaited::Left),
                () = eye.change() => {}
                () = tokio::time::sleep(self.limits().tick) => {}
            }
        }
    }

    /// Readings that no cache stands in front of.
    async fn fresh(
        &self,
        errand: &Errand,
        workloads: &[ObjectRef],
    ) -> Result<Vec<RolloutReading>, EngineFailure> {
        let cluster = self.cluster(&errand.environment).await?;
        let mut readings = Vec::with_capacity(workloads.len());
        for workload in workloads {
            let reading = bounded(self.limits().question, cluster.rollout(workload)).await?;
            readings.push(reading);
        }
        Ok(readings)
    }

    pub(crate) fn show_lost_contact(&self, errand: &Errand, reason: &str) {
        let now = self.now();
        self.show(&errand.release, &errand.environment, |live| {
            let since = match &live.waiting {
                Some(Waiting::Contact { since, .. }) => *since,
                _ => now,
            };
            let reason = reason.to_owned();
            live.waiting = Some(Waiting::Contact { since, reason });
        });
    }

    fn show_look(
        &self,
        errand: &Errand,
        picture: &Option<Arc<Picture>>,
        judge: &Judge,
        held: bool,
    ) {
        let connected = picture.as_ref().is_some_and(|picture| picture.connected);
        if picture.is_some() && !connected {
            self.show_lost_contact(errand, "the watch was cut off");
        }
        let left = chrono::Duration::from_std(judge.left()).unwrap_or_default();
        let deadline = (!held && connected).then(|| self.now() + left);
        let lane = self.lane(&errand.release, &errand.environment);
        let mut news = false;
        lane.show(|live| {
            live.deadline_at = deadline;
            if connected {
                let waiting = held.then_some(Waiting::Paused);
                news |= live.waiting != waiting;
                live.waiting = waiting;
            }
            if picture.is_some() {
                let same = match (&live.picture, picture) {
                    (Some(shown), Some(new)) => Arc::ptr_eq(shown, new),
                    _ => false,
                };
                news |= !same;
                live.picture = picture.clone();
            }
        });
        if news {
            self.show(&errand.release, &errand.environment, |_| {});
        }
    }
}

fn all_complete(readings: &[RolloutReading]) -> bool {
    readings.iter().all(|r| r.phase == RolloutPhase::Complete)
}

fn any_given_up(readings: &[RolloutReading]) -> bool {
    let given_up = |r: &RolloutReading| r.phase == RolloutPhase::DeadlineExceeded;
    readings.iter().any(given_up)
}

type Pictures = tokio::sync::watch::Receiver<Option<Picture>>;

/// A watch that is opened when there is none.
#[derive(Default)]
struct Eye {
    watching: Option<(Box<dyn Watching>, Pictures)>,
    picture: Option<Arc<Picture>>,
}

impl Eye {
    async fn open(
        &mut self,
        engine: &Engine,
        errand: &Errand,
        workloads: &[ObjectRef],
    ) -> Result<(), EngineFailure> {
        if self.watching.is_some() {
            return Ok(());
        }
        let cluster: Arc<dyn Cluster> = engine.cluster(&errand.environment).await?;
        let opening = cluster.watch(workloads);
        let watching = bounded(engine.limits().question, opening).await?;
        let mut pictures = watching.pictures();
        pictures.mark_changed();
        self.watching = Some((watching, pictures));
        Ok(())
    }

    /// The newest picture; none while nothing is watched, so that a picture from before is not
    /// taken for one of now.
    fn picture(&mut self) -> Option<Arc<Picture>> {
        let (_, pictures) = self.watching.as_mut()?;
        if pictures.has_changed().unwrap_or(false) {
            self.picture = pictures.borrow_and_update().clone().map(Arc::new);
        }
        self.picture.clone()
    }

    /// Returns when there may be another picture.
    async fn change(&mut self) {
        let ended = match &mut self.watching {
            Some((_, pictures)) => pictures.changed().await.is_err(),
            None => std::future::pending().await,
        };
        if ended {
            self.watching = None;
            self.picture = None;
        } else if let Some((_, pictures)) = &mut self.watching {
            // `picture` looks for the mark that `changed` has just taken away.
            pictures.mark_changed();
        }
    }
}
