//! Judging a rollout from pictures of it. Pure: time comes in as what has been used up.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::Limits;
use crate::limits::Patience;
use crate::ports::{Picture, PodPicture, RolloutPhase, WorkloadPicture};

/// What a look at a rollout says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Look {
    /// Not yet.
    GoesOn,
    /// Every workload is complete, and has been for long enough.
    Healthy,
    /// It will not get there; why, naming what fails.
    Bad(String),
    /// The cluster itself gave it up; what it says.
    GivenUp(String),
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
            healthy_for: Patience::new(limits),
            still_for: Patience::new(limits),
            failing_for: Patience::new(limits),
            unseen_for: Patience::new(limits),
        }
    }

    /// Time that the progress deadline leaves if nothing moves.
    pub(crate) fn left(&self) -> Duration {
        self.still_for.left(self.progress)
    }

    /// Takes a look. While it is held still on purpose, nobody's patience is used up.
    pub(crate) fn look(&mut self, picture: Option<&Picture>, held: bool) -> Look {
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
        self.unseen_for.restart();
        if self.advance(&picture.workloads) {
            self.still_for.restart();
        }
        let still = self.still_for.look(!held);
        self.note_failing(&picture.workloads);
        let failing = self.failing_for.look(!held && !self.failing.is_empty());
        if self.failing.is_empty() {
            self.failing_for.restart();
        }
        let complete = picture.workloads.iter().all(is_complete);
        let healthy = self.healthy_for.look(complete && !held);
        if !complete {
            self.healthy_for.restart();
        }
        if held {
            return Look::GoesOn;
        }
        if complete {
            let long_enough = healthy >= self.stable;
            return if long_enough {
                Look::Healthy
            } else {
                Look::GoesOn
            };
        }
        if let Some(reason) = picture.workloads.iter().find_map(exceeded) {
            return Look::GivenUp(reason);
        }
        if failing >= self.failing_patience
            && let Some((pod, reason)) = self.failing.first()
        {
            return Look::Bad(format!("pod {pod}: {reason}"));
        }
        if still >= self.progress {
            return Look::Bad(standstill(&picture.workloads, self.progress));
        }
        Look::GoesOn
    }

    /// Begins the stable time anew: a closer look said that it is not complete after all.
    pub(crate) fn doubt(&mut self) {
        self.healthy_for.restart();
    }

    fn advance(&mut self, workloads: &[WorkloadPicture]) -> bool {
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
        };
        let best = Best {
            observed: now.observed.max(self.best.observed),
            updated: now.updated.max(self.best.updated),
            available: now.available.max(self.best.available),
            ready: now.ready.max(self.best.ready),
            old_gone: now.old_gone.max(self.best.old_gone),
        };
        let advanced = best != self.best;
        self.best = best;
        advanced
    }

    fn note_failing(&mut self, workloads: &[WorkloadPicture]) {
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

fn is_complete(workload: &WorkloadPicture) -> bool {
    let reading = workload.rollout.as_ref();
    reading.is_some_and(|reading| reading.phase == RolloutPhase::Complete)
}

fn exceeded(workload: &WorkloadPicture) -> Option<String> {
    let reading = workload.rollout.as_ref()?;
    (reading.phase == RolloutPhase::DeadlineExceeded).then(|| {
        let pod = workload.pods.iter().find(|pod| pod.newest && !pod.ready);
        let pod = pod.map(|pod| format!("; pod {}: {}", pod.name, pod.reason));
        let label = workload.workload.label();
        format!("{label}: {}{}", reading.message, pod.unwrap_or_default())
    })
}

/// Names what stands still, and the pod that seems to be the reason.
fn standstill(workloads: &[WorkloadPicture], after: Duration) -> String {
    let stuck = workloads.iter().find(|workload| !is_complete(workload));
    let Some(stuck) = stuck else {
        return format!("no progress for {} s", after.as_secs());
    };
    let label = stuck.workload.label();
    let counts = match &stuck.rollout {
        Some(r) => format!(
            "{} of {} updated, {} available",
            r.updated, r.wanted, r.available
        ),
        None => "it does not exist".to_owned(),
    };
    let pod = stuck.pods.iter().find(|pod| pod.newest && !pod.ready);
    let pod = pod.map(|pod| format!("; pod {}: {}", pod.name, pod.reason));
    let seconds = after.as_secs();
    format!(
        "{label}: no progress for {seconds} s, {counts}{}",
        pod.unwrap_or_default()
    )
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use domain::ObjectRef;

    use super::*;
    use crate::ports::RolloutReading;

    const STABLE: Duration = Duration::from_secs(10);
    const PROGRESS: Duration = Duration::from_secs(60);

    fn judge() -> Judge {
        Judge::new(STABLE, PROGRESS, &Limits::default())
    }

    fn pod(name: &str, ready: bool, failing: bool) -> PodPicture {
        PodPicture {
            name: name.into(),
            newest: true,
            reason: if failing {
                "CrashLoopBackOff"
            } else {
                "Running"
            }
            .into(),
            ready,
            terminating: false,
            failing,
            restarts: 0,
            created_at: None,
            ready_at: None,
            node: None,
        }
    }

    fn picture(phase: RolloutPhase, available: u32, pods: Vec<PodPicture>) -> Picture {
        let workload = ObjectRef {
            api_version: "apps/v1".into(),
            kind: "Deployment".into(),
            namespace: "shop".into(),
            name: "router".into(),
        };
        let rollout = RolloutReading {
            phase,
            wanted: 3,
            updated: available,
            available,
            paused: false,
            surge: None,
            unavailable: None,
            message: "as the cluster says".into(),
        };
        Picture {
            at: None,
            connected: true,
            workloads: vec![WorkloadPicture {
                workload,
                rollout: Some(rollout),
                pods,
            }],
            events: Vec::new(),
        }
    }

    /// Looks once a second until there is a verdict; the seconds it took.
    async fn until(
        judge: &mut Judge,
        held: bool,
        picture: impl Fn(u64) -> Option<Picture>,
    ) -> (Look, u64) {
        for second in 0..1000 {
            let look = judge.look(picture(second).as_ref(), held);
            if look != Look::GoesOn {
                return (look, second);
            }
            tokio::time::advance(Duration::from_secs(1)).await;
        }
        (Look::GoesOn, 1000)
    }

    #[tokio::test(start_paused = true)]
    async fn healthy_only_after_the_stable_time() {
        let complete = |_| Some(picture(RolloutPhase::Complete, 3, vec![]));
        let (look, after) = until(&mut judge(), false, complete).await;
        assert_eq!((look, after), (Look::Healthy, 10));
    }

    #[tokio::test(start_paused = true)]
    async fn a_relapse_begins_the_stable_time_anew() {
        let relapse = |second| {
            let phase = if second == 8 {
                RolloutPhase::Progressing
            } else {
                RolloutPhase::Complete
            };
            Some(picture(phase, 3, vec![]))
        };
        let (look, after) = until(&mut judge(), false, relapse).await;
        assert_eq!((look, after), (Look::Healthy, 19));
    }

    #[tokio::test(start_paused = true)]
    async fn standing_still_is_bad_after_the_deadline_and_names_the_pod() {
        let still = |_| {
            Some(picture(
                RolloutPhase::Progressing,
                1,
                vec![pod("router-x", false, false)],
            ))
        };
        let (look, after) = until(&mut judge(), false, still).await;
        let Look::Bad(reason) = look else {
            panic!("{look:?}")
        };
        assert!(reason.contains("router-x"), "{reason}");
        assert_eq!(after, 60);
    }

    #[tokio::test(start_paused = true)]
    async fn progress_moves_the_deadline() {
        let creeping = |second: u64| {
            let available = u32::try_from(second / 50).unwrap();
            Some(picture(RolloutPhase::Progressing, available, vec![]))
        };
        let mut judge = judge();
        for second in 0..150 {
            assert_eq!(
                judge.look(creeping(second).as_ref(), false),
                Look::GoesOn,
                "{second} s"
            );
            tokio::time::advance(Duration::from_secs(1)).await;
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_crash_loop_that_flaps_is_bad_though_it_is_not_always_failing() {
        let flapping = |second: u64| {
            let failing = second % 7 < 3;
            Some(picture(
                RolloutPhase::Progressing,
                1,
                vec![pod("router-x", false, failing)],
            ))
        };
        let (look, after) = until(&mut judge(), false, flapping).await;
        assert_eq!(look, Look::Bad("pod router-x: CrashLoopBackOff".into()));
        assert_eq!(after, 45);
    }

    #[tokio::test(start_paused = true)]
    async fn a_pod_that_gets_ready_is_forgiven() {
        let recovering = |second: u64| {
            let ready = second > 20;
            let phase = if second > 60 {
                RolloutPhase::Complete
            } else {
                RolloutPhase::Progressing
            };
            Some(picture(phase, 1, vec![pod("router-x", ready, !ready)]))
        };
        let (look, after) = until(&mut judge(), false, recovering).await;
        assert_eq!((look, after), (Look::Healthy, 71));
    }

    #[tokio::test(start_paused = true)]
    async fn the_clusters_own_deadline_is_bad_at_once() {
        let exceeded = |_| Some(picture(RolloutPhase::DeadlineExceeded, 1, vec![]));
        let (look, after) = until(&mut judge(), false, exceeded).await;
        assert!(matches!(look, Look::GivenUp(_)));
        assert_eq!(after, 0);
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_picture_it_is_lost_contact_never_bad() {
        let (look, after) = until(&mut judge(), false, |_| None).await;
        assert_eq!((look, after), (Look::LostContact, 300));
    }

    #[tokio::test(start_paused = true)]
    async fn a_gap_in_contact_uses_up_no_deadline() {
        let gap = |second: u64| {
            let mut picture = picture(RolloutPhase::Progressing, 1, vec![]);
            picture.connected = !(10..200).contains(&second);
            Some(picture)
        };
        let (look, after) = until(&mut judge(), false, gap).await;
        assert!(matches!(look, Look::Bad(_)));
        assert!((248..=252).contains(&after), "{after}");
    }

    #[tokio::test(start_paused = true)]
    async fn held_still_on_purpose_is_never_bad() {
        let still = |_| {
            Some(picture(
                RolloutPhase::Progressing,
                1,
                vec![pod("x", false, true)],
            ))
        };
        assert_eq!(until(&mut judge(), true, still).await.0, Look::GoesOn);
    }

    #[tokio::test(start_paused = true)]
    async fn a_workstation_that_slept_has_used_up_little_patience() {
        let mut judge = judge();
        let still = picture(RolloutPhase::Progressing, 1, vec![]);
        assert_eq!(judge.look(Some(&still), false), Look::GoesOn);
        tokio::time::advance(Duration::from_secs(3600)).await;
        assert_eq!(judge.look(Some(&still), false), Look::GoesOn);
    }
}
