//! Waiting for what was written to be in effect: workloads with pictures from the watch, everything else
//! that has a status by asking for it, and a fresh reading before anything is concluded, since a picture
//! may be older than the last write.

use std::sync::Arc;

use domain::{ObjectRef, Reasons, Release};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::asked::{Needs, Polled};
use crate::engine::Errand;
use crate::failure::Obstacle;
use crate::handles::bounded;
use crate::judge::{Judge, Look};
use crate::limits::BackOff;
use crate::live::Waiting;
use crate::ports::{Cluster, ClusterFailure, Picture, RolloutPhase, RolloutReading, Watching};
use crate::trouble::Trouble;
use crate::{Engine, EngineFailure, Limits};

/// How waiting ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Awaited {
    /// All objects are in effect and stayed so; what no status judges, a person has seen.
    Healthy,
    /// They will not get there; why.
    Bad(Reasons),
    /// They will not get there, for a reason that says nothing about the change.
    Unjudged(Reasons),
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

impl Engine {
    /// Waits until the objects are in effect in the eyes of the judge.
    pub(crate) async fn await_rollout(
        &self,
        errand: &Errand,
        objects: &[ObjectRef],
        mut judge: Judge,
        leave: &CancellationToken,
        standing: impl Fn(&Release) -> Standing,
    ) -> Result<Awaited, EngineFailure> {
        let (watched, asked): (Vec<ObjectRef>, Vec<ObjectRef>) =
            objects.iter().cloned().partition(ObjectRef::is_workload);
        let mut polled = Polled::new(asked);
        let mut needs = Needs::default();
        let mut eye = Eye::new(self.limits());
        let (mut unseen, mut unanswered) =
            (Trouble::new(self.limits()), Trouble::new(self.limits()));
        // Lost contact is told by what watches.
        let mut not_polled = Trouble::untold(self.limits());
        loop {
            let release = self.release(&errand.release)?.release;
            let standing = standing(&release);
            if leave.is_cancelled() || standing == Standing::Gone {
                return Ok(Awaited::Left);
            }
            let opened = eye.open(self, errand, &watched).await;
            let picture = eye.picture(self.limits());
            let held = standing == Standing::Held;
            match leave
                .run_until_cancelled(self.poll(errand, &mut polled))
                .await
            {
                None => return Ok(Awaited::Left),
                Some(Ok(false)) => {}
                Some(Ok(true)) => not_polled.is_over(),
                Some(Err(failure)) => {
                    eye.is_doubted();
                    if let Some(given_up) = self.borne(errand, &mut not_polled, failure).await? {
                        return Ok(given_up);
                    }
                }
            }
            // While the store behind an API server hangs, nothing can move: nobody's patience is used up.
            let believed = picture
                .as_deref()
                .filter(|_| eye.answered && polled.is_known());
            let look = judge.look(believed, &polled.seen, held);
            let state = release.environments.get(&errand.environment);
            needs.look(state, believed, &polled.seen, look == Look::Healthy, held);
            self.show_look(errand, &picture, &judge, held, eye.answered);
            if is_seen(&picture) && eye.answered {
                unseen.is_over();
            }
            if let Err(failure) = opened {
                eye.answered = false;
                if let Some(given_up) = self.borne(errand, &mut unseen, failure).await? {
                    return Ok(given_up);
                }
            } else if eye.is_to_ask(&picture, self.limits()) {
                let why = self.why_unseen(errand, &watched);
                match leave.run_until_cancelled(why).await {
                    None => return Ok(Awaited::Left),
                    Some(Ok(())) => eye.answered = true,
                    Some(Err(failure)) => {
                        eye.answered = false;
                        if let Some(given_up) = self.borne(errand, &mut unseen, failure).await? {
                            return Ok(given_up);
                        }
                    }
                }
            }
            // A picture may be older than the last write, or of another cluster since.
            let doubted = match look {
                Look::GoesOn => None,
                Look::LostContact => return Ok(Awaited::LostContact),
                // Nothing is left to wait for but a person.
                Look::Healthy if !needs.unseen.is_empty() => None,
                Look::Healthy => match self.fresh(errand, objects).await {
                    Ok(fresh) if all_settled(&judge, &fresh) => return Ok(Awaited::Healthy),
                    answer => {
                        judge.doubt();
                        Some(answer)
                    }
                },
                Look::Bad(reason) => match self.fresh(errand, objects).await {
                    Ok(fresh) if !all_settled(&judge, &fresh) => return Ok(Awaited::Bad(reason)),
                    answer => Some(answer),
                },
                Look::Unjudged(reason) => match self.fresh(errand, objects).await {
                    Ok(fresh) if !all_settled(&judge, &fresh) => {
                        return Ok(Awaited::Unjudged(reason));
                    }
                    answer => Some(answer),
                },
                Look::GivenUp(reason) => match self.fresh(errand, objects).await {
                    Ok(fresh) if any_given_up(&fresh) => return Ok(Awaited::Bad(reason)),
                    answer => Some(answer),
                },
            };
            match doubted {
                None => {}
                Some(Ok(_)) => unanswered.is_over(),
                Some(Err(failure)) => {
                    eye.is_doubted();
                    if let Some(given_up) = self.borne(errand, &mut unanswered, failure).await? {
                        return Ok(given_up);
                    }
                }
            }
            self.call_for_a_person(errand, &release, &mut needs).await;
            tokio::select! {
                () = leave.cancelled() => return Ok(Awaited::Left),
                () = eye.change() => {}
                () = tokio::time::sleep(self.limits().tick) => {}
            }
        }
    }

    /// Bears with what hinders the waiting; how it ends when that is too long.
    async fn borne(
        &self,
        errand: &Errand,
        trouble: &mut Trouble,
        failure: EngineFailure,
    ) -> Result<Option<Awaited>, EngineFailure> {
        let Some(obstacle) = failure.obstacle() else {
            return Err(failure);
        };
        if self.bear(errand, trouble, obstacle, &failure).await {
            return Ok(None);
        }
        match obstacle {
            Obstacle::NoContact => Ok(Some(Awaited::LostContact)),
            Obstacle::TurnedAway => Err(failure),
        }
    }

    /// Asks why the workloads cannot be seen; Ok when the cluster is the right one and lets us look,
    /// so that it is only a matter of time.
    async fn why_unseen(
        &self,
        errand: &Errand,
        workloads: &[ObjectRef],
    ) -> Result<(), EngineFailure> {
        self.ask_identity(&errand.environment).await?;
        let cluster = self.cluster(&errand.environment).await?;
        let question = self.limits().question;
        let mut looks = bounded(question, cluster.needed(workloads)).await?;
        looks.retain(|needed| ["get", "list", "watch"].contains(&needed.verb.as_str()));
        let denied = bounded(question, cluster.denied(&looks)).await?;
        match denied.into_iter().next() {
            None => Ok(()),
            Some(permission) => Err(ClusterFailure::Forbidden(permission).into()),
        }
    }

    /// Readings that no cache stands in front of, of the cluster that is pinned.
    async fn fresh(
        &self,
        errand: &Errand,
        objects: &[ObjectRef],
    ) -> Result<Vec<(ObjectRef, RolloutReading)>, EngineFailure> {
        self.ask_identity(&errand.environment).await?;
        self.readings(errand, objects).await
    }

    pub(crate) async fn readings(
        &self,
        errand: &Errand,
        objects: &[ObjectRef],
    ) -> Result<Vec<(ObjectRef, RolloutReading)>, EngineFailure> {
        let cluster = self.cluster(&errand.environment).await?;
        let mut readings = Vec::with_capacity(objects.len());
        for object in objects {
            let reading = bounded(self.limits().question, cluster.rollout(object)).await?;
            readings.push((object.clone(), reading));
        }
        Ok(readings)
    }

    fn show_look(
        &self,
        errand: &Errand,
        picture: &Option<Arc<Picture>>,
        judge: &Judge,
        held: bool,
        trusted: bool,
    ) {
        let connected = is_seen(picture) && trusted;
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

fn is_seen(picture: &Option<Arc<Picture>>) -> bool {
    picture.as_ref().is_some_and(|picture| picture.connected)
}

fn all_settled(judge: &Judge, readings: &[(ObjectRef, RolloutReading)]) -> bool {
    let mut readings = readings.iter();
    readings.all(|(object, reading)| judge.is_settled(object, reading))
}

fn any_given_up(readings: &[(ObjectRef, RolloutReading)]) -> bool {
    let given_up = [RolloutPhase::DeadlineExceeded, RolloutPhase::Failed];
    readings.iter().any(|(_, r)| given_up.contains(&r.phase))
}

type Pictures = tokio::sync::watch::Receiver<Option<Arc<Picture>>>;

/// A watch that is opened when there is none.
struct Eye {
    watching: Option<(Box<dyn Watching>, Pictures)>,
    picture: Option<Arc<Picture>>,
    /// When to ask next what is the matter, and how long to wait after that.
    ask_at: Instant,
    pause: BackOff,
    /// Whether the last question was answered, if there was one since the newest picture.
    answered: bool,
}

impl Eye {
    fn new(limits: &Limits) -> Self {
        let mut pause = BackOff::new(limits.retry_first, limits.retry_most);
        Eye {
            watching: None,
            picture: None,
            ask_at: Instant::now() + pause.next(),
            pause,
            answered: true,
        }
    }

    /// The cluster did not answer a question of somebody else.
    fn is_doubted(&mut self) {
        self.answered = false;
        self.ask_at = Instant::now() + self.pause.next();
    }

    /// Whether it is time to ask the cluster why nothing is seen, or whether what is seen is still so.
    fn is_to_ask(&mut self, picture: &Option<Arc<Picture>>, limits: &Limits) -> bool {
        let due = Instant::now() >= self.ask_at;
        if due {
            let well = is_seen(picture) && self.answered;
            let pause = if well {
                limits.silence
            } else {
                self.pause.next()
            };
            self.ask_at = Instant::now() + pause;
        }
        due
    }

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
    fn picture(&mut self, limits: &Limits) -> Option<Arc<Picture>> {
        let (_, pictures) = self.watching.as_mut()?;
        if pictures.has_changed().unwrap_or(false) {
            let seen = is_seen(&self.picture);
            self.picture = pictures.borrow_and_update().clone();
            let sees = is_seen(&self.picture);
            if sees || seen {
                // News, or the loss of sight: a moment's time before anybody asks.
                self.pause = BackOff::new(limits.retry_first, limits.retry_most);
                let pause = if sees {
                    limits.silence
                } else {
                    self.pause.next()
                };
                self.ask_at = Instant::now() + pause;
                self.answered |= sees;
            }
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
