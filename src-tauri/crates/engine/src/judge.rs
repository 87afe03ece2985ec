//! Judging a rollout from pictures of it. Pure: time comes in as what has been used up.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use domain::{Cause, ObjectRef, Reason, Reasons};

use crate::Limits;
use crate::limits::Patience;
use crate::ports::{Picture, PodPicture, RolloutPhase, RolloutReading, WorkloadPicture};

/// What a look at a rollout says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Look {
    /// Not yet.
    GoesOn,
    /// Every object is in effect, or is not judged by its status, and has been for long enough.
    Healthy,
    /// It will not get there; why, naming what fails.
    Bad(Reasons),
    /// It will not get there, for a reason that says nothing about the change.
    Unjudged(Reasons),
    /// The cluster itself gave it up, or an object's own status says that it failed; what it says.
    GivenUp(Reasons),
    /// Nobody could look for too long.
    LostContact,
}

/// How far a rollout ever got; only getting further counts as progress, so that a crash loop that
/// is ready now and then does not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Best {
    observed: usize,
    updated: u32,
    available: u32,
    ready: usize,
    old_gone: usize,
    settled: usize,
}

/// Judges one rollout from its beginning to its end.
#[derive(Debug)]
pub(crate) struct Judge {
    stable: Duration,
    progress: Duration,
    failing_patience: Duration,
    lost_contact: Duration,
    best: Best,
    most_old: usize,
    /// Pods seen failing that have not become ready since, with why.
    failing: BTreeSet<(String, String)>,
    /// Partitions that the reviewed manifests have: pods below them keep the old version on purpose.
    partitions: BTreeMap<ObjectRef, u32>,
    failed_for: Patience,
    healthy_for: Patience,
    still_for: Patience,
    failing_for: Patience,
    unseen_for: Patience,
}

impl Judge {
    /// A rollout that has to stay healthy for `stable`, and may stand still for `progress`.
    pub(crate) fn new(stable: Duration, progress: Duration, limits: &Limits) -> Self {
        Judge {
            stable,
            progress,
            failing_patience: limits.failing_patience,
            lost_contact: limits.lost_contact,
            best: Best::default(),
            most_old: 0,
            failing: BTreeSet::new(),
            partitions: BTreeMap::new(),
            failed_for: Patience::new(limits),
            healthy_for: Patience::new(limits),
            still_for: Patience::new(limits),
            failing_for: Patience::new(limits),
            unseen_for: Patience::new(limits),
        }
    }

    /// The same, for manifests that have these partitions.
    pub(crate) fn with_partitions(mut self, partitions: BTreeMap<ObjectRef, u32>) -> Self {
        self.partitions = partitions;
        self
    }

    /// Whether nothing of an object is waited for any more.
    pub(crate) fn is_settled(&self, object: &ObjectRef, reading: &RolloutReading) -> bool {
        match (reading.phase, &reading.note) {
            (RolloutPhase::Complete | RolloutPhase::NotJudged, _) => true,
            (RolloutPhase::Partitioned, Some(Cause::HeldByPartition { partition, .. })) => {
                self.partitions.get(object) == Some(partition)
            }
            _ => false,
        }
    }

    fn is_complete(&self, workload: &WorkloadPicture) -> bool {
        let reading = workload.rollout.as_ref();
        reading.is_some_and(|reading| self.is_settled(&workload.workload, reading))
    }

    /// Time that the progress deadline leaves if nothing moves.
    pub(crate) fn left(&self) -> Duration {
        self.still_for.left(self.progress)
    }

    /// Takes a look at the watched workloads and at the objects that were asked for one by one. While it is
    /// held still on purpose, nobody's patience is used up.
    pub(crate) fn look(
        &mut self,
        picture: Option<&Picture>,
        objects: &[WorkloadPicture],
        held: bool,
    ) -> Look {
        let seen = picture.filter(|picture| picture.connected);
        let unseen = self.unseen_for.look(seen.is_none());
        let Some(picture) = seen else {
            // What was healthy before the gap has to show it again.
            self.healthy_for.restart();
            self.still_for.look(false);
            self.failing_for.look(false);
            if unseen >= self.lost_contact {
                return Look::LostContact;
            }
            return Look::GoesOn;
        };
        let all: Vec<&WorkloadPicture> = picture.workloads.iter().chain(objects).collect();
        self.unseen_for.restart();
        if self.advance(&all) {
            self.still_for.restart();
        }
        let still = self.still_for.look(!held);
        self.note_failing(&all);
        let failing = self.failing_for.look(!held && !self.failing.is_empty());
        if self.failing.is_empty() {
            self.failing_for.restart();
        }
        let broken = all.iter().find_map(|w| failed(w));
        let failed = self.failed_for.look(!held && broken.is_some());
        if broken.is_none() {
            self.failed_for.restart();
        }
        let stuck = all.iter().find(|w| !self.is_complete(w));
        let complete = stuck.is_none();
        let healthy = self.healthy_for.look(complete && !held);
        if !complete {
            self.healthy_for.restart();
        }
        if held {
            return Look::GoesOn;
        }
        let Some(stuck) = stuck else {
            let long_enough = healthy >= self.stable;
            return if long_enough {
                Look::Healthy
            } else {
                Look::GoesOn
            };
        };
        let judged = |reasons: Vec<Reason>, look: fn(Reasons) -> Look| {
            let mut reasons = Reasons(reasons);
            match all.iter().find_map(|w| left_lying(w)) {
                Some(dead) => {
                    reasons.extend([dead]);
                    Look::Unjudged(reasons)
                }
                None => look(reasons),
            }
        };
        // A Job that failed stays failed; conditions of others may be left over from before the change.
        if let Some((reason, is_final)) = broken
            && (is_final || failed >= self.failing_patience)
        {
            return Look::GivenUp(reason.into());
        }
        if let Some(reasons) = all.iter().find_map(|w| exceeded(w)) {
            return judged(reasons, Look::GivenUp);
        }
        if failing >= self.failing_patience
            && let Some((pod, why)) = self.failing.first().cloned()
        {
            let fails: Reason = Cause::PodNotReady { pod, why }.into();
            return Look::Bad(fails.into());
        }
        if still >= self.progress {
            let reasons = standstill(stuck, self.progress);
            return match speaks_of_the_change(stuck) {
                true => judged(reasons, Look::Bad),
                false => Look::Unjudged(Reasons(reasons)),
            };
        }
        Look::GoesOn
    }

    /// Begins the stable time anew: a closer look said that it is not complete after all.
    pub(crate) fn doubt(&mut self) {
        self.healthy_for.restart();
    }

    fn advance(&mut self, workloads: &[&WorkloadPicture]) -> bool {
        let readings = || workloads.iter().filter_map(|w| w.rollout.as_ref());
        let pods = || workloads.iter().flat_map(|w| &w.pods);
        let old = pods().filter(|pod| !pod.newest).count();
        self.most_old = self.most_old.max(old);
        let now = Best {
            observed: readings()
                .filter(|r| !matches!(r.phase, RolloutPhase::Unobserved | RolloutPhase::Missing))
                .count(),
            updated: readings().map(|r| r.updated).sum(),
            available: readings().map(|r| r.available.min(r.updated)).sum(),
            ready: pods().filter(|pod| pod.newest && pod.ready).count(),
            old_gone: self.most_old - old,
            settled: workloads.iter().filter(|w| self.is_complete(w)).count(),
        };
        let best = Best {
            observed: now.observed.max(self.best.observed),
            updated: now.updated.max(self.best.updated),
            available: now.available.max(self.best.available),
            ready: now.ready.max(self.best.ready),
            old_gone: now.old_gone.max(self.best.old_gone),
            settled: now.settled.max(self.best.settled),
        };
        let advanced = best != self.best;
        self.best = best;
        advanced
    }

    fn note_failing(&mut self, workloads: &[&WorkloadPicture]) {
        let newest = || workloads.iter().flat_map(|w| &w.pods).filter(|p| p.newest);
        let find = |name: &str| newest().find(|pod| pod.name == name);
        self.failing
            .retain(|(name, _)| find(name).is_some_and(|pod| !pod.ready && !pod.terminating));
        for pod in newest().filter(|pod| fails(pod)) {
            self.failing.retain(|(name, _)| name != &pod.name);
            self.failing.insert((pod.name.clone(), pod.reason.clone()));
        }
    }
}

fn fails(pod: &PodPicture) -> bool {
    pod.failing && !pod.ready && !pod.terminating
}

/// The node of a new pod that its kubelet does not take up: it is dead, whatever is in the pod.
fn left_lying(workload: &WorkloadPicture) -> Option<Reason> {
    let mut pods = workload.pods.iter();
    let pod = pods.find(|pod| pod.newest && !pod.ready && !pod.taken_up && pod.node.is_some())?;
    let node = pod.node.clone()?;
    Some(Cause::NodeDead { node }.into())
}

/// Why an object failed by its own status, and whether that is its last word.
fn failed(workload: &WorkloadPicture) -> Option<(Reason, bool)> {
    let reading = workload.rollout.as_ref()?;
    if reading.phase != RolloutPhase::Failed {
        return None;
    }
    let message = reading.message.clone();
    let cause = reading.note.clone().unwrap_or(Cause::Said { message });
    Some((
        cause.of(workload.workload.label()),
        workload.workload.is_job(),
    ))
}

/// Whether a standstill says something about the change. It does not where a person holds it, and a Job
/// that still runs may be a slow one.
fn speaks_of_the_change(stuck: &WorkloadPicture) -> bool {
    let Some(reading) = &stuck.rollout else {
        return true;
    };
    let by_a_person = matches!(
        reading.phase,
        RolloutPhase::Partitioned | RolloutPhase::OnDelete
    );
    !(reading.paused || by_a_person || stuck.workload.is_job())
}

fn exceeded(workload: &WorkloadPicture) -> Option<Vec<Reason>> {
    let reading = workload.rollout.as_ref()?;
    (reading.phase == RolloutPhase::DeadlineExceeded).then(|| {
        let message = reading.message.clone();
        let mut reasons = vec![Cause::GivenUp { message }.of(workload.workload.label())];
        reasons.extend(seems_why(workload));
        reasons
    })
}

/// What stands still, and what seems to be the reason.
fn standstill(stuck: &WorkloadPicture, after: Duration) -> Vec<Reason> {
    let seconds = after.as_secs();
    let cause = match &stuck.rollout {
        Some(reading) if reading.paused => Cause::PausedBy {
            manager: reading.paused_by.clone().unwrap_or_default(),
        },
        Some(reading) if !stuck.workload.is_workload() => Cause::NotReady {
            seconds,
            message: reading.message.clone(),
        },
        Some(RolloutReading {
            phase: RolloutPhase::Partitioned | RolloutPhase::OnDelete,
            note: Some(note),
            ..
        }) => note.clone(),
        Some(reading) => Cause::NoProgress {
            seconds,
            updated: reading.updated,
            wanted: reading.wanted,
            available: reading.available,
        },
        None => Cause::NotThere { seconds },
    };
    let mut reasons = vec![cause.of(stuck.workload.label())];
    reasons.extend(seems_why(stuck));
    reasons
}

/// What seems to be the reason: that pods cannot be made, else the first one that is not ready.
fn seems_why(workload: &WorkloadPicture) -> Option<Reason> {
    let reading = workload.rollout.as_ref();
    if let Some(blocked) = reading.and_then(|reading| reading.blocked.as_ref()) {
        let message = blocked.clone();
        return Some(Cause::PodsNotMade { message }.into());
    }
    let mut pods = workload.pods.iter();
    let pod = pods.find(|pod| pod.newest && !pod.ready)?;
    let (pod, why) = (pod.name.clone(), pod.reason.clone());
    Some(Cause::PodNotReady { pod, why }.into())
}

#[cfg(test)]
#[path = "judge_tests.rs"]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests;
