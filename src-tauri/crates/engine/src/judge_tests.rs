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
        node: Some("node-1".into()),
        taken_up: true,
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
        message: "as the cluster says".into(),
        ..RolloutReading::default()
    };
    Picture {
        at: None,
        connected: true,
        workloads: vec![WorkloadPicture {
            workload,
            resource_version: None,
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
        let look = judge.look(picture(second).as_ref(), &[], held);
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
    let reason = reason.to_string();
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
            judge.look(creeping(second).as_ref(), &[], false),
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
    let Look::Bad(reason) = look else {
        panic!("{look:?}")
    };
    assert_eq!(reason.to_string(), "pod router-x: CrashLoopBackOff");
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
    assert_eq!(judge.look(Some(&still), &[], false), Look::GoesOn);
    tokio::time::advance(Duration::from_secs(3600)).await;
    assert_eq!(judge.look(Some(&still), &[], false), Look::GoesOn);
}

#[tokio::test(start_paused = true)]
async fn a_standstill_names_what_keeps_pods_from_being_made() {
    let still = |_| {
        let mut picture = picture(RolloutPhase::Progressing, 1, vec![]);
        let rollout = picture.workloads[0].rollout.as_mut().unwrap();
        rollout.blocked = Some("FailedCreate: exceeded quota: q".into());
        Some(picture)
    };
    let (look, _) = until(&mut judge(), false, still).await;
    let Look::Bad(reason) = look else {
        panic!("{look:?}")
    };
    let reason = reason.to_string();
    assert!(
        reason.ends_with("; FailedCreate: exceeded quota: q"),
        "{reason}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_dead_node_says_nothing_about_the_change() {
    let lying = |_| {
        let new = PodPicture {
            taken_up: false,
            ..pod("router-1", false, false)
        };
        Some(picture(RolloutPhase::Progressing, 1, vec![new]))
    };
    let (look, _) = until(&mut judge(), false, lying).await;
    let Look::Unjudged(reason) = look else {
        panic!("{look:?}")
    };
    let reason = reason.to_string();
    assert!(
        reason.ends_with("; node-1 does not take up pods"),
        "{reason}"
    );
    let unscheduled = |_| {
        let new = PodPicture {
            taken_up: false,
            node: None,
            ..pod("router-1", false, false)
        };
        Some(picture(RolloutPhase::Progressing, 1, vec![new]))
    };
    let (look, _) = until(&mut judge(), false, unscheduled).await;
    assert!(matches!(look, Look::Bad(_)), "{look:?}");
}

fn alone(kind: &str, phase: RolloutPhase, change: impl Fn(&mut RolloutReading)) -> Picture {
    let mut picture = picture(phase, 0, vec![]);
    let seen = &mut picture.workloads[0];
    seen.workload.kind = kind.into();
    if kind == "Job" {
        seen.workload.api_version = "batch/v1".into();
    }
    change(seen.rollout.as_mut().unwrap());
    picture
}

#[tokio::test(start_paused = true)]
async fn what_a_person_holds_says_nothing_about_the_change() {
    let paused = |r: &mut RolloutReading| {
        (r.paused, r.paused_by) = (true, Some("kubectl-rollout".into()));
    };
    let note = |note: Cause| move |r: &mut RolloutReading| r.note = Some(note.clone());
    let lines = [
        (
            alone("Deployment", RolloutPhase::Progressing, paused),
            "Deployment/router: paused by kubectl-rollout; its pods do not change",
        ),
        (
            alone(
                "StatefulSet",
                RolloutPhase::OnDelete,
                note(Cause::ChangesOnDelete { old: 2 }),
            ),
            "StatefulSet/router: 2 pods run the old version: pods change when they are deleted (OnDelete)",
        ),
        (
            alone(
                "StatefulSet",
                RolloutPhase::Partitioned,
                note(Cause::HeldByPartition {
                    partition: 1,
                    old: 1,
                }),
            ),
            "StatefulSet/router: complete up to the partition 1: 1 pods keep the old version",
        ),
    ];
    for (picture, expected) in lines {
        let (look, after) = until(&mut judge(), false, |_| Some(picture.clone())).await;
        let Look::Unjudged(reason) = look else {
            panic!("{look:?}")
        };
        assert_eq!((reason.to_string().as_str(), after), (expected, 60));
    }
}

#[tokio::test(start_paused = true)]
async fn a_job_fails_at_once_and_a_condition_after_a_while() {
    let failed = |r: &mut RolloutReading| {
        let (reason, message) = ("BackoffLimitExceeded".into(), "too often".into());
        r.note = Some(Cause::ObjectFailed { reason, message });
    };
    for (kind, seconds) in [("Job", 0), ("Thing", 45)] {
        let picture = alone(kind, RolloutPhase::Failed, failed);
        let (look, after) = until(&mut judge(), false, |_| Some(picture.clone())).await;
        let expected = format!("{kind}/router: it failed: BackoffLimitExceeded: too often");
        assert_eq!(
            look,
            Look::GivenUp(Reasons(vec![
                Cause::ObjectFailed {
                    reason: "BackoffLimitExceeded".into(),
                    message: "too often".into()
                }
                .of(format!("{kind}/router")),
            ])),
            "{expected}"
        );
        assert_eq!(after, seconds, "{kind}");
    }
}

#[tokio::test(start_paused = true)]
async fn objects_that_are_asked_for_count_like_those_that_are_watched() {
    let watched = picture(RolloutPhase::Complete, 3, vec![]);
    let mut judge = judge();
    let waits = alone("Job", RolloutPhase::Progressing, |_| {}).workloads;
    for _ in 0..30 {
        assert_eq!(judge.look(Some(&watched), &waits, false), Look::GoesOn);
        tokio::time::advance(Duration::from_secs(1)).await;
    }
    let done = alone("Job", RolloutPhase::Complete, |_| {}).workloads;
    let mut looks = Vec::new();
    for _ in 0..=10 {
        looks.push(judge.look(Some(&watched), &done, false));
        tokio::time::advance(Duration::from_secs(1)).await;
    }
    assert_eq!(looks.pop(), Some(Look::Healthy));
    assert!(looks.iter().all(|look| *look == Look::GoesOn), "{looks:?}");
}
